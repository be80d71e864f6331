"""Z30: who solves the cases: the share solved by others than cadres."""

from collections import Counter

from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from shaodao.cases.policy import SOLVED_BY_LABELS, SolvedBy
from shaodao.cores.wording import N_
from shaodao.insights.panels import (
    Bar,
    Bars,
    Column,
    Page,
    Picture,
    Row,
    Stat,
    Stats,
    Table,
    day_label,
)
from shaodao.insights.policy import Measure, share_of
from shaodao.insights.scope import Scope, weeks
from shaodao.kit.templatetags.kit import share

from .figure import Figure, Totals, ended_url


def read(scope: Scope) -> Page:
    """Return how many cases each kind of actor solved, by class and week by week."""
    rows = scope.sums("category", "part", of=(Measure.CLOSED,))
    whole: Counter[str] = Counter()
    by_class: dict[str, Counter[str]] = {}
    for code, solver, n, _took in rows:
        whole[solver] += n
        by_class.setdefault(code, Counter())[solver] += n
    return Page([_stats(whole), _actors(whole), _trend(scope), _classes(scope, by_class)])


def _others(sums: Counter[str]) -> tuple[int, int]:
    """Return how many others than cadres solved, and how many are known to be solved by anyone."""
    known = sum(n for solver, n in sums.items() if solver)
    return known - sums[SolvedBy.CADRE], known


def _stats(whole: Counter[str]) -> Stats:
    others, known = _others(whole)
    return Stats(
        [
            Stat(_("多方参与解决占比"), share(share_of(others, known))),
            Stat(_("干部以外的力量解决"), f"{others:,}", _("件")),
            Stat(_("机关干部解决"), f"{whole[SolvedBy.CADRE]:,}", _("件")),
        ]
    )


def _actors(whole: Counter[str]) -> Bars:
    known = _others(whole)[1]
    bars = [
        Bar(_(SOLVED_BY_LABELS[SolvedBy(solver)]), n / known, f"{n:,}（{share(n / known)}）")
        for solver, n in whole.most_common()
        if solver and n > 0
    ]
    return Bars(_("由谁解决"), bars)


def _trend(scope: Scope) -> Picture:
    rows = scope.tallies(Measure.CLOSED).annotate(week=TruncWeek("day"))
    by_week: dict = {}
    for week, solver, n in rows.values_list("week", "part").annotate(total=Sum("n")):
        by_week.setdefault(week, Counter())[solver] += n
    mondays = weeks(scope)
    shares = [share_of(*_others(by_week.get(monday, Counter()))) for monday in mondays]
    chart = {
        "type": "line",
        "labels": [day_label(monday) for monday in mondays],
        "unit": "%",
        "series": [
            {
                "name": _("多方参与解决占比"),
                "values": [None if s is None else round(s * 100, 1) for s in shares],
            }
        ],
    }
    return Picture("participation-trend", _("每周多方参与占比"), _("周一"), chart)


def _classes(scope: Scope, by_class: dict[str, Counter[str]]) -> Table:
    names = scope.book.categories
    rows = []
    for code, sums in by_class.items():
        others, known = _others(sums)
        if known > 0:
            values = [names[code].name, scope.picture_of(code).name, known, others]
            rows.append(Row([*values, share_of(others, known)], url=ended_url(scope, code)))
    rows.sort(key=lambda row: -row.values[2])
    columns = [
        Column(_("类别")),
        Column(_("大类")),
        Column(_("解决件数"), "count"),
        Column(_("干部以外解决"), "count"),
        Column(_("占比"), "share"),
    ]
    return Table("classes", _("各类由谁解决"), columns, rows, empty=_("这段时间没有结案"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of who solves."""
    others, known = _others(Counter(totals.by_part(Measure.CLOSED)))
    hint = _("%(part)s／%(whole)s 件") % {"part": others, "whole": known}
    return [Stat(_("多方参与解决占比"), share(share_of(others, known)), hint=hint)]


FIGURE = Figure(
    slug="participation",
    title=N_("谁来解决"),
    question=N_("有多少事不是干部包办，而是网格员、党员、居民、企业一起办成的？"),
    method=N_(
        "占比＝由机关干部以外的人解决的案件 ÷ 登记了由谁解决的结案案件，按处置反馈时的登记。"
    ),
    icon="people",
    read=read,
    headline=headline,
)
