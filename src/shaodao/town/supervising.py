"""Supervisions and long-standing sites of the sample town, made by the actions the pages use."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from shaodao.cases.models import Case, OutcomeKind
from shaodao.cores.geodesy import LonLat, unproject
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Role
from shaodao.people.queries import at_level
from shaodao.places.models import Compound
from shaodao.sites import actions as sites
from shaodao.sites.models import Site
from shaodao.supervision import actions as supervision
from shaodao.supervision.models import Supervision

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Scene:
    """One supervision: how long ago, how severe, by which tier, why, and what followed."""

    hours_ago: int
    kind: str
    level: str
    reason: str
    reply: str = ""
    measures: str = ""
    is_signed_off: bool = False


# The longest ago first: a sweep runs between them, as it would have.
SCENES = (
    Scene(100, "URGE", "TOWNSHIP", "接单四天没有到场，居民两次来电催问，请说明情况。"),
    Scene(
        74, "YELLOW", "TOWNSHIP", "同一问题第三次反映，前两次都是简单应付，请拿出整改措施。",
        "已重新派人到场，缺的配件从外地调来。", "增派一个班组，配件到货前设围挡，每天报一次进度。",
        is_signed_off=True,
    ),
    Scene(
        29, "YELLOW", "COUNTY", "已经超过处置时限，没有申请延期。",
        "上周配件没有到货，今天已经到货进场。", "抽调两名工人，三天内完工，由分管副局长盯办。",
    ),
    Scene(20, "RED", "COUNTY", "涉及群众安全，街道催办后仍未处理，请单位主要负责人书面答复。"),
    Scene(2, "URGE", "TOWNSHIP", "今天下班前请到现场看一下，并回复居民。"),
)  # fmt: skip


def supervise_some(*, at: datetime) -> int:
    """Write the scenes over cases that lay still since before them; return how many there are."""
    cases = _lying_still(at)
    for scene in SCENES:
        then = _moment(at, scene.hours_ago)
        supervision.run_sweeps(at=then)
        case = next((one for one in cases if one.last_at <= then), None)
        if case is not None and (chief := _chief(case.area, scene.level)) is not None:
            cases.remove(case)
            _play(scene, case, chief, then)
    supervision.run_sweeps(at=at)
    return Supervision.objects.count()


def _moment(at: datetime, hours_ago: int) -> datetime:
    """Return so many hours ago, or the middle of the morning of the day that was."""
    if hours_ago < 12:
        return at - timedelta(hours=hours_ago)
    day = timezone.localtime(at) - timedelta(days=round(hours_ago / 24))
    return day.replace(hour=10, minute=hours_ago % 60, second=0, microsecond=0)


def _lying_still(at: datetime) -> list[Case]:
    """Return cases in the hands of an office or a village, those left alone longest first."""
    rows = Case.objects.filter(status="HANDLING").exclude(lead__level__in=["TOWNSHIP", "COUNTY"])
    offices = Case.objects.filter(status="HANDLING", lead__kind="DEPARTMENT")
    found = (rows | offices).select_related("area", "lead").annotate(last_at=Max("journal__at"))
    return list(found.defer("search").order_by("last_at", "pk")[:40])


def _chief(area: Unit, level: str) -> User | None:
    unit = at_level(area, level)
    posts = Post.objects.in_force().filter(unit=unit, role=Role.DUTY_CHIEF).order_by("pk")
    found = posts.select_related("user").first()
    return found.user if found is not None else None


def _play(scene: Scene, case: Case, chief: User, then: datetime) -> None:
    row = supervision.supervise(
        case=case, unit=case.lead, kind=scene.kind, reason=scene.reason, actor=chief, at=then
    )
    answering = Post.objects.in_force().filter(
        unit=case.lead, role__in=[Role.HANDLER, Role.GRID_WORKER]
    )
    post = answering.select_related("user").order_by("-is_head", "pk").first()
    if scene.reply and post is not None:
        words = {"reply": scene.reply, "measures": scene.measures}
        row = supervision.move(
            supervision=row, name="reply", actor=post.user, at=then + HOUR, **words
        )
        if scene.is_signed_off:
            done = then + 30 * HOUR
            supervision.move(supervision=row, name="sign_off", actor=chief, at=done)


# ---- sites ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ground:
    """One site: a rectangle around a case, how old, and what became of it."""

    name: str
    kind: str
    wide_m: float
    high_m: float
    days_old: int
    note: str
    became: str = ""


GROUNDS = (
    Ground(
        "征收剩余空地", "LAND", 60, 50, 1312,
        "拆迁后一直空着，荒草比人高，到处倒垃圾。权属涉及几家单位，社区清了又堆。",
    ),
    Ground(
        "老粮站危房", "BUILDING", 24, 17.5, 846,
        "屋面塌了一角，雨天有人躲雨，已经拉了警戒线，等产权单位拿出方案。",
    ),
    Ground(
        "废弃菜场空地", "LAND", 48, 42, 655,
        "菜场搬走后成了乱停车、堆杂物的地方，周边小区意见大。",
        became="临时停车场，三面围挡拆除，划了车位，夜里有灯",
    ),
)  # fmt: skip
MOST_HELPED = 6  # compounds


def register_sites(*, at: datetime) -> int:
    """Register the sites around cases of the first county and return how many there are."""
    spots = _spots(at)
    for ground, case in zip(GROUNDS, spots, strict=False):
        chief = _chief(case.area, "TOWNSHIP")
        if chief is None:
            continue
        then = at - timedelta(days=40)
        known = sites.Known(
            name=ground.name,
            kind=ground.kind,
            corners=_rectangle((case.lon, case.lat), ground),
            since=timezone.localdate(at) - timedelta(days=ground.days_old),
            note=ground.note,
        )
        site = sites.register(known=known, actor=chief, at=then)
        _gather(site, case, chief, at=at)
        if ground.became:
            _solve(site, ground, chief, at=at)
    return Site.objects.count()


# How the case stands that a site is drawn around, and of which pictures it is.
_AROUND = (
    ("HANDLING", ("SANITATION", "ILLEGAL_BUILDING", "UTILITIES")),
    ("HANDLING", ("LIFTS_PROPERTY", "ILLEGAL_BUILDING", "UTILITIES")),
    ("CLOSED", ("PARKING",)),
)


def _spots(at: datetime) -> list[Case]:
    """Return a case of three communities each to draw a site around: open, open, closed."""
    rows = Case.objects.filter(lon__isnull=False, area__code__startswith="360702", line=None)
    rows = rows.filter(received_at__lte=at - timedelta(days=1)).defer("search")
    rows = rows.select_related("area").order_by("-received_at", "pk")
    found: list[Case] = []
    for status, classes in _AROUND:
        known = {at_level(one.area, "COMMUNITY") for one in found}
        fitting = (
            one
            for one in rows.filter(status=status, category__parent__in=classes)[:200]
            if at_level(one.area, "COMMUNITY") not in known
            and _chief(one.area, "TOWNSHIP") is not None
            and _is_urban(one)
        )
        found += [one for one in [next(fitting, None)] if one is not None]
    return found


def _is_urban(case: Case) -> bool:
    community = at_level(case.area, "COMMUNITY")
    return Compound.objects.filter(community=community, n_lifts__gte=0).count() > 1


def _rectangle(middle: LonLat, ground: Ground) -> list[LonLat]:
    east, north = ground.wide_m / 2, ground.high_m / 2
    corners = ((-east, -north), (east, -north), (east, north), (-east, north))
    return [unproject(x, y, middle) for x, y in corners]


def _gather(site: Site, case: Case, chief: User, *, at: datetime) -> None:
    """Put under a site the cases that lie in its ground or were drawn around."""
    box = {"lon__gte": site.west, "lon__lte": site.east, "lat__gte": site.south}
    inside = Case.objects.filter(**box, lat__lte=site.north, area__path__startswith=site.unit.path)
    ended = inside.exclude(ended_at=None) if case.ended_at else inside
    gathered = {one.pk: one for one in [case, *ended.defer("search")[:5]]}
    for one in gathered.values():
        last = one.journal.aggregate(at=Max("at"))["at"]
        sites.link(site=site, case=one, actor=chief, at=max(at - 3 * HOUR, last))


def _solve(site: Site, ground: Ground, chief: User, *, at: datetime) -> None:
    street = at_level(site.unit, "TOWNSHIP") or site.unit
    found = Compound.objects.filter(community__path__startswith=street.path)
    near = sorted(found, key=lambda one: (one.lon - site.lon) ** 2 + (one.lat - site.lat) ** 2)
    sites.solve(
        site=site,
        became=ground.became,
        outcome=OutcomeKind.objects.get(code="PARKING"),
        quantity=86,
        n_households=sum(_homes(one) for one in near[:MOST_HELPED]),
        compounds=near[:MOST_HELPED],
        actor=chief,
        at=at,
    )


def _homes(compound: Compound) -> int:
    return sum(building.households.count() for building in compound.buildings.all())
