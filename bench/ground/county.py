"""A made-up county to measure in: up to 20 streets, 5,000 grids with a worker each."""

from datetime import date

from bench.ground.mosaic import mosaic

from shaodao.cores.morton import keys
from shaodao.kit.versions import bump
from shaodao.people.models import Parameter
from shaodao.people.policy import Kind, Level, Role
from shaodao.town.actions import load_defaults, settle
from shaodao.town.drafts import (
    AreaDraft,
    BodyDraft,
    GridDraft,
    PersonDraft,
    PostDraft,
    TownDraft,
)
from shaodao.town.names import numeral

COUNTY = "360702"
N_STREETS, N_COMMUNITIES, N_GRIDS = 20, 10, 25  # of the county, of a street, of a community
_BODIES = (
    ("LIGHTING", "路灯所", Kind.INSTITUTION),
    ("HOUSING", "住建局", Kind.DEPARTMENT),
    ("CITY", "城管局", Kind.DEPARTMENT),
    ("WATER", "供水公司", Kind.COMPANY),
)
_DESK = (Role.INTAKE, Role.DISPATCHER, Role.DUTY_CHIEF, Role.VERIFIER)


def write_county(*, n_streets: int = N_STREETS) -> None:
    """Write the county, of so many streets, into an empty database."""
    load_defaults()
    settle(_draft(n_streets))


def _draft(n_streets: int) -> TownDraft:
    town = TownDraft(areas=[AreaDraft(COUNTY[:4], "测试市", Level.PREFECTURE)])
    town.areas.append(AreaDraft(COUNTY, "测试区", Level.COUNTY))
    town.people.append(_person("desk.county", COUNTY, _DESK))
    town.bodies = [
        BodyDraft(key, f"测试区{name}", name, kind, COUNTY) for key, name, kind in _BODIES
    ]
    town.sectors = {(COUNTY, key): key for key, _, _ in _BODIES}
    town.people += [_person(f"handler.{key}", key, (Role.HANDLER,)) for key, _, _ in _BODIES]
    cells = iter(_in_order(mosaic(n_streets * N_COMMUNITIES * N_GRIDS)))
    for street in range(1, n_streets + 1):
        code = f"{COUNTY}{street:03d}"
        town.areas.append(AreaDraft(code, f"测{numeral(street)}街道", Level.TOWNSHIP))
        town.people.append(_person(f"desk.{street}", code, _DESK))
        for community in range(1, N_COMMUNITIES + 1):
            below = f"{code}{community:03d}"
            name = f"测{numeral(street)}里{numeral(community)}居委会"
            town.areas.append(AreaDraft(below, name, Level.COMMUNITY))
            roles = (Role.INTAKE, Role.DISPATCHER, Role.VERIFIER)
            town.people.append(_person(f"desk.{street}.{community}", below, roles))
            for grid in range(1, N_GRIDS + 1):
                town.grids.append(GridDraft(f"{below}{grid:03d}", next(cells)))
                town.people.append(
                    _person(f"worker.{below}{grid:03d}", f"{below}{grid:03d}", (Role.GRID_WORKER,))
                )
    return town


def _person(username: str, unit: str, roles: tuple[Role, ...]) -> PersonDraft:
    posts = tuple(PostDraft(role, unit) for role in roles)
    return PersonDraft(username, f"测{username}", posts)


def _in_order(cells):
    """Return the cells so that neighbours follow one another: communities are connected."""
    middles = [cell.centroid for cell in cells]
    order = keys([p.x for p in middles], [p.y for p in middles]).argsort()
    return [cells[index] for index in order]


def raise_limits(*, on: date) -> None:
    """Let every sender send as much as they like from a day on, as a county may set it."""
    for name in ("device_reports_an_hour", "address_reports_an_hour"):
        Parameter.objects.create(name=name, value="1000000000", valid_from=on, source="bench")
    bump("parameters")
