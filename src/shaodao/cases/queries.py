"""Questions about cases that join several tables, for actions and pages alike."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.utils import timezone

from shaodao.people.holders import Holders
from shaodao.people.models import Unit, User, seats_over
from shaodao.people.policy import Level, Role, Seat
from shaodao.people.queries import at_level, stand_ins, units_by_id
from shaodao.places.models import Asset, Contact

from . import policy
from .models import Case
from .rules import Rules
from .rules import rules as present_rules

_WORKING = frozenset({Role.HANDLER, Role.GRID_WORKER})


def seats_of(
    user, case: Case, helpers: Iterable[Unit], offices: Iterable[Unit] = ()
) -> policy.Seats:
    """Return the seats `user` has over desk, lead, checker, helpers and offices of a case."""
    return {
        policy.Over.DESK: seats_over(user, case.desk),
        policy.Over.LEAD: _working(seats_over(user, case.lead)),
        policy.Over.CHECKER: _working(seats_over(user, case.checker)),
        policy.Over.HELPER: _working(seats_over(user, *helpers)),
        policy.Over.SECTOR: _working(seats_over(user, *offices)),
    }


def standing_of(case: Case, *, at: datetime, rules: Rules | None = None) -> policy.Standing:
    """Return where a case stands on the ladder, as far as moves ask for it."""
    units = units_by_id()
    chain = [units[pk] for pk in case.area.ancestor_ids]
    return policy.Standing(
        desk=Level(case.desk.level),
        tiers=frozenset(Level(unit.level) for unit in chain if unit.kind == "AREA"),
        is_hazard=case.is_hazard,
        is_off_list=is_off_list(case, at=at, rules=rules),
    )


def is_off_list(case: Case, *, at: datetime, rules: Rules | None = None) -> bool:
    """Tell whether a street leads a case for another desk and has no such duty on its list."""
    lead, book = case.lead, rules or present_rules()
    if lead is None or lead.kind != "AREA" or lead.level != Level.TOWNSHIP or lead == case.desk:
        return False
    return policy.is_off_list(
        book.duties,
        unit_id=lead.pk,
        categories=book.lineage(case.category_id),
        on=timezone.localdate(at),
    )


def _working(seats: Iterable[Seat]) -> frozenset[Seat]:
    return frozenset(seat for seat in seats if seat.role in _WORKING)


def is_handler(user, case: Case) -> bool:
    """Tell whether `user` handled this very case."""
    return case.handled_by_id is not None and case.handled_by_id == user.pk


_UNITS = ("area", "desk", "lead", "checker", "holder")


def complete(
    cases: Sequence[Case], *, units: Sequence[str] = _UNITS, people: Sequence[str] = ()
) -> None:
    """Give cases their class, and units and people in these columns, in one query at most.

    Classes and units are kept by the process: joining them takes longer to plan than to read.
    """
    known, categories = units_by_id(), present_rules().categories
    named = {getattr(case, f"{column}_id") for case in cases for column in people} - {None}
    found = User.objects.in_bulk(named)
    for case in cases:
        case.category = categories[case.category_id]
        for column in units:
            pk = getattr(case, f"{column}_id")
            setattr(case, column, known[pk] if pk is not None else None)
        for column in people:
            setattr(case, column, found.get(getattr(case, f"{column}_id")))


def with_merged(case_ids: Collection[int]) -> dict[int, int]:
    """Return the ids of cases and of those merged into them, each with the one it stands under.

    What hangs on a family is then asked for by ids: a condition over both sides of a join would
    read every case there is.
    """
    merged = Case.objects.filter(primary__in=case_ids).values_list("pk", "primary")
    return {**dict(merged), **{pk: pk for pk in case_ids}}


def routing_of(
    case: Case,
    *,
    at: datetime,
    rules: Rules | None = None,
    asset: Asset | None = None,
    holders: Holders | None = None,
) -> policy.Routing:
    """Return whom a case goes to, in order, and why.

    asset : what it is about, where the case is not written yet
    holders : who holds which posts, where several cases are looked at together
    """
    book = rules or present_rules()
    return policy.route(
        book.routes,
        kind=book.categories[case.category_id].kind,
        categories=book.lineage(case.category_id),
        unit_ids=case.area.ancestor_ids,
        found=_found(case, asset, holders or Holders()),
        on=timezone.localdate(at),
    )


def _found(
    case: Case, asset: Asset | None, holders: Holders
) -> dict[str, list[tuple[int, int | None]]]:
    """Return what each target of the routing table means for this case."""
    T = policy.Target
    found: dict[str, list[tuple[int, int | None]]] = {}
    grid = at_level(case.area, "GRID")
    if grid is not None:
        workers = holders.on_duty(grid.pk, Role.GRID_WORKER)
        found[T.GRID] = [(grid.pk, person) for person in workers]
        contact = (
            Contact.objects.in_force().filter(household=case.household_id).first()
            if case.household_id
            else None
        )
        if contact is not None:
            away = stand_ins([contact.worker_id])
            found[T.CONTACT_WORKER] = [(grid.pk, away.get(contact.worker_id, contact.worker_id))]
    for target, level in ((T.COMMUNITY, "COMMUNITY"), (T.TOWNSHIP, "TOWNSHIP")):
        if (unit := at_level(case.area, level)) is not None:
            found[target] = [(unit.pk, None)]
    owner = asset.owner_id if asset is not None else _owner_of(case)
    if owner is not None:
        found[T.ASSET_OWNER] = [(owner, None)]
    return found


def _owner_of(case: Case) -> int | None:
    """Return the unit that owns the asset the case's first report names."""
    if case._state.adding:
        return None
    links = case.reports.filter(report__asset__owner__isnull=False).order_by("joined_at")
    return links.values_list("report__asset__owner", flat=True).first()
