"""Pages of figures: an overview, one page each with a file of every table, and a grid's own."""

import csv
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shaodao.places.models import Grid

from .figures import BY_SLUG, FIGURES
from .figures.figure import Totals, figure_url
from .forms import ScopeForm
from .queries import grid_at_a_glance
from .scope import Scope, freshness, pictures, read_scope, tops

_PERIODS = (7, 30, 90, 365)  # days


@login_required
@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """GET: every figure's headline, for an area and a time."""
    scope = _scope(request)
    rows = scope.tallies().values_list("measure", "part", "channel", "bucket")
    totals = Totals(list(rows.annotate(total=Sum("n"), took=Sum("minutes"))))
    cards = [(one, one.headline(totals), figure_url(scope, one.slug)) for one in FIGURES]
    context = {"cards": cards, "workload": _workload(), **_frame(scope, "figures")}
    return render(request, "insights/figures.html", context)


@login_required
@require_GET
def figure(request: HttpRequest, slug: str) -> HttpResponse:
    """GET: one figure in full; `?csv=` with a table's slug is that table as a file."""
    if slug not in BY_SLUG:
        raise Http404(slug)
    scope = _scope(request)
    shown = BY_SLUG[slug]
    page = shown.read(scope)
    if wanted := request.GET.get("csv"):
        return _file(page.tables().get(wanted), f"{slug}-{wanted}-{scope.last}")
    context = {"figure": shown, "page": page, **_frame(scope, slug)}
    return render(request, "insights/figure.html", context)


@login_required
@require_GET
def grid_figures(request: HttpRequest, code: str) -> HttpResponse:
    """GET: a grid's cases and in-grid rate, as a part of its page."""
    grids = Grid.objects.visible_to(request.user).select_related("unit")
    grid = get_object_or_404(grids, code=code, valid_to=None)
    glance = grid_at_a_glance(request.user, grid, at=timezone.now())
    of = {"part": glance.n_settled, "whole": glance.n_small, "days": glance.days}
    context = {
        "glance": glance,
        "hint": _("%(part)s／%(whole)s 件，近 %(days)s 天") % of,
        "url": f"{reverse('desk')}?tab=open&unit={grid.unit_id}",
    }
    return render(request, "insights/grid.html", context)


def _scope(request: HttpRequest) -> Scope:
    form = ScopeForm(request.GET, pictures=_pictures())
    form.is_valid()  # what makes no sense is left out of cleaned_data
    asked = {**form.cleaned_data, "after": request.GET.get("after", "")}
    scope = read_scope(request.user, asked, at=timezone.now())
    if scope is None:
        raise Http404("not an area of theirs")
    return scope


def _pictures() -> list[tuple[str, str]]:
    return [(picture.code, picture.name) for picture in pictures()]


def _frame(scope: Scope, slug: str) -> dict:
    """Return what stands around every page of figures."""
    here = [(scope.area.pk, scope.area.short_name)] if scope.area else [("", _("我负责的区域"))]
    areas = [*here, *((unit.pk, unit.short_name) for unit in scope.children)]
    address = reverse("figures") if slug == "figures" else reverse("figure", args=[slug])
    return {
        "scope": scope,
        "form": ScopeForm(scope.query, pictures=_pictures(), areas=areas),
        "address": address,
        "has_area": bool(tops(scope.user)),
        "freshness": freshness(scope),
        "periods": [(days, scope.last - timedelta(days=days - 1)) for days in _PERIODS],
        "others": [(one, figure_url(scope, one.slug)) for one in FIGURES],
    }


def _workload() -> str:
    try:
        return reverse("workload")
    except NoReverseMatch:
        return ""


def _file(table, name: str) -> HttpResponse:
    if table is None:
        raise Http404("no such table")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")  # so that spreadsheets read it as UTF-8
    csv.writer(response).writerows(table.as_plain())
    return response
