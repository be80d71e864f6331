"""The map of the net: county, street, village, grid, list and household, and what each lacks."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shaodao.cores.wording import N_
from shaodao.drawing import policy
from shaodao.drawing.queries import drafts, levels
from shaodao.drawing.queries.ground import formula_of, rules_of
from shaodao.people.models import Unit, roles_of
from shaodao.people.policy import Kind, Level
from shaodao.people.queries import units_by_id
from shaodao.places.policy import MAY

SHOW_LABELS = {
    "cover": N_("覆盖"),
    "vacancies": N_("缺员"),
    "load": N_("负荷"),
    "lists": N_("名单户数"),
}
SHOW_HINTS = {
    "cover": N_("红：有重叠、空洞或不在名单里的户；绿：全部覆盖"),
    "vacancies": N_("红：有网格一个人也没有；黄：按公式人手不够；绿：够"),
    "load": N_("红：平均每名网格员的户数超过上限；黄：低于下限；绿：合适"),
    "lists": N_("黄：有名单的户数不合要求；绿：都合要求"),
}


def _check(request: HttpRequest) -> None:
    if not policy.SEES_HOMES & roles_of(request.user):
        raise PermissionDenied


@login_required
@require_GET
def net(request: HttpRequest) -> HttpResponse:
    """GET: go to the widest area of the reader's posts."""
    _check(request)
    top = levels.top_of(request.user)
    if top is None:
        raise PermissionDenied
    return redirect("net_area", pk=top.pk)


@login_required
@require_GET
def area(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the parts of an area on a map and in a table; of a grid its lists and households."""
    _check(request)
    rows = Unit.objects.visible_to(request.user).filter(kind=Kind.AREA).select_related("parent")
    unit = get_object_or_404(rows, pk=pk)
    if unit.level == Level.GRID:
        return render(request, "drawing/net_grid.html", _grid(request, unit))
    show = request.GET.get("show", "")
    show = show if show in levels.SHOWN else "cover"
    return render(request, "drawing/net.html", _areas(request, unit, show))


def _common(request: HttpRequest, unit: Unit) -> dict:
    """Return the way down to an area, as far as the reader may go up it."""
    units = units_by_id()
    seen = set(
        Unit.objects.visible_to(request.user)
        .filter(pk__in=unit.ancestor_ids)
        .values_list("pk", flat=True)
    )
    on = timezone.localdate()
    return {
        "unit": unit,
        "chain": [units[one] for one in unit.ancestor_ids[:-1] if one in seen],
        "rules": rules_of(unit, on=on),
        "formula": formula_of(unit, on=on),
        "draws": bool(policy.DESK & roles_of(request.user)),
        "reads": bool(MAY["read_registers"][1] & roles_of(request.user)),
    }


def _areas(request: HttpRequest, unit: Unit, show: str) -> dict:
    found = levels.areas_of(unit, show=show, on=timezone.localdate())
    features = levels.features_of(found)
    names = ("n_homes", "n_people", "n_workers", "n_needed", "n_short", "n_unlisted", "n_wrong")
    return {
        **_common(request, unit),
        "areas": found,
        "totals": {name: sum(getattr(one, name) for one in found) for name in (*names, "n_flaws")},
        "n_without": sum(not one.grids for one in found),
        "show": show,
        "shows": [(name, _(label)) for name, label in SHOW_LABELS.items()],
        "hint": _(SHOW_HINTS[show]),
        "points": {"type": "FeatureCollection", "features": features},
        "bounds": levels.box_of(features),
    }


def _grid(request: HttpRequest, unit: Unit) -> dict:
    found = levels.net_of(unit, request.user, on=timezone.localdate())
    return {
        **_common(request, unit),
        "net": found,
        "map": {"dots": found.dots, "lot": found.lot, "colours": [x.colour for x in found.lists]},
        "bounds": drafts.box_of([[0, 0, 0, dot[0], dot[1]] for dot in found.dots]),
    }
