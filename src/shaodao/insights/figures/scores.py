"""Z10: how many complained before, and what they say after."""

from collections import Counter

from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.cases.models import Case, Rating
from shaodao.cases.queries import with_merged
from shaodao.cores.wording import N_
from shaodao.insights.panels import Column, Page, Picture, Row, Stat, Stats, Table
from shaodao.insights.policy import Measure
from shaodao.insights.scope import Scope

from .figure import Figure, Totals, ended_url

LOOKED_AT = 500  # closed cases, the latest: the list never reads more
SHOWN = 20
_STARS = ("1", "2", "3", "4", "5")


class _Before:
    """What one class, or all, was before and after: cases, complaints, ratings."""

    def __init__(self, sums: Counter[tuple[str, str]]):
        """Take how many of each (measure, part)."""
        self.n_cases = sum(n for (m, _p), n in sums.items() if m == Measure.CLOSED)
        self.n_complaints = sum(n for (m, _p), n in sums.items() if m == Measure.COMPLAINTS)
        self.stars = [sums[Measure.RATED, star] for star in _STARS]
        self.n_rated = sum(self.stars)
        total = sum(n * int(star) for n, star in zip(self.stars, _STARS, strict=True))
        self.score = total / self.n_rated if self.n_rated else None
        self.each = self.n_complaints / self.n_cases if self.n_cases > 0 else None


_MEASURES = (Measure.CLOSED, Measure.COMPLAINTS, Measure.RATED)


def read(scope: Scope) -> Page:
    """Return complaints before and scores after, by class, and the most complained-of cases."""
    whole: Counter[tuple[str, str]] = Counter()
    by_class: dict[str, Counter[tuple[str, str]]] = {}
    for measure, code, part, n, _took in scope.sums("measure", "category", "part", of=_MEASURES):
        whole[measure, part] += n
        by_class.setdefault(code, Counter())[measure, part] += n
    before = _Before(whole)
    return Page([_stats(before), _stars(before), _classes(scope, by_class), _cases(scope)])


def _stats(whole: _Before) -> Stats:
    return Stats(
        [
            Stat(_("办前反映"), f"{whole.n_complaints:,}", _("次"), hint=_("结案案件背后的诉求")),
            Stat(_("平均每案反映"), _score(whole.each), _("次")),
            Stat(_("办后评分"), _score(whole.score), _("分"), hint=_("满分 5 分")),
            Stat(_("收到评价"), f"{whole.n_rated:,}", _("条")),
        ]
    )


def _score(value: float | None) -> str:
    return "—" if value is None else f"{value:.1f}"


def _stars(whole: _Before) -> Picture:
    chart = {
        "type": "bar",
        "labels": [_("%(n)s 分") % {"n": star} for star in _STARS],
        "unit": _("条"),
        "series": [{"name": _("评价"), "values": whole.stars}],
    }
    return Picture("scores-stars", _("办后评分分布"), _("评分"), chart)


def _classes(scope: Scope, by_class: dict[str, Counter[tuple[str, str]]]) -> Table:
    names, rows = scope.book.categories, []
    for code, sums in by_class.items():
        one = _Before(sums)
        if one.n_cases > 0 or one.n_rated:
            values = [names[code].name, scope.picture_of(code).name, one.n_cases, one.n_complaints]
            rows.append(Row([*values, one.n_rated, one.score], url=ended_url(scope, code)))
    rows.sort(key=lambda row: -row.values[3])
    columns = [
        Column(_("类别")),
        Column(_("大类")),
        Column(_("结案"), "count"),
        Column(_("办前反映"), "count"),
        Column(_("收到评价"), "count"),
        Column(_("办后评分"), "score"),
    ]
    return Table("classes", _("各类办前办后"), columns, rows, empty=_("这段时间没有结案"))


def _cases(scope: Scope) -> Table:
    """Return the latest closed cases with the most complaints, and the scores each got after."""
    mine = Case.objects.visible_to(scope.user).filter(status="CLOSED")
    if scope.area is not None:
        mine = mine.filter(area__path__startswith=scope.area.path)
    if scope.picture:
        mine = mine.filter(category__in=scope.classes)
    latest = list(mine.defer("search").order_by("-ended_at", "-pk")[:LOOKED_AT])
    most = sorted(latest, key=lambda case: -case.n_reports)[:SHOWN]
    scores = scores_of([case.pk for case in most])
    rows = [
        Row(
            [case.number, case.title, case.n_reports, len(scores[case.pk]), _mean(scores[case.pk])],
            url=reverse("case", args=[case.pk]),
        )
        for case in most
    ]
    columns = [
        Column(_("案件")),
        Column(_("内容")),
        Column(_("办前反映"), "count"),
        Column(_("评价"), "count"),
        Column(_("办后评分"), "score"),
    ]
    title = _("反映最多的案件（最近结案的 %(n)s 件里）") % {"n": LOOKED_AT}
    return Table("cases", title, columns, rows, empty=_("还没有结案的案件"), folds=True)


def _mean(scores: list[int]) -> float | None:
    return sum(scores) / len(scores) if scores else None


def scores_of(case_ids: list[int]) -> dict[int, list[int]]:
    """Return the scores each case got, by reporters of cases merged into it too."""
    found: dict[int, list[int]] = {pk: [] for pk in case_ids}
    stands_under = with_merged(case_ids)
    for case, score in Rating.objects.filter(case__in=stands_under).values_list("case", "score"):
        found[stands_under[case]].append(score)
    return found


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of before and after."""
    sums = Counter({(m, part): n for m in _MEASURES for part, n in totals.by_part(m).items()})
    whole = _Before(sums)
    return [
        Stat(_("平均每案反映"), _score(whole.each), _("次")),
        Stat(_("办后评分"), _score(whole.score), hint=_("%(n)s 条评价") % {"n": whole.n_rated}),
    ]


FIGURE = Figure(
    slug="scores",
    title=N_("办前办后"),
    question=N_("办之前多少人反映，办之后大家打几分？"),
    method=N_(
        "办前反映＝结案案件背后的诉求条数（含并案），记在结案那天；办后评分只由反映人打，记在评价那天。"
    ),
    icon="star",
    read=read,
    headline=headline,
)
