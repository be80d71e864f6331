"""Z39: by which doors people are heard, and which matters came in by more than one."""

from collections import Counter

from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.cases.models import Case, CaseReport
from shaodao.cases.queries import with_merged
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
from shaodao.insights.policy import Measure
from shaodao.insights.scope import Scope, weeks
from shaodao.kit.templatetags.kit import share
from shaodao.reports.policy import CHANNEL_LABELS, Channel

from .figure import Figure, Totals, desk_url

LOOKED_AT = 300  # open cases with more than one report, the newest
_COLOURS = 6  # series a chart tells apart


def read(scope: Scope) -> Page:
    """Return the reports of each channel, and the cases that more than one channel reached."""
    rows = scope.tallies(Measure.REPORTED, Measure.FAMILY).annotate(week=TruncWeek("day"))
    sums = rows.values_list("measure", "week", "channel", "part").annotate(total=Sum("n"))
    by_week: dict = {}
    whole: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for measure, week, channel, part, n in sums:
        if measure == Measure.FAMILY:
            pairs[part] += n
            continue
        by_week.setdefault(week, Counter())[channel] += n
        whole[channel] += n
    return Page(
        [
            _stats(whole, pairs),
            _doors(scope, whole),
            _trend(scope, by_week, [channel for channel, _n in whole.most_common(_COLOURS)]),
            _pairs(pairs),
            _open_families(scope),
        ]
    )


def label(channel: str) -> str:
    """Say a channel."""
    return _(CHANNEL_LABELS[Channel(channel)])


def labels(part: str) -> str:
    """Say the channels of a family: PHONE+WEB."""
    return "、".join(label(channel) for channel in part.split("+"))


def _stats(whole: Counter[str], pairs: Counter[str]) -> Stats:
    n_doors = sum(n > 0 for n in whole.values())
    families = sum(pairs.values())
    return Stats(
        [
            Stat(_("收到诉求"), f"{sum(whole.values()):,}", _("条")),
            Stat(_("用到的渠道"), str(n_doors), _("个")),
            Stat(_("多渠道反映同一件事"), f"{families:,}", _("件"), hint=_("已并为一案")),
        ]
    )


def _doors(scope: Scope, whole: Counter[str]) -> Bars:
    total = sum(whole.values())
    bars = [
        Bar(
            label(channel),
            n / total,
            f"{n:,}（{share(n / total)}）",
            desk_url(scope, tab="open", channel=channel),
        )
        for channel, n in whole.most_common()
    ]
    return Bars(_("各渠道诉求"), bars, note=_("点开看还在办的"))


def _trend(scope: Scope, by_week: dict, channels: list[str]) -> Picture:
    mondays = weeks(scope)
    chart = {
        "type": "stacked",
        "labels": [day_label(monday) for monday in mondays],
        "unit": _("条"),
        "series": [
            {
                "name": label(channel),
                "values": [by_week.get(monday, Counter())[channel] for monday in mondays],
            }
            for channel in channels
        ],
    }
    return Picture("channels-trend", _("每周各渠道诉求"), _("周一"), chart)


def _pairs(pairs: Counter[str]) -> Table:
    rows = [Row([labels(part), n]) for part, n in pairs.most_common()]
    columns = [Column(_("同一件事的渠道")), Column(_("件数"), "count")]
    title = _("哪些渠道说的是同一件事")
    return Table("families", title, columns, rows, empty=_("这段时间没有多渠道反映同一件事"))


def _open_families(scope: Scope) -> Table:
    """Return the open cases that stand for reports of more than one channel."""
    mine = Case.objects.visible_to(scope.user).open().filter(n_reports__gt=1)
    if scope.area is not None:
        mine = mine.filter(area__path__startswith=scope.area.path)
    if scope.picture:
        mine = mine.filter(category__in=scope.classes)
    cases = list(mine.defer("search").order_by("-received_at", "-pk")[:LOOKED_AT])
    rows = []
    doors = channels_of([case.pk for case in cases])
    for case in cases:
        if len(doors[case.pk]) > 1:
            said = "、".join(label(channel) for channel in sorted(doors[case.pk]))
            url = reverse("case", args=[case.pk])
            rows.append(Row([case.number, case.title, said, case.n_reports], url=url))
    columns = [
        Column(_("案件")),
        Column(_("内容")),
        Column(_("渠道")),
        Column(_("诉求"), "count"),
    ]
    empty = _("没有在办的多渠道案件")
    return Table("open", _("在办的多渠道案件"), columns, rows, most=30, empty=empty, folds=True)


def channels_of(case_ids: list[int]) -> dict[int, set[str]]:
    """Return the channels by which each case was reported, those merged into it included."""
    found: dict[int, set[str]] = {pk: set() for pk in case_ids}
    stands_under = with_merged(case_ids)
    links = CaseReport.objects.filter(case__in=stands_under)
    for case, channel in links.values_list("case", "report__channel"):
        found[stands_under[case]].add(channel)
    return found


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of channels."""
    return [
        Stat(_("收到诉求"), f"{totals.n(Measure.REPORTED):,}", _("条")),
        Stat(_("多渠道反映同一件事"), f"{totals.n(Measure.FAMILY):,}", _("件")),
    ]


FIGURE = Figure(
    slug="channels",
    title=N_("渠道"),
    question=N_("群众从哪些门进来？哪些事从不止一个门进来？"),
    method=N_(
        "按每一条诉求计，并入同一案件的也各算一条，记在收到那天。同一件事从第二个渠道来的那天，"
        "记一件“多渠道反映同一件事”。"
    ),
    icon="inbox",
    read=read,
    headline=headline,
)
