"""What can be done to a whistle. The only code that writes whistles, one vocabulary a module."""

from .answering import answer
from .blowing import draft, move, revise, whistle_for_resident
from .configuring import NewLimit, NewResponder, end_rule, set_limit, set_responder
from .sweeping import run_sweeps, sweep

__all__ = [
    "NewLimit",
    "NewResponder",
    "answer",
    "draft",
    "end_rule",
    "move",
    "revise",
    "run_sweeps",
    "set_limit",
    "set_responder",
    "sweep",
    "whistle_for_resident",
]
