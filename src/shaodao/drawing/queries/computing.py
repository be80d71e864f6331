"""Drafts computed by the exact core, as plain values: new lists, lists mended, workers, grids.

Everything here may take minutes; only the queue calls it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from shaodao.cores.assigning import assign
from shaodao.cores.districting import (
    PROVABLE,
    Fault,
    Sizes,
    Trial,
    Village,
    divide,
    effort_for,
    group_lists,
    neighbours,
    prove,
    resettle,
    sizes_for,
    spread_of,
    village,
    weight_cv,
)
from shaodao.cores.districting.pricing import PRICES, trade_off
from shaodao.cores.districting.problem import HIGH, LOW
from shaodao.cores.geodesy import project
from shaodao.drawing.policy import SHARES, Within

from .ground import BUILDING, GRID, LAT, LON, PEOPLE, Hands, metres

OVERLAP = 1_000.0  # metres of way that a household kept by its worker is worth
PROOF = Trial(nodes=10_000)  # some seconds for one grid at most
FREELY = 0.2  # price of a change where everything not pinned is put in order


@dataclass
class Work:
    """A village on the bench, and the way to say how far it is and whether to stop."""

    homes: list[list]
    rules: dict
    walls: list
    hands: Hands
    step: Callable[[int], None] = lambda n: None
    cancelled: Callable[[], bool] = lambda: False
    edges: np.ndarray = field(init=False)

    def __post_init__(self):
        self.xs, self.ys = metres(self.homes)
        self.ws = np.array([home[PEOPLE] for home in self.homes], float)
        self.building = np.array([home[BUILDING] for home in self.homes])
        grids = np.array([home[GRID] for home in self.homes])
        self.grids = grids
        self.place = grids if self.rules["within"] == Within.GRID else np.zeros_like(grids)
        self.edges = self.neighbours(self.place)

    def neighbours(self, place: np.ndarray) -> np.ndarray:
        """Return pairs of neighbours, none across the labels of `place`."""
        origin = (self.homes[0][LON], self.homes[0][LAT])
        lines = [np.column_stack(project(*np.array(line, float).T, origin)) for line in self.walls]
        return neighbours(
            self.xs,
            self.ys,
            building=self.building,
            village_of=place,
            barriers=lines,
            reach=float(self.rules["reach_m"]),
        ).pairs

    def parts(self) -> list[tuple[int, np.ndarray, Village]]:
        """Return each place with its households and the core's village."""
        found = []
        for label in dict.fromkeys(self.place.tolist()):
            rows = np.flatnonzero(self.place == label)
            local = np.full(len(self.homes), -1)
            local[rows] = np.arange(len(rows))
            own = local[self.edges]
            own = own[(own >= 0).all(axis=1)]
            part = village(
                self.xs[rows], self.ys[rows], own,
                weight=self.ws[rows], building=self.building[rows],
            )  # fmt: skip
            found.append((int(label), rows, part))
        return found

    def sizes(self, n: int, rows: np.ndarray) -> Sizes:
        """Return the number of lists: one for each worker there is, where that fits."""
        low, wanted, high = (self.rules[name] for name in ("least", "wanted", "most"))
        w = self.hands.n_in(sorted(set(self.grids[rows].tolist())))
        if w and low * w <= n <= high * w:
            return Sizes(w, low, high)
        return sizes_for(n, low, wanted, high)


