"""Whether the net of grids is whole, on a page and on a map."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shaodao.people.models import Unit
from shaodao.places.coverage import LISTED, Cover, cover_of
from shaodao.places.registers.boundaries import FLAW_LABELS, shown

from .parts import READERS, only


@login_required
@require_GET
def coverage(request: HttpRequest) -> HttpResponse:
    """GET: what the net of grids under the reader's posts leaves out or holds twice."""
    only(request, READERS)
    cover = cover_of(Unit.objects.visible_to(request.user), on=timezone.localdate())
    flaws = [(shown(one), _(FLAW_LABELS[one.flaw])) for one in (*cover.overlaps, *cover.gaps)]
    context = {
        "cover": cover,
        "flaws": flaws[:LISTED],
        "n_lists": len(cover.short_lists) + len(cover.long_lists),
        "points": _points(cover, flaws),
        "bounds": _bounds(cover, flaws),
    }
    return render(request, "places/coverage.html", context)


def _points(cover: Cover, flaws: list) -> dict[str, object]:
    features = [_feature("LineString", one["line"], "late") for one, _label in flaws[:LISTED]]
    features += [_feature("Point", [row.lon, row.lat], "warn") for row in cover.outside]
    features += [_feature("Point", [grid.lon, grid.lat], "wait") for grid, _n in cover.unlisted]
    return {"type": "FeatureCollection", "features": features}


def _feature(kind: str, coordinates: list, tone: str) -> dict[str, object]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"tone": tone}, "geometry": geometry}


def _bounds(cover: Cover, flaws: list) -> str:
    places = [tuple(place) for one, _label in flaws for place in one["line"]]
    places += [(row.lon, row.lat) for row in cover.outside]
    places += [(grid.lon, grid.lat) for grid, _n in cover.unlisted]
    if not places:
        return ",".join(map(str, cover.bounds)) if cover.bounds else ""
    xs, ys = [x for x, _y in places], [y for _x, y in places]
    return f"{min(xs) - 0.002},{min(ys) - 0.002},{max(xs) + 0.002},{max(ys) + 0.002}"
