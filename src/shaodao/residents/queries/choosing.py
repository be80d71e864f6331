"""Choosing a place without a map: lists in steps, typed addresses, and what lies where."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from django.db.models import Count, Max, Min
from django.db.models.functions import Left, Length

from shaodao.cores.words import query_terms
from shaodao.kit.search import AllOf
from shaodao.kit.versions import Versioned
from shaodao.people.models import Post, Unit
from shaodao.people.policy import Kind, Level, Role
from shaodao.people.queries import at_level, units_by_id
from shaodao.places.models import Building, Compound, Contact, Grid
from shaodao.places.queries import grid_now, locate

SUGGESTED = 8
_UP_TO_BUILDING = re.compile(r"^.*?\d+\s*(?:号楼|栋|幢|座|号)")


class Choice(NamedTuple):
    """One entry of a list: the value that is sent, the words that are shown."""

    value: str
    label: str


class Group(NamedTuple):
    """Entries under a heading."""

    label: str
    choices: list[Choice]


@dataclass(frozen=True)
class Spot:
    """A place chosen from the lists: a grid, or a compound, with a point that stands for it."""

    value: str
    label: str
    address: str  # '' for a grid
    lon: float
    lat: float
    grid: Grid | None
    community: Unit


@dataclass(frozen=True)
class Lists:
    """The lists as far as they have been walked: street or town, community or village, spot."""

    township: str
    community: str
    spot: Spot | None
    grids_only: bool = False

    @cached_property
    def townships(self) -> list[Group]:
        return _townships(_communities.get())

    @cached_property
    def communities(self) -> list[Choice]:
        return [Choice(str(c.pk), c.short_name) for c in _of_township(self.township)]

    @cached_property
    def spots(self) -> list[Group]:
        return _spots(int(self.community), grids_only=self.grids_only) if self.community else []


def lists_at(*, township: str, community: str, spot: str, grids_only: bool = False) -> Lists:
    """Return the lists open at what has been chosen so far; what does not fit is left out."""
    chosen = spot_of(spot)
    if chosen is not None and (not community or community == str(chosen.community.pk)):
        community, township = str(chosen.community.pk), str(chosen.community.parent_id)
    if community and community not in {str(c.pk) for c in _of_township(township)}:
        community = ""
    if chosen is not None and str(chosen.community.pk) != community:
        chosen = None
    return Lists(township, community, chosen, grids_only)


def _load_communities() -> list[Unit]:
    units = units_by_id()
    parents = {u.parent_id for u in units.values() if u.kind == Kind.AREA and u.level == Level.GRID}
    return sorted((units[pk] for pk in parents if pk in units), key=_code)


_communities: Versioned[list[Unit]] = Versioned("units", _load_communities)


def _of_township(township: str) -> list[Unit]:
    """Return the communities of a township that have grids, in the order of their codes."""
    return [c for c in _communities.get() if str(c.parent_id) == township]


def _code(unit: Unit) -> str:
    return unit.code or ""


def _townships(communities: Iterable[Unit]) -> list[Group]:
    units = units_by_id()
    townships = sorted({c.parent_id for c in communities if c.parent_id in units})
    rows = sorted((units[pk] for pk in townships), key=_code)
    return [
        Group(units[county].short_name, [Choice(str(u.pk), u.short_name) for u in members])
        for county, members in groupby(rows, key=lambda u: u.parent_id)
    ]


def _spots(community: int, *, grids_only: bool) -> list[Group]:
    grids = Grid.objects.filter(unit__parent=community, valid_to=None).select_related("unit")
    found = [("grids", [Choice(f"g{g.pk}", g.unit.short_name) for g in grids.order_by("code")])]
    if not grids_only:
        compounds = Compound.objects.filter(community=community).order_by("name", "pk")
        found.insert(0, ("compounds", [Choice(f"c{c.pk}", c.name) for c in compounds]))
    return [Group(label, choices) for label, choices in found if choices]


def spot_of(value: str) -> Spot | None:
    """Return the grid ('g7') or compound ('c7') a value of the lists stands for."""
    if not re.fullmatch(r"[cg][1-9]\d{0,9}", value):
        return None
    if value[0] == "g":
        row = Grid.objects.filter(pk=value[1:], valid_to=None).select_related("unit").first()
        return spot_of_grid(row) if row else None
    compound = Compound.objects.filter(pk=value[1:]).select_related("community").first()
    if compound is None:
        return None
    return Spot(
        value=value,
        label=f"{compound.community.short_name} {compound.name}",
        address=f"{compound.community.short_name}{compound.name}",
        lon=compound.lon,
        lat=compound.lat,
        grid=None,
        community=compound.community,
    )


def spot_of_grid(grid: Grid) -> Spot:
    """Return a grid as a place that may be chosen."""
    units = units_by_id()
    community = units[grid.unit.parent_id]
    return Spot(
        value=f"g{grid.pk}",
        label=name_of(grid.unit),
        address="",
        lon=grid.lon,
        lat=grid.lat,
        grid=grid,
        community=community,
    )


@dataclass(frozen=True)
class View:
    """Where a map opens: at a place, or so that an area is seen; as kit/map.html reads it."""

    center: str = ""  # "lon,lat"
    zoom: int = 13
    bounds: str = ""  # "west,south,east,north"


def view_of(grid: Grid | None) -> View:
    """Return a view of a grid, or of the county that has most of them."""
    if grid is not None:
        return View(center=f"{grid.lon:.6f},{grid.lat:.6f}", zoom=15)
    return View(bounds=_county_box.get())


def _load_box() -> str:
    sides = {name: edge(name) for name, edge in _EDGES.items()}
    counties = Grid.objects.filter(valid_to=None).values(county=Left("code", 6))
    boxes = counties.annotate(n=Count("pk"), **{f"{k}most": v for k, v in sides.items()})
    box = boxes.order_by("-n", "county").first()
    return ",".join(f"{box[f'{name}most']:.6f}" for name in _EDGES) if box else ""


_EDGES = {"west": Min, "south": Min, "east": Max, "north": Max}
_county_box: Versioned[str] = Versioned("grids", _load_box)


def grid_with(code: str) -> Grid | None:
    """Return the grid a card's code names; of one that was split or merged, what is there now."""
    return grid_now(code)


