"""From a drawn sheet to grids, estates, buildings, households and things in public space."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator
from shapely import Geometry, LineString, Point, STRtree

from shaodao.cores.geodesy import LonLat
from shaodao.people.policy import Role
from shaodao.places.policy import Layer, grid_code, screen_name

from . import names, registry
from .drafts import (
    AssetDraft,
    BuildingDraft,
    CompoundDraft,
    FeatureDraft,
    GridDraft,
    HouseholdDraft,
    PersonDraft,
    PostDraft,
    TownDraft,
)
from .drawing import House, Sheet, on_globe, reading_order
from .drawing.sheet import Estate, along, cells_on_globe, middle
from .drawing.valley import LIT_ROAD

HOMES_A_GRID = 54  # in town; in the villages one farmhouse is one household
HOMES_A_WORKER = 20  # between 15 and 25 households a contact worker
LAMPS_M, MANHOLES_M, HYDRANTS_M = 38.0, 85.0, 240.0  # one in so many metres of street
LAMPS_ON_LIT_ROAD = 90
# In this grid one worker looks after 21 households of 69 people.
COUNTED_OUT = ("360722102200006", 21, 69)


@dataclass
class Placer:
    """A town being filled: what is written down so far, and who and what comes next."""

    town: TownDraft
    rng: Generator
    people: Iterator[str]
    estates: dict[str, Iterator[str]]
    workers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    n_assets: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    n_workers: int = 0
    n_unnamed: int = 0


@dataclass
class _Site:
    """One sheet in hand: where it lies, and what its parts have become."""

    sheet: Sheet
    origin: LonLat
    communities: list[str]
    codes: list[str]  # of the cells
    streets: list[str]  # names, '' where there is none
    tree: STRtree  # of the cells
    compounds: dict[int, CompoundDraft] = field(default_factory=dict)  # by estate

    @property
    def county(self) -> str:
        return self.communities[0][:6]

    def lift(self, point: Point) -> LonLat:
        lon, lat = on_globe(point, self.origin).coords[0]
        return float(lon), float(lat)


def place(work: Placer, sheet: Sheet, origin: LonLat, communities: list[str]) -> dict[str, list]:
    """Fill the town with a sheet laid down at `origin`; return its named roads as lines (lon, lat).

    communities : the code each of the sheet's areas stands for
    """
    codes = _codes(sheet, communities)
    streets = _street_names(sheet, communities, work.rng)
    site = _Site(sheet, origin, communities, codes, streets, STRtree(sheet.cells))
    cells = cells_on_globe(sheet, origin)
    work.town.grids += [GridDraft(code, cell) for code, cell in zip(codes, cells, strict=True)]
    _place_houses(work, site)
    _place_street_things(work, site)
    _place_estate_things(work, site)
    _draw_base(work, site)
    return {
        name: [(float(x), float(y)) for x, y in on_globe(street.line, origin).coords]
        for street, name in zip(sheet.streets, site.streets, strict=True)
        if name
    }


def stem_of(code: str) -> str:
    """Return the bare name of a community or village: 西津路, 古陂."""
    shown = screen_name(registry.official_names()[code])
    return shown.removesuffix("社区").removesuffix("村")


def _codes(sheet: Sheet, communities: list[str]) -> list[str]:
    """Return the code of each cell: serials in reading order inside its community."""
    codes = [""] * len(sheet.cells)
    for area, community in enumerate(communities):
        own = [n for n, a in enumerate(sheet.areas) if a == area]
        order = reading_order([middle(sheet.cells[n]) for n in own])
        for serial, at in enumerate(order, start=1):
            codes[own[at]] = grid_code(community, serial)
    return codes


def _street_names(sheet: Sheet, communities: list[str], rng: Generator) -> list[str]:
    """Name the streets; a community called after a street has that street as its first one."""
    main, side = iter(names.MAIN_STREETS), iter(rng.permutation(names.SIDE_STREETS).tolist())
    own = {area: stem_of(code) for area, code in enumerate(communities)}
    own = {area: stem for area, stem in own.items() if stem.endswith(("路", "街"))}
    named = []
    for street in sheet.streets:
        name = street.name
        if not name and street.kind == "major":
            name = next(main, "")
        elif not name and street.kind == "minor":
            name = own.pop(_area_of(sheet, street.line), "") or next(side, "")
        named.append(name)
    return named


def _area_of(sheet: Sheet, line: LineString) -> int:
    point = line.interpolate(0.5, normalized=True)
    return sheet.areas[min(range(len(sheet.cells)), key=lambda n: sheet.cells[n].distance(point))]


# ---- estates, buildings, households --------------------------------------------------------------


def _place_houses(work: Placer, site: _Site) -> None:
    sheet = site.sheet
    by_cell: dict[int, dict[int, list[House]]] = defaultdict(lambda: defaultdict(list))
    for house in sheet.houses:
        if house.estate is not None:
            by_cell[sheet.estates[house.estate].cell][house.estate].append(house)
    streets = [(s.line, name) for s, name in zip(sheet.streets, site.streets, strict=True) if name]
    tree = STRtree([line for line, _ in streets])
    for cell, code in enumerate(site.codes):
        rows = []
        for number, houses in by_cell[cell].items():
            estate = sheet.estates[number]
            compound = _compound(work, site, estate, houses, code)
            site.compounds[number] = compound
            line, road = streets[int(tree.nearest(estate.ground.centroid))]
            where = _where(code, road, line, estate.ground.centroid)
            for serial, house in enumerate(houses, start=1):
                label = f"{serial}号" if house.use in {"court", "farm"} else f"{serial}栋"
                rows.append((house, compound.key, label, f"{where}{compound.name}{label}"))
        _settle(work, site, rows, code)


def _compound(work: Placer, site: _Site, estate: Estate, houses, code: str) -> CompoundDraft:
    name = next(work.estates[estate.kind], None)
    if name is None:
        work.n_unnamed += 1
        name = f"{stem_of(code[:12])}{work.n_unnamed}号院"
    is_tall = estate.kind == "towers"
    is_managed = is_tall or (estate.kind == "slabs" and work.rng.random() < 0.35)
    lon, lat = site.lift(estate.ground.centroid)
    draft = CompoundDraft(
        f"{code[:12]}:{name}",
        code[:12],
        name,
        lon,
        lat,
        built_year=int(work.rng.integers(*_BUILT[estate.kind])),
        n_lifts=len(houses) if is_tall else 0,
        property_company=f"{site.county}.PROPERTY{1 + work.n_unnamed % 2}"
        if is_managed and site.county == registry.CITY_COUNTY
        else None,
        has_owners_committee=bool(is_tall and work.rng.random() < 0.6),
    )
    work.town.compounds.append(draft)
    return draft


_BUILT = {
    "towers": (2008, 2021),
    "slabs": (1979, 2004),
    "courts": (1952, 1984),
    "hamlet": (1978, 2016),
}


def _where(code: str, road: str, line: LineString, point: Point) -> str:
    """Return the beginning of an address: road and gate in town, the village outside it."""
    if code.startswith(registry.VALLEY_COUNTY):
        return screen_name(registry.official_names()[code[:12]])
    gate = 2 * int(line.project(point) / 16) + 1 + int(point.y > line.centroid.y)
    return f"{road}{gate}号"


def _settle(work: Placer, site: _Site, rows, code: str) -> None:
    """Write a grid's buildings down and let its households move in, each with its worker."""
    is_village = any(house.use == "farm" for house, *_ in rows)
    rooms = [1] * len(rows) if is_village else _shared_out([house for house, *_ in rows])
    whose = iter(_whose(work, code, sum(rooms)))
    for (house, key, label, address), n_rooms in zip(rows, rooms, strict=True):
        lon, lat = site.lift(Point(*middle(house.walls)))
        homes = tuple(_household(work.rng, house, room, next(whose)) for room in range(n_rooms))
        work.town.buildings.append(
            BuildingDraft(code, key, label, address, lon, lat, house.n_floors, homes)
        )
    if code == COUNTED_OUT[0]:
        _count_out(work.town, work.workers[code][0])


