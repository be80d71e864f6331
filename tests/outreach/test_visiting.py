"""Visits: what comes of them, and a day's order that keeps the windows."""

from datetime import time, timedelta

import pytest

from shaodao.outreach import actions, policy
from shaodao.outreach.models import Round, Visit
from shaodao.places.models import Household
from tests.town import MONDAY, Town

DAY = MONDAY.date()


def planned(town: Town, n: int = 6, **given) -> list[Visit]:
    homes = Household.objects.of_worker(town.worker).order_by("pk")[:n]
    return [
        actions.plan_visit(household=home, reason="看望老人", actor=town.worker, at=MONDAY, **given)
        for home in homes
    ]


def plan(town: Town, leaves: time = time(9), **given):
    values = {"day": DAY, "leaves": leaves, "actor": town.worker, "at": MONDAY}
    return actions.plan_round(**(values | given))


def test_a_days_round_visits_every_open_door_once_in_order(town: Town):
    visits = planned(town)
    found = plan(town)
    rows = list(found.round.visits.order_by("position"))
    assert [row.position for row in rows] == list(range(1, len(visits) + 1))
    assert {row.pk for row in rows} == {row.pk for row in visits}
    assert [row.arrives for row in rows] == sorted(row.arrives for row in rows)
    assert found.round.ends > found.round.leaves


def test_a_window_that_cannot_be_kept_is_named(town: Town):
    home = town.household
    actions.plan_visit(
        household=home, reason="送药", actor=town.worker, at=MONDAY, closes=time(8, 30)
    )
    others = [v for v in planned(town) if v.household_id != home.pk]
    found = plan(town)
    assert [row.household_id for row in found.left_out] == [home.pk]
    assert found.round.visits.count() == len(others)


def test_planning_a_day_again_makes_its_round_anew(town: Town):
    visits = planned(town)
    plan(town)
    actions.visit(visit=visits[0], name="done", actor=town.worker, at=MONDAY)
    found = plan(town)
    assert Round.objects.count() == 1
    assert visits[0].pk not in {row.pk for row in found.round.visits.all()}


def test_nothing_to_visit_is_no_round(town: Town):
    with pytest.raises(policy.OutreachRefused, match="没有要走访的户"):
        plan(town)


def test_nobody_home_stays_on_the_list_and_counts_the_tries(town: Town):
    (visit,) = planned(town, 1)
    for _ in range(2):
        visit = actions.visit(visit=visit, name="nobody_home", actor=town.worker, at=MONDAY)
    assert (visit.state, visit.n_tries) == ("NOBODY_HOME", 2)
    visit = actions.visit(visit=visit, name="done", actor=town.worker, at=MONDAY, note="都好")
    assert (visit.state, visit.n_tries, visit.note) == ("DONE", 3, "都好")
    with pytest.raises(policy.OutreachRefused):
        actions.visit(visit=visit, name="nobody_home", actor=town.worker, at=MONDAY)


def test_the_same_door_is_not_put_on_the_list_twice(town: Town):
    assert planned(town, 3) == planned(town, 3)


def test_a_worker_of_another_grid_visits_nobody_here(town: Town):
    (visit,) = planned(town, 1)
    with pytest.raises(policy.OutreachRefused):
        actions.visit(visit=visit, name="done", actor=town.other_worker, at=MONDAY)
    with pytest.raises(policy.OutreachRefused):
        actions.plan_visit(household=town.household, reason="", actor=town.other_worker, at=MONDAY)


def test_a_window_ends_after_it_begins(town: Town):
    with pytest.raises(policy.OutreachRefused, match="结束要在开始之后"):
        planned(town, 1, opens=time(10), closes=time(9))


@pytest.mark.parametrize("name", policy.VISIT_MOVES)
@pytest.mark.parametrize("state", policy.Visit)
def test_every_result_of_a_visit_follows_the_table(name, state):
    _label, sources, target = policy.VISIT_MOVES[name]
    if state in sources:
        assert policy.check_visit(name, state) == target
    else:
        with pytest.raises(policy.OutreachRefused):
            policy.check_visit(name, state)


def test_rounds_are_their_walkers_own(town: Town):
    planned(town)
    found = plan(town).round
    assert Round.objects.visible_to(town.worker).contains(found)
    assert not Round.objects.visible_to(town.worker2).exists()


def test_twenty_five_doors_are_one_round(town: Town):
    homes = Household.objects.filter(building__grid__unit=town.grid).order_by("pk")[:25]
    for home in homes:
        actions.plan_visit(household=home, reason="走访", actor=town.worker, at=MONDAY)
    found = plan(town, at=MONDAY + timedelta(minutes=1))
    assert found.round.visits.count() + len(found.left_out) == len(homes)
