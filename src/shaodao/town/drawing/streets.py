"""A county seat on a river: main streets, two bridges, blocks, and what fills them."""

import numpy as np
from numpy.random import Generator
from shapely import LineString, MultiPoint, Polygon, polygonize, unary_union

from .houses import fill
from .lines import blob, cut_into, patchwork, smooth, wavy
from .sheet import Ground, Sheet, Street

TURN = 6.0  # degrees; the town's streets are turned by so much, as towns on a river are
BLOCK_M2 = 13_500.0
COLUMNS = (-1500.0, -965.0, -420.0, 120.0)  # the western town's main streets, metres east
EAST_BANK, EAST_END = 300.0, 850.0
ROWS = (735.0, 245.0, -240.0, -730.0)  # metres north
# What stands in a district's blocks, by how common it is there.
CHARACTERS = {
    "old": ("courts", "courts", "shops", "courts", "slabs", "hall", "courts", "park", "shops"),
    "mixed": ("slabs", "courts", "shops", "slabs", "school", "slabs", "hall", "slabs", "park"),
    "new": ("slabs", "towers", "slabs", "shops", "slabs", "towers", "school", "slabs", "park"),
    "east": ("towers", "slabs", "towers", "park", "towers", "shops", "slabs", "hall", "school"),
}


def draw_city(seed: int, n_cells: list[int], characters: list[str]) -> Sheet:
    """Draw the county seat.

    n_cells    : into how many grids to cut each of the twelve districts, west of the river row by
                 row from the north-west, then east of it from the north
    characters : what each district looks like, a key of CHARACTERS
    """
    rng = np.random.default_rng(seed)
    sheet = Sheet()
    river, land = _river_and_land(rng)
    streets = _main_streets(rng, river)
    districts = _districts(land, streets)
    sheet.edges += [LineString(part.exterior) for part in _parts(land)]
    sheet.edges += [street.line for street in streets]
    for area, (district, n, character) in enumerate(
        zip(districts, n_cells, characters, strict=True)
    ):
        _fill_district(sheet, district, area, n, CHARACTERS[character], rng)
    sheet.streets += [_on_land(street, land, river) for street in streets]
    sheet.streets += [Street(LineString(part.exterior), "ring") for part in _parts(land)]
    sheet.grounds.append(Ground(river, "water", "river"))
    _surround(sheet, land, river, rng)
    sheet.keep_streets_free()
    return sheet


def _river_and_land(rng: Generator) -> tuple[Polygon, Polygon]:
    ys = np.linspace(2600, -2600, 27)
    bend = 70 * np.sin(ys / 560 + 0.6) + 26 * np.sin(ys / 230)
    bend += np.where(abs(ys) > 900, (abs(ys) - 900) * 0.55 * np.sign(ys), 0)
    middle = (COLUMNS[3] + EAST_BANK) / 2
    width = 78 + 14 * np.sin(ys / 310)
    west = np.column_stack([middle + bend - width, ys])
    east = np.column_stack([middle + bend + width, ys])
    river = Polygon(np.vstack([smooth(west), smooth(east)[::-1]]))
    outline = [
        (-1500, 470), (-1440, 690), (-1010, 720), (-900, 880), (-480, 850), (-260, 740), (90, 790),
        (420, 720), (690, 830), (930, 640), (860, 250), (1010, 20), (960, -330), (700, -520),
        (640, -760), (330, -730), (-60, -690), (-360, -830), (-900, -760), (-1080, -640),
        (-1420, -700), (-1610, -430), (-1500, -40), (-1590, 210),
    ]  # fmt: skip
    points = np.array(outline, float) + rng.uniform(-22, 22, (len(outline), 2))
    hull = Polygon(smooth(points, 2, is_ring=True))
    return river, hull.difference(river)


def _main_streets(rng: Generator, river: Polygon) -> list[Street]:
    """Return the streets that part the districts; those going east and west cross the river."""
    lean = np.tan(np.radians(TURN))
    streets = []
    for x in COLUMNS[1:3]:
        line = wavy((x + 1250 * lean, 1250), (x - 1250 * lean, -1250), rng, sway=52, n_bends=4)
        streets.append(Street(line, "major"))
    for y in ROWS[1:3]:
        start, end = (-2150, y + 2150 * lean * 0.6), (1650, y - 1650 * lean * 0.6)
        streets.append(Street(wavy(start, end, rng, sway=48, n_bends=5), "major"))
    return streets


