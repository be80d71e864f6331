"""Changing units and numbers: from a day on, with source and reason."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from shaodao.kit.versions import bump
from shaodao.people.models import Parameter, Unit, User
from shaodao.people.policy import Duty, check_start, check_value

from .duties import check_actor, check_why
from .recording import record


@transaction.atomic
def change_unit(
    *,
    unit: Unit,
    short_name: str,
    phone: str,
    office_hours: str,
    actor: User,
    at: datetime,
    why: str,
) -> Unit:
    """Change what a unit is called on screen, its phone and its office hours.

    :raises AccountRefused: if the actor may not.
    """
    check_actor(Duty.CHANGE_UNIT, actor=actor, unit=unit)
    check_why(why)
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    new = {"short_name": short_name, "phone": phone, "office_hours": office_hours}
    changed = {field: value for field, value in new.items() if getattr(unit, field) != value}
    for field, value in changed.items():
        setattr(unit, field, value)
    unit.save(update_fields=list(changed) or ["short_name"])
    bump("units")
    record(
        subject=f"unit:{unit.pk}",
        name=Duty.CHANGE_UNIT,
        actor=actor,
        at=at,
        facts=changed,
        why=why,
        unit=unit,
    )
    return unit


@transaction.atomic
def set_parameter(
    *,
    name: str,
    value: str,
    valid_from: date,
    source: str,
    actor: User,
    at: datetime,
    why: str,
    unit: Unit | None = None,
    subject: str = "",
) -> Parameter:
    """Set a number from a day on: the row in force is closed, a new one opened, none rewritten.

    unit : the area it is for, None: everywhere; subject : e.g. a category's code, '': any

    :raises AccountRefused: if the actor may not, the day is past, or the value is out of bounds.
    """
    check_actor(Duty.SET_PARAMETER, actor=actor, unit=unit)
    check_why(why)
    check_start(valid_from=valid_from, today=timezone.localdate(at))
    check_value(name, value)
    rows = Parameter.objects.filter(name=name, unit=unit, subject=subject)
    old = close(rows, on=valid_from)
    row = Parameter.objects.create(
        name=name, unit=unit, subject=subject, value=value, valid_from=valid_from, source=source
    )
    bump("parameters")
    record(
        subject=f"parameter:{name}",
        name=Duty.SET_PARAMETER,
        actor=actor,
        at=at,
        facts={"row": row.pk, "closed": old, "from": valid_from.isoformat(), "value": value},
        why=why,
        unit=unit,
    )
    return row


def close(rows: QuerySet, *, on: date) -> list[int]:
    """End the dated rows that would hold on or after a day, and return their ids.

    A row that has not begun by then is left with no day at all: only its end is written.
    """
    ending = rows.select_for_update().filter(Q(valid_to=None) | Q(valid_to__gt=on))
    ids = sorted(ending.values_list("pk", flat=True))
    rows.filter(pk__in=ids, valid_from__lt=on).update(valid_to=on)
    rows.filter(pk__in=ids, valid_from__gte=on).update(valid_to=F("valid_from"))
    return ids
