"""Lines as hands and rivers draw them, and cutting ground along them."""

import numpy as np
from numpy.random import Generator
from shapely import LineString, MultiPoint, Polygon, prepare, voronoi_polygons
from shapely.ops import split

OVERSHOOT_M = 0.5  # a cut goes this far past the edge, so that it surely meets it


def smooth(points: np.ndarray, rounds: int = 3, *, is_ring: bool = False) -> np.ndarray:
    """Round the corners of a line by cutting them, three times over (Chaikin)."""
    for _ in range(rounds):
        ends = np.roll(points, -1, axis=0) if is_ring else points[1:]
        starts = points if is_ring else points[:-1]
        near, far = 0.75 * starts + 0.25 * ends, 0.25 * starts + 0.75 * ends
        cut = np.empty((2 * len(near), 2))
        cut[0::2], cut[1::2] = near, far
        points = cut if is_ring else np.vstack([points[:1], cut, points[-1:]])
    return points


def wavy(start, end, rng: Generator, *, sway: float, n_bends: int = 2) -> LineString:
    """Return a line from one point to another that sways by so many metres on its way."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    way = end - start
    across = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-9)
    shares = np.linspace(0, 1, n_bends + 2)
    offsets = np.concatenate([[0], rng.uniform(-sway, sway, n_bends), [0]])
    points = start + shares[:, None] * way + offsets[:, None] * across
    points[-1] = end  # to the last bit: other lines end there too
    return LineString(smooth(points))


def blob(centre, radius: float, rng: Generator, *, rough: float = 0.25, n: int = 11) -> Polygon:
    """Return a round shape as ponds and woods have."""
    angles = np.linspace(0, 2 * np.pi, n, endpoint=False) + rng.uniform(-0.15, 0.15, n)
    reach = radius * (1 + rng.uniform(-rough, rough, n))
    points = np.column_stack([np.cos(angles) * reach, np.sin(angles) * reach * 0.8])
    return Polygon(smooth(points + np.asarray(centre, float), is_ring=True)).buffer(0)


def patchwork(region, pitch: float, rng: Generator) -> list[Polygon]:
    """Return a region as fields lie in it: patches of about `pitch` metres, balks between them."""
    west, south, east, north = region.bounds
    n = max(int((east - west) * (north - south) / pitch**2), 2)
    points = MultiPoint(rng.uniform((west, south), (east, north), (n, 2)))
    prepare(region)
    patches = []
    for cell in voronoi_polygons(points, extend_to=region).geoms:
        if region.intersects(cell) and rng.random() < 0.82:
            patch = cell.intersection(region).buffer(-2.0)
            patches += [p for p in getattr(patch, "geoms", [patch]) if p.area > 900]
    return patches


def cut_into(
    ground: Polygon, n: int, rng: Generator, *, sway: float, tilt: float = 0.04
) -> tuple[list[Polygon], list[LineString]]:
    """Cut ground into `n` pieces of about one size and return them with the cuts."""
    if n <= 1:
        return [ground], []
    few = n // 2
    pieces, line = _cut(ground, few / n, rng, sway=sway, tilt=tilt)
    lines, done = [line], []
    small, large = sorted(pieces, key=lambda piece: piece.area)
    for piece, share in ((small, few), (large, n - few)):
        inside, more = cut_into(piece, share, rng, sway=sway, tilt=tilt)
        done, lines = done + inside, lines + more
    return done, lines


def _cut(ground: Polygon, share: float, rng: Generator, *, sway: float, tilt: float):
    """Cut ground across its longer side so that about `share` of it lies on one side."""
    corners = np.array(ground.minimum_rotated_rectangle.exterior.coords[:4])
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    first = int(np.argmax(sides))
    a, b, c, d = (corners[(first + k) % 4] for k in range(4))  # a-b and c-d are the long sides
    for attempt in range(20):
        at = np.clip(share + rng.uniform(-0.05, 0.05) * (attempt + 1) / 2, 0.25, 0.75)
        lean = rng.uniform(-tilt, tilt)
        start, end = a + (b - a) * (at + lean), d + (c - d) * (at - lean)
        line = wavy(start, end, rng, sway=sway if attempt < 10 else 0.0)
        pieces = [p for p in split(ground, _longer(line)).geoms if p.area > 1.0]
        if len(pieces) == 2:
            inside = _longer(line).intersection(ground.buffer(OVERSHOOT_M))
            return pieces, _longest(inside)
    raise ValueError("this ground cannot be cut in two")


def _longer(line: LineString) -> LineString:
    """Return a line drawn out at both ends, across anything it was to cut."""
    points = np.array(line.coords)
    head, tail = points[0] - points[1], points[-1] - points[-2]
    reach = 200.0
    first = points[0] + head / max(float(np.hypot(*head)), 1e-9) * reach
    last = points[-1] + tail / max(float(np.hypot(*tail)), 1e-9) * reach
    return LineString(np.vstack([first, points, last]))


def _longest(shape) -> LineString:
    parts = getattr(shape, "geoms", [shape])
    return max(parts, key=lambda part: part.length)
