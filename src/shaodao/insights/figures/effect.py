"""Z09: what came of it all: outcomes by type, and the compounds and households they help."""

from django.db.models import Count, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.cases.models import Case, Outcome
from shaodao.cores.wording import N_
from shaodao.insights.panels import Column, Page, Row, Stat, Stats, Table
from shaodao.insights.policy import Measure
from shaodao.insights.scope import Scope
from shaodao.places.models import Compound
from shaodao.sites.models import Site
from shaodao.sites.policy import age_days

from .figure import Figure, Totals, ended_url

MOST = 200  # sites and compounds on the page; the file has as many
_LEADING = 20  # compounds shown


def read(scope: Scope) -> Page:
    """Return outcomes of closed cases and solved sites, and who benefits from them."""
    outcomes, sites = _outcomes(scope), _sites(scope)
    kinds = list(
        outcomes.values("kind", "kind__name", "kind__measure").annotate(
            n=Count("pk"), total=Sum("quantity"), homes=Sum("n_households")
        )
    )
    by_kind = dict(
        outcomes.filter(compounds__isnull=False)
        .values_list("kind")
        .annotate(n=Count("compounds", distinct=True))
    )
    solved = list(
        sites.select_related("outcome", "unit").defer("boundary").order_by("-solved_at")[:MOST]
    )
    helped = _helped(outcomes, sites)
    homes = sum(row["homes"] for row in kinds) + sum(site.n_households for site in solved)
    stats = Stats(
        [
            Stat(
                _("有成果的案件"),
                f"{sum(row['n'] for row in kinds):,}",
                _("件"),
                url=ended_url(scope),
            ),
            Stat(_("解决的积案点位"), f"{len(solved):,}", _("个")),
            Stat(_("受益小区"), f"{len(helped):,}", _("个")),
            Stat(_("受益户数"), f"{homes:,}", _("户")),
        ]
    )
    return Page([stats, _kinds(kinds, by_kind), _solved(solved, sites), _compounds(helped)])


def _outcomes(scope: Scope) -> QuerySet[Outcome]:
    cases = Case.objects.visible_to(scope.user).filter(status="CLOSED")
    start, end = scope.span
    cases = cases.filter(ended_at__gte=start, ended_at__lt=end)
    if scope.area is not None:
        cases = cases.filter(area__path__startswith=scope.area.path)
    if scope.picture:
        cases = cases.filter(category__in=scope.classes)
    return Outcome.objects.filter(case__in=cases.values("pk")).order_by()


def _sites(scope: Scope) -> QuerySet[Site]:
    rows = Site.objects.visible_to(scope.user).filter(state="SOLVED")
    start, end = scope.span
    rows = rows.filter(solved_at__gte=start, solved_at__lt=end)
    if scope.area is not None:
        rows = rows.filter(unit_ids__contains=[scope.area.pk])
    return rows.none() if scope.picture else rows  # a site has no class


def _helped(outcomes: QuerySet[Outcome], sites: QuerySet[Site]) -> dict[int, int]:
    """Return how many outcomes and sites each compound benefits from, by its id."""
    helped: dict[int, int] = {}
    for rows in (outcomes, sites):
        found = rows.filter(compounds__isnull=False).order_by().values_list("compounds")
        for compound, n in found.annotate(n=Count("pk")):
            helped[compound] = helped.get(compound, 0) + n
    return helped


def _kinds(kinds: list[dict], by_kind: dict[str, int]) -> Table:
    rows = [
        Row(
            [
                row["kind__name"], row["n"], row["total"], row["kind__measure"],
                by_kind.get(row["kind"], 0), row["homes"],
            ]
        )
        for row in sorted(kinds, key=lambda row: -row["n"])
    ]  # fmt: skip
    columns = [
        Column(_("成果类型")),
        Column(_("案件"), "count"),
        Column(_("数量"), "count"),
        Column(_("单位")),
        Column(_("受益小区"), "count"),
        Column(_("受益户数"), "count"),
    ]
    return Table("kinds", _("案件成果"), columns, rows, empty=_("这段时间没有登记成果"))


def _solved(solved: list[Site], sites: QuerySet[Site]) -> Table:
    n_compounds = dict(sites.order_by().values_list("pk").annotate(n=Count("compounds")))
    rows = [
        Row(
            [
                site.name, site.unit.short_name, round(site.area_m2),
                age_days(site.since, site.solved_at.date()), site.became,
                n_compounds.get(site.pk, 0), site.n_households,
            ],
            url=reverse("site", args=[site.pk]),
        )
        for site in solved
        if site.solved_at is not None
    ]  # fmt: skip
    columns = [
        Column(_("积案点位")),
        Column(_("所属")),
        Column(_("面积（平方米）"), "count"),
        Column(_("拖了多少天"), "count"),
        Column(_("变成了什么")),
        Column(_("受益小区"), "count"),
        Column(_("受益户数"), "count"),
    ]
    title = _("解决的积案点位")
    return Table("sites", title, columns, rows, empty=_("这段时间没有解决积案点位"), folds=True)


def _compounds(helped: dict[int, int]) -> Table:
    found = Compound.objects.filter(pk__in=helped).select_related("community")
    rows = [
        Row([one.name, one.community.short_name, helped[one.pk]])
        for one in sorted(found, key=lambda one: (-helped[one.pk], one.pk))
    ]
    columns = [Column(_("受益小区")), Column(_("社区村")), Column(_("成果"), "count")]
    empty = _("还没有登记受益小区")
    return Table("compounds", _("哪些小区受益"), columns, rows, most=_LEADING, empty=empty)


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of effects."""
    return [Stat(_("结案成果受益"), f"{totals.n(Measure.BENEFIT):,}", _("户"))]


FIGURE = Figure(
    slug="effect",
    title=N_("办成了什么"),
    question=N_("办出了什么成果？哪些小区、多少户受益？"),
    method=N_(
        "案件成果取处置时登记的类型和数量，按结案那天计；积案点位按办结那天计。受益小区按小区去重，"
        "受益户数按登记相加，同一户可能受益多次。"
    ),
    icon="home",
    read=read,
    headline=headline,
)
