"""Dividing villages into contact lists: starts, annealing, exchanges of whole lists."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from . import chains, covering, kernels, partition
from .problem import (
    Fault,
    Floats,
    Ints,
    Sizes,
    Village,
    mend_components,
    sizes_for,
    spread_of,
    unconnected,
    village,
    weight_cv,
)
from .proving import prove

Lots = NDArray[np.int32]
Cancelled = Callable[[], bool]


class Stopped(Exception):
    """The work was cancelled."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work goes into a household: proposals of the annealing, counted, never clocked."""

    starts: int  # divisions made from scratch at most; enough when half of these agree
    steps: int  # proposals per household in each of them
    rounds: int  # surveys of exchanges: a list dissolved here, one split there
    survey: int  # proposals per household in each exchange tried
    sweeps: int  # times each list is annealed anew with its neighbours
    sweep: int  # proposals per household in each of those
    cover: int  # lists in the pool the best exact cover is taken from; 0: none


# Work of a setting in runs of _RUN per household (about 0.25 ms each on one core): the most for one
# household; for an instance of up to 14,000 households in all, and of 30,000 and more in all.
_RUN = Effort(starts=1, steps=2_500, rounds=4, survey=300, sweeps=1, sweep=300, cover=0)
_WORK = {
    "fast": (3.0, 6.0e4, 6.0e4),
    "standard": (100.0, 2.2e5, 4.4e5),
    "deep": (600.0, 2.2e6, 4.4e6),
}
_SMALL, _LARGE = 14_000, 30_000
_AGREED = 1.002  # divisions this near to the best agree with it


def effort_for(setting: str, n: int, largest: int = 0) -> Effort:
    """Return the effort of a setting for a village in an instance of n households in all.

    It follows from the numbers of households alone, so the same seed gives the same answer on any
    machine. largest: households of this village, by default n.
    """
    most, small, large = _WORK[setting]
    share = min(max((n - _SMALL) / (_LARGE - _SMALL), 0.0), 1.0)
    runs = min(most, (small + share * (large - small)) / max(n, 1))
    if runs < 1.0:
        return Effort(1, int(2_500 * (0.3 + runs)), 1, int(300 * (0.3 + runs)), 0, 0, 0)
    is_large = (largest or n) > _COVERED_SOON
    starts = int(min(max(3, runs / 1.3), 24 if is_large else 60))
    depth = max(1.0, min(1.3 * runs / starts, 1.5 if is_large else 4.0))
    return Effort(
        starts=starts,
        steps=int(_RUN.steps * depth),
        rounds=6 if is_large else _RUN.rounds,
        survey=int(_RUN.survey * depth),
        sweeps=1 if depth < 2 else 2,
        sweep=int(_RUN.sweep * depth),
        cover=1_200 if starts <= 4 else 15_000 if is_large else 3_000,
    )


@dataclass(frozen=True, slots=True)
class Division:
    """A village divided: the list (0..k-1) of each household, and what stood in the way."""

    lot: Lots
    sizes: Sizes
    spread: float
    faults: tuple[Fault, ...]
    cv_before: float  # of people per list, without balancing
    cv: float
    unbalanced: Lots  # the lists before balancing

    @property
    def is_feasible(self) -> bool:
        return not self.faults


_COOL, _PRICE = 0.05, (1.0, 3_000.0)
_SOFT = (1.0, 10.0, 0.3, 10.0)  # what sizes out of bounds cost at first, from division to division
_COVERED_SOON, _COVERED = 1_600, 5_000  # households up to which an exact cover is soon, ever, found


def scale_of(place: Village) -> Floats:
    """Return what a household costs in a list of its nearest, square metres: the local scale."""
    spots = np.column_stack([place.xs, place.ys])
    far, _ = cKDTree(spots).query(spots, k=min(20, len(place)))
    scale: Floats = np.asarray(far).reshape(len(place), -1).__pow__(2).mean(axis=1) / 2.0
    return np.maximum(scale, max(1e-3 * float(np.median(scale)), 1e-6))


