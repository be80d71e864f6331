"""Cards and boards: what each shows, what it still lacks, which doors are due a new one."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Level, Role
from shaodao.places.models import Contact, Grid
from shaodao.workforce import policy
from shaodao.workforce.models import Board, Card, Disclosure, Holding, Promise

from .charges import charges_on, published_of


@dataclass(frozen=True)
class Face:
    """A worker as cards and boards show them: a work number, never a private one."""

    person: User
    photo: str  # below MEDIA_ROOT
    duties: str
    charges: list[str]  # 政策宣传员 …: of the six, published
    promises: list[Promise]

    @property
    def missing(self) -> list[policy.Item]:
        return policy.missing_items(
            photo=self.photo,
            name=self.person.name,
            work_phone=self.person.work_phone,
            duties=self.duties,
            n_promises=len(self.promises),
        )

    @property
    def missing_labels(self) -> list[str]:
        return [policy.ITEM_LABELS[item] for item in self.missing]

    @property
    def is_complete(self) -> bool:
        return not self.missing

    def digest(self, place: str) -> str:
        """Return what tells a printed card from one that says something else."""
        said = [self.person.pk, self.person.name, self.person.work_phone, self.photo, self.duties]
        said += [*self.charges, *(promise.text for promise in self.promises), place]
        return hashlib.sha256("\n".join(map(str, said)).encode()).hexdigest()[:16]


def faces_of(people: Iterable[User], *, on: date) -> dict[int, Face]:
    """Return how each of some workers is shown, by id; a handful of queries for any number."""
    by_pk = {person.pk: person for person in people}
    shown = {row.person_id: row for row in Disclosure.objects.filter(person__in=by_pk)}
    promises: dict[int, list[Promise]] = {}
    for promise in Promise.objects.filter(person__in=by_pk, ended_on=None).order_by(
        "made_on", "pk"
    ):
        promises.setdefault(promise.person_id, []).append(promise)
    charges = _charges_of(by_pk, on=on)
    found = {}
    for pk, person in by_pk.items():
        row, held = shown.get(pk), charges.get(pk, [])
        duties = row.duties if row and row.duties else "、".join(held)
        own = promises.get(pk, [])[: policy.MOST_PROMISES]
        found[pk] = Face(person, row.photo if row else "", duties, held, own)
    return found


def _charges_of(people: Iterable[int], *, on: date) -> dict[int, list[str]]:
    """Return the published posts of the six each person holds, as they are called."""
    rows = Holding.objects.filter(person__in=people, status=policy.HoldingStatus.PUBLISHED.value)
    names: dict[int, dict[str, tuple[int, str]]] = {}
    found: dict[int, list[tuple[int, str]]] = {}
    for row in rows.select_related("grid__unit"):
        area = row.grid.unit.parent_id
        if area not in names:
            called = charges_on(on, row.grid.unit.ancestor_ids)
            names[area] = {charge.code: (charge.rank, charge.holder_name) for charge in called}
        if row.charge_code in names[area]:
            found.setdefault(row.person_id, []).append(names[area][row.charge_code])
    return {
        pk: list(dict.fromkeys(name for _rank, name in sorted(held))) for pk, held in found.items()
    }


# ---- doors ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    """A household's door with its contact worker and the card that hangs there."""

    household_id: int
    place: str  # 翠竹小区2栋 2单元301
    grid: Grid
    face: Face
    card: Card | None

    @property
    def digest(self) -> str:
        return self.face.digest(self.grid.code)

    @property
    def is_due(self) -> bool:
        """Whether no card hangs there, or one that says something else."""
        return (
            self.card is None
            or self.card.worker_id != self.face.person.pk
            or self.card.digest != self.digest
        )


