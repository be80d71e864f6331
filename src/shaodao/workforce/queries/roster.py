"""Everyone on the roster of a community: assigned to households, or excused with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, Sum

from shaodao.cases.models import OPEN, Case
from shaodao.people.models import Cover, Post, Unit, User
from shaodao.people.policy import THREE_ADMINISTRATORS, Kind, Level
from shaodao.people.queries import number, units_by_id
from shaodao.places.models import Contact, Household
from shaodao.workforce import policy
from shaodao.workforce.models import Excuse, Holding, KeepWish


class Band:
    """How many households a contact list may hold, as set for a place."""

    def __init__(self, unit: Unit, on: date):
        self.least: int = number("list_least", on=on, unit_ids=unit.ancestor_ids)
        self.most: int = number("list_most", on=on, unit_ids=unit.ancestor_ids)


@dataclass(frozen=True)
class Member:
    """One person of the roster with what they carry."""

    person: User
    posts: list[Post]
    n_homes: int
    n_people: int
    n_over_60: int
    n_cases: int
    n_charges: int
    excuse: Excuse | None
    away: Cover | None
    covering: list[Cover]
    standing: policy.Standing

    @property
    def label(self) -> str:
        return policy.STANDING_LABELS[self.standing][0]

    @property
    def tone(self) -> str:
        return policy.STANDING_LABELS[self.standing][1]

    @property
    def is_violation(self) -> bool:
        return self.standing in policy.VIOLATIONS

    @property
    def is_worker(self) -> bool:
        return any(post.role == "GRID_WORKER" for post in self.posts)


@dataclass(frozen=True)
class Roster:
    """The roster of a community."""

    community: Unit
    band: Band
    members: list[Member]
    n_without: int  # households nobody is the contact worker of
    n_homes: int

    @property
    def violations(self) -> list[Member]:
        return [row for row in self.members if row.is_violation]

    def count(self, *standings: str) -> int:
        return sum(row.standing in standings for row in self.members)

    @property
    def n_assigned(self) -> int:
        return self.count("ASSIGNED", "FEW", "MANY")

    @property
    def n_excused(self) -> int:
        return self.count("EXCUSED")

    @property
    def most_homes(self) -> int:
        return max((row.n_homes for row in self.members), default=0) or 1

    def share(self, row: Member) -> float:
        return row.n_homes / self.most_homes


def communities_of(user) -> list[Unit]:
    """Return the communities that lie under, or hold, a post of `user`, in the order of codes."""
    seen = Unit.objects.visible_to(user).filter(kind=Kind.AREA, level__in=["COMMUNITY", "GRID"])
    units = units_by_id()
    ids = {u.pk if u.level == Level.COMMUNITY else u.parent_id for u in seen.in_force()}
    return sorted((units[pk] for pk in ids if pk in units), key=lambda unit: unit.code or "")


def roster_of(community: Unit, *, on: date) -> Roster:
    """Return everyone with a post in a community or its grids, with what they carry on a day."""
    grids = Unit.objects.filter(parent=community, kind=Kind.AREA, level=Level.GRID)
    posts = Post.objects.in_force().filter(Q(unit=community) | Q(unit__in=grids))
    posts = posts.exclude(role__in=sorted(THREE_ADMINISTRATORS)).select_related("user", "unit")
    by_person: dict[int, list[Post]] = {}
    for post in posts.order_by("unit__path", "-is_head", "pk"):
        if post.user.is_active:
            by_person.setdefault(post.user_id, []).append(post)
    people = list(by_person)
    band = Band(community, on)
    homes, load = _homes_of(people), _load_of(people)
    excuses = {
        row.person_id: row
        for row in Excuse.objects.in_force(on).filter(unit=community, person__in=people)
    }
    away, covering = _covers_of(people)
    members = []
    for pk, own in by_person.items():
        n, n_people, n_old = homes.get(pk, (0, 0, 0))
        excuse = excuses.get(pk)
        standing = policy.standing_of(
            n, is_excused=excuse is not None, least=band.least, most=band.most
        )
        members.append(
            Member(own[0].user, own, n, n_people, n_old, *load[pk], excuse, away.get(pk),
                   covering.get(pk, []), standing)
        )  # fmt: skip
    all_homes = Household.objects.filter(building__grid__unit__parent=community)
    n_homes = all_homes.count()
    n_with = Contact.objects.in_force().filter(household__in=all_homes).count()
    return Roster(community, band, members, n_homes - n_with, n_homes)


def _homes_of(people: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    rows = Contact.objects.in_force().filter(worker__in=people).order_by()
    counted = rows.values_list("worker").annotate(
        n=Count("pk"), people=Sum("household__n_people"), old=Sum("household__n_over_60")
    )
    return {worker: (n, n_people, n_old) for worker, n, n_people, n_old in counted}


def _load_of(people: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return the open cases that wait for each by name, and the posts of six they hold."""
    cases = Case.objects.filter(status__in=OPEN, holder_person__in=people).order_by()
    n_cases = dict(cases.values_list("holder_person").annotate(n=Count("pk")))
    held = Holding.objects.held().filter(person__in=people).order_by()
    n_held = dict(held.values_list("person").annotate(n=Count("pk")))
    return {pk: (n_cases.get(pk, 0), n_held.get(pk, 0)) for pk in people}


def _covers_of(people: Sequence[int]) -> tuple[dict[int, Cover], dict[int, list[Cover]]]:
    rows = Cover.objects.in_force().filter(Q(absent__in=people) | Q(by__in=people))
    away: dict[int, Cover] = {}
    covering: dict[int, list[Cover]] = {}
    for row in rows.select_related("absent", "by").order_by("pk"):
        away[row.absent_id] = row
        covering.setdefault(row.by_id, []).append(row)
    return away, covering


@dataclass(frozen=True)
class Violations:
    """What a community's roster has that must not be."""

    community: Unit
    n_members: int
    n_few: int
    n_many: int
    n_missing: int
    n_excused: int
    n_without: int

    @property
    def n(self) -> int:
        return self.n_few + self.n_many + self.n_missing


def violations_of(user, *, on: date) -> list[Violations]:
    """Return what is wrong with the rosters under `user`'s posts, the worst first."""
    found = []
    for community in communities_of(user):
        roster = roster_of(community, on=on)
        few, many, missing = (roster.count(code) for code in ("FEW", "MANY", "MISSING"))
        found.append(
            Violations(
                community,
                len(roster.members),
                few,
                many,
                missing,
                roster.n_excused,
                roster.n_without,
            )
        )
    return sorted(found, key=lambda row: (-row.n, -row.n_without, row.community.code or ""))


def colleagues_of(person: User, community: Unit) -> list[User]:
    """Return who could stand in for somebody: workers of the same grids, the community's."""
    grids = Post.objects.in_force().filter(user=person, role="GRID_WORKER").values("unit")
    posts = Post.objects.in_force().filter(
        Q(unit__in=grids, role="GRID_WORKER") | Q(unit=community, role="HANDLER")
    )
    rows = User.objects.filter(pk__in=posts.values("user"), is_active=True).exclude(pk=person.pk)
    return list(rows.order_by("name"))


def wishes_in(community: Unit, *, on: date) -> dict[int, KeepWish]:
    """Return the households of a community that wish to keep their worker."""
    rows = KeepWish.objects.in_force(on).filter(household__building__grid__unit__parent=community)
    return {row.household_id: row for row in rows}
