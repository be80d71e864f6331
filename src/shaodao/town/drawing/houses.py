"""Filling a block between streets with what stands in such blocks."""

from collections.abc import Iterator
from math import cos, pi, radians, sin

import numpy as np
from numpy.random import Generator
from shapely import LineString, Polygon, box, prepare
from shapely.affinity import rotate, scale, translate

from .lines import blob
from .sheet import Estate, Ground, House, Sheet


def fill(sheet: Sheet, block: Polygon, kind: str, cell: int, rng: Generator) -> None:
    """Put into `block` what a block of this kind holds, in line with the streets round it."""
    FILLERS[kind](sheet, block, cell, rng, _lie(block))


def _lie(block: Polygon) -> float:
    """Return by how many degrees a block's sides are turned from east and north."""
    corners = np.array(block.minimum_rotated_rectangle.exterior.coords)
    way = corners[1] - corners[0]
    return float((np.degrees(np.arctan2(way[1], way[0])) + 45) % 90 - 45)


def _slabs(sheet, block, cell, rng, turn) -> None:
    """Rows of walk-up flats with their backs to the north."""
    inside = block.buffer(-9)
    length, depth = rng.uniform(28, 50), rng.uniform(11, 13)
    tilt = turn + rng.uniform(-2, 2)
    n_floors = int(rng.choice([5, 6, 6, 7]))
    estate = _estate(sheet, block, "slabs", cell)
    walls = _placed(inside, tilt, (length, depth), (rng.uniform(6, 9), rng.uniform(13, 18)), rng)
    sheet.houses += [House(wall, n_floors, "home", estate) for wall in walls]


def _towers(sheet, block, cell, rng, turn) -> None:
    """Tall blocks round a garden."""
    inside = block.buffer(-11)
    size = rng.uniform(19, 24)
    estate = _estate(sheet, block, "towers", cell)
    n_floors = int(rng.integers(17, 30))
    gap = rng.uniform(17, 24)
    tilt = turn + rng.uniform(-3, 3)
    for wall in _placed(inside, tilt, (size, size * 0.8), (gap, gap * 0.8), rng):
        x, y = wall.centroid.coords[0]
        wing = box(x - size * 0.62, y - size * 0.18, x + size * 0.62, y + size * 0.18)
        wings = rotate(wing, tilt, origin=(x, y)).union(wall)
        sheet.houses.append(House(wings, n_floors, "tower", estate))
    garden = block.buffer(-16)
    if not garden.is_empty and sheet.houses and sheet.houses[-1].estate == estate:
        sheet.grounds.append(Ground(garden, "green", "garden"))


def _courts(sheet, block, cell, rng, turn) -> None:
    """Old houses wall to wall along alleys."""
    inside = block.buffer(-6.5)
    estate = _estate(sheet, block, "courts", cell)
    tilt = turn + rng.uniform(-4, 4)
    for wall in _placed(inside, tilt, (12.5, 10.5), (2.2, 5.0), rng, jitter=1.1):
        if rng.random() < 0.86:
            stretched = scale(wall, rng.uniform(0.7, 1.08), rng.uniform(0.7, 1.1))
            sheet.houses.append(House(stretched, int(rng.integers(1, 4)), "court", estate))


def _shops(sheet, block, cell, rng, turn) -> None:
    """Houses in a closed row along the streets, a yard behind them."""
    outer = block.buffer(-7.5)
    yard = outer.buffer(-15)
    if yard.is_empty or not isinstance(yard, Polygon):
        return _courts(sheet, block, cell, rng, turn)
    ring = outer.difference(yard)
    cuts = []
    for place in np.arange(0, outer.exterior.length, rng.uniform(22, 34)):
        point = outer.exterior.interpolate(place)
        inner = yard.exterior.interpolate(yard.exterior.project(point))
        way = np.array([inner.x - point.x, inner.y - point.y]) * 1.3
        start = (point.x - way[0] * 0.15, point.y - way[1] * 0.15)
        cuts.append(LineString([start, (point.x + way[0], point.y + way[1])]).buffer(0.7))
    for cut in cuts:
        ring = ring.difference(cut)
    for wall in getattr(ring, "geoms", [ring]):
        if wall.area > 120 and rng.random() < 0.93:
            sheet.houses.append(House(wall, int(rng.integers(2, 6)), "shop"))
    return None


def _school(sheet, block, cell, rng, turn) -> None:
    """A school: two wings, a gate house and a running track."""
    inside = block.buffer(-8)
    x, y = inside.centroid.coords[0]
    track = box(x - 12, y - 26, x + 40, y + 4).buffer(14)
    track = rotate(track, turn, origin=(x, y)).intersection(inside)
    sheet.grounds.append(Ground(track, "green", "pitch"))
    wings = [box(x - 52, y - 40, x - 40, y + 34), box(x - 40, y + 24, x + 34, y + 36)]
    for wing in wings:
        wall = rotate(wing, turn, origin=(x, y)).intersection(inside)
        if wall.area > 150 and isinstance(wall, Polygon):
            sheet.houses.append(House(wall, 4, "public"))
    sheet.grounds.append(Ground(inside.centroid, "label", "school"))


