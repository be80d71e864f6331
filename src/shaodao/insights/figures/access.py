"""X25: is it easy to be let in, to find somebody and to get it done (三难), month by month."""

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.insights.panels import Column, Page, Picture, Row, Stat, Stats, Table, brief
from shaodao.insights.policy import Kept, Measure, Resolved, Spread, share_of
from shaodao.insights.scope import Scope, spreads
from shaodao.kit.templatetags.kit import share

from .figure import Figure, Totals

_OF = (Measure.FIRST, Measure.ACCEPT, Measure.CLOSED)


class _Counts:
    """What was counted of one month, or of all of it."""

    def __init__(self, n: Counter[tuple[str, str]], took: Spread):
        self._n, self.took = n, took

    @property
    def first(self) -> float | None:
        yes, no = self._n[Measure.FIRST, Resolved.YES], self._n[Measure.FIRST, Resolved.NO]
        return share_of(yes, yes + no)

    @property
    def found(self) -> float | None:
        kept = self._n[Measure.ACCEPT, Kept.KEPT]
        return share_of(kept, kept + self._n[Measure.ACCEPT, Kept.MISSED])


def read(scope: Scope) -> Page:
    """Return the three indicators of the whole time, and of each month with its trend."""
    rows = scope.sums("day", "measure", "part", "bucket", of=_OF)
    months = sorted({_month(row[0]) for row in rows})
    by_month = {month: _counts([r for r in rows if _month(r[0]) == month]) for month in months}
    return Page([_stats(_counts(rows)), _trend(by_month), _table(by_month)])


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _counts(rows: list[tuple]) -> _Counts:
    n: Counter[tuple[str, str]] = Counter()
    for _day, measure, part, _bucket, count, _minutes in rows:
        n[measure, part] += count
    closed = [(0, r[3], r[4], r[5]) for r in rows if r[1] == Measure.CLOSED]
    return _Counts(n, spreads(closed).get(0, Spread.of(())))


def _stats(counts: _Counts) -> Stats:
    return Stats(
        [
            Stat(_("门好进：一次找对率"), share(counts.first), hint=_("派给的第一家就办好")),
            Stat(_("人好找：按时接单率"), share(counts.found), hint=_("时限内有人接")),
            brief(_("事好办：办结中位用时"), counts.took.quantile(0.5)),
        ]
    )


def _trend(by_month: dict[str, _Counts]) -> Picture:
    def percent(value: float | None) -> float | None:
        return None if value is None else round(value * 100, 1)

    counts = by_month.values()
    chart = {
        "type": "line",
        "labels": list(by_month),
        "unit": "%",
        "series": [
            {"name": _("一次找对率"), "values": [percent(one.first) for one in counts]},
            {"name": _("按时接单率"), "values": [percent(one.found) for one in counts]},
        ],
    }
    return Picture("access-trend", _("逐月变化"), _("月份"), chart)


def _table(by_month: dict[str, _Counts]) -> Table:
    columns = [
        Column(_("月份")),
        Column(_("一次找对率"), "share"),
        Column(_("按时接单率"), "share"),
        Column(_("办结中位用时"), "span"),
        Column(_("办结"), "count"),
    ]
    rows = [
        Row([month, one.first, one.found, one.took.quantile(0.5), one.took.n])
        for month, one in reversed(by_month.items())
    ]
    return Table("months", _("三项指标"), columns, rows, empty=_("这段时间没有办结的案件"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of being let in and of finding somebody."""
    yes = totals.n(Measure.FIRST, Resolved.YES)
    first = share_of(yes, totals.n(Measure.FIRST))
    return [
        Stat(_("一次找对率"), share(first)),
        Stat(_("按时接单率"), share(totals.kept_share(Measure.ACCEPT))),
    ]


FIGURE = Figure(
    slug="access",
    title=N_("门好进、人好找、事好办"),
    question=N_("一次就找对人了吗？找得到人吗？多久办好？"),
    method=N_(
        "一次找对率＝派给的第一家就办好的案件 ÷ 派过单并结案的案件；按时接单率＝按时接单次数 ÷ "
        "（按时次数＋超时次数）；办结用时从反映到结案，取中位数。逐月列出。"
    ),
    icon="flag",
    read=read,
    headline=headline,
)
