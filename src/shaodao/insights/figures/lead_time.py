"""X12: how long it takes from being told to having closed, as a distribution for each class."""

from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.insights.panels import (
    Column,
    Page,
    Picture,
    Row,
    Stat,
    Stats,
    Table,
    brief,
    day_label,
    span_labels,
)
from shaodao.insights.policy import LONG, Measure, Spread
from shaodao.insights.scope import Scope, spreads, weeks

from .figure import Figure, Totals, ended_url

_HOUR, _DAY = 60, 24 * 60


def read(scope: Scope) -> Page:
    """Return the distribution of lead times, for all and for each class, and its trend."""
    by_class = spreads(scope.sums("category", "bucket", of=(Measure.CLOSED,)))
    whole = Spread.of(_rows(by_class))
    return Page([_stats(whole), _histogram(whole), _trend(scope), _classes(scope, by_class)])


def _rows(by_class: dict) -> list[tuple[int, int, int]]:
    return [(b, n, s.minutes[b]) for s in by_class.values() for b, n in s.counts.items()]


def _stats(whole: Spread) -> Stats:
    return Stats(
        [
            Stat(_("结案"), f"{whole.n:,}", _("件")),
            brief(_("一半在此时间内结案"), whole.quantile(0.5), _("中位数")),
            brief(_("九成在此时间内结案"), whole.quantile(0.9), _("九成位数")),
            brief(_("平均用时"), whole.mean()),
        ]
    )


def _histogram(whole: Spread) -> Picture:
    chart = {
        "type": "bar",
        "labels": span_labels(LONG),
        "unit": _("件"),
        "series": [{"name": _("结案"), "values": whole.shown_in(LONG)}],
    }
    return Picture("lead-time-spans", _("从反映到结案用了多久"), _("用时"), chart)


def _trend(scope: Scope) -> Picture:
    rows = scope.tallies(Measure.CLOSED).annotate(week=TruncWeek("day"))
    sums = rows.values_list("week", "bucket").annotate(total=Sum("n"), took=Sum("minutes"))
    by_week, mondays = spreads(list(sums)), weeks(scope)
    nothing = Spread.of(())

    def days(q: float) -> list[float | None]:
        times = (by_week.get(monday, nothing).quantile(q) for monday in mondays)
        return [None if time is None else round(time / _DAY, 1) for time in times]

    chart = {
        "type": "line",
        "labels": [day_label(monday) for monday in mondays],
        "unit": _("天"),
        "series": [
            {"name": _("中位数"), "values": days(0.5)},
            {"name": _("九成位数"), "values": days(0.9)},
        ],
    }
    return Picture("lead-time-trend", _("每周结案用时"), _("周一"), chart)


def _classes(scope: Scope, by_class: dict[object, Spread]) -> Table:
    names = scope.book.categories
    rows = [
        Row(
            [
                names[code].name,
                scope.picture_of(code).name,
                spread.n,
                spread.quantile(0.5),
                spread.quantile(0.9),
                spread.mean(),
            ],
            url=ended_url(scope, code),
        )
        for code, spread in sorted(by_class.items(), key=lambda pair: -pair[1].n)
        if spread.n
    ]
    columns = [
        Column(_("类别")),
        Column(_("大类")),
        Column(_("结案件数"), "count"),
        Column(_("中位数"), "span"),
        Column(_("九成位数"), "span"),
        Column(_("平均"), "span"),
    ]
    return Table("classes", _("各类用时"), columns, rows, empty=_("这段时间没有结案"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of lead times."""
    spread = totals.spread(Measure.CLOSED)
    return [
        brief(_("一半在此时间内结案"), spread.quantile(0.5)),
        brief(_("九成在此时间内结案"), spread.quantile(0.9)),
    ]


FIGURE = Figure(
    slug="lead-time",
    title=N_("办结用时"),
    question=N_("一件事从反映到结案要多久？"),
    method=N_(
        "用时＝从收到诉求到结案的自然时间。重开的案件从重开那天起不再算结案，再次结案时按从最初反映起的全部时间计算。"
        "中位数和九成位数取自时间分段，误差小于一段的宽度。"
    ),
    icon="clock",
    read=read,
    headline=headline,
)
