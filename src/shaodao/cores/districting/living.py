"""Living with a division: what a move would do, and a new division with few changing hands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from . import kernels
from .drawing import Bench, Effort, Lots, divide, effort_for
from .problem import Fault, Ints, Sizes, Village, mend_components, sizes_for, spread_of, unconnected

_MOVE_PRICE = 15.0  # what a change of hands is worth, in what a household thereabouts costs


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
    steps: int = 300,
    seed: int = 0,
) -> Resettlement:
    """Divide a village again after households came, went or moved, with few changing hands.

    was: list each household is in now, 0 and up, -1 for a new one. pinned: True for households that
    stay where they are. move_price: what one change is worth, in what a household costs nearby.
    The number of lists stays while 18 to 22 households a list remain.
    """
    before = np.asarray(was, np.int64)
    sizes = _sizes_kept(place, before)
    labels, lot = _settled(before)
    joined, parts, faults = mend_components(place, sizes)
    held = np.zeros(len(place), bool) if pinned is None else np.asarray(pinned, bool) & (lot >= 0)
    home = lot.copy()
    _drop_pieces(joined, lot, held)
    if len(labels) == 0 or not _place_new(joined, lot):
        return _afresh(place, before, held, seed)
    names = labels
    if len(labels) != sizes.k:
        names = _right_number(joined, lot, labels, sizes, held)
        home = lot.copy()
    bench = Bench(joined, sizes, parts, seed)
    bench.measure(lot)
    bench.extra = np.array([0.0, 1.0, 0.0, move_price])
    settled = _annealed(bench, lot, home, held, steps)
    if settled is None:
        return _afresh(place, before, held, seed)
    lot = settled
    answer = names[lot]
    changed = np.flatnonzero((before >= 0) & (answer != before))
    faults += _lost_pins(held, before, answer)
    return Resettlement(
        answer.astype(np.int32), tuple(changed.tolist()), spread_of(place, answer), tuple(faults)
    )


def _annealed(
    bench: Bench, lot: Lots, home: Lots, held: NDArray[np.bool_], steps: int
) -> Lots | None:
    """Return the division settled, warmer while sizes do not hold, or None if they never do.

    What is pinned to lists that cannot hold (a full one somebody moved into) is freed at last.
    """
    free = held.copy()
    for attempt, hot in enumerate((0.3, 1.0, 5.0, 1.0, 5.0, 30.0, 5.0, 10.0)):
        again = lot.copy()
        if attempt == 4:  # sizes come before keeping everybody
            bench.extra[3] /= 10.0
        bench.home = np.where(free, -2 - lot, home).astype(np.int32)
        bench.anneal(
            again,
            hot,
            steps * (1 + 3 * attempt),
            bench.seed + attempt,
            (300.0, 30.0, 3.0)[attempt % 3],
        )
        if not bench.misfit(again):
            return again
        if attempt >= 2:
            size = np.bincount(again, minlength=bench.sizes.k)
            wrong = (size > bench.sizes.high) | (size < bench.sizes.low)
            free &= ~wrong[lot]
    return None


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


def _drop_pieces(place: Village, lot: Lots, held: NDArray[np.bool_]) -> None:
    """Leave of a list that fell apart the piece with most pinned, then most, households.

    Pieces somebody is pinned in are joined again first, over the fewest households of other lists.
    """
    for _ in range(3):  # what is taken for one list may part another
        for a in [a for a in unconnected(place, lot) if a >= 0]:
            while len(pieces := _pieces(place, lot, a, held)) > 1 and held[pieces[1]].any():
                bridge = _bridge(place, lot, a, pieces[1], held)
                if bridge is None:
                    break
                lot[bridge] = a
            for rows in pieces[1:]:
                lot[rows] = -1


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


def _place_new(place: Village, lot: Lots) -> bool:
    """Put each household without a list in the nearest one beside it; say whether all found one."""
    waiting = set(np.flatnonzero(lot < 0).tolist())
    while waiting:
        best: tuple[float, int, int] | None = None
        for v in sorted(waiting):
            for u in place.near[place.start[v] : place.start[v + 1]]:
                a = int(lot[u])
                if a >= 0:
                    rows = lot == a
                    full = 1e12 if rows.sum() >= kernels.CAP - 1 else 0.0
                    far = (place.xs[v] - place.xs[rows].mean()) ** 2
                    far += (place.ys[v] - place.ys[rows].mean()) ** 2
                    best = min(best or (np.inf, 0, 0), (float(far) + full, v, a))
        if best is None or best[0] >= 1e12:
            return False
        lot[best[1]] = best[2]
        waiting.discard(best[1])
    return True


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
        if not _place_new(place, lot):
            lot[lot < 0] = (small + 1) % count
        lot[lot == count - 1] = small
        names[small] = names[count - 1]
        names = names[:-1]
    return names


def _afresh(place: Village, before: Ints, held: NDArray[np.bool_], seed: int) -> Resettlement:
    """Divide without regard to what was: the lists get the labels most of their households had."""
    effort: Effort = effort_for("standard", 200_000)
    division = divide(place, effort, seed=seed)
    free = int(before.max(initial=-1)) + 1
    names = np.full(division.sizes.k, -1)
    table = np.zeros((division.sizes.k, free + 1), np.int64)
    np.add.at(table, (division.lot, np.where(before >= 0, before, free)), 1)
    for flat in np.argsort(-table[:, :free], axis=None) if free else []:
        a, b = divmod(int(flat), free)
        if names[a] < 0 and b not in names and table[a, b]:
            names[a] = b
    rest = np.flatnonzero(names < 0)
    names[rest] = free + np.arange(len(rest))
    lot = names[division.lot]
    changed = np.flatnonzero((before >= 0) & (lot != before))
    faults = (*division.faults, *_lost_pins(held, before, lot))
    return Resettlement(lot.astype(np.int32), tuple(changed.tolist()), division.spread, faults)


def _lost_pins(held: NDArray[np.bool_], before: Ints, lot: Ints) -> list[Fault]:
    lost = np.flatnonzero(held & (lot != before)).tolist()
    return [Fault("pinned_apart", tuple(lost))] if lost else []