def _park(sheet, block, cell, rng, turn) -> None:
    """A park with a pond, paths and trees."""
    inside = block.buffer(-5)
    sheet.grounds.append(Ground(inside, "green", "park"))
    pond = blob(inside.centroid.coords[0], 0.28 * inside.area**0.5, rng)
    sheet.grounds.append(Ground(pond.intersection(inside), "water", "pond"))
    sheet.grounds.append(Ground(inside.centroid, "label", "park"))


def _hall(sheet, block, cell, rng, turn) -> None:
    """A market hall, or an office with its yard."""
    inside = block.buffer(-9)
    x, y = inside.centroid.coords[0]
    size = inside.area**0.5
    wall = box(x - size * 0.3, y - size * 0.2, x + size * 0.3, y + size * 0.2)
    wall = rotate(wall, turn, origin=(x, y)).intersection(inside)
    if isinstance(wall, Polygon):
        sheet.houses.append(House(wall, 3, "public"))
    side = translate(scale(wall, 0.9, 0.3), 0, size * 0.34).intersection(inside)
    if side.area > 120 and isinstance(side, Polygon):
        sheet.houses.append(House(side, 2, "public"))
    sheet.grounds.append(Ground(inside.centroid, "label", "hall"))


FILLERS = {
    "slabs": _slabs,
    "towers": _towers,
    "courts": _courts,
    "shops": _shops,
    "school": _school,
    "park": _park,
    "hall": _hall,
}


def _placed(
    inside: Polygon, turn: float, size, gap, rng: Generator, *, jitter: float = 0.5
) -> Iterator[Polygon]:
    """Yield rectangles of one size in turned rows, evenly spread over each row of `inside`.

    size, gap : along the row and across it, metres
    """
    if inside.is_empty or not isinstance(inside, Polygon):
        return
    pivot = inside.centroid
    flat = rotate(inside, -turn, origin=pivot)
    room = flat.buffer(jitter * 2)
    prepare(room)
    west, south, east, north = flat.bounds
    n_rows = int((north - south + gap[1]) // (size[1] + gap[1]))
    slack = north - south - n_rows * size[1] - (n_rows - 1) * gap[1]
    south, north = south + slack * 0.3, north - slack * 0.3
    rise = (north - south - size[1]) / max(n_rows - 1, 1)
    for row in range(n_rows):
        y = south + row * rise
        start, end = _room(flat, y, y + size[1], west, east)
        n = int((end - start + gap[0]) // (size[0] + gap[0]))
        step = (end - start - size[0]) / max(n - 1, 1)
        for k in range(n):
            dx, dy = rng.uniform(-jitter, jitter, 2)
            x = start + k * step if n > 1 else (start + end - size[0]) / 2
            wall = box(x + dx, y + dy, x + dx + size[0], y + dy + size[1])
            if room.contains(wall):
                yield rotate(wall, turn, origin=pivot)


def _room(flat: Polygon, low: float, high: float, west: float, east: float):
    """Return from where to where a row between two heights has ground under all of it."""
    spans = [
        LineString([(west - 1, y), (east + 1, y)]).intersection(flat).bounds for y in (low, high)
    ]
    if not all(len(span) == 4 for span in spans) or any(np.isnan(span).any() for span in spans):
        return 0.0, 0.0
    return max(span[0] for span in spans), min(span[2] for span in spans)


def _estate(sheet: Sheet, block: Polygon, kind: str, cell: int) -> int:
    sheet.estates.append(Estate(block, kind, cell))
    return len(sheet.estates) - 1


def farmhouse(x: float, y: float, rng: Generator) -> Polygon:
    """Return the walls of a farmhouse: a main house, some with a wing."""
    length, depth = rng.uniform(10, 15), rng.uniform(8, 11)
    wall = box(x - length / 2, y - depth / 2, x + length / 2, y + depth / 2)
    if rng.random() < 0.4:
        wall = wall.union(box(x + length / 2 - 4, y - depth / 2 - 6, x + length / 2, y))
    return rotate(wall, rng.normal(0, 16), origin=(x, y))


def ring_of(centre, radius: float, n: int, rng: Generator) -> list[tuple[float, float]]:
    """Return places round a centre as houses of a hamlet stand: along two loose rings."""
    places = []
    for k in range(n):
        reach = radius * (0.55 if k % 3 == 0 else 1.0) * rng.uniform(0.85, 1.15)
        angle = radians(360 * k / n) + rng.uniform(-0.08, 0.08) + pi / 7
        places.append((centre[0] + reach * cos(angle), centre[1] + 0.72 * reach * sin(angle)))
    return places