def _districts(land: Polygon, streets: list[Street]) -> list[Polygon]:
    """Return the twelve districts: west of the river row by row from the north-west, then east."""
    lines = [LineString(part.exterior) for part in _parts(land)]
    lines += [street.line for street in streets]
    faces = polygonize([unary_union(lines)]).geoms
    found = [face for face in faces if land.contains(face.representative_point())]
    west = [face for face in found if face.centroid.x < COLUMNS[3]]
    east = [face for face in found if face.centroid.x >= COLUMNS[3]]
    west.sort(key=lambda face: -face.centroid.y)
    rows = [sorted(west[n : n + 3], key=lambda face: face.centroid.x) for n in (0, 3, 6)]
    return [*rows[0], *rows[1], *rows[2], *sorted(east, key=lambda face: -face.centroid.y)]


def _fill_district(sheet, district, area, n, character, rng) -> None:
    is_old = character is CHARACTERS["old"]
    sway, tilt = (15.0, 0.12) if is_old else (8.0, 0.05)
    cells, minors = cut_into(district, n, rng, sway=sway, tilt=tilt)
    sheet.edges += minors
    sheet.streets += [Street(line, "minor") for line in minors]
    deck = list(rng.permutation(len(character)))
    for cell in cells:
        number = len(sheet.cells)
        sheet.cells.append(cell)
        sheet.areas.append(area)
        blocks, lanes = cut_into(
            cell, max(round(cell.area / BLOCK_M2), 2), rng, sway=sway / 2, tilt=tilt
        )
        sheet.streets += [Street(line, "lane") for line in lanes]
        kinds = [character[deck[(number * 5 + k) % len(deck)]] for k in range(len(blocks))]
        for block, kind in zip(blocks, _with_homes(kinds, character), strict=True):
            fill(sheet, block, kind, number, rng)


def _with_homes(kinds: list[str], character) -> list[str]:
    """See to it that people live in every grid, and that it has one park or school at most."""
    homes = next(kind for kind in character if kind in {"slabs", "towers", "courts"})
    seen: set[str] = set()
    sorted_out = []
    for kind in kinds:
        once = kind in {"park", "school", "hall"}
        sorted_out.append(homes if once and seen & {"park", "school", "hall"} else kind)
        seen.add(kind)
    if sum(kind in {"slabs", "towers", "courts"} for kind in sorted_out) < 2:
        sorted_out[:2] = [homes, homes]
    return sorted_out


def _on_land(street: Street, land: Polygon, river: Polygon) -> Street:
    """Return what of a street is built: on land, and over the river as a bridge."""
    built = street.line.intersection(unary_union([land.buffer(620), river.buffer(2)]))
    parts = [part for part in getattr(built, "geoms", [built]) if part.length > 400]
    return Street(max(parts, key=lambda part: part.length), street.kind)


def _surround(sheet: Sheet, land: Polygon, river: Polygon, rng: Generator) -> None:
    """Put fields, woods and a few farms round the town, so that it lies somewhere."""
    streets = unary_union([street.line.buffer(8) for street in sheet.streets])
    free = unary_union([land.buffer(30), river.buffer(25), streets])
    woods = []
    for angle in rng.permutation(np.linspace(0, 2 * np.pi, 22, endpoint=False)):
        reach = rng.uniform(1.05, 1.7)
        centre = (1720 * reach * np.cos(angle) - 300, 1050 * reach * np.sin(angle))
        wood = blob(centre, rng.uniform(130, 300), rng).difference(free)
        woods += [part for part in _parts(wood) if part.area > 9000]
    sheet.grounds += [Ground(wood, "green", "wood") for wood in woods]
    outside = land.convex_hull.buffer(520).difference(free).difference(unary_union(woods))
    sheet.grounds += [Ground(patch, "green", "field") for patch in patchwork(outside, 95, rng)]
    strip = river.buffer(24).intersection(land)
    sheet.grounds.append(Ground(strip, "green", "bank"))
    sheet.grounds.append(Ground(MultiPoint([(205, 480), (205, -480)]), "label", "river"))


def _parts(shape) -> list[Polygon]:
    return list(getattr(shape, "geoms", [shape]))
