"""What is done to drafts of contact lists. The only code that writes them."""

from .adopting import adopt
from .changing import (
    choose_evenness,
    give_list,
    group_grids,
    move_homes,
    pin_homes,
    pin_list,
    put_in_order,
    undo,
)
from .drafting import begin, compute, compute_drawing, drop, resume, resume_drawings

__all__ = [
    "adopt",
    "begin",
    "choose_evenness",
    "compute",
    "compute_drawing",
    "drop",
    "give_list",
    "group_grids",
    "move_homes",
    "pin_homes",
    "pin_list",
    "put_in_order",
    "resume",
    "resume_drawings",
    "undo",
]
