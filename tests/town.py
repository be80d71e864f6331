"""The sample town, small: two counties, six grids, sixty households, and everybody who acts.

`Town` reads what stands in the database under names a test can be read by, and brings cases to
where a story begins through the same actions the pages use.
"""

from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from PIL import Image
from shapely import LineString, Point, Polygon, box

from shaodao.cases import actions
from shaodao.cases.models import Case, OutcomeKind
from shaodao.cases.policy import Status
from shaodao.cores.geodesy import unproject
from shaodao.kit.images import Picture
from shaodao.people.models import Unit, User
from shaodao.people.policy import Kind, Level, Role
from shaodao.places.models import Asset, Building, Compound, Grid, Household
from shaodao.places.policy import Layer
from shaodao.reports.actions import Said
from shaodao.reports.models import Category, Report
from shaodao.reports.policy import Channel, PlaceBy
from shaodao.reports.tokens import token_of
from shaodao.town.actions import load_defaults, settle
from shaodao.town.drafts import (
    AreaDraft,
    AssetDraft,
    BodyDraft,
    BuildingDraft,
    CompoundDraft,
    FeatureDraft,
    GridDraft,
    HouseholdDraft,
    PartyDraft,
    PersonDraft,
    PostDraft,
    TownDraft,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 9, 7, 9, 0, tzinfo=SHANGHAI)  # a working Monday, offices open
FRIDAY = MONDAY + timedelta(days=4)
MINUTE = timedelta(minutes=1)

CITY, VALLEY = (114.93, 25.85), (115.05, 25.45)  # WGS 84, longitude first
SIDE_M = 400  # a grid is a square of this side, and the next one shares its edge

# Grid codes from west to east; the first four in the city, the last two in the village.
GRIDS = (
    "360702001001001",
    "360702001001002",
    "360702001003001",
    "360702002004001",
    "360722102200001",
    "360722102200002",
)


