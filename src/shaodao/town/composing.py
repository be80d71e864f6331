"""The sample town on paper: drawn ground, official codes, and people of our own making."""

from dataclasses import dataclass, replace

import numpy as np
from shapely import Point

from shaodao.cores.geodesy import LonLat
from shaodao.people.policy import PARTY_CHAIN, Kind, Level, Role
from shaodao.places.policy import screen_name

from . import names, registry
from .accounts import ACCOUNTS, Account
from .counting_out import count_out
from .drafts import PartyDraft, PersonDraft, PostDraft, TownDraft
from .drawing import draw_city, draw_valley
from .drawing.valley import DARK_ROAD, LIT_ROAD
from .placing import Placer, place, stem_of

# Phone numbers of the town begin with 143 or 0797-0, which no operator gives out.
SEED = 20260701
CITY_AT, VALLEY_AT = (114.9345, 25.8495), (115.0512, 25.4478)  # WGS 84, longitude first
# The first two workers of this grid are demo accounts.
SHOWN_GRID = "360702001001001"


@dataclass(frozen=True)
class Composed:
    """The town on paper, with what its stories are told about."""

    town: TownDraft
    workers: dict[str, list[str]]  # user names by grid, the head first
    roads: dict[str, list[LonLat]]
    dark_grid: str  # where the middle of the road without lamps lies

    @property
    def dark_road(self) -> list[LonLat]:
        return self.roads[DARK_ROAD]

    @property
    def lit_road(self) -> list[LonLat]:
        return self.roads[LIT_ROAD]


def compose(seed: int = SEED) -> Composed:
    """Return the sample town on paper: the same for the same seed."""
    town = TownDraft(areas=registry.areas(), bodies=registry.bodies(), sectors=registry.sectors())
    work = Placer(
        town,
        np.random.default_rng(seed),
        names.people(np.random.default_rng(seed + 1)),
        {
            kind: names.estates(np.random.default_rng(seed + 2), kind)
            for kind in ("slabs", "towers", "courts", "hamlet")
        },
    )
    districts = registry.CITY
    city = draw_city(7, [d.n_grids for d in districts], [d.character for d in districts])
    roads = place(work, city, CITY_AT, [d.code for d in districts])
    roads |= place(work, draw_valley(7), VALLEY_AT, list(registry.VALLEY))
    count_out(work)
    dark = _grid_at(town, roads[DARK_ROAD])
    _rename(
        work, {(SHOWN_GRID, 0): "worker", (SHOWN_GRID, 1): "worker2", (dark, 0): "village.worker"}
    )
    _man_the_desks(work)
    town.party = _party(work)
    return Composed(town, dict(work.workers), roads, dark)


