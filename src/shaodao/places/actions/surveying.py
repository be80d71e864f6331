"""Boundaries from a file: mended on request, written as one, taken back as one."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from shapely import from_wkb, to_wkb

from shaodao.cores.topology import Flaw, mend
from shaodao.cores.wording import N_
from shaodao.people.models import Unit, User
from shaodao.places.models import Asset, Building, Grid, Import, ImportRow
from shaodao.places.policy import Fate, ImportStatus, PlaceRefused
from shaodao.places.registers.boundaries import judge, neighbours
from shaodao.places.registers.knowing import Row

from .grids import check_boundary, shape_of


@transaction.atomic
def mend_boundaries(*, batch: Import, flaws: Sequence[Flaw], actor: User) -> Import:
    """Mend these kinds of flaws in boundaries that wait to be confirmed, and judge them again.

    :raises PlaceRefused: if the actor did not bring them in, or they do not wait.
    """
    batch = Import.objects.select_for_update().get(pk=batch.pk)
    if batch.uploaded_by_id != actor.pk:
        raise PlaceRefused(N_("只有上传的人能确认、放弃或撤销"))
    if batch.status != ImportStatus.READY:
        raise PlaceRefused(N_("这次导入已经不在这一步，请刷新页面"))
    staged = list(ImportRow.objects.filter(batch=batch).order_by("n"))
    rows = []
    for one in staged:
        row = Row(one.n, one.cells, label=one.label, values=dict(one.values))
        # What is wrong between areas is looked at afresh; what is wrong in the row itself stays.
        row.faults = [] if {"unit_id", "boundary"} <= set(one.values) else one.faults
        rows.append(row)
    areas = {row.label: from_wkb(row.values["boundary"]) for row in rows if not row.faults}
    units = [row.values["unit_id"] for row in rows if not row.faults]
    others = Grid.objects.filter(valid_to=None).exclude(unit__in=units).select_related("unit")
    beside = neighbours(areas, {grid.unit_id: grid for grid in others})
    mended = mend(areas, flaws, beside)
    for row in rows:
        if not row.faults:
            row.values["boundary"] = to_wkb(mended[row.label], hex=True)
    batch.facts |= judge(rows) | {"mended": sorted({*batch.facts.get("mended", ()), *flaws})}
    for one, row in zip(staged, rows, strict=True):
        one.values, one.before, one.target = row.values, row.before, row.target
        one.fate, one.faults = row.fate.value, row.faults
    ImportRow.objects.bulk_update(staged, ["values", "before", "target", "fate", "faults"])
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.fate.value] = counts.get(row.fate.value, 0) + 1
    batch.counts = counts
    batch.save(update_fields=["facts", "counts"])
    return batch


def write_boundaries(batch: Import, ids: Sequence[int], *, at: datetime) -> None:
    """Write the boundaries of a confirmed import; what became impossible since is refused."""
    rows = list(ImportRow.objects.filter(pk__in=ids).order_by("n"))
    units = Unit.objects.in_bulk([row.values["unit_id"] for row in rows])
    drawn = list(Grid.objects.select_for_update().filter(unit__in=units, valid_to=None))
    by_unit = {grid.unit_id: grid for grid in drawn}
    for row in rows:
        unit = units[row.values["unit_id"]]
        boundary = from_wkb(row.values["boundary"])
        try:
            check_boundary(unit, boundary, beside=drawn, is_placed=True)
        except PlaceRefused as refusal:
            row.fate = Fate.REFUSED.value
            row.faults = [["", refusal.message, refusal.values]]
            continue
        grid = by_unit.get(unit.pk) or Grid(unit=unit, valid_from=timezone.localdate(at))
        for name, value in shape_of(unit, boundary).items():
            setattr(grid, name, value)
        grid.save()
        row.target = grid.pk
    ImportRow.objects.bulk_update(rows, ["fate", "faults", "target"])


def restore_boundaries(batch: Import) -> list[list]:
    """Give grids back the boundaries they had; nothing, where something stands in the way: that."""
    rows = list(ImportRow.objects.filter(batch=batch, is_done=True).order_by("n"))
    grids = Grid.objects.select_for_update().in_bulk([row.target for row in rows])
    used = []
    for row in rows:
        grid = grids.get(row.target)
        if grid is None or bytes(grid.boundary).hex() != row.values["boundary"].lower():
            used.append([row.n, row.label, N_("导入以后又改过")])
        elif row.fate == Fate.NEW and _is_used(grid):
            used.append([row.n, row.label, N_("已经用到")])
    if used:
        return used
    for row in rows:
        grid = grids[row.target]
        if row.fate == Fate.NEW:
            grid.delete()
            continue
        unit = Unit.objects.get(pk=grid.unit_id)
        for name, value in shape_of(unit, from_wkb(row.before["boundary"])).items():
            setattr(grid, name, value)
        grid.save()
    return []


def _is_used(grid: Grid) -> bool:
    kinds = (Building, Asset)
    if any(kind.objects.filter(grid=grid).exists() for kind in kinds):
        return True
    relations = [r for r in Grid._meta.get_fields(include_hidden=True) if r.one_to_many]
    return any(
        relation.related_model.objects.filter(**{relation.field.name: grid}).exists()
        for relation in relations
    )
