"""Rows of outreach as a page shows them: doors, stops and links, with nobody's name."""

from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.places.models import Household

from . import policy
from .models import Announcement, Call, DoorPhone, Round, Visit
from .queries import Group, Reach, phones_of, token_of


def door_name(home: Household) -> str:
    """Return what people call a door: compound, building and number."""
    building = home.building
    compound = building.compound
    shown = compound.name if compound and compound.name not in building.name else ""
    return " ".join(part for part in (shown, building.name, home.number) if part)


@dataclass(frozen=True)
class Line:
    """An announcement with how far it has come."""

    row: Announcement
    reach: Reach

    @property
    def label(self) -> str:
        return _(policy.STATE_LABELS[policy.State(self.row.state)])

    @property
    def tone(self) -> str:
        return policy.STATE_TONES[policy.State(self.row.state)]


@dataclass(frozen=True)
class Door:
    """One household that is to be told, and what came of it."""

    call: Call
    kept: DoorPhone | None = None  # its number, shown masked
    phone: str = ""  # in clear, once somebody asked
    refused: str = ""

    @property
    def name(self) -> str:
        return door_name(self.call.household)

    @property
    def label(self) -> str:
        return _(policy.CALL_LABELS[policy.Call(self.call.state)])

    @property
    def tone(self) -> str:
        return policy.CALL_TONES[policy.Call(self.call.state)]

    @property
    def result(self) -> str:
        return policy.RESULTS[self.call.result].label if self.call.result else ""

    @property
    def link(self) -> str:
        """The page the household reads, to be sent on by messenger."""
        return reverse("told", args=[token_of(self.call)])

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(name, policy.RESULTS[name].label) for name in policy.BY_WORKER]


def door_of(call: Call, *, phone: str = "", refused: str = "") -> Door:
    """Return one door with its number looked up."""
    return Door(call, phones_of([call.household_id]).get(call.household_id), phone, refused)


@dataclass(frozen=True)
class Told:
    """An announcement among a worker's calls."""

    line: Line
    doors: list[Door] = field(default_factory=list)


def groups_of(groups: list[Group]) -> list[Told]:
    """Return a worker's calls with every number looked up at once."""
    phones = phones_of([call.household_id for group in groups for call in group.calls])
    return [
        Told(Line(one.announcement, _reach(one.calls)),
             [Door(call, phones.get(call.household_id)) for call in one.calls])
        for one in groups
    ]  # fmt: skip


def _reach(calls: list[Call]) -> Reach:
    states = [call.state for call in calls]
    read = sum(call.read_at is not None for call in calls)
    reached, not_reached = policy.Call.REACHED, policy.Call.UNREACHED
    return Reach(len(calls), states.count(reached), states.count(not_reached), read)


def tabs() -> list[tuple[str, str]]:
    """Return the states of a call with their labels."""
    return [(state.value, label) for state, label in policy.CALL_LABELS.items()]


@dataclass(frozen=True)
class Stop:
    """A visit with its door and what may be done to it."""

    visit: Visit

    @property
    def name(self) -> str:
        return door_name(self.visit.household)

    @property
    def label(self) -> str:
        return _(policy.VISIT_LABELS[policy.Visit(self.visit.state)])

    @property
    def tone(self) -> str:
        return policy.VISIT_TONES[policy.Visit(self.visit.state)]

    @property
    def moves(self) -> list[tuple[str, str]]:
        state = policy.Visit(self.visit.state)
        return [
            (name, label)
            for name, (label, sources, _after) in policy.VISIT_MOVES.items()
            if state in sources
        ]


def points_of(found: Round, visits: list[Visit]) -> dict[str, Any]:
    """Return a round as GeoJSON: its stops in order and the line between them."""
    places = [(row.household.building.lon, row.household.building.lat) for row in visits]
    path = [(found.lon, found.lat), *places, (found.lon, found.lat)]
    line = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "LineString", "coordinates": path},
    }
    stops = [
        {
            "type": "Feature",
            "properties": {"label": str(row.position)},
            "geometry": {"type": "Point", "coordinates": place},
        }
        for row, place in zip(visits, places, strict=True)
    ]
    return {"type": "FeatureCollection", "features": [line, *stops]}
