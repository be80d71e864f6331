"""What everybody may see: nearby cases, the board of closed ones, one's grid worker, the way in.

A page that reads configured rows is one transaction, which looks at their versions once.
"""

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shaodao.cases import kept
from shaodao.cases.tiles import released_tile
from shaodao.kit.paging import keyset
from shaodao.kit.tiles import check_tile, pack, send_tile
from shaodao.residents.queries import choosing, showing

from .tracking import send_picture

PAGE = 20
LATEST = (("released_at", "desc"),)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the ways in: report, follow, look around, call one's worker."""
    solved = kept.solved(at=timezone.now())
    shown = {"n_today": solved.today, "n_month": solved.month}
    return render(request, "residents/home.html", shown)


@require_safe
@transaction.atomic
def nearby(request: HttpRequest) -> HttpResponse:
    """Show the open cases staff released: around a place if one is given, else the latest."""
    point, page = _point(request), None
    community = request.GET.get("community", "")[:18]
    if point:
        rows = showing.near(*point, within_m=showing.ABOUT_M, most=showing.ABOUT_MOST)
    else:
        after = request.GET.get("after")
        page = keyset(showing.released_open(community), order=LATEST, after=after, size=PAGE)
        rows = showing.dressed(page.rows)
    context = {"rows": rows, "page": page, "point": point, "community": community}
    context |= {"communities": showing.communities(), "at": timezone.now()}
    bounds = showing.box_of(rows) if point or community else ""
    bounds = bounds or choosing.view_of(None).bounds
    context |= {"bounds": bounds, "report_url": reverse("report")}
    return render(request, "residents/nearby.html", context)


@require_safe
def nearby_json(request: HttpRequest) -> JsonResponse:
    """Answer with the public open cases around a point as GeoJSON."""
    point = _point(request)
    if point is None:
        return JsonResponse({"errors": {"lon": [_("请给出 lon 和 lat")]}}, status=422)
    rows = showing.near(*point, within_m=showing.ABOUT_M, most=showing.ABOUT_MOST)
    return JsonResponse(showing.features(rows))


def _point(request: HttpRequest) -> tuple[float, float] | None:
    try:
        lon, lat = float(request.GET.get("lon", "")), float(request.GET.get("lat", ""))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -85 <= lat <= 85 else None


@require_safe
def public_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """Answer with a map tile of what staff released, at its coarsened places."""
    check_tile(z, x, y)
    tile = released_tile(z, x, y, at=timezone.now())
    return send_tile(request, pack(tile, effort=1), max_age=60, is_public=True)


@require_safe
@transaction.atomic
def board(request: HttpRequest) -> HttpResponse:
    """Show the closed cases staff released, newest first, with pictures before and after."""
    category, community = request.GET.get("category", ""), request.GET.get("community", "")
    rows = showing.closed(category=category[:24], community=community[:18])
    page = keyset(rows, order=LATEST, after=request.GET.get("after"), size=PAGE)
    context = {
        "page": page,
        "rows": showing.dressed(page.rows),
        "solved": kept.solved(at=timezone.now()),
        "pictures": showing.pictures(),
        "communities": showing.communities(),
        "category": category,
        "community": community,
    }
    return render(request, "residents/board.html", context)


@require_safe
def board_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one case staff released; it may still be open."""
    row = showing.released_case(pk)
    if row is None:
        raise Http404
    return render(request, "residents/board_case.html", {"row": row, "at": timezone.now()})


@require_safe
def board_photo(request: HttpRequest, pk: int, which: str) -> HttpResponse:
    """Show a picture staff released with a case: before or after."""
    row = showing.released_case(pk)
    if row is None or which not in {"before", "after"}:
        raise Http404
    return send_picture(
        row.before if which == "before" else row.after, small="small" in request.GET
    )


@require_safe
@transaction.atomic
def my_worker(request: HttpRequest) -> HttpResponse:
    """Show who is responsible for an address: name, work phone and grid."""
    address = request.GET.get("address", "").strip()[:120]
    chosen = request.GET.get("building", "")
    found = choosing.suggestions(address) if address else []
    building = choosing.building_with(int(chosen)) if chosen.isdecimal() else None
    building = building or choosing.certain(found, address)
    given = {name: request.GET.get(name, "") for name in ("township", "community")}
    lists = choosing.lists_at(**given, spot=request.GET.get("spot_pick", ""), grids_only=True)
    grid = building.grid if building else lists.spot.grid if lists.spot else None
    context = {
        "address": address,
        "building": building,
        "suggested": [] if building else found,
        "lists": lists,
        "grid": grid,
        "grid_name": choosing.name_of(grid.unit) if grid else "",
        "workers": choosing.workers_of(grid, building) if grid else [],
    }
    return render(request, "residents/my_worker.html", context)


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show what still works without a network; the service worker keeps this page."""
    return render(request, "residents/offline.html")


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Answer with what a phone needs to put the site on its home screen."""
    icons = [{"src": static("kit/mark.svg"), "sizes": "any", "type": "image/svg+xml"}]
    icons += [
        {"src": static(f"kit/mark-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png"}
        for side in (180, 192, 512)
        if finders.find(f"kit/mark-{side}.png")
    ]
    words = {"name": _("哨到 · 反映身边事"), "short_name": _("哨到"), "lang": "zh-Hans"}
    colours = {"background_color": "#f2f5f3", "theme_color": "#0d2e2c"}
    scope = {"id": "/", "start_url": "/", "scope": "/", "display": "standalone"}
    shortcuts = [{"name": _("我要反映"), "url": "/report/"}]
    answer = {**words, **colours, **scope, "icons": icons, "shortcuts": shortcuts}
    return JsonResponse(answer, content_type="application/manifest+json")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker at the root, so that it covers the whole site."""
    path = finders.find("kit/sw.js") or settings.STATIC_ROOT / "kit/sw.js"
    with open(path, encoding="utf-8") as file:
        response = HttpResponse(file.read(), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response
