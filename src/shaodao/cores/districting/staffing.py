"""Grids of a wanted size from neighbouring lists, and the staff each needs by a visible formula."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from . import kernels
from .drawing import Effort, Lots, divide
from .problem import Fault, Floats, Ints, Sizes, Village, village


@dataclass(frozen=True, slots=True)
class Grids:
    """The grid (0..k-1) of each list, and what stood in the way."""

    grid_of: Lots
    faults: tuple[Fault, ...]  # numbers in them are lists


def group_lists(place: Village, lot: ArrayLike, households: int, *, seed: int = 0) -> Grids:
    """Group neighbouring lists of a village into connected grids of about so many households.

    lot: list 0..k-1 of each household. The number of grids is the number of households over
    `households`, rounded; a grid holds between half and one and a half times its share of lists.
    :raises ValueError: if a grid would have more than 40 lists.
    """
    lists = np.asarray(lot, np.int64)
    k = int(lists.max()) + 1
    count = min(k, max(1, round(len(lists) / households)))
    share = k / count
    if share > 40:
        raise ValueError("a grid may have at most 40 lists")
    size = np.bincount(lists, minlength=k)
    tails = np.repeat(np.arange(len(lists)), np.diff(place.start))
    pairs = np.column_stack([lists[tails], lists[place.near]])
    nodes = village(
        np.bincount(lists, place.xs, minlength=k) / size,
        np.bincount(lists, place.ys, minlength=k) / size,
        pairs,
        weight=size.astype(float),
    )
    sizes = Sizes(count, max(1, int(share * 0.5)), min(kernels.CAP - 4, ceil(share * 1.5)))
    effort = Effort(2, 2_000, 2, 300, 1, 500, 1_000)
    division = divide(nodes, effort, seed=seed, sizes=sizes)
    return Grids(division.lot, division.faults)


@dataclass(frozen=True, slots=True)
class Formula:
    """How many workers a grid needs: people x (1 + extra x difficulty) / people_per_worker.

    Rounded up, at least `least`. Defaults to be set by the county.
    """

    people_per_worker: float = 500.0
    extra: float = 0.5  # more work per unit of difficulty (0: ordinary, 1: hardest)
    least: int = 1

    def load(self, people: ArrayLike, difficulty: ArrayLike) -> Floats:
        """Return the work of each grid, in workers.

        :raises ValueError: if people, difficulty or the formula are negative.
        """
        heads, hard = np.asarray(people, float), np.asarray(difficulty, float)
        if (heads < 0).any() or (hard < 0).any() or self.extra < 0 or self.people_per_worker <= 0:
            raise ValueError("people, difficulty and the formula must not be negative")
        return np.asarray(heads * (1.0 + self.extra * hard) / self.people_per_worker)

    def staff(self, people: ArrayLike, difficulty: ArrayLike) -> Ints:
        """Return the workers each grid needs; never fewer for more people or more difficulty."""
        wanted = np.ceil(self.load(people, difficulty) - 1e-9).astype(np.int64)
        return np.asarray(np.maximum(wanted, self.least))


def allot(load: ArrayLike, roster: int) -> Ints:
    """Return how many of `roster` workers each grid gets, the work of each being `load`.

    One each first, as far as they reach, the heaviest first; then always to the grid with most work
    per worker it would have (d'Hondt). A grid with more work never gets fewer.
    """
    work = np.asarray(load, float)
    given = np.zeros(len(work), np.int64)
    if not len(work):
        return given
    for i in range(roster):
        if i < len(work):
            given[np.argsort(-work, kind="stable")[i]] = 1
        else:
            given[int(np.argmax(work / (given + 1)))] += 1
    return given
