"""What is done to places: contact workers, grids, owners of assets; each with who and why."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from shapely import Point, Polygon, box, from_wkb, to_wkb

from shaodao.cores.geodesy import project
from shaodao.cores.wording import N_
from shaodao.kit.versions import bump
from shaodao.people.actions import record
from shaodao.people.models import Post, Unit, User, seats_over
from shaodao.people.policy import Kind, Role
from shaodao.people.queries import units_by_id

from .models import Asset, Contact, Grid, Household
from .policy import PlaceRefused, check_may

OVERLAP = 1e-12  # square degrees, about a square centimetre: rounding, not an overlap
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
    _check("assign_contact", actor=actor, unit=unit, why=why)
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
def draw_grid(*, unit: Unit, boundary: Polygon, actor: User, at: datetime, why: str) -> Grid:
    """Draw the boundary of a grid, anew or for the first time.

    boundary : WGS 84 degrees, longitude first

    :raises PlaceRefused: if the actor may not, the boundary is no area, overlaps another grid's, or
        leaves a building of the grid outside.
    """
    _check("draw_grid", actor=actor, unit=unit, why=why)
    if unit.kind != Kind.AREA or unit.level != "GRID":
        raise PlaceRefused(N_("{unit}不是网格"), unit=unit.short_name)
    _check_boundary(unit, boundary)
    shape = _shape_of(unit, boundary)
    grid, is_new = Grid.objects.select_for_update().update_or_create(
        unit=unit,
        defaults=shape,
        create_defaults={**shape, "valid_from": timezone.localdate(at)},
    )
    bump("grids")
    record(
        subject=f"grid:{grid.pk}",
        name="draw_grid",
        actor=actor,
        at=at,
        facts={
            "new": is_new,
            "corners": len(boundary.exterior.coords) - 1,
            "area": round(grid.area_m2),
        },
        why=why,
        unit=unit,
    )
    return grid


def _shape_of(unit: Unit, boundary: Polygon) -> dict[str, object]:
    """Return the columns of a grid that follow from its boundary."""
    inside = boundary.representative_point()
    flat = [project(lon, lat, (inside.x, inside.y)) for lon, lat in boundary.exterior.coords]
    box_of = dict(zip(("west", "south", "east", "north"), boundary.bounds, strict=True))
    return {
        **box_of,
        "code": unit.code,
        "boundary": to_wkb(boundary),
        "lon": inside.x,
        "lat": inside.y,
        "area_m2": Polygon(flat).area,
    }


def _check_boundary(unit: Unit, boundary: Polygon) -> None:
    if boundary.is_empty or not boundary.is_valid or boundary.geom_type != "Polygon":
        raise PlaceRefused(N_("边界须是一个不自交的多边形"))
    west, south, east, north = boundary.bounds
    if not box(-180, -85, 180, 85).contains(boundary):
        raise PlaceRefused(N_("边界超出了地图"))
    near = Grid.objects.filter(
        west__lt=east, east__gt=west, south__lt=north, north__gt=south, valid_to=None
    ).exclude(unit=unit)
    for code, other in near.values_list("code", "boundary"):
        if from_wkb(bytes(other)).intersection(boundary).area > OVERLAP:
            raise PlaceRefused(N_("与网格 {code} 重叠"), code=code)
    homes = unit.grid.buildings.values_list("lon", "lat") if hasattr(unit, "grid") else ()
    n_outside = sum(not boundary.intersects(Point(lon, lat)) for lon, lat in homes)
    if n_outside:
        raise PlaceRefused(N_("有 {n} 栋楼会落在网格外"), n=n_outside)


@transaction.atomic
def set_asset_owner(*, asset: Asset, owner: Unit, actor: User, at: datetime, why: str) -> Asset:
    """Write down which unit a public asset belongs to; its cases go there first.

    :raises PlaceRefused: if the actor may not, or a unit of this kind owns nothing.
    """
    row = Asset.objects.select_for_update(of=["self"]).select_related("grid__unit").get(pk=asset.pk)
    unit = units_by_id()[row.grid.unit_id]
    _check("set_asset_owner", actor=actor, unit=unit, why=why)
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


def _check(name: str, *, actor: User, unit: Unit, why: str) -> None:
    check_may(name, {seat.role for seat in seats_over(actor, unit)})
    if not why.strip():
        raise PlaceRefused(N_("请写明原因"))
