"""The net by levels: county, street, village, grid, list; what each holds, lacks and needs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import shapely
from django.db.models import Count, Exists, OuterRef, Sum
from shapely import from_wkb

from shaodao.cores.geodesy import coarsen
from shaodao.drawing import policy
from shaodao.kit.versions import Versioned
from shaodao.people.models import Post, Unit, User, posts_of, seats_over
from shaodao.people.policy import Kind, Level, Role
from shaodao.people.queries import units_by_id
from shaodao.places.coverage import flaws_of
from shaodao.places.models import Contact, Grid, Household

from .drafts import dots_of, formula_from
from .ground import ID, PEOPLE, formula_of, homes_in, rules_of

SMOOTH = 2e-5  # degrees; corners of an outline nearer than that are left out


@dataclass
class Area:
    """A part of the net, counted."""

    unit: Unit
    grids: list[int] = field(default_factory=list)  # ids
    codes: list[str] = field(default_factory=list)
    n_homes: int = 0
    n_people: int = 0
    n_workers: int = 0
    n_needed: int = 0  # workers by the formula
    n_short: int = 0  # workers its grids lack
    n_empty: int = 0  # grids without anybody
    n_unlisted: int = 0
    n_lists: int = 0
    n_wrong: int = 0  # lists of fewer or more households than allowed
    n_flaws: int = 0  # overlaps and gaps
    tone: str = "done"

    @property
    def load(self) -> float | None:
        """Households for each worker."""
        return self.n_homes / self.n_workers if self.n_workers else None


SHOWN = ("cover", "vacancies", "load", "lists")


def areas_of(unit: Unit, *, show: str, on: date) -> list[Area]:
    """Return the parts of an area one level down, each counted, in the order of their codes.

    A fixed number of queries, however many there are.
    """
    level = _below(unit)
    children = Unit.objects.in_force().filter(
        kind=Kind.AREA, level=level, path__startswith=unit.path
    )
    areas = {child.pk: Area(child) for child in children.order_by("code")}
    rows = Grid.objects.filter(valid_to=None, unit__path__startswith=unit.path)
    home: dict[int, Area] = {}
    people_of: dict[int, Area] = {}
    for pk, unit_id, code, path in rows.values_list("pk", "unit", "code", "unit__path"):
        area = next((areas[int(n)] for n in path.strip("/").split("/") if int(n) in areas), None)
        if area is not None:
            area.grids.append(pk)
            area.codes.append(code)
            home[pk], people_of[unit_id] = area, area
    _count(areas.values(), rows, home, unit, on)
    rules = rules_of(unit, on=on)
    for area in areas.values():
        area.tone = policy.tone_of(area, show, least=rules["least"], most=rules["most"])
    return list(areas.values())


def _below(unit: Unit) -> str:
    chain = {
        Level.PREFECTURE: Level.COUNTY,
        Level.COUNTY: Level.TOWNSHIP,
        Level.TOWNSHIP: Level.COMMUNITY,
        Level.COMMUNITY: Level.GRID,
    }
    return chain.get(Level(unit.level), Level.GRID)


def _count(areas: Iterable[Area], rows, home: dict[int, Area], unit: Unit, on: date) -> None:
    homes = Household.objects.filter(building__grid__in=rows).order_by()
    by_grid = homes.values_list("building__grid").annotate(
        n=Count("pk"), people=Sum("n_people"), old=Sum("n_over_60"), young=Sum("n_under_18")
    )
    counts = {pk: tuple(rest) for pk, *rest in by_grid}
    listed = Contact.objects.in_force().filter(household=OuterRef("pk"))
    unlisted = homes.exclude(Exists(listed)).values_list("building__grid").annotate(n=Count("pk"))
    contacts = Contact.objects.in_force().filter(household__building__grid__in=rows).order_by()
    sizes = contacts.values_list("household__building__grid", "worker").annotate(n=Count("pk"))
    posts = Post.objects.in_force().filter(role=Role.GRID_WORKER, unit__grid__in=rows)
    workers = dict(
        posts.order_by().values_list("unit__grid").annotate(n=Count("user", distinct=True))
    )
    numbers, rules = formula_of(unit, on=on), rules_of(unit, on=on)
    formula = formula_from(numbers)
    for pk, area in home.items():
        n, people, old, young = counts.get(pk, (0, 0, 0, 0))
        hard = policy.difficulty(
            n_people=people, n_old=old, n_young=young,
            old=numbers["old_percent"], young=numbers["young_percent"],
        )  # fmt: skip
        needed = int(formula.staff([people], [hard])[0])
        area.n_homes += n
        area.n_people += people
        area.n_workers += workers.get(pk, 0)
        area.n_needed += needed
        area.n_short += max(0, needed - workers.get(pk, 0))
        area.n_empty += not workers.get(pk)
    for pk, n in unlisted:
        home[pk].n_unlisted += n
    total: Counter = Counter()
    whole: dict[int, set[int]] = {}
    for pk, worker, n in sizes:
        total[worker] += n
        whole.setdefault(worker, set()).add(pk)
    for worker, n in total.items():
        for area in {id(home[pk]): home[pk] for pk in whole[worker]}.values():
            area.n_lists += 1
            area.n_wrong += not rules["least"] <= n <= rules["most"]
    for area in areas:
        area.n_flaws = len(flaws_of(area.codes))


# ---- outlines -----------------------------------------------------------------------------------


def _load() -> dict[int, shapely.Geometry]:
    rows = Grid.objects.filter(valid_to=None).values_list("unit", "boundary")
    return {unit: from_wkb(bytes(boundary)) for unit, boundary in rows}


_shapes: Versioned[dict[int, shapely.Geometry]] = Versioned("grids", _load)
_unions: Versioned[dict[int, shapely.Geometry]] = Versioned("grids", dict)


def features_of(areas: Iterable[Area]) -> list[dict]:
    """Return the outlines of areas for the map, each in its tone and leading to its page."""
    units = units_by_id()
    shapes, unions = _shapes.get(), _unions.get()
    below: dict[int, list] = {}
    for pk, shape in shapes.items():
        for above in units[pk].ancestor_ids if pk in units else ():
            below.setdefault(above, []).append(shape)
    found = []
    for area in areas:
        pk = area.unit.pk
        if pk not in below:
            continue
        if pk not in unions:
            unions[pk] = shapely.union_all(below[pk]).simplify(SMOOTH)
        found.append(
            {
                "type": "Feature",
                "properties": {"tone": area.tone, "id": pk, "label": area.unit.short_name},
                "geometry": shapely.geometry.mapping(unions[pk]),
            }
        )
    return found


def box_of(features: Iterable[dict]) -> str:
    """Return the rectangle of features: "w,s,e,n"."""
    shapes = [shapely.geometry.shape(one["geometry"]) for one in features]
    return ",".join(map(str, shapely.total_bounds(shapes).tolist())) if shapes else ""


# ---- the lists of a grid ------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    """A contact list of a grid as it stands."""

    n: int  # from 0
    worker: User | None
    n_homes: int
    n_people: int
    is_wrong: bool
    point: tuple[float, float]  # lon, lat: its middle

    @property
    def number(self) -> int:
        return self.n + 1

    @property
    def colour(self) -> int:
        return self.n % 6 + 1


@dataclass(frozen=True)
class GridNet:
    """The lists of a grid or a village, with the dots the reader may see."""

    lists: list[Listed]
    dots: list[list]  # lon, lat, people
    lot: list[int]  # list of each dot
    is_masked: bool


def net_of(area: Unit, user: User, *, on: date) -> GridNet:
    """Return the lists of a grid or village, with households as far as `user` may see them."""
    village = area if area.level == Level.COMMUNITY else area.parent
    homes = [h for h in homes_in(village) if area.level == Level.COMMUNITY or h[1] == area.pk]
    rules = rules_of(village, on=on)
    rows = Contact.objects.in_force().filter(household__in=[home[ID] for home in homes])
    whose = {row.household_id: row.worker for row in rows.select_related("worker")}
    seen: dict[int, int] = {}
    lot = [seen.setdefault(whose[h[ID]].pk if h[ID] in whose else 0, len(seen)) for h in homes]
    totals = Counter(
        Contact.objects.in_force().filter(worker__in=[pk for pk in seen if pk])
        .values_list("worker", flat=True)
    )  # fmt: skip
    dots = dots_of(homes, [home[PEOPLE] for home in homes])
    lists = []
    for pk, n in seen.items():
        own = [i for i, a in enumerate(lot) if a == n]
        worker = whose[homes[own[0]][ID]] if pk else None
        lists.append(
            Listed(
                n=n,
                worker=worker,
                n_homes=len(own),
                n_people=sum(homes[i][PEOPLE] for i in own),
                is_wrong=worker is None or not rules["least"] <= totals[pk] <= rules["most"],
                point=_middle([dots[i] for i in own]),
            )
        )
    may = _sees(user, area)
    own_list = {n for pk, n in seen.items() if pk == user.pk}
    kept = [i for i, a in enumerate(lot) if may or a in own_list]
    hidden = [one for one in lists if not may and one.n not in own_list]
    shown = [dots[i] for i in kept] + [[*coarsen(*one.point), one.n_people] for one in hidden]
    return GridNet(lists, shown, [lot[i] for i in kept] + [one.n for one in hidden], bool(hidden))


def _middle(dots: list[list]) -> tuple[float, float]:
    return sum(d[0] for d in dots) / len(dots), sum(d[1] for d in dots) / len(dots)


def _sees(user: User, area: Unit) -> bool:
    """Tell whether a reader's posts show them where every household of an area is."""
    roles = {seat.role for seat in seats_over(user, area)}
    return bool(roles & (policy.SEES_HOMES - {Role.GRID_WORKER}))


