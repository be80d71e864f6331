"""X16: how many problems have been solved, by class."""

from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.insights.panels import Bars, Column, Page, Row, Stat, Stats, Table, bars_of
from shaodao.insights.policy import Measure, share_of
from shaodao.insights.scope import Scope

from .figure import Figure, Totals, by_child, ended_url


def read(scope: Scope) -> Page:
    """Return the number of cases solved, by picture and by class, and where."""
    rows = scope.sums("area", "category", of=(Measure.CLOSED,))
    by_class: dict[str, int] = {}
    by_area: dict[int, int] = {}
    for area, code, n, _took in rows:
        by_class[code] = by_class.get(code, 0) + n
        by_area[area] = by_area.get(area, 0) + n
    total = sum(by_class.values())
    n_classes = sum(n > 0 for n in by_class.values())
    stats = Stats(
        [
            Stat(_("解决问题"), f"{total:,}", _("件"), url=ended_url(scope)),
            Stat(_("涉及类别"), str(n_classes), _("类")),
        ]
    )
    where = _places(scope, by_area)
    return Page([stats, _pictures(scope, by_class), where, _classes(scope, by_class)])


def _pictures(scope: Scope, by_class: dict[str, int]) -> Bars:
    sums: dict[str, int] = {}
    for code, n in by_class.items():
        picture = scope.picture_of(code).code
        sums[picture] = sums.get(picture, 0) + n
    names = scope.book.categories
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])
    rows = [(names[code].name, n, ended_url(scope, code)) for code, n in ordered if n > 0]
    return Bars(_("按大类"), bars_of(rows))


def _places(scope: Scope, by_area: dict[int, int]) -> Bars:
    rows = by_child(scope, by_area, "solved")
    return Bars(_("按区域"), bars_of([row for row in rows if row[1] > 0]))


def _classes(scope: Scope, by_class: dict[str, int]) -> Table:
    total, names = sum(by_class.values()), scope.book.categories
    rows = [
        Row(
            [names[code].name, scope.picture_of(code).name, n, share_of(n, total)],
            url=ended_url(scope, code),
        )
        for code, n in sorted(by_class.items(), key=lambda pair: -pair[1])
        if n > 0
    ]
    columns = [
        Column(_("类别")),
        Column(_("大类")),
        Column(_("解决件数"), "count"),
        Column(_("占比"), "share"),
    ]
    return Table("classes", _("各类件数"), columns, rows, empty=_("这段时间没有结案"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of cases solved."""
    return [
        Stat(_("解决问题"), f"{totals.n(Measure.CLOSED):,}", _("件")),
        Stat(_("新增案件"), f"{totals.n(Measure.OPENED):,}", _("件")),
    ]


FIGURE = Figure(
    slug="solved",
    title=N_("解决了多少"),
    question=N_("解决了多少问题？是哪些类别、在哪些地方？"),
    method=N_("按结案计数，记在结案那天；重开的案件从重开那天起扣除，再次结案时重新计入。"),
    icon="check",
    read=read,
    headline=headline,
)
