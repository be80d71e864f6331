"""Cases on the map: each tile holds what the reader may see there, counted right."""

import random
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from mapbox_vector_tile import decode

from shaodao.cases import actions
from shaodao.cases.listing import Filters, narrowed, read_filters
from shaodao.cases.models import Case
from shaodao.cases.policy import OPEN
from shaodao.cases.tiles import CELL_LEVELS, SINGLE_FROM, case_tile, released_tile
from shaodao.cores import morton
from tests.town import CITY, MONDAY, Town

EVERYTHING = Filters(tab="open")
NOON = MONDAY + timedelta(hours=3)


@pytest.fixture
def scattered(town: Town) -> list[Case]:
    """Three dozen cases over the city's grids, some late, some hazards, some closed."""
    like, rng = town.case("DISPATCHED"), random.Random(7)
    found = []
    for serial in range(36):
        lon, lat = CITY[0] + rng.uniform(0, 0.016), CITY[1] + rng.uniform(0, 0.0036)
        is_open = serial % 9 != 0
        found.append(
            Case(
                **{
                    field.attname: getattr(like, field.attname)
                    for field in Case._meta.concrete_fields
                    if field.attname not in {"id", "number"}
                },
            )
        )
        case = found[-1]
        case.number, case.lon, case.lat = f"360702-2026-9{serial:05d}", lon, lat
        case.zkey, case.is_hazard = morton.key(lon, lat), serial % 5 == 0
        case.due_at = MONDAY + timedelta(hours=1 if serial % 4 == 0 else 48) if is_open else None
        if not is_open:
            case.status, case.ended_at = "CLOSED", NOON
    return Case.objects.bulk_create(found)


def tile_over(z: int) -> tuple[int, int, int]:
    return z, *morton.tile_of(CITY[0] + 0.008, CITY[1] + 0.0018, z)


def tiles_around(z: int) -> list[tuple[int, int, int]]:
    """Return every tile of a zoom over the city's grids."""
    west, south = morton.tile_of(CITY[0] - 0.001, CITY[1] - 0.001, z)
    east, north = morton.tile_of(CITY[0] + 0.018, CITY[1] + 0.005, z)
    return [(z, x, y) for x in range(west, east + 1) for y in range(north, south + 1)]


def features(tile: bytes) -> list[dict]:
    return decode(tile).get("cases", {}).get("features", []) if tile else []


def lonlat(feature: dict, z: int, x: int, y: int) -> tuple[float, float]:
    """Return where a feature of a tile lies; the decoder counts upwards."""
    right, up = feature["geometry"]["coordinates"]
    side = 1 << z
    return (x + right / 4096) / side * 360 - 180, morton.lat_of((y + 1 - up / 4096) / side)


@pytest.mark.parametrize("z", [9, 12, 14, 15, 16])
def test_clusters_count_what_lies_in_their_cells(town: Town, scattered, z):
    _, x, y = tile_over(z)
    low, high = morton.tile_range(z, x, y)
    shift = 2 * (morton.ZOOM - z - CELL_LEVELS)
    inside = [
        case
        for case in Case.objects.filter(status__in=[s.value for s in OPEN])
        if low <= case.zkey < high
    ]
    wanted: dict[int, list[Case]] = {}
    for case in inside:
        wanted.setdefault(case.zkey >> shift, []).append(case)
    found = features(case_tile(town.chief, EVERYTHING, z, x, y, at=NOON))
    assert inside
    assert Counter(f["properties"]["n"] for f in found) == Counter(map(len, wanted.values()))
    for feature in found:
        lon, lat = lonlat(feature, z, x, y)
        (cell,) = [
            cases
            for cases in wanted.values()
            if len(cases) == feature["properties"]["n"]
            and abs(sum(c.lon for c in cases) / len(cases) - lon) < 2 * 360 / (4096 << z)
            and abs(sum(c.lat for c in cases) / len(cases) - lat) < 2 * 360 / (4096 << z)
        ]
        n_late = sum(case.due_at <= NOON for case in cell)
        if len(cell) > 1:
            assert feature["properties"]["n_late"] == n_late
            assert feature["properties"]["n_hazard"] == sum(case.is_hazard for case in cell)
        else:
            assert feature["properties"]["id"] == cell[0].pk
            assert feature["properties"]["title"] == cell[0].title
        assert (feature["properties"]["tone"] == "late") == bool(n_late)


@pytest.mark.parametrize("z", [SINGLE_FROM, 18])
def test_close_up_each_case_stands_where_it_is(town: Town, scattered, z):
    found = {}
    for place in tiles_around(z):
        for feature in features(case_tile(town.chief, EVERYTHING, *place, at=NOON)):
            assert feature["properties"]["id"] not in found
            found[feature["properties"]["id"]] = lonlat(feature, *place)
    cases = Case.objects.filter(status__in=[s.value for s in OPEN])
    assert found.keys() == set(cases.values_list("pk", flat=True))
    for case in cases:
        assert found[case.pk] == pytest.approx((case.lon, case.lat), abs=2 * 360 / (4096 << z))