def _shared_out(houses: list[House]) -> list[int]:
    """Return how many households each building has: tall ones more."""
    room = np.array([house.n_floors if house.use != "court" else 1 for house in houses])
    shares = room / room.sum() * HOMES_A_GRID
    counts = np.floor(shares).astype(int)
    for n in np.argsort(counts - shares)[: HOMES_A_GRID - counts.sum()]:
        counts[n] += 1
    return counts.tolist()


def _whose(work: Placer, code: str, n_homes: int) -> list[str]:
    """Return the contact worker of each household of a grid: neighbours share one."""
    n_workers = max(round(n_homes / HOMES_A_WORKER), -(-n_homes // 25))
    for n in range(n_workers):
        work.workers[code].append(_worker(work, code, n))
    workers = work.workers[code]
    parts = [len(part) for part in np.array_split(np.arange(n_homes), n_workers)]
    if code == COUNTED_OUT[0]:
        parts = [COUNTED_OUT[1], *(len(p) for p in np.array_split(np.arange(n_homes - COUNTED_OUT[1]), n_workers - 1))]  # fmt: skip # noqa: E501
    return [worker for worker, n in zip(workers, parts, strict=True) for _ in range(n)]


def _worker(work: Placer, code: str, n: int) -> str:
    work.n_workers += 1
    username = f"grid.{code}.{n + 1}"
    work.town.people.append(
        PersonDraft(
            username,
            next(work.people),
            (PostDraft(Role.GRID_WORKER, code, is_head=n == 0),),
            phone=f"1430001{work.n_workers:04d}",
            work_phone=f"0797-01{work.n_workers:05d}",
            is_party_member=bool(n == 0 or work.rng.random() < 0.5),
        )
    )
    return username


_SIZES = (0.13, 0.40, 0.68, 0.88, 0.96)  # share of households of up to 1, 2, 3 … people


def _household(rng: Generator, house: House, room: int, worker: str) -> HouseholdDraft:
    n_people = bisect(_SIZES, rng.random()) + 1
    n_old = int((rng.random(min(n_people, 2)) < 0.42).sum())
    n_young = int((rng.random(max(n_people - max(n_old, 1), 0)) < 0.4).sum())
    floors = max(house.n_floors, 1)
    number = "" if house.use == "farm" else f"{room // floors + 1}单元{room % floors + 1}01"
    return HouseholdDraft(number, n_people, n_old, n_young, worker)


def _count_out(town: TownDraft, worker: str) -> None:
    """Make the households of one worker come to the number of people they are known for."""
    code, _, n_people = COUNTED_OUT
    own = [
        n
        for n, row in enumerate(town.buildings)
        if row.grid == code and row.households and row.households[0].worker == worker
    ]
    homes = [town.buildings[n].households[0] for n in own]
    off = n_people - sum(home.n_people for home in homes)
    k = 0
    while off:
        step = 1 if off > 0 else -1
        home = homes[k % len(homes)]
        least = max(home.n_over_60 + home.n_under_18, 1)
        if least <= home.n_people + step <= 8:
            homes[k % len(homes)] = replace(home, n_people=home.n_people + step)
            off -= step
        k += 1
    for n, home in zip(own, homes, strict=True):
        town.buildings[n] = replace(town.buildings[n], households=(home,))


# ---- things in public space ---------------------------------------------------------------------

_CLASS = {"LAMP": "0101", "MANHOLE": "0102", "HYDRANT": "0103", "BIN": "0301", "LIFT": "0601"}


def _put(work: Placer, site: _Site, kind: str, point: Point, owner: str | None, name: str) -> None:
    """Write a thing down if it stands in a grid."""
    found = site.tree.query(point, predicate="within")
    if len(found) == 0:
        return
    cell = int(found[0])
    work.n_assets[site.county] += 1
    code = f"{site.county}{_CLASS[kind]}{work.n_assets[site.county]:06d}"
    lon, lat = site.lift(point)
    work.town.assets.append(AssetDraft(code, kind, name, owner, site.codes[cell], lon, lat))


def _place_street_things(work: Placer, site: _Site) -> None:
    county = site.county
    in_town = county == registry.CITY_COUNTY
    light = f"{county}.LIGHTING" if in_town else f"{county}.CITY"
    for street, name in zip(site.sheet.streets, site.streets, strict=True):
        label = name or ("环城路" if street.kind == "ring" else "支路")
        if name == LIT_ROAD:
            step = street.line.length / (LAMPS_ON_LIT_ROAD - 1) - 1e-6
            for n, (point, _) in enumerate(along(street.line, step), start=1):
                _put(work, site, "LAMP", point, registry.LIT_VILLAGE, f"{name}{n}号太阳能路灯")
        if street.kind == "lane" or not street.is_lit:
            continue
        for n, point in enumerate(_beside(street.line, LAMPS_M, 7.0), start=1):
            _put(work, site, "LAMP", point, light, f"{label}{n}号灯杆")
        for n, point in enumerate(_beside(street.line, MANHOLES_M, 2.0), start=1):
            _put(work, site, "MANHOLE", point, f"{county}.HOUSING", f"{label}{n}号检查井")
        for n, point in enumerate(_beside(street.line, HYDRANTS_M, 6.0), start=1):
            _put(work, site, "HYDRANT", point, f"{county}.WATER", f"{label}{n}号消火栓")


def _beside(line: LineString, step: float, side: float) -> Iterator[Point]:
    """Yield points at every `step` metres, on one side of a line and then on the other."""
    for n, (point, way) in enumerate(along(line, step, start=step / 2)):
        turn = side if n % 2 else -side
        yield Point(point.x - way[1] * turn, point.y + way[0] * turn)


def _place_estate_things(work: Placer, site: _Site) -> None:
    for number, compound in site.compounds.items():
        ground = site.sheet.estates[number].ground
        gate = ground.exterior.interpolate(12 + number % 30)
        point = Point(gate.x * 0.86 + ground.centroid.x * 0.14, gate.y * 0.86 + ground.centroid.y * 0.14)  # fmt: skip # noqa: E501
        _put(work, site, "BIN", point, f"{site.county}.CITY", f"{compound.name}垃圾桶")
    for house in site.sheet.houses:
        if house.use == "tower":
            compound = site.compounds[house.estate]
            point = Point(*middle(house.walls))
            _put(work, site, "LIFT", point, compound.property_company, f"{compound.name}电梯")


# ---- the base map -------------------------------------------------------------------------------

_ZOOM = {"major": 10, "ring": 12, "minor": 13, "lane": 14}
_GROUND_ZOOM = {"wood": 10, "river": 8, "stream": 10, "field": 13, "garden": 15, "pitch": 15}


def _draw_base(work: Placer, site: _Site) -> None:
    """Write the base map down, narrow streets before wide ones, labels last."""
    sheet = site.sheet
    rows: list[tuple[Layer, str, Geometry, str, int]] = [
        (Layer(ground.layer), ground.kind, ground.shape, "", _GROUND_ZOOM.get(ground.kind, 12))
        for ground in sheet.grounds
        if ground.layer != "label"
    ]
    rows += [(Layer.BUILDING, house.use, house.walls, "", 14) for house in sheet.houses]
    streets = zip(sheet.streets, site.streets, strict=True)
    for street, name in sorted(streets, key=lambda pair: -_ZOOM[pair[0].kind]):
        kind = "minor" if street.kind == "ring" else street.kind
        rows.append((Layer.ROAD, kind, street.line, name, _ZOOM[street.kind]))
    rows += [(Layer.LABEL, *label) for label in _labels(site)]
    shapes = on_globe([shape for _, _, shape, _, _ in rows], site.origin)
    work.town.features += [
        FeatureDraft(layer, kind, shape, name, zoom)
        for (layer, kind, _, name, zoom), shape in zip(rows, shapes, strict=True)
    ]


_WATERS = {"river": "长河", "stream": "石桥溪"}


def _labels(site: _Site) -> Iterator[tuple[str, Point, str, int]]:
    """Yield kind, place, words and lowest zoom of what is named on the map."""
    schools, parks = iter(names.SCHOOLS * 9), iter(names.PARKS * 9)
    for ground in site.sheet.grounds:
        if ground.layer != "label":
            continue
        if ground.kind in _WATERS:
            yield "water", ground.shape, _WATERS[ground.kind], 12
        else:
            said = {"school": schools, "park": parks}.get(ground.kind)
            yield "place", ground.shape, next(said) if said else "农贸市场", 15
    for number, compound in site.compounds.items():
        yield "compound", site.sheet.estates[number].ground.centroid, compound.name, 15
    middles = [middle(cell) for cell in site.sheet.cells]
    for area, code in enumerate(site.communities):
        own = [m for m, at in zip(middles, site.sheet.areas, strict=True) if at == area]
        shown = screen_name(registry.official_names()[code])
        yield "street", Point(np.mean(own, axis=0)), shown, 12
    town = "章贡区" if site.county == registry.CITY_COUNTY else "古陂镇"
    yield "town", Point(np.mean(middles, axis=0)), town, 9
