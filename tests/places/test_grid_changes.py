"""Codes of divisions and grids, and grids that are split, merged and renamed on a day."""

from datetime import timedelta

import pytest
from shapely import LineString

from shaodao.cases.models import Case
from shaodao.people.models import AccountEntry, Post, Unit
from shaodao.places import actions
from shaodao.places.models import Building, Contact, Grid, GridChange, Succession
from shaodao.places.policy import (
    PlaceRefused,
    division_fault,
    grid_code,
    grid_name,
    next_serials,
    serial_of,
)
from shaodao.places.queries import grid_now, locate
from tests.town import GRIDS, MONDAY, Town

WHY = "户数太多"
TODAY = MONDAY.date()


@pytest.mark.parametrize(
    "code", ["360702", "360702001", "360722102", "360702001001", "360722102200", "360722102200006"]
)
def test_codes_that_keep_the_rule_are_sound(code):
    assert division_fault(code) == ""


@pytest.mark.parametrize(
    "code",
    [
        "36072",
        "3607O2",
        "360702601",
        "360702001501",
        "360702001000",
        "360722102200000",
        "３６０７０２",
    ],
)
def test_codes_that_break_the_rule_are_told_why(code):
    assert division_fault(code)


@pytest.mark.requirement("X22")
@pytest.mark.parametrize("serial", [1, 6, 10, 12, 30, 110])
def test_name_and_code_of_a_grid_say_the_same(serial):
    code, name = grid_code("360722102200", serial), grid_name("古陂村", serial)
    assert (code[:12], int(code[12:])) == ("360722102200", serial)
    assert division_fault(code) == ""
    assert serial_of(name) == ("古陂村", serial)
    assert grid_code(code[:12], serial_of(name)[1]) == code
    assert grid_name("古陂村", int(code[12:])) == name


@pytest.mark.requirement("X22")
def test_the_sixth_grid_of_the_village_goes_by_its_code():
    assert grid_name("古陂村", 6) == "古陂村第六网格"
    assert grid_code("360722102200", 6) == "360722102200006"


def test_a_grids_name_is_read_in_each_spelling():
    assert serial_of("古陂村第六网格") == serial_of("古陂村第6网格") == ("古陂村", 6)
    assert serial_of("第６网格".replace("６", "6")) == ("", 6)
    assert serial_of("商城专属网格") is None


def test_a_code_once_given_is_never_given_again():
    assert next_serials({"360722102200001", "360722102200007"}, 2) == [8, 9]
    with pytest.raises(PlaceRefused):
        next_serials({"360722102200998"}, 2)


def cut(grid: Grid) -> LineString:
    """A line from north to south through the middle of a grid."""
    return LineString([(grid.lon, grid.north + 0.001), (grid.lon, grid.south - 0.001)])


def test_a_split_grid_keeps_its_history_and_its_cases_stay(town: Town):
    grid = town.grids[GRIDS[0]]
    case = town.case(at=MONDAY)
    seen_by = case.unit_ids
    homes = dict(Contact.objects.filter(until=None).values_list("household", "worker"))
    n_houses = grid.buildings.count()
    actions.plan_split(grid=grid, line=cut(grid), since=TODAY, actor=town.admin, at=MONDAY, why=WHY)
    old = Grid.objects.get(pk=grid.pk)
    assert (old.valid_to, old.unit.valid_to) == (TODAY, TODAY)
    new = list(Grid.objects.filter(origins__before=old).order_by("code"))
    assert [one.code[12:] for one in new] == ["003", "004"]  # 002 is the neighbour's
    assert new[0].lon < new[1].lon  # west to east
    assert new[0].unit.short_name == "西津路社区第三网格"
    assert sum(one.buildings.count() for one in new) == n_houses
    for one in new:
        lons = one.buildings.values_list("lon", flat=True)
        assert all(one.west - 1e-9 <= lon <= one.east + 1e-9 for lon in lons)
    assert sum(one.area_m2 for one in new) == pytest.approx(old.area_m2, rel=1e-6)
    case = Case.objects.get(pk=case.pk)
    assert (case.grid_id, case.unit_ids) == (old.pk, seen_by)
    assert dict(Contact.objects.filter(until=None).values_list("household", "worker")) == homes
    place = locate(old.lon - 0.0005, old.lat)
    assert place == (new[0].pk, new[0].unit_id)
    holders = set(Post.objects.filter(unit__grid__in=new).values_list("user", flat=True))
    assert holders == {town.worker.pk, town.worker2.pk}
    assert Case.objects.visible_to(town.worker).filter(pk=case.pk).exists()
    assert grid_now(GRIDS[0]) in new  # an old card on a wall still leads somewhere
    entry = AccountEntry.objects.get(name="change_grid")
    assert entry.facts["ended"] == [GRIDS[0]]


