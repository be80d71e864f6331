"""Claiming one of the six posts, and what the desk makes of it."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.notices.actions import post
from shaodao.people.actions import record
from shaodao.people.models import User, seats_over
from shaodao.people.queries import number
from shaodao.places.models import Grid
from shaodao.workforce import policy
from shaodao.workforce.models import Holding
from shaodao.workforce.queries.charges import charges_on, is_of_grid

from .rostering import MINE


@transaction.atomic
def claim(*, grid: Grid, code: str, actor: User, at: datetime) -> Holding:
    """Claim one of a grid's six posts for oneself.

    :raises WorkforceRefused: not of the grid, somebody holds it, or too many already.
    """
    grid = Grid.objects.select_for_update(of=["self"]).select_related("unit").get(pk=grid.pk)
    on = timezone.localdate(at)
    if code not in {charge.code for charge in charges_on(on, grid.unit.ancestor_ids)}:
        raise policy.WorkforceRefused(N_("没有这个岗"))
    rows = list(Holding.objects.filter(grid=grid).standing().select_related("person"))
    own = [row for row in rows if row.person_id == actor.pk]
    holder = next(
        (r.person.name for r in rows if r.charge_code == code and r.status in policy.HELD), ""
    )
    if already := next((row for row in own if row.charge_code == code), None):
        return already
    policy.check_claim(
        is_of_grid=is_of_grid(actor, grid),
        holder=holder,
        n_own=len(own),
        most=number("charges_a_person", on=on, unit_ids=grid.unit.ancestor_ids),
    )
    row = Holding.objects.create(
        grid=grid,
        charge_code=code,
        person=actor,
        status=policy.HoldingStatus.CLAIMED.value,
        claimed_at=at,
    )
    _record(row, "claim", actor=actor, at=at)
    return row


@transaction.atomic
def move_holding(
    *, holding: Holding, name: str, actor: User, at: datetime, why: str = ""
) -> Holding:
    """Make the move `name` on a claim and return it as it now stands.

    :raises WorkforceRefused: wrong status, not theirs to make, no reason, or the post is held.
    """
    rows = Holding.objects.select_for_update(of=["self"]).select_related("grid__unit", "person")
    row = rows.get(pk=holding.pk)
    step = policy.HOLDING_MOVES[name]
    policy.check_holding_move(
        step,
        status=policy.HoldingStatus(row.status),
        roles={seat.role for seat in seats_over(actor, row.grid.unit)},
        is_own=row.person_id == actor.pk,
        why=why,
    )
    if step.to in policy.HELD and not is_of_grid(row.person, row.grid):
        raise policy.WorkforceRefused(
            N_("{who}已经不在本网格、本社区（村）任职"), who=row.person.name
        )
    row.status, row.decided_at, row.decided_by, row.why = step.to.value, at, actor, why.strip()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise policy.WorkforceRefused(N_("一岗一员：这个岗已经有人担任")) from error
    _record(row, name, actor=actor, at=at, why=why)
    if actor.pk != row.person_id:
        key = f"holding:{row.pk}:{row.status}"
        text = f"您在{row.grid.unit.short_name}认领的岗位：{policy.HOLDING_LABELS[step.to][0]}"
        post([(key, row.person_id, "", text, MINE)], about=key, at=at)
    return row


def _record(row: Holding, name: str, *, actor: User, at: datetime, why: str = "") -> None:
    record(
        subject=f"holding:{row.pk}",
        name=f"{name}_charge",
        actor=actor,
        at=at,
        facts={"grid": row.grid.code, "charge": row.charge_code, "person": row.person_id},
        why=why,
        unit=row.grid.unit,
    )
