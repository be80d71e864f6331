"""Z17: who was supervised how often, and who answered in time."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.insights.panels import Column, Page, Row, Stat, Stats, Table
from shaodao.insights.policy import Measure, share_of
from shaodao.insights.scope import Scope
from shaodao.kit.templatetags.kit import share
from shaodao.supervision.models import Supervision
from shaodao.supervision.queries import Sums, sums_by

from .figure import Figure, Totals


def read(scope: Scope) -> Page:
    """Return supervisions by the unit supervised and by the government that issued them."""
    rows = _rows(scope)
    units = sums_by(rows, "unit")
    urges, yellows, reds = (sum(getattr(one, key) for one in units) for key in _KINDS)
    answered, due = sum(one.in_time for one in units), sum(one.n_due for one in units)
    stats = Stats(
        [
            Stat(_("催办"), f"{urges:,}", _("次")),
            Stat(_("黄牌督办"), f"{yellows:,}", _("次")),
            Stat(_("红牌督办"), f"{reds:,}", _("次")),
            Stat(_("按时答复率"), share(share_of(answered, due)), hint=f"{answered}／{due}"),
            Stat(_("已销号"), f"{sum(one.signed_off for one in units):,}", _("次")),
        ]
    )
    supervised = _table("units", _("各单位被督办"), units, scope)
    issued = _table("issuers", _("各街道乡镇发出"), sums_by(rows, "author_unit"), scope)
    return Page([stats, supervised, issued])


_KINDS = ("urges", "yellows", "reds")


def _rows(scope: Scope) -> QuerySet[Supervision]:
    """Return the supervisions issued in the scope, by days of the county's time zone."""
    rows = Supervision.objects.visible_to(scope.user)
    start, end = scope.span
    rows = rows.filter(issued_at__gte=start, issued_at__lt=end)
    if scope.area is not None:
        rows = rows.filter(case__area__path__startswith=scope.area.path)
    return rows.filter(case__category__in=scope.classes) if scope.picture else rows


def _table(slug: str, title: str, sums: list[Sums], scope: Scope) -> Table:
    url = reverse("supervisions")
    rows = [
        Row(
            [
                one.unit.short_name, one.urges, one.yellows, one.reds, one.in_time, one.late,
                share_of(one.in_time, one.n_due), one.signed_off,
            ],
            url=f"{url}?tab=area&unit={one.unit.pk}",
        )
        for one in sums
    ]  # fmt: skip
    columns = [
        Column(_("单位")),
        Column(_("催办"), "count"),
        Column(_("黄牌"), "count"),
        Column(_("红牌"), "count"),
        Column(_("按时答复"), "count"),
        Column(_("逾期"), "count"),
        Column(_("按时答复率"), "share"),
        Column(_("已销号"), "count"),
    ]
    return Table(slug, title, columns, rows, empty=_("这段时间没有督办"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of supervision."""
    n = totals.by_part(Measure.SUPERVISED)
    cards = n.get("YELLOW", 0) + n.get("RED", 0)
    return [
        Stat(_("催办"), f"{n.get('URGE', 0):,}", _("次")),
        Stat(_("黄牌、红牌"), f"{cards:,}", _("次")),
    ]


FIGURE = Figure(
    slug="supervision",
    title=N_("督办"),
    question=N_("谁被督办了多少次？答复得及时吗？"),
    method=N_(
        "按发出那天计数，系统自动升格的也算。按时答复率＝时限内答复的 ÷"
        "（时限内答复的＋到期没有答复的）；还在时限内的不计。"
    ),
    icon="flag",
    read=read,
    headline=headline,
)
