"""Sweeps over the clocks of whistles: what is due now, once; safe to run again or to wake late.

Silence past the limit to sign or to report in passes up by itself and is supervised by itself.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases.policy import OPEN
from shaodao.people.policy import Role
from shaodao.supervision.actions import supervise
from shaodao.supervision.policy import Kind as SupervisionKind
from shaodao.whistles import policy
from shaodao.whistles.models import Summons, WhistleClock
from shaodao.whistles.queries import people_of

from .answering import make
from .telling import called, reviewers, superiors, tell, whistlers
from .whistlefile import WhistleFile, open_whistle

BATCH = 500
SILENT = "超过{step}时限没有回音，由系统升级并督办"


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="whistles.sweep", queue="sweeps")
def sweep(timestamp: int = 0) -> None:
    """Warn, mark late and pass up whatever is due."""
    run_sweeps(at=timezone.now())


def run_sweeps(*, at: datetime) -> dict[str, int]:
    """Run all sweeps as of an instant and return how many clocks each acted on."""
    return {
        "warned": _each(WhistleClock.objects.to_warn(at).order_by("warn_at", "pk"), _warn, at),
        "late": _each(WhistleClock.objects.to_mark_late(at).order_by("due_at", "pk"), _late, at),
    }


def _each(due, act, at: datetime) -> int:
    n = 0
    while batch := list(due.values_list("pk", "whistle")[:BATCH]):
        acted = sum(act(clock, whistle, at) for clock, whistle in batch)
        n += acted
        if not acted:
            break
    return n


@transaction.atomic
def _warn(clock_id: int, whistle_id: int, at: datetime) -> bool:
    book = open_whistle(whistle_id, actor=None, at=at)
    clock = _still(book, clock_id)
    if clock is None or clock.warned_at or clock.late_at or clock.warn_at > at:
        return False
    clock.warned_at = at
    clock.save(update_fields=["warned_at"])
    entry = book.record("whistle_warn", _facts(clock))
    book.file.save()
    tell(book, entry, _answerable(book, clock))
    return True


def _late(clock_id: int, whistle_id: int, at: datetime) -> bool:
    with transaction.atomic():
        book = open_whistle(whistle_id, actor=None, at=at)
        clock = _still(book, clock_id)
        if clock is None or clock.late_at or clock.due_at > at:
            return False
        clock.late_at = at
        clock.save(update_fields=["late_at"])
        entry = book.record("whistle_late", _facts(clock))
        book.file.save()
        row = _summons(book, clock)
        people = [*_answerable(book, clock), *whistlers(book)]
        if row is None:
            tell(book, entry, [*people, *superiors(book, book.whistle.whistler)])
            return True
        tell(book, entry, people)
        if clock.step in policy.SILENT_AT:
            _pass_up(book, row, clock)
    return True


def _pass_up(book: WhistleFile, row: Summons, clock: WhistleClock) -> None:
    """Let silence go to the superior, with a record against whoever was silent."""
    step = policy.SUMMONS_MOVES["pass_up"]
    reason = SILENT.format(step=policy.STEP_LABELS[policy.Step(clock.step)])
    if row.passed_up_at is None:
        policy.check_summons(
            step, book.place_of(row), book.ones, stage=book.stage, seats=policy.SYSTEM,
            given={"note"},
        )  # fmt: skip
        make(book, row, step, actor=None, evidence={"note": reason})
    if book.file.case.status in OPEN:
        supervise(
            case=book.file.case, unit=row.unit, kind=SupervisionKind.YELLOW, reason=reason,
            actor=None, at=book.at,
        )  # fmt: skip


def _still(book: WhistleFile, clock_id: int) -> WhistleClock | None:
    """Return the clock if it still runs now that the whistle is locked."""
    return next((c for c in book.running if c.pk == clock_id and c.paused_at is None), None)


def _summons(book: WhistleFile, clock: WhistleClock) -> Summons | None:
    return next((row for row in book.summonses if row.pk == clock.summons_id), None)


def _facts(clock: WhistleClock) -> dict[str, object]:
    return {
        "unit": clock.unit_id,
        "limit": clock.step,
        "clock": clock.pk,
        "due": clock.due_at.isoformat(),
    }


def _answerable(book: WhistleFile, clock: WhistleClock) -> list[int]:
    """Return whose limit it is."""
    row = _summons(book, clock)
    if row is not None and clock.unit_id == row.unit_id:
        return called(row)
    if clock.step in {policy.Step.REVIEW, policy.Step.CONFIRM}:
        return reviewers(book)
    chiefs = (Role.DISPATCHER, Role.DUTY_CHIEF, Role.LEADER)
    return people_of(clock.unit, chiefs)
