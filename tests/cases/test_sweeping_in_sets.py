"""Sweeps take cases by the hundred: the same as one by one, once each, whoever else is at work."""

from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shaodao.cases import actions
from shaodao.cases.actions.sweeping import put_on_the_ladder
from shaodao.cases.models import Approval, Case, Clock, JournalEntry, Limit
from shaodao.cases.verifying import verify_cases, verify_journals
from shaodao.kit.versions import bump
from shaodao.notices.models import Notice
from shaodao.people.models import Cover
from tests.town import MONDAY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHEN = [MONDAY + days * DAY for days in (1, 2, 4, 9, 16, 30, 60)]


def fill(town, rounds=2):
    """Open cases of every kind the sweep meets, with all that stands beside them."""
    for n in range(rounds):
        at = MONDAY + n * HOUR
        for status in ("RECEIVED", "CHECKING", "FILED", "DISPATCHED", "HANDLING", "SHELVED"):
            town.case(status=status, at=at)
        town.case(status="HANDLED", at=at)
        town.case(status="RECEIVED", at=at, is_hazard=True)
        for category in ("RUBBISH_HEAP", "CORRIDOR_CLUTTER"):
            taken = town.taken(
                category=category, household=town.household, at=at, phone="13800000000"
            )
            town.taken(at=at + HOUR, join=taken.case, phone=f"1380000000{n + 1}")
        asking = town.case(status="HANDLING", at=at)
        actions.ask(case=asking, name="extend", actor=town.handler, at=at + HOUR, note="等配件")
        leaving = town.case(status="DISPATCHED", at=at)
        actions.ask(case=leaving, name="return", actor=town.handler, at=at + HOUR, note="错了")
    Cover.objects.create(
        absent=town.worker2, by=town.worker, since=MONDAY.date(), until=MONDAY.date() + 900 * DAY
    )


def all_but(model, *left_out):
    names = [f.attname for f in model._meta.concrete_fields if f.attname not in left_out]
    return list(model.objects.order_by("pk").values_list(*names))


def state():
    """Return all that the sweep may have written; ids it drew as what they stand for."""
    clocks = {c.pk: f"{c.case_id} {c.step} {c.started_at}" for c in Clock.objects.all()}
    entries = [
        (
            e.case_id,
            e.seq,
            e.name,
            e.at,
            e.actor_id,
            e.facts | {"clock": clocks.get(e.facts.get("clock"))},
        )
        for e in JournalEntry.objects.order_by("case", "seq")
    ]
    return {
        "cases": all_but(Case, "head"),
        "entries": entries,
        "clocks": sorted(map(repr, all_but(Clock, "id"))),
        "approvals": all_but(Approval),
        "notices": sorted(map(repr, all_but(Notice, "id"))),
    }


def swept(together):
    """Return what sweeping brings about, which is then undone."""
    with transaction.atomic():
        acted = [actions.run_sweeps(at=at, together=together) for at in WHEN]
        found = state()
        transaction.set_rollback(True)
    return acted, found


@pytest.mark.requirement("X15")
def test_a_set_of_cases_comes_out_as_each_of_them_alone(town, tmp_path: Path):
    fill(town)
    (acted, together), (acted_alone, alone) = swept(500), swept(1)
    assert sum(map(sum, (found.values() for found in acted))) > 60
    assert acted == acted_alone
    assert together == alone
    actions.run_sweeps(at=WHEN[-1])
    assert verify_cases().faults == []
    assert verify_journals(tmp_path).faults == []


def once_each():
    """Tell whether nothing was warned of, late, or sent on twice."""
    entries = JournalEntry.objects.filter(name__in=["warn", "late"])
    done = [(e.case_id, e.name, e.facts.get("clock"), e.facts.get("approval")) for e in entries]
    return bool(done) and len(done) == len(set(done))


