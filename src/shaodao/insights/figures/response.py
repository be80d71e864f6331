"""X14: how fast orders are taken and people are on site, against each class's target."""

from datetime import datetime, time, timedelta

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cases.models import Case, Clock
from shaodao.cases.policy import STEP_LABELS, MoveRefused, Step
from shaodao.cases.templatetags.cases import amount_label
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
    span_labels,
)
from shaodao.insights.policy import SHORT, Kept, Measure, Spread, share_of
from shaodao.insights.scope import Scope
from shaodao.kit.paging import keyset
from shaodao.kit.templatetags.kit import share

from .figure import Figure, Totals

_ANSWERS = (Measure.ACCEPT, Measure.ARRIVE)
BREACHES = 20  # on a page


class _Answers:
    """How one class, or all, was answered at one step."""

    def __init__(self, rows: list[tuple[str, int, int, int]]):
        """Take rows of (part, bucket, n, minutes)."""
        counted = {part: sum(n for p, _, n, _ in rows if p == part) for part in Kept}
        self.n_missed = counted[Kept.MISSED]
        self.spread = Spread.of((b, n, m) for part, b, n, m in rows if part != Kept.MISSED)
        self.n_due = counted[Kept.KEPT] + self.n_missed
        self.share = share_of(counted[Kept.KEPT], self.n_due)


def read(scope: Scope) -> Page:
    """Return response and arrival against their targets, and the list of breaches."""
    rows = scope.sums("measure", "category", "part", "bucket", of=_ANSWERS)
    whole = {m: _Answers([r[2:] for r in rows if r[0] == m]) for m in _ANSWERS}
    return Page(
        [
            Stats([stat for m in _ANSWERS for stat in _stats(m, whole[m])]),
            _histogram(whole),
            _classes(scope, rows),
            breaches(scope),
        ]
    )


def _stats(measure: Measure, answers: _Answers) -> list[Stat]:
    step = _(STEP_LABELS[Step(measure)])
    tone = "late" if answers.n_missed else ""
    said = _("按时 %(kept)s 次，应做 %(due)s 次")
    kept = {"kept": answers.n_due - answers.n_missed, "due": answers.n_due}
    return [
        Stat(_("%(step)s按时率") % {"step": step}, share(answers.share), hint=said % kept),
        brief(_("%(step)s中位用时") % {"step": step}, answers.spread.quantile(0.5)),
        Stat(_("%(step)s超时") % {"step": step}, f"{answers.n_missed:,}", _("次"), tone=tone),
    ]


def _histogram(whole: dict[Measure, _Answers]) -> Picture:
    chart = {
        "type": "bar",
        "labels": span_labels(SHORT),
        "unit": _("次"),
        "series": [
            {"name": _(STEP_LABELS[Step(m)]), "values": whole[m].spread.shown_in(SHORT)}
            for m in _ANSWERS
        ],
    }
    return Picture("answer-spans", _("多久响应、多久到场"), _("用时"), chart)


def _classes(scope: Scope, rows: list[tuple]) -> Table:
    names = scope.book.categories
    codes = sorted({code for _, code, *_ in rows}, key=lambda code: names[code].rank)
    found = [
        Row([names[code].name, *(v for m in _ANSWERS for v in _of_class(scope, rows, m, code))])
        for code in codes
    ]
    columns = [Column(_("类别"))]
    for measure in _ANSWERS:
        step = {"step": _(STEP_LABELS[Step(measure)])}
        columns += [
            Column(_("%(step)s目标") % step),
            Column(_("%(step)s中位用时") % step, "span"),
            Column(_("%(step)s按时率") % step, "share"),
            Column(_("%(step)s超时") % step, "count"),
        ]
    return Table("classes", _("各类目标与实际"), columns, found, empty=_("这段时间没有派单"))


def _of_class(scope: Scope, rows: list[tuple], measure: Measure, code: str) -> list:
    answers = _Answers([r[2:] for r in rows if r[0] == measure and r[1] == code])
    return [
        target_of(scope, measure, code),
        answers.spread.quantile(0.5),
        answers.share,
        answers.n_missed,
    ]


def target_of(scope: Scope, measure: Measure, code: str) -> str:
    """Return a class's target as it stands on the scope's last day, without a hazard."""
    unit = scope.area or scope.children[0]
    try:
        row = scope.book.limit(measure, category=code, unit=unit, is_hazard=False, on=scope.last)
    except MoveRefused:
        return "—"
    return amount_label(row.amount, row.time_unit)


def breaches(scope: Scope) -> Table:
    """Return the limits of response and arrival that ran out, the latest first, a page of them."""
    since, until = (
        timezone.make_aware(datetime.combine(day, time())) for day in (scope.since, scope.until)
    )
    mine = Case.objects.visible_to(scope.user)
    if scope.area is not None:
        mine = mine.filter(area__path__startswith=scope.area.path)
    if scope.picture:
        mine = mine.filter(category__in=scope.classes)
    clocks = Clock.objects.filter(
        Q(stopped_at=None) | Q(stopped_at__gt=F("due_at")),
        case__in=mine,
        step__in=[m.value for m in _ANSWERS],
        due_at__gte=since,
        due_at__lt=min(until, scope.at),
    ).select_related("case")
    page = keyset(
        clocks.defer("case__search"), order=(("due_at", "desc"),), after=scope.after, size=BREACHES
    )
    columns = [
        Column(_("案件")),
        Column(_("内容")),
        Column(_("环节")),
        Column(_("责任单位")),
        Column(_("应在"), "time"),
        Column(_("实际"), "time"),
        Column(_("超出"), "span"),
    ]
    rows = [_breach(scope, clock) for clock in page.rows]
    empty = _("没有超时，很好")
    return Table("breaches", _("超时清单"), columns, rows, empty=empty, page=page, folds=True)


def _breach(scope: Scope, clock: Clock) -> Row:
    over = (clock.stopped_at or scope.at) - clock.due_at
    return Row(
        [
            clock.case.number,
            clock.case.title,
            _(STEP_LABELS[Step(clock.step)]),
            scope.units[clock.unit_id].short_name,
            clock.due_at,
            clock.stopped_at or _("还没有"),
            over / timedelta(minutes=1),
        ],
        url=reverse("case", args=[clock.case_id]),
        tone="" if clock.stopped_at else "late",
    )


def headline(totals: Totals) -> list[Stat]:
    """Return what the overview says of response and arrival."""
    return [
        Stat(
            _("%(step)s按时率") % {"step": _(STEP_LABELS[Step(m)])},
            share(totals.kept_share(m)),
            hint=_("超时 %(n)s 次") % {"n": totals.n(m, Kept.MISSED)},
        )
        for m in _ANSWERS
    ]


FIGURE = Figure(
    slug="response",
    title=N_("响应与到场"),
    question=N_("派单以后，多久有人接、多久有人到？哪些超了时？"),
    method=N_(
        "按时率＝按时接单（到场）次数 ÷（按时次数＋超时次数）。时限到了还没做就算一次超时，"
        "记在到期那天，后来补做也不抵消；改派、撤回等在到期前停下的不计。用时按自然时间，是否按时按各类目标和工作日历。"
    ),
    icon="urgent",
    read=read,
    headline=headline,
)
