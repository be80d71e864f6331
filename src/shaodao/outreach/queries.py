"""What the pages of announcements, calls and visits show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core import signing
from django.db.models import Count, Q, QuerySet

from shaodao.people.models import AccountEntry, Unit
from shaodao.people.queries import units_by_id
from shaodao.places.models import Compound, Contact, Household, Need
from shaodao.places.queries import workers_of

from . import policy
from .models import Announcement, Call, DoorPhone, Jotting, Round, Visit

_SALT = "outreach.told"
MOST_CALLS = 300  # of one worker on one page: lists are 15 to 25, covering for others included


def households_at(units: Iterable[Unit], compounds: Iterable[Compound]) -> QuerySet[Household]:
    """Return the households in some areas or compounds, each once."""
    within = Q(building__compound__in=list(compounds))
    for unit in units:
        within |= Q(building__grid__unit__path__startswith=unit.path)
    return Household.objects.filter(within, building__grid__valid_to=None)


def contact_workers(households: Sequence[Household]) -> dict[int, int]:
    """Return, by household, the contact worker of today, or else the head of its grid."""
    ids = [home.pk for home in households]
    rows = Contact.objects.in_force().filter(household__in=ids)
    found = dict(rows.values_list("household", "worker"))
    left = {home.building.grid.unit_id for home in households if home.pk not in found}
    heads = {unit: posts[0].user_id for unit, posts in workers_of(left).items()}
    for home in households:
        head = heads.get(home.building.grid.unit_id)
        if home.pk not in found and head is not None:
            found[home.pk] = head
    return found


def needing(households: Sequence[Household], tags: Sequence[str]) -> set[int]:
    """Return which of some households have one of the needs `tags`."""
    if not tags:
        return set()
    rows = Need.objects.filter(household__in=[home.pk for home in households], tag__in=tags)
    return set(rows.values_list("household", flat=True))


@dataclass(frozen=True)
class Reach:
    """How many households an announcement has to tell, and how many know."""

    n: int = 0
    reached: int = 0
    unreached: int = 0
    read: int = 0

    @property
    def waiting(self) -> int:
        return self.n - self.reached - self.unreached

    @property
    def share(self) -> float | None:
        return self.reached / self.n if self.n else None


_COUNTS = {
    "n": Count("pk"),
    "reached": Count("pk", filter=Q(state=policy.Call.REACHED)),
    "unreached": Count("pk", filter=Q(state=policy.Call.UNREACHED)),
    "read": Count("read_at"),
}


def reach_of(announcements: Iterable[Announcement], user) -> dict[int, Reach]:
    """Return how far some announcements have come among the households `user` may see."""
    calls = Call.objects.visible_to(user).filter(announcement__in=list(announcements)).order_by()
    rows = calls.values("announcement").annotate(**_COUNTS)
    return {row.pop("announcement"): Reach(**row) for row in rows}


def reach_of_worker(user, announcements: Iterable[Announcement]) -> dict[int, Reach]:
    """Return how far some announcements have come among the households `user` is to tell."""
    calls = Call.objects.filter(announcement__in=list(announcements), worker=user).order_by()
    rows = calls.values("announcement").annotate(**_COUNTS)
    return {row.pop("announcement"): Reach(**row) for row in rows}


@dataclass(frozen=True)
class GridReach:
    unit: Unit
    community: str
    reach: Reach


def reach_by_grid(announcement: Announcement, user) -> list[GridReach]:
    """Return how far an announcement has come in each grid, the least reached first."""
    units = units_by_id()
    calls = Call.objects.visible_to(user).filter(announcement=announcement).order_by()
    rows = calls.values("grid__unit").annotate(**_COUNTS)
    found = []
    for row in rows:
        unit = units[row.pop("grid__unit")]
        parent = units.get(unit.parent_id)
        found.append(GridReach(unit, parent.short_name if parent else "", Reach(**row)))
    return sorted(found, key=lambda one: (one.reach.share or 0, one.unit.code))


@dataclass(frozen=True)
class Audience:
    """Whom a draft would reach, before it is sent."""

    n_households: int
    n_people: int
    n_workers: int
    n_without_worker: int
    n_visits: int


def audience_of(announcement: Announcement) -> Audience:
    """Return whom an announcement would reach if it were sent now."""
    homes = list(targeted(announcement))
    workers = contact_workers(homes)
    return Audience(
        n_households=len(homes),
        n_people=sum(home.n_people for home in homes),
        n_workers=len(set(workers.values())),
        n_without_worker=sum(home.pk not in workers for home in homes),
        n_visits=len(needing(homes, announcement.visit_needs)),
    )


def targeted(announcement: Announcement) -> QuerySet[Household]:
    """Return the households an announcement goes to, with building and grid, in order of place."""
    targets = list(announcement.targets.select_related("unit", "compound"))
    units = [target.unit for target in targets if target.unit is not None]
    compounds = [target.compound for target in targets if target.compound is not None]
    homes = households_at(units, compounds).select_related("building__grid")
    return homes.order_by("building__grid__code", "building", "number", "pk")


def visits_counted(
    people: Sequence[int], first: datetime, end: datetime
) -> dict[int, tuple[int, int]]:
    """Return, by worker, the visits made of those put on their list between two instants."""
    rows = Visit.objects.filter(worker__in=people, created_at__gte=first, created_at__lt=end)
    due = rows.exclude(state=policy.Visit.CANCELLED)
    return _counted(due, Q(n_tries__gt=0))


def calls_counted(
    people: Sequence[int], first: datetime, end: datetime
) -> dict[int, tuple[int, int]]:
    """Return, by worker, the households told, or tried, of those to be told between two instants.

    Nobody answering is no fault of the worker: a try counts.
    """
    sent = {"announcement__sent_at__gte": first, "announcement__sent_at__lt": end}
    rows = Call.objects.filter(worker__in=people, **sent)
    due = rows.exclude(announcement__state=policy.State.WITHDRAWN)
    return _counted(due, ~Q(state=policy.Call.WAITING))


def _counted(rows: QuerySet, done: Q) -> dict[int, tuple[int, int]]:
    found = rows.order_by().values_list("worker").annotate(
        n=Count("pk", filter=done), of=Count("pk")
    )  # fmt: skip
    return {worker: (n, of) for worker, n, of in found}


@dataclass
class Group:
    """One announcement among a worker's calls."""

    announcement: Announcement
    calls: list[Call] = field(default_factory=list)


