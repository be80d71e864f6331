"""Grids: drawn, split, merged, renamed; what is decided today may hold from a later day on."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone
from procrastinate.contrib.django import app
from shapely import LineString, Point, Polygon, STRtree, box, from_wkb, points, to_wkb, union_all
from shapely.ops import split

from shaodao.cores.geodesy import project
from shaodao.cores.reading_order import reading_order
from shaodao.cores.wording import N_, Refusal
from shaodao.kit.versions import bump
from shaodao.kit.wording import say
from shaodao.people.actions import record
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Kind, Level, Role
from shaodao.places.models import Asset, Building, Contact, Grid, GridChange, Succession
from shaodao.places.policy import (
    ChangeKind,
    PlaceRefused,
    grid_code,
    grid_name,
    next_serials,
)

from .checking import check

OVERLAP = 1e-12  # square degrees, about a square centimetre: rounding, not an overlap
LEAST_M2 = 100.0  # a part of a grid smaller than this is a slip of the pen


@transaction.atomic
def draw_grid(*, unit: Unit, boundary: Polygon, actor: User, at: datetime, why: str) -> Grid:
    """Draw the boundary of a grid, anew or for the first time.

    boundary : WGS 84 degrees, longitude first

    :raises PlaceRefused: if the actor may not, the boundary is no area, overlaps another grid's, or
        leaves a building of the grid outside.
    """
    check("draw_grid", actor=actor, unit=unit, why=why)
    if unit.kind != Kind.AREA or unit.level != "GRID":
        raise PlaceRefused(N_("{unit}不是网格"), unit=unit.short_name)
    check_boundary(unit, boundary)
    shape = shape_of(unit, boundary)
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


def shape_of(unit: Unit, boundary: Polygon) -> dict[str, object]:
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


def check_boundary(
    unit: Unit, boundary: Polygon, *, beside: Collection[Grid] = (), is_placed: bool = False
) -> None:
    """Test that a boundary may be a grid's: an area, apart from others, with its buildings inside.

    beside : grids that end when this one begins, or are drawn anew with it
    is_placed : ask only after buildings that were placed, not those put at the grid's middle

    :raises PlaceRefused: if it may not.
    """
    if boundary.is_empty or not boundary.is_valid or boundary.geom_type != "Polygon":
        raise PlaceRefused(N_("边界须是一个不自交的多边形"))
    west, south, east, north = boundary.bounds
    if not box(-180, -85, 180, 85).contains(boundary):
        raise PlaceRefused(N_("边界超出了地图"))
    near = Grid.objects.filter(
        west__lt=east, east__gt=west, south__lt=north, north__gt=south, valid_to=None
    ).exclude(unit=unit)
    near = near.exclude(pk__in=[grid.pk for grid in beside])
    for code, other in near.values_list("code", "boundary"):
        if from_wkb(bytes(other)).intersection(boundary).area > OVERLAP:
            raise PlaceRefused(N_("与网格 {code} 重叠"), code=code)
    rows = unit.grid.buildings.all() if hasattr(unit, "grid") else Building.objects.none()
    homes = (rows.filter(is_placed=True) if is_placed else rows).values_list("lon", "lat")
    n_outside = sum(not boundary.intersects(Point(lon, lat)) for lon, lat in homes)
    if n_outside:
        raise PlaceRefused(N_("有 {n} 栋楼会落在网格外"), n=n_outside)


# ---- splits, mergers, new names ----------------------------------------------------------------


@transaction.atomic
def plan_split(
    *,
    grid: Grid,
    line: LineString,
    since: date,
    actor: User,
    at: datetime,
    why: str,
    names: Sequence[str] = (),
) -> GridChange:
    """Decide that a grid is cut along a line from a day on.

    line : WGS 84 degrees, longitude first, from outside the grid to outside it
    names : of the parts in the order of their serials; those left out are named by serial

    :raises PlaceRefused: if the actor may not, the day is past, or the line does not cut the grid.
    """
    grid = _locked([grid], "change_grid", actor=actor, why=why)[0]
    pieces = [part for part in split(from_wkb(bytes(grid.boundary)), line).geoms if part.area]
    if len(pieces) < 2:
        raise PlaceRefused(N_("画的线没有把网格分开：起点和终点要画到网格外面"))
    if min(shape_of(grid.unit, piece)["area_m2"] for piece in pieces) < LEAST_M2:
        raise PlaceRefused(N_("分出来的一块太小，请重新画线"))
    return _decide(
        ChangeKind.SPLIT, [grid], pieces, names, since=since, actor=actor, at=at, why=why
    )


@transaction.atomic
def plan_merge(
    *,
    grids: Sequence[Grid],
    since: date,
    actor: User,
    at: datetime,
    why: str,
    name: str = "",
) -> GridChange:
    """Decide that neighbouring grids of one community become one from a day on.

    :raises PlaceRefused: if the actor may not, the day is past, or they do not join.
    """
    if len({grid.pk for grid in grids}) < 2:
        raise PlaceRefused(N_("请选择要合并的两个以上网格"))
    rows = _locked(grids, "change_grid", actor=actor, why=why)
    if len({row.unit.parent_id for row in rows}) > 1:
        raise PlaceRefused(N_("只能合并同一个社区村的网格"))
    whole = union_all([from_wkb(bytes(row.boundary)) for row in rows], grid_size=1e-9)
    if whole.geom_type != "Polygon":
        raise PlaceRefused(N_("这些网格不相连，不能合并"))
    return _decide(
        ChangeKind.MERGE,
        rows,
        [Polygon(whole.exterior)],
        [name] if name else [],
        since=since,
        actor=actor,
        at=at,
        why=why,
    )


@transaction.atomic
def plan_renaming(
    *, grid: Grid, name: str, since: date, actor: User, at: datetime, why: str
) -> GridChange:
    """Decide that a grid has another name from a day on; its code stays.

    :raises PlaceRefused: if the actor may not, the day is past, or the name is a neighbour's.
    """
    grid = _locked([grid], "change_grid", actor=actor, why=why)[0]
    if not name.strip():
        raise PlaceRefused(N_("请填写新的名称"))
    return _decide(
        ChangeKind.RENAME, [grid], [], [name.strip()], since=since, actor=actor, at=at, why=why
    )


@transaction.atomic
def cancel_change(*, change: GridChange, actor: User, at: datetime, why: str) -> GridChange:
    """Take back a change whose day has not come.

    :raises PlaceRefused: if the actor may not, or it is done already.
    """
    row = GridChange.objects.select_for_update().get(pk=change.pk)
    check("change_grid", actor=actor, unit=row.community, why=why)
    if row.done_at or row.cancelled_at:
        raise PlaceRefused(N_("这项调整已经办完，不能取消"))
    row.cancelled_at = at
    row.save(update_fields=["cancelled_at"])
    _write_down(row, "cancel_grid_change", actor=actor, at=at, facts={}, why=why)
    return row


@app.periodic(cron="3 0 * * *")
@app.task(queueing_lock="places.make_due_changes", queue="sweeps")
def make_due_changes(timestamp: int = 0) -> None:
    """Make the changes of grids whose day has come."""
    make_changes(at=timezone.now())


def make_changes(*, at: datetime) -> int:
    """Make the changes due at an instant and return how many were made."""
    due = GridChange.objects.due(timezone.localdate(at)).filter(refusal="").order_by("since", "pk")
    return sum(_try(pk, at=at) for pk in due.values_list("pk", flat=True))


def _try(pk: int, *, at: datetime) -> bool:
    try:
        with transaction.atomic():
            _make(GridChange.objects.select_for_update().get(pk=pk), at=at)
    except Refusal as refusal:
        # What stood in the way is shown to whoever decided; it is not tried every night.
        GridChange.objects.filter(pk=pk).update(refusal=say(refusal)[:200])
        return False
    return True


def _locked(grids: Sequence[Grid], name: str, *, actor: User, why: str) -> list[Grid]:
    """Lock grids that are in force, in the order of their codes."""
    rows = Grid.objects.select_for_update(of=["self"]).select_related("unit__parent")
    found = list(rows.filter(pk__in=[grid.pk for grid in grids], valid_to=None).order_by("code"))
    if len(found) < len({grid.pk for grid in grids}):
        raise PlaceRefused(N_("网格已经停用"))
    for row in found:
        check(name, actor=actor, unit=row.unit, why=why)
    return found


def _decide(
    kind: ChangeKind,
    grids: Sequence[Grid],
    shapes: Sequence[Polygon],
    names: Sequence[str],
    *,
    since: date,
    actor: User,
    at: datetime,
    why: str,
) -> GridChange:
    today = timezone.localdate(at)
    if since < today:
        raise PlaceRefused(N_("生效日期不能早于今天"))
    open_ones = GridChange.objects.filter(grids__in=grids, done_at=None, cancelled_at=None)
    if open_ones.exists():
        raise PlaceRefused(N_("这个网格已经有一项没有生效的调整，请先取消"))
    order = reading_order([_point_in(shape) for shape in shapes])
    plan = [{"boundary": to_wkb(shapes[index], hex=True)} for index in order] or [{}]
    for part, name in zip(plan, names, strict=False):
        part["name"] = name
    change = GridChange.objects.create(
        kind=kind.value,
        community=grids[0].unit.parent,
        plan=plan,
        since=since,
        decided_by=actor,
        decided_at=at,
        why=why[:200],
    )
    change.grids.set(grids)
    facts = {"kind": kind.value, "grids": [grid.code for grid in grids], "since": since.isoformat()}
    _write_down(change, "plan_grid_change", actor=actor, at=at, facts=facts, why=why)
    if since == today:
        _make(change, at=at)
    return change


def _make(change: GridChange, *, at: datetime) -> None:
    grids = list(
        Grid.objects.select_for_update(of=["self"])
        .select_related("unit__parent")
        .filter(changes=change, valid_to=None)
        .order_by("code")
    )
    if len(grids) < change.grids.count():
        raise PlaceRefused(N_("网格已经停用"))
    if change.kind == ChangeKind.RENAME:
        facts = _rename(grids[0], change.plan[0]["name"])
    else:
        facts = _replace(change, grids)
    change.done_at = at
    change.save(update_fields=["done_at"])
    bump("units")
    bump("grids")
    _write_down(change, "change_grid", actor=change.decided_by, at=at, facts=facts, why=change.why)


def _rename(grid: Grid, name: str) -> dict[str, object]:
    siblings = Unit.objects.filter(parent=grid.unit.parent_id, level=Level.GRID, valid_to=None)
    if siblings.exclude(pk=grid.unit_id).filter(short_name=name).exists():
        raise PlaceRefused(N_("同一个社区村里已经有叫{name}的网格"), name=name)
    before = grid.unit.short_name
    Unit.objects.filter(pk=grid.unit_id).update(name=name[:80], short_name=name[:40])
    return {"grid": grid.code, "from": before, "to": name}


def _replace(change: GridChange, grids: Sequence[Grid]) -> dict[str, object]:
    """End grids and begin those that come out of them, with what stands and who works there."""
    community = change.community
    shapes = [from_wkb(bytes.fromhex(part["boundary"])) for part in change.plan]
    codes = Unit.objects.filter(parent=community, level=Level.GRID).exclude(code=None)
    serials = next_serials(set(codes.values_list("code", flat=True)), len(shapes))
    Grid.objects.filter(pk__in=[grid.pk for grid in grids]).update(valid_to=change.since)
    Unit.objects.filter(pk__in=[grid.unit_id for grid in grids]).update(valid_to=change.since)
    made = []
    for part, shape, serial in zip(change.plan, shapes, serials, strict=True):
        name = part.get("name") or grid_name(community.short_name, serial)
        unit = _new_unit(community, grid_code(community.code, serial), name, change.since)
        check_boundary(unit, shape, beside=grids)
        made.append(
            Grid.objects.create(unit=unit, valid_from=change.since, **shape_of(unit, shape))
        )
    Succession.objects.bulk_create(
        Succession(before=before, after=after, since=change.since)
        for before in grids
        for after in made
    )
    _move_things(grids, made, shapes)
    _carry_posts(grids, made, since=change.since)
    return {"ended": [grid.code for grid in grids], "begun": [grid.code for grid in made]}


def _new_unit(community: Unit, code: str, name: str, since: date) -> Unit:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('people_unit', 'id'))")
        pk = cursor.fetchone()[0]
    return Unit.objects.create(
        pk=pk,
        name=name[:80],
        short_name=name[:40],
        kind=Kind.AREA.value,
        level=Level.GRID.value,
        parent=community,
        path=f"{community.path}{pk}/",
        code=code,
        valid_from=since,
    )


def _move_things(before: Sequence[Grid], after: Sequence[Grid], shapes: Sequence[Polygon]) -> None:
    """Give buildings and assets to the grid they now stand in; what is written of cases stays."""
    tree = STRtree(shapes)
    for model in (Building, Asset):
        rows = list(model.objects.filter(grid__in=before).values_list("pk", "lon", "lat"))
        if not rows:
            continue
        nearest = tree.nearest(points([(lon, lat) for _, lon, lat in rows]))
        by_grid = defaultdict(list)
        for (pk, _, _), index in zip(rows, nearest.tolist(), strict=True):
            by_grid[index].append(pk)
        for index, pks in by_grid.items():
            model.objects.filter(pk__in=pks).update(grid=after[index])


def _carry_posts(before: Sequence[Grid], after: Sequence[Grid], *, since: date) -> None:
    """Post the workers where most of their households now lie.

    The posts in the ended grids stay until an administrator ends them: whoever holds an open case
    there finishes it.
    """
    units = [grid.unit_id for grid in before]
    posts = Post.objects.in_force().filter(unit__in=units, role=Role.GRID_WORKER)
    homes = Contact.objects.in_force().filter(household__building__grid__in=after)
    counted = homes.values_list("worker", "household__building__grid").annotate(n=Count("pk"))
    where: dict[int, dict[int, int]] = defaultdict(dict)
    for worker, grid, n in counted:
        where[worker][grid] = n
    units_of = {grid.pk: grid.unit for grid in after}
    headed: set[int] = set()
    load = dict.fromkeys(units_of, 0)
    given = set()
    for post in sorted(posts, key=lambda post: (not post.is_head, post.pk)):
        if post.user_id in given:
            continue
        given.add(post.user_id)
        there = where.get(post.user_id) or {min(load, key=load.__getitem__): 0}
        grid = max(there, key=there.__getitem__)
        load[grid] += 1
        is_head = post.is_head and grid not in headed
        headed |= {grid} if is_head else set()
        unit = units_of[grid]
        Post.objects.create(
            user_id=post.user_id, unit=unit, role=post.role, since=since, is_head=is_head
        )


def _write_down(
    change: GridChange,
    name: str,
    *,
    actor: User,
    at: datetime,
    facts: dict[str, object],
    why: str,
) -> None:
    record(
        subject=f"grid_change:{change.pk}",
        name=name,
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=change.community,
    )


def _point_in(shape: Polygon) -> tuple[float, float]:
    inside = shape.representative_point()
    return inside.x, inside.y
