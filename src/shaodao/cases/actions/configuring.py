"""Changing the rules a county works by: limits, routes, categories. From a day on, never before.

A running case keeps the deadlines it has: its clocks hold their own amount and due time, and a new
row is only looked at when a clock starts.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cases import policy
from shaodao.cases.models import DutyItem, Limit, Route, Sector
from shaodao.cores.wording import N_
from shaodao.cores.worktime import TimeUnit
from shaodao.kit.versions import bump
from shaodao.people.actions import check_actor, check_why, close, record, set_parameter
from shaodao.people.models import Unit, User
from shaodao.people.policy import AccountRefused, Duty, Kind, Level, check_start
from shaodao.reports.models import Category

LONGEST = {
    TimeUnit.NATURAL_MINUTES: 60 * 24,
    TimeUnit.NATURAL_HOURS: 24 * 365,
    TimeUnit.WORKING_HOURS: 2000,
    TimeUnit.WORKING_DAYS: 250,
}
SMALL_MATTER = "small_matter"
_Dated = Limit | Route | DutyItem | Sector
_KEEP_DAYS = range(180, 36_501)  # audit records at least six months (Cybersecurity Law, art. 21)


@dataclass(frozen=True)
class NewLimit:
    """A limit to be: how long a step may take, for what and where (None: any), from a day on."""

    step: policy.Step
    amount: int
    time_unit: TimeUnit
    valid_from: date
    source: str
    category: Category | None = None
    unit: Unit | None = None
    is_hazard: bool = False
    level: str = ""  # of the rung, for its step


@dataclass(frozen=True)
class NewRoute:
    """A route to be: where cases of a category in a place go (None: any), from a day on."""

    target: policy.Target
    valid_from: date
    source: str
    category: Category | None = None
    unit: Unit | None = None
    to: Unit | None = None  # where the target is one named unit
    is_direct: bool = False
    rank: int = 0


@transaction.atomic
def set_limit(*, new: NewLimit, actor: User, at: datetime, why: str) -> Limit:
    """Set how long a step may take; the row in force is closed, none rewritten.

    :raises AccountRefused: if the actor may not, the day is past, or the amount is out of bounds.
    """
    _check(Duty.SET_LIMIT, unit=new.unit, day=new.valid_from, actor=actor, at=at, why=why)
    most = LONGEST[new.time_unit]
    if not 1 <= new.amount <= most:
        raise AccountRefused(N_("时限须在 1 到 {most} 之间"), most=most)
    if (new.step == policy.Step.RUNG) != bool(new.level):
        raise AccountRefused(N_("“本级解决”的时限要写明是哪一级，其他环节不用写"))
    place = {key: getattr(new, key) for key in ("step", "category", "unit", "is_hazard", "level")}
    closed = close(Limit.objects.filter(**place), on=new.valid_from)
    row = Limit.objects.create(**vars(new))
    facts = {
        "row": row.pk,
        "closed": closed,
        "step": new.step.value,
        "category": row.category_id,
        "hazard": new.is_hazard,
        "level": new.level,
        "value": f"{new.amount} {new.time_unit.value}",
        "from": new.valid_from.isoformat(),
    }
    _record(Duty.SET_LIMIT, row, facts=facts, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def end_limit(*, limit: Limit, until: date, actor: User, at: datetime, why: str) -> Limit:
    """End a limit on a day, after which the next wider one holds.

    :raises AccountRefused: if the actor may not, the day is past, or nothing wider is left.
    """
    limit = Limit.objects.select_for_update().get(pk=limit.pk)
    _check(Duty.SET_LIMIT, unit=limit.unit, day=until, actor=actor, at=at, why=why)
    if limit.category_id is None and limit.unit_id is None and not limit.is_hazard:
        raise AccountRefused(N_("这是最后的通用时限，只能换新的，不能停用"))
    _end(Duty.SET_LIMIT, limit, until=until, actor=actor, at=at, why=why)
    return limit


@transaction.atomic
def set_route(*, new: NewRoute, actor: User, at: datetime, why: str) -> Route:
    """Set where cases go; the row in force for the same goal is closed, none rewritten.

    :raises AccountRefused: if the actor may not, the day is past, or no unit is named.
    """
    _check(Duty.SET_ROUTE, unit=new.unit, day=new.valid_from, actor=actor, at=at, why=why)
    if (new.target == policy.Target.UNIT) != (new.to is not None):
        raise AccountRefused(N_("派给指定单位时要写明单位，派给其他去向时不用写"))
    goal = {key: getattr(new, key) for key in ("category", "unit", "target", "to")}
    closed = close(Route.objects.filter(**goal), on=new.valid_from)
    row = Route.objects.create(**vars(new))
    facts = {
        "row": row.pk,
        "closed": closed,
        "category": row.category_id,
        "target": new.target.value,
        "to": row.to_id,
        "direct": new.is_direct,
        "from": new.valid_from.isoformat(),
    }
    _record(Duty.SET_ROUTE, row, facts=facts, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def end_route(*, route: Route, until: date, actor: User, at: datetime, why: str) -> Route:
    """End a route on a day.

    :raises AccountRefused: if the actor may not, or the day is past.
    """
    route = Route.objects.select_for_update().get(pk=route.pk)
    _check(Duty.SET_ROUTE, unit=route.unit, day=until, actor=actor, at=at, why=why)
    _end(Duty.SET_ROUTE, route, until=until, actor=actor, at=at, why=why)
    return route


@dataclass(frozen=True)
class NewDuty:
    """A duty of a street to be: what it answers for, from a day on, and its legal basis."""

    unit: Unit
    text: str
    valid_from: date
    source: str
    category: Category | None = None  # None: words only


@dataclass(frozen=True)
class NewSector:
    """A line of work to be: its office, where it holds (None: everywhere), what it takes."""

    code: str
    name: str
    office: Unit
    valid_from: date
    source: str
    unit: Unit | None = None
    categories: tuple[str, ...] = ()


@transaction.atomic
def set_duty(*, new: NewDuty, actor: User, at: datetime, why: str) -> DutyItem:
    """Put a duty on a street's list; a row in force for the same class is closed, none rewritten.

    :raises AccountRefused: if the actor may not, the day is past, or the unit has no such list.
    """
    _check(Duty.SET_DUTY, unit=new.unit, day=new.valid_from, actor=actor, at=at, why=why)
    if new.unit.level != Level.TOWNSHIP or new.unit.kind != Kind.AREA:
        raise AccountRefused(N_("职责清单是街道乡镇的，请填一个街道或乡镇"))
    same = DutyItem.objects.filter(unit=new.unit, category=new.category)
    if new.category is None:
        same = same.filter(text=new.text)
    closed = close(same, on=new.valid_from)
    row = DutyItem.objects.create(**vars(new))
    facts = {
        "row": row.pk,
        "closed": closed,
        "category": row.category_id,
        "from": new.valid_from.isoformat(),
    }
    _record(Duty.SET_DUTY, row, facts=facts, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def end_duty(*, duty: DutyItem, until: date, actor: User, at: datetime, why: str) -> DutyItem:
    """Take a duty off a street's list on a day.

    :raises AccountRefused: if the actor may not, or the day is past.
    """
    duty = DutyItem.objects.select_for_update().get(pk=duty.pk)
    _check(Duty.SET_DUTY, unit=duty.unit, day=until, actor=actor, at=at, why=why)
    _end(Duty.SET_DUTY, duty, until=until, actor=actor, at=at, why=why)
    return duty


@transaction.atomic
def set_sector(*, new: NewSector, actor: User, at: datetime, why: str) -> Sector:
    """Set a line of work; the row in force for the same place is closed, none rewritten.

    :raises AccountRefused: if the actor may not, the day is past, or the office lies elsewhere.
    """
    _check(Duty.SET_SECTOR, unit=new.unit, day=new.valid_from, actor=actor, at=at, why=why)
    if new.unit is not None and not new.office.path.startswith(new.unit.path):
        raise AccountRefused(N_("牵头单位不在适用地区内"))
    closed = close(Sector.objects.filter(code=new.code, unit=new.unit), on=new.valid_from)
    row = Sector.objects.create(**vars(new) | {"categories": list(new.categories)})
    facts = {
        "row": row.pk,
        "closed": closed,
        "code": new.code,
        "office": new.office.pk,
        "categories": list(new.categories),
        "from": new.valid_from.isoformat(),
    }
    _record(Duty.SET_SECTOR, row, facts=facts, actor=actor, at=at, why=why)
    return row


@transaction.atomic
def end_sector(*, sector: Sector, until: date, actor: User, at: datetime, why: str) -> Sector:
    """End a line of work on a day; the cases it has stay with its office.

    :raises AccountRefused: if the actor may not, or the day is past.
    """
    sector = Sector.objects.select_for_update().get(pk=sector.pk)
    _check(Duty.SET_SECTOR, unit=sector.unit, day=until, actor=actor, at=at, why=why)
    _end(Duty.SET_SECTOR, sector, until=until, actor=actor, at=at, why=why)
    return sector


@transaction.atomic
def set_category(
    *,
    category: Category,
    keep_days: int,
    needs_after_photo: bool,
    is_hazard: bool,
    is_offered: bool,
    actor: User,
    at: datetime,
    why: str,
) -> Category:
    """Change what holds for a category everywhere: how long its cases are kept, what they need.

    :raises AccountRefused: if the actor may not, or the time of keeping is out of bounds.
    """
    check_actor(Duty.SET_CATEGORY, actor=actor, unit=None)
    check_why(why)
    if keep_days not in _KEEP_DAYS:
        least, most = _KEEP_DAYS.start, _KEEP_DAYS.stop - 1
        raise AccountRefused(N_("保存天数须在 {least} 到 {most} 之间"), least=least, most=most)
    category = Category.objects.select_for_update().get(pk=category.pk)
    new = {
        "keep_days": keep_days,
        "needs_after_photo": needs_after_photo,
        "is_hazard": is_hazard,
        "is_offered": is_offered,
    }
    changed = {key: value for key, value in new.items() if getattr(category, key) != value}
    before = {key: getattr(category, key) for key in changed}
    for key, value in changed.items():
        setattr(category, key, value)
    category.save(update_fields=list(changed) or ["keep_days"])
    facts = {"before": before, "after": changed}
    _record(Duty.SET_CATEGORY, category, facts=facts, actor=actor, at=at, why=why)
    return category


def set_small_matter(
    *,
    category: Category,
    is_small: bool,
    unit: Unit | None,
    valid_from: date,
    source: str,
    actor: User,
    at: datetime,
    why: str,
) -> None:
    """Say whether matters of a category count as small (小事不出格) in a place from a day on.

    :raises AccountRefused: if the actor may not, or the day is past.
    """
    set_parameter(
        name=SMALL_MATTER,
        subject=category.pk,
        value=str(int(is_small)),
        unit=unit,
        valid_from=valid_from,
        source=source,
        actor=actor,
        at=at,
        why=why,
    )


def _check(
    duty: Duty, *, unit: Unit | None, day: date, actor: User, at: datetime, why: str
) -> None:
    check_actor(duty, actor=actor, unit=unit)
    check_why(why)
    check_start(valid_from=day, today=timezone.localdate(at))


def _end(
    duty: Duty,
    row: _Dated,
    *,
    until: date,
    actor: User,
    at: datetime,
    why: str,
) -> None:
    close(type(row).objects.filter(pk=row.pk), on=until)
    facts = {"row": row.pk, "until": until.isoformat()}
    _record(duty, row, facts=facts, actor=actor, at=at, why=why)


def _record(
    duty: Duty,
    row: _Dated | Category,
    *,
    facts: dict[str, object],
    actor: User,
    at: datetime,
    why: str,
) -> None:
    bump("rules")
    record(
        subject=f"{type(row).__name__.lower()}:{row.pk}",
        name=duty.value,
        unit=getattr(row, "unit", None),
        facts=facts,
        actor=actor,
        at=at,
        why=why,
    )
