"""The six posts: a grid's, the vacancies of an area, the desk that confirms and publishes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.kit.paging import keyset
from shaodao.people.models import seats_over
from shaodao.people.queries import units_by_id
from shaodao.places.models import Grid
from shaodao.workforce import forms, policy
from shaodao.workforce.actions import holding as actions
from shaodao.workforce.models import Holding
from shaodao.workforce.queries import charges as queries

from .parts import PAGE, asked, given, grid_of, made, tried


@login_required
@require_GET
def charges(request: HttpRequest) -> HttpResponse:
    """GET: where posts are vacant and which claims wait, under the reader's posts."""
    community = request.GET.get("community", "")
    area = int(community) if community.isdecimal() else None
    grids = queries.grids_with_posts(
        request.user, only_vacant="all" not in request.GET, community=area
    )
    context = {
        "tab": "charges",
        "page": keyset(grids, order=(("code", "asc"),), after=request.GET.get("after"), size=PAGE),
        "filled": queries.filled_by_community(request.user),
        "claims": [
            shown_holding(request, row) for row in queries.waiting_claims(request.user)[:PAGE]
        ],
        "names": queries.names_for(request.user, on=timezone.localdate()),
        "area": units_by_id().get(area),
        "all": "all" in request.GET,
        "n_posts": policy.N_CHARGES,
    }
    return render(request, "workforce/charges.html", context)


def shown_holding(request: HttpRequest, row: Holding) -> dict[str, object]:
    """Return a claim with the moves the reader may make on it."""
    roles = {seat.role for seat in seats_over(request.user, row.grid.unit)}
    status = policy.HoldingStatus(row.status)
    own = row.person_id == request.user.pk
    label, tone = policy.HOLDING_LABELS[status]
    moves = policy.holding_moves(status, roles=roles, is_own=own)
    return {"row": row, "label": label, "tone": tone, "moves": moves, "is_own": own}


def _claimable(user) -> dict[str, Grid]:
    return {grid.code: grid for grid in queries.own_grids(user)}


@login_required
@require_GET
def grid_charges(request: HttpRequest, code: str) -> HttpResponse:
    """GET: a grid's six posts: holders, claims, vacancies, and what the reader may do."""
    own = _claimable(request.user)
    grid = own.get(code) or grid_of(request, code)
    places = [
        {
            "charge": place.charge,
            "held": shown_holding(request, place.held) if place.held else None,
            "claims": [shown_holding(request, row) for row in place.claims],
            "may_claim": code in own
            and place.held is None
            and all(row.person_id != request.user.pk for row in place.claims),
        }
        for place in queries.places_of(grid, on=timezone.localdate())
    ]
    n_vacant = sum(place["held"] is None for place in places)
    context = {"tab": "charges", "grid": grid, "places": places, "n_vacant": n_vacant}
    return render(request, "workforce/grid_charges.html", context)


@login_required
@require_POST
def claim(request: HttpRequest, code: str, charge: str) -> HttpResponse:
    """POST: claim one of a grid's posts for oneself."""
    grid = _claimable(request.user).get(code) or grid_of(request, code)
    return tried(
        request,
        lambda: actions.claim(grid=grid, code=charge, actor=request.user, at=timezone.now()),
        reverse("grid_charges", args=[code]),
        _("已认领，等社区（村）确认"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def move_holding(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """GET asks for a reason; POST makes the move: confirm, decline, publish, withdraw."""
    step = policy.HOLDING_MOVES.get(name)
    seen = Holding.objects.visible_to(request.user)
    row = get_object_or_404(seen.select_related("grid__unit", "person"), pk=pk if step else 0)
    form = forms.MoveForm(given(request))
    back = reverse("grid_charges", args=[row.grid.code])

    def act():
        why = form.cleaned_data["why"]
        actions.move_holding(holding=row, name=name, actor=request.user, at=timezone.now(), why=why)

    title = f"{_(step.label)} · {row.person.name}"
    done = made(request, form, act, request.POST.get("next") or back, _("已办理，记入日志"))
    return done or asked(request, form, title, back, danger=step.needs_why)
