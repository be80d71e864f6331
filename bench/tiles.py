"""How fast map tiles are made, on a made-up county: 30,000 open cases, 2,000 grids, 20,000 houses.

Run by `bin/bench tiles`. Everything is written in one transaction that is rolled back. Times are
medians in milliseconds of one process; the last line is the result. `wrong` counts tiles whose
clusters do not add up to the cases that lie in them.
"""

import os
from collections.abc import Callable
from statistics import median
from time import perf_counter

import django
import numpy as np
import shapely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shaodao.config.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from mapbox_vector_tile import decode  # noqa: E402

from shaodao.cases import tiles as cases  # noqa: E402
from shaodao.cases.listing import Filters  # noqa: E402
from shaodao.cases.models import Case, Release  # noqa: E402
from shaodao.cores import morton  # noqa: E402
from shaodao.kit.versions import bump  # noqa: E402
from shaodao.people.models import Post, Unit, User  # noqa: E402
from shaodao.places import tiles as places  # noqa: E402
from shaodao.places.models import BaseFeature, Grid  # noqa: E402
from shaodao.reports.models import Category  # noqa: E402

N_CASES, N_GRIDS, N_HOUSES = 30_000, 2_000, 20_000
SEED = 1
WEST, SOUTH, EAST, NORTH = 114.80, 25.70, 115.10, 26.00  # 30 by 33 km
EVERYTHING = Filters(tab="open")


def settle(rng: np.random.Generator) -> User:
    """Write the county, its people and what its maps show; return its duty chief."""
    county = Unit.objects.create(
        name="测", short_name="测", kind="AREA", level="COUNTY", code="999901", path="/b/"
    )
    Unit.objects.filter(pk=county.pk).update(path=f"/{county.pk}/")
    chief = User.objects.create(username="bench.tiles", name="测")
    Post.objects.create(user=chief, unit=county, role="DUTY_CHIEF", since="2024-01-01")
    category = Category.objects.create(code="BENCH_TILES", name="测", kind="EVENT")
    _write_cases(rng, county, category)
    _write_grids(rng, county)
    _write_houses(rng)
    for name in ("grids", "basemap", "units", "rules"):
        bump(name)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cases_case; ANALYZE cases_release; ANALYZE places_basefeature")
    return chief


def _places(rng: np.random.Generator, n: int) -> tuple[list[float], list[float]]:
    """Return places that crowd around forty hamlets, as people do."""
    middles = rng.uniform((WEST, SOUTH), (EAST, NORTH), (40, 2))
    spread = middles[rng.integers(40, size=n)] + rng.normal(0, 0.008, (n, 2))
    return spread[:, 0].tolist(), spread[:, 1].tolist()


def _write_cases(rng: np.random.Generator, county: Unit, category: Category) -> None:
    lons, lats = _places(rng, N_CASES)
    keys = morton.keys(lons, lats).tolist()
    now = timezone.now()
    common = {
        "category": category,
        "status": "DISPATCHED",
        "channel": "WEB",
        "received_at": now,
        "due_at": now,
        "area": county,
        "desk": county,
        "holder": county,
        "unit_ids": [county.pk],
    }
    rows = Case.objects.bulk_create(
        (
            Case(number=f"bt{n}", title="路灯不亮", lon=lon, lat=lat, zkey=key, **common)
            for n, (lon, lat, key) in enumerate(zip(lons, lats, keys, strict=True))
        ),
        batch_size=2000,
    )
    Release.objects.bulk_create(
        (
            Release(
                case=row, title=row.title, lon=row.lon, lat=row.lat, zkey=row.zkey, released_at=now
            )
            for row in rows[::4]
        ),
        batch_size=2000,
    )


