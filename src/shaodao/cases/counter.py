"""The office's own doors: what staff may write down for others, and what the place may mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from shaodao.cores.words import query_terms
from shaodao.kit.search import AllOf
from shaodao.people.models import Unit, roles_of
from shaodao.people.policy import Level, Role
from shaodao.people.queries import at_level, units_by_id
from shaodao.places.models import Building, Grid, Household
from shaodao.places.queries import locate
from shaodao.reports.actions import Said
from shaodao.reports.policy import Channel, PlaceBy

from .duplicates import Likely, likely
from .models import Case

# By which doors a role may bring something in.
DOORS: dict[Role, tuple[Channel, ...]] = {
    Role.INTAKE: (Channel.PHONE,),
    Role.GRID_WORKER: (Channel.ON_BEHALF, Channel.PATROL),
    Role.VERIFIER: (Channel.PATROL,),
}
MOST_GRIDS = 400  # a list beyond this helps nobody: the map and the address are there
MOST_SUGGESTED = 8


def doors_of(user) -> list[Channel]:
    """Return the channels `user` may write something down by."""
    held = roles_of(user)
    doors = [door for role, channels in DOORS.items() if role in held for door in channels]
    return list(dict.fromkeys(doors))


def grids_to_choose(user) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return the grids under `user`'s posts by community; none where they are too many to list."""
    rows = list(
        Grid.objects.visible_to(user).filter(valid_to=None).order_by("code")
        .values_list("pk", "unit")[: MOST_GRIDS + 1]
    )  # fmt: skip
    if len(rows) > MOST_GRIDS:
        return []
    units, groups = units_by_id(), {}
    for pk, unit_id in rows:
        unit = units[unit_id]
        community = at_level(unit, Level.COMMUNITY)
        groups.setdefault(community.short_name if community else "", []).append(
            (pk, unit.short_name)
        )
    return list(groups.items())


def households_of(user) -> QuerySet[Household]:
    """Return the households `user` is the contact worker of."""
    homes = Household.objects.visible_to(user).of_worker(user)
    return homes.select_related("building__grid").order_by("building", "number", "pk")


def grids_of(user) -> QuerySet[Grid]:
    """Return the grids `user` may name as a place."""
    return Grid.objects.visible_to(user).select_related("unit")


def buildings_of(user) -> QuerySet[Building]:
    """Return the buildings `user` may name as a place."""
    here = Grid.objects.visible_to(user)
    return Building.objects.filter(grid__in=here).select_related("grid")


def buildings_like(user, address: str) -> list[Building]:
    """Return the buildings in reach of `user` whose address holds what was typed."""
    found_terms = query_terms(address)
    if not found_terms:
        return []
    rows = buildings_of(user).filter(search=AllOf(found_terms))
    return list(rows.order_by("pk")[:MOST_SUGGESTED])


@dataclass(frozen=True)
class Look:
    """What to look at before writing it down: what the address may mean, what it may repeat."""

    buildings: list[Building]
    likely: list[Likely]

    def __bool__(self) -> bool:
        return bool(self.buildings or self.likely)


def look(user, values: Mapping[str, Any], *, at: datetime) -> Look:
    """Return what the person at the counter should look at, once the words and place are known."""
    is_vague = not any(values.get(key) for key in ("household", "building", "grid", "point"))
    address = values.get("address") or ""
    buildings = buildings_like(user, address) if is_vague and address else []
    point, area = _point_and_area(values, buildings)
    category = values.get("category")
    found = likely(
        Case.objects.visible_to(user).defer("search"),
        text=values.get("text") or "",
        category=category.pk if category else "",
        area_id=area.pk if area else None,
        point=point,
        at=at,
    )
    return Look(buildings, found if point or area else [])


def _point_and_area(
    values: Mapping[str, Any], buildings: list[Building]
) -> tuple[tuple[float, float] | None, Unit | None]:
    home = values["household"].building if values.get("household") else values.get("building")
    thing = home or (buildings[0] if len(buildings) == 1 else None)
    grid = thing.grid if thing else values.get("grid")
    point = values.get("point") or ((thing.lon, thing.lat) if thing else None)
    if grid is None and point and (found := locate(*point)):
        return point, units_by_id()[found[1]]
    return point, units_by_id()[grid.unit_id] if grid else None


def said_of(values: Mapping[str, Any]) -> Said:
    """Return what was written down, its place by the most exact thing given."""
    home, building = values.get("household"), values.get("building")
    grid, point = values.get("grid"), values.get("point")
    if home or building:
        place = PlaceBy.ADDRESS
    elif point:
        place = PlaceBy.MAP
    elif grid:
        place = PlaceBy.GRID
    else:
        place = PlaceBy.ADDRESS if values.get("address") else PlaceBy.NONE
    return Said(
        key=values["key"],
        channel=Channel(values["channel"]),
        text=values.get("text") or "",
        place=place,
        category=values.get("category") or None,
        lon=point[0] if point else None,
        lat=point[1] if point else None,
        line=values.get("line") or None,
        address=values.get("address") or "",
        grid=grid,
        building=building,
        household=home,
        name=values.get("name") or "",
        phone=values.get("phone") or "",
        pictures=values.get("photos") or (),
    )
