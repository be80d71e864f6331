"""Find and mend what is wrong between areas that should cover a place without overlapping.

Problem   Boundaries come from several hands: a border crosses itself, two areas claim one strip, a
          strip belongs to nobody, hair-thin slivers lie along a border drawn twice. Say where,
          and mend what is asked for.
Method    Validity by GEOS; overlaps of pairs found by an STR tree; gaps are the holes of
          the union of all. What is thinner than `SLIVER_M` counts as a sliver. Mending: self-
          crossings are rebuilt from their lines, an overlap stays with the area named first, a gap
          goes to the neighbour with the longest border along it.
Cost      n log n for the pairs; about a second for 2,000 areas of 80 corners.
Limits    A gap that is open to the outside is no hole and is not found. Widths are twice the area
          over the perimeter: right for strips. Mending never moves a corner further than the
          overlap or gap is wide, and leaves alone what would make an area vanish or fall apart.
Source    Validity: OGC Simple Features 06-103r4, 6.1.11. Mending: GEOS MakeValid and OverlayNG.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from shaodao.cores.geodesy import metres_per_degree

SLIVER_M = 2.0  # metres: no street is narrower, no house stands on it
LEAST_M2 = 0.05  # square metres; less is rounding
GRID = 1e-9  # degrees, a tenth of a millimetre: the precision results are kept to


class Flaw(StrEnum):
    """What can be wrong."""

    SELF_CROSSING = "SELF_CROSSING"
    PARTS = "PARTS"  # an area of several parts
    OVERLAP = "OVERLAP"
    GAP = "GAP"
    SLIVER = "SLIVER"  # an overlap or a gap thinner than SLIVER_M


@dataclass(frozen=True)
class Found:
    """Something wrong: of which areas, where, how big."""

    flaw: Flaw
    keys: tuple[str, ...]
    shape: BaseGeometry
    area_m2: float = 0.0
    width_m: float = 0.0


def examine(
    areas: Mapping[str, Polygon | MultiPolygon], beside: Mapping[str, Polygon] | None = None
) -> list[Found]:
    """Return what is wrong within and between areas, the biggest first.

    areas    key → area; WGS 84 degrees, longitude first
    beside   areas that are there already and stay as they are
    """
    found = [_crossing(key, area) for key, area in areas.items() if not area.is_valid]
    found += [
        Found(Flaw.PARTS, (key,), area, _area_m2(area))
        for key, area in areas.items()
        if area.is_valid and isinstance(area, MultiPolygon) and len(area.geoms) > 1
    ]
    sound = {key: area for key, area in areas.items() if area.is_valid and not area.is_empty}
    found += _overlaps(sound, dict(beside or {}))
    found += _gaps(sound | dict(beside or {}), frozenset(areas))
    return sorted(found, key=lambda one: (-one.area_m2, one.flaw, one.keys))


_POINT = re.compile(r"\[(-?[\d.eE+-]+) (-?[\d.eE+-]+)\]")


def _crossing(key: str, area: BaseGeometry) -> Found:
    told = _POINT.search(shapely.is_valid_reason(area))
    where = shapely.Point(float(told[1]), float(told[2])) if told else area.representative_point()
    return Found(Flaw.SELF_CROSSING, (key,), where)


def _overlaps(areas: Mapping[str, BaseGeometry], beside: Mapping[str, BaseGeometry]) -> list[Found]:
    keys = [*areas, *(key for key in beside if key not in areas)]
    shapes = [areas.get(key, beside.get(key)) for key in keys]
    if not shapes:
        return []
    one, two = STRtree(shapes).query(shapes, predicate="intersects")
    found = []
    for a, b in zip(one.tolist(), two.tolist(), strict=True):
        if a < b and a < len(areas):
            shared = shapely.intersection(shapes[a], shapes[b])
            found += _sized(shared, (keys[a], keys[b]), Flaw.OVERLAP)
    return found


def _gaps(areas: Mapping[str, BaseGeometry], new: frozenset[str]) -> list[Found]:
    if not areas:
        return []
    keys, shapes = list(areas), list(areas.values())
    whole = shapely.union_all(shapes, grid_size=GRID)
    holes = [
        Polygon(ring)
        for part in shapely.get_parts(whole)
        for ring in getattr(part, "interiors", ())
    ]
    tree = STRtree(shapes)
    found = []
    for hole in holes:
        around = tuple(sorted(keys[n] for n in tree.query(hole.buffer(GRID * 10), "intersects")))
        if new & set(around):
            found += _sized(hole, around, Flaw.GAP)
    return found


def _sized(shape: BaseGeometry, keys: tuple[str, ...], flaw: Flaw) -> list[Found]:
    """Return the parts of a shape that are areas worth speaking of."""
    found = []
    for part in shapely.get_parts(shape):
        area = _area_m2(part) if isinstance(part, Polygon) else 0.0
        if area < LEAST_M2:
            continue
        width = 2 * area / max(_metric(part).length, 1e-9)
        found.append(Found(Flaw.SLIVER if width < SLIVER_M else flaw, keys, part, area, width))
    return found


def _metric(shape: BaseGeometry) -> BaseGeometry:
    east_m, north_m = metres_per_degree(shape.bounds[1])
    return shapely.transform(shape, lambda places: places * np.array([east_m, north_m]))


def _area_m2(shape: BaseGeometry) -> float:
    return float(_metric(shape).area)


def mend(
    areas: Mapping[str, Polygon | MultiPolygon],
    flaws: Sequence[Flaw],
    beside: Mapping[str, Polygon] | None = None,
) -> dict[str, Polygon | MultiPolygon]:
    """Return the areas with these kinds of flaws mended; what cannot be mended is left as it was.

    areas    key → area; WGS 84 degrees, longitude first; an overlap stays with the smaller key
    beside   areas that are there already: an overlap stays with them
    """
    wanted, others = set(flaws), dict(beside or {})
    mended = dict(areas)
    if Flaw.SELF_CROSSING in wanted:
        mended = {key: area if area.is_valid else _rebuilt(area) for key, area in mended.items()}
    if Flaw.PARTS in wanted:
        mended = {key: _largest(area) for key, area in mended.items()}
    if wanted & {Flaw.OVERLAP, Flaw.SLIVER}:
        _cut_overlaps(mended, others, wanted)
    if wanted & {Flaw.GAP, Flaw.SLIVER}:
        _fill_gaps(mended, others, wanted)
    return mended


def _rebuilt(area: BaseGeometry) -> Polygon:
    return _largest(shapely.make_valid(area, method="structure", keep_collapsed=False))


def _largest(area: BaseGeometry) -> Polygon:
    """Return the largest part of an area."""
    parts = [part for part in shapely.get_parts(area) if isinstance(part, Polygon)]
    return max(parts, key=lambda part: part.area, default=Polygon())


def _cut_overlaps(
    areas: dict[str, BaseGeometry], beside: Mapping[str, BaseGeometry], wanted: set[Flaw]
) -> None:
    sound = {key: area for key, area in areas.items() if area.is_valid}
    for one in _overlaps(dict(sorted(sound.items())), beside):
        if one.flaw not in wanted:
            continue
        loser = next(key for key in reversed(one.keys) if key in areas)
        keeper = one.keys[0] if loser == one.keys[1] else one.keys[1]
        other = areas[keeper] if keeper in areas else beside[keeper]
        rest = shapely.difference(areas[loser], other, grid_size=GRID)
        kept = _largest(rest)
        if kept.area > 0.5 * areas[loser].area:
            areas[loser] = kept


def _fill_gaps(
    areas: dict[str, BaseGeometry], beside: Mapping[str, BaseGeometry], wanted: set[Flaw]
) -> None:
    sound = {key: area for key, area in areas.items() if area.is_valid}
    for gap in _gaps(sound | dict(beside), frozenset(areas)):
        if gap.flaw not in wanted:
            continue
        edge = {
            key: shapely.intersection(gap.shape.exterior, areas[key], grid_size=GRID).length
            for key in gap.keys
            if key in areas
        }
        taker = max(sorted(edge), key=edge.__getitem__, default=None)
        if taker is None:
            continue
        joined = shapely.union(areas[taker], gap.shape, grid_size=GRID)
        if isinstance(joined, Polygon):
            areas[taker] = joined
