"""Writing a town's units, people and places from its draft, in bulk."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.contrib.auth.hashers import make_password
from django.db import transaction
from shapely import to_wkb

from shaodao.cases.models import DutyItem, Route, Sector
from shaodao.cases.policy import Target
from shaodao.cores import morton
from shaodao.cores.geodesy import metres_per_degree
from shaodao.kit.versions import bump
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Kind, Level, check_post
from shaodao.places.models import Asset, BaseFeature, Building, Compound, Contact, Grid, Household
from shaodao.places.policy import screen_name
from shaodao.town import defaults
from shaodao.town.drafts import GridDraft, TownDraft
from shaodao.town.names import numeral

from .copying import copy, reserve
from .starting import VERSIONS

SINCE = date(2024, 1, 1)  # posts, grids and contacts stand since then
_PARENT_LENGTH = {6: 4, 9: 6, 12: 9, 15: 12}


@dataclass
class Settled:
    """The rows of a town by what its draft calls them."""

    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    grids: dict[str, Grid] = field(default_factory=dict)
    compounds: dict[str, Compound] = field(default_factory=dict)


@transaction.atomic
def settle(draft: TownDraft, *, password: str = "") -> Settled:
    """Write a town and return its rows; `password` is that of its demo accounts, '' for none.

    :raises shaodao.people.policy.PostRefused: if the draft puts a post where it cannot be held.
    """
    town = Settled()
    _write_units(draft, town)
    _write_people(draft, town, password=password)
    _write_places(draft, town)
    _write_buildings(draft, town)
    _write_routes(draft, town)
    _write_sectors(draft, town)
    _write_duties(draft, town)
    for name in VERSIONS:
        bump(name)
    return town


def _write_units(draft: TownDraft, town: Settled) -> None:
    rows = [*_areas(draft), *_bodies(draft), *_party(draft)]
    for (key, parent, unit), pk in zip(rows, reserve(Unit, len(rows)), strict=True):
        above = town.units[parent] if parent else None
        unit.pk, unit.parent = pk, above
        unit.path = f"{above.path if above else '/'}{pk}/"
        unit.level = unit.level or above.level
        town.units[key] = unit
    copy(Unit, [unit for _, _, unit in rows])


Row = tuple[str, str | None, Unit]


def _areas(draft: TownDraft) -> Iterable[Row]:
    shown = {}
    for area in sorted(draft.areas, key=lambda area: area.code):
        short = shown[area.code] = screen_name(area.name)
        yield (
            area.code,
            area.code[: _PARENT_LENGTH[len(area.code)]] if len(area.code) > 4 else None,
            Unit(
                name=area.name,
                short_name=short,
                kind=Kind.AREA.value,
                level=area.level.value,
                code=area.code,
                office_hours=area.office_hours,
                phone=area.phone,
                valid_from=SINCE,
            ),
        )
    for grid in sorted(draft.grids, key=lambda grid: grid.code):
        name = f"{shown[grid.code[:12]]}第{numeral(int(grid.code[12:]))}网格"
        unit = Unit(name=name, short_name=name, kind=Kind.AREA.value, level=Level.GRID.value)
        unit.code, unit.valid_from = grid.code, SINCE
        yield grid.code, grid.code[:12], unit


def _bodies(draft: TownDraft) -> Iterable[Row]:
    for body in draft.bodies:
        unit = Unit(name=body.name, short_name=body.short_name, kind=body.kind.value, level="")
        unit.phone, unit.office_hours, unit.valid_from = body.phone, body.office_hours, SINCE
        yield body.key, body.area, unit


def _party(draft: TownDraft) -> Iterable[Row]:
    for link in draft.party:
        unit = Unit(name=link.name, short_name=link.short_name, kind=link.kind.value)
        unit.level, unit.area_code, unit.valid_from = link.level.value, link.area_code, SINCE
        unit.n_members = link.n_members
        yield link.key, link.parent, unit


def _write_people(draft: TownDraft, town: Settled, *, password: str) -> None:
    usable = make_password(password) if password else make_password(None)
    town.people = {
        person.username: User(
            pk=pk,
            username=person.username,
            name=person.name,
            phone=person.phone or None,
            work_phone=person.work_phone,
            is_party_member=person.is_party_member,
            password=usable if person.has_account else f"!{person.username}",
        )
        for person, pk in zip(draft.people, reserve(User, len(draft.people)), strict=True)
    }
    copy(User, list(town.people.values()))
    posts = []
    for person in draft.people:
        for post in person.posts:
            unit = town.units[post.unit]
            check_post(post.role, Level(unit.level))
            user = town.people[person.username]
            row = Post(user=user, unit=unit, role=post.role.value, since=SINCE)
            row.is_head = post.is_head
            if post.posted_to is not None:
                row.posted_to, row.posted_since = town.units[post.posted_to], SINCE
            posts.append(row)
    copy(Post, posts)


def _write_places(draft: TownDraft, town: Settled) -> None:
    grids = [_grid(row, town.units[row.code]) for row in draft.grids]
    copy(Grid, grids)
    town.grids = {grid.code: grid for grid in grids}
    compounds = [
        Compound(
            community=town.units[row.community],
            name=row.name,
            lon=row.lon,
            lat=row.lat,
            built_year=row.built_year,
            n_lifts=row.n_lifts,
            property_company=town.units.get(row.property_company),
            has_owners_committee=row.has_owners_committee,
        )
        for row in draft.compounds
    ]
    copy(Compound, compounds)
    town.compounds = {row.key: made for row, made in zip(draft.compounds, compounds, strict=True)}
    assets = [
        Asset(
            code=row.code,
            kind=row.kind,
            name=row.name,
            owner=town.units.get(row.owner),
            grid=town.grids[row.grid],
            lon=row.lon,
            lat=row.lat,
            zkey=morton.key(row.lon, row.lat),
        )
        for row in draft.assets
    ]
    copy(Asset, assets)
    copy(BaseFeature, [_feature(row) for row in draft.features])


def _grid(row: GridDraft, unit: Unit) -> Grid:
    west, south, east, north = row.boundary.bounds
    inside = row.boundary.representative_point()
    east_m, north_m = metres_per_degree(inside.y)
    return Grid(
        unit=unit,
        code=row.code,
        boundary=to_wkb(row.boundary),
        west=west,
        south=south,
        east=east,
        north=north,
        lon=inside.x,
        lat=inside.y,
        area_m2=row.boundary.area * east_m * north_m,
        valid_from=SINCE,
    )


def _feature(row) -> BaseFeature:
    west, south, east, north = row.shape.bounds
    return BaseFeature(
        layer=row.layer.value,
        kind=row.kind,
        name=row.name,
        shape=to_wkb(row.shape),
        west=west,
        south=south,
        east=east,
        north=north,
        min_zoom=row.min_zoom,
    )


def _write_buildings(draft: TownDraft, town: Settled) -> None:
    rows = [
        Building(
            grid=town.grids[row.grid],
            compound=town.compounds.get(row.compound),
            name=row.name,
            address=row.address,
            lon=row.lon,
            lat=row.lat,
            zkey=morton.key(row.lon, row.lat),
            n_floors=row.n_floors,
            search=row.address,
        )
        for row in draft.buildings
    ]
    copy(Building, rows)
    pairs = [
        (home, Household(building=building, number=home.number))
        for row, building in zip(draft.buildings, rows, strict=True)
        for home in row.households
    ]
    for home, household in pairs:
        household.n_people = home.n_people
        household.n_over_60, household.n_under_18 = home.n_over_60, home.n_under_18
    copy(Household, [household for _, household in pairs])
    contacts = [
        Contact(household=household, worker=town.people[home.worker], since=SINCE)
        for home, household in pairs
    ]
    copy(Contact, contacts)


def _write_routes(draft: TownDraft, town: Settled) -> None:
    """Send each sector's matters to the county's own units, as suggestions or straight."""
    Route.objects.bulk_create(
        Route(
            category_id=category,
            unit=town.units[county],
            target=Target.UNIT.value,
            to=town.units[draft.sectors[county, sector]],
            is_direct=is_direct,
            rank=20 + place,
            valid_from=defaults.FROM,
            source="示范：本县区职责分工",
            is_default=True,
        )
        for county in sorted({county for county, _ in draft.sectors})
        for place, (category, sector, is_direct) in enumerate(defaults.SECTOR_ROUTES)
        if (county, sector) in draft.sectors
    )


def _write_sectors(draft: TownDraft, town: Settled) -> None:
    """Set each county's lines of work, with those of its units that answer for them."""
    Sector.objects.bulk_create(
        Sector(
            code=code,
            name=name,
            unit=town.units[county],
            office=town.units[draft.sectors[county, office]],
            categories=list(categories),
            valid_from=defaults.FROM,
            source=defaults.SECTOR_SOURCE,
            is_default=True,
        )
        for county in sorted({county for county, _ in draft.sectors})
        for code, name, office, categories in defaults.SECTORS
        if (county, office) in draft.sectors
    )


def _write_duties(draft: TownDraft, town: Settled) -> None:
    """Give every street and township its duty list."""
    DutyItem.objects.bulk_create(
        DutyItem(
            unit=town.units[area.code],
            category_id=category,
            text=text,
            valid_from=defaults.FROM,
            source=defaults.DUTY_SOURCE,
            is_default=True,
        )
        for area in draft.areas
        if area.level == Level.TOWNSHIP
        for category, text in defaults.DUTIES
    )