def test_merged_grids_become_one_and_may_be_traced_back(town: Town):
    pair = [town.grids[GRIDS[0]], town.grids[GRIDS[1]]]
    n = Building.objects.filter(grid__in=pair).count()
    actions.plan_merge(grids=pair, since=TODAY, actor=town.admin, at=MONDAY, why=WHY)
    one = Grid.objects.get(origins__before=pair[0])
    assert set(Succession.objects.filter(after=one).values_list("before", flat=True)) == {
        grid.pk for grid in pair
    }
    assert one.buildings.count() == n
    assert one.unit.posts.filter(is_head=True).count() == 1
    assert locate(*town.shared_edge()) == (one.pk, one.unit_id)


def test_a_change_decided_for_a_later_day_is_made_on_that_day(town: Town):
    grid = town.grids[GRIDS[0]]
    later = TODAY + timedelta(days=10)
    change = actions.plan_renaming(
        grid=grid, name="西津路社区老街网格", since=later, actor=town.admin, at=MONDAY, why=WHY
    )
    assert Unit.objects.get(pk=grid.unit_id).short_name == grid.unit.short_name
    assert actions.make_changes(at=MONDAY + timedelta(days=9)) == 0
    assert actions.make_changes(at=MONDAY + timedelta(days=10)) == 1
    assert actions.make_changes(at=MONDAY + timedelta(days=10)) == 0
    unit = Unit.objects.get(pk=grid.unit_id)
    assert (unit.short_name, unit.code) == ("西津路社区老街网格", GRIDS[0])
    with pytest.raises(PlaceRefused, match="已经办完"):
        actions.cancel_change(change=change, actor=town.admin, at=MONDAY, why=WHY)


def test_a_planned_change_may_be_taken_back_and_is_then_not_made(town: Town):
    grid = town.grids[GRIDS[0]]
    later = TODAY + timedelta(days=1)
    change = actions.plan_split(
        grid=grid, line=cut(grid), since=later, actor=town.admin, at=MONDAY, why=WHY
    )
    with pytest.raises(PlaceRefused, match="没有生效的调整"):
        actions.plan_renaming(
            grid=grid, name="x", since=later, actor=town.admin, at=MONDAY, why=WHY
        )
    actions.cancel_change(change=change, actor=town.admin, at=MONDAY, why=WHY)
    assert actions.make_changes(at=MONDAY + timedelta(days=2)) == 0
    assert Grid.objects.get(pk=grid.pk).valid_to is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"line": LineString([(110, 20), (110, 21)])}, "没有把网格分开"),
        ({"since": TODAY - timedelta(days=1)}, "不能早于今天"),
        ({"why": " "}, "请写明原因"),
        ({"actor": "chief"}, "没有"),
    ],
)
def test_a_split_is_refused_and_nothing_is_written(town: Town, wrong, message):
    grid = town.grids[GRIDS[0]]
    given = {"line": cut(grid), "since": TODAY, "actor": town.admin, "why": WHY} | wrong
    if isinstance(given["actor"], str):
        given["actor"] = town.person("street.chief")
    with pytest.raises(PlaceRefused, match=message):
        actions.plan_split(grid=grid, at=MONDAY, **given)
    assert not GridChange.objects.exists()


def test_grids_of_two_communities_do_not_merge(town: Town):
    pair = [town.grids[GRIDS[0]], town.grids[GRIDS[2]]]
    with pytest.raises(PlaceRefused, match="同一个社区村"):
        actions.plan_merge(grids=pair, since=TODAY, actor=town.admin, at=MONDAY, why=WHY)
