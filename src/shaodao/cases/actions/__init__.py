"""What can be done to a case. The only code that writes cases, one vocabulary a module."""

from .approving import ask, decide
from .counting import count_open, count_released, count_solved
from .defects import report_defect
from .exporting import export_heads
from .intake import Taken, leave, take_all_in, take_in, take_in_together
from .moving import move, move_by_link, move_by_system
from .patrolling import finish, plan, plan_patrols
from .privacy import PURPOSES, erase, erase_due, revoke_link, unmask
from .rating import rate, reject
from .releasing import conceal, may_release, release
from .sweeping import run_sweeps, sweep

__all__ = [
    "PURPOSES",
    "Taken",
    "ask",
    "conceal",
    "count_open",
    "count_released",
    "count_solved",
    "decide",
    "erase",
    "erase_due",
    "export_heads",
    "finish",
    "leave",
    "may_release",
    "move",
    "move_by_link",
    "move_by_system",
    "plan",
    "plan_patrols",
    "rate",
    "reject",
    "release",
    "report_defect",
    "revoke_link",
    "run_sweeps",
    "sweep",
    "take_all_in",
    "take_in",
    "take_in_together",
    "unmask",
]
