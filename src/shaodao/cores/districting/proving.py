"""How far a division can be from the best there is: a lower bound, and often the proof.

Problem. Given a village, how many lists it is to have and how many households each may hold: is
there a division into connected lists whose squared distances to the means of their lists add up to
less than those of the division at hand?

Method. Branch and bound over who is in which list. The first households decided are far from one
another, so that lists have names soon; what follows is drawn at once (a list holds together, is
neither too full nor too small). A node is bounded by prices of households (Lagrange): their sum,
plus for each list the least that its spread can be below the prices of its households. That least
is found without regard to connection, for each list among those who may be in it: a list is paid
for by the best centre it can have, and centres are searched by halving a box. What a set costs,
less its size times the square of the centre, is linear in the centre, so the least over all sets is
concave but for a known bend, and the corners of a box bound what lies within (du Merle, Hansen,
Jaumard and Mladenovic price clusters of any size alike). Prices follow the subgradient, deflected
(Camerini, Fratta and Maffioli), with the division at hand as the goal (Polyak).

Cost. For up to 60 households mostly some hundred nodes and under a second, four at worst; up to a
hundred mostly as little. Beyond, and where farms lie alone, the nodes allowed may be used up: the
lower bound is then that of the nodes left. It holds, but with many lists it is weak, and beyond 160
households it is the root's alone, which says little or nothing.

Limits. Proven means: no division is better by more than a part in 1e9 (`NEARLY`), in floating
numbers whose own error is about 1e-13 of the objective. Positions alone are judged, not balance of
people nor flats kept together. Connected means on the neighbour graph, with parts that cannot stand
alone joined as `mend_components` joins them. Effort is counted in nodes, rounds and boxes, never in
seconds: the same input gives the same answer.

Source. O. du Merle et al., An interior point algorithm for minimum sum-of-squares clustering, SIAM
J. Sci. Comput. 21 (1999). P. Camerini, L. Fratta, F. Maffioli, On improving relaxation methods by
modified gradient techniques, Math. Programming Study 3 (1975).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import branching
from .problem import (
    Floats,
    Ints,
    Sizes,
    Village,
    fits,
    mend_components,
    sizes_for,
    spread_of,
)

NEARLY = 1e-9  # share of the objective by which a proven division may miss the best
PROVABLE = 60  # households up to which a proof is to be expected
_TRIED = 160  # households up to which a search is worth it, and often ends
_MOST_LISTS = 60  # lists of a household are bits of one number


@dataclass(frozen=True, slots=True)
class Trial:
    """How much work goes into a proof: counted, never clocked."""

    nodes: int  # of the search, at most; 1: the bound of the root alone
    rounds: int = 30  # of prices in a node, ten times as many in the root
    boxes: int = 4_000  # of centres looked at for one list


@dataclass(frozen=True, slots=True)
class Proof:
    """What is known of the best division: none is below `lower_bound` square metres."""

    proven: bool  # none is better than `lot`
    lower_bound: float
    spread: float  # of `lot`
    lot: Ints  # the division given, or a better one found by the way
    nodes: int

    @property
    def gap(self) -> float:
        """Return by which share of it the division could at most be better."""
        return max(0.0, 1.0 - self.lower_bound / self.spread) if self.spread > 0 else 0.0


def trial_for(n: int) -> Trial:
    """Return the effort for a village of n households: all it takes, a good try, a bound alone."""
    if n <= PROVABLE:
        return Trial(nodes=20_000)
    return Trial(nodes=3_000) if n <= _TRIED else Trial(nodes=1, rounds=20, boxes=400)


def prove(
    place: Village, lot: ArrayLike, sizes: Sizes | None = None, trial: Trial | None = None
) -> Proof:
    """Return a lower bound of the objective of any division of a village, and whether `lot` is it.

    A `lot` that is no division of connected lists of these sizes is never proven, and the bound is
    nought.
    """
    bounds = sizes or sizes_for(len(place))
    work = trial or trial_for(len(place))
    lists = np.unique(np.asarray(lot), return_inverse=True)[1].astype(np.int64)
    spread = spread_of(place, lists)
    if bounds.k > 1:
        place, _, _ = mend_components(place, bounds)
    is_division = fits(place, lists, bounds)
    if not is_division or bounds.k == 1 or bounds.k > _MOST_LISTS or spread <= 0.0:
        is_best = is_division and (bounds.k == 1 or spread <= 0.0)
        return Proof(is_best, spread if is_best else 0.0, spread, lists, 0)
    unit = spread / len(place)  # so that numbers are near one
    scale = float(np.sqrt(unit))
    better = lists.copy()
    lower, nodes, complete = branching.search(
        place.start,
        place.near,
        place.xs / scale,
        place.ys / scale,
        bounds.k,
        bounds.low,
        bounds.high,
        _prices(place, lists) / unit,
        better,
        spread / unit,
        NEARLY,
        work.nodes,
        work.rounds,
        work.boxes,
    )
    reached = spread_of(place, better)
    bound = min(max(float(lower), 0.0) * unit, reached)
    return Proof(bool(complete), bound, reached, better, int(nodes))


def _prices(place: Village, lists: Ints) -> Floats:
    """Return what each household costs in its list, half its own way and half the list's mean."""
    size = np.bincount(lists)
    far = (place.xs - (np.bincount(lists, place.xs) / size)[lists]) ** 2
    far += (place.ys - (np.bincount(lists, place.ys) / size)[lists]) ** 2
    mean = (np.bincount(lists, far) / size)[lists]
    prices: Floats = 0.5 * (far + mean)
    return prices
