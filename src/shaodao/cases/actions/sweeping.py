"""Sweeps: ask the database what is due now, act once, be safe to run again or to wake late.

What is due is taken in the order of deadlines, some hundreds of cases at a time: locked and read
together, decided on one by one in memory by the same code as a person's move, written together. A
killed worker leaves nothing half done, and two workers never take the same case.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases import policy
from shaodao.cases.models import Approval, Case, Clock
from shaodao.people.holders import Holders

from .casefile import CaseFile, open_files, write_all
from .moving import enact
from .telling import leaders_of, tell_with, warn_holder

TOGETHER = 500  # cases of one transaction: locked for a fifth of a second
AT_ONCE = 2  # threads: one decides while the other waits for the database

_log = structlog.get_logger()


class _Due(NamedTuple):
    """Rows that are due, in which order, where their case is, and what is done in memory."""

    rows: QuerySet
    by: str
    case: str
    act: Callable[[CaseFile, int, datetime], bool]


@app.periodic(cron="* * * * * */30")  # so soon is taken up what a killed worker left
@app.task(queueing_lock="cases.sweep", queue="sweeps")
def sweep(timestamp: int = 0) -> None:
    """Warn, mark late and send on whatever is due."""
    run_sweeps(at=timezone.now(), at_once=AT_ONCE)


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="cases.start_rungs", queue="sweeps")
def start_rungs(timestamp: int = 0) -> None:
    """Put open cases without a clock of their rung on the ladder: those from before it stood."""
    put_on_the_ladder(at=timezone.now())


def put_on_the_ladder(*, at: datetime) -> int:
    """Start the clock of the rung on every open case that should have one; return how many."""
    running = Clock.objects.filter(case=OuterRef("pk"), step=policy.Step.RUNG, stopped_at=None)
    due = [s.value for s in policy.OPEN if _rung_runs(s)]
    cases = Case.objects.filter(~Exists(running), status__in=due).order_by("pk")
    return _all(_Due(cases, "pk", "pk", _start_rung), at)


def _rung_runs(status: policy.Status) -> bool:
    return policy.rung_clock(status, is_handling_late=False) == policy.RungClock.RUNS


def run_sweeps(*, at: datetime, together: int = TOGETHER, at_once: int = 1) -> dict[str, int]:
    """Run all sweeps as of an instant and return how many clocks each acted on.

    together : clocks of one transaction
    at_once  : threads that share what one transaction cannot hold; each has a connection of its own
    """
    to_answer = Approval.objects.filter(decided_at=None, late_at=None, due_at__lte=at)
    sweeps = {
        "warned": _Due(Clock.objects.to_warn(at), "warn_at", "case", _warn),
        "late": _Due(_to_mark_late(at), "due_at", "case", _mark_late),
        "unanswered": _Due(to_answer, "due_at", "case", _mark_unanswered),
    }
    return {name: _shared(due, at, together, at_once) for name, due in sweeps.items()}


def _shared(due: _Due, at: datetime, together: int, at_once: int) -> int:
    """Act on all that is due, in several threads where that is much."""
    if at_once == 1 or not due.rows.order_by()[together:].exists():
        return _all(due, at, together)

    def work(_: int) -> int:
        try:
            return _all(due, at, together)
        finally:
            connection.close()

    with ThreadPoolExecutor(at_once) as threads:
        return sum(threads.map(work, range(at_once)))


def _to_mark_late(at: datetime) -> QuerySet[Clock]:
    """Return what is over; a rung whose units were summoned waits for the summons to end."""
    led = Q(step=policy.Step.RUNG, case__acceptor__isnull=False)
    return Clock.objects.to_mark_late(at).exclude(led)


def _all(due: _Due, at: datetime, together: int = TOGETHER) -> int:
    """Act on every row that is due, until nothing that is left could be acted on."""
    n, holders = 0, Holders()  # read once: a run takes seconds
    while acted := sum(_together(part, due.act, at, holders) for part in _parts(due, together)):
        n += acted
    return n


def _parts(due: _Due, together: int) -> Iterator[Sequence[tuple[int, int]]]:
    """Return the rows (id, case) in order, each once, some at a time."""
    rows = due.rows.order_by(due.by, "pk")
    part = list(rows.values_list(due.by, "pk", due.case)[:together])
    while part:
        yield [(pk, case_id) for _, pk, case_id in part]
        last, pk, _ = part[-1]
        beyond = rows.filter(
            Q(**{f"{due.by}__gt": last}) | Q(pk__gt=pk), **{f"{due.by}__gte": last}
        )
        part = list(beyond.values_list(due.by, "pk", due.case)[:together])


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for garbage: what a set reads all lives, and looking takes a third longer."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
@transaction.atomic
def _together(
    part: Sequence[tuple[int, int]],
    act: Callable[[CaseFile, int, datetime], bool],
    at: datetime,
    holders: Holders,
) -> int:
    """Act on some rows in one transaction and return on how many.

    A case somebody is at work on is left to the next round: who holds many locks waits for none.
    So is one that lacks a rule, which holds up nobody else.
    """
    files = open_files({case_id for _, case_id in part}, is_waiting=False, holders=holders)
    holders.look_up(pk for file in files.values() for pk in file.case.unit_ids)
    acted = dict.fromkeys(files, 0)
    for pk, case_id in part:
        if case_id not in acted:
            continue
        try:
            acted[case_id] += act(files[case_id], pk, at)
        except policy.MoveRefused as refusal:
            _log.warning("cases.sweep.refused", case=case_id, why=str(refusal))
            del acted[case_id]
    write_all([files[case_id] for case_id, n in acted.items() if n])
    return sum(acted.values())


def _start_rung(file: CaseFile, _case_id: int, at: datetime) -> bool:
    if any(clock.step == policy.Step.RUNG for clock in file.running):
        return False
    file.turn_rung(at)
    file.redate()
    return True


def _warn(file: CaseFile, clock_id: int, at: datetime) -> bool:
    clock = _still(file, clock_id)
    if clock is None or clock.warned_at or clock.late_at or clock.warn_at > at:
        return False
    clock.warned_at = at
    file.changed.append(clock)
    entry = file.record("warn", at=at, actor_id=None, facts=_facts(clock))
    warn_holder(file, entry, clock, at=at)
    return True


def _facts(clock: Clock) -> dict[str, object]:
    return {"step": clock.step, "clock": clock.pk, "due": clock.due_at.isoformat()}


def _mark_late(file: CaseFile, clock_id: int, at: datetime) -> bool:
    clock = _still(file, clock_id)
    if clock is None or clock.late_at or clock.due_at > at:
        return False
    if clock.step == policy.Step.RUNG and file.case.acceptor_id:
        return False
    clock.late_at = at
    file.changed.append(clock)
    if clock.step == policy.Step.RUNG:
        _end_of_a_rung(file, clock, at=at)
        return True
    entry = file.record("late", at=at, actor_id=None, facts=_facts(clock))
    if clock.step == policy.Step.ACCEPT and file.case.lead_person_id and not file.case.acceptor_id:
        enact(file, policy.MOVES["time_out"], actor=None, at=at, evidence={})
        return True
    if clock.step == policy.Step.HANDLE:
        file.turn_rung(at)  # late work is time of the level again
        file.redate()
    warn_holder(file, entry, clock, at=at)
    tell_with(file, entry, at=at)
    return True


def _end_of_a_rung(file: CaseFile, clock: Clock, *, at: datetime) -> None:
    """Pass a case up whose level let its time run out; at the top, on record to the leader."""
    above = policy.rung_above(file.case.desk.level)
    leaders = leaders_of(file.case.desk, file.known.holders) if above is None else []
    facts = _facts(clock) | {"leaders": leaders}
    entry = file.record("late", at=at, actor_id=None, facts=facts)
    warn_holder(file, entry, clock, at=at, also=leaders)
    if above is None:
        tell_with(file, entry, at=at)
        return
    status = policy.Status(file.case.status)
    name = "climb" if status in policy.MOVES["climb"].sources else "climb_unfiled"
    enact(file, policy.MOVES[name], actor=None, at=at, evidence={"clock": clock})


def _mark_unanswered(file: CaseFile, approval_id: int, at: datetime) -> bool:
    waiting = file.known.applications[file.case.pk]
    approval = next((row for row in waiting if row.pk == approval_id), None)
    if approval is None or approval.late_at or approval.due_at > at:
        return False
    approval.late_at = at
    file.decided.append(approval)
    facts = {"step": policy.Step.APPROVE.value, "approval": approval.pk}
    entry = file.record("late", at=at, actor_id=None, facts=facts)
    tell_with(file, entry, at=at)
    return True


def _still(file: CaseFile, clock_id: int) -> Clock | None:
    """Return the clock if it still runs now that the case is locked."""
    running = (c for c in file.running if c.pk == clock_id and c.paused_at is None)
    return next(running, None)
