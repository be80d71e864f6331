"""Whether the net is whole: nothing uncovered, no overlap, each household in one list."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import shapely
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet
from shapely import from_wkb

from shaodao.cores.topology import Flaw, Found, examine
from shaodao.kit.versions import Versioned
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Kind, Level, Role
from shaodao.people.queries import number

from .models import Building, Contact, Grid, Household

LISTED = 100


def _load() -> list[Found]:
    rows = Grid.objects.filter(valid_to=None).values_list("code", "boundary")
    return examine({code: from_wkb(bytes(boundary)) for code, boundary in rows.order_by("code")})


_flaws: Versioned[list[Found]] = Versioned("grids", _load)


def flaws_of(codes: Iterable[str]) -> list[Found]:
    """Return the overlaps and gaps that touch some grids, by their codes."""
    wanted = set(codes)
    return [one for one in _flaws.get() if wanted & set(one.keys)]


@dataclass
class Cover:
    """What is wrong with the net of grids under some units; nothing, where all is well."""

    n_grids: int = 0
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north
    n_buildings: int = 0
    n_households: int = 0
    overlaps: list[Found] = field(default_factory=list)
    gaps: list[Found] = field(default_factory=list)  # inside the net; a lake may be one
    without_grids: list[Unit] = field(default_factory=list)  # communities
    without_boundary: list[Unit] = field(default_factory=list)  # grids
    outside: list[Building] = field(default_factory=list)  # not in the grid they belong to
    n_outside: int = 0
    unlisted: list[tuple[Grid, int]] = field(default_factory=list)  # grids, households without list
    n_unlisted: int = 0
    short_lists: list[tuple[User, int]] = field(default_factory=list)
    long_lists: list[tuple[User, int]] = field(default_factory=list)
    n_idle: int = 0  # grid workers without a household
    least: int = 0
    most: int = 0

    @property
    def n_uncovered(self) -> int:
        """Places, communities, grids and buildings the net leaves out."""
        parts = (self.gaps, self.without_grids, self.without_boundary)
        return sum(map(len, parts)) + self.n_outside

    @property
    def faults(self) -> list[str]:
        """What breaks the promise that everybody is in the net exactly once."""
        found = [f"overlap {' '.join(one.keys)} {one.area_m2:.1f} m2" for one in self.overlaps]
        found += [f"community without grids {unit.code}" for unit in self.without_grids]
        found += [f"grid without boundary {unit.code}" for unit in self.without_boundary]
        found += [f"building outside its grid {row.pk}" for row in self.outside]
        found += [f"households without list {grid.code} {n}" for grid, n in self.unlisted]
        return found


def cover_of(units: QuerySet, *, on: date) -> Cover:
    """Return what is wrong with the net of grids among `units` on a day."""
    areas = units.in_force().filter(kind=Kind.AREA)
    grids = Grid.objects.filter(valid_to=None, unit__in=units)
    codes = set(grids.values_list("code", flat=True))
    here = flaws_of(codes)
    has_grid = Unit.objects.in_force().filter(parent=OuterRef("pk"), level=Level.GRID)
    drawn = Grid.objects.filter(unit=OuterRef("pk"))
    box = grids.aggregate(w=Min("west"), s=Min("south"), e=Max("east"), n=Max("north"))
    cover = Cover(
        n_grids=len(codes),
        bounds=tuple(box.values()) if codes else None,
        overlaps=[one for one in here if len(one.keys) > 1 and not _is_gap(one)],
        gaps=[one for one in here if _is_gap(one)],
        without_grids=list(
            areas.filter(level=Level.COMMUNITY).exclude(Exists(has_grid)).order_by("code")
        ),
        without_boundary=list(
            areas.filter(level=Level.GRID).exclude(Exists(drawn)).order_by("code")
        ),
        least=number("list_least", on=on),
        most=number("list_most", on=on),
    )
    _find_outside(cover, grids)
    _find_unlisted(cover, grids)
    _weigh_lists(cover, grids)
    return cover


def _is_gap(one: Found) -> bool:
    """Tell a hole, thin or wide, from an overlap, which two areas share."""
    if one.flaw == Flaw.GAP:
        return True
    return one.flaw == Flaw.SLIVER and len(one.keys) != 2


def _find_outside(cover: Cover, grids: QuerySet) -> None:
    rows = Building.objects.filter(grid__in=grids).values_list("pk", "grid_id", "lon", "lat")
    found = list(rows.order_by("pk"))
    cover.n_buildings = len(found)
    if not found:
        return
    shapes = {pk: from_wkb(bytes(wkb)) for pk, wkb in grids.values_list("pk", "boundary")}
    areas = np.array([shapes[grid] for _, grid, _, _ in found], dtype=object)
    points = shapely.points([(lon, lat) for *_, lon, lat in found])
    is_inside = shapely.intersects(areas, points)
    lost = [pk for (pk, *_), inside in zip(found, is_inside, strict=True) if not inside]
    cover.n_outside = len(lost)
    kept = Building.objects.filter(pk__in=lost[:LISTED]).select_related("grid__unit")
    cover.outside = list(kept.defer("search", "grid__boundary").order_by("pk"))


def _find_unlisted(cover: Cover, grids: QuerySet) -> None:
    homes = Household.objects.filter(building__grid__in=grids)
    cover.n_households = homes.count()
    listed = Contact.objects.in_force().filter(household=OuterRef("pk"))
    counted = homes.exclude(Exists(listed)).order_by().values_list("building__grid")
    missing = dict(counted.annotate(n=Count("pk")))
    cover.n_unlisted = sum(missing.values())
    rows = Grid.objects.filter(pk__in=missing).select_related("unit").defer("boundary")
    cover.unlisted = [(grid, missing[grid.pk]) for grid in rows.order_by("code")]


def _weigh_lists(cover: Cover, grids: QuerySet) -> None:
    contacts = Contact.objects.in_force().filter(household__building__grid__in=grids)
    sizes = Counter(dict(contacts.order_by().values_list("worker").annotate(n=Count("pk"))))
    wrong = [pk for pk, n in sizes.items() if not cover.least <= n <= cover.most]
    people = User.objects.in_bulk(wrong)
    pairs = [(people[pk], sizes[pk]) for pk in sorted(wrong, key=lambda pk: (sizes[pk], pk))]
    cover.short_lists = [pair for pair in pairs if pair[1] < cover.least]
    cover.long_lists = [pair for pair in pairs if pair[1] > cover.most][::-1]
    posts = Post.objects.in_force().filter(role=Role.GRID_WORKER, unit__grid__in=grids)
    cover.n_idle = posts.exclude(user__in=list(sizes)).values("user").distinct().count()
