"""Pages about places: the map's own tiles, a worker's households, the grids and their cards."""

import io

import segno
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from shaodao.kit.paging import keyset
from shaodao.kit.tiles import check_tile, send_tile
from shaodao.people.queries import units_by_id
from shaodao.places import tiles
from shaodao.places.models import Grid
from shaodao.places.policy import ASSET_LABELS
from shaodao.places.queries import book_of, grids_for_list, round_of, workers_of

_HOUR = 3600  # seconds
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@require_GET
def base_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """GET: a tile of our own base map, for everybody."""
    check_tile(z, x, y)
    return send_tile(request, tiles.base_tile(z, x, y), max_age=_HOUR, is_public=True)


@require_GET
def grid_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """GET: a tile of the grids' boundaries and names, for everybody."""
    check_tile(z, x, y)
    return send_tile(request, tiles.grid_tile(z, x, y), max_age=_HOUR, is_public=True)


@login_required
@require_GET
def my_households(request: HttpRequest) -> HttpResponse:
    """GET: the households the reader is the contact worker of, building by building."""
    walk = round_of(request.user)
    totals = {name: walk.total(name) for name in ("n_people", "n_over_60", "n_under_18")}
    return render(request, "places/my_households.html", {"round": walk, **totals})


@login_required
@require_GET
def grids(request: HttpRequest) -> HttpResponse:
    """GET: the grids the reader may see, a page at a time, found by name or code."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    rows = grids_for_list(request.user, text=text)
    page = keyset(rows, order=(("code", "asc"),), after=request.GET.get("after"))
    workers = workers_of([row.unit_id for row in page])
    context = {"page": page, "workers": workers, "text": text}
    return render(request, "places/grids.html", context)


@login_required
@require_GET
def grid(request: HttpRequest, code: str) -> HttpResponse:
    """GET: one grid: who works there, what stands there, its map and its cases."""
    shown = _grid(request, code, is_present=False)
    units = units_by_id()
    context = {
        "before": _related(request).filter(successions__after=shown),
        "after": _related(request).filter(origins__before=shown),
        "grid": shown,
        "book": book_of(shown),
        "chain": [units[pk] for pk in shown.unit.ancestor_ids[:-1]],
        "labels": ASSET_LABELS,
        "bounds": f"{shown.west},{shown.south},{shown.east},{shown.north}",
    }
    return render(request, "places/grid.html", context)


@login_required
@require_GET
def grid_card_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """GET: a grid's card to print and hang up, with the QR code residents report by."""
    shown = _grid(request, code)
    workers = workers_of([shown.unit_id]).get(shown.unit_id, [])
    context = {"grid": shown, "workers": workers, "address": _report_address(request, code)}
    return render(request, "places/grid_card.html", context)


@login_required
@require_GET
def grid_card(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """GET: the QR code of a grid's card as a drawing or a picture."""
    _grid(request, code)
    # Level Q stays readable with a quarter of it scratched or faded on an outside wall.
    code_of_place = segno.make(_report_address(request, code), error="q", micro=False)
    file = io.BytesIO()
    code_of_place.save(file, kind=kind, border=4, scale=12 if kind == "png" else 4)
    return HttpResponse(file.getvalue(), content_type=_TYPES[kind])


def _grid(request: HttpRequest, code: str, *, is_present: bool = True) -> Grid:
    """Return a grid the reader may see; one that has ended only where its history is shown."""
    grids = Grid.objects.visible_to(request.user).select_related("unit__parent").defer("boundary")
    return get_object_or_404(grids.filter(valid_to=None) if is_present else grids, code=code)


def _report_address(request: HttpRequest, code: str) -> str:
    return request.build_absolute_uri(reverse("report_here", args=[code]))


def _related(request: HttpRequest):
    rows = Grid.objects.visible_to(request.user).select_related("unit").defer("boundary")
    return rows.order_by("code")