class Bench:
    """One village on the bench: the arrays the kernels take, and what was seen so far."""

    def __init__(
        self,
        place: Village,
        sizes: Sizes,
        parts: Ints,
        seed: int,
        cancelled: Cancelled = lambda: False,
    ):
        self.place, self.sizes, self.parts, self.seed = place, sizes, parts, seed
        self.bounds = np.array([sizes.low, sizes.high])
        self.home = np.full(len(place), -1, np.int32)
        self.cancelled = cancelled
        self.unit = 1.0
        self.extra = np.zeros(4)
        self.scale = scale_of(place)
        self.arrays = (
            place.start, place.near, place.same, place.xs, place.ys, place.ws, self.scale,
        )  # fmt: skip
        self.pool = covering.Pool(len(place))
        # Flats on one spot can be told apart in too many ways for an exact cover to be worth it.
        self.is_flats = float(place.same.mean()) > 0.4 if len(place.same) else False

    def start(self, seed: int, jitter: float = 0.6, trees: int = 6) -> Lots:
        count, part = self.place.components()
        lot = part.astype(np.int32) + self.sizes.k  # free numbers below
        free = 0
        for i in range(count):
            lot[lot == self.sizes.k + i] = free
            kernels.bisect(
                self.place.start, self.place.near, self.place.xs, self.place.ys, lot, free,
                int(self.parts[i]), self.bounds, trees, jitter, seed + i,
            )  # fmt: skip
            free += int(self.parts[i])
        return lot

    def measure(self, lot: Lots) -> float:
        costs: Floats = kernels.spread(self.place.xs, self.place.ys, lot, self.sizes.k)
        self.unit = max(float(np.median(costs / np.bincount(lot, minlength=self.sizes.k))), 1e-6)
        if self.extra[1] == 0.0:
            self.extra[2] = 0.01 * self.unit
        return float(costs.sum())

    def heat(self, hot: float, price: float = 1.0) -> Floats:
        return np.array([hot, _COOL, price * _PRICE[0], max(price, 1.0) * _PRICE[1]])

    def anneal(self, lot: Lots, hot: float, steps: int, seed: int, price: float = 1.0) -> None:
        if self.cancelled():
            raise Stopped
        kernels.anneal(
            *self.arrays, lot, self.sizes.k, self.bounds, self.heat(hot, price), self.extra,
            self.home, steps * len(self.place), seed,
        )  # fmt: skip

    def misfit(self, lot: Lots) -> int:
        size = np.bincount(lot, minlength=self.sizes.k)
        return int(
            np.maximum(size - self.sizes.high, 0).sum() + np.maximum(self.sizes.low - size, 0).sum()
        )

    def regrow(self, lot: Lots, a: int, m: int, change: int, hot: float, steps: int, seed: int):  # type: ignore[no-untyped-def]
        return kernels.regrow(
            *self.arrays, lot, self.sizes.k, a, m, change, self.bounds, self.heat(hot), self.extra,
            self.home, steps, seed,
        )  # fmt: skip


def divide(
    place: Village,
    effort: Effort,
    *,
    seed: int = 0,
    balance: float = 0.0,
    cancelled: Cancelled = lambda: False,
    pool: Executor | None = None,
    sizes: Sizes | None = None,
) -> Division:
    """Divide one village.

    balance: the share of the objective that may be spent on evening out the people per list.
    pool: threads to share the work of one village with; the answer does not depend on it.
    sizes: other numbers than the rule's.
    """
    sizes = sizes or sizes_for(len(place))
    joined, parts, faults = mend_components(place, sizes)
    if sizes.k == 1:
        lot = np.zeros(len(place), np.int32)
        return Division(lot, sizes, spread_of(place, lot), tuple(faults), 0.0, 0.0, lot)
    bench = Bench(joined, sizes, parts, seed, cancelled)
    found = _best_of_runs(bench, effort, pool)
    if found is None:
        lot, joined = _with_leaps(place, joined, sizes, effort, seed, cancelled)
        faults = [*faults, _torn(place, lot)]
        bench = Bench(joined, sizes, _one_part(joined, sizes), seed, cancelled)
        bench.measure(lot)
        lot = _improve(bench, lot, effort, pool)
    else:
        lot = found
    cv = weight_cv(place.ws, lot)
    plain = Division(lot, sizes, spread_of(place, lot), tuple(faults), cv, cv, lot)
    if balance <= 0:
        return plain
    return _evened([place], [plain], balance, effort, seed, pool, cancelled)[0]


def _one_part(place: Village, sizes: Sizes) -> Ints:
    return mend_components(place, sizes)[1]


