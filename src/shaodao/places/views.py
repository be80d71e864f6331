"""Pages about places: the map's own tiles, a worker's households, the grids."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from shaodao.kit.tiles import check_tile, send_tile

from . import tiles

_HOUR = 3600  # seconds


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
