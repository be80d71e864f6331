"""A market town in a valley and the villages round it, with the road that has no lamps."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from shapely import (
    LineString,
    MultiPoint,
    Point,
    Polygon,
    polygonize,
    unary_union,
    voronoi_polygons,
)

from .houses import farmhouse, fill, ring_of
from .lines import blob, cut_into, patchwork, smooth, wavy
from .sheet import Estate, Ground, House, Sheet, Street

HOMES_IN_A_HAMLET = 23
ROAD_M = 2000.0  # the two village roads this valley is known for
DARK_ROAD, LIT_ROAD = "古陂村石桥路", "新屋村连心路"  # one still without lamps, one with ninety


class Village(NamedTuple):
    """Where a village lies, and its hamlets, each pair of which is a grid."""

    hamlets: tuple[tuple[float, float], ...]


# Hamlets by village, metres from the market: one to a grid, a second one drawn beside it.
VILLAGES = (
    Village(
        ((-820, 560), (-160, 760), (520, 640), (1140, 720), (1190, 60), (1880, 330), (1750, -340))
    ),
    Village(((-1000, -150), (-1620, 330), (-1720, -420), (-1010, -800))),
    Village(((-250, -780), (420, -690), (1050, -640), (320, -1330))),
)  # fmt: skip


def draw_valley(seed: int) -> Sheet:
    """Draw the market town (area 0, three grids) and three villages (areas 1, 2 and 3)."""
    rng = np.random.default_rng(seed)
    sheet = Sheet()
    hull = _outline(rng)
    market = Polygon(smooth(_MARKET + rng.uniform(-14, 14, _MARKET.shape), is_ring=True))
    stream = _stream(rng)
    _draw_market(sheet, market, rng)
    _draw_villages(sheet, hull, market, rng)
    _draw_roads(sheet, rng)
    _draw_ground(sheet, hull, market, stream, rng)
    sheet.keep_streets_free()
    return sheet


_MARKET = np.array(
    [(-330, 190), (-60, 250), (240, 220), (370, 60),
     (330, -190), (30, -260), (-270, -220), (-390, -20)],
    float,
)  # fmt: skip


def _outline(rng: Generator) -> Polygon:
    points = np.array(
        [(-2250, 600), (-1500, 1050), (-300, 1230), (900, 1150), (2000, 950), (2420, 250),
         (2250, -650), (1500, -1050), (700, -1750), (-300, -1650), (-1300, -1250), (-2250, -800)],
        float,
    )  # fmt: skip
    return Polygon(smooth(points + rng.uniform(-60, 60, points.shape), is_ring=True))


_STREAM = np.array(
    [(-2900, -1280), (-2250, -830), (-1900, -700), (-1480, -520), (-1240, -620), (-800, -440),
     (-420, -470), (-60, -390), (330, -440), (720, -300), (960, -330), (1330, -90), (1560, 30),
     (1900, 60), (2150, 330), (2900, 520)],
    float,
)  # fmt: skip
_HIGHWAY = np.array(
    [(-2900, 930), (-2100, 560), (-1500, 110), (-900, 90), (-395, -10), (20, 10), (380, 40),
     (700, -60), (1000, -300), (1350, -760), (1900, -950), (2900, -1600)],
    float,
)  # fmt: skip
_DARK = ((352, 118), (560, 330), (860, 360), (1130, 330), (1420, 160), (1690, 150), (1900, 330))
_LIT = ((-380, -60), (-640, -260), (-980, -300), (-1300, -180), (-1500, 60), (-1640, 330))


def _stream(rng: Generator) -> LineString:
    return LineString(smooth(_STREAM + rng.uniform(-30, 30, _STREAM.shape), 4))


def _draw_market(sheet: Sheet, market: Polygon, rng: Generator) -> None:
    sheet.edges.append(LineString(market.exterior))
    cells, minors = cut_into(market, 3, rng, sway=8)
    sheet.edges += minors
    sheet.streets += [Street(line, "minor") for line in minors]
    deck = ("courts", "shops", "slabs", "courts", "hall", "slabs", "school", "courts")
    for cell in cells:
        number = len(sheet.cells)
        sheet.cells.append(cell)
        sheet.areas.append(0)
        blocks, lanes = cut_into(cell, 4, rng, sway=4)
        sheet.streets += [Street(line, "lane") for line in lanes]
        for k, block in enumerate(blocks):
            fill(sheet, block, deck[(number * 3 + k) % len(deck)], number, rng)
    sheet.streets.append(Street(LineString(market.exterior), "minor"))


def _draw_villages(sheet: Sheet, hull: Polygon, market: Polygon, rng: Generator) -> None:
    seeds = [(point, area) for area, village in enumerate(VILLAGES, 1) for point in village.hamlets]
    points = MultiPoint([point for point, _ in seeds])
    ridges = _rough(voronoi_polygons(points, extend_to=hull, only_edges=True), rng)
    sheet.edges.append(LineString(hull.exterior))
    inside = unary_union(ridges).intersection(hull.buffer(0.5)).difference(market.buffer(-0.5))
    sheet.edges += list(getattr(inside, "geoms", [inside]))
    faces = list(polygonize([unary_union(sheet.edges)]).geoms)
    for point, area in seeds:
        cell = next(face for face in faces if face.contains(Point(point)))
        sheet.cells.append(cell)
        sheet.areas.append(area)
        _draw_hamlets(sheet, cell, point, market, rng)


def _rough(ridges, rng: Generator) -> list[LineString]:
    """Bend the straight ridges between hamlets as field paths and watersheds run."""
    bent = []
    for line in getattr(unary_union(ridges), "geoms", [ridges]):
        start, end = line.coords[0], line.coords[-1]
        far = max(abs(c) for c in (*start, *end)) > 6000
        sway = 0.0 if far else min(0.07 * line.length, 38)
        bent.append(wavy(start, end, rng, sway=sway, n_bends=3))
    return bent


def _draw_hamlets(sheet: Sheet, cell: Polygon, point, market: Polygon, rng: Generator) -> None:
    angle = rng.uniform(0, 2 * np.pi)
    far = 215.0
    beside = [
        (point[0] + far * np.cos(angle + turn), point[1] + far * np.sin(angle + turn))
        for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ]
    room = cell.difference(market.buffer(70)).buffer(-95)
    second = next((place for place in beside if room.contains(Point(place))), None)
    number = len(sheet.cells) - 1
    for centre in [point] + ([second] if second else []):
        estate = len(sheet.estates)
        ground = blob(centre, 105, rng, rough=0.12).intersection(cell)
        sheet.estates.append(Estate(ground, "hamlet", number))
        pond = (centre[0] + rng.uniform(-8, 8), centre[1] - 12)
        sheet.grounds.append(Ground(blob(pond, 19, rng), "water", "pond"))
        for x, y in ring_of(centre, 78, HOMES_IN_A_HAMLET, rng):
            walls = farmhouse(x, y, rng)
            if cell.contains(walls):
                sheet.houses.append(House(walls, int(rng.integers(1, 4)), "farm", estate))
        if second:
            lane = wavy(point, second, rng, sway=14)
            sheet.streets.append(Street(lane, "lane", is_lit=False))


def _draw_roads(sheet: Sheet, rng: Generator) -> None:
    sheet.streets += [
        Street(LineString(smooth(_HIGHWAY, 4)), "major", "古陂公路"),
        Street(_fit(_DARK, ROAD_M), "minor", DARK_ROAD, is_lit=False),
        Street(_fit(_LIT, ROAD_M), "minor", LIT_ROAD, is_lit=False),
    ]
    trunks = sheet.streets[-3:]
    for village in VILLAGES:
        for point in village.hamlets:
            near = min(trunks, key=lambda street: street.line.distance(Point(point)))
            reach = near.line.interpolate(near.line.project(Point(point)))
            if 30 < Point(point).distance(reach) < 1400:
                path = wavy(point, (reach.x, reach.y), rng, sway=45, n_bends=3)
                sheet.streets.append(Street(path, "lane", is_lit=False))


def _fit(points, length: float) -> LineString:
    """Return a smooth line through these bends, cut or drawn out to the length wanted."""
    line = LineString(smooth(np.array(points, float), 4))
    if line.length > length:
        places = np.linspace(0, length, 60)
        return LineString([line.interpolate(place) for place in places])
    ends = np.array(line.coords)
    way = ends[-1] - ends[-2]
    last = ends[-1] + way / float(np.hypot(*way)) * (length - line.length)
    return LineString(np.vstack([ends, last]))


def _draw_ground(sheet: Sheet, hull: Polygon, market: Polygon, stream, rng: Generator) -> None:
    """Put paddies along the stream and round the hamlets, and woods on the hills between."""
    water = stream.buffer(13)
    sheet.grounds.append(Ground(water, "water", "stream"))
    hamlets = unary_union([estate.ground for estate in sheet.estates])
    roads = unary_union([street.line.buffer(6) for street in sheet.streets])
    built = unary_union([hamlets.buffer(10), market.buffer(22), water.buffer(6), roads])
    low = stream.buffer(300).union(hamlets.buffer(150)).intersection(hull.buffer(250))
    fields = [p for p in patchwork(low, 78, rng) if not p.within(built)]
    for patch in fields:
        cut = patch.difference(built)
        sheet.grounds += [Ground(p, "green", "field") for p in _parts(cut) if p.area > 700]
    kept = built.union(low)
    for _ in range(90):
        centre = rng.uniform((-2900, -2000), (2900, 1700))
        wood = blob(centre, rng.uniform(160, 420), rng, rough=0.35).difference(kept)
        sheet.grounds += [Ground(p, "green", "wood") for p in _parts(wood) if p.area > 9000]
    sheet.grounds.append(Ground(stream.interpolate(0.42, normalized=True), "label", "stream"))


def _parts(shape) -> list[Polygon]:
    return list(getattr(shape, "geoms", [shape]))
