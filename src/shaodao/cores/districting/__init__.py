"""Dividing villages into contact lists of 15 to 25 households, connected and compact."""

from .drawing import Division, Effort, Stopped, divide, divide_all, effort_for, ready
from .problem import (
    REASONS,
    Fault,
    Sizes,
    Village,
    fits,
    sizes_for,
    spread_of,
    unconnected,
    village,
    villages,
    weight_cv,
)

__all__ = [
    "REASONS",
    "Division",
    "Effort",
    "Fault",
    "Sizes",
    "Stopped",
    "Village",
    "divide",
    "divide_all",
    "effort_for",
    "fits",
    "ready",
    "sizes_for",
    "spread_of",
    "unconnected",
    "village",
    "villages",
    "weight_cv",
]
