"""The tiles of cases that the desk's map draws."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from shaodao.cases import tiles
from shaodao.cases.listing import read_filters
from shaodao.kit.tiles import check_tile, pack, send_tile

FRESH = 20  # seconds a browser shows a tile without asking again: panning back is free


@login_required
@require_GET
def case_tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """GET: a tile of the cases the reader may see, narrowed by the desk's own query string."""
    check_tile(z, x, y)
    filters = read_filters(request.GET)
    tile = tiles.case_tile(request.user, filters, z, x, y, at=timezone.now())
    return send_tile(request, pack(tile, effort=1), max_age=FRESH, is_public=False)
