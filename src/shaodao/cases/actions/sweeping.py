"""Sweeps: ask the database what is due now, act once, be safe to run again or to wake late.

Cases are acted on in the order of deadlines, some in one transaction, so that a machine that slept
for three days does first what was due first, and a killed worker leaves nothing half done.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases import policy
from shaodao.cases.models import Approval, Case, Clock

from .casefile import CaseFile, open_file
from .moving import make
from .telling import leaders_of, tell, warn_holder

BATCH = 500  # rows looked at
TOGETHER = 50  # cases of one transaction, which waits for the disk once


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.sweep", queue="sweeps")
def sweep(timestamp: int = 0) -> None:
    """Warn, mark late and send on whatever is due."""
    run_sweeps(at=timezone.now())


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="cases.start_rungs", queue="sweeps")
def start_rungs(timestamp: int = 0) -> None:
    """Put open cases without a clock of their rung on the ladder: those from before it stood."""
    put_on_the_ladder(at=timezone.now())


def put_on_the_ladder(*, at: datetime) -> int:
    """Start the clock of the rung on every open case that should have one; return how many."""
    running = Clock.objects.filter(case=OuterRef("pk"), step=policy.Step.RUNG, stopped_at=None)
    due = [s.value for s in policy.OPEN if _rung_runs(s)]
    cases = Case.objects.filter(~Exists(running), status__in=due)
    return sum(_start_rung(pk, at) for pk in cases.order_by("pk").values_list("pk", flat=True))


def _rung_runs(status: policy.Status) -> bool:
    return policy.rung_clock(status, is_handling_late=False) == policy.RungClock.RUNS


@transaction.atomic
def _start_rung(case_id: int, at: datetime) -> bool:
    file = open_file(case_id)
    file.turn_rung(at)
    file.redate()
    file.save()
    return True


def run_sweeps(*, at: datetime) -> dict[str, int]:
    """Run all sweeps as of an instant and return how many cases each acted on."""
    return {
        "warned": _each(Clock.objects.to_warn(at).order_by("warn_at", "pk"), _warn, at),
        "late": _each(_to_mark_late(at), _mark_late, at),
        "unanswered": _each(
            Approval.objects.filter(decided_at=None, late_at=None, due_at__lte=at).order_by(
                "due_at"
            ),
            _mark_unanswered,
            at,
        ),
    }


def _to_mark_late(at: datetime) -> QuerySet[Clock]:
    """Return what is over; a rung whose units were summoned waits for the summons to end."""
    led = Q(step=policy.Step.RUNG, case__acceptor__isnull=False)
    return Clock.objects.to_mark_late(at).exclude(led).order_by("due_at", "pk")


def _each(due, act, at: datetime) -> int:
    """Act on every row that is due; rows are looked at in batches of the present state."""
    n = 0
    while batch := list(due.values_list("pk", "case_id")[:BATCH]):
        parts = (batch[start : start + TOGETHER] for start in range(0, len(batch), TOGETHER))
        acted = sum(_together(part, act, at) for part in parts)
        n += acted
        if not acted:
            break
    return n


@transaction.atomic
def _together(rows: Sequence[tuple[int, int]], act, at: datetime) -> int:
    """Act on some rows (id, case) in one transaction and return on how many.

    A case somebody is at work on is left to the next round: who holds many locks waits for none.
    """
    cases = Case.objects.select_for_update(skip_locked=True).filter(pk__in={c for _, c in rows})
    free = set(cases.values_list("pk", flat=True))
    return sum(act(pk, case_id, at) for pk, case_id in rows if case_id in free)


@transaction.atomic
def _warn(clock_id: int, case_id: int, at: datetime) -> bool:
    file = open_file(case_id)
    clock = _still(file, clock_id)
    if clock is None or clock.warned_at or clock.late_at or clock.warn_at > at:
        return False
    clock.warned_at = at
    file.changed.append(clock)
    facts = {"step": clock.step, "clock": clock.pk, "due": clock.due_at.isoformat()}
    entry = file.record("warn", at=at, actor_id=None, facts=facts)
    file.save()
    warn_holder(file.case, entry, clock, at=at)
    return True


@transaction.atomic
def _mark_late(clock_id: int, case_id: int, at: datetime) -> bool:
    file = open_file(case_id)
    clock = _still(file, clock_id)
    if clock is None or clock.late_at or clock.due_at > at:
        return False
    if clock.step == policy.Step.RUNG and file.case.acceptor_id:
        return False
    clock.late_at = at
    file.changed.append(clock)
    facts = {"step": clock.step, "clock": clock.pk, "due": clock.due_at.isoformat()}
    if clock.step == policy.Step.RUNG:
        return _end_of_a_rung(file, clock, facts, at=at)
    entry = file.record("late", at=at, actor_id=None, facts=facts)
    if clock.step == policy.Step.ACCEPT and file.case.lead_person_id and not file.case.acceptor_id:
        make(file, policy.MOVES["time_out"], actor=None, at=at, evidence={})
        return True
    if clock.step == policy.Step.HANDLE:
        file.turn_rung(at)  # late work is time of the level again
        file.redate()
    file.save()
    warn_holder(file.case, entry, clock, at=at)
    tell(file.case, entry, at=at)
    return True


def _end_of_a_rung(file: CaseFile, clock: Clock, facts: dict, *, at: datetime) -> bool:
    """Pass a case up whose level let its time run out; at the top, on record to the leader."""
    above = policy.rung_above(file.case.desk.level)
    leaders = leaders_of(file.case.desk) if above is None else []
    entry = file.record("late", at=at, actor_id=None, facts=facts | {"leaders": leaders})
    warn_holder(file.case, entry, clock, at=at, also=leaders)
    if above is None:
        file.save()
        tell(file.case, entry, at=at)
        return True
    status = policy.Status(file.case.status)
    name = "climb" if status in policy.MOVES["climb"].sources else "climb_unfiled"
    make(file, policy.MOVES[name], actor=None, at=at, evidence={"clock": clock})
    return True


@transaction.atomic
def _mark_unanswered(approval_id: int, case_id: int, at: datetime) -> bool:
    file = open_file(case_id)
    approval = Approval.objects.select_for_update().get(pk=approval_id)
    if approval.decided_at or approval.late_at or approval.due_at > at:
        return False
    approval.late_at = at
    approval.save(update_fields=["late_at"])
    facts = {"step": policy.Step.APPROVE.value, "approval": approval.pk}
    entry = file.record("late", at=at, actor_id=None, facts=facts)
    file.save()
    tell(file.case, entry, at=at)
    return True


def _still(file: CaseFile, clock_id: int) -> Clock | None:
    """Return the clock if it still runs now that the case is locked."""
    running = (c for c in file.running if c.pk == clock_id and c.paused_at is None)
    return next(running, None)