def test_cases_of_one_place_stand_around_it_so_that_each_can_be_opened(town: Town):
    cases = [town.case() for _ in range(3)]
    place = (18, *morton.tile_of(cases[0].lon, cases[0].lat, 18))
    found = features(case_tile(town.chief, EVERYTHING, *place, at=NOON))
    assert {f["properties"]["id"] for f in found} == {case.pk for case in cases}
    points = [lonlat(f, *place) for f in found]
    assert len(set(points)) == 3
    away = 21 / 512 * 360 / (1 << 18)
    assert all(lon == pytest.approx(cases[0].lon, abs=away) for lon, _ in points)
    assert all(lat == pytest.approx(cases[0].lat, abs=away) for _, lat in points)


def test_a_tile_shows_only_what_its_reader_may_see(town: Town):
    town.case("DISPATCHED")
    assert features(case_tile(town.chief, EVERYTHING, *tile_over(12), at=NOON))
    assert not features(case_tile(town.stranger, EVERYTHING, *tile_over(12), at=NOON))
    assert not features(case_tile(town.admin, EVERYTHING, *tile_over(12), at=NOON))


@pytest.mark.parametrize(
    "query",
    [
        {"tab": "open", "hazard": "1"},
        {"tab": "late"},
        {"tab": "near"},
        {"tab": "open", "category": "LIGHTING"},
        {"tab": "open", "channel": "WEB"},
        {"tab": "ended"},
        {"tab": "ended", "status": "CLOSED"},
    ],
)
def test_a_tile_is_narrowed_as_the_desk_is(town: Town, scattered, query):
    filters = read_filters(query)
    found = features(case_tile(town.county_chief, filters, *tile_over(10), at=NOON))
    wanted = narrowed(town.county_chief, filters, at=NOON).count()
    assert sum(f["properties"]["n"] for f in found) == wanted


@pytest.mark.parametrize(("z", "most"), [(9, 3), (15, 2), (18, 1)])
def test_a_tile_takes_as_many_queries_however_much_it_shows(
    town: Town, scattered, django_assert_max_num_queries, z, most
):
    chief = town.chief
    case_tile(chief, EVERYTHING, *tile_over(12), at=NOON)  # the chief's posts are read once
    with django_assert_max_num_queries(most):
        case_tile(chief, EVERYTHING, *tile_over(z), at=NOON)
    with django_assert_max_num_queries(most):
        released_tile(*tile_over(z), at=NOON)


@pytest.fixture
def crowded(town: Town) -> Town:
    """Twenty thousand open cases over the county, so that the planner has a choice to make."""
    like = town.case("DISPATCHED")
    columns = [
        f.column for f in Case._meta.concrete_fields if f.attname not in {"id", "number", "zkey"}
    ]
    copied = ", ".join(f'"{column}"' for column in columns)
    low, _ = morton.tile_range(*tile_over(12))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO cases_case (number, zkey, {copied})"
            f" SELECT %s || n, %s + (n::bigint * 7919 * 104729) %% (1::bigint << 28), {copied}"
            " FROM cases_case, generate_series(1, 20000) n WHERE cases_case.id = %s",
            [uuid4().hex[:6], low, like.pk],
        )
        cursor.execute("ANALYZE cases_case")
    return town


def test_a_tile_is_read_from_the_index_on_its_keys(crowded: Town):
    low, high = morton.tile_range(*tile_over(17))
    cases = narrowed(crowded.chief, EVERYTHING, at=NOON).filter(zkey__gte=low, zkey__lt=high)
    plan = cases.order_by().values("pk").explain()
    assert "case_open_zkey" in plan or "case_zkey" in plan, plan
    assert "Seq Scan on cases_case" not in plan


def test_what_is_released_is_on_the_public_map_at_its_coarsened_place_only(town: Town):
    shown, hidden = town.case("CLOSED"), town.case("CLOSED")
    row = actions.release(case=shown, title="地砖已经修好", text="", actor=town.chief, at=NOON)
    actions.release(case=hidden, title="撤下的", text="", actor=town.chief, at=NOON)
    actions.conceal(case=hidden, actor=town.chief, at=NOON)
    for z in (12, SINGLE_FROM):
        place = (z, *morton.tile_of(row.lon, row.lat, z))
        (feature,) = features(released_tile(*place, at=NOON))
        assert feature["properties"] == {
            "n": 1,
            "id": shown.pk,
            "title": "地砖已经修好",
            "tone": "done",
        }
        assert lonlat(feature, *place) == pytest.approx(
            (row.lon, row.lat), abs=2 * 360 / (4096 << z)
        )
    assert (row.lon, row.lat) != (shown.lon, shown.lat)


def test_the_desk_fetches_tiles_by_its_own_query_string(town: Town):
    case = town.case("DISPATCHED")
    z, x, y = tile_over(12)
    client = Client()
    client.force_login(town.chief)
    address = f"/cases/tiles/{z}/{x}/{y}.mvt"
    response = client.get(address + "?tab=open", headers={"accept-encoding": "gzip"})
    (feature,) = features(response.content)
    assert feature["properties"]["id"] == case.pk
    assert "private" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]
    same = client.get(address + "?tab=open", headers={"if-none-match": response["ETag"]})
    assert same.status_code == 304
    assert features(client.get(address + "?tab=open&category=NOISE").content) == []
    assert client.get("/cases/tiles/2/4/0.mvt").status_code == 404
    assert Client().get(address).status_code == 302
