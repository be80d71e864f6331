"""The six posts of a grid: who holds them, who claims them, which are vacant."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from shaodao.people.models import Post, Unit, User, posts_of
from shaodao.places.models import Grid
from shaodao.workforce import policy
from shaodao.workforce.models import Charge, Holding


@dataclass(frozen=True)
class Place:
    """One of a grid's six posts: what it is called, who holds it, who would like to."""

    charge: Charge
    held: Holding | None
    claims: list[Holding] = field(default_factory=list)

    @property
    def is_vacant(self) -> bool:
        return self.held is None


def nearest(rows: Iterable, unit_ids: list[int]) -> list:
    """Return, of dated rows in force, the nearest one for each code, in their order."""
    found: dict[str, object] = {}
    for row in rows:
        if row.unit_id is not None and row.unit_id not in unit_ids:
            continue
        other = found.get(row.code)
        if other is None or _depth(row, unit_ids) > _depth(other, unit_ids):
            found[row.code] = row
    return sorted(found.values(), key=lambda row: (row.rank, row.code))


def _depth(row, unit_ids: list[int]) -> tuple[int, date]:
    return (unit_ids.index(row.unit_id) + 1 if row.unit_id else 0, row.valid_from)


def charges_on(on: date, unit_ids: list[int]) -> list[Charge]:
    """Return the six posts as they are called on a day in a place (ids from the root down)."""
    return nearest(Charge.objects.in_force(on), unit_ids)


def places_of(grid: Grid, *, on: date) -> list[Place]:
    """Return the six posts of a grid with who holds and who claims them."""
    rows = Holding.objects.filter(grid=grid).standing().select_related("person")
    held: dict[str, Holding] = {}
    claims: dict[str, list[Holding]] = {}
    for row in rows.order_by("claimed_at", "pk"):
        if row.status in policy.HELD:
            held[row.charge_code] = row
        else:
            claims.setdefault(row.charge_code, []).append(row)
    return [
        Place(charge, held.get(charge.code), claims.get(charge.code, []))
        for charge in charges_on(on, grid.unit.ancestor_ids)
    ]


def holder_called(unit: Unit, title: str, on: date) -> User | None:
    """Return who holds the post of a grid whose holder is called `title` (六员), if anybody."""
    grid = Grid.objects.filter(unit=unit, valid_to=None).select_related("unit").first()
    if grid is None:
        return None
    held = (p.held for p in places_of(grid, on=on) if p.charge.holder_name == title and p.held)
    return next((row.person for row in held), None)


def published_of(grid: Grid, *, on: date) -> list[Place]:
    """Return the six posts as residents see them: a holder only once published."""
    shown = policy.HoldingStatus.PUBLISHED
    return [
        Place(place.charge, place.held if place.held and place.held.status == shown else None)
        for place in places_of(grid, on=on)
    ]


def roster_units(grid: Grid) -> list[int]:
    """Return the units whose people may claim posts of a grid: the grid's, its community's."""
    return [pk for pk in (grid.unit_id, grid.unit.parent_id) if pk is not None]


def is_of_grid(user: User, grid: Grid) -> bool:
    """Tell whether somebody has a post in a grid or in its community."""
    units = roster_units(grid)
    return Post.objects.in_force().filter(user=user, unit__in=units).exists()


def own_grids(user) -> list[Grid]:
    """Return the grids whose posts `user` may claim."""
    units = [post.unit_id for post in posts_of(user)]
    mine = Q(unit__in=units) | Q(unit__parent__in=units)
    rows = Grid.objects.filter(mine, valid_to=None).select_related("unit").defer("boundary")
    return list(rows.order_by("code"))


def grids_with_posts(user, *, only_vacant: bool, community: int | None = None) -> QuerySet[Grid]:
    """Return the grids under `user`'s posts with n_held and n_claims of their six posts."""
    grids = Grid.objects.visible_to(user).filter(valid_to=None).select_related("unit__parent")
    if community is not None:
        grids = grids.filter(unit__parent=community)
    held = Holding.objects.held().filter(grid=OuterRef("pk"))
    claims = Holding.objects.filter(grid=OuterRef("pk"), status=policy.HoldingStatus.CLAIMED)
    grids = grids.defer("boundary").annotate(n_held=_count(held), n_claims=_count(claims))
    return grids.filter(n_held__lt=policy.N_CHARGES) if only_vacant else grids


def _count(rows: QuerySet) -> Coalesce:
    counted = rows.order_by().values("grid").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def waiting_claims(user) -> QuerySet[Holding]:
    """Return the claims that wait to be confirmed or published under `user`'s posts."""
    rows = Holding.objects.visible_to(user).filter(status__in=["CLAIMED", "CONFIRMED"])
    return rows.select_related("person", "grid__unit__parent")


@dataclass(frozen=True)
class Filled:
    """How many posts of a community's grids are filled."""

    community: Unit
    n_grids: int
    n_held: int
    n_claims: int

    @property
    def n_posts(self) -> int:
        return self.n_grids * policy.N_CHARGES

    @property
    def n_vacant(self) -> int:
        return self.n_posts - self.n_held

    @property
    def share(self) -> float:
        return self.n_held / self.n_posts if self.n_posts else 0.0


def filled_by_community(user) -> list[Filled]:
    """Return how the posts are filled, community by community, the most vacant first."""
    grids = Grid.objects.visible_to(user).filter(valid_to=None).order_by()
    n_grids = dict(grids.values_list("unit__parent").annotate(n=Count("pk")))
    rows = Holding.objects.visible_to(user).standing().order_by()
    n_held: dict[int, int] = {}
    n_claims: dict[int, int] = {}
    for parent, status, n in rows.values_list("grid__unit__parent", "status").annotate(
        n=Count("pk")
    ):
        into = n_held if status in policy.HELD else n_claims
        into[parent] = into.get(parent, 0) + n
    units = Unit.objects.in_bulk(list(n_grids))
    found = [
        Filled(units[pk], n, n_held.get(pk, 0), n_claims.get(pk, 0)) for pk, n in n_grids.items()
    ]
    return sorted(found, key=lambda row: (-row.n_vacant, row.community.code or ""))


def own_holdings(user) -> list[Holding]:
    """Return what `user` holds and claims, and what became of the last ones that did not hold."""
    rows = Holding.objects.own(user).select_related("grid__unit").order_by("-claimed_at")
    return list(rows[:30])


def names_for(user, *, on: date) -> dict[str, str]:
    """Return what holders of the six posts are called where `user` works, by code."""
    posts = posts_of(user)
    ids = posts[0].unit.ancestor_ids if posts else []
    return {charge.code: charge.holder_name for charge in charges_on(on, ids)}