class Town:
    """The town as it stands, by the names stories use."""

    def __init__(self):
        self.units = {unit.code or unit.name: unit for unit in Unit.objects.all()}
        self.grids = {grid.code: grid for grid in Grid.objects.select_related("unit")}

    # ---- areas, as units ------------------------------------------------------------------
    prefecture = property(lambda self: self.units["3607"])
    county = property(lambda self: self.units["360702"])  # 章贡区
    other_county = property(lambda self: self.units["360722"])  # 信丰县
    street = property(lambda self: self.units["360702001"])  # 解放街道
    other_street = property(lambda self: self.units["360702002"])  # 赣江街道
    township = property(lambda self: self.units["360722102"])  # 古陂镇
    community = property(lambda self: self.units["360702001001"])  # 西津路社区
    other_community = property(lambda self: self.units["360702001003"])  # 八境路社区
    village = property(lambda self: self.units["360722102200"])  # 古陂村
    grid = property(lambda self: self.units[GRIDS[0]])
    next_grid = property(lambda self: self.units[GRIDS[1]])  # same community
    other_grid = property(lambda self: self.units[GRIDS[2]])  # other community, same street
    far_grid = property(lambda self: self.units[GRIDS[3]])  # other street, same county
    village_grid = property(lambda self: self.units[GRIDS[4]])

    # ---- departments and companies --------------------------------------------------------
    lighting = property(lambda self: self.units["章贡区市政路灯管理所"])
    housing = property(lambda self: self.units["章贡区住房和城乡建设局"])
    city_bureau = property(lambda self: self.units["章贡区城市管理局"])
    water = property(lambda self: self.units["章贡供水有限公司"])
    city_company = property(lambda self: self.units["赣州城市建设投资公司"])  # of the prefecture

    # ---- people ---------------------------------------------------------------------------
    worker = property(lambda self: self.person("grid.1.a"))  # head of `grid`
    worker2 = property(lambda self: self.person("grid.1.b"))
    next_worker = property(lambda self: self.person("grid.2.a"))
    other_worker = property(lambda self: self.person("grid.3.a"))
    village_worker = property(lambda self: self.person("grid.5.a"))
    community_desk = property(lambda self: self.person("community.desk"))
    intake = property(lambda self: self.person("street.intake"))
    dispatcher = property(lambda self: self.person("street.dispatcher"))
    chief = property(lambda self: self.person("street.chief"))
    verifier = property(lambda self: self.person("street.verifier"))
    other_intake = property(lambda self: self.person("other.street.intake"))
    county_intake = property(lambda self: self.person("county.intake"))
    county_dispatcher = property(lambda self: self.person("county.dispatcher"))
    county_chief = property(lambda self: self.person("county.chief"))
    county_verifier = property(lambda self: self.person("county.verifier"))
    leader = property(lambda self: self.person("leader"))
    secretary = property(lambda self: self.person("secretary"))
    admin = property(lambda self: self.person("admin"))
    security = property(lambda self: self.person("security"))
    auditor = property(lambda self: self.person("auditor"))
    handler = property(lambda self: self.person("housing.handler"))  # of `housing`
    lamp_handler = property(lambda self: self.person("lighting.handler"))
    water_handler = property(lambda self: self.person("water.handler"))
    city_handler = property(lambda self: self.person("city.handler"))
    company_handler = property(lambda self: self.person("company.handler"))
    stranger = property(lambda self: self.person("stranger"))  # every desk role, other county

    def person(self, username: str) -> User:
        """Return an account, read afresh: its posts are kept on the object."""
        return User.objects.get(username=username)

    # ---- places ---------------------------------------------------------------------------
    @cached_property
    def compound(self) -> Compound:
        return Compound.objects.get(community=self.community, name="翠竹小区")

    @cached_property
    def building(self) -> Building:
        """A building in `grid`."""
        return self.buildings_of(self.grid)[0]

    @cached_property
    def household(self) -> Household:
        """A household in `grid` whose contact worker is `worker`."""
        homes = Household.objects.of_worker(self.worker).select_related("building__grid")
        return homes.order_by("pk").first()

    def buildings_of(self, unit: Unit) -> list[Building]:
        return list(Building.objects.filter(grid__unit=unit).select_related("grid").order_by("pk"))

    def asset(self, kind: str = "LAMP", unit: Unit | None = None) -> Asset:
        rows = Asset.objects.filter(kind=kind, grid__unit=unit or self.grid)
        return rows.select_related("grid", "owner").order_by("pk").first()

    def inside(self, unit: Unit | None = None) -> tuple[float, float]:
        """Return a point (lon, lat) inside a grid; `grid` unless another is named."""
        grid = self.grids[(unit or self.grid).code]
        return grid.lon, grid.lat

    def shared_edge(self) -> tuple[float, float]:
        """Return a point (lon, lat) on the edge that `grid` and `next_grid` share."""
        one, two = self.grids[GRIDS[0]], self.grids[GRIDS[1]]
        return one.east, (max(one.south, two.south) + min(one.north, two.north)) / 2

    outside = (114.5, 25.0)  # in no grid

    @cached_property
    def dark_road(self) -> list[float]:
        """A road of two kilometres without lamps, through the village: lon, lat, lon, lat …"""
        points = [unproject(east, 200.0, VALLEY) for east in (-800.0, -300.0, 200.0, 700.0, 1200.0)]
        return [degree for point in points for degree in point]

    # ---- what people say ------------------------------------------------------------------
    def said(self, text: str = "路口的地砖松了，老人走路容易绊倒", **given) -> Said:
        """Return what a resident says; a point in `grid`, unless a place is given."""
        values = {"key": uuid4(), "channel": Channel.WEB, "text": text, "place": PlaceBy.MAP}
        placed = {"lon", "building", "household", "asset", "grid", "address", "line"} & set(given)
        if not placed:
            values["lon"], values["lat"] = self.inside()
        if isinstance(given.get("category"), str):
            given["category"] = self.category(given["category"])
        return Said(**{**values, **given})

    def taken(self, *, at: datetime = MONDAY, actor=None, join=None, **said) -> actions.Taken:
        """Take a report in as every door does, and return what its sender is told."""
        return actions.take_in(said=self.said(**said), actor=actor, at=at, join=join)

    def report(self, *, at: datetime = MONDAY, **said) -> Report:
        """Return a report that has been taken in."""
        return self.taken(at=at, **said).report

    def link(self, report: Report) -> str:
        """Return the token of a report's tracking page."""
        return token_of(report)

    def category(self, code: str) -> Category:
        return Category.objects.get(code=code)

    def outcome(self, code: str = "REPAIRED") -> OutcomeKind:
        return OutcomeKind.objects.get(code=code)

    def picture(self, colour: str = "gray") -> Picture:
        """Return a small picture that stands in the media folder."""
        name = f"test/{uuid4().hex}.jpg"
        path = Path(settings.MEDIA_ROOT) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), colour).save(path, "JPEG")
        return Picture(name, 64, 48)

    # ---- cases ----------------------------------------------------------------------------
    def case(
        self,
        status: Status | str = Status.RECEIVED,
        *,
        category: str = "ROAD_DAMAGE",
        at: datetime = MONDAY,
        lead: Unit | None = None,
        by: User | None = None,
        **said,
    ) -> Case:
        """Return a case in `status`, brought there by real moves, one a minute from `at` on.

        The default is a matter that goes over the street's desk to `housing` and `handler`.
        lead, by : another unit to dispatch to, and who works there; said : as for `said`
        """
        walk = _Walk(self, at, lead or self.housing, by or self.handler)
        case = walk.begin(category=category, **said)
        return walk.to(case, Status(status))


