"""Appraisal at the desk: periods, everybody's points line by line, freezing, appeals."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.people.models import Unit, posts_of
from shaodao.people.queries import at_level
from shaodao.workforce import forms, policy
from shaodao.workforce.actions import appraising
from shaodao.workforce.models import Appeal, Period
from shaodao.workforce.queries import appraisal as queries

from .parts import asked, given, made, tried

_OPENERS = policy.MAY["open_period"][1]


def _own_area(request: HttpRequest) -> Unit | None:
    """Return the widest area the reader may open a period for."""
    units = [post.unit for post in posts_of(request.user) if post.role in _OPENERS]
    return min(units, key=lambda unit: len(unit.path), default=None)


@login_required
@require_GET
def periods(request: HttpRequest) -> HttpResponse:
    """GET: the periods that reach the reader's posts, and the appeals that wait."""
    appeals = Appeal.objects.visible_to(request.user).filter(decided_at=None)
    context = {
        "tab": "appraisal",
        "periods": queries.periods_for(request.user)[:20],
        "appeals": appeals.select_related("score__worker", "score__period", "score__unit").order_by(
            "at"
        ),
        "area": _own_area(request),
    }
    return render(request, "workforce/periods.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def period_new(request: HttpRequest) -> HttpResponse:
    """GET asks for a period's name and days; POST opens it for the reader's area."""
    area = _own_area(request)
    if area is None:
        raise Http404
    form = forms.PeriodForm(given(request))
    back = reverse("periods")

    def act():
        appraising.open_period(
            unit=area, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    title = _("开设考核期：%(area)s") % {"area": area.short_name}
    return made(request, form, act, back, _("考核期已开设")) or asked(request, form, title, back)


def _period(request: HttpRequest, pk: int) -> Period:
    return get_object_or_404(queries.periods_for(request.user), pk=pk)


@login_required
@require_GET
def period(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the points of the workers under the reader's posts, each line explained."""
    row = _period(request, pk)
    seen = set(Unit.objects.visible_to(request.user).values_list("pk", flat=True))
    found = (
        queries.frozen(row) if row.frozen_at else queries.standings(row, on=timezone.localdate())
    )
    shown = [one for one in found if one.unit.pk in seen]
    context = {
        "tab": "appraisal",
        "period": row,
        "rows": shown[:300],
        "areas": _by_community(shown),
        "may_freeze": row.frozen_at is None
        and timezone.localdate() >= row.until
        and _own_area(request),
        "weights": [
            (policy.FIGURES[w.figure][0], w.weight)
            for w in queries.weights_on(row.since, row.unit.ancestor_ids)
        ],
    }
    return render(request, "workforce/period.html", context)


def _by_community(rows: list[queries.Standing]) -> list[dict[str, object]]:
    """Return the mean of each community's workers, the highest first."""
    totals: dict[str, list[float]] = {}
    for one in rows:
        community = at_level(one.unit, "COMMUNITY") or one.unit
        totals.setdefault(community.short_name, []).extend([] if one.total is None else [one.total])
    means = [(name, sum(found) / len(found), len(found)) for name, found in totals.items() if found]
    return [
        {"label": f"{name}（{n}）", "share": mean / 100, "value": f"{mean:.1f}"}
        for name, mean, n in sorted(means, key=lambda row: -row[1])
    ]


@login_required
@require_POST
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: freeze a period that is over."""
    row = _period(request, pk)

    def act():
        appraising.freeze_period(period=row, actor=request.user, at=timezone.now())

    return tried(request, act, reverse("period", args=[pk]), _("已锁定，结果已通知每个人"))


@login_required
@require_http_methods(["GET", "POST"])
def decide_appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows an appeal and asks for the decision; POST decides it."""
    rows = Appeal.objects.visible_to(request.user).select_related(
        "score__worker", "score__period", "score__unit"
    )
    row = get_object_or_404(rows, pk=pk)
    form = forms.DecisionForm(given(request))
    back = reverse("periods")

    def act():
        data = form.cleaned_data | {"points": form.cleaned_data["points"] or 0.0}
        appraising.decide_appeal(appeal=row, actor=request.user, at=timezone.now(), **data)

    lines = [queries.line_from(line) for line in row.score.lines]
    title = _("裁定申诉：%(name)s") % {"name": row.score.worker.name}
    done = made(request, form, act, back, _("已裁定并通知本人"))
    return done or asked(request, form, title, back, quote=row.text, lines=lines)
