"""Rows of outreach as a page shows them: doors, stops and links, with nobody's name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.people.models import User
from shaodao.places.models import Household

from . import policy
from .models import Announcement, Call, DoorPhone, Jotting, Round, Visit
from .queries import Group, Reach, jottings_beside, phones_of, reach_of_worker, token_of


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
class Beside:
    """A result that was put aside, as the row's page tells of it."""

    jotting: Jotting

    @property
    def said(self) -> str:
        if self.jotting.call_id is not None:
            return _(policy.RESULTS[self.jotting.name].label)
        return _(policy.VISIT_MOVES[self.jotting.name][0])


def _beside(rows: Sequence[Call] | Sequence[Visit]) -> dict[int, list[Beside]]:
    found = jottings_beside(rows)
    return {pk: [Beside(one) for one in jottings] for pk, jottings in found.items()}


@dataclass(frozen=True)
class Door:
    """One household that is to be told, and what came of it."""

    call: Call
    kept: DoorPhone | None = None  # its number, shown masked
    phone: str = ""  # in clear, once somebody asked
    refused: str = ""
    beside: Sequence[Beside] = ()  # results put aside, because somebody had written another

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
    def usual(self) -> list[tuple[str, str]]:
        return [(name, policy.RESULTS[name].label) for name in policy.USUAL]

    @property
    def others(self) -> list[tuple[str, str]]:
        others = (name for name in policy.BY_WORKER if name not in policy.USUAL)
        return [(name, policy.RESULTS[name].label) for name in others]


def door_of(call: Call, *, phone: str = "", refused: str = "") -> Door:
    """Return one door with its number looked up."""
    kept = phones_of([call.household_id]).get(call.household_id)
    return Door(call, kept, phone, refused, _beside([call]).get(call.pk, ()))


@dataclass(frozen=True)
class Told:
    """An announcement among a worker's calls."""

    line: Line
    doors: list[Door] = field(default_factory=list)


def groups_of(groups: list[Group], user: User) -> list[Told]:
    """Return a worker's calls with every number looked up at once."""
    calls = [call for group in groups for call in group.calls]
    phones, beside = phones_of([call.household_id for call in calls]), _beside(calls)
    reach = reach_of_worker(user, [group.announcement for group in groups])
    return [
        Told(Line(one.announcement, reach[one.announcement.pk]),
             [Door(call, phones.get(call.household_id), beside=beside.get(call.pk, ()))
              for call in one.calls])
        for one in groups
    ]  # fmt: skip


def tabs() -> list[tuple[str, str]]:
    """Return the states of a call with their labels."""
    return [(state.value, label) for state, label in policy.CALL_LABELS.items()]


@dataclass(frozen=True)
class Stop:
    """A visit with its door and what may be done to it."""

    visit: Visit
    beside: Sequence[Beside] = ()  # as of a door

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


def stops_of(visits: Sequence[Visit]) -> list[Stop]:
    """Return visits with what was put aside of each, looked up at once."""
    beside = _beside(visits)
    return [Stop(row, beside.get(row.pk, ())) for row in visits]


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
