"""Feasible divisions by force: random spanning trees cut exactly into parts of the wanted sizes."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.spatial import cKDTree

from .problem import Ints, Sizes, Village

_TREES = 60


def by_trees(place: Village, sizes: Sizes, parts: Ints, seed: int) -> NDArray[np.int32] | None:
    """Return a division whose sizes hold, or None if none of the trees tried has one.

    Each tree is searched exactly: which sizes can the open part at each household have, with how
    many parts closed below it. parts: lists for each connected part of the village.
    """
    _, part = place.components()
    lot = np.full(len(place), -1, np.int32)
    free = 0
    for i, k in enumerate(parts):
        rows = np.flatnonzero(part == i)
        found = _divide_part(place, rows, int(k), sizes, seed)
        if found is None:
            return None
        lot[rows] = found + free
        free += int(k)
    return lot


def _divide_part(
    place: Village, rows: Ints, k: int, sizes: Sizes, seed: int
) -> NDArray[np.int32] | None:
    rng = np.random.default_rng(seed)
    tails = np.repeat(np.arange(len(place)), np.diff(place.start))
    inside = np.isin(tails, rows)
    index = np.full(len(place), -1)
    index[rows] = np.arange(len(rows))
    t, h = index[tails[inside]], index[place.near[inside]]
    once = t < h
    t, h = t[once], h[once]
    far = np.hypot(place.xs[rows[t]] - place.xs[rows[h]], place.ys[rows[t]] - place.ys[rows[h]])
    for i in range(_TREES):
        keys = (far + 1.0) if i == 0 else (far + 1.0) ** rng.uniform(-0.5, 1.0)
        keys = keys * rng.uniform(1.0 - min(0.95, i / 10), 1.0, len(t)) + 1e-9
        graph = coo_array((keys, (t, h)), shape=(len(rows), len(rows))).tocsr()
        tree = minimum_spanning_tree(graph)
        root = int(rng.integers(len(rows)))
        order, before = breadth_first_order(tree, root, directed=False)
        lot = _cut_tree(order, before, k, sizes)
        if lot is not None:
            return lot
    return None


def _cut_tree(order: Ints, before: Ints, k: int, sizes: Sizes) -> NDArray[np.int32] | None:
    """Cut a rooted tree into k parts within the bounds, or return None.

    open_[v][j]: bits s set where the part v is in can have s households so far, j parts being
    closed below v.
    """
    n = len(order)
    full = (1 << (sizes.high + 1)) - 1
    closing = full & ~((1 << sizes.low) - 1)
    open_: list[dict[int, int]] = [{0: 2} for _ in range(n)]
    stages: list[list[tuple[int, dict[int, int]]]] = [[] for _ in range(n)]
    for v in order[:0:-1]:
        p = int(before[v])
        stages[p].append((int(v), open_[p]))
        open_[p] = _merged(open_[p], open_[v], closing, full, k)
        if not open_[p]:
            return None
    root = int(order[0])
    if not open_[root].get(k - 1, 0) & closing:
        return None
    lot = np.full(n, -1, np.int32)
    bits = open_[root][k - 1] & closing
    wish = {root: (k - 1, bits.bit_length() - 1)}
    lot[root] = 0
    free = 1
    for v in order:
        v = int(v)
        j, s = wish[v]
        for child, state in reversed(stages[v]):
            choice = _unmerged(state, open_[child], closing, j, s)
            (j, s), (cj, cs), is_cut = choice
            wish[child] = (cj, cs)
            if is_cut:
                lot[child] = free
                free += 1
            else:
                lot[child] = lot[v]
    return lot


def _merged(
    own: dict[int, int], child: dict[int, int], closing: int, full: int, k: int
) -> dict[int, int]:
    merged: dict[int, int] = {}
    for cj, cbits in child.items():
        for j, bits in own.items():
            if j + cj < k:
                joined, rest = 0, cbits
                while rest:
                    low = rest & -rest
                    joined |= bits << (low.bit_length() - 1)
                    rest ^= low
                joined &= full
                if joined:
                    merged[j + cj] = merged.get(j + cj, 0) | joined
            if cbits & closing and j + cj + 1 < k:
                merged[j + cj + 1] = merged.get(j + cj + 1, 0) | bits
    return merged


def _unmerged(
    own: dict[int, int], child: dict[int, int], closing: int, j: int, s: int
) -> tuple[tuple[int, int], tuple[int, int], bool]:
    for cj, cbits in child.items():
        closed = cbits & closing
        if closed and own.get(j - cj - 1, 0) >> s & 1:
            return (j - cj - 1, s), (cj, closed.bit_length() - 1), True
        bits = own.get(j - cj, 0)
        for cs in range(1, s):
            if cbits >> cs & 1 and bits >> (s - cs) & 1:
                return (j - cj, s - cs), (cj, cs), False
    raise AssertionError("a state was reached that nothing leads to")


def with_nearest(place: Village, reach: int) -> Village:
    """Return the village with every household a neighbour of the `reach` nearest to it."""
    n = len(place)
    spots = np.column_stack([place.xs, place.ys])
    # Flats share a position: a little of the number keeps the answer the same everywhere.
    _, nearest = cKDTree(spots).query(spots, k=min(reach + 1, n))
    nearest = np.asarray(nearest).reshape(n, -1)
    tails = np.repeat(np.arange(n), nearest.shape[1])
    return place.with_edges(np.column_stack([tails, nearest.ravel()]))
