"""三率: response, resolution and satisfaction, each with what it is divided by.

An unanswered question is not a satisfied resident: only ratings that were given are divided by, and
how many were not given stands beside.
"""

from collections import Counter

from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.insights.panels import Column, Page, Picture, Row, Stat, Stats, Table, day_label
from shaodao.insights.policy import Kept, Measure, Resolved, share_of
from shaodao.insights.scope import Scope, weeks
from shaodao.kit.templatetags.kit import share
from shaodao.people.queries import number

from .figure import Figure, Totals, figure_url

_MEASURES = (Measure.ACCEPT, Measure.RESOLVED, Measure.RATED, Measure.COMPLAINTS)
Sums = Counter[tuple[str, str]]


class Rates:
    """The three rates, each as (part, whole)."""

    def __init__(self, sums: Sums, satisfied_from: int):
        """Take how many of each (measure, part), and the score from which one is satisfied."""
        kept = sums[Measure.ACCEPT, Kept.KEPT]
        self.response = (kept, kept + sums[Measure.ACCEPT, Kept.MISSED])
        yes = sums[Measure.RESOLVED, Resolved.YES]
        self.resolution = (yes, yes + sums[Measure.RESOLVED, Resolved.NO])
        scores = {int(part): n for (m, part), n in sums.items() if m == Measure.RATED}
        content = sum(n for score, n in scores.items() if score >= satisfied_from)
        self.satisfaction = (content, sum(scores.values()))
        self.n_to_ask = sums[Measure.COMPLAINTS, ""]
        self.n_unanswered = max(self.n_to_ask - self.satisfaction[1], 0)

    def each(self) -> list[tuple[int, int]]:
        return [self.response, self.resolution, self.satisfaction]


def read(scope: Scope) -> Page:
    """Return the three rates with their denominators, their trend and those of the areas below."""
    rows = scope.tallies(*_MEASURES).annotate(week=TruncWeek("day"))
    whole: Sums = Counter()
    by_week: dict = {}
    by_area: dict[int, Sums] = {}
    sums = rows.values_list("week", "area", "measure", "part").annotate(total=Sum("n"))
    for week, area, measure, part, n in sums:
        whole[measure, part] += n
        by_week.setdefault(week, Counter())[measure, part] += n
        by_area.setdefault(area, Counter())[measure, part] += n
    threshold = satisfied_from(scope)
    return Page(
        [
            _stats(Rates(whole, threshold), threshold),
            _trend(scope, by_week, threshold),
            _places(scope, by_area, threshold),
        ]
    )


def satisfied_from(scope: Scope) -> int:
    """Return the score from which a resident counts as satisfied, as the county set it."""
    unit_ids = scope.area.ancestor_ids if scope.area else ()
    return number("satisfied_score", on=timezone.localdate(scope.at), unit_ids=unit_ids)


def _stats(rates: Rates, threshold: int) -> Stats:
    of = _("%(part)s／%(whole)s")
    hints = [of % {"part": part, "whole": whole} for part, whole in rates.each()]
    missing = share_of(rates.n_unanswered, rates.n_to_ask)
    said = _("%(share)s 没有评价，不算满意") % {"share": share(missing)}
    return Stats(
        [
            Stat(_("响应率"), share(share_of(*rates.response)), hint=hints[0]),
            Stat(_("解决率"), share(share_of(*rates.resolution)), hint=hints[1]),
            Stat(
                _("满意率"),
                share(share_of(*rates.satisfaction)),
                hint=_("%(of)s，%(n)s 分以上") % {"of": hints[2], "n": threshold},
            ),
            Stat(_("应评未评"), f"{rates.n_unanswered:,}", _("条"), hint=said),
        ]
    )


def _trend(scope: Scope, by_week: dict, threshold: int) -> Picture:
    mondays = weeks(scope)
    rates = [Rates(by_week.get(monday, Counter()), threshold) for monday in mondays]
    names = (_("响应率"), _("解决率"), _("满意率"))

    def values(index: int) -> list[float | None]:
        shares = [share_of(*one.each()[index]) for one in rates]
        return [None if one is None else round(one * 100, 1) for one in shares]

    chart = {
        "type": "line",
        "labels": [day_label(monday) for monday in mondays],
        "unit": "%",
        "series": [{"name": name, "values": values(n)} for n, name in enumerate(names)],
    }
    return Picture("rates-trend", _("每周三率"), _("周一"), chart)


def _places(scope: Scope, by_area: dict[int, Sums], threshold: int) -> Table:
    rows = []
    for child in scope.children:
        sums: Sums = Counter()
        for pk, some in by_area.items():
            if scope.units[pk].path.startswith(child.path):
                sums.update(some)
        rates = Rates(sums, threshold)
        values = [value for part, whole in rates.each() for value in (share_of(part, whole), whole)]
        url = figure_url(scope, "three-rates", area=child.pk)
        rows.append(Row([child.short_name, *values, rates.n_unanswered], url=url))
    columns = [Column(_("区域"))]
    for name, base in (
        (_("响应率"), _("应响应")),
        (_("解决率"), _("已评价")),
        (_("满意率"), _("已评分")),
    ):
        columns += [Column(name, "share"), Column(base, "count")]
    columns.append(Column(_("应评未评"), "count"))
    return Table("areas", _("各区域三率"), columns, rows, empty=_("没有下一级区域"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of the three rates that need no threshold."""
    yes, no = totals.n(Measure.RESOLVED, Resolved.YES), totals.n(Measure.RESOLVED, Resolved.NO)
    answered = _("%(n)s 条评价") % {"n": yes + no}
    return [
        Stat(_("响应率"), share(totals.kept_share(Measure.ACCEPT))),
        Stat(_("解决率"), share(share_of(yes, yes + no)), hint=answered),
    ]


FIGURE = Figure(
    slug="three-rates",
    title=N_("三率"),
    question=N_("响应了没有、解决了没有、满意不满意？"),
    method=N_(
        "响应率＝按时响应 ÷（按时响应＋响应超时）。解决率＝反映人说已解决 ÷ 作了评价的。"
        "满意率＝评分达到满意分数的 ÷ 作了评分的。没有评价的不算满意也不算不满意，单列为应评未评"
        "（结案案件背后的诉求减去评价）。"
    ),
    icon="chart",
    read=read,
    headline=headline,
)