def top_of(user: User) -> Unit | None:
    """Return the widest area a reader has a post in."""
    areas = [post.unit for post in posts_of(user) if post.unit.kind == Kind.AREA]
    return min(areas, key=lambda unit: (len(unit.path), unit.pk), default=None)


def villages_for_list(units: list[Unit], *, on: date) -> list[tuple[Unit, int, int, int]]:
    """Return villages with their households, lists, and lists of a wrong size, all at once."""
    paths = {unit.pk: unit for unit in units}
    homes = Household.objects.filter(
        building__grid__unit__parent__in=paths, building__grid__valid_to=None
    )
    village = "building__grid__unit__parent"
    n_homes = dict(homes.order_by().values_list(village).annotate(n=Count("pk")))
    contacts = Contact.objects.in_force().filter(household__building__grid__unit__parent__in=paths)
    sizes = contacts.order_by().values_list(f"household__{village}", "worker")
    lists: dict[int, list[int]] = {}
    for pk, _worker, n in sizes.annotate(n=Count("pk")):
        lists.setdefault(pk, []).append(n)
    found = []
    for unit in units:
        rules, own = rules_of(unit, on=on), lists.get(unit.pk, [])
        wrong = sum(not rules["least"] <= n <= rules["most"] for n in own)
        found.append((unit, n_homes.get(unit.pk, 0), len(own), wrong))
    return found
