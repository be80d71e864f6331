"""Contact lists as they stand, and who would best carry which: the exact core, made readable."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from shaodao.cores.assigning import assign, price_table
from shaodao.cores.geodesy import metres_between, project
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Level, Role
from shaodao.people.queries import number
from shaodao.places.models import Contact, Household
from shaodao.workforce.models import Excuse, Holding, Home

from .roster import wishes_in


@dataclass(frozen=True)
class ContactList:
    """The households of a grid that one worker has, or, for `worker` None, that nobody has."""

    grid: Unit
    worker: User | None
    homes: list[Household]
    wishing: frozenset[int]  # households that wish to keep this worker

    @property
    def point(self) -> tuple[float, float]:
        """The middle of the list: lon, lat."""
        lons = [home.building.lon for home in self.homes]
        lats = [home.building.lat for home in self.homes]
        return sum(lons) / len(lons), sum(lats) / len(lats)

    @property
    def n_people(self) -> int:
        return sum(home.n_people for home in self.homes)


@dataclass(frozen=True)
class Given:
    """A list with whom it is proposed to give it to; plain values, as a proposal keeps them."""

    grid: int
    before: int | None
    worker: int | None
    metres: int | None  # from the worker's home to the middle of the list
    n_people: int
    n_wishes: int  # households that wish to keep `before`
    homes: list[int]

    @property
    def is_moved(self) -> bool:
        return self.worker is not None and self.worker != self.before


def lists_of(community: Unit, *, on: date) -> list[ContactList]:
    """Return the lists of a community, grid by grid; what nobody has in lists of the most."""
    homes = Household.objects.filter(building__grid__unit__parent=community)
    homes = homes.filter(building__grid__valid_to=None).select_related("building__grid__unit")
    rows = list(
        homes.defer("building__grid__boundary", "building__search").order_by(
            "building__grid__code", "building__zkey", "number", "pk"
        )
    )
    contacts = Contact.objects.in_force().filter(household__in=[home.pk for home in rows])
    whose = {row.household_id: row.worker for row in contacts.select_related("worker")}
    wishes = wishes_in(community, on=on)
    most = number("list_most", on=on, unit_ids=community.ancestor_ids)
    groups: dict[tuple[int, int], list[Household]] = {}
    for home in rows:
        worker = whose.get(home.pk)
        groups.setdefault((home.building.grid.unit_id, worker.pk if worker else 0), []).append(home)
    found = []
    for (_grid, worker), own in groups.items():
        size = len(own) if worker else most
        for n in range(0, len(own), size):
            part = own[n : n + size]
            keep = frozenset(home.pk for home in part if home.pk in wishes)
            found.append(ContactList(part[0].building.grid.unit, whose.get(part[0].pk), part, keep))
    return found


def workers_for(community: Unit, *, on: date) -> list[tuple[User, frozenset[int]]]:
    """Return who may carry a list in a community, each with the grids they work in (unit ids)."""
    excused = Excuse.objects.in_force(on).filter(unit=community).values("person")
    posts = Post.objects.in_force().filter(
        role=Role.GRID_WORKER, unit__parent=community, unit__level=Level.GRID, user__is_active=True
    )
    grids: dict[int, set[int]] = {}
    people: dict[int, User] = {}
    for post in posts.exclude(user__in=excused).select_related("user").order_by("pk"):
        people[post.user_id] = post.user
        grids.setdefault(post.user_id, set()).add(post.unit_id)
    return [(person, frozenset(grids[pk])) for pk, person in people.items()]


def homes_of(people: Iterable[User]) -> dict[int, tuple[float, float]]:
    """Return where workers live (lon, lat), of those whose home is written down."""
    rows = Home.objects.filter(person__in=list(people)).select_related("building")
    return {row.person_id: (row.building.lon, row.building.lat) for row in rows}


def proposed(community: Unit, *, on: date) -> list[Given]:
    """Return the cheapest way to give each list to one worker of its grid.

    Price: the way from home, the posts of six held, what a household's wish to keep its worker is
    worth, and what changing hands at all is worth (Parameter list_change_metres). A worker whose
    home is not written down stands in the middle of the list they have, or of their grid's lists.
    """
    lists, workers = lists_of(community, on=on), workers_for(community, on=on)
    if not lists or not workers:
        return [_given(one, None, None) for one in lists]
    homes = homes_of(person for person, _ in workers)
    at = [homes.get(person.pk) or _middle(person, grids, lists) for person, grids in workers]
    origin = lists[0].point
    people = [person.pk for person, _ in workers]
    table = price_table(
        _metres(at, origin),
        _metres([one.point for one in lists], origin),
        posts=_posts_held(people),
        wishes=_wished(people, lists),
    )
    worth = number("list_change_metres", on=on, unit_ids=community.ancestor_ids)
    own = np.array(
        [[one.worker is not None and one.worker.pk == pk for one in lists] for pk in people]
    )
    allowed = np.array([[one.grid.pk in grids for one in lists] for _, grids in workers])
    found = assign(table - worth * own, allowed=allowed)
    return [
        _given(one, *_who(int(k), workers, at))
        for one, k in zip(lists, found.worker_of, strict=True)
    ]


def _who(k: int, workers, at) -> tuple[User | None, tuple[float, float] | None]:
    return (workers[k][0], at[k]) if k >= 0 else (None, None)


def _metres(points: list[tuple[float, float]], origin: tuple[float, float]) -> np.ndarray:
    lons, lats = np.array(points, float).T
    return np.column_stack(project(lons, lats, origin))


def _middle(person: User, grids: frozenset[int], lists: list[ContactList]) -> tuple[float, float]:
    own = [one for one in lists if one.worker is not None and one.worker.pk == person.pk]
    near = own or [one for one in lists if one.grid.pk in grids] or lists
    points = [one.point for one in near]
    return sum(lon for lon, _ in points) / len(points), sum(lat for _, lat in points) / len(points)


def _posts_held(people: list[int]) -> list[int]:
    held = list(Holding.objects.held().filter(person__in=people).values_list("person", flat=True))
    return [held.count(pk) for pk in people]


def _wished(people: list[int], lists: list[ContactList]) -> np.ndarray:
    """Return the share of each list's households that wish to keep each worker."""
    return np.array(
        [
            [
                len(one.wishing) / len(one.homes) if one.worker and one.worker.pk == pk else 0.0
                for one in lists
            ]
            for pk in people
        ]
    )


def _given(one: ContactList, worker: User | None, at: tuple[float, float] | None) -> Given:
    return Given(
        grid=one.grid.pk,
        before=one.worker.pk if one.worker else None,
        worker=worker.pk if worker else None,
        metres=round(metres_between(*at, *one.point)) if at else None,
        n_people=one.n_people,
        n_wishes=len(one.wishing),
        homes=[home.pk for home in one.homes],
    )


@dataclass(frozen=True)
class Shown:
    """A row of a proposal as its page shows it."""

    given: Given
    grid: Unit
    before: User | None
    worker: User | None


def shown(rows: list[dict]) -> list[Shown]:
    """Return the rows of a kept proposal with the people and grids they name."""
    found = [Given(**row) for row in rows]
    people = User.objects.in_bulk([pk for one in found for pk in (one.before, one.worker) if pk])
    grids = Unit.objects.in_bulk([one.grid for one in found])
    return [
        Shown(one, grids[one.grid], people.get(one.before), people.get(one.worker)) for one in found
    ]
