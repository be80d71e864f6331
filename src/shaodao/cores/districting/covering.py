"""The best exact cover of a village by lists already seen (set partitioning, HiGHS)."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csc_array, vstack

from .problem import Village


class Pool:
    """Lists seen, each once, with its spread."""

    def __init__(self, n: int):
        self.n = n
        self.lists: dict[bytes, tuple[NDArray[np.int32], float]] = {}

    def __len__(self) -> int:
        return len(self.lists)

    def lists_of(self, lot: NDArray[np.int32]) -> set[bytes]:
        """Return the keys of the lists of a division."""
        order = np.argsort(lot, kind="stable").astype(np.int32)
        ends = np.flatnonzero(np.diff(lot[order])) + 1
        return {rows.tobytes() for rows in np.split(order, ends)}

    def add(self, place: Village, lot: NDArray[np.int32]) -> None:
        """Take in the lists of a division that holds the bounds."""
        self.add_part(place, np.arange(len(place)), lot, 0.0)

    def add_part(
        self, place: Village, nodes: NDArray[np.int64], local: NDArray[np.int32], cost: float
    ) -> None:
        """Take in the lists of a part of the village; an infinite cost means they do not hold."""
        if not np.isfinite(cost):
            return
        order = np.argsort(local, kind="stable")
        ends = np.flatnonzero(np.diff(local[order])) + 1
        for rows in np.split(nodes[order], ends):
            members = rows.astype(np.int32)
            key = members.tobytes()
            if key not in self.lists:
                x, y = place.xs[members], place.ys[members]
                spread = float(((x - x.mean()) ** 2 + (y - y.mean()) ** 2).sum())
                self.lists[key] = (members, spread)


def solve_cover(
    n: int, lists: Iterable[tuple[NDArray[np.int32], float]], k: int, seconds: float, gap: float
) -> list[int] | None:
    """Return the indices of k lists that hold every household once at least cost, or None."""
    items = list(lists)
    lengths = np.array([len(members) for members, _ in items])
    columns = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.concatenate([members for members, _ in items])
    matrix = csc_array((np.ones(len(rows)), rows, columns), shape=(n, len(items)))
    matrix = vstack([matrix, csc_array(np.ones((1, len(items))))], format="csc")
    wanted = np.append(np.ones(n), k)
    costs = np.array([cost for _, cost in items])
    scale = max(float(costs.mean()), 1e-9)
    found = milp(
        costs / scale,
        constraints=LinearConstraint(matrix, wanted, wanted),
        integrality=np.ones(len(items)),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": gap, "node_limit": 50},
    )
    if found.x is None:
        return None
    return [int(i) for i in np.flatnonzero(found.x > 0.5)]


def best_cover(pool: Pool, k: int, lot: NDArray[np.int32], most: int) -> NDArray[np.int32]:
    """Return the best division by lists of the pool, or `lot` if none is better.

    most: where the pool holds more, the lists that cost most over the average are left out.
    """
    items = list(pool.lists.values())
    if len(items) > most:
        items = _promising(pool.n, items, pool.lists_of(lot), most)
    chosen = solve_cover(pool.n, items, k, 60.0, 1e-4)
    if chosen is None or len(chosen) != k:
        return lot
    better = np.full(pool.n, -1, np.int32)
    for i, c in enumerate(chosen):
        better[items[c][0]] = i
    current = sum(pool.lists[key][1] for key in pool.lists_of(lot))
    return better if sum(items[c][1] for c in chosen) < current - 1e-9 else lot


def _promising(
    n: int, items: list[tuple[NDArray[np.int32], float]], kept: set[bytes], most: int
) -> list[tuple[NDArray[np.int32], float]]:
    """Return the lists that cost least for what their households cost in the cheapest of theirs."""
    share = np.full(n, np.inf)
    for members, cost in items:
        share[members] = np.minimum(share[members], cost / len(members))
    over = np.array([cost - share[members].sum() for members, cost in items])
    held = np.array([members.tobytes() in kept for members, _ in items])
    order = np.lexsort((over, ~held))[:most]
    return [items[i] for i in order]
