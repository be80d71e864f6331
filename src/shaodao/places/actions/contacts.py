"""Who a household's contact worker is, and which unit a public asset belongs to."""

from collections.abc import Sequence
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
def assign_contacts(
    *,
    pairs: Sequence[tuple[Household, User]],
    community: Unit,
    actor: User,
    at: datetime,
    why: str,
) -> int:
    """Make workers the contact workers of many households of a community from today on.

    The same as `assign_contact` for each, in a handful of statements and with one entry for each
    worker and whoever had the households before.

    :raises PlaceRefused: if the actor may not, gives no reason, a household lies elsewhere, or a
        worker is not of its grid.
    """
    check("assign_contact", actor=actor, unit=community, why=why)
    wanted = {home.pk: worker for home, worker in pairs}
    rows = Household.objects.select_for_update(of=["self"]).filter(pk__in=wanted)
    here = rows.filter(building__grid__unit__parent=community).order_by("pk")
    grid_of = dict(here.values_list("pk", "building__grid__unit"))
    if len(grid_of) != len(wanted):
        raise PlaceRefused(N_("有的户不在{where}"), where=community.short_name)
    _check_workers(wanted, grid_of)
    today = timezone.localdate(at)
    present = {
        row.household_id: row
        for row in Contact.objects.filter(household__in=wanted, until=None).order_by("pk")
    }
    # Put right the same day: nothing ended.
    fresh = [row for row in present.values() if row.since >= today]
    before = {pk: row.worker_id for pk, row in present.items()}
    wanted = {pk: worker for pk, worker in wanted.items() if before.get(pk) != worker.pk}
    for row in fresh:
        row.worker = wanted.get(row.household_id, row.worker)
    Contact.objects.bulk_update(fresh, ["worker"], batch_size=1000)
    kept = {row.household_id for row in fresh}
    later = [pk for pk in wanted if pk not in kept]
    Contact.objects.filter(household__in=later, until=None).update(until=today)
    Contact.objects.bulk_create(
        [Contact(household_id=pk, worker=wanted[pk], since=today) for pk in later], batch_size=1000
    )
    changes: dict[tuple[int | None, int], list[int]] = {}
    for pk, worker in wanted.items():
        changes.setdefault((before.get(pk), worker.pk), []).append(pk)
    for (old, new), homes in sorted(changes.items(), key=lambda item: item[1][0]):
        record(
            subject=f"user:{new}",
            name="assign_contacts",
            actor=actor,
            at=at,
            facts={"from": old, "to": new, "households": sorted(homes)},
            why=why,
            unit=community,
        )
    return len(wanted)


def _check_workers(wanted: dict[int, User], grid_of: dict[int, int]) -> None:
    posts = Post.objects.in_force().filter(
        user__in=list(wanted.values()), role=Role.GRID_WORKER, unit__in=set(grid_of.values())
    )
    seats = set(posts.values_list("user_id", "unit_id"))
    for pk, worker in wanted.items():
        if (worker.pk, grid_of[pk]) not in seats:
            grid = units_by_id()[grid_of[pk]]
            raise PlaceRefused(N_("{who}不是{grid}的网格员"), who=worker.name, grid=grid.short_name)


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
