"""What is counted every so often for a large county: equal to what pages would count themselves."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from mapbox_vector_tile import decode

from shaodao.cases import actions
from shaodao.cases.kept import in_force, solved
from shaodao.cases.listing import Filters
from shaodao.cases.models import Case, KeptCount, MapCount, Release
from shaodao.cases.policy import FEW, KEPT_FOR, Kept
from shaodao.cases.tiles import case_tile, released_tile
from shaodao.cores import morton
from tests.town import CITY, MONDAY, Town

EVERYTHING = Filters(tab="open")
NOON = MONDAY + timedelta(hours=3)
LATER = NOON + KEPT_FOR[Kept.OPEN_MAP]
N = FEW + 100


def copies_of(like: Case, n: int) -> list[Case]:
    """Return `n` cases as `like`, scattered around the city; ids of neighbours lie far apart."""
    rng, found = random.Random(11), []
    fields = [f.attname for f in Case._meta.concrete_fields if f.attname not in {"id", "number"}]
    for serial in range(n):
        case = Case(**{name: getattr(like, name) for name in fields})
        case.number = f"360702-2026-8{serial:05d}"
        case.lon, case.lat = CITY[0] + rng.gauss(0, 0.03), CITY[1] + rng.gauss(0, 0.03)
        case.zkey = morton.key(case.lon, case.lat)
        case.is_hazard = serial % 7 == 0
        if case.due_at is not None:
            case.due_at = NOON + timedelta(hours=rng.uniform(-20, 60))
        found.append(case)
    return Case.objects.bulk_create(found)


@pytest.fixture
def many(town: Town) -> list[Case]:
    return copies_of(town.case("DISPATCHED"), N)


def drawn(tile: bytes) -> list[tuple]:
    """Return what a tile shows, places to a pixel, in an order of its own."""
    features = decode(tile).get("cases", {}).get("features", []) if tile else []
    return sorted(
        (*(round(x / 16) for x in f["geometry"]["coordinates"]), sorted(f["properties"].items()))
        for f in features
    )


def over(z: int) -> tuple[int, int, int]:
    return z, *morton.tile_of(*CITY, z)


@pytest.mark.parametrize("z", [4, 9, 12, 13])
def test_a_wide_tile_shows_the_same_counted_before_or_now(town: Town, many, z):
    chief = town.county_chief
    now = drawn(case_tile(chief, EVERYTHING, *over(z), at=NOON))
    actions.count_open(at=NOON)
    assert MapCount.objects.filter(unit__isnull=False).exists()
    kept = drawn(case_tile(chief, EVERYTHING, *over(z), at=NOON))
    if z > 4:  # wider than cells are kept for: more and smaller clusters of the same cases
        assert kept == now
    assert _sum(kept) == _sum(now)


def _sum(rows: list[tuple]) -> int:
    return sum(dict(properties)["n"] for *_, properties in rows)


def test_what_was_counted_long_ago_is_counted_anew(town: Town, many):
    actions.count_open(at=NOON)
    MapCount.objects.update(n=1000)
    chief = town.county_chief
    assert _sum(drawn(case_tile(chief, EVERYTHING, *over(9), at=NOON))) > 1000
    assert _sum(drawn(case_tile(chief, EVERYTHING, *over(9), at=LATER))) == _n_in(over(9))
    assert not in_force(Kept.OPEN_MAP, at=NOON - timedelta(seconds=1)).exists()


def _n_in(place: tuple[int, int, int]) -> int:
    low, high = morton.tile_range(*place)
    return Case.objects.open().filter(zkey__gte=low, zkey__lt=high).count()


def test_counting_again_changes_what_changed_and_nothing_else(town: Town, many):
    actions.count_open(at=NOON)
    before = _versions()
    actions.count_open(at=NOON)
    assert _versions() == before
    Case.objects.filter(pk=many[0].pk).update(zkey=None)
    actions.count_open(at=NOON)
    changed = {key for key, version in _versions().items() if before.get(key) != version}
    assert 0 < len(changed) < len(before) / 3


def _versions() -> dict[int, str]:
    """Return which writing of each kept cell is the present one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, ctid::text FROM cases_mapcount")
        return dict(cursor.fetchall())


def test_a_case_alone_in_its_cell_is_shown_as_its_reader_may_see_it_now(town: Town, many):
    (alone,) = copies_of_one(many[0], number="360702-2026-700001", lon=CITY[0] + 0.4)
    place = (13, *morton.tile_of(alone.lon, alone.lat, 13))
    actions.count_open(at=NOON)
    ((*_, properties),) = drawn(case_tile(town.county_chief, EVERYTHING, *place, at=NOON))
    assert dict(properties)["id"] == alone.pk
    Case.objects.filter(pk=alone.pk).update(unit_ids=[])
    assert drawn(case_tile(town.county_chief, EVERYTHING, *place, at=NOON)) == []


def copies_of_one(like: Case, *, number: str, lon: float) -> list[Case]:
    like = Case.objects.get(pk=like.pk)
    like.pk, like.number, like.lon = None, number, lon
    like.zkey = morton.key(lon, like.lat)
    return Case.objects.bulk_create([like])


def test_where_few_are_nothing_is_kept(town: Town, many):
    actions.count_open(at=NOON)
    Case.objects.filter(pk__in=[case.pk for case in many[:200]]).delete()
    assert actions.count_open(at=NOON) == 0
    assert _sum(drawn(case_tile(town.county_chief, EVERYTHING, *over(9), at=NOON))) == _n_in(
        over(9)
    )


def test_a_unit_of_the_readers_is_read_from_what_is_kept_for_it(town: Town, many):
    desk = many[0].desk_id
    actions.count_open(at=NOON)
    of_desk = Filters(tab="open", unit=desk)
    kept = drawn(case_tile(town.county_chief, of_desk, *over(9), at=NOON))
    assert _sum(kept) == _n_in(over(9))
    MapCount.objects.filter(unit=desk).update(n=1000)
    assert _sum(drawn(case_tile(town.county_chief, of_desk, *over(9), at=NOON))) > 1000


def test_the_public_map_shows_the_same_counted_before_or_now(town: Town):
    ended = copies_of(town.case("CLOSED"), N)
    Release.objects.bulk_create(
        Release(
            case=case, title=f"第{n}件", lon=case.lon, lat=case.lat, zkey=case.zkey,
            released_at=NOON,
        )
        for n, case in enumerate(ended)
    )  # fmt: skip
    now = {z: drawn(released_tile(*over(z), at=NOON)) for z in (9, 13)}
    assert actions.count_released(at=NOON) > 0
    assert {z: drawn(released_tile(*over(z), at=NOON)) for z in (9, 13)} == now
    Release.objects.update(concealed_at=NOON)
    shown = drawn(released_tile(*over(13), at=NOON))
    assert all(dict(properties)["n"] > 1 for *_, properties in shown)  # nobody's words
    assert actions.count_released(at=NOON) == 0


def test_the_public_figures_are_kept_where_they_are_many(town: Town):
    case = town.case("CLOSED")
    at = case.ended_at + timedelta(hours=1)
    actions.count_solved(at=at)
    assert not KeptCount.objects.filter(name=Kept.SOLVED).exists()
    copies_of(case, N)
    now = solved(at=at)
    assert now.month == N + 1
    actions.count_solved(at=at)
    assert solved(at=at) == now
    copies = Case.objects.filter(number__startswith="360702-2026-8")
    copies.update(ended_at=at - timedelta(days=31))
    assert solved(at=at) == now
    assert solved(at=at + KEPT_FOR[Kept.SOLVED]).month == 1
