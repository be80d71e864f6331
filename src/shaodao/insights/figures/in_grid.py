"""X17: how many small matters never leave their grid (小事不出格), and what counts as small."""

from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.insights.panels import Bar, Bars, Column, Page, Row, Stat, Stats, Table
from shaodao.insights.policy import Measure, share_of
from shaodao.insights.scope import Scope
from shaodao.kit.templatetags.kit import share
from shaodao.people.models import Parameter
from shaodao.people.policy import Level

from .figure import Figure, Totals, desk_url, figure_url

GRIDS_SHOWN = 60  # the lowest shares; the file has all


def read(scope: Scope) -> Page:
    """Return the in-grid rate of everything, of the areas one tier down and of each grid."""
    rows = scope.sums("area", "part", of=(Measure.SMALL,))
    by_area: dict[int, tuple[int, int]] = {}
    for area, level, n, _took in rows:
        settled, small = by_area.get(area, (0, 0))
        by_area[area] = (settled + n * (level == Level.GRID), small + n)
    settled, small = _sum(by_area.values())
    stats = Stats(
        [
            Stat(_("小事不出格率"), share(share_of(settled, small))),
            Stat(_("办结小事"), f"{small:,}", _("件")),
            Stat(_("其中网格内办结"), f"{settled:,}", _("件")),
        ]
    )
    return Page([stats, _places(scope, by_area), _grids(scope, by_area), _definition(scope)])


def _sum(pairs) -> tuple[int, int]:
    pairs = list(pairs)
    return sum(settled for settled, _n in pairs), sum(n for _settled, n in pairs)


def _places(scope: Scope, by_area: dict[int, tuple[int, int]]) -> Bars:
    rows = []
    for child in scope.children:
        inside = [
            pair for pk, pair in by_area.items() if scope.units[pk].path.startswith(child.path)
        ]
        settled, small = _sum(inside)
        rate = share_of(settled, small)
        if rate is not None:
            shown = f"{share(rate)}（{settled}/{small}）"
            url = figure_url(scope, "in-grid", area=child.pk)
            rows.append(Bar(child.short_name, rate, shown, url))
    return Bars(_("各区域不出格率"), sorted(rows, key=lambda row: row.share))


def _grids(scope: Scope, by_area: dict[int, tuple[int, int]]) -> Table:
    units, found = scope.units, []
    for pk, (settled, small) in by_area.items():
        rate, grid = share_of(settled, small), units[pk]
        if rate is None or grid.level != Level.GRID:
            continue
        community = units.get(grid.parent_id)
        url = desk_url(scope, tab="ended", status="CLOSED", unit=pk)
        name = community.short_name if community else ""
        found.append(Row([grid.short_name, name, grid.code, small, settled, rate], url=url))
    found.sort(key=lambda row: (row.values[-1], -row.values[3]))
    columns = [
        Column(_("网格")),
        Column(_("社区村")),
        Column(_("编码")),
        Column(_("办结小事"), "count"),
        Column(_("网格内办结"), "count"),
        Column(_("不出格率"), "share"),
    ]
    return Table(
        "grids",
        _("每个网格，低的在前"),
        columns,
        found,
        most=GRIDS_SHOWN,
        empty=_("这段时间没有办结的小事"),
    )


def _definition(scope: Scope) -> Table:
    """Return which classes count as small on the scope's last day, and on what ground."""
    names = scope.book.categories
    rows = Parameter.objects.in_force(scope.last).filter(name="small_matter", value="1")
    found = [
        Row(
            [
                names[row.subject].name if row.subject in names else _("全部类别"),
                scope.units[row.unit_id].short_name if row.unit_id else _("全部区域"),
                f"{row.valid_from:%Y-%m-%d}",
                row.source,
            ]
        )
        for row in rows.order_by("subject", "pk")
    ]
    columns = [
        Column(_("算作小事的类别")),
        Column(_("适用区域")),
        Column(_("自何时起")),
        Column(_("依据")),
    ]
    return Table("definition", _("什么算小事"), columns, found, empty=_("还没有规定什么算小事"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of small matters."""
    settled, small = totals.n(Measure.SMALL, Level.GRID), totals.n(Measure.SMALL)
    hint = _("%(part)s／%(whole)s 件") % {"part": settled, "whole": small}
    return [Stat(_("小事不出格率"), share(share_of(settled, small)), hint=hint)]


FIGURE = Figure(
    slug="in-grid",
    title=N_("小事不出格"),
    question=N_("小事有多少在网格里就办好了？"),
    method=N_(
        "不出格率＝由网格承办并结案的小事 ÷ 全部结案的小事。什么算小事由参数“小事”逐类规定、"
        "带生效日期，按结案那天的规定计算。"
    ),
    icon="grid",
    read=read,
    headline=headline,
)