def doors_of(unit: Unit, *, on: date) -> list[Door]:
    """Return the doors of an area that have a contact worker, in the order they are walked."""
    rows = Contact.objects.in_force().filter(
        household__building__grid__unit__path__startswith=unit.path
    )
    related = ("worker", "household__building__grid__unit__parent", "household__building__compound")
    ordered = rows.select_related(*related).defer(
        "household__building__grid__boundary", "household__building__search"
    ).order_by(
        "household__building__grid__code", "household__building__compound__name",
        "household__building__pk", "household__number", "household__pk",
    )  # fmt: skip
    contacts = list(ordered)
    faces = faces_of({row.worker_id: row.worker for row in contacts}.values(), on=on)
    cards = Card.objects.standing().filter(household__in=[row.household_id for row in contacts])
    by_home = {card.household_id: card for card in cards}
    return [
        Door(
            row.household_id, _place(row.household), row.household.building.grid,
            faces[row.worker_id], by_home.get(row.household_id),
        )
        for row in contacts
    ]  # fmt: skip


def _place(home) -> str:
    building = home.building
    compound = building.compound.name if building.compound else ""
    name = building.name if compound and compound in building.name else f"{compound}{building.name}"
    return f"{name} {home.number}".strip()


@dataclass(frozen=True)
class CardState:
    """How the doors of an area stand."""

    unit: Unit
    n_doors: int
    n_hanging: int  # a card that says what is true
    n_due: int  # could be printed now
    n_held_back: int  # their worker's card is incomplete

    @property
    def share(self) -> float:
        return self.n_hanging / self.n_doors if self.n_doors else 0.0


def state_of(unit: Unit, doors: Iterable[Door]) -> CardState:
    """Return how the doors of an area stand."""
    rows = list(doors)
    due = [door for door in rows if door.is_due]
    ready = sum(door.face.is_complete for door in due)
    return CardState(unit, len(rows), len(rows) - len(due), ready, len(due) - ready)


def incomplete(user_units: QuerySet[Unit], *, on: date) -> list[tuple[Face, str]]:
    """Return the workers under some units whose cards lack something, with their grid's name."""
    posts = Post.objects.in_force().filter(unit__in=user_units, role=Role.GRID_WORKER)
    rows = list(posts.select_related("user", "unit").order_by("unit__path", "-is_head", "pk"))
    faces = faces_of([post.user for post in rows if post.user.is_active], on=on)
    found = ((faces.get(post.user_id), post.unit.short_name) for post in rows)
    return [(face, grid) for face, grid in found if face is not None and not face.is_complete]


# ---- a grid and its boards -----------------------------------------------------------------------


@dataclass(frozen=True)
class Team:
    """A grid as it shows itself to residents."""

    grid: Grid
    places: list  # queries.charges.Place: the six posts
    workers: list[tuple[Post, Face]]  # the head first

    @property
    def head(self) -> Face | None:
        return next((face for post, face in self.workers if post.is_head), None)

    def digest(self) -> str:
        """Return what tells a printed board from one that says something else."""
        said = [face.digest(self.grid.code) for _post, face in self.workers]
        said += [p.held.person.name if p.held else p.charge.code for p in self.places]
        said += [f"{p.pk}{p.mark}" for _post, face in self.workers for p in face.promises]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def team_of(grid: Grid, *, on: date) -> Team:
    """Return who works in a grid, who holds its six posts and what they promised."""
    posts = Post.objects.in_force().filter(unit=grid.unit_id, role=Role.GRID_WORKER)
    rows = [p for p in posts.select_related("user").order_by("-is_head", "pk") if p.user.is_active]
    faces = faces_of([post.user for post in rows], on=on)
    return Team(grid, published_of(grid, on=on), [(post, faces[post.user_id]) for post in rows])


def public_grid(code: str) -> Grid | None:
    """Return a grid by its code, for everybody."""
    rows = Grid.objects.filter(valid_to=None).select_related("unit__parent").defer("boundary")
    return rows.filter(code=code).first()


def boards_of(grid: Grid, team: Team) -> list[tuple[policy.BoardKind, str, Board | None, bool]]:
    """Return each kind of board with its label, its last print and whether that is up to date."""
    printed = {row.kind: row for row in Board.objects.filter(grid=grid)}
    digest = team.digest()
    return [
        (kind, label, row, row is not None and row.digest == digest)
        for kind, label in policy.BOARD_LABELS.items()
        for row in [printed.get(kind)]
    ]


def card_areas(user) -> QuerySet[Unit]:
    """Return the communities under `user`'s posts: cards are asked for by the community."""
    return Unit.objects.visible_to(user).areas().filter(level=Level.COMMUNITY).in_force()