def building_with(pk: int | None) -> Building | None:
    """Return a building with its grid."""
    return Building.objects.filter(pk=pk).select_related("grid__unit").first() if pk else None


def suggestions(text: str) -> list[Building]:
    """Return the buildings whose address fits what somebody has typed so far, best first.

    Where nothing fits, what follows the building (a flat's number) and then the last word are
    left out.
    """
    tries = [text]
    if found := _UP_TO_BUILDING.match(text):
        tries.append(found.group())
    if len(words := text.split()) > 1:
        tries.append(" ".join(words[:-1]))
    for typed in dict.fromkeys(tries):
        if rows := _buildings_like(typed):
            return rows
    return []


def _buildings_like(text: str) -> list[Building]:
    wanted = query_terms(text)
    if not wanted:
        return []
    rows = Building.objects.filter(search=AllOf(wanted)).select_related("grid__unit")
    return list(rows.order_by(Length("address"), "address", "pk")[:SUGGESTED])


def certain(buildings: list[Building], typed: str) -> Building | None:
    """Return the one building that what was typed can only mean."""
    if len(buildings) == 1:
        return buildings[0]
    folded = "".join(typed.split())
    same = [b for b in buildings if "".join(b.address.split()) == folded]
    return same[0] if len(same) == 1 else None


def area_at(lon: float, lat: float) -> Unit | None:
    """Return the grid's unit a point lies in, or None where no grid is."""
    found = locate(lon, lat)
    return units_by_id()[found[1]] if found is not None else None


def name_of(unit: Unit) -> str:
    """Say where a unit is, from the county down: 章贡区 西津路社区第一网格."""
    county, community, grid = (
        at_level(unit, level) for level in (Level.COUNTY, Level.COMMUNITY, Level.GRID)
    )
    parts = [county.short_name if county else ""]
    if community and not (grid and grid.short_name.startswith(community.short_name)):
        parts.append(community.short_name)
    parts.append(grid.short_name if grid else "")
    return " ".join(part for part in parts if part) or unit.short_name


@dataclass(frozen=True)
class Worker:
    """A grid worker as the card at the door shows them: a name and a work number, nothing else."""

    name: str
    phone: str
    is_head: bool
    is_contact: bool  # of a household in the building that was asked for


def workers_of(grid: Grid, building: Building | None = None) -> list[Worker]:
    """Return the workers of a grid, contact workers of the building first, then the head."""
    posts = Post.objects.in_force().filter(unit=grid.unit_id, role=Role.GRID_WORKER)
    contacts: set[int] = set()
    if building is not None:
        rows = Contact.objects.in_force().filter(household__building=building)
        contacts = set(rows.values_list("worker_id", flat=True))
    workers = {
        post.user_id: Worker(
            name=post.user.name,
            phone=post.user.work_phone,
            is_head=post.is_head,
            is_contact=post.user_id in contacts,
        )
        for post in posts.select_related("user").order_by("is_head", "-pk")
    }
    return sorted(workers.values(), key=lambda w: (not w.is_contact, not w.is_head, w.name))
