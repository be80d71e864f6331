"""Grids that are split, merged, renamed: decided here, done on their day."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from shapely import from_wkb

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.places import actions, forms
from shaodao.places.models import Grid, GridChange
from shaodao.places.policy import CHANGE_LABELS, MAY, ChangeKind
from shaodao.places.queries import grids_for_list, grids_touching

from .parts import PAGE, only

_KEEPERS = MAY["change_grid"][1]


@login_required
@require_GET
def grid_changes(request: HttpRequest) -> HttpResponse:
    """GET: the changes of grids that are decided or done, and the grids to change."""
    only(request, _KEEPERS)
    rows = GridChange.objects.visible_to(request.user).select_related("community", "decided_by")
    page = keyset(
        rows.prefetch_related("grids__unit"),
        order=[("pk", "desc")],
        after=request.GET.get("after"),
        size=PAGE,
    )
    text = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    found = grids_for_list(request.user, text=text).order_by("code")[:12] if text else ()
    labels = {kind.value: _(label) for kind, label in CHANGE_LABELS.items()}
    changes = [
        (row, labels[row.kind], "、".join(grid.unit.short_name for grid in row.grids.all()))
        for row in page
    ]
    context = {"page": page, "text": text, "found": found, "changes": changes}
    return render(request, "places/grid_changes.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def grid_change(request: HttpRequest, code: str) -> HttpResponse:
    """GET: one grid with its neighbours, to be split, merged or renamed; POST decides it."""
    only(request, _KEEPERS)
    rows = Grid.objects.visible_to(request.user).select_related("unit__parent")
    grid = get_object_or_404(rows, code=code, valid_to=None)
    kind = request.POST.get("kind", "") if request.method == "POST" else ""
    bound = _forms(grid, kind, request.POST)
    if kind in bound and bound[kind].is_valid():
        try:
            change = _DECIDE[kind](request, grid, bound[kind].cleaned_data)
            messages.success(
                request, _("已经生效") if change.done_at else _("已经定下，到日子自动生效")
            )
            return redirect("grid_changes")
        except Refusal as refusal:
            bound[kind].add_error(None, say(refusal))
    context = {"grid": grid, "forms": bound, "kind": kind or "SPLIT", "shape": _shape(grid)}
    context["bounds"] = f"{grid.west},{grid.south},{grid.east},{grid.north}"
    status = 422 if request.method == "POST" else 200
    return render(request, "places/grid_change.html", context, status=status)


def _forms(grid: Grid, kind: str, data) -> dict[str, forms.ChangeForm]:
    """Return the three forms of the page; the one that was sent holds what was typed."""
    today = {"since": timezone.localdate().isoformat()}

    def given(one: ChangeKind):
        return {"data": data if kind == one else None, "initial": today, "prefix": one.lower()}

    return {
        "SPLIT": forms.SplitForm(**given(ChangeKind.SPLIT)),
        "MERGE": forms.MergeForm(neighbours=grids_touching(grid), **given(ChangeKind.MERGE)),
        "RENAME": forms.RenameForm(**given(ChangeKind.RENAME)),
    }


def _shape(grid: Grid) -> dict[str, object]:
    line = [list(place) for place in from_wkb(bytes(grid.boundary)).exterior.coords]
    geometry = {"type": "LineString", "coordinates": line}
    feature = {"type": "Feature", "properties": {"tone": "new"}, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature]}


def _split(request: HttpRequest, grid: Grid, given: dict) -> GridChange:
    names = [given["first_name"], given["second_name"]]
    return actions.plan_split(
        grid=grid,
        line=given["line"],
        names=names,
        since=given["since"],
        actor=request.user,
        at=timezone.now(),
        why=given["why"],
    )


def _merge(request: HttpRequest, grid: Grid, given: dict) -> GridChange:
    others = Grid.objects.visible_to(request.user).filter(code__in=given["grids"])
    return actions.plan_merge(
        grids=[grid, *others],
        name=given["name"],
        since=given["since"],
        actor=request.user,
        at=timezone.now(),
        why=given["why"],
    )


def _rename(request: HttpRequest, grid: Grid, given: dict) -> GridChange:
    return actions.plan_renaming(grid=grid, actor=request.user, at=timezone.now(), **given)


_DECIDE = {"SPLIT": _split, "MERGE": _merge, "RENAME": _rename}


@login_required
@require_POST
def grid_change_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: take back a change whose day has not come."""
    only(request, _KEEPERS)
    change = get_object_or_404(GridChange.objects.visible_to(request.user), pk=pk)
    why = request.POST.get("why", "")[:200]
    try:
        actions.cancel_change(change=change, actor=request.user, at=timezone.now(), why=why)
    except Refusal as refusal:
        messages.error(request, say(refusal))
    return redirect("grid_changes")
