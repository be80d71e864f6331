"""Questions about whistles that join several tables, for actions and pages alike."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from shaodao.cases.models import Case
from shaodao.cases.rules import rules as case_rules
from shaodao.people.models import Post, Unit, User, posts_of, seats_over
from shaodao.people.policy import Kind as UnitKind
from shaodao.people.policy import Level, Role
from shaodao.people.queries import at_level, units_by_id

from . import policy
from .models import Summons, Whistle
from .rules import may_whistle, rules

_ARBITERS = frozenset(by for move in ("uphold",) for by in policy.SUMMONS_MOVES[move].by)
_ARBITER_ROLES = frozenset(role for by in _ARBITERS for role in by.roles)
CALLED = frozenset(
    {UnitKind.AREA, UnitKind.DEPARTMENT, UnitKind.COMPANY, UnitKind.INSTITUTION}
)  # party bodies are called as the units they lead


def roles_in(user, *units: Unit | None) -> frozenset[Role]:
    """Return the roles `user` holds in one of these very units, not above them."""
    ids = {unit.pk for unit in units if unit is not None}
    return frozenset(Role(post.role) for post in posts_of(user) if post.unit_id in ids)


def reviewer_of(whistler: Unit) -> Unit:
    """Return whose chiefs approve a whistle: the whistler's street or township, or itself."""
    return at_level(whistler, Level.TOWNSHIP) or whistler


def arbiter_of(whistler: Unit, summoned: Unit) -> Unit | None:
    """Return who arbitrates between two units: the first above both where somebody is in office."""
    ids = policy.arbiters(whistler.ancestor_ids, summoned.ancestor_ids)
    posts = Post.objects.in_force().filter(unit__in=ids, role__in=_ARBITER_ROLES)
    manned = set(posts.values_list("unit", flat=True))
    chosen = next((pk for pk in ids if pk in manned), ids[-1] if ids else None)
    return units_by_id().get(chosen) if chosen is not None else None


def seats_of(user, whistle: Whistle, summons: Summons | None = None) -> policy.Seats:
    """Return the roles `user` holds in each unit of a whistle, and of one of its summonses."""
    seats = {
        policy.Over.WHISTLER: roles_in(user, whistle.whistler),
        policy.Over.REVIEWER: roles_in(user, reviewer_of(whistle.whistler)),
    }
    if summons is not None:
        arbiter = summons.arbiter or arbiter_of(whistle.whistler, summons.unit)
        seats[policy.Over.SUMMONED] = roles_in(user, summons.unit)
        seats[policy.Over.ARBITER] = roles_in(user, arbiter)
    return seats


def is_summoned(user, summonses: Iterable[Summons]) -> bool:
    """Tell whether `user` works in one of the units that a whistle calls."""
    units = [summons.unit for summons in summonses if summons.state != policy.State.RELEASED]
    roles = roles_in(user, *units)
    return bool(roles & policy.SUMMONS_MOVES["sign"].by[0].roles)


def ones_of(summonses: Sequence[Summons]) -> list[policy.One]:
    """Return summonses as the rules look at them."""
    return [policy.One(policy.State(row.state), row.is_lead) for row in summonses]


def origins_of(user, case: Case, *, at: datetime) -> list[tuple[policy.Origin, Unit]]:
    """Return as whom `user` may whistle on a case: each with the unit that stands behind it."""
    on, found = timezone.localdate(at), []
    for origin, level in policy.ORIGIN_LEVEL.items():
        unit = at_level(case.area, level)
        if unit is None or not may_whistle(origin, area=unit, on=on):
            continue
        if roles_in(user, unit) & policy.MOVES["submit"].by[0].roles:
            found.append((origin, unit))
    return found


def units_to_call(text: str, *, area: Unit, most: int = 30) -> list[Unit]:
    """Return the units whose name or code holds `text`, those nearest to the area first."""
    words = text.strip()
    units = [
        unit
        for unit in units_by_id().values()
        if unit.kind in CALLED and words in f"{unit.name} {unit.short_name} {unit.code or ''}"
    ]
    return sorted(units, key=lambda unit: _distance(unit, area))[:most]


def usual_units(area: Unit) -> list[tuple[Level, list[Unit]]]:
    """Return the departments and companies a whistle of an area usually calls, by tier."""
    above = set(area.ancestor_ids)
    found: dict[Level, list[Unit]] = {}
    for unit in units_by_id().values():
        if unit.kind in CALLED - {UnitKind.AREA} and unit.parent_id in above:
            found.setdefault(Level(unit.level), []).append(unit)
    order = list(Level)
    return [
        (level, sorted(units, key=lambda u: (u.kind, u.pk)))
        for level, units in sorted(found.items(), key=lambda item: -order.index(item[0]))
    ]


def _distance(unit: Unit, area: Unit) -> tuple[int, int, str]:
    shared = len(set(unit.ancestor_ids) & set(area.ancestor_ids))
    return (unit.kind == UnitKind.AREA, -shared, unit.path)


_TAKING = frozenset({Role.INTAKE, Role.DISPATCHER, Role.GRID_WORKER})


def may_write_down(user, case: Case) -> bool:
    """Tell whether `user` takes reports where a case lies, and so whistles for residents."""
    return any(seat.role in _TAKING for seat in seats_over(user, case.area))


def responder_of(case: Case, *, at: datetime) -> tuple[Unit, User | None, str] | None:
    """Return who of a case's grid answers when residents whistle: grid, person, post's title.

    The holder of the post its class names; where nobody holds it, the grid's head worker.
    """
    grid = at_level(case.area, Level.GRID)
    if grid is None:
        return None
    title = rules().responder(
        case_rules().lineage(case.category_id), unit=grid, on=timezone.localdate(at)
    )
    posts = Post.objects.in_force().filter(unit=grid, role=Role.GRID_WORKER)
    ordered = posts.select_related("user").order_by("-is_head", "pk")
    holder = _holder(grid, title, timezone.localdate(at)) if title else None
    head = ordered.first()
    return (grid, holder or (head.user if head else None), title if holder else "")


@lru_cache(maxsize=4)
def _held_by(path: str):
    return import_string(path)


def _holder(grid: Unit, title: str, on: date) -> User | None:
    """Return who holds a named post of a grid; a mechanism above knows (setting POST_HOLDER)."""
    holder = _held_by(settings.POST_HOLDER)(grid, title, on)
    return holder if holder is not None and holder.is_active else None


def people_of(unit: Unit, roles: Iterable[Role]) -> list[int]:
    """Return who holds one of these posts in a unit today."""
    posts = Post.objects.in_force().filter(unit=unit, role__in=list(roles))
    return list(posts.order_by("user").values_list("user", flat=True).distinct())
