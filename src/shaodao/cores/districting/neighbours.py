"""Who is whose neighbour, from positions, buildings and what nobody crosses.

Buildings near each other with nothing between them are neighbours: the Gabriel graph of the
buildings (Delaunay, without the pairs another building stands between), without what is too far or
crosses a barrier. Then what is left apart in a village is joined by the shortest links that cross
none. The flats of a building are tied together in the order they are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError, cKDTree

from .problem import Floats, Ints

_NEAR = 12  # nearest buildings tried as a link where the village is in parts


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Pairs of households, and the groups that no link reaches without crossing a barrier."""

    pairs: Ints
    cut_off: tuple[tuple[int, ...], ...]  # households, by village and group; not the largest group


def neighbours(
    xs: ArrayLike,
    ys: ArrayLike,
    *,
    building: ArrayLike | None = None,
    village_of: ArrayLike | None = None,
    barriers: Sequence[ArrayLike] = (),
    reach: float = 250.0,
) -> Neighbours:
    """Return who neighbours whom.

    xs, ys: metres. building, village_of: integer labels; without buildings every household has its
    own. barriers: lines of (x, y) points nobody crosses on foot: rivers, railways, fast roads. A
    bridge is a gap in the line. reach: metres beyond which buildings are no neighbours unless
    nothing nearer joins them to their village.
    """
    x, y = np.asarray(xs, float), np.asarray(ys, float)
    n = len(x)
    home = np.arange(n) if building is None else np.asarray(building)
    village = np.zeros(n, np.int64) if village_of is None else np.asarray(village_of)
    walls = shapely.STRtree([shapely.linestrings(np.asarray(line, float)) for line in barriers])
    pairs: list[Ints] = []
    cut_off: list[tuple[int, ...]] = []
    for label in np.unique(village):
        rows = np.flatnonzero(village == label)
        own, apart = _in_village(x[rows], y[rows], home[rows], walls, reach)
        pairs.append(rows[own])
        cut_off.extend(tuple(rows[group].tolist()) for group in apart)
    found = np.vstack(pairs) if pairs else np.empty((0, 2), np.int64)
    return Neighbours(found.astype(np.int64), tuple(cut_off))


def _in_village(
    x: Floats, y: Floats, home: Ints, walls: shapely.STRtree, reach: float
) -> tuple[Ints, list[Ints]]:
    labels, group = np.unique(home, return_inverse=True)
    n_flats = np.bincount(group)
    spots = np.column_stack([np.bincount(group, x) / n_flats, np.bincount(group, y) / n_flats])
    links = _links(spots, walls, reach)
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], np.arange(len(labels)))
    last = first + n_flats - 1
    pairs = [np.column_stack([order[first[links[:, 0]]], order[first[links[:, 1]]]])]
    both = (n_flats[links] > 1).any(axis=1)
    ends = links[both]
    pairs.append(np.column_stack([order[last[ends[:, 0]]], order[last[ends[:, 1]]]]))
    for step in (1, 2):  # each flat and the next two: one moving list does not cut the building
        same = group[order[:-step]] == group[order[step:]]
        pairs.append(np.column_stack([order[:-step][same], order[step:][same]]))
    part = _parts(len(labels), links)[1][group]
    sizes = np.bincount(part)
    apart = [np.flatnonzero(part == p) for p in range(len(sizes)) if p != int(np.argmax(sizes))]
    return np.vstack(pairs).astype(np.int64), apart


def _links(spots: Floats, walls: shapely.STRtree, reach: float) -> Ints:
    """Return the pairs of buildings that are neighbours, joined as far as the walls allow."""
    n = len(spots)
    near = _gabriel(spots)
    length = np.hypot(*(spots[near[:, 0]] - spots[near[:, 1]]).T)
    far, near = near[length > reach], near[length <= reach]
    links = _open(spots, near, walls)
    if _parts(n, links)[0] == 1:
        return links
    _, nearest = cKDTree(spots).query(spots, k=min(_NEAR, n))
    wide = np.column_stack([np.repeat(np.arange(n), min(_NEAR, n)), np.ravel(nearest)])
    tries = _open(spots, np.unique(np.vstack([far, _delaunay(spots), wide]), axis=0), walls)
    length = np.hypot(*(spots[tries[:, 0]] - spots[tries[:, 1]]).T)
    links = _joined(n, links, tries[np.argsort(length, kind="stable")])
    while (parts := _parts(n, links))[0] > 1:  # through every pair of parts, the shortest open one
        link = _shortest_open(spots, parts[1], walls)
        if link is None:
            break
        links = np.vstack([links, link])
    return links


def _shortest_open(spots: Floats, part: Ints, walls: shapely.STRtree) -> Ints | None:
    main = int(np.argmax(np.bincount(part)))
    for p in sorted(set(part.tolist()) - {main}):
        inside, outside = np.flatnonzero(part == p), np.flatnonzero(part != p)
        tries = np.column_stack([np.repeat(inside, len(outside)), np.tile(outside, len(inside))])[
            :200_000
        ]
        length = np.hypot(*(spots[tries[:, 0]] - spots[tries[:, 1]]).T)
        tries = _open(spots, tries[np.argsort(length, kind="stable")], walls)
        if len(tries):
            return tries[:1]
    return None


def _joined(n: int, links: Ints, tries: Ints) -> Ints:
    part = _parts(n, links)[1]
    taken = [links]
    for i, j in tries:
        if part[i] != part[j]:
            part[part == part[i]] = part[j]
            taken.append(np.array([[i, j]]))
    return np.vstack(taken)


def _parts(n: int, links: Ints) -> tuple[int, Ints]:
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(n, n))
    count, part = connected_components(graph, directed=False)
    return int(count), np.asarray(part, np.int64)


def _open(spots: Floats, links: Ints, walls: shapely.STRtree) -> Ints:
    """Return the links that touch no wall."""
    if not len(links) or not len(walls.geometries):
        return links
    lines = shapely.linestrings(np.stack([spots[links[:, 0]], spots[links[:, 1]]], axis=1))
    crossing = walls.query(lines, predicate="intersects")[0]
    return np.asarray(np.delete(links, np.unique(crossing), axis=0))


def _delaunay(spots: Floats) -> Ints:
    """Return the Delaunay pairs; buildings on one spot are paired in a row."""
    places, first, where = np.unique(spots, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(where, kind="stable")
    same = where[order[:-1]] == where[order[1:]]
    stacked = np.column_stack([order[:-1][same], order[1:][same]])
    return np.unique(np.sort(np.vstack([first[_sides(places)], stacked]), axis=1), axis=0)


def _sides(places: Floats) -> Ints:
    if len(places) < 2:
        return np.empty((0, 2), np.int64)
    try:
        corners = Delaunay(places).simplices
    except (QhullError, ValueError):  # two places, or all in a line
        centred = places - places.mean(axis=0)
        along = np.linalg.svd(centred, full_matrices=False)[2][0]
        order = np.argsort(centred @ along, kind="stable")
        return np.column_stack([order[:-1], order[1:]])
    return np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]).astype(np.int64)


def _gabriel(spots: Floats) -> Ints:
    """Return the Delaunay pairs with no other building in the circle over them."""
    pairs = _delaunay(spots)
    if len(pairs) < 2:
        return pairs
    middle = (spots[pairs[:, 0]] + spots[pairs[:, 1]]) / 2
    half = np.hypot(*(spots[pairs[:, 0]] - spots[pairs[:, 1]]).T) / 2
    gap, _ = cKDTree(spots).query(middle)
    return np.asarray(pairs[gap >= half * (1 - 1e-9)])
