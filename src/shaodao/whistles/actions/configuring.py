"""Changing the rules of whistles: limits and responders, from a day on, never before."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.cores.worktime import TimeUnit
from shaodao.kit.versions import bump
from shaodao.people.actions import check_actor, check_why, close, record
from shaodao.people.models import Unit, User
from shaodao.people.policy import AccountRefused, Duty, check_start
from shaodao.reports.models import Category
from shaodao.whistles.models import ResponderRule, WhistleLimit
from shaodao.whistles.policy import Kind, Step

LONGEST = {
    TimeUnit.NATURAL_MINUTES: 60 * 24,
    TimeUnit.NATURAL_HOURS: 24 * 90,
    TimeUnit.WORKING_HOURS: 500,
    TimeUnit.WORKING_DAYS: 250,
}


@dataclass(frozen=True)
class NewLimit:
    """A limit to be: how long a step may take, where (None: everywhere), from a day on."""

    kind: Kind
    step: Step
    amount: int
    time_unit: TimeUnit
    valid_from: date
    source: str
    unit: Unit | None = None


@dataclass(frozen=True)
class NewResponder:
    """A responder to be: which post answers for a class (None: any) and where, from a day on."""

    title: str
    valid_from: date
    source: str
    category: Category | None = None
    unit: Unit | None = None


@transaction.atomic
def set_limit(*, new: NewLimit, actor: User, at: datetime, why: str) -> WhistleLimit:
    """Set how long a step may take; the row in force is closed, none rewritten.

    :raises AccountRefused: if the actor may not, the day is past, or the amount is out of bounds.
    """
    _check(Duty.SET_LIMIT, unit=new.unit, day=new.valid_from, actor=actor, at=at, why=why)
    if not 1 <= new.amount <= LONGEST[new.time_unit]:
        raise AccountRefused(N_("时限须在 1 到 {most} 之间"), most=LONGEST[new.time_unit])
    rows = WhistleLimit.objects.filter(kind=new.kind, step=new.step, unit=new.unit)
    closed = close(rows, on=new.valid_from)
    row = WhistleLimit.objects.create(**vars(new))
    facts = {
        "row": row.pk,
        "closed": closed,
        "kind": new.kind.value,
        "step": new.step.value,
        "value": f"{new.amount} {new.time_unit.value}",
        "from": new.valid_from.isoformat(),
    }
    subject = f"whistle_limit:{row.pk}"
    _record(Duty.SET_LIMIT, subject, facts, new.unit, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def set_responder(*, new: NewResponder, actor: User, at: datetime, why: str) -> ResponderRule:
    """Set which post of a grid answers for a class; the row in force is closed, none rewritten.

    :raises AccountRefused: if the actor may not, the day is past, or no post is named.
    """
    _check(Duty.SET_ROUTE, unit=new.unit, day=new.valid_from, actor=actor, at=at, why=why)
    if not new.title.strip():
        raise AccountRefused(N_("请写明岗位名称"))
    rows = ResponderRule.objects.filter(category=new.category, unit=new.unit)
    closed = close(rows, on=new.valid_from)
    row = ResponderRule.objects.create(**vars(new))
    facts = {
        "row": row.pk,
        "closed": closed,
        "category": row.category_id,
        "value": row.title,
        "from": new.valid_from.isoformat(),
    }
    _record(Duty.SET_ROUTE, f"responder:{row.pk}", facts, new.unit, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def end_rule(
    *, rule: WhistleLimit | ResponderRule, until: date, actor: User, at: datetime, why: str
) -> None:
    """End a row on a day, after which the next wider one holds.

    :raises AccountRefused: if the actor may not, the day is past, or nothing wider is left.
    """
    duty = Duty.SET_LIMIT if isinstance(rule, WhistleLimit) else Duty.SET_ROUTE
    _check(duty, unit=rule.unit, day=until, actor=actor, at=at, why=why)
    if isinstance(rule, WhistleLimit) and rule.unit_id is None:
        raise AccountRefused(N_("这是最后的通用时限，只能换新的，不能停用"))
    rows = type(rule).objects.filter(pk=rule.pk)
    rows.filter(valid_from__lt=until).update(valid_to=until)
    rows.filter(valid_from__gte=until).update(valid_to=F("valid_from"))
    facts = {"row": rule.pk, "until": until.isoformat()}
    _record(duty, f"whistle_rule:{rule.pk}", facts, rule.unit, actor=actor, at=at, why=why)


def _check(duty: Duty, *, unit, day: date, actor, at: datetime, why: str) -> None:
    check_actor(duty, actor=actor, unit=unit)
    check_why(why)
    check_start(valid_from=day, today=timezone.localdate(at))


def _record(duty: Duty, subject: str, facts, unit, *, actor, at: datetime, why: str) -> None:
    bump("rules")
    record(subject=subject, name=duty, actor=actor, at=at, facts=facts, why=why, unit=unit)
