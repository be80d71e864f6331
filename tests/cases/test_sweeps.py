"""Sweeps ask what is due now: late ones are found, nothing is acted on twice."""

from datetime import timedelta

import pytest

from shaodao.cases import actions
from shaodao.cases.models import Clock
from shaodao.notices.models import Notice
from tests.town import MONDAY

DAY = timedelta(days=1)


def entries(case, name):
    return case.journal.filter(name=name).count()


def test_a_case_is_warned_once_and_marked_late_once(town):
    case = town.case(status="FILED")
    clock = case.clocks.get(step="DISPATCH", stopped_at=None)
    between = clock.warn_at + (clock.due_at - clock.warn_at) / 2
    assert actions.run_sweeps(at=between)["warned"] == 1
    assert (entries(case, "warn"), entries(case, "late")) == (1, 0)
    for _ in range(3):
        actions.run_sweeps(at=clock.due_at)
    assert (entries(case, "warn"), entries(case, "late")) == (1, 1)


def test_a_machine_that_slept_for_three_days_catches_up_in_order_and_once(town):
    cases = [town.case(status="FILED", at=MONDAY + n * timedelta(hours=2)) for n in range(3)]
    woke = MONDAY + 30 * DAY
    first, second = actions.run_sweeps(at=woke), actions.run_sweeps(at=woke)
    assert first["late"] == 6  # the dispatch of each, and its rung
    assert second == {"warned": 0, "late": 0, "unanswered": 0}
    marked = Clock.objects.filter(case__in=cases, late_at__isnull=False).order_by("due_at")
    journalled = [c.case.journal.get(name="late", facts__step=c.step).pk for c in marked]
    assert journalled == sorted(journalled)


def test_a_closed_or_paused_clock_is_never_late(town):
    closed = town.case(status="CLOSED")
    shelved = town.case(status="SHELVED")
    actions.run_sweeps(at=MONDAY + 5 * DAY)
    assert entries(closed, "late") == 0
    handling = shelved.clocks.get(step="HANDLE", stopped_at=None)
    assert handling.late_at is None


@pytest.mark.requirement("X15")
def test_an_order_nobody_answers_goes_to_the_next_by_itself(town):
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    first = case.lead_person
    clock = case.clocks.get(step="ACCEPT", stopped_at=None)
    actions.run_sweeps(at=clock.due_at)
    case.refresh_from_db()
    assert case.status == "DISPATCHED"
    assert case.lead_person not in {None, first}
    assert entries(case, "time_out") == 1
    told = Notice.objects.filter(to=case.lead_person, about__startswith=f"case:{case.pk}:")
    assert told.exists()


def test_an_application_nobody_decides_is_marked(town):
    case = town.case(status="HANDLING")
    approval = actions.ask(case=case, name="extend", actor=town.handler, at=MONDAY, note="等配件")
    found = actions.run_sweeps(at=approval.due_at)
    again = actions.run_sweeps(at=approval.due_at)
    assert (found["unanswered"], again["unanswered"]) == (1, 0)


@pytest.mark.requirement("X45")
def test_every_worker_has_a_round_to_walk_this_week_and_planning_twice_adds_none(town):
    planned = actions.plan(at=MONDAY)
    assert planned > 0
    assert actions.plan(at=MONDAY) == 0
    for worker in (town.worker, town.worker2, town.village_worker):
        assert worker.patrols.filter(week=MONDAY.date(), done_at=None).exists()
