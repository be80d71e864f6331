"""Compounds and communities: who keeps them, what stands there, the chiefs of their buildings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.people.models import Unit, roles_of, seats_over
from shaodao.places import actions, forms
from shaodao.places.models import Building, BuildingChief, Compound
from shaodao.places.policy import MAY
from shaodao.places.standing import (
    FILTERS,
    communities,
    compound_book,
    compounds_for_list,
    profile_of,
)

from .parts import PAGE, READERS, only


@login_required
@require_GET
def compounds(request: HttpRequest) -> HttpResponse:
    """GET: the compounds the reader may see, those without property company or committee apart."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:40]
    chosen = request.GET.get("only", "")
    rows = compounds_for_list(
        Compound.objects.visible_to(request.user), chosen=chosen, text=text, on=timezone.localdate()
    )
    page = keyset(rows, order=[("name", "asc")], after=request.GET.get("after"), size=PAGE)
    choices = dict(zip(FILTERS, _filter_labels(), strict=True))
    context = {"page": page, "text": text, "chosen": chosen, "choices": choices}
    context["reads"] = bool(READERS & roles_of(request.user))
    return render(request, "places/compounds.html", context)


def _filter_labels() -> tuple[str, ...]:
    return (_("无物业、无业委会"), _("无物业"), _("无业委会"), _("老旧"), _("设施有问题"))


@login_required
@require_GET
def compound(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: one compound: its institutions or their absence, its buildings and their chiefs."""
    rows = Compound.objects.visible_to(request.user).select_related("community__parent")
    shown = get_object_or_404(rows.select_related("property_company"), pk=pk)
    roles = {seat.role for seat in seats_over(request.user, shown.community)}
    book = compound_book(shown)
    context = {
        "compound": shown,
        "book": book,
        "institutions": [(_(label), is_there) for label, is_there in book.institutions],
        "place": f"{shown.lon},{shown.lat}",
        "may_keep": bool(roles & MAY["keep_places"][1]),
    }
    return render(request, "places/compound.html", context)


@login_required
@require_GET
def communities_page(request: HttpRequest) -> HttpResponse:
    """GET: the communities under the reader's posts."""
    only(request, READERS)
    rows = communities(Unit.objects.visible_to(request.user)).select_related("parent")
    page = keyset(rows, order=[("code", "asc")], after=request.GET.get("after"), size=PAGE)
    return render(request, "places/communities.html", {"page": page})


@login_required
@require_GET
def community(request: HttpRequest, code: str) -> HttpResponse:
    """GET: the profile of a community, counted from its registers."""
    only(request, READERS)
    rows = communities(Unit.objects.visible_to(request.user)).select_related("parent")
    shown = get_object_or_404(rows, code=code)
    profile = profile_of(shown, on=timezone.localdate())
    own = Compound.objects.visible_to(request.user).filter(community=shown).order_by("name")
    context = {"community": shown, "profile": profile, "compounds": own}
    return render(request, "places/community.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def building_chief(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks who is the chief of a building from today on; POST writes it down."""
    only(request, MAY["keep_places"][1])
    rows = Building.objects.visible_to(request.user).select_related("compound", "grid__unit")
    building = get_object_or_404(rows, pk=pk)
    present = BuildingChief.objects.visible_to(request.user).in_force().filter(building=building)
    form = forms.ChiefForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _write_chief(request, building, form):
        messages.success(request, _("楼栋长已登记"))
        return _back(building)
    context = {"building": building, "chief": present.first(), "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "places/building_chief.html", context, status=status)


def _back(building: Building) -> HttpResponse:
    if building.compound_id:
        return redirect("compound", pk=building.compound_id)
    return redirect("grid", code=building.grid.code)


def _write_chief(request: HttpRequest, building: Building, form: forms.ChiefForm) -> bool:
    given = form.cleaned_data
    common = {"building": building, "actor": request.user, "at": timezone.now()}
    try:
        if given["name"].strip():
            actions.name_chief(**common, **given)
        else:
            actions.end_chief(**common, why=given["why"])
    except Refusal as refusal:
        form.add_error(None, say(refusal))
        return False
    return True
