"""Dividing villages into contact lists of 15 to 25 households, connected and compact.

A village: `village(xs, ys, edges, weight=, building=)` in metres; many at once: `villages(...)`.
Who neighbours whom: `neighbours(xs, ys, building=, village_of=, barriers=, reach=)`. Then:

`divide_all(places, "fast" | "standard" | "deep", seed=, balance=, threads=, progress=, cancelled=)`
    the lists of all villages, as `Division`s: `lot` (list 0..k-1 of each household), `spread` (the
    objective), `faults` (empty where every list holds: else which households, why, see REASONS),
    `cv_before` and `cv` (people per list, without and with `balance`). `divide` does one village.
`what_if(place, lot, households, to)`
    what dragging households to another list does, or a key of REFUSALS why it cannot be.
`resettle(place, was, pinned=)`
    a division after households came, went or moved, with few changing hands.
`group_lists(place, lot, households)`, `Formula`, `allot`
    grids from lists, and their staff.
`prove(place, lot, sizes, trial)`
    whether no division is better, and below what none is, as a `Proof`; for up to PROVABLE
    households a proof is to be expected, beyond that a lower bound.
`fits`, `unconnected`, `spread_of`, `weight_cv`, `sizes_for` judge a division.

Same input and seed, same answer, whatever the machine or the number of threads.
"""

from .drawing import Division, Effort, Stopped, divide, divide_all, effort_for, ready
from .living import REFUSALS, Effect, Resettlement, resettle, what_if
from .neighbours import Neighbours, neighbours
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
from .proving import PROVABLE, Proof, Trial, prove, trial_for
from .staffing import Formula, Grids, allot, group_lists

__all__ = [
    "PROVABLE",
    "REASONS",
    "REFUSALS",
    "Division",
    "Effect",
    "Effort",
    "Fault",
    "Formula",
    "Grids",
    "Neighbours",
    "Proof",
    "Resettlement",
    "Sizes",
    "Stopped",
    "Trial",
    "Village",
    "allot",
    "divide",
    "divide_all",
    "effort_for",
    "fits",
    "group_lists",
    "neighbours",
    "prove",
    "ready",
    "resettle",
    "sizes_for",
    "spread_of",
    "trial_for",
    "unconnected",
    "village",
    "villages",
    "weight_cv",
    "what_if",
]
