"""Sweeps: ask the database what is due now, act once, be safe to run again or to wake late.

Each case is its own transaction, in the order of deadlines, so that a machine that slept for three
days does first what was due first, and a killed worker leaves nothing half done.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases import policy
from shaodao.cases.models import Approval, Clock

from .casefile import CaseFile, open_file
from .moving import make
from .telling import tell, warn_holder

BATCH = 500


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.sweep", queue="sweeps")
def sweep(timestamp: int = 0) -> None:
    """Warn, mark late and send on whatever is due."""
    run_sweeps(at=timezone.now())


def run_sweeps(*, at: datetime) -> dict[str, int]:
    """Run all sweeps as of an instant and return how many cases each acted on."""
    return {
        "warned": _each(Clock.objects.to_warn(at).order_by("warn_at", "pk"), _warn, at),
        "late": _each(Clock.objects.to_mark_late(at).order_by("due_at", "pk"), _mark_late, at),
        "unanswered": _each(
            Approval.objects.filter(decided_at=None, late_at=None, due_at__lte=at).order_by(
                "due_at"
            ),
            _mark_unanswered,
            at,
        ),
    }


def _each(due, act, at: datetime) -> int:
    """Act on every row that is due; rows are looked at in batches of the present state."""
    n = 0
    while batch := list(due.values_list("pk", "case_id")[:BATCH]):
        acted = sum(act(pk, case_id, at) for pk, case_id in batch)
        n += acted
        if not acted:
            break
    return n


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
    clock.late_at = at
    file.changed.append(clock)
    facts = {"step": clock.step, "clock": clock.pk, "due": clock.due_at.isoformat()}
    entry = file.record("late", at=at, actor_id=None, facts=facts)
    if clock.step == policy.Step.ACCEPT and file.case.lead_person_id and not file.case.acceptor_id:
        make(file, policy.MOVES["time_out"], actor=None, at=at, evidence={})
        return True
    file.save()
    warn_holder(file.case, entry, clock, at=at)
    tell(file.case, entry, at=at)
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
