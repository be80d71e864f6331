"""What came of telling a household, and the number it can be reached by."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.outreach import policy
from shaodao.outreach.models import Call, DoorPhone
from shaodao.people.actions import record
from shaodao.people.models import User, seats_over
from shaodao.people.policy import Role
from shaodao.places.models import Household


@transaction.atomic
def mark(*, call: Call, result: str, actor: User, at: datetime, note: str = "") -> Call:
    """Write down what came of a try to tell a household; a later try overrules an earlier one.

    :raises OutreachRefused: if it is nobody's of the actor, or the announcement does not run.
    """
    row = _locked(call)
    check_worker(row, actor)
    if result not in policy.BY_WORKER:
        raise policy.OutreachRefused(N_("请选择联系的结果"))
    return _write(row, result, at=at, note=note)


@transaction.atomic
def receipt(*, call: Call, at: datetime) -> Call:
    """Write down that a household opened its link and said it knows; twice is once."""
    row = _locked(call)
    if row.read_at is None:
        row.read_at = at
        if row.state != policy.Call.REACHED:
            return _write(row, "receipt", at=at, note=row.note)
        row.save()
    return row


@transaction.atomic
def keep_phone(*, household: Household, phone: str, actor: User, at: datetime) -> DoorPhone:
    """Keep the number a household gave with its consent; an empty one takes it away.

    :raises OutreachRefused: if the household is not in the actor's grid.
    """
    home = _home(household)
    _check_grid(home, actor)
    today = timezone.localdate(at)
    if not phone:
        DoorPhone.objects.filter(household=home).delete()
    else:
        values = {"phone": phone, "consented_on": today, "kept_by": actor}
        DoorPhone.objects.update_or_create(household=home, defaults=values)
    facts = {"kept": bool(phone)}
    _record(home, "keep_phone", actor=actor, at=at, facts=facts)
    return DoorPhone.objects.filter(household=home).first()


@transaction.atomic
def look_at_phone(*, call: Call, actor: User, at: datetime) -> str:
    """Return the number of a household that is to be told something; who looked is written down.

    :raises OutreachRefused: if the call is not the actor's, or the household gave none.
    """
    row = _locked(call)
    check_worker(row, actor)
    kept = DoorPhone.objects.filter(household=row.household_id).first()
    if kept is None:
        raise policy.OutreachRefused(N_("这一户没有留电话"))
    facts = {"announcement": row.announcement_id, "call": row.pk}
    _record(_home(row.household), "look_at_phone", actor=actor, at=at, facts=facts)
    return kept.phone


def _locked(call: Call) -> Call:
    rows = Call.objects.select_for_update(of=["self"])
    row = rows.select_related("announcement", "grid__unit", "household").get(pk=call.pk)
    if row.announcement.state != policy.State.SENT:
        raise policy.OutreachRefused(N_("这条通知已经结束，不用再联系"))
    return row


def check_worker(row: Call, actor: User) -> None:
    """Test that a call is the actor's, or of a grid where they stand in for one another.

    :raises OutreachRefused: if it is not.
    """
    roles = {seat.role for seat in seats_over(actor, row.grid.unit)}
    if row.worker_id != actor.pk and not roles & {Role.GRID_WORKER, *policy.AUTHORS}:
        raise policy.OutreachRefused(N_("这一户不归您联系"))


def _check_grid(home: Household, actor: User) -> None:
    roles = {seat.role for seat in seats_over(actor, home.building.grid.unit)}
    if Role.GRID_WORKER not in roles:
        raise policy.OutreachRefused(N_("只有本网格的网格员能登记住户电话"))


def _home(household: Household) -> Household:
    return Household.objects.select_related("building__grid__unit").get(pk=household.pk)


def _write(row: Call, result: str, *, at: datetime, note: str) -> Call:
    row.result, row.state = result, policy.RESULTS[result].state
    row.n_tries, row.at, row.note = row.n_tries + 1, at, note
    row.save()
    return row


def _record(home: Household, name: str, *, actor: User, at: datetime, facts: dict) -> None:
    unit = home.building.grid.unit
    record(subject=f"household:{home.pk}", name=name, actor=actor, at=at, facts=facts, unit=unit)
