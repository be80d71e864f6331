"""Up and down routes of every grid (上下联动): who takes a case at each level, and the gaps."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.people.models import Post, Unit
from shaodao.people.policy import LEVEL_LABELS, Kind, Level, Role
from shaodao.people.queries import units_by_id

# What each level needs for a case to pass through it, upwards and downwards.
NEEDED: dict[Level, tuple[Role, ...]] = {
    Level.GRID: (Role.GRID_WORKER,),
    Level.COMMUNITY: (Role.INTAKE, Role.DISPATCHER),
    Level.TOWNSHIP: (Role.INTAKE, Role.DISPATCHER),
    Level.COUNTY: (Role.INTAKE, Role.DISPATCHER),
}
_WANTS = {
    Role.GRID_WORKER: N_("没有网格员"),
    Role.INTAKE: N_("没有受理员"),
    Role.DISPATCHER: N_("没有派遣员"),
}


@dataclass(frozen=True)
class Rung:
    """One level of a grid's route: whose desk, who sits there, what is missing."""

    level: Level
    unit: Unit | None
    people: list[str]
    missing: list[Role]

    @property
    def says(self) -> str:
        """What is missing, in words; '' where nothing is."""
        if self.unit is None:
            return _("没有%(level)s") % {"level": _(LEVEL_LABELS[self.level])}
        return _("、").join(_(_WANTS[role]) for role in self.missing)


@dataclass(frozen=True)
class GridRoute:
    """A grid's route: upwards read from the first rung, downwards from the last."""

    grid: Unit
    rungs: list[Rung]

    @property
    def is_whole(self) -> bool:
        return all(rung.unit is not None and not rung.missing for rung in self.rungs)


def routes_of(grids: Iterable[Unit]) -> list[GridRoute]:
    """Return the route of each grid; one query for all the posts there are."""
    held, units = _held(), units_by_id()
    made: dict[tuple[Level, int], Rung] = {}
    found = []
    for grid in grids:
        chain = [units[pk] for pk in reversed(grid.ancestor_ids)]
        found.append(GridRoute(grid, [_rung(chain, level, held, made) for level in NEEDED]))
    return found


def _held() -> dict[int, dict[str, list[str]]]:
    roles = {role for needed in NEEDED.values() for role in needed}
    posts = Post.objects.in_force().filter(role__in=roles, user__is_active=True)
    held: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows = posts.order_by("-is_head", "pk").values_list("unit", "role", "user__name")
    for unit, role, name in rows:
        held[unit][role].append(name)
    return held


def _rung(chain: Sequence[Unit], level: Level, held, made: dict[tuple[Level, int], Rung]) -> Rung:
    unit = next((u for u in chain if u.level == level and u.kind == Kind.AREA), None)
    if unit is None:
        return Rung(level, None, [], [])
    if (level, unit.pk) not in made:
        people = held.get(unit.pk, {})
        names = dict.fromkeys(name for role in NEEDED[level] for name in people.get(role, ()))
        missing = [role for role in NEEDED[level] if not people.get(role)]
        made[level, unit.pk] = Rung(level, unit, list(names), missing)
    return made[level, unit.pk]


def grids_in_force() -> list[Unit]:
    """Return every grid there is today, by code."""
    grids = Unit.objects.in_force().filter(kind=Kind.AREA, level=Level.GRID)
    return list(grids.order_by("code"))


def streets_in_force() -> QuerySet[Unit]:
    """Return every street and township there is today, by code."""
    streets = Unit.objects.in_force().filter(kind=Kind.AREA, level=Level.TOWNSHIP)
    return streets.order_by("code")


def officers_at(streets: QuerySet[Unit]) -> QuerySet[Post]:
    """Return the officers whom departments have posted to streets (下沉执法), with their units."""
    return Post.objects.posted_to(streets).select_related("user", "unit", "posted_to")
