"""Visits to households, and the order a day's visits are walked in."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from shaodao.cores import rounds
from shaodao.cores.wording import N_
from shaodao.outreach import policy
from shaodao.outreach.models import Round, Visit
from shaodao.outreach.queries import visits_of
from shaodao.people.models import User, seats_over
from shaodao.people.policy import Role
from shaodao.people.queries import number
from shaodao.places.models import Household

MOST_STOPS = 60  # of one round: more is not walked in a day


@transaction.atomic
def visit(*, visit: Visit, name: str, actor: User, at: datetime, note: str = "") -> Visit:
    """Write down what came of a visit.

    :raises OutreachRefused: if it is not the actor's, or its state does not allow it.
    """
    rows = Visit.objects.select_for_update(of=["self"]).select_related("grid__unit")
    row = rows.get(pk=visit.pk)
    check_visitor(row, actor)
    row.state = policy.check_visit(name, row.state)
    row.at, row.note = at, note or row.note
    if name in {"done", "nobody_home"}:
        row.n_tries += 1
    row.save()
    return row


def check_visitor(row: Visit, actor: User) -> None:
    """Test that a visit is the actor's, or of a grid where they stand in for one another.

    :raises OutreachRefused: if it is not.
    """
    roles = {seat.role for seat in seats_over(actor, row.grid.unit)}
    if row.worker_id != actor.pk and Role.GRID_WORKER not in roles:
        raise policy.OutreachRefused(N_("这一户不归您走访"))


@transaction.atomic
def plan_visit(
    *,
    household: Household,
    reason: str,
    actor: User,
    at: datetime,
    opens: time | None = None,
    closes: time | None = None,
) -> Visit:
    """Put a household on the actor's list of visits; one that is there already is kept.

    :raises OutreachRefused: if it is not in the actor's grid, or the window ends before it begins.
    """
    rows = Household.objects.select_for_update(of=["self"]).select_related("building__grid__unit")
    home = rows.get(pk=household.pk)
    unit = home.building.grid.unit
    if Role.GRID_WORKER not in {seat.role for seat in seats_over(actor, unit)}:
        raise policy.OutreachRefused(N_("这一户不归您走访"))
    if opens and closes and closes <= opens:
        raise policy.OutreachRefused(N_("方便的时间：结束要在开始之后"))
    standing = Visit.objects.open().filter(household=home, worker=actor, announcement=None).first()
    if standing is not None:
        return standing
    stay = number("visit_minutes", on=timezone.localdate(at), unit_ids=unit.ancestor_ids)
    return Visit.objects.create(
        household=home, grid=home.building.grid, worker=actor, reason=reason, opens=opens,
        closes=closes, stay=stay, created_at=at,
    )  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A round, and the visits whose time cannot be kept that day."""

    round: Round
    left_out: list[Visit]


@transaction.atomic
def plan_round(*, day: date, leaves: time, actor: User, at: datetime) -> Planned:
    """Put the actor's open visits in a good order for a day; a plan of that day is made anew.

    It begins and ends in the middle of the visits: where the worker sets out is not asked.

    :raises OutreachRefused: if there is nothing to visit.
    """
    User.objects.select_for_update().get(pk=actor.pk)
    visits = list(visits_of(actor).select_related("grid__unit")[:MOST_STOPS])
    if not visits:
        raise policy.OutreachRefused(N_("没有要走访的户"))
    stops = [_stop(one) for one in visits]
    begin = _middle(stops)
    above = visits[0].grid.unit.ancestor_ids
    plan = rounds.order_visits(
        stops,
        start=begin,
        leaves=_minutes(leaves),
        metres_per_minute=number("walking_metres_a_minute", on=day, unit_ids=above),
        detour=number("street_detour_percent", on=day, unit_ids=above) / 100,
    )
    Visit.objects.filter(round__worker=actor, round__day=day).update(
        round=None, position=None, arrives=None, walked=0
    )
    made, _new = Round.objects.update_or_create(
        worker=actor,
        day=day,
        defaults={
            "leaves": leaves, "ends": _time(plan.ends), "lon": begin[0], "lat": begin[1],
            "metres": plan.metres, "made_at": at,
        },
    )  # fmt: skip
    for position, stop in enumerate(plan.visits, start=1):
        row = visits[stop.stop]
        row.round, row.position = made, position
        row.arrives, row.walked = _time(stop.begins), stop.walked
    Visit.objects.bulk_update(visits, ["round", "position", "arrives", "walked"])
    return Planned(made, [visits[n] for n in plan.left_out])


def _stop(row: Visit) -> rounds.Stop:
    building = row.household.building
    return rounds.Stop(
        building.lon,
        building.lat,
        stay=row.stay,
        opens=_minutes(row.opens) if row.opens else 0,
        closes=_minutes(row.closes) if row.closes else 24 * 60,
    )


def _middle(stops: list[rounds.Stop]) -> tuple[float, float]:
    return sum(s.lon for s in stops) / len(stops), sum(s.lat for s in stops) / len(stops)


def _minutes(value: time) -> int:
    return value.hour * 60 + value.minute


def _time(minutes: int) -> time:
    """Return the time of day so many minutes after midnight; past midnight counts as its eve."""
    shown = min(minutes, 24 * 60 - 1)
    return (datetime.min + timedelta(minutes=shown)).time()
