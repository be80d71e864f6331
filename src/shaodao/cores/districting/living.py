"""Living with a division: what a move would do, and a new division with few changing hands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from . import chains, kernels
from .drawing import Bench, Effort, Lots, divide, effort_for
from .problem import (
    Fault,
    Ints,
    Sizes,
    Village,
    mend_components,
    sizes_for,
    spread_of,
    unconnected,
    village,
)

_MOVE_PRICE = 60.0  # what a change of hands is worth, in what a household costs on average
_TRIES, _JITTER = 4, 0.6  # ways sizes are mended in, the best is taken; how much prices vary
_FURTHER = 100  # chains that pay, once sizes hold
_AROUND = (8, 14, 24)  # lists around one that no chain mends, divided again with it
_LOCAL = Effort(starts=2, steps=600, rounds=2, survey=100, sweeps=0, sweep=0, cover=0)
_NEVER = 1e6  # changes of hands a household too many or too few is worth


@dataclass(frozen=True, slots=True)
class Effect:
    """What moving households to another list does; `reason` is empty where it is possible."""

    reason: str  # "" or a key of REFUSALS
    spread_before: float
    spread_after: float
    size_from: int  # of the list left (the smallest of them) and the one joined, after the move
    size_to: int


REFUSALS = {
    "there_already": "the household is in this list",
    "pinned": "the household is pinned to its list",
    "not_beside": "no neighbour of the household is in this list",
    "splits": "the list it leaves would fall apart",
    "too_few": "the list it leaves would have too few households",
    "too_many": "the list it joins would have too many households",
}


def what_if(
    place: Village,
    lot: ArrayLike,
    households: int | Sequence[int],
    to: int,
    *,
    sizes: Sizes | None = None,
    pinned: ArrayLike | None = None,
) -> Effect:
    """Say what moving households (one, or those a dragged border takes) to list `to` would do.

    lot: list of each household, any labels. sizes: the bounds, by default those of the village.
    pinned: True for each household that may not move.
    """
    bounds = sizes or sizes_for(len(place))
    now = np.asarray(lot)
    moving = np.atleast_1d(np.asarray(households, np.int64))
    after = now.copy()
    after[moving] = to
    left = np.setdiff1d(np.unique(now[moving]), [to])
    size_from = min((int((after == a).sum()) for a in left), default=int((now == to).sum()))
    size_to = int((after == to).sum())
    torn_before, torn = set(unconnected(place, now)), set(unconnected(place, after))
    new = torn - torn_before
    reason = ""
    if not len(left):
        reason = "there_already"
    elif pinned is not None and np.asarray(pinned, bool)[moving].any():
        reason = "pinned"
    elif to in new or not (now == to).any():
        reason = "not_beside"
    elif new:
        reason = "splits"
    elif size_to > bounds.high:
        reason = "too_many"
    elif size_from < bounds.low:
        reason = "too_few"
    return Effect(reason, spread_of(place, now), spread_of(place, after), size_from, size_to)


@dataclass(frozen=True, slots=True)
class Resettlement:
    """A division after changes: the list of each household, and who changes hands."""

    lot: Lots  # labels as they were; a new list has the next free number
    changed: tuple[int, ...]  # households that had a list and get another
    spread: float
    faults: tuple[Fault, ...]


def resettle(
    place: Village,
    was: ArrayLike,
    *,
    pinned: ArrayLike | None = None,
    move_price: float = _MOVE_PRICE,
    steps: int = 0,
    seed: int = 0,
) -> Resettlement:
    """Divide a village again after households came, went or moved, with few changing hands.

    was: list each household is in now, 0 and up, -1 for a new one. pinned: True for households that
    stay where they are, always. move_price: what one change is worth, in what a household costs on
    average in this village. steps: proposals per household of annealing afterwards. The number of
    lists stays while 18 to 22 households a list remain. What cannot hold because of pins is left as
    it is and named in `faults`.
    """
    before = np.asarray(was, np.int64)
    sizes = _sizes_kept(place, before)
    labels, lot = _settled(before)
    joined, parts, faults = mend_components(place, sizes)
    held = np.zeros(len(place), bool) if pinned is None else np.asarray(pinned, bool) & (lot >= 0)
    home = lot.copy()
    faults += _drop_pieces(joined, lot, held)
    if len(labels) == 0 or not _place_new(joined, lot, len(labels)):
        return _afresh(place, before, held, seed)
    names = labels
    if len(labels) != sizes.k:
        names = _right_number(joined, lot, labels, sizes, held)
        home = lot.copy()
    bench = Bench(joined, sizes, parts, seed)
    bench.home = np.where(held, -2 - lot, home).astype(np.int32)
    lot = _Mending(bench, lot, home, held, move_price).settle(steps)
    if bench.misfit(lot) and not held.any():
        return _afresh(place, before, held, seed)
    faults += _out_of_bounds(lot, sizes)
    answer = names[lot]
    changed = np.flatnonzero((before >= 0) & (answer != before))
    return Resettlement(
        answer.astype(np.int32), tuple(changed.tolist()), spread_of(place, answer), tuple(faults)
    )


class _Mending:
    """A village whose sizes are to hold again; a change of hands has a price in square metres."""

    def __init__(
        self, bench: Bench, lot: Lots, home: Lots, held: NDArray[np.bool_], move_price: float
    ):
        self.bench, self.lot, self.home, self.held = bench, lot, home, held
        self.move_price = move_price
        self.price = move_price * float(bench.scale.mean())
        self.xs = bench.place.xs - bench.place.xs.mean()
        self.ys = bench.place.ys - bench.place.ys.mean()

    def settle(self, steps: int) -> Lots:
        """Return the lists mended: by chains, else by dividing the lists around again."""
        bench = self.bench
        tries = _TRIES if bench.misfit(self.lot) else 1
        best = min((self._chained(self.lot, i) for i in range(tries)), key=self.cost)
        if bench.misfit(best):
            for m in _AROUND:
                again = self._around(best, m)
                if not bench.misfit(again):
                    best = again
                    break
        if steps:
            bench.measure(best)
            bench.extra = np.array([0.0, 1.0, 0.0, self.move_price])
            again = best.copy()
            bench.anneal(again, 0.3, steps, bench.seed, 300.0)
            best = min(best, self._chained(again, 0), key=self.cost)
        return best

    def cost(self, lot: Lots) -> float:
        moved = int(((self.home >= 0) & (lot != self.home)).sum())
        missed = self.bench.misfit(lot) * _NEVER
        return spread_of(self.bench.place, lot) + self.price * (moved + missed)

    def _chained(self, lot: Lots, turn: int) -> Lots:
        place, bench, again = self.bench.place, self.bench, lot.copy()
        chains.mend(
            place.start, place.near, self.xs, self.ys, again, bench.sizes.k, bench.bounds,
            bench.home, self.price, _JITTER if turn else 0.0, _FURTHER, bench.seed + turn,
        )  # fmt: skip
        return again

    def _around(self, lot: Lots, m: int) -> Lots:
        """Return the lists with each that does not hold, and up to m around, divided again.

        Lists somebody is pinned in are left alone. A list gets the number most of it had.
        """
        bench, again = self.bench, lot.copy()
        size = np.bincount(lot, minlength=bench.sizes.k)
        for a in np.flatnonzero((size < bench.sizes.low) | (size > bench.sizes.high)).tolist():
            region = self._region(again, a, m)
            rows = np.flatnonzero(np.isin(again, region))
            sizes = Sizes(len(region), bench.sizes.low, bench.sizes.high)
            if not sizes.low * sizes.k <= len(rows) <= sizes.high * sizes.k:
                continue
            division = divide(_part(bench.place, rows), _LOCAL, seed=bench.seed, sizes=sizes)
            if division.faults:
                continue
            was = np.searchsorted(region, again[rows])
            table = np.zeros((sizes.k, sizes.k))
            np.add.at(table, (division.lot, was), 1)
            again[rows] = region[linear_sum_assignment(-table)[1][division.lot]]
        return self._chained(again, 0)

    def _region(self, lot: Lots, a: int, m: int) -> Ints:
        """Return a list and the up to m nearest around it, by steps, nobody pinned in any."""
        place = self.bench.place
        tails = np.repeat(np.arange(len(place)), np.diff(place.start))
        stuck = set(lot[self.held].tolist())
        found = [a]
        for b in found:
            beside = np.unique(lot[place.near[lot[tails] == b]]).tolist()
            found += [c for c in beside if c not in found and c not in stuck]
        return np.sort(np.array(found[: m + 1]))


def _part(place: Village, rows: Ints) -> Village:
    index = np.full(len(place), -1)
    index[rows] = np.arange(len(rows))
    tails = np.repeat(np.arange(len(place)), np.diff(place.start))
    pairs = np.column_stack([index[tails], index[place.near]])
    pairs = pairs[(pairs >= 0).all(axis=1)]
    return village(place.xs[rows], place.ys[rows], pairs, weight=place.ws[rows])


def _out_of_bounds(lot: Lots, sizes: Sizes) -> list[Fault]:
    """Name each list that has too few or too many households."""
    size = np.bincount(lot, minlength=sizes.k)
    wrong = np.flatnonzero((size < sizes.low) | (size > sizes.high))
    return [
        Fault("pinned_size", tuple(np.flatnonzero(lot == a).tolist()), {"size": float(size[a])})
        for a in wrong
    ]


def _sizes_kept(place: Village, was: Ints) -> Sizes:
    n, count = len(place), len(np.unique(was[was >= 0]))
    wanted = sizes_for(n)
    fits = wanted.low * count <= n <= wanted.high * count
    if count and fits and 18 * count <= n <= 22 * count:
        return Sizes(count, wanted.low, wanted.high)
    return wanted


def _settled(was: Ints) -> tuple[Ints, Lots]:
    labels = np.unique(was[was >= 0])
    lot = np.where(was >= 0, np.searchsorted(labels, was), -1).astype(np.int32)
    return labels, lot


def _drop_pieces(place: Village, lot: Lots, held: NDArray[np.bool_]) -> list[Fault]:
    """Leave of a list that fell apart the piece with most pinned, then most, households.

    Pieces somebody is pinned in, or that are larger than what parts them, are joined again, over
    the fewest households of other lists. Return who is pinned and cannot be joined.
    """
    apart: set[int] = set()
    for _ in range(3):  # what is taken for one list may part another
        for a in [a for a in unconnected(place, lot) if a >= 0]:
            while len(pieces := _pieces(place, lot, a, held)) > 1:
                bridge = _bridge(place, lot, a, pieces[1], held)
                is_pinned = held[pieces[1]].any()
                cost = sum(lot[v] >= 0 for v in bridge) if bridge else 0
                if not bridge or not (is_pinned or cost < len(pieces[1])):
                    break
                lot[bridge] = a
            for rows in pieces[1:]:
                lot[rows[~held[rows]]] = -1
                apart |= set(rows[held[rows]].tolist())
    return [Fault("pinned_apart", tuple(sorted(apart)))] if apart else []


def _pieces(place: Village, lot: Lots, a: int, held: NDArray[np.bool_]) -> list[Ints]:
    """Return the connected pieces of a list, most pinned and then largest first."""
    tails = np.repeat(np.arange(len(place)), np.diff(place.start))
    within = (lot[tails] == a) & (lot[place.near] == a)
    graph = coo_array(
        (np.ones(int(within.sum())), (tails[within], place.near[within])), shape=(len(place),) * 2
    )
    part = connected_components(graph, directed=False)[1]
    rows = np.flatnonzero(lot == a)
    found = [rows[part[rows] == p] for p in np.unique(part[rows])]
    return sorted(found, key=lambda piece: (-int(held[piece].sum()), -len(piece)))


def _bridge(
    place: Village, lot: Lots, a: int, piece: Ints, held: NDArray[np.bool_]
) -> list[int] | None:
    """Return the fewest households that join a piece to its list, none pinned."""
    came = dict.fromkeys(piece.tolist(), -1)
    queue = list(came)
    for v in queue:
        for u in place.near[place.start[v] : place.start[v + 1]].tolist():
            if u in came:
                continue
            came[u] = v
            if lot[u] == a:
                way = []
                while came[v] >= 0:
                    way.append(v)
                    v = came[v]
                return way
            if not held[u]:
                queue.append(u)
    return None


def _place_new(place: Village, lot: Lots, k: int) -> bool:
    """Put each household without a list in the nearest one beside it; say whether all found one."""
    return not chains.place_new(place.start, place.near, place.xs, place.ys, lot, k)


def _right_number(
    place: Village, lot: Lots, labels: Ints, sizes: Sizes, held: NDArray[np.bool_]
) -> Ints:
    """Split large lists or dissolve small ones until there are k, 0..k-1; return their labels.

    Lists somebody is pinned to come last.
    """
    names = labels
    while len(names) < sizes.k:
        count, spare = len(names), len(place) + sizes.k
        size = np.bincount(lot, minlength=count)
        big = int(np.argmax(size - 1_000 * np.bincount(lot[held], minlength=count)))
        lot[lot == big] = spare
        kernels.bisect(
            place.start, place.near, place.xs, place.ys, lot, spare, 2,
            np.array([max(1, size[big] // 3), size[big]]), 4, 0.5, count,
        )  # fmt: skip
        lot[lot == spare] = big
        lot[lot == spare + 1] = count
        names = np.append(names, names.max() + 1)
    while len(names) > sizes.k:
        count = len(names)
        size = np.bincount(lot, minlength=count)
        small = int(np.argmin(size + 1_000 * np.bincount(lot[held], minlength=count)))
        lot[lot == small] = -1
        if not _place_new(place, lot, count):
            lot[lot < 0] = (small + 1) % count
        lot[lot == count - 1] = small
        names[small] = names[count - 1]
        names = names[:-1]
    return names


def _afresh(place: Village, before: Ints, held: NDArray[np.bool_], seed: int) -> Resettlement:
    """Divide without regard to what was, but for lists somebody is pinned in.

    A list gets the label most of its households had.
    """
    kept = np.isin(before, before[held])
    rows = np.flatnonzero(~kept)
    lot = before.copy()
    free = int(before.max(initial=-1)) + 1
    sizes = sizes_for(len(place))
    faults: tuple[Fault, ...] = ()
    if len(rows):
        left = max(1, sizes.k - len(np.unique(before[kept])))
        part = sizes if len(rows) == len(place) else Sizes(left, sizes.low, sizes.high)
        if not part.low * part.k <= len(rows) <= part.high * part.k:
            part = sizes_for(len(rows))
        effort: Effort = effort_for("standard", 200_000)
        some = place if len(rows) == len(place) else _part(place, rows)
        division = divide(some, effort, seed=seed, sizes=part)
        names = np.full(part.k, -1)
        table = np.zeros((part.k, free + 1), np.int64)
        was = before[rows]
        np.add.at(table, (division.lot, np.where(was >= 0, was, free)), 1)
        for flat in np.argsort(-table[:, :free], axis=None) if free else []:
            a, b = divmod(int(flat), free)
            if names[a] < 0 and b not in names and table[a, b]:
                names[a] = b
        rest = np.flatnonzero(names < 0)
        names[rest] = free + np.arange(len(rest))
        lot[rows] = names[division.lot]
        faults = tuple(
            replace(fault, households=tuple(rows[list(fault.households)].tolist()))
            for fault in division.faults
        )
    changed = np.flatnonzero((before >= 0) & (lot != before))
    return Resettlement(
        lot.astype(np.int32), tuple(changed.tolist()), spread_of(place, lot), faults
    )