def _write_grids(rng: np.random.Generator, county: Unit) -> None:
    seeds = shapely.multipoints(rng.uniform((WEST, SOUTH), (EAST, NORTH), (N_GRIDS, 2)))
    cells = shapely.voronoi_polygons(seeds, extend_to=shapely.box(WEST, SOUTH, EAST, NORTH)).geoms
    units = Unit.objects.bulk_create(
        Unit(
            name="格",
            short_name="测试网格",
            kind="AREA",
            level="GRID",
            parent=county,
            code=f"9999010010{n:05d}",
            path=f"/{county.pk}/b{n}/",
        )
        for n in range(len(cells))
    )
    rows = []
    for unit, cell in zip(units, cells, strict=True):
        west, south, east, north = cell.bounds
        label = cell.representative_point()
        box = {"west": west, "south": south, "east": east, "north": north}
        rows.append(
            Grid(
                unit=unit,
                code=unit.code,
                boundary=shapely.to_wkb(shapely.segmentize(cell, 0.0005)),
                lon=label.x,
                lat=label.y,
                area_m2=1,
                valid_from="2024-01-01",
                **box,
            )
        )
    Grid.objects.bulk_create(rows, batch_size=500)


def _write_houses(rng: np.random.Generator) -> None:
    lons, lats = _places(rng, N_HOUSES)
    rows = []
    for lon, lat in zip(lons, lats, strict=True):
        house = shapely.box(lon, lat, lon + 1.5e-4, lat + 1e-4)
        west, south, east, north = house.bounds
        box = {"west": west, "south": south, "east": east, "north": north}
        rows.append(BaseFeature(layer="building", shape=shapely.to_wkb(house), min_zoom=14, **box))
    BaseFeature.objects.bulk_create(rows, batch_size=2000)


def around(z: int, n: int, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Return `n` tiles of a zoom that have cases in them."""
    keys = list(Case.objects.filter(number__startswith="bt").values_list("zkey", flat=True)[:5000])
    picked = rng.choice(len(keys), n, replace=False)
    return [(z, *morton.cell_at(keys[index], z)) for index in picked.tolist()]


def took_ms(work: Callable[..., object], tiles: list[tuple[int, int, int]]) -> float:
    """Return the median time of `work` over the tiles, in milliseconds."""
    times = []
    for tile in tiles:
        begin = perf_counter()
        work(*tile)
        times.append(perf_counter() - begin)
    return round(median(times) * 1000, 2)


def n_wrong(chief: User, tiles: list[tuple[int, int, int]]) -> int:
    """Return how many tiles do not show each case in them exactly once."""
    at, wrong = timezone.now(), 0
    for z, x, y in tiles:
        low, high = morton.tile_range(z, x, y)
        there = Case.objects.open().filter(zkey__gte=low, zkey__lt=high, number__startswith="bt")
        layer = decode(cases.case_tile(chief, EVERYTHING, z, x, y, at=at)).get("cases", {})
        shown = sum(f["properties"]["n"] for f in layer.get("features", ()))
        wrong += shown != min(there.count(), cases.MOST if z >= cases.SINGLE_FROM else shown)
    return wrong


def main() -> None:
    rng = np.random.default_rng(SEED)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '5min'")
        chief, at = settle(rng), timezone.now()

        def of_cases(z: int, x: int, y: int) -> bytes:
            return cases.case_tile(chief, EVERYTHING, z, x, y, at=at)

        of_cases(*around(12, 1, rng)[0])  # the chief's posts and the rules are read once
        grids = places._grids.get()
        kept = around(14, 1, rng)[0]
        figures = {
            "case_tile_z9_ms": took_ms(of_cases, around(9, 12, rng)),
            "case_tile_z12_ms": took_ms(of_cases, around(12, 40, rng)),
            "case_tile_z15_ms": took_ms(of_cases, around(15, 60, rng)),
            "case_tile_z17_ms": took_ms(of_cases, around(17, 60, rng)),
            "released_tile_z12_ms": took_ms(cases.released_tile, around(12, 40, rng)),
            "grid_tile_z12_ms": took_ms(
                lambda *t: places._draw_grids(grids, *t), around(12, 30, rng)
            ),
            "base_tile_z14_ms": took_ms(places._draw_base, around(14, 30, rng)),
            "base_tile_z16_ms": took_ms(places._draw_base, around(16, 30, rng)),
            "kept_tile_ms": took_ms(lambda *_: places.base_tile(*kept), [kept] * 500),
            "wrong": n_wrong(chief, around(12, 10, rng) + around(17, 10, rng)),
        }
        transaction.set_rollback(True)
    for name, figure in figures.items():
        print(f"{name:22} {figure}")
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
