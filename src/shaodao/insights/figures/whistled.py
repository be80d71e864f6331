"""Z13, Z16: how departments that were whistled for did, and how often each street whistled."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cases.models import Clock
from shaodao.cores.wording import N_
from shaodao.insights.panels import Column, Page, Row, Stat, Stats, Table
from shaodao.insights.policy import share_of
from shaodao.insights.scope import Scope
from shaodao.people.models import Unit
from shaodao.people.policy import Kind, Level
from shaodao.people.queries import number
from shaodao.whistles.board import coming, rates
from shaodao.whistles.models import Summons, WhistleClock
from shaodao.whistles.policy import HIGHEST, Coming, Step

from .figure import Figure, Totals


@dataclass
class Result:
    """What one unit that was called came to; scores are means of 1 to 5."""

    unit: Unit
    came: Counter = field(default_factory=Counter)
    scores: list[tuple[int, int, int, float]] = field(default_factory=list)
    kept: int = 0  # handling limits kept, of cases closed in this time
    due: int = 0

    @property
    def n(self) -> int:
        return sum(self.came.values())

    @property
    def in_time(self) -> float | None:
        """The share that came in time, of all that came or should have."""
        done = self.came[Coming.CAME]
        return share_of(done, done + self.came[Coming.LATE] + self.came[Coming.MISSING])

    def mean(self, place: int) -> float | None:
        values = [row[place] for row in self.scores]
        return sum(values) / len(values) if values else None

    def points(self, weight: int) -> float | None:
        """Return the department's result of 100, `weight` per cent of it from whistlers' scores.

        Where one of the two is not known the other counts alone.
        """
        handling = share_of(self.kept, self.due)
        score = self.mean(3)
        parts = [(100 - weight, handling), (weight, score / HIGHEST if score else None)]
        known = [(share_, value) for share_, value in parts if value is not None and share_]
        total = sum(share_ for share_, _value in known)
        return 100 * sum(share_ * value for share_, value in known) / total if total else None


def read(scope: Scope) -> Page:
    """Return the result of each unit called, and the whistle rate of each street as a band."""
    results = results_of(scope)
    came = sum((one.came for one in results), Counter())
    scored = [row[3] for one in results for row in one.scores]
    stats = Stats(
        [
            Stat(_("叫到单位"), f"{sum(came.values()):,}", _("次")),
            Stat(_("按时到"), f"{came[Coming.CAME]:,}", _("次")),
            Stat(_("迟到"), f"{came[Coming.LATE]:,}", _("次")),
            Stat(_("未到"), f"{came[Coming.MISSING]:,}", _("次")),
            Stat(_("平均得分"), f"{sum(scored) / len(scored):.2f}" if scored else "—", _("分")),
        ]
    )
    return Page([stats, _units(scope, results), _streets(scope)])


def results_of(scope: Scope) -> list[Result]:
    """Return what each unit called in the scope came to, the best result first."""
    rows = list(_summonses(scope).select_related("unit"))
    clocks = WhistleClock.objects.filter(summons__in=rows, step=Step.REPORT_IN).order_by("pk")
    limits = {clock.summons_id: clock for clock in clocks}
    found: dict[int, Result] = {}
    for row in rows:
        one = found.setdefault(row.unit_id, Result(row.unit))
        one.came[coming(row, limits.get(row.pk), scope.at)] += 1
        if row.score is not None:
            one.scores.append((row.timeliness, row.quality, row.attitude, row.score))
    _count_handling(scope, found)
    weight = _weight(scope)
    return sorted(found.values(), key=lambda one: (-(one.points(weight) or 0), one.unit.pk))


def _weight(scope: Scope) -> int:
    ids = scope.area.ancestor_ids if scope.area else []
    return number("department_whistle_weight", on=scope.last, unit_ids=ids)


def _summonses(scope: Scope) -> QuerySet[Summons]:
    rows = Summons.objects.visible_to(scope.user).filter(whistle__blown_at__isnull=False)
    start, end = scope.span
    rows = rows.filter(sent_at__gte=start, sent_at__lt=end)
    if scope.area is not None:
        rows = rows.filter(whistle__case__area__path__startswith=scope.area.path)
    return rows.filter(whistle__case__category__in=scope.classes) if scope.picture else rows


def _count_handling(scope: Scope, found: dict[int, Result]) -> None:
    """Count the handling limits kept, of the cases closed in the scope, for the units called."""
    clocks = Clock.objects.filter(
        step="HANDLE", unit__in=found, stopped_at__isnull=False, case__status="CLOSED",
        case__ended_at__gte=_midnight(scope.since), case__ended_at__lt=_midnight(scope.until),
    )  # fmt: skip
    if scope.area is not None:
        clocks = clocks.filter(case__area__path__startswith=scope.area.path)
    kept = Count("pk", filter=Q(stopped_at__lte=F("due_at")))
    for unit, n, n_kept in clocks.order_by().values_list("unit").annotate(n=Count("pk"), k=kept):
        found[unit].due, found[unit].kept = n, n_kept


def _midnight(day) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_current_timezone())


def _units(scope: Scope, results: list[Result]) -> Table:
    weight = _weight(scope)
    rows = [
        Row(
            [
                one.unit.short_name, one.n, one.came[Coming.CAME], one.came[Coming.LATE],
                one.came[Coming.MISSING], one.in_time, len(one.scores), one.mean(0), one.mean(1),
                one.mean(2), one.mean(3), share_of(one.kept, one.due), one.points(weight),
            ]
        )
        for one in results
    ]  # fmt: skip
    columns = [
        Column(_("单位")),
        Column(_("叫到"), "count"),
        Column(_("按时到"), "count"),
        Column(_("迟到"), "count"),
        Column(_("未到"), "count"),
        Column(_("按时到场率"), "share"),
        Column(_("评分"), "count"),
        Column(_("及时"), "score"),
        Column(_("质量"), "score"),
        Column(_("态度"), "score"),
        Column(_("哨的得分"), "score"),
        Column(_("按时处置率"), "share"),
        Column(_("部门结果"), "score"),
    ]
    note = _(
        "部门结果满分 100：吹哨方评分折算占 %(weight)s %%，其余按所办案件的按时处置率；"
        "只有一项时按那一项算。"
    ) % {"weight": weight}
    return Table("units", _("各部门结果"), columns, rows, note=note, empty=_("这段时间没有吹哨"))


def _streets(scope: Scope) -> Table:
    streets = [
        unit
        for unit in scope.units.values()
        if unit.level == Level.TOWNSHIP and unit.kind == Kind.AREA and _in(scope, unit)
    ]
    shown = rates(streets, since=_midnight(scope.since), until=_midnight(scope.until))
    rows = [
        Row(
            [one.unit.short_name, one.n_whistles, one.n_cases, one.rate,
             f"{one.low}–{one.high}", one.label],
            url=reverse("whistle_area"),
        )
        for one in shown
    ]  # fmt: skip
    columns = [
        Column(_("街道乡镇")),
        Column(_("吹哨"), "count"),
        Column(_("案件"), "count"),
        Column(_("每千件吹哨"), "score"),
        Column(_("合理区间")),
        Column(_("位置")),
    ]
    note = _("吹哨率看是否在区间内：太低说明机制没用起来，太高说明日常处置没做好，不比谁多。")
    return Table("streets", _("各街道乡镇吹哨率"), columns, rows, note=note, folds=True)


def _in(scope: Scope, unit: Unit) -> bool:
    if scope.area is not None:
        return unit.path.startswith(scope.area.path)
    return any(unit.path.startswith(area.path) for area in scope.children)


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says: whistles are counted live, on their own page."""
    return []


FIGURE = Figure(
    slug="whistles",
    title=N_("吹哨报到"),
    question=N_("叫到的部门来没来、来得及不及时、街道打几分？"),
    method=N_(
        "按发哨那天计数。得分由吹哨方在验收时打，权重见参数；部门结果＝哨的得分与按时处置率按参数加权。"
        "吹哨率＝每千件案件吹哨次数，只看是否在合理区间。"
    ),
    icon="whistle",
    read=read,
    headline=headline,
)
