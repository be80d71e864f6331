"""The sample town's whistles: one told to its end, one with every way of coming, two that wait."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import numpy as np
from django.conf import settings
from django.utils import timezone

from shaodao.cases.actions import take_in
from shaodao.cases.models import Case, OutcomeKind
from shaodao.kit.images import Picture, thumb_of
from shaodao.kit.versions import bump
from shaodao.people.models import Parameter, Post, Unit, User
from shaodao.people.policy import Role
from shaodao.places.models import Compound, Grid
from shaodao.reports.actions import Said
from shaodao.reports.models import Category
from shaodao.reports.policy import Channel, PlaceBy
from shaodao.town.scenes import pictures, small_of
from shaodao.whistles import actions
from shaodao.whistles.models import Summons, Whistle
from shaodao.whistles.policy import Aspect, Kind, Origin, Step

SEED = 5_210
STREET, COMMUNITY = "360702002", "360702002004"  # 赣江街道 大公路
VALLEY_COUNTY, VILLAGE = "360722", "360722102200"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass
class _Scene:
    """A street that whistles, at an instant that goes on."""

    at: datetime
    desk: User
    chief: User
    units: dict[str, Unit]
    rng: np.random.Generator

    def case(self, key: str, text: str, category: str, grid: Grid, channel=Channel.WEB) -> Case:
        said = Said(
            key=uuid5(NAMESPACE_URL, f"sample-town:{key}"), channel=channel, text=text,
            place=PlaceBy.MAP, category=Category.objects.get(code=category), lon=grid.lon,
            lat=grid.lat,
        )  # fmt: skip
        taken = take_in(said=said, actor=None, at=self.at)
        self.at += 20 * MINUTE
        return taken.case

    def draft(self, case: Case, kind: Kind, names: str, reason: str) -> Whistle:
        units = [self.units[name] for name in names.split()]
        return actions.draft(
            case=case, kind=kind, origin=Origin.STREET, units=units, lead=units[0],
            reason=reason, actor=self.desk, at=self.at,
        )  # fmt: skip

    def move(self, whistle: Whistle, name: str, actor: User | None = None, **given) -> Whistle:
        self.at += 15 * MINUTE
        return actions.move(
            whistle=whistle, name=name, actor=actor or self.desk, at=self.at, **given
        )  # fmt: skip

    def blown(self, whistle: Whistle) -> Whistle:
        return self.move(self.move(whistle, "submit"), "blow", self.chief)

    def answer(self, whistle: Whistle, unit: str, name: str, **given) -> Summons:
        self.at += 10 * MINUTE
        row = whistle.summonses.get(unit=self.units[unit])
        return actions.answer(
            summons=row, name=name, actor=_of(self.units[unit], Role.HANDLER), at=self.at, **given
        )  # fmt: skip

    def comes(self, whistle: Whistle, unit: str) -> Summons:
        grid = whistle.case.grid
        photo = [self.photograph("green", is_after=False)]
        return self.answer(whistle, unit, "report_in", photo=photo, position=(grid.lon, grid.lat))

    def photograph(self, scene: str, *, is_after: bool) -> Picture:
        drawn = pictures(scene, self.rng)[int(is_after)]
        name = f"{timezone.localdate(self.at):%Y/%m/%d}/{secrets.token_hex(16)}.jpg"
        (settings.MEDIA_ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (settings.MEDIA_ROOT / name).write_bytes(drawn)
        (settings.MEDIA_ROOT / thumb_of(name)).write_bytes(small_of(drawn))
        return Picture(name, 800, 600)


def whistle(*, at: datetime) -> int:
    """Let the town whistle and return how many whistles there are."""
    street = Unit.objects.get(code=STREET)
    names = ("市城建投", "区城管局", "区住建局", "区交警大队", "区消防大队")
    scene = _Scene(
        at=at - timedelta(days=31),
        desk=_of(street, Role.DISPATCHER),
        chief=_of(street, Role.DUTY_CHIEF),
        units={unit.short_name: unit for unit in Unit.objects.filter(short_name__in=names)},
        rng=np.random.default_rng(SEED),
    )
    grids = list(Grid.objects.filter(code__startswith=COMMUNITY).order_by("code"))
    _tell_of_the_car_park(scene, grids[0])
    _let_them_come(scene, grids[1], at)
    _let_two_wait(scene, grids[2], at)
    _let_a_resident_whistle(scene, at)
    return Whistle.objects.count()


def _of(unit: Unit, role: Role) -> User:
    posts = Post.objects.in_force().filter(unit=unit, role=role).select_related("user")
    return posts.order_by("pk")[0].user


def _tell_of_the_car_park(scene: _Scene, grid: Grid) -> None:
    text = "桥头那块空地围了好几年没人管，草比人高，到处是倒的垃圾，夏天不敢开窗。"
    case = scene.case("plot", text, "GREENERY", grid)
    reason = "地块多年无人管，街道一家清不动：请城投清场改建，城管清运，住建把关。"
    whistle = scene.blown(scene.draft(case, Kind.HARD, "市城建投 区城管局 区住建局", reason))
    scene.answer(whistle, "市城建投", "sign")
    for unit in ("市城建投", "区城管局"):
        scene.comes(whistle, unit)
    _sweep_until(scene, scene.at + timedelta(days=6))
    scene.comes(whistle, "区住建局")
    scene.move(
        whistle, "confer", measures="城投清场硬化画线，城管清运垃圾，住建把关；先停车，后规划。",
        due_on=_day(scene.at + timedelta(days=18)),
    )  # fmt: skip
    scene.at += timedelta(days=12)
    scene.answer(whistle, "区住建局", "hand_in", note="现场验过硬化质量，排水做了整改。")
    scene.answer(whistle, "区城管局", "hand_in", note="清运垃圾四十二吨，消杀两遍。")
    compounds = list(Compound.objects.filter(community__code=COMMUNITY).order_by("pk")[:6])
    scene.answer(
        whistle, "市城建投", "hand_in", note="清场、硬化、画线，设车位一百零六个。",
        reply="桥头空地已经改建成临时停车场，周边老旧小区的居民都可以停。",
        solved_by="COMPANY", outcome=OutcomeKind.objects.get(code="CONVERTED"), quantity=3000,
        n_households=640, compounds=compounds,
        after_photo=[scene.photograph("parking", is_after=True)],
    )  # fmt: skip
    given = {"市城建投": (5, 5, 5), "区城管局": (5, 4, 5), "区住建局": (2, 4, 3)}
    scores = {
        row.pk: dict(zip(Aspect, given[row.unit.short_name], strict=True))
        for row in whistle.summonses.select_related("unit")
    }
    scene.move(whistle, "close", scores=scores, note="三家都到了，停车场已经开放；住建来得晚。")


def _sweep_until(scene: _Scene, until: datetime) -> None:
    """Let the clocks run out one after the other, as a worker would see them."""
    while scene.at < until:
        actions.run_sweeps(at=scene.at)
        scene.at += 12 * HOUR
    scene.at = until


def _let_them_come(scene: _Scene, grid: Grid, at: datetime) -> None:
    scene.at = at - 4 * HOUR
    text = "老街下水管塌了，路面陷下去一大块，旁边还有居民楼。"
    case = scene.case("collapse", text, "ROAD_DAMAGE", grid)
    names = "区住建局 区城管局 区交警大队 区消防大队"
    whistle = scene.draft(case, Kind.EMERGENCY, names, "路面塌陷，请马上到场围挡、抢修、疏导。")
    scene.move(whistle, "blow_now")
    scene.comes(whistle, "区住建局")
    scene.answer(whistle, "区消防大队", "refuse", note="没有人员被困，不属于出警范围。")
    limit = whistle.clocks.get(step=Step.REPORT_IN, summons__unit=scene.units["区城管局"])
    scene.at = limit.due_at + 12 * MINUTE
    scene.comes(whistle, "区城管局")
    actions.run_sweeps(at=at)


def _let_two_wait(scene: _Scene, grid: Grid, at: datetime) -> None:
    scene.at = at - 3 * HOUR
    text = "夜市占满整条巷子，消防车进不来，油烟大、垃圾多。"
    case = scene.case("night-market", text, "STREET_STALL", grid)
    names = "区城管局 区交警大队 区消防大队"
    scene.move(scene.draft(case, Kind.ROUTINE, names, "请三家联合整治，划定时段和摊位。"), "submit")
    text = "小区外墙瓷砖掉了好几次，楼下是学校的路。"
    case = scene.case("tiles", text, "SIGNBOARD", grid)
    scene.draft(case, Kind.HARD, "区住建局 市城建投", "楼栋权属不清，请住建牵头鉴定。")


def _let_a_resident_whistle(scene: _Scene, at: datetime) -> None:
    """The rural form: a villager whistles, the one who answers for it comes."""
    county = Unit.objects.get(code=VALLEY_COUNTY)
    Parameter.objects.create(
        name="may_whistle", subject="RESIDENT", unit=county, value="1",
        valid_from=date(2024, 1, 1), source="示范城镇：群众吹哨、网格响应",
    )  # fmt: skip
    bump("parameters")
    grid = Grid.objects.filter(code__startswith=VILLAGE).order_by("code").first()
    scene.at = at - 5 * HOUR
    case = scene.case(
        "villager", "村口桥头倒了一堆建筑垃圾，挡了半边路。", "BUILDING_WASTE", grid, Channel.QR
    )
    report = case.reports.get().report
    made = actions.whistle_for_resident(case=case, report=report, at=scene.at)
    row = made.summonses.select_related("person").get() if made else None
    if row is not None and row.person is not None:
        actions.answer(
            summons=row, name="report_in", actor=row.person, at=scene.at + 30 * MINUTE,
            position=(grid.lon, grid.lat), photo=[scene.photograph("rubbish", is_after=False)],
        )  # fmt: skip


def _day(at: datetime) -> date:
    return timezone.localdate(at)
