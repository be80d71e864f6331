"""Questions about cases that join several tables, for actions and pages alike."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from shaodao.kit.asking import Asked
from shaodao.kit.rows import read
from shaodao.people.holders import Holders
from shaodao.people.models import Unit, User, seats_over
from shaodao.people.policy import Level, Role, Seat
from shaodao.people.queries import at_level, stand_ins, units_by_id
from shaodao.places.models import Asset, Contact

from . import policy
from .models import Approval, Case, CaseReport, JournalEntry
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
    merged = Case.objects.filter(primary__among=case_ids).values_list("pk", "primary")
    return {**dict(merged), **{pk: pk for pk in case_ids}}


class Reporter(NamedTuple):
    """A report whose reporter follows it, as whoever tells them needs it."""

    pk: int
    number: str
    phone: str
    key: UUID


class Known:
    """What stands beside cases: read for all of them at once when the first of it is wanted."""

    def __init__(self, cases: Collection[Case] = (), *, holders: Holders | None = None) -> None:
        ids = [case.pk for case in cases]
        at_home = {case.household_id for case in cases} - {None}
        self.holders = holders or Holders()
        self.reporters: Asked[int, Sequence[Reporter]] = Asked(_reporters, none=(), about=ids)
        self.applications: Asked[int, Sequence[Approval]] = Asked(_undecided, none=(), about=ids)
        self.sent_to: Asked[int, Sequence[Mapping]] = Asked(_dispatches, none=(), about=ids)
        self.contacts: Asked[int, int | None] = Asked(_contacts, none=None, about=at_home)
        self.stand_ins: Asked[int, int | None] = Asked(stand_ins, none=None)
        self.owners: Asked[int, int | None] = Asked(_owners, none=None, about=ids)


def _reporters(ids: Collection[int]) -> Mapping[int, Sequence[Reporter]]:
    """Return the reports of each family whose reporters left a phone and still follow them."""
    families = with_merged(ids)
    links = CaseReport.objects.filter(case__among=families, withdrawn_at=None)
    links = links.filter(report__token_digest__isnull=False).exclude(report__phone="")
    said = links.order_by("pk").values_list(
        "case", "report", "report__number", "report__phone", "report__key"
    )
    found: dict[int, list[Reporter]] = defaultdict(list)
    for case, *report in said:
        found[families[case]].append(Reporter(*report))
    return found


def _undecided(ids: Collection[int]) -> Mapping[int, Sequence[Approval]]:
    """Return what waits for consent; whoever decides on it locks the case first."""
    found: dict[int, list[Approval]] = defaultdict(list)
    rows = Approval.objects.filter(case__among=ids, decided_at=None)
    for row in read(rows.order_by("pk"), later=("evidence",)):
        found[row.case_id].append(row)
    return found


def _dispatches(ids: Collection[int]) -> Mapping[int, Sequence[Mapping]]:
    """Return what the journal keeps of each time a case was sent to somebody."""
    found: dict[int, list[Mapping]] = defaultdict(list)
    rows = JournalEntry.objects.filter(case__among=ids, name="dispatch").order_by("pk")
    for case, facts in rows.values_list("case", "facts"):
        found[case].append(facts)
    return found


def _contacts(households: Collection[int]) -> Mapping[int, int]:
    rows = Contact.objects.in_force().filter(household__among=households).order_by("-pk")
    return dict(rows.values_list("household", "worker"))


def _owners(ids: Collection[int]) -> Mapping[int, int]:
    """Return the unit that owns the asset which the first of a case's reports names."""
    links = CaseReport.objects.filter(case__among=ids, report__asset__owner__isnull=False)
    return dict(links.order_by("-joined_at").values_list("case", "report__asset__owner"))


def routing_of(
    case: Case,
    *,
    at: datetime,
    rules: Rules | None = None,
    asset: Asset | None = None,
    holders: Holders | None = None,
    known: Known | None = None,
) -> policy.Routing:
    """Return whom a case goes to, in order, and why.

    asset : what it is about, where the case is not written yet
    holders : who holds which posts, where several cases are looked at together
    known : what was read about this case among others, holders included
    """
    book = rules or present_rules()
    return policy.route(
        book.routes,
        kind=book.categories[case.category_id].kind,
        categories=book.lineage(case.category_id),
        unit_ids=case.area.ancestor_ids,
        found=_found(case, asset, known or Known(holders=holders)),
        on=timezone.localdate(at),
    )


def _found(
    case: Case, asset: Asset | None, known: Known
) -> dict[str, list[tuple[int, int | None]]]:
    """Return what each target of the routing table means for this case."""
    T = policy.Target
    found: dict[str, list[tuple[int, int | None]]] = {}
    grid = at_level(case.area, "GRID")
    if grid is not None:
        workers = known.holders.on_duty(grid.pk, Role.GRID_WORKER)
        found[T.GRID] = [(grid.pk, person) for person in workers]
        contact = known.contacts[case.household_id] if case.household_id else None
        if contact is not None:
            found[T.CONTACT_WORKER] = [(grid.pk, known.stand_ins[contact] or contact)]
    for target, level in ((T.COMMUNITY, "COMMUNITY"), (T.TOWNSHIP, "TOWNSHIP")):
        if (unit := at_level(case.area, level)) is not None:
            found[target] = [(unit.pk, None)]
    owner = asset.owner_id if asset is not None else _owner_of(case, known)
    if owner is not None:
        found[T.ASSET_OWNER] = [(owner, None)]
    return found


def _owner_of(case: Case, known: Known) -> int | None:
    return None if case._state.adding else known.owners[case.pk]
