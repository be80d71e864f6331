"""What is to be divided: the households of villages as plain arrays, and what a division owes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LOW, WANTED, HIGH = 15, 20, 25  # households a contact list; 15 to 25 is the counties' rule


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many lists a village is to have, and how many households each may hold."""

    k: int
    low: int
    high: int


def sizes_for(n: int, low: int = LOW, wanted: int = WANTED, high: int = HIGH) -> Sizes:
    """Return the number of lists for a village of n households and their bounds.

    n / wanted rounded, kept within what the bounds allow. Fewer than `low` are one list. A number
    no lists of low..high add up to (26 to 29) is divided as evenly as may be, up to two below.
    """
    if n < low:
        return Sizes(1, n, high)
    k = max(round(n / wanted), -(-n // high))
    k = max(1, min(k, n // low))
    if low * k <= n <= high * k:
        return Sizes(k, low, high)
    k = -(-n // high)
    return Sizes(k, min(low, n // k), high)


@dataclass(frozen=True, slots=True)
class Village:
    """One village: neighbours of household v are near[start[v]:start[v + 1]]; metres; people."""

    start: NDArray[np.int32]
    near: NDArray[np.int32]
    same: NDArray[np.bool_]  # per entry of near: lives in the same building
    xs: Floats
    ys: Floats
    ws: Floats

    def __len__(self) -> int:
        return len(self.xs)

    def components(self) -> tuple[int, Ints]:
        """Return how many connected parts there are, and the part of each household."""
        n = len(self)
        tails = np.repeat(np.arange(n), np.diff(self.start))
        ones = np.ones(len(self.near), np.int8)
        count, part = connected_components(coo_array((ones, (tails, self.near)), shape=(n, n)))
        return int(count), np.asarray(part, np.int64)

    def with_edges(self, pairs: Ints) -> "Village":
        """Return the village with further pairs of neighbours."""
        tails = np.repeat(np.arange(len(self)), np.diff(self.start))
        old = np.column_stack([tails, self.near]).astype(np.int64)
        building = _buildings_from(old[self.same], len(self))
        edges = np.vstack([old, pairs.reshape(-1, 2)])
        return village(self.xs, self.ys, edges, weight=self.ws, building=building)


def _buildings_from(pairs: Ints, n: int) -> Ints:
    ones = np.ones(len(pairs), np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph)[1], np.int64)


def village(
    xs: ArrayLike,
    ys: ArrayLike,
    edges: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    building: ArrayLike | None = None,
) -> Village:
    """Return a village from positions in metres and pairs of indices of neighbours.

    weight: people of each household (1 each if not given). building: any integer label, the same
    label meaning the same building. Pairs may come in either or both directions.
    :raises ValueError: if a position is not finite or a pair names nobody.
    """
    x, y = np.asarray(xs, float), np.asarray(ys, float)
    n = len(x)
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or len(y) != n:
        raise ValueError("positions must be finite")
    pairs = np.asarray(edges, np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= n):
        raise ValueError("a pair of neighbours names nobody")
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    codes = np.unique(
        np.concatenate([pairs[:, 0] * n + pairs[:, 1], pairs[:, 1] * n + pairs[:, 0]])
    )
    tails, heads = np.divmod(codes, max(n, 1))
    labels = np.arange(n) if building is None else np.asarray(building, np.int64)
    return Village(
        start=np.searchsorted(tails, np.arange(n + 1)).astype(np.int32),
        near=heads.astype(np.int32),
        same=labels[tails] == labels[heads],
        xs=x - (x.mean() if n else 0.0),
        ys=y - (y.mean() if n else 0.0),
        ws=np.ones(n) if weight is None else np.asarray(weight, float),
    )


def villages(
    xs: ArrayLike,
    ys: ArrayLike,
    village_of: ArrayLike,
    edges: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    building: ArrayLike | None = None,
) -> Iterator[tuple[Any, Ints, Village]]:
    """Yield label, indices of the households, and the village, by label.

    Edges between villages are left out.
    """
    labels, group = np.unique(np.asarray(village_of), return_inverse=True)
    x, y = np.asarray(xs, float), np.asarray(ys, float)
    w = np.ones(len(x)) if weight is None else np.asarray(weight, float)
    b = np.arange(len(x)) if building is None else np.asarray(building, np.int64)
    pairs = np.asarray(edges, np.int64).reshape(-1, 2)
    pairs = pairs[group[pairs[:, 0]] == group[pairs[:, 1]]]
    pairs = pairs[np.argsort(group[pairs[:, 0]], kind="stable")]
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(len(labels) + 1))
    cuts = np.searchsorted(group[pairs[:, 0]], np.arange(len(labels) + 1))
    local = np.empty(len(x), np.int64)
    local[order] = np.arange(len(x)) - np.repeat(ends[:-1], np.diff(ends))
    for i, label in enumerate(labels):
        rows = order[ends[i] : ends[i + 1]]
        own = local[pairs[cuts[i] : cuts[i + 1]]]
        yield label, rows, village(x[rows], y[rows], own, weight=w[rows], building=b[rows])


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a village cannot be divided as wanted. `households`: the indices concerned."""

    reason: str  # "cut_off" | "count" | "no_division": see REASONS
    households: tuple[int, ...]
    detail: dict[str, float] = field(default_factory=dict)


REASONS = {
    "cut_off": "no neighbours lead from these households to the rest, and alone they do not add up"
    " to lists of the wanted size; they were joined across the shortest gap (gap, metres)",
    "count": "the parts of the village need another number of lists (needs) than its size"
    " allows (allowed); parts were joined across the shortest gap (gap, metres)",
    "no_division": "no division into connected lists of the wanted size was found; these"
    " households are in lists that do not hang together",
    "pinned_apart": "these households are pinned to a list that no longer reaches them; they stay",
    "pinned_size": "this list has too few or too many households (size): who is pinned, in it or"
    " around it, leaves no way of mending that",
}


def mend_components(place: Village, sizes: Sizes) -> tuple[Village, Ints, list[Fault]]:
    """Join parts of a village that cannot stand alone to the nearest other, and say which.

    :return: the village with the joining edges, the number of lists for each connected part, and
        the faults found. A part is as `Village.components` numbers it.
    """
    faults: list[Fault] = []
    while True:
        count, part = place.components()
        n_of = np.bincount(part, minlength=count)
        least, most = -(-n_of // sizes.high), n_of // max(sizes.low, 1)
        bad = np.flatnonzero((least > most) | (n_of < sizes.low))
        if count == 1:
            return place, np.array([sizes.k]), faults
        if not len(bad) and least.sum() <= sizes.k <= most.sum():
            return place, _share_out(n_of, least, most, sizes.k), faults
        worst = int(bad[np.argmin(n_of[bad])]) if len(bad) else int(np.argmin(n_of))
        inside, outside = np.flatnonzero(part == worst), np.flatnonzero(part != worst)
        spots = np.column_stack([place.xs, place.ys])
        gaps, nearest = cKDTree(spots[outside]).query(spots[inside])
        i = int(np.argmin(gaps))
        reason, detail = "cut_off", {"gap": float(gaps[i])}
        if not len(bad):
            needs = least.sum() if least.sum() > sizes.k else most.sum()
            reason = "count"
            detail |= {"needs": float(needs), "allowed": float(sizes.k)}
        faults.append(Fault(reason, tuple(inside.tolist()), detail))
        place = place.with_edges(np.array([[inside[i], outside[nearest[i]]]]))


def _share_out(n_of: Ints, least: Ints, most: Ints, k: int) -> Ints:
    """Return a number of lists for each part, near its share of k, that adds up to k."""
    given = np.clip(np.rint(n_of * k / n_of.sum()).astype(np.int64), least, most)
    while given.sum() != k:
        up = 1 if given.sum() < k else -1
        free = np.flatnonzero(given < most) if up > 0 else np.flatnonzero(given > least)
        after = n_of[free] / (given[free] + up)
        given[free[np.argmax(after) if up > 0 else np.argmin(after)]] += up
    return np.asarray(given)


def spread_of(place: Village, lot: ArrayLike) -> float:
    """Return the objective: squared metres to the mean of one's list, summed over households."""
    lists = np.unique(np.asarray(lot), return_inverse=True)[1]
    size = np.bincount(lists)
    mx = np.bincount(lists, place.xs) / size
    my = np.bincount(lists, place.ys) / size
    return float(((place.xs - mx[lists]) ** 2 + (place.ys - my[lists]) ** 2).sum())


def unconnected(place: Village, lot: ArrayLike) -> list[int]:
    """Return the labels of the lists that do not hang together."""
    lists = np.asarray(lot)
    tails = np.repeat(np.arange(len(place)), np.diff(place.start))
    within = lists[tails] == lists[place.near]
    graph = coo_array(
        (np.ones(int(within.sum()), np.int8), (tails[within], place.near[within])),
        shape=(len(place), len(place)),
    )
    part = connected_components(graph)[1]
    whole = np.unique(np.column_stack([lists, part]), axis=0)
    labels, pieces = np.unique(whole[:, 0], return_counts=True)
    return [int(label) for label in labels[pieces > 1]]


def fits(place: Village, lot: ArrayLike, sizes: Sizes) -> bool:
    """Say whether every list is connected, within its bounds, and their number is right."""
    size = np.unique(np.asarray(lot), return_counts=True)[1]
    good = len(size) == sizes.k and size.min() >= sizes.low and size.max() <= sizes.high
    return bool(good) and not unconnected(place, lot)


def weight_cv(ws: ArrayLike, lot: ArrayLike | Sequence[int]) -> float:
    """Return the coefficient of variation of the people per list."""
    sums = np.bincount(np.unique(np.asarray(lot), return_inverse=True)[1], np.asarray(ws, float))
    return float(sums.std() / sums.mean()) if sums.mean() else 0.0
