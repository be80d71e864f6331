"""What lies in a village: its households, who has them, what parts them, and the dated numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from shapely import from_wkb, get_coordinates, get_parts
from shapely.geometry import box

from shaodao.cores.geodesy import project
from shaodao.drawing import policy
from shaodao.people.models import Unit, User
from shaodao.people.policy import Kind, Level
from shaodao.people.queries import number
from shaodao.places.models import BaseFeature, Contact, Household
from shaodao.workforce.queries.lists import homes_of, workers_for

# Columns of a household in a draft.
ID, GRID, PEOPLE, LON, LAT, BUILDING, OLD, YOUNG = range(8)


def rules_of(community: Unit, *, on: date) -> dict[str, int]:
    """Return the numbers lists are drawn by in a village on a day."""
    ids = community.ancestor_ids
    return {
        "least": number("list_least", on=on, unit_ids=ids),
        "wanted": number("list_wanted", on=on, unit_ids=ids),
        "most": number("list_most", on=on, unit_ids=ids),
        "reach_m": number("list_reach_metres", on=on, unit_ids=ids),
    }


def formula_of(community: Unit, *, on: date) -> dict[str, int]:
    """Return the numbers of the staff formula of a village on a day."""
    ids = community.ancestor_ids
    names = ("people_per_worker", "extra_percent", "least", "old_percent", "young_percent")
    return {name: number(f"staff_{name}", on=on, unit_ids=ids) for name in names}


def homes_in(community: Unit) -> list[list]:
    """Return the households of a village: the columns above of each, in the order of a walk."""
    rows = Household.objects.filter(
        building__grid__unit__parent=community, building__grid__valid_to=None
    )
    ordered = rows.order_by("building__grid__code", "building__zkey", "building", "number", "pk")
    columns = ("pk", "building__grid__unit", "n_people", "building__lon", "building__lat")
    columns += ("building", "n_over_60", "n_under_18")
    found = list(ordered.values_list(*columns)[: policy.MOST_HOMES + 1])
    return [list(row) for row in found]


def contacts_of(homes: Sequence[Sequence]) -> list[int | None]:
    """Return the id of each household's contact worker today."""
    ids = [home[ID] for home in homes]
    rows = Contact.objects.in_force().filter(household__in=ids)
    whose = dict(rows.values_list("household_id", "worker_id"))
    return [whose.get(pk) for pk in ids]


def walls_in(homes: Sequence[Sequence], barriers: Sequence[str]) -> list[list]:
    """Return the lines near a village that nobody crosses: lists of (lon, lat)."""
    if not homes or not barriers:
        return []
    lons, lats = [home[LON] for home in homes], [home[LAT] for home in homes]
    west, south = min(lons) - 0.003, min(lats) - 0.003
    east, north = max(lons) + 0.003, max(lats) + 0.003
    near = BaseFeature.objects.filter(
        west__lte=east, east__gte=west, south__lte=north, north__gte=south
    )
    frame = box(west, south, east, north)
    lines = []
    for name in barriers:
        _label, layer, kind = policy.BARRIERS[name]
        for shape in (
            near.filter(layer=layer, kind=kind).order_by("pk").values_list("shape", flat=True)
        ):
            whole = from_wkb(bytes(shape))
            drawn = whole.boundary if "Polygon" in whole.geom_type else whole
            lines += [get_coordinates(part) for part in get_parts(drawn.intersection(frame))]
    return [line.round(6).tolist() for line in lines if len(line) > 1]


@dataclass(frozen=True)
class Hands:
    """Who may carry a list in a village: ids, the grids each works in, where each lives."""

    people: list[int]
    grids: list[frozenset[int]]
    at: list[tuple[float, float] | None]  # lon, lat

    def free_in(self, place: Sequence[int], taken: frozenset[int]) -> list[int]:
        """Return who works in all of some grids and has no list yet."""
        pairs = zip(self.people, self.grids, strict=True)
        return [pk for pk, own in pairs if set(place) <= own and pk not in taken]

    def n_in(self, place: Sequence[int]) -> int:
        return len(self.free_in(place, frozenset()))


def hands_of(community: Unit, *, on: date) -> Hands:
    """Return who may carry a list in a village on a day."""
    found = workers_for(community, on=on)
    lives = homes_of(person for person, _ in found)
    return Hands(
        [person.pk for person, _ in found],
        [grids for _, grids in found],
        [lives.get(person.pk) for person, _ in found],
    )


def metres(homes: Sequence[Sequence]) -> tuple[np.ndarray, np.ndarray]:
    """Return households as metres east and north of the first."""
    lons = np.array([home[LON] for home in homes], float)
    lats = np.array([home[LAT] for home in homes], float)
    return project(lons, lats, (float(lons[0]), float(lats[0])))


def villages_of(user: User) -> list[Unit]:
    """Return the villages and communities under a user's posts, in the order of their codes."""
    rows = Unit.objects.visible_to(user).in_force()
    return list(rows.filter(kind=Kind.AREA, level=Level.COMMUNITY).order_by("code"))