def calls_of(user, *, state: str = "") -> list[Group]:
    """Return the calls `user` has to make, by announcement, door by door."""
    calls = Call.objects.open().filter(worker=user)
    calls = calls.filter(state=state) if state else calls
    rows = calls.select_related("announcement", "household__building__compound")
    ordered = rows.order_by(
        "-announcement", "household__building__compound__name", "household__building",
        "household__number", "pk",
    )[:MOST_CALLS]  # fmt: skip
    groups: dict[int, Group] = {}
    for call in ordered:
        group = groups.setdefault(call.announcement_id, Group(call.announcement))
        group.calls.append(call)
    return list(groups.values())


def phones_of(households: Iterable[int]) -> dict[int, DoorPhone]:
    """Return the numbers some households gave, by household."""
    return {row.household_id: row for row in DoorPhone.objects.filter(household__in=households)}


def token_of(call: Call) -> str:
    """Return the key of the link a household is sent; it opens one announcement only."""
    return signing.Signer(salt=_SALT).sign(str(call.pk))


def call_behind(token: str) -> Call | None:
    """Return the call a token opens; None for one that was not made here."""
    try:
        pk = int(signing.Signer(salt=_SALT).unsign(token))
    except signing.BadSignature:
        return None
    return Call.objects.select_related("announcement__unit").filter(pk=pk).first()


def looks_at(household: int) -> list[AccountEntry]:
    """Return who looked at the number of a household, the latest first: its own to know."""
    entries = AccountEntry.objects.filter(subject=f"household:{household}", name="look_at_phone")
    return list(entries.select_related("actor").order_by("-seq")[:50])


def visits_of(user) -> QuerySet[Visit]:
    """Return the open visits of `user`, the oldest first."""
    rows = Visit.objects.open().filter(worker=user)
    return rows.select_related("household__building__compound", "announcement").order_by("pk")


def round_of(user, day: date) -> tuple[Round | None, list[Visit]]:
    """Return a day's round of `user` and its visits in order."""
    found = Round.objects.visible_to(user).filter(day=day).first()
    if found is None:
        return None, []
    visits = found.visits.select_related("household__building__compound", "announcement")
    return found, list(visits.order_by("position"))


def days_with_rounds(user, *, since: date) -> list[Round]:
    """Return the rounds of `user` from a day on, the earliest first."""
    return list(Round.objects.visible_to(user).filter(day__gte=since).order_by("day")[:14])


def visits_done(announcement: Announcement, user) -> tuple[int, int]:
    """Return how many visits an announcement made, and how many are done, as far as seen."""
    rows = Visit.objects.visible_to(user).filter(announcement=announcement)
    counts = rows.aggregate(n=Count("pk"), done=Count("pk", filter=Q(state=policy.Visit.DONE)))
    return counts["done"], counts["n"]


def jottings_beside(rows: Sequence[Call] | Sequence[Visit]) -> dict[int, list[Jotting]]:
    """Return, by call or visit, the results put aside since the last one that counted."""
    if not rows:
        return {}
    field = "call" if isinstance(rows[0], Call) else "visit"
    jottings = Jotting.objects.filter(**{f"{field}__in": [row.pk for row in rows]})
    found: dict[int, list[Jotting]] = {}
    for jotting in jottings.select_related("actor").order_by("pk"):
        beside = found.setdefault(getattr(jotting, f"{field}_id"), [])
        if jotting.fate == policy.Fate.TAKEN:
            beside.clear()
        elif jotting.fate == policy.Fate.ASIDE:
            beside.append(jotting)
    return found