def draw_afresh(work: Work) -> dict:
    """Return new lists: the stops of the slider, the bounds of each place, and the faults."""
    faults, bounds = [], {}
    effort, seed = effort_for(work.rules["setting"], len(work.homes)), work.rules["seed"]
    parts, plain = work.parts(), []
    for label, rows, part in parts:
        sizes = work.sizes(len(rows), rows)
        made = divide(part, effort, seed=seed, cancelled=work.cancelled, sizes=sizes)
        plain.append(made)
        bounds[str(label)] = [sizes.low, sizes.high]
        faults += _faults(made.faults, rows, label)
        faults += _odd(len(rows), sizes, label, work.rules)
        work.step(2 * len(rows))
    found = trade_off(
        [part for _, _, part in parts], plain, SHARES, effort,
        seed=seed, cancelled=work.cancelled, step=partial(work.step, len(work.homes) * 4 // PRICES),
    )  # fmt: skip
    is_small = all(len(part) <= PROVABLE for _, _, part in parts)
    is_proven = is_small and all(
        made.is_feasible and prove(part, lot, made.sizes, PROOF).proven
        for (_, _, part), lot, made in zip(parts, found[0], plain, strict=True)
    )
    lots = []
    for stop in found:
        lot, free = np.zeros(len(work.homes), np.int64), 0
        for (_, rows, _), own, division in zip(parts, stop, plain, strict=True):
            lot[rows] = own + free
            free += division.sizes.k
        lots.append(lot.tolist())
    return {"lots": lots, "bounds": bounds, "faults": faults, "is_proven": is_proven}


def mend(work: Work, was: Sequence[int], pinned: Sequence[bool], *, freely: bool = False) -> dict:
    """Return the lists settled again from what was (-1: none), pins held, few changing hands."""
    lot = np.full(len(work.homes), -1)
    before, held = np.array(was), np.array(pinned, bool)
    faults, bounds, free = [], {}, 0
    for label, rows, part in work.parts():
        sizes = work.sizes(len(rows), rows)
        known, local = np.unique(before[rows], return_inverse=True)
        local = local - 1 if known[0] < 0 else local
        if (sizes.low, sizes.high) == (LOW, HIGH) or len(rows) < LOW:
            options = {"move_price": FREELY, "steps": 3_000} if freely else {}
            new = resettle(part, local, pinned=held[rows], seed=work.rules["seed"], **options)
            found, found_faults = new.lot, new.faults
        else:  # the core settles by its own bounds; these are the county's
            effort = effort_for("fast", len(rows))
            anew = divide(part, effort, seed=work.rules["seed"], sizes=sizes)
            found, found_faults = _named_alike(anew.lot, local), anew.faults
        names = np.unique(found)
        lot[rows] = np.searchsorted(names, found) + free
        free += len(names)
        bounds[str(label)] = [sizes.low, sizes.high]
        faults += _faults(found_faults, rows, label)
        faults += _odd(len(rows), sizes, label, work.rules)
        if work.cancelled():
            return {}
        work.step(len(rows) * len(SHARES))
    return {"lots": [lot.tolist()], "bounds": bounds, "faults": faults}


def as_they_stand(work: Work, was: Sequence[int]) -> dict:
    """Return the standing lists; a household in none goes to the nearest list of its place."""
    lot, faults, bounds, free = np.array(was), [], {}, int(max(was, default=-1)) + 1
    for label, rows, _part in work.parts():
        sizes = work.sizes(len(rows), rows)
        bounds[str(label)] = [work.rules["least"], work.rules["most"]]
        own = [a for a in dict.fromkeys(lot[rows].tolist()) if a >= 0]
        for i in rows[lot[rows] < 0]:
            if not own:
                own.append(free)
                free += 1
                lot[i] = own[0]
                continue
            lot[i] = min(own, key=lambda a, i=i: _far(work, lot, rows, a, i))
        faults += _odd(len(rows), sizes, label, work.rules)
        work.step(len(rows) * len(SHARES))
    names = np.unique(lot)
    return {
        "lots": [np.searchsorted(names, lot).tolist()], "bounds": bounds, "faults": faults,
    }  # fmt: skip


def _far(work: Work, lot: np.ndarray, rows: np.ndarray, a: int, i: int) -> float:
    own = rows[lot[rows] == a]
    dx, dy = work.xs[own] - work.xs[i], work.ys[own] - work.ys[i]
    return float((dx**2 + dy**2).min())


def _named_alike(lot: np.ndarray, was: np.ndarray) -> np.ndarray:
    """Name new lists after the old ones most of their households were in."""
    k, n = int(lot.max()) + 1, int(was.max(initial=-1)) + 1
    table = np.zeros((max(n, 1), k))
    listed = was >= 0
    np.add.at(table, (was[listed], lot[listed]), -1.0)
    given = assign(table).worker_of
    fresh = iter(range(n, n + k))
    names = np.array([int(a) if a >= 0 else next(fresh) for a in given])
    return names[lot]


def _faults(faults: Sequence[Fault], rows: np.ndarray, label: int) -> list[dict]:
    return [
        {
            "reason": fault.reason,
            "place": label,
            "homes": rows[list(fault.households)].tolist(),
            **{name: round(value) for name, value in fault.detail.items()},
        }
        for fault in faults
    ]


def _odd(n: int, sizes: Sizes, label: int, rules: dict) -> list[dict]:
    if n < rules["least"]:
        return [{"reason": "few", "place": label, "homes": [], "count": n}]
    if sizes.low < rules["least"]:
        fault = {"reason": "uneven", "place": label, "homes": [], "count": n, "low": sizes.low}
        return [fault]
    return []


def points_of(work: Work, lots: Sequence[Sequence[int]]) -> list[dict]:
    """Return for each stop of the slider its price, its coefficient of variation and its lists."""
    base = _spread(work, np.array(lots[0]))
    return [
        {
            "share": share,
            "price": round(_spread(work, np.array(lot)) / base - 1.0, 5) if base else 0.0,
            "cv": round(weight_cv(work.ws, lot), 4),
            "lot": list(lot),
        }
        for share, lot in zip(SHARES, lots, strict=False)
    ]


def _spread(work: Work, lot: np.ndarray) -> float:
    place = village(work.xs, work.ys, np.empty((0, 2)))
    return spread_of(place, lot)


def colours_of(edges: np.ndarray, lot: Sequence[int], xs: np.ndarray, ys: np.ndarray) -> list[int]:
    """Return a colour (0, 1, …) for each list, neighbours and near lists apart."""
    lists = np.array(lot)
    k = int(lists.max()) + 1
    size = np.bincount(lists, minlength=k).clip(1)
    cx, cy = np.bincount(lists, xs, minlength=k) / size, np.bincount(lists, ys, minlength=k) / size
    near = np.hypot(cx[:, None] - cx[None, :], cy[:, None] - cy[None, :])
    beside = np.zeros((k, k), bool)
    pairs = lists[edges]
    beside[pairs[:, 0], pairs[:, 1]] = beside[pairs[:, 1], pairs[:, 0]] = True
    colours = np.full(k, -1)
    for a in range(k):
        cost = np.zeros(N_COLOURS)
        for b in np.flatnonzero(colours >= 0):
            if b != a:
                cost[colours[b]] += (1e3 if beside[a, b] else 0.0) + 1e3 / (near[a, b] + 10.0)
        colours[a] = int(np.argmin(cost))
    return colours.tolist()


N_COLOURS = 6  # --chart-1 to --chart-6


def give(work: Work, lot: Sequence[int], was: Sequence[int | None]) -> list[int | None]:
    """Return who carries each list: whoever has most of its households now, else the nearest."""
    hands, lists = work.hands, np.array(lot)
    k = int(lists.max()) + 1
    if not hands.people:
        return [None] * k
    origin = (work.homes[0][LON], work.homes[0][LAT])
    index = {pk: i for i, pk in enumerate(hands.people)}
    table = np.zeros((len(index), k))
    allowed = np.zeros((len(index), k), bool)
    for a in range(k):
        rows = np.flatnonzero(lists == a)
        grids = set(work.grids[rows].tolist())
        allowed[:, a] = [grids <= own for own in hands.grids]
        cx, cy = work.xs[rows].mean(), work.ys[rows].mean()
        for i, at in enumerate(hands.at):
            x, y = project(*at, origin) if at else (cx, cy)
            table[i, a] += float(np.hypot(x - cx, y - cy))
        for i in (index.get(was[row]) for row in rows):
            if i is not None:
                table[i, a] -= OVERLAP
    found = assign(table, allowed=allowed).worker_of
    return [hands.people[int(i)] if i >= 0 else None for i in found]


def group(work: Work, lot: Sequence[int], households: int) -> dict:
    """Return a proposal of connected grids of about so many households: the grid of each list."""
    whole = village(
        work.xs, work.ys, work.neighbours(np.zeros(len(work.homes), np.int64)), weight=work.ws
    )
    found = group_lists(whole, lot, households, seed=work.rules["seed"])
    torn = [int(a) for fault in found.faults for a in fault.households]
    return {"households": households, "grid_of": found.grid_of.tolist(), "torn": torn}
