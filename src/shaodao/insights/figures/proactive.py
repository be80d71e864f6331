"""X32: how much is found before anybody has to complain, week by week, and the rounds walked."""

from collections import Counter

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from shaodao.cases.models import Patrol
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
from shaodao.reports.policy import CHANNEL_LABELS, PROACTIVE, Channel

from .figure import Figure, Totals, desk_url


def read(scope: Scope) -> Page:
    """Return the share of cases found by patrols and meetings, its trend, and the patrol plan."""
    rows = scope.tallies(Measure.OPENED).annotate(week=TruncWeek("day"))
    by_week: dict = {}
    whole: Counter[str] = Counter()
    for week, channel, n in rows.values_list("week", "channel").annotate(total=Sum("n")):
        by_week.setdefault(week, Counter())[channel] += n
        whole[channel] += n
    return Page([_stats(whole), _trend(scope, by_week), _channels(scope, whole), _plan(scope)])


def _found(sums: Counter[str]) -> int:
    return sum(n for channel, n in sums.items() if channel in PROACTIVE)


def _stats(whole: Counter[str]) -> Stats:
    found, total = _found(whole), sum(whole.values())
    return Stats(
        [
            Stat(_("主动发现占比"), share(share_of(found, total))),
            Stat(_("主动发现"), f"{found:,}", _("件"), hint=_("巡查、会议")),
            Stat(_("群众反映"), f"{total - found:,}", _("件")),
        ]
    )


def _trend(scope: Scope, by_week: dict) -> Picture:
    mondays = weeks(scope)
    sums = [by_week.get(monday, Counter()) for monday in mondays]
    shares = [share_of(_found(s), sum(s.values())) for s in sums]
    chart = {
        "type": "line",
        "labels": [day_label(monday) for monday in mondays],
        "unit": "%",
        "series": [
            {
                "name": _("主动发现占比"),
                "values": [None if s is None else round(s * 100, 1) for s in shares],
            }
        ],
    }
    return Picture("proactive-trend", _("每周主动发现占比"), _("周一"), chart)


def _channels(scope: Scope, whole: Counter[str]) -> Bars:
    total = sum(whole.values())
    bars = [
        Bar(
            _(CHANNEL_LABELS[Channel(channel)]),
            n / total,
            f"{n:,}",
            desk_url(scope, tab="open", channel=channel),
            "done" if channel in PROACTIVE else "",
        )
        for channel, n in whole.most_common()
    ]
    return Bars(_("案件从哪里来"), bars, note=_("点开看还在办的"))


def _plan(scope: Scope) -> Table:
    """Return the rounds planned, walked and what they found, by week."""
    rounds = Patrol.objects.visible_to(scope.user).filter(
        week__gte=weeks(scope)[0], week__lt=scope.until
    )
    if scope.area is not None:
        rounds = rounds.filter(grid__unit__path__startswith=scope.area.path)
    rows = rounds.values_list("week").annotate(
        planned=Count("pk"), walked=Count("pk", filter=Q(done_at__isnull=False)), n=Sum("n_found")
    )
    found = [
        Row([f"{week:%Y-%m-%d}", planned, walked, share_of(walked, planned), n])
        for week, planned, walked, n in rows.order_by("-week")
    ]
    columns = [
        Column(_("周一")),
        Column(_("计划巡查"), "count"),
        Column(_("已走"), "count"),
        Column(_("完成率"), "share"),
        Column(_("发现问题"), "count"),
    ]
    return Table("patrols", _("巡查计划"), columns, found, most=15, empty=_("这段时间没有巡查计划"))


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of what was found unasked."""
    opened = totals.by_channel(Measure.OPENED)
    found, total = _found(Counter(opened)), sum(opened.values())
    hint = _("%(part)s／%(whole)s 件") % {"part": found, "whole": total}
    return [Stat(_("主动发现占比"), share(share_of(found, total)), hint=hint)]


FIGURE = Figure(
    slug="proactive",
    title=N_("主动发现"),
    question=N_("有多少问题是我们先发现的，而不是等群众来反映？"),
    method=N_(
        "占比＝巡查和会议发现的新案件 ÷ 全部新案件，按收到那天计。并入别的案件的诉求不另算。"
    ),
    icon="eye",
    read=read,
    headline=headline,
)
