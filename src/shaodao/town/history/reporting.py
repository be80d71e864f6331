"""Who says what, where and by which door: the reports that begin the lives of cases."""

from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.random import Generator
from shapely import Point, from_wkb

from shaodao.people.policy import Role
from shaodao.places.models import Building, Grid
from shaodao.reports.models import Photo, Report
from shaodao.reports.policy import Channel, Kind, PlaceBy
from shaodao.reports.tokens import digest_of, make_token
from shaodao.town import names
from shaodao.town.sayings import SAYINGS

from .pen import Pen
from .words import Matter, tell
from .world import World

_CHANNELS = (Channel.WEB, Channel.QR, Channel.PHONE, Channel.ON_BEHALF, Channel.PATROL)
_SHARES = (0.36, 0.13, 0.15, 0.13, 0.23)
# What a worker finds on a round; nobody finds a question about a pension in the street.
_NEVER_FOUND = frozenset(
    {"DISPUTE", "WATER_METER", "LIFT_AGEING", "PROPERTY_SERVICE", "HOUSE_LEAK"}
)
_AT_HOME = frozenset({"WATER_METER", "HOUSE_LEAK", "DISPUTE", "DRAIN_BLOCKED"})
_LEAVE_A_PHONE = 0.62
DEGREE_M = 1e-5  # about a metre


class Reporting:
    """Makes reports, each with its photos, for a settled town."""

    def __init__(self, world: World, pen: Pen, rng: Generator):
        self.world, self.pen, self.rng = world, pen, rng
        self.shapes = {grid.pk: from_wkb(bytes(grid.boundary)) for grid in world.grids}
        self.given = names.people(rng)
        self.codes = list(SAYINGS)
        self.weights = {
            rural: _normal([s.rural if rural else s.weight for s in SAYINGS.values()])
            for rural in (False, True)
        }

    def report(
        self,
        at: datetime,
        *,
        grid: Grid | None = None,
        category: str = "",
        channel: Channel | None = None,
        where: str = "",
    ) -> tuple[Report, Matter]:
        """Return a report received at an instant, and its words."""
        rng = self.rng
        grid = grid or self.world.grids[int(rng.integers(len(self.world.grids)))]
        is_rural = grid.code.startswith("360722")
        category = category or str(rng.choice(self.codes, p=self.weights[is_rural]))
        channel = channel or self._channel(category)
        place = self._building(grid)
        matter = tell(category, channel, place, rng, where=where)
        row = Report(
            key=UUID(bytes=rng.bytes(16), version=4),
            number=f"{at:%y%m%d}{self.pen.numbers.popleft():06d}",
            channel=channel.value,
            received_at=at,
            category=self.world.rules.categories[category],
            text=matter.said,
            grid=grid,
            area=grid.unit,
            by=self._writer(grid, channel),
        )
        row.token_digest = digest_of(make_token(row.key))
        self._set_place(row, place, channel)
        if channel != Channel.PATROL and rng.random() < _LEAVE_A_PHONE:
            row.name, row.phone = next(self.given), f"1430003{int(rng.integers(10_000)):04d}"
        self.pen.add(row)
        self._photos(row, matter)
        return row, matter

    def again(self, first: Report, matter: Matter, at: datetime, channel: Channel) -> Report:
        """Return another person's report of the same matter."""
        row, _ = self.report(
            at,
            grid=first.grid,
            category=first.category_id,
            channel=channel,
            where=matter.where,
        )
        row.lon, row.lat, row.asset = first.lon, first.lat, first.asset
        return row

    def _channel(self, category: str) -> Channel:
        while True:
            channel = _CHANNELS[int(self.rng.choice(len(_CHANNELS), p=_SHARES))]
            is_service = self.world.rules.categories[category].kind == Kind.SERVICE
            if channel != Channel.PATROL or not (is_service or category in _NEVER_FOUND):
                return channel

    def _building(self, grid: Grid) -> Building:
        rows = self.world.buildings[grid.pk]
        return rows[int(self.rng.integers(len(rows)))]

    def _writer(self, grid: Grid, channel: Channel):
        """Return who at a desk or on the way wrote it down, if anybody did."""
        if channel in {Channel.PATROL, Channel.ON_BEHALF}:
            return self._one(self.world.people(grid.unit, Role.GRID_WORKER))
        if channel == Channel.PHONE:
            street = self.world.at(grid.unit, "TOWNSHIP")
            return self._one(self.world.people(street, Role.INTAKE))
        return None

    def _one(self, people):
        return people[int(self.rng.integers(len(people)))]

    def _set_place(self, row: Report, building: Building, channel: Channel) -> None:
        rng, category = self.rng, row.category
        things = self.world.assets.get((row.grid.pk, category.asset_kind), ())
        homes = self.world.households.get(row.grid.pk, ())
        is_home = category.kind == Kind.SERVICE or category.code in _AT_HOME or rng.random() < 0.1
        if things and rng.random() < 0.8:
            row.asset = things[int(rng.integers(len(things)))]
            row.place, spot = PlaceBy.ASSET.value, row.asset
        elif homes and is_home and channel != Channel.PATROL:
            row.household = homes[int(rng.integers(len(homes)))]
            row.building = spot = row.household.building
            row.place, row.address = PlaceBy.ADDRESS.value, spot.address
        elif channel == Channel.PHONE or rng.random() < 0.15:
            row.building = spot = building
            row.place, row.address = PlaceBy.ADDRESS.value, building.address
        else:
            spot = building
            by = PlaceBy.GRID if channel == Channel.QR else _PLACED[int(rng.integers(2))]
            row.place = by.value
        row.lon, row.lat = self._beside(spot, row.grid, exact=row.building is not None)

    def _beside(self, spot, grid: Grid, *, exact: bool) -> tuple[float, float]:
        """Return a point a few steps from a spot, in the same grid."""
        for _ in range(0 if exact else 4):
            dx, dy = self.rng.normal(0, 9, 2) * DEGREE_M
            if self.shapes[grid.pk].contains(Point(spot.lon + dx, spot.lat + dy)):
                return round(spot.lon + dx, 7), round(spot.lat + dy, 7)
        return spot.lon, spot.lat

    def _photos(self, row: Report, matter: Matter) -> None:
        scene = SAYINGS[matter.category].scene
        share = {Channel.PATROL: 0.9, Channel.PHONE: 0.0}.get(Channel(row.channel), 0.5)
        if scene == "talk" or self.rng.random() >= share:
            return
        row.variant = int(self.rng.integers(2))
        picture = self.pen.photograph(scene, row.variant, False, row.received_at.date())  # noqa: FBT003
        photo = Photo(report=row, file=picture.file, rank=0)
        photo.width, photo.height = picture.width, picture.height
        self.pen.add(photo)
        row.shown = picture.file


_PLACED = (PlaceBy.POSITION, PlaceBy.MAP)


def _normal(weights) -> np.ndarray:
    weights = np.array(weights, float)
    return weights / weights.sum()