def _map(pool: Executor | None, work, jobs):  # type: ignore[no-untyped-def]
    return list(pool.map(work, jobs) if pool else map(work, jobs))


def _best_of_runs(bench: Bench, effort: Effort, pool: Executor | None) -> Lots | None:
    """Return the best of several divisions and of their lists put together; None if none holds."""

    def one(i: int) -> tuple[float, Lots, covering.Pool] | None:
        own = Bench(bench.place, bench.sizes, bench.parts, bench.seed + 7_001 * i, bench.cancelled)
        return _run(own, effort, pool if effort.starts == 1 else None, i)

    found: list[tuple[float, Lots, covering.Pool]] = []
    begun = 0
    while begun < effort.starts:
        batch = range(begun, min(begun + 2, effort.starts))
        begun = batch.stop
        found += [run for run in _map(pool, one, batch) if run is not None]
        found.sort(key=lambda run: run[0])
        enough = max(2, effort.starts // 2)
        if not found or sum(run[0] <= found[0][0] * _AGREED for run in found) >= enough:
            break
    if not found:
        return None
    best = found[0][1]
    bench.measure(best)
    if effort.cover and len(bench.place) <= _COVERED and not bench.is_flats:
        for _, lot, seen in found:
            bench.pool.lists.update(seen.lists)
            bench.pool.add(bench.place, lot)
        better = covering.best_cover(bench.pool, bench.sizes.k, best, effort.cover)
        if better is not best:
            best = _improve(bench, better, effort, pool)
    return best


def _run(
    bench: Bench, effort: Effort, pool: Executor | None, turn: int
) -> tuple[float, Lots, covering.Pool] | None:
    """Return one division from scratch, or None where sizes cannot be made to hold."""
    lot = bench.start(bench.seed, 0.6 if turn == 0 else 0.9)
    bench.measure(lot)
    bench.anneal(lot, (10.0, 3.0, 30.0)[turn % 3], effort.steps, bench.seed, _SOFT[turn % 4])
    if bench.misfit(lot):
        found = _by_force(bench, lot)
        if found is None:
            return None
        lot = found
    bench.measure(lot)
    lot = _improve(bench, lot, effort, pool)
    return spread_of(bench.place, lot), lot, bench.pool


def _by_force(bench: Bench, lot: Lots) -> Lots | None:
    """Return a division whose sizes hold: repaired, annealed anew, or by partitioned trees."""
    for attempt in range(4):
        again = lot.copy() if attempt < 2 else bench.start(bench.seed + 977 * attempt, 1.0, 12)
        bench.anneal(again, 10.0 ** (attempt % 2), 500 + 1_000 * attempt, bench.seed + attempt, 1e3)
        if not bench.misfit(again):
            return again
    return partition.by_trees(bench.place, bench.sizes, bench.parts, bench.seed)


def _with_leaps(
    place: Village, joined: Village, sizes: Sizes, effort: Effort, seed: int, cancelled: Cancelled
) -> tuple[Lots, Village]:
    """Return the division with fewest torn lists found, near households taken for neighbours."""
    best: tuple[int, float] | None = None
    answer: tuple[Lots, Village] | None = None
    for reach in (2, 4, 8, 16, 40):
        wide = partition.with_nearest(joined, reach)
        bench = Bench(wide, sizes, _one_part(wide, sizes), seed, cancelled)
        lot: Lots | None = bench.start(seed)
        assert lot is not None
        bench.measure(lot)
        bench.anneal(lot, 100.0, 3_000, seed)
        if bench.misfit(lot):
            lot = _by_force(bench, lot)
        if lot is None:
            continue
        key = (len(unconnected(place, lot)), spread_of(place, lot))
        if best is None or key < best:
            best, answer = key, (lot, wide)
        if reach >= 8:
            break
    if answer is None:  # every household near every other: nothing can fail
        everyone = partition.with_nearest(joined, len(place))
        lot = (np.argsort(np.argsort(joined.xs)) * sizes.k // len(place)).astype(np.int32)
        answer = lot, everyone
    return answer


def _torn(place: Village, lot: Lots) -> Fault:
    torn = unconnected(place, lot)
    return Fault("no_division", tuple(np.flatnonzero(np.isin(lot, torn)).tolist()))


def _improve(bench: Bench, lot: Lots, effort: Effort, pool: Executor | None) -> Lots:
    for turn in range(effort.rounds):
        begun = spread_of(bench.place, lot)
        _exchange(bench, lot, effort, pool, turn)
        if turn < effort.sweeps:
            _sweep(bench, lot, effort, pool, turn)
        if turn and spread_of(bench.place, lot) > begun * (1 - 1e-6):
            break
    return lot


def _sweep(bench: Bench, lot: Lots, effort: Effort, pool: Executor | None, turn: int) -> bool:
    """Anneal each list anew with its neighbours, those far apart at the same time."""
    k = bench.sizes.k
    m = min(k, 7)
    order = np.random.default_rng(bench.seed + 31 * turn).permutation(k)
    changed = False
    waiting = list(order)
    fresh = np.zeros(k, bool)
    while waiting:
        batch, waiting = waiting[:4], waiting[4:]
        batch = [a for a in batch if not fresh[a]]

        def one(a: int):  # type: ignore[no-untyped-def]
            if bench.cancelled():
                raise Stopped
            return bench.regrow(lot, a, m, 0, 3.0, effort.sweep, bench.seed + int(a) + 7919 * turn)

        taken = np.zeros(k, bool)
        for nodes, local, chosen, before, after in _map(pool, one, batch):
            bench.pool.add_part(bench.place, nodes, local, after)
            if not taken[chosen].any():
                fresh[chosen[: max(1, len(chosen) // 2)]] = True
                if after < before - 1e-6 * before:
                    lot[nodes] = chosen[local]
                    taken[chosen] = changed = True
    return changed


def _exchange(bench: Bench, lot: Lots, effort: Effort, pool: Executor | None, turn: int) -> bool:
    """Dissolve lists where they are least missed and split others where that helps most."""
    k = bench.sizes.k
    sizes = (min(k, 5), min(k, 8)) if turn % 2 else (min(k, 6), min(k, 4))

    def one(job: tuple[int, int]):  # type: ignore[no-untyped-def]
        a, change = job
        if bench.cancelled():
            raise Stopped
        m = sizes[0] if change < 0 else sizes[1]
        hot = 10.0
        seed = bench.seed + 2 * a + (change > 0) + 104_729 * turn
        return bench.regrow(lot, a, m, change, hot, effort.survey, seed)

    tried = _map(pool, one, [(a, change) for a in range(k) for change in (-1, 1)])
    offers: dict[int, list[tuple[float, int]]] = {-1: [], 1: []}
    for i, (nodes, local, _, before, after) in enumerate(tried):
        if effort.cover:
            bench.pool.add_part(bench.place, nodes, local, after)
        if np.isfinite(after):
            offers[1 if i % 2 else -1].append((float(after - before), i))
    return _trade(lot, tried, sorted(offers[-1]), sorted(offers[1]), k)


def _trade(lot: Lots, tried, losses, gains, k: int) -> bool:  # type: ignore[no-untyped-def]
    taken = np.zeros(k, bool)
    for loss, i in losses:
        chosen = tried[i][2]
        for gain, j in gains:
            other = tried[j][2]
            if loss + gain >= -1e-9 or taken[chosen].any():
                break
            if not taken[other].any() and not np.isin(other, chosen).any():
                _apply(lot, tried[i], tried[j])
                taken[chosen] = taken[other] = True
                break
    return bool(taken.any())


def _apply(lot: Lots, fewer, more) -> None:  # type: ignore[no-untyped-def]
    """Put one region with a list less and one with a list more; numbers stay 0..k-1."""
    nodes, local, chosen = fewer[:3]
    lot[nodes] = chosen[1:][local]
    spare = chosen[0]
    nodes, local, chosen = more[:3]
    lot[nodes] = np.append(chosen, spare)[local]


def _evened(
    places: Sequence[Village],
    plain: Sequence[Division],
    balance: float,
    effort: Effort,
    seed: int,
    pool: Executor | None,
    cancelled: Cancelled,
) -> list[Division]:
    """Return the most even divisions found that together cost no more than the share allowed.

    Squared people off the mean have one price in all villages, found by bisection: what is allowed
    is spent where it evens most.
    """
    torn = [any(fault.reason == "no_division" for fault in each.faults) for each in plain]
    spread = sum(each.spread for each in plain)
    uneven = sum(
        float(np.square(np.bincount(each.lot, place.ws) - place.ws.sum() / each.sizes.k).sum())
        for place, each in zip(places, plain, strict=True)
    )
    steps = min(6_000, 300 + effort.steps // 2)
    temperatures = (1.0,) if effort.starts <= 4 else (1.0, 3.0, 10.0)
    rows = range(len(places))
    best, low, high = list(plain), 1e-4, 1e3
    for turn in range(10):
        price = float(np.sqrt(low * high))

        def one(
            i: int, price: float = price * spread / max(uneven, 1e-9), turn: int = turn
        ) -> Lots:
            if cancelled():
                raise Stopped
            if torn[i] or plain[i].sizes.k == 1:
                return plain[i].lot
            return _priced(places[i], plain[i], price, temperatures, steps, seed + turn)

        lots = _map(pool, one, rows)
        cost = sum(spread_of(place, lot) for place, lot in zip(places, lots, strict=True))
        if cost > spread * (1.0 + balance):
            high = price
            continue
        low = price
        best = [
            replace(each, lot=lot, spread=spread_of(place, lot), cv=weight_cv(place.ws, lot))
            for place, each, lot in zip(places, plain, lots, strict=True)
        ]
    return best


def _priced(
    place: Village,
    plain: Division,
    price: float,
    temperatures: Sequence[float],
    steps: int,
    seed: int,
) -> Lots:
    """Return the division that is best with a price on each list's squared people off the mean."""
    joined, parts, _ = mend_components(place, plain.sizes)
    bench = Bench(joined, plain.sizes, parts, seed)
    mean = float(place.ws.sum()) / plain.sizes.k
    bench.extra = np.array([price, mean, 0.0, 0.0])

    def value(lot: Lots) -> float:
        off = np.bincount(lot, place.ws, plain.sizes.k) - mean
        return spread_of(place, lot) + price * float(np.square(off).sum())

    best, least = plain.lot, value(plain.lot)
    for hot in temperatures:
        lot = plain.lot.copy()
        bench.anneal(lot, hot, steps, seed, 10.0)
        if not bench.misfit(lot) and value(lot) < least:
            best, least = lot, value(lot)
    return best


def divide_all(
    places: Sequence[Village],
    setting: str = "standard",
    *,
    seed: int = 0,
    balance: float = 0.0,
    threads: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Cancelled = lambda: False,
) -> list[Division]:
    """Divide villages, several at a time; a large one is itself shared among the threads.

    The answer does not depend on `threads`. progress: called with the households done and all.
    :raises Stopped: when `cancelled` said so.
    """
    total = sum(map(len, places))
    order = sorted(range(len(places)), key=lambda i: (-len(places[i]), i))
    shared = [i for i in order if len(places[i]) * threads * 2 > total]
    alone = [i for i in order if len(places[i]) * threads * 2 <= total]
    found: dict[int, Division] = {}
    done = 0
    ready()

    def one(i: int, pool: Executor | None = None) -> tuple[int, Division]:
        effort = effort_for(setting, total, len(places[i]))
        return i, divide(places[i], effort, seed=seed, cancelled=cancelled, pool=pool)

    with ThreadPoolExecutor(threads) as pool:
        for i in shared:
            found[i] = one(i, pool)[1]
            done += len(places[i])
            progress(done, total)
        waiting = [pool.submit(one, i) for i in alone]
        try:
            for job in as_completed(waiting):
                i, found[i] = job.result()
                done += len(places[i])
                progress(done, total)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        plain = [found[i] for i in range(len(places))]
        if balance > 0:
            effort = effort_for(setting, total)
            return _evened(places, plain, balance, effort, seed, pool, cancelled)
    return plain


def ready() -> None:
    """Compile the inner loops, or load them compiled: seconds once after an installation."""
    spots = np.arange(40.0)
    line = np.column_stack([np.arange(39), np.arange(1, 40)])
    place = village(spots, spots % 3, line)
    prove(place, spots >= 20)
    lot = divide(place, Effort(1, 10, 1, 1, 1, 1, 0)).lot
    chains.place_new(place.start, place.near, place.xs, place.ys, lot, 2)
    chains.mend(
        place.start, place.near, place.xs, place.ys, lot, 2, np.array([15, 25]), lot.copy(),
        1.0, 0.0, 1, 0,
    )  # fmt: skip
