"""Which party form a grid is due (应建必建), and what stands there."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from shaodao.people.models import Unit
from shaodao.people.policy import Kind
from shaodao.people.queries import number
from shaodao.places.models import Grid
from shaodao.workforce import policy
from shaodao.workforce.models import Roll

_FORMS = (Kind.GRID_BRANCH, Kind.BUILDING_GROUP)


@dataclass(frozen=True)
class Due:
    """A grid with the form it is due and the bodies that stand for it."""

    grid: Grid
    n_members: int
    roll: Roll | None  # null: summed up from the rolls of the bodies that stand
    form: policy.PartyForm
    bodies: list[Unit]
    partner: Unit | None  # whom a joint branch is formed with

    @property
    def label(self) -> str:
        return policy.PARTY_LABELS[self.form]

    @property
    def is_met(self) -> bool:
        kinds = {body.kind for body in self.bodies}
        return policy.is_form_met(
            self.form, has_branch=Kind.GRID_BRANCH in kinds, has_group=Kind.BUILDING_GROUP in kinds
        )


def thresholds(on: date, unit_ids: list[int]) -> policy.Thresholds:
    """Return from how many members on each form is due in a place."""
    names = ("group", "branch", "general", "committee")
    return policy.Thresholds(
        *(number(f"party_{name}_least", on=on, unit_ids=unit_ids) for name in names)
    )


def due_forms(user, *, on: date, community: int | None = None) -> list[Due]:
    """Return the form each grid under `user`'s posts is due, community by community."""
    grids = Grid.objects.visible_to(user).filter(valid_to=None).select_related("unit__parent")
    if community is not None:
        grids = grids.filter(unit__parent=community)
    rows = list(grids.defer("boundary").order_by("code"))
    bodies, rolls = _bodies_of(rows), _rolls_of(grids)
    counted = {grid.pk: _members(grid, bodies, rolls) for grid in rows}
    cache: dict[int, policy.Thresholds] = {}
    found = []
    for grid in rows:
        parent = grid.unit.parent_id
        limits = cache.setdefault(parent, thresholds(on, grid.unit.ancestor_ids[:-1]))
        form = policy.form_due(counted[grid.pk], limits)
        partner = _partner(grid, rows, counted) if form == policy.PartyForm.JOINT else None
        found.append(
            Due(
                grid, counted[grid.pk], rolls.get(grid.pk), form, bodies.get(grid.code, []), partner
            )
        )
    return found


def _bodies_of(grids: list[Grid]) -> dict[str, list[Unit]]:
    """Return the branches and groups that stand for each grid: their area is it, or lies in it."""
    units = Unit.objects.in_force().filter(kind__in=[*_FORMS, Kind.MEMBER_HOME]).order_by("path")
    codes = {grid.code for grid in grids}
    found: dict[str, list[Unit]] = {}
    for unit in units:
        code = unit.area_code[:15]
        if code in codes:
            found.setdefault(code, []).append(unit)
    return found


def _rolls_of(grids: QuerySet[Grid]) -> dict[int, Roll]:
    rows = Roll.objects.filter(grid__in=grids).order_by("counted_on", "pk")
    return {row.grid_id: row for row in rows}


def _members(grid: Grid, bodies: dict[str, list[Unit]], rolls: dict[int, Roll]) -> int:
    if grid.pk in rolls:
        return rolls[grid.pk].n_members
    return sum(body.n_members for body in bodies.get(grid.code, []))


def _partner(grid: Grid, rows: list[Grid], counted: dict[int, int]) -> Unit | None:
    """Return the grid of the same community with most members, the one to join with."""
    beside = [row for row in rows if row.unit.parent_id == grid.unit.parent_id and row != grid]
    best = max(beside, key=lambda row: (counted[row.pk], row.code), default=None)
    return best.unit if best else None
