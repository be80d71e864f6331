"""Finding the grid of a point, in the process; a worker's households; a grid and its people."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from shapely import from_wkb

from shaodao.cores.locating import Locator
from shaodao.kit.versions import Versioned
from shaodao.people.models import Post
from shaodao.people.policy import Role

from .models import Asset, Building, Contact, Grid, Household


def _load() -> tuple[Locator, dict[str, tuple[int, int]]]:
    rows = list(Grid.objects.filter(valid_to=None).values_list("code", "boundary", "pk", "unit"))
    shapes = [(code, from_wkb(bytes(boundary))) for code, boundary, _, _ in rows]
    return Locator(shapes), {code: (pk, unit) for code, _, pk, unit in rows}


_grids: Versioned[tuple[Locator, dict[str, tuple[int, int]]]] = Versioned("grids", _load)


def locate(lon: float, lat: float) -> tuple[int, int] | None:
    """Return the ids of the grid a point lies in and of its unit; None where no grid is.

    A point on a shared edge belongs to exactly one of the grids (cores.locating).
    """
    locator, ids = _grids.get()
    code = locator.locate(lon, lat)
    return ids[code] if code is not None else None


# ---- a worker's households -----------------------------------------------------------------

MOST_HOMES = 1000  # nobody is the contact worker of more


@dataclass(frozen=True)
class House:
    """A building with the households in it that somebody is the contact worker of."""

    building: Building
    homes: list[Household]

    @property
    def n_people(self) -> int:
        return sum(home.n_people for home in self.homes)


@dataclass(frozen=True)
class Round:
    """A worker's households by building, and how many people live there; nobody is named."""

    houses: list[House]

    @property
    def homes(self) -> list[Household]:
        return [home for house in self.houses for home in house.homes]

    def total(self, name: str) -> int:
        return sum(getattr(home, name) for home in self.homes)


def round_of(user) -> Round:
    """Return the households `user` is the contact worker of today, building by building."""
    homes = Household.objects.of_worker(user).select_related(
        "building__grid__unit", "building__compound"
    )
    ordered = homes.order_by(
        "building__grid__code", "building__compound__name", "building__pk", "number", "pk"
    )[:MOST_HOMES]
    by_building = groupby(ordered, key=lambda home: home.building_id)
    several = (list(homes) for _building, homes in by_building)
    return Round([House(homes[0].building, homes) for homes in several])


# ---- the grids -----------------------------------------------------------------------------


def grids_for_list(user, *, text: str = "") -> QuerySet[Grid]:
    """Return the grids `user` may see with their households and people counted.

    text : part of a grid's or community's name, or the beginning of a code
    """
    homes = Household.objects.filter(building__grid=OuterRef("pk")).order_by()
    counted = homes.values("building__grid")
    grids = Grid.objects.visible_to(user).filter(valid_to=None).select_related("unit__parent")
    if text:
        named = Q(unit__short_name__icontains=text) | Q(unit__parent__short_name__icontains=text)
        grids = grids.filter(named | Q(code__startswith=text))
    return grids.defer("boundary").annotate(
        n_households=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0),
        n_people=Coalesce(Subquery(counted.annotate(n=Sum("n_people")).values("n")), 0),
    )


def workers_of(units: Iterable[int]) -> dict[int, list[Post]]:
    """Return the grid workers of some units, the head of each first."""
    posts = Post.objects.in_force().filter(unit__in=units, role=Role.GRID_WORKER)
    found: dict[int, list[Post]] = {}
    for post in posts.select_related("user").order_by("-is_head", "pk"):
        found.setdefault(post.unit_id, []).append(post)
    return found


@dataclass(frozen=True)
class Staffed:
    """One who works in a grid, and how many households are theirs."""

    post: Post
    n_households: int


@dataclass(frozen=True)
class GridBook:
    """What stands in a grid."""

    workers: list[Staffed]
    n_buildings: int
    n_households: int
    n_people: int
    n_over_60: int
    n_under_18: int
    assets: list[tuple[str, int]]
    n_without_contact: int


def book_of(grid: Grid) -> GridBook:
    """Return who works in a grid and what stands there, counted."""
    homes = Household.objects.filter(building__grid=grid)
    sums = homes.aggregate(
        n=Count("pk"),
        people=Sum("n_people", default=0),
        old=Sum("n_over_60", default=0),
        young=Sum("n_under_18", default=0),
    )
    contacts = Contact.objects.in_force().filter(household__building__grid=grid).order_by()
    by_worker = dict(contacts.values_list("worker").annotate(n=Count("pk")))
    posts = workers_of([grid.unit_id]).get(grid.unit_id, [])
    kinds = Asset.objects.filter(grid=grid).order_by("kind").values_list("kind")
    return GridBook(
        workers=[Staffed(post, by_worker.get(post.user_id, 0)) for post in posts],
        n_buildings=grid.buildings.count(),
        n_households=sums["n"],
        n_people=sums["people"],
        n_over_60=sums["old"],
        n_under_18=sums["young"],
        assets=list(kinds.annotate(n=Count("pk"))),
        n_without_contact=sums["n"] - sum(by_worker.values()),
    )


# ---- grids side by side, grids before and after --------------------------------------------


def grids_touching(grid: Grid) -> list[Grid]:
    """Return the grids of the same community that share a border with one."""
    rows = Grid.objects.filter(valid_to=None, unit__parent=grid.unit.parent_id)
    near = rows.exclude(pk=grid.pk).select_related("unit").order_by("code")
    shape = from_wkb(bytes(grid.boundary))
    return [row for row in near if from_wkb(bytes(row.boundary)).distance(shape) < TOUCHING]


TOUCHING = 1e-7  # degrees, a centimetre


def grid_now(code: str) -> Grid | None:
    """Return the grid of a code, or the one that stands today where a grid of that code stood."""
    rows = Grid.objects.select_related("unit")
    grid = rows.filter(code=code).first()
    if grid is None or grid.valid_to is None:
        return grid
    found = locate(grid.lon, grid.lat)
    return rows.filter(pk=found[0]).first() if found else None
