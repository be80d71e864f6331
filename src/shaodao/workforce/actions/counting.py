"""Counting the party members of a grid."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from shaodao.people.actions import record
from shaodao.people.models import User
from shaodao.places.models import Grid
from shaodao.workforce.models import Roll

from .rostering import check_actor


@transaction.atomic
def count_members(*, grid: Grid, n_members: int, actor: User, at: datetime) -> Roll:
    """Write down how many full party members a grid has today.

    :raises WorkforceRefused: if the actor may not.
    """
    check_actor("count_members", actor=actor, unit=grid.unit)
    row = Roll.objects.create(
        grid=grid, n_members=n_members, counted_on=timezone.localdate(at), counted_by=actor
    )
    facts = {"grid": grid.code, "n": n_members}
    record(
        subject=f"unit:{grid.unit_id}",
        name="count_members",
        actor=actor,
        at=at,
        facts=facts,
        unit=grid.unit,
    )
    return row
