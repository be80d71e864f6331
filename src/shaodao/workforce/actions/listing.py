"""Giving lists to workers: a computation proposes, a person confirms, places writes it down."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.people.actions import record
from shaodao.people.models import Unit, User
from shaodao.places.actions import assign_contact
from shaodao.places.models import Contact, Household
from shaodao.workforce import policy
from shaodao.workforce.models import Proposal
from shaodao.workforce.queries.lists import Given, proposed

from .rostering import check_actor


@transaction.atomic
def propose_lists(*, community: Unit, actor: User, at: datetime) -> Proposal:
    """Work out who would best carry which list of a community, and keep it to be looked at.

    :raises WorkforceRefused: if the actor may not, or there is nothing to give.
    """
    check_actor("propose_lists", actor=actor, unit=community)
    found = proposed(community, on=timezone.localdate(at))
    if not found:
        raise policy.WorkforceRefused(N_("这里没有住户可以分配"))
    row = Proposal.objects.create(
        unit=community, made_at=at, made_by=actor, rows=[asdict(one) for one in found]
    )
    facts = {"proposal": row.pk, "lists": len(found), "moved": sum(one.is_moved for one in found)}
    record(
        subject=f"unit:{community.pk}",
        name="propose_lists",
        actor=actor,
        at=at,
        facts=facts,
        unit=community,
    )
    return row


@transaction.atomic
def confirm_lists(*, proposal: Proposal, actor: User, at: datetime, why: str) -> Proposal:
    """Carry a proposal out: every household whose worker changes is written down by places.

    :raises WorkforceRefused: the actor may not, no reason, done already, or lists have changed.
    :raises PlaceRefused: if a worker is no longer of the grid.
    """
    row = Proposal.objects.select_for_update(of=["self"]).select_related("unit").get(pk=proposal.pk)
    check_actor("propose_lists", actor=actor, unit=row.unit)
    policy.check_why(why)
    if row.confirmed_at is not None:
        raise policy.WorkforceRefused(N_("这个方案已经执行"))
    moved = [one for one in (Given(**plain) for plain in row.rows) if one.is_moved]
    _check_unchanged(moved)
    people = User.objects.in_bulk([one.worker for one in moved if one.worker])
    for one in moved:
        homes = Household.objects.filter(pk__in=one.homes).order_by("pk")
        for home in homes:
            assign_contact(household=home, worker=people[one.worker], actor=actor, at=at, why=why)
            row.n_moved += 1
    row.confirmed_at, row.confirmed_by = at, actor
    row.save()
    facts = {"proposal": row.pk, "moved": row.n_moved}
    record(
        subject=f"unit:{row.unit_id}",
        name="confirm_lists",
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=row.unit,
    )
    return row


def _check_unchanged(moved: list[Given]) -> None:
    homes = [home for one in moved for home in one.homes]
    present = dict(
        Contact.objects.in_force()
        .filter(household__in=homes)
        .values_list("household_id", "worker_id")
    )
    if any(present.get(home) != one.before for one in moved for home in one.homes):
        raise policy.WorkforceRefused(N_("名单在这之后变过，请重新生成方案"))