class _Walk:
    """The way of one case through the table, by the people whose moves they are."""

    def __init__(self, town: Town, at: datetime, lead: Unit, by: User):
        self.town, self.at, self.lead, self.by = town, at, lead, by

    def begin(self, **said) -> Case:
        taken = self.town.taken(at=self.at, **said)
        self.report = taken.report
        return taken.case

    def to(self, case: Case, status: Status) -> Case:
        if status in _SIDE:
            at_once, name, who, evidence = _SIDE[status]
            case = self.to(case, at_once) if case.status != at_once else case
            return self._move(case, name, who, **evidence(self, case))
        for name, who, reached in _MAIN:
            if _ORDER.index(case.status) >= _ORDER.index(status):
                return case
            if _ORDER.index(case.status) < _ORDER.index(reached):
                case = self._move(case, name, who, **self._evidence(name, case))
        return case

    def _move(self, case: Case, name: str, who: str, **evidence) -> Case:
        self.at += MINUTE
        if who == "reporter":
            return actions.move_by_link(
                case=case, name=name, report=self.report, at=self.at, **evidence
            )
        actor = self.by if who == "by" else self._desk(case, who)
        return actions.move(case=case, name=name, actor=actor, at=self.at, **evidence)

    def _desk(self, case: Case, who: str) -> User:
        if case.desk_id == self.town.community.pk and who in {"intake", "dispatcher", "verifier"}:
            return self.town.community_desk
        return getattr(self.town, who)

    def _evidence(self, name: str, case: Case) -> dict:
        if name == "file":
            return {"category": case.category}
        if name == "dispatch":
            return {"unit": self.lead}
        if name == "handle":
            after = {"after_photo": [self.town.picture("green")]}
            return {
                "reply": "已修好，感谢反映。",
                "solved_by": "CADRE",
                "outcome": self.town.outcome(),
                "quantity": 1,
                **(after if case.category.needs_after_photo else {}),
            }
        return {"note": "现场看过，已经修好。"} if name == "verify" else {}


_MAIN = (
    ("file", "intake", Status.FILED),
    ("dispatch", "dispatcher", Status.DISPATCHED),
    ("accept", "by", Status.HANDLING),
    ("handle", "by", Status.HANDLED),
    ("verify", "verifier", Status.VERIFIED),
    ("close", "chief", Status.CLOSED),
)
_ORDER = [Status.RECEIVED, *(reached for _, _, reached in _MAIN)]
_SIDE = {
    Status.CHECKING: (
        Status.RECEIVED, "send_check", "intake", lambda walk, _: {"grid_unit": walk.town.grid},
    ),
    Status.DECLINED: (
        Status.RECEIVED, "decline", "intake", lambda *_: {"reply": "不属于受理范围，请走诉讼。"},
    ),
    Status.WITHDRAWN: (Status.RECEIVED, "withdraw", "reporter", lambda *_: {}),
    Status.MERGED: (
        Status.RECEIVED, "merge", "intake",
        lambda walk, _: {"primary": walk.begin(category="ROAD_DAMAGE")},
    ),
    Status.VOIDED: (Status.FILED, "void", "county_chief", lambda *_: {"note": "重复录入。"}),
    Status.SHELVED: (
        Status.HANDLING, "shelve", "county_chief",
        lambda walk, _: {
            "note": "等雨季过去再修。", "review_on": (walk.at + timedelta(days=30)).date(),
        },
    ),
}  # fmt: skip


# ---- the draft ---------------------------------------------------------------------------------


