"""Contact lists: who has which, a proposal to look at, and carrying it out."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shaodao.people.models import User
from shaodao.places.models import Building, Household
from shaodao.workforce import forms
from shaodao.workforce.actions import listing, rostering
from shaodao.workforce.models import Proposal
from shaodao.workforce.queries import lists as queries

from .parts import asked, community_of, given, made, may, tried


@login_required
@require_http_methods(["GET", "POST"])
def lists(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a community's lists with their households' wishes; POST works out a proposal."""
    community = community_of(request, pk)
    if request.method == "POST":
        made_rows = []

        def act():
            at = timezone.now()
            made_rows.append(listing.propose_lists(community=community, actor=request.user, at=at))

        done = tried(request, act, reverse("lists", args=[pk]), _("方案已生成，请核对后执行"))
        if made_rows:
            done["Location"] = reverse("proposal", args=[made_rows[0].pk])
        return done
    return _lists_page(request, community)


def _lists_page(request: HttpRequest, community) -> HttpResponse:
    found = queries.lists_of(community, on=timezone.localdate())
    homes = queries.homes_of(one.worker for one in found if one.worker)
    proposals = Proposal.objects.visible_to(request.user).filter(unit=community)
    context = {
        "tab": "rosters",
        "community": community,
        "lists": [(one, one.worker is not None and one.worker.pk in homes) for one in found],
        "may_propose": may(request, "propose_lists", community),
        "proposals": proposals.select_related("made_by").order_by("-pk")[:5],
    }
    return render(request, "workforce/lists.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: who would get which list, how far, with what load; POST carries it out."""
    rows = Proposal.objects.visible_to(request.user).select_related("unit", "made_by")
    row = get_object_or_404(rows, pk=pk)
    form = forms.ConfirmForm(given(request))

    def act():
        why = form.cleaned_data["why"]
        listing.confirm_lists(proposal=row, actor=request.user, at=timezone.now(), why=why)

    done = made(request, form, act, reverse("roster", args=[row.unit_id]), _("已执行并记入日志"))
    if done:
        return done
    shown = queries.shown(row.rows)
    context = {"tab": "rosters", "proposal": row, "rows": shown, "form": form}
    context["n_moved"] = sum(one.given.is_moved for one in shown)
    context["n_homes"] = sum(len(one.given.homes) for one in shown if one.given.is_moved)
    context["may_propose"] = may(request, "propose_lists", row.unit)
    return render(request, "workforce/proposal.html", context, status=_status(form))


def _status(form) -> int:
    return 422 if form.is_bound and form.errors else 200


@login_required
@require_http_methods(["GET", "POST"])
def home(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """GET asks in which building a worker lives; POST writes it down for the desk."""
    community_of(request, pk)
    who = get_object_or_404(User.objects.visible_to(request.user), pk=person)
    buildings = Building.objects.visible_to(request.user).filter(grid__unit__parent=pk)
    names = buildings.order_by("address", "pk").values_list("pk", "address")[:2000]
    form = forms.HomeForm(given(request), buildings=[(str(key), name) for key, name in names])
    back = reverse("lists", args=[pk])

    def act():
        building = buildings.get(pk=form.cleaned_data["building"])
        rostering.set_home(person=who, building=building, actor=request.user, at=timezone.now())

    title = _("登记住处：%(name)s") % {"name": who.name}
    return made(request, form, act, back, _("已登记")) or asked(request, form, title, back)


@login_required
@require_POST
def wish(request: HttpRequest, pk: int, wants: str) -> HttpResponse:
    """POST: a household wishes to keep its worker, or no longer does."""
    homes = Household.objects.visible_to(request.user).select_related("building__grid__unit")
    row = get_object_or_404(homes, pk=pk)
    if wants not in {"keep", "any"}:
        raise Http404
    back = reverse("lists", args=[row.building.grid.unit.parent_id])

    def act():
        is_kept = wants == "keep"
        rostering.note_wish(household=row, wants=is_kept, actor=request.user, at=timezone.now())

    return tried(request, act, back, _("已登记住户的意愿"))
