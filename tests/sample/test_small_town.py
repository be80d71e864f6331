"""The small town that other tests stand on is what it says it is."""

import pytest

from shaodao.cases import actions, policy
from shaodao.cases.models import Case
from shaodao.people.models import Unit, User
from shaodao.places.models import Building, Household
from shaodao.places.queries import locate
from tests.town import GRIDS, MONDAY, Town


def test_the_small_town_has_two_counties_six_grids_and_sixty_households(town):
    assert {u.code for u in Unit.objects.areas().filter(level="COUNTY")} == {"360702", "360722"}
    assert sorted(town.grids) == sorted(GRIDS)
    assert Household.objects.count() == 60


def test_everybody_a_story_names_is_there(town):
    named = [name for name, value in vars(Town).items() if isinstance(value, property)]
    for name in named:
        assert getattr(town, name).pk is not None, name
    assert town.household.contacts.get().worker == town.worker
    assert town.asset("LAMP").owner == town.lighting
    assert town.building.grid.unit == town.grid
    assert town.compound.community == town.community


def test_points_fall_where_the_town_says(town):
    assert locate(*town.inside())[1] == town.grid.pk
    assert locate(*town.outside) is None
    assert locate(*town.shared_edge())[1] in {town.grid.pk, town.next_grid.pk}


def test_the_dark_road_is_two_kilometres_long(town):
    taken = town.taken(text="这条路没有路灯", category="ROAD_UNLIT", line=town.dark_road)
    assert taken.report.length_m == pytest.approx(2000, rel=1e-3)
    assert taken.case.area == town.village_grid


@pytest.mark.parametrize("status", list(policy.Status))
def test_a_case_can_be_had_in_every_status(town, status):
    case = town.case(status)
    assert Case.objects.get(pk=case.pk).status == status


def test_a_case_may_lie_with_a_grid_worker(town):
    case = town.case("HANDLING", lead=town.grid, by=town.worker)
    assert case.holder == town.grid
    case = actions.move(case=case, name="arrive", actor=town.worker, at=MONDAY)
    assert case.lead_person == town.worker


def test_small_matters_go_straight_to_the_grid(town):
    case = town.case("CLOSED", category="RUBBISH_HEAP", by=town.worker)
    assert case.solved_level == "GRID"


def test_what_is_committed_is_gone_with_the_database(town_committed):
    assert User.objects.filter(username="worker.of.another.test").count() == 0
    User.objects.create(username="worker.of.another.test", name="甲")
    assert town_committed.worker.posts.count() == 1


def test_a_committed_town_is_fresh_again(town_committed):
    assert User.objects.filter(username="worker.of.another.test").count() == 0


def test_an_empty_database_has_no_town(empty_database):
    assert Building.objects.count() == 0