def test_two_workers_at_once_share_the_work_and_act_on_each_once(town_committed, tmp_path: Path):
    fill(town_committed, rounds=3)
    acted, ready = [], Barrier(2)

    def work():
        ready.wait()
        acted.append(actions.run_sweeps(at=WHEN[4], together=3))
        connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(acted) == 2
    actions.run_sweeps(at=WHEN[4])
    assert not any(actions.run_sweeps(at=WHEN[4]).values())
    assert once_each()
    assert verify_cases().faults == []
    assert verify_journals(tmp_path).faults == []


def test_two_threads_of_one_worker_share_what_is_much(town_committed, tmp_path: Path):
    fill(town_committed, rounds=3)
    acted = actions.run_sweeps(at=WHEN[4], together=4, at_once=2)
    assert acted["late"] > 20
    assert not any(actions.run_sweeps(at=WHEN[4], together=4, at_once=2).values())
    assert once_each()
    assert verify_cases().faults == []
    assert verify_journals(tmp_path).faults == []


class Killed(BaseException):
    """What ends a process ends whatever it was doing."""


def test_a_worker_killed_in_the_middle_leaves_the_rest_due_and_nothing_half_done(
    town_committed, tmp_path: Path
):
    fill(town_committed)
    statements = []

    def kill(execute, sql, params, many, context):
        statements.append(sql)
        if sum(one.startswith('UPDATE "cases_clock"') for one in statements) == 4:
            raise Killed
        return execute(sql, params, many, context)

    with pytest.raises(Killed), connection.execute_wrapper(kill):
        actions.run_sweeps(at=WHEN[4], together=4)
    n = JournalEntry.objects.filter(name__in=["warn", "late"]).count()
    assert n == 12
    assert verify_journals(tmp_path / "one").faults == []
    actions.run_sweeps(at=WHEN[4])
    assert JournalEntry.objects.filter(name__in=["warn", "late"]).count() > 2 * n
    assert once_each()
    assert verify_cases().faults == []


def test_a_case_somebody_works_on_waits_for_the_next_round_and_keeps_nobody_waiting(
    town_committed,
):
    held, other = (town_committed.case(status="FILED") for _ in range(2))
    locked, done = Barrier(2), Barrier(2)

    def hold():
        with transaction.atomic():
            Case.objects.select_for_update().get(pk=held.pk)
            locked.wait()
            done.wait()
        connection.close()

    thread = Thread(target=hold)
    thread.start()
    locked.wait()
    actions.run_sweeps(at=WHEN[3])
    assert not held.journal.filter(name="late").exists()
    assert other.journal.filter(name="late").exists()
    done.wait()
    thread.join()
    actions.run_sweeps(at=WHEN[3])
    assert held.journal.filter(name="late").exists()


def test_a_case_that_lacks_a_rule_holds_up_no_other(town):
    lacking, other = (town.case(status="RECEIVED") for _ in range(2))
    Case.objects.filter(pk=other.pk).update(desk=town.county)
    Clock.objects.filter(case=other, step="RUNG").update(unit=town.county, level="COUNTY")
    Limit.objects.filter(step="RUNG", level__in=["COUNTY", ""]).delete()
    bump("rules")
    actions.run_sweeps(at=WHEN[-1])
    assert not lacking.journal.filter(name="climb_unfiled").exists()
    assert lacking.clocks.get(step="RUNG").late_at is None
    assert other.clocks.get(step="RUNG").late_at is not None


def test_cases_without_a_rung_are_put_on_the_ladder_together(town, django_assert_max_num_queries):
    fill(town)
    n = Clock.objects.filter(step="RUNG", stopped_at=None, paused_at=None).count()
    Clock.objects.filter(step="RUNG").delete()
    with django_assert_max_num_queries(20):
        assert put_on_the_ladder(at=MONDAY + DAY) == n
    assert put_on_the_ladder(at=MONDAY + DAY) == 0
    assert verify_cases().faults == []


def test_the_statements_of_a_sweep_do_not_grow_with_what_is_due(town):
    counted = []
    for rounds in (1, 4):
        fill(town, rounds=rounds)
        with transaction.atomic(), CaptureQueriesContext(connection) as statements:
            actions.run_sweeps(at=WHEN[2])
            transaction.set_rollback(True)
        counted.append(len(statements))
    assert counted[1] < counted[0] + 10
