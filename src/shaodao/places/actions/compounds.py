"""What is kept of compounds by hand: the chiefs of buildings, and what is broken."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.people.actions import record
from shaodao.people.models import User
from shaodao.places.models import Building, BuildingChief, Compound, Defect
from shaodao.places.policy import PlaceRefused

from .checking import check


@transaction.atomic
def name_chief(
    *, building: Building, name: str, phone: str, actor: User, at: datetime, why: str
) -> BuildingChief:
    """Make somebody the chief of a building from today on; the one before ends today.

    :raises PlaceRefused: if the actor may not, or no name is given.
    """
    rows = Building.objects.select_for_update(of=["self"]).select_related("grid__unit")
    row = rows.get(pk=building.pk)
    check("keep_places", actor=actor, unit=row.grid.unit, why=why)
    if not name.strip():
        raise PlaceRefused(N_("请写明楼栋长的姓名"))
    _end(row, at=at)
    chief = BuildingChief.objects.create(
        building=row, name=name.strip(), phone=phone.strip(), since=timezone.localdate(at)
    )
    _write_down(row, "name_chief", actor=actor, at=at, facts={"chief": chief.pk}, why=why)
    return chief


@transaction.atomic
def end_chief(*, building: Building, actor: User, at: datetime, why: str) -> None:
    """Leave a building without a chief from today on.

    :raises PlaceRefused: if the actor may not, or it has none.
    """
    rows = Building.objects.select_for_update(of=["self"]).select_related("grid__unit")
    row = rows.get(pk=building.pk)
    check("keep_places", actor=actor, unit=row.grid.unit, why=why)
    if not _end(row, at=at):
        raise PlaceRefused(N_("这栋楼没有楼栋长"))
    _write_down(row, "end_chief", actor=actor, at=at, facts={}, why=why)


def _end(building: Building, *, at: datetime) -> bool:
    today = timezone.localdate(at)
    held = BuildingChief.objects.filter(building=building, until=None)
    n_same_day, _ = held.filter(since__gte=today).delete()  # put right the same day
    return bool(held.update(until=today) + n_same_day)


@transaction.atomic
def record_defect(
    *,
    compound: Compound,
    category: str,
    text: str,
    key: UUID,
    actor: User,
    at: datetime,
    building: Building | None = None,
) -> Defect:
    """Write down what is broken in a compound; its case has the same key.

    category : code of a reports.Category
    """
    defect, is_new = Defect.objects.get_or_create(
        key=key,
        defaults={
            "compound": compound,
            "building": building,
            "category": category,
            "text": text[:400],
            "found_by": actor,
            "found_at": at,
        },
    )
    if is_new:
        facts = {"compound": compound.pk, "category": category}
        record(
            subject=f"defect:{defect.pk}",
            name="record_defect",
            actor=actor,
            at=at,
            facts=facts,
            unit=compound.community,
        )
    return defect


def _write_down(
    building: Building,
    name: str,
    *,
    actor: User,
    at: datetime,
    facts: dict[str, object],
    why: str,
) -> None:
    record(
        subject=f"building:{building.pk}",
        name=name,
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=building.grid.unit,
    )