def build() -> None:
    """Write the small town into an empty database."""
    load_defaults()
    settle(draft())


def draft() -> TownDraft:
    """Return the small town on paper."""
    town = TownDraft(areas=list(_AREAS), bodies=list(_BODIES), party=_party(), people=_people())
    town.sectors = {("360702", sector): key for sector, key in _SECTORS.items()}
    for number, code in enumerate(GRIDS, start=1):
        _draw(town, number, code)
    return town


_AREAS = (
    AreaDraft("3607", "赣州市", Level.PREFECTURE, "08:30-12:00,14:00-17:30"),
    AreaDraft("360702", "章贡区", Level.COUNTY),
    AreaDraft("360722", "信丰县", Level.COUNTY),
    AreaDraft("360702001", "解放街道", Level.TOWNSHIP),
    AreaDraft("360702002", "赣江街道", Level.TOWNSHIP),
    AreaDraft("360722102", "古陂镇", Level.TOWNSHIP),
    AreaDraft("360702001001", "西津路居委会", Level.COMMUNITY),
    AreaDraft("360702001003", "八境路社区居民委员会", Level.COMMUNITY),
    AreaDraft("360702002004", "大公路居委会", Level.COMMUNITY),
    AreaDraft("360722102200", "古陂村委会", Level.COMMUNITY),
)
D, K = Kind.DEPARTMENT, Kind.COMPANY
_BODIES = (
    BodyDraft("LIGHTING", "章贡区市政路灯管理所", "区路灯所", Kind.INSTITUTION, "360702"),
    BodyDraft("HOUSING", "章贡区住房和城乡建设局", "区住建局", D, "360702"),
    BodyDraft("CITY", "章贡区城市管理局", "区城管局", D, "360702"),
    BodyDraft("WATER", "章贡供水有限公司", "供水公司", K, "360702"),
    BodyDraft("COMPANY", "赣州城市建设投资公司", "市城建投公司", K, "3607"),
)
_SECTORS = {"LIGHTING": "LIGHTING", "HOUSING": "HOUSING", "CITY": "CITY", "WATER": "WATER"}


def _party() -> list[PartyDraft]:
    chain = (
        ("p1", "中共章贡区委员会", Kind.DISTRICT_COMMITTEE, Level.COUNTY, "360702"),
        ("p2", "解放街道党工委", Kind.STREET_COMMITTEE, Level.TOWNSHIP, "360702001"),
        ("p3", "西津路社区党委", Kind.COMMUNITY_COMMITTEE, Level.COMMUNITY, "360702001001"),
        ("p4", "西津路第一网格员党支部", Kind.GRID_BRANCH, Level.GRID, GRIDS[0]),
        ("p5", "翠竹小区一号楼党小组", Kind.BUILDING_GROUP, Level.BUILDING, GRIDS[0]),
        ("p6", "翠竹小区一号楼党员中心户", Kind.MEMBER_HOME, Level.HOME, GRIDS[0]),
    )
    return [
        PartyDraft(key, name, name, kind, level, f"p{n}" if n else None, area, n_members=3)
        for n, (key, name, kind, level, area) in enumerate(chain)
    ]


