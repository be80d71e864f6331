"""The rules made readable: who may do what at which tier, and why a case goes where it goes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shaodao.cases import policy, why
from shaodao.cases.forms import RoutingForm
from shaodao.cases.models import Case
from shaodao.people.policy import HELD_AT, LEVEL_LABELS, ROLE_LABELS, TIER_DUTIES
from shaodao.people.queries import units_by_id
from shaodao.places.models import Asset, Grid, Household
from shaodao.places.queries import locate

from .page import load


@login_required
@require_GET
def duties(request: HttpRequest) -> HttpResponse:
    """Show, for print, what each tier may do, read from the table of moves."""
    tiers = [
        {
            "level": tier,
            "label": _(LEVEL_LABELS[tier]),
            "duty": _(TIER_DUTIES[tier]),
            "roles": [_(ROLE_LABELS[r]) for r, levels in HELD_AT.items() if tier in levels],
        }
        for tier in policy.TIERS
    ]
    rows = [
        {"move": row.move, "cells": [row.cells[tier] for tier in policy.TIERS]}
        for row in policy.duty_matrix(HELD_AT)
    ]
    page = {"tiers": tiers, "rows": rows, "on": timezone.localdate()}
    return render(request, "cases/duties.html", page)


@login_required
@require_GET
def routing(request: HttpRequest) -> HttpResponse:
    """Show why a case goes where it goes: one that stands (`?case=`), or one that is supposed."""
    at, case, found, outside = timezone.now(), None, None, False
    form = RoutingForm(request.GET if "category" in request.GET else None, user=request.user)
    number = request.GET.get("case", "")
    if number.isascii() and number.isdigit() and len(number) < 18:
        case = load(request, int(number))
        found = why.reasons(case, at=at)
    elif form.is_bound and form.is_valid():
        supposed, asset = _supposed(request, form.cleaned_data)
        outside = supposed is None
        found = why.reasons(supposed, at=at, asset=asset) if supposed else None
    page = {"form": form, "case": case, "found": found, "outside": outside}
    return render(request, "cases/routing.html", page)


def _supposed(request: HttpRequest, values: dict) -> tuple[Case | None, Asset | None]:
    """Return the case that is supposed and its asset; no case where the place is in no grid."""
    grids = Grid.objects.visible_to(request.user)
    asset = why.assets_of(request.user).filter(code=values["asset"]).first()
    homes = Household.objects.visible_to(request.user).select_related("building__grid")
    home = homes.filter(pk=values["household"]).first() if values["household"] else None
    grid_id = next((thing.grid_id for thing in (asset, home and home.building) if thing), None)
    unit_id = grids.filter(pk=grid_id or values["grid"]).values_list("unit", flat=True).first()
    if unit_id is None and values["lon"] is not None and values["lat"] is not None:
        found = locate(values["lon"], values["lat"])
        unit_id = found[1] if found else None
    if unit_id is None:
        return None, asset
    return why.supposed(values["category"], units_by_id()[unit_id], home), asset