def _grid_at(town: TownDraft, road: list[LonLat]) -> str:
    """Return the grid in which the middle of a road lies."""
    point = Point(road[len(road) // 2])
    return next(grid.code for grid in town.grids if grid.boundary.contains(point))


def _rename(work: Placer, shown: dict[tuple[str, int], str]) -> None:
    """Give the workers that are demo accounts the user names those are known by."""
    known = {work.workers[code][n]: username for (code, n), username in shown.items()}
    for n, person in enumerate(work.town.people):
        if person.username in known:
            shown_as = known[person.username]
            work.town.people[n] = replace(person, username=shown_as, has_account=True)
    for code in work.workers:
        work.workers[code] = [known.get(name, name) for name in work.workers[code]]
    for n, building in enumerate(work.town.buildings):
        homes = tuple(
            replace(home, worker=known[home.worker]) if home.worker in known else home
            for home in building.households
        )
        work.town.buildings[n] = replace(building, households=homes)


def _man_the_desks(work: Placer) -> None:
    """Put people at every desk; the demo accounts sit where their posts are."""
    accounts = [account for account in ACCOUNTS if account.roles != (Role.GRID_WORKER,)]
    slots = [
        (area.code, roles)
        for area in work.town.areas
        for roles in registry.DESKS.get(len(area.code), ())
    ]
    slots += [(body.key, (Role.HANDLER,)) for body in work.town.bodies]
    slots += [(area.code, (Role.HANDLER,)) for area in work.town.areas if len(area.code) == 9]
    for n, (unit, roles) in enumerate(slots):
        account = next((a for a in accounts if (a.unit, a.roles) == (unit, roles)), None)
        if account:
            accounts.remove(account)
        _employ(work, unit, roles, account, n)
    for n, account in enumerate(accounts, start=len(slots)):
        _employ(work, account.unit, account.roles, account, n)
    for n, (bureau, street) in enumerate(registry.POSTED, start=len(slots) + len(accounts)):
        _employ(work, bureau, (Role.HANDLER,), None, n, posted_to=street)


def _employ(
    work: Placer,
    unit: str,
    roles,
    account: Account | None,
    n: int,
    *,
    posted_to: str | None = None,
) -> None:
    work.town.people.append(
        PersonDraft(
            account.username if account else f"staff.{n + 1:03d}",
            next(work.people),
            tuple(PostDraft(role, unit, posted_to=posted_to) for role in roles),
            phone=f"1430002{n:04d}",
            work_phone=f"0797-02{n:05d}",
            is_party_member=bool(work.rng.random() < 0.6),
            has_account=account is not None,
        )
    )


# ---- the party chain -----------------------------------------------------------------------------


def _party(work: Placer) -> list[PartyDraft]:
    """Return the six links from the county's committee down to the members' homes."""
    kinds = dict(PARTY_CHAIN)
    official = registry.official_names()
    links: list[PartyDraft] = []

    def add(key, name, kind: Kind, parent: str | None, area: str, n_members: int) -> str:
        short = name.removeprefix("中国共产党")
        links.append(PartyDraft(key, name, short, kind, kinds[kind], parent, area, n_members))
        return key

    for area in work.town.areas:
        level = {6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.COMMUNITY}.get(len(area.code))
        if level is None:
            continue
        shown = screen_name(official[area.code])
        kind = next(kind for kind, at in PARTY_CHAIN if at == level)
        above = f"party:{area.code[:-3]}" if len(area.code) > 6 else None
        members = int(work.rng.integers(5, 40))
        add(
            f"party:{area.code}",
            f"中国共产党{shown}{_body(area.code)}",
            kind,
            above,
            area.code,
            members,
        )
    for grid in work.town.grids:
        _party_in_grid(work, grid.code, add)
    return links


def _body(code: str) -> str:
    """Return what the committee of an area is called."""
    if len(code) == 6:
        return "委员会"
    if len(code) == 9:
        return "工作委员会" if code[6] == "0" else "委员会"
    return "委员会" if code[9] < "2" else "支部委员会"


def _party_in_grid(work: Placer, grid: str, add) -> None:
    """Add a grid's branch, its building groups and the homes members meet in."""
    community, serial = grid[:12], int(grid[12:])
    stem = stem_of(community)
    above, members = f"party:{community}", int(work.rng.integers(3, 9))
    title = f"{stem}第{names.numeral(serial)}网格员党支部"
    branch = add(f"party:{grid}", title, Kind.GRID_BRANCH, above, grid, members)
    compounds = list(
        dict.fromkeys(row.compound for row in work.town.buildings if row.grid == grid)
    )[:3]
    for n, key in enumerate(compounds, start=1):
        name = key.split(":")[1]
        area = f"{grid}-{n}"
        members = int(work.rng.integers(2, 6))
        title = f"{name}楼院党小组"
        group = add(f"party:{area}", title, Kind.BUILDING_GROUP, branch, area, members)
        for home in range(1, 1 + int(work.rng.integers(1, 3))):
            label = f"{name}{'一二'[home - 1]}号党员中心户"
            add(f"party:{area}-{home}", label, Kind.MEMBER_HOME, group, f"{area}-{home}", 1)