def _people() -> list[PersonDraft]:
    R = Role
    staff = [
        ("county.intake", "傅晓棠", "360702", (R.INTAKE,)),
        ("county.dispatcher", "柯文渊", "360702", (R.DISPATCHER,)),
        ("county.chief", "阮志衡", "360702", (R.DUTY_CHIEF,)),
        ("county.verifier", "卫嘉禾", "360702", (R.VERIFIER,)),
        ("leader", "褚云舟", "360702", (R.LEADER,)),
        ("admin", "纪思源", "360702", (R.ADMIN,)),
        ("security", "洛知行", "360702", (R.SECURITY,)),
        ("auditor", "岑静远", "360702", (R.AUDITOR,)),
        ("street.intake", "柳若彤", "360702001", (R.INTAKE,)),
        ("street.dispatcher", "鲁启航", "360702001", (R.DISPATCHER,)),
        ("street.chief", "祝明川", "360702001", (R.DUTY_CHIEF,)),
        ("street.verifier", "华书瑶", "360702001", (R.VERIFIER,)),
        ("secretary", "桑怀谷", "360702001", (R.SECRETARY,)),
        ("other.street.intake", "尹沐阳", "360702002", (R.INTAKE, R.DISPATCHER)),
        ("community.desk", "费雨晴", "360702001001", (R.INTAKE, R.DISPATCHER, R.VERIFIER)),
        ("housing.handler", "路建安", "HOUSING", (R.HANDLER,)),
        ("lighting.handler", "符光耀", "LIGHTING", (R.HANDLER,)),
        ("city.handler", "车立新", "CITY", (R.HANDLER,)),
        ("water.handler", "汤海清", "WATER", (R.HANDLER,)),
        ("company.handler", "翁致和", "COMPANY", (R.HANDLER,)),
        ("stranger", "古望舒", "360722", (R.INTAKE, R.DISPATCHER, R.DUTY_CHIEF, R.VERIFIER)),
        ("village.desk", "农采薇", "360722102200", (R.INTAKE, R.DISPATCHER, R.VERIFIER)),
    ]
    people = [
        PersonDraft(
            username,
            name,
            tuple(PostDraft(role, unit) for role in roles),
            phone=f"1390000{n:04d}",
            has_account=True,
        )
        for n, (username, name, unit, roles) in enumerate(staff)
    ]
    surnames, given = "孟施廖齐", ("子衿", "一帆", "景行")
    for number, code in enumerate(GRIDS, start=1):
        for place, letter in enumerate("ab"):
            name = surnames[number % 4] + given[(number + place) % 3]
            post = PostDraft(Role.GRID_WORKER, code, is_head=place == 0)
            people.append(
                PersonDraft(
                    f"grid.{number}.{letter}",
                    name,
                    (post,),
                    phone=f"1380000{number}{place:03d}",
                    work_phone=f"0797-8{number}{place:05d}",
                    is_party_member=place == 0,
                    has_account=True,
                )
            )
    return people


def _draw(town: TownDraft, number: int, code: str) -> None:
    """Draw one square grid with five buildings of two households each, and what stands outside."""
    is_rural = code.startswith("360722")
    origin = VALLEY if is_rural else CITY
    west = SIDE_M * ((number - 5) if is_rural else (number - 1))
    town.grids.append(GridDraft(code, _degrees(box(west, 0, west + SIDE_M, SIDE_M), origin)))
    name = "下坝屋场" if is_rural else "翠竹小区" if number < 3 else f"云栖小区{number}期"
    key = f"{code[:12]}:{name}"
    lon, lat = unproject(west + 200.0, 200.0, origin)
    if key not in {row.key for row in town.compounds}:
        town.compounds.append(CompoundDraft(key, code[:12], name, lon, lat, 1996, n_lifts=1))
    road = "村道" if is_rural else "西津路"
    for n in range(1, 6):
        lon, lat = unproject(west + 60.0 * n, 120.0, origin)
        homes = tuple(
            HouseholdDraft(f"{unit}单元101", 3, 1, 1, f"grid.{number}.{'ab'[unit - 1]}")
            for unit in (1, 2)
        )
        address = f"{road}{number}{n}号{name}{n}栋"
        town.buildings.append(BuildingDraft(code, key, f"{n}栋", address, lon, lat, 6, homes))
    county = code[:6]
    things = (("LAMP", "路灯", "LIGHTING"), ("BIN", "垃圾桶", "CITY"), ("LIFT", "电梯", None))
    for rank, (kind, label, owner) in enumerate(things):
        lon, lat = unproject(west + 100.0 + 40 * rank, 30.0, origin)
        asset = AssetDraft(
            f"{county}01{rank:02d}{number:06d}",
            kind,
            f"{label}{number:02d}号",
            None if is_rural else owner,
            code,
            lon,
            lat,
        )
        town.assets.append(asset)
    line = _degrees(LineString([(west, 15), (west + SIDE_M, 15)]), origin)
    town.features.append(FeatureDraft(Layer.ROAD, "minor", line, road, min_zoom=13))
    town.features.append(
        FeatureDraft(Layer.LABEL, "compound", _degrees(Point(west + 200, 200), origin), name)
    )


def _degrees(shape, origin):
    """Return a shape in metres around an origin in degrees, corners shared to the last digit."""
    if isinstance(shape, Polygon):
        return Polygon([unproject(x, y, origin) for x, y in shape.exterior.coords])
    points = [unproject(x, y, origin) for x, y in shape.coords]
    return Point(points[0]) if len(points) == 1 else LineString(points)
