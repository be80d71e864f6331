"""Who a household's contact worker is, and which unit a public asset belongs to."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.people.actions import record
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Kind, Role
from shaodao.people.queries import units_by_id
from shaodao.places.models import Asset, Contact, Household
from shaodao.places.policy import PlaceRefused

from .checking import check

OWNERS = frozenset({Kind.AREA, Kind.DEPARTMENT, Kind.COMPANY, Kind.INSTITUTION})


@transaction.atomic
def assign_contact(
    *, household: Household, worker: User, actor: User, at: datetime, why: str
) -> Contact:
    """Make `worker` the contact worker of a household from today on; the one before ends today.

    :raises PlaceRefused: if the actor may not, gives no reason, or the worker is not of the grid.
    """
    home = Household.objects.select_for_update(of=["self"]).select_related("building__grid__unit")
    row = home.get(pk=household.pk)
    unit, today = row.building.grid.unit, timezone.localdate(at)
    check("assign_contact", actor=actor, unit=unit, why=why)
    posts = Post.objects.in_force().filter(user=worker, role=Role.GRID_WORKER)
    if not posts.filter(unit=unit).exists():
        raise PlaceRefused(N_("{who}不是{grid}的网格员"), who=worker.name, grid=unit.short_name)
    present = row.contacts.filter(until=None).first()
    before = present.worker_id if present else None
    if before == worker.pk:
        return present
    if present is not None and present.since >= today:  # put right the same day: nothing ended
        present.worker = worker
        present.save()
    else:
        row.contacts.filter(until=None).update(until=today)
        present = Contact.objects.create(household=row, worker=worker, since=today)
    facts = {"from": before, "to": worker.pk}
    record(
        subject=f"household:{row.pk}",
        name="assign_contact",
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=unit,
    )
    return present


@transaction.atomic
def set_asset_owner(*, asset: Asset, owner: Unit, actor: User, at: datetime, why: str) -> Asset:
    """Write down which unit a public asset belongs to; its cases go there first.

    :raises PlaceRefused: if the actor may not, or a unit of this kind owns nothing.
    """
    row = Asset.objects.select_for_update(of=["self"]).select_related("grid__unit").get(pk=asset.pk)
    unit = units_by_id()[row.grid.unit_id]
    check("set_asset_owner", actor=actor, unit=unit, why=why)
    if owner.kind not in OWNERS:
        raise PlaceRefused(N_("{unit}不能作为设施权属单位"), unit=owner.short_name)
    before, row.owner = row.owner_id, owner
    row.save()
    record(
        subject=f"asset:{row.pk}",
        name="set_asset_owner",
        actor=actor,
        at=at,
        facts={"from": before, "to": owner.pk},
        why=why,
        unit=unit,
    )
    return row
