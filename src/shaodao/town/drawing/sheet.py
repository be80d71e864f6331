"""What a drawing consists of, and how it comes onto the globe."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from shapely import (
    Geometry,
    LineString,
    Point,
    Polygon,
    STRtree,
    polygonize,
    transform,
    unary_union,
)

from shaodao.cores.geodesy import LonLat, unproject

PRECISION = 1e-7  # degrees; about a centimetre
HALF_WIDTH_M = {"major": 6.5, "ring": 5.0, "minor": 4.0, "lane": 1.5}


@dataclass(frozen=True)
class Street:
    line: LineString
    kind: str  # major, minor, lane
    name: str = ""
    is_lit: bool = True


@dataclass(frozen=True)
class House:
    """A building as it stands: its walls, how high it is, and what it is for."""

    walls: Polygon
    n_floors: int
    use: str  # home, tower, court, farm, shop, public
    estate: int | None = None  # which of the sheet's estates it belongs to


@dataclass(frozen=True)
class Estate:
    """A compound or a hamlet: houses that share a name and a gate."""

    ground: Polygon
    kind: str  # slabs, towers, courts, hamlet
    cell: int


@dataclass(frozen=True)
class Ground:
    """Something green, wet or worth a name that is no building."""

    shape: Geometry
    layer: str  # green, water, label
    kind: str
    name: str = ""


@dataclass
class Sheet:
    """One drawing. A cell is a grid to be; `areas` says to which community each one belongs."""

    cells: list[Polygon] = field(default_factory=list)
    areas: list[int] = field(default_factory=list)
    edges: list[LineString] = field(default_factory=list)  # what the cells were cut by
    streets: list[Street] = field(default_factory=list)
    estates: list[Estate] = field(default_factory=list)
    houses: list[House] = field(default_factory=list)
    grounds: list[Ground] = field(default_factory=list)

    def keep_streets_free(self) -> None:
        """Take away the houses that would stand in a street."""
        beds = [street.line.buffer(HALF_WIDTH_M[street.kind]) for street in self.streets]
        tree = STRtree(beds)
        hit, _ = tree.query([house.walls for house in self.houses], predicate="intersects")
        blocked = set(hit.tolist())
        self.houses = [house for n, house in enumerate(self.houses) if n not in blocked]


def on_globe(shape, origin: LonLat):
    """Return a drawn shape, or a list of them as an array, in degrees, longitude first."""

    def lift(points: np.ndarray) -> np.ndarray:
        lon, lat = unproject(points[:, 0], points[:, 1], origin)
        return np.column_stack([lon, lat])

    return transform(shape, lift)


def cells_on_globe(sheet: Sheet, origin: LonLat) -> list[Polygon]:
    """Return the cells in degrees, in their order, tiling without a gap or an overlap.

    They are put together anew from all edges at once, so that two neighbours have the same corners
    along the line between them, those of a third cell's included.
    """
    edges = [on_globe(edge, origin) for edge in sheet.edges]
    faces = list(polygonize([unary_union(edges, grid_size=PRECISION)]).geoms)
    inside = [on_globe(cell.representative_point(), origin) for cell in sheet.cells]
    found = [next(face for face in faces if face.contains(point)) for point in inside]
    return [Polygon(face.exterior) for face in found]


def reading_order(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the order of serials inside a community: rows from the north, each west to east."""
    if not points:
        return []
    ys = sorted((y for _, y in points), reverse=True)
    row_height = max((ys[0] - ys[-1]) / max(round(len(points) ** 0.5), 1), 1e-9)
    row = [int((ys[0] - y) / row_height * 0.999) for _, y in points]
    return sorted(range(len(points)), key=lambda n: (row[n], points[n][0]))


def middle(shape: Geometry) -> tuple[float, float]:
    """Return a point of a shape that lies inside it, near its middle."""
    point = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return point.x, point.y


def along(line: LineString, step: float, *, start: float = 0.0) -> list[tuple[Point, np.ndarray]]:
    """Return points at every `step` metres of a line, each with the line's direction there."""
    places = []
    for place in np.arange(start, line.length, step):
        here, ahead = line.interpolate(place), line.interpolate(min(place + 1, line.length))
        way = np.array([ahead.x - here.x, ahead.y - here.y])
        size = float(np.hypot(*way))
        if size > 0:
            places.append((here, way / size))
    return places
