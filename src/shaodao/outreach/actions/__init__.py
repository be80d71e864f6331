"""What is done to announcements, calls, visits and rounds. The only code that writes them."""

from .announcing import Words, announce, move
from .calling import keep_phone, look_at_phone, mark, receipt
from .jotting import Said, take
from .visiting import plan_round, plan_visit, visit

__all__ = [
    "Said",
    "Words",
    "announce",
    "keep_phone",
    "look_at_phone",
    "mark",
    "move",
    "plan_round",
    "plan_visit",
    "receipt",
    "take",
    "visit",
]
