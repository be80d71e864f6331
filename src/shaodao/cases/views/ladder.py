"""The ladder's own pages: the county's command desk, lines of work, the routes of every grid."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shaodao.cases import commanding, linkage, policy
from shaodao.cases.rules import rules, sector_names
from shaodao.kit.paging import keyset
from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import LEVEL_LABELS, Kind, Level, Role
from shaodao.people.queries import units_by_id

from .page import wants_part

PAGE = 60


@login_required
@require_GET
def command(request: HttpRequest) -> HttpResponse:
    """Show what was passed up to the county and is open: counted, classed, to be dispatched."""
    at, filters = timezone.now(), commanding.read_filters(request.GET)
    everything = commanding.passed_up(request.user)
    cases = commanding.narrowed(everything, filters, at=at)
    page = {
        "at": at,
        "filters": filters,
        "summary": commanding.summary(cases, filters, at=at),
        "page": commanding.page_of(cases, filters, after=request.GET.get("after")),
        "choices": _choices(),
        "may_dispatch": _dispatches_for_a_county(request.user),
        "here": request.get_full_path(),
    }
    template = "cases/command.html#queue" if wants_part(request) else "cases/command.html"
    return render(request, template, page)


def _dispatches_for_a_county(user) -> bool:
    return any(p.role == Role.DISPATCHER and p.unit.level == Level.COUNTY for p in posts_of(user))


def _choices() -> dict[str, object]:
    pictures = sorted(
        (c for c in rules().categories.values() if not c.parent_id), key=lambda c: c.rank
    )
    return {
        "categories": [(c.pk, c.name) for c in pictures],
        "sectors": sector_names().items(),
        "rungs": [(rung.value, LEVEL_LABELS[rung]) for rung in policy.RUNGS[:-1]],
        "whys": [(w.value, policy.PASSED_LABELS[w]) for w in sorted(policy.PASSED_UP)],
        "ages": [(code, label) for code, (_days, label) in commanding.AGES.items()],
        "places": commanding.streets(),
        "sorts": commanding.SORTS.items(),
    }


@login_required
@require_GET
def sectors(request: HttpRequest) -> HttpResponse:
    """List the lines of work with what is open of them in the reader's units."""
    at = timezone.now()
    page = {"lines": commanding.lines_of(request.user, at=at), "at": at}
    return render(request, "cases/sectors.html", page)


@login_required
@require_GET
def sector(request: HttpRequest, code: str) -> HttpResponse:
    """List the cases of a line of work that the reader may see."""
    if code not in (names := sector_names()):
        raise Http404
    status = "ended" if request.GET.get("status") == "ended" else "open"
    page = {
        "at": timezone.now(),
        "code": code,
        "name": names[code],
        "status": status,
        "page": commanding.of_line(
            request.user, code, status=status, after=request.GET.get("after")
        ),
        "offices": _offices_of(request.user, code),
        "here": request.get_full_path(),
    }
    return render(request, "cases/sector.html", page)


def _offices_of(user, code: str) -> list[Unit]:
    """Return the reader's own offices of a line of work: who may hand its cases over."""
    mine = {p.unit_id for p in posts_of(user) if p.role == Role.HANDLER}
    offices = {row.office_id for row in rules().sectors if row.code == code}
    return [units_by_id()[pk] for pk in sorted(mine & offices)]


@login_required
@require_GET
def grid_routes(request: HttpRequest) -> HttpResponse:
    """Show every grid's way up and down with who sits where, and the gaps."""
    grids = Unit.objects.visible_to(request.user).in_force()
    grids = grids.filter(kind=Kind.AREA, level=Level.GRID)
    routes = linkage.routes_of(grids)
    by_grid = {route.grid.pk: route for route in routes}
    broken = [pk for pk, route in by_grid.items() if not route.is_whole]
    only_gaps = request.GET.get("gaps") == "1"
    shown = grids.filter(pk__in=broken) if only_gaps else grids
    found = keyset(shown, order=[("code", "asc")], after=request.GET.get("after"), size=PAGE)
    page = {
        "page": found,
        "routes": [by_grid[grid.pk] for grid in found.rows],
        "n": len(routes),
        "n_whole": len(routes) - len(broken),
        "n_broken": len(broken),
        "only_gaps": only_gaps,
        "levels": [LEVEL_LABELS[level] for level in linkage.NEEDED],
    }
    return render(request, "cases/grid_routes.html", page)
