"""The desk: the queue with its map, and what is done to many cases at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cases import actions, counter, listing, policy
from shaodao.cases.forms import BulkForm, category_choices
from shaodao.cases.models import Case
from shaodao.cases.queries import routing_of
from shaodao.kit.wording import say
from shaodao.people.models import roles_of
from shaodao.people.policy import Level, Role
from shaodao.people.queries import units_by_id
from shaodao.reports.policy import CHANNEL_LABELS

from .page import wants_part

# What can be done to many cases at once, and who sees the button; the table of moves decides.
BULK = {
    "dispatch": frozenset({Role.DISPATCHER}),
    "file": frozenset({Role.INTAKE}),
    "merge": frozenset({Role.INTAKE, Role.DISPATCHER}),
}
BULK_ICONS = {"dispatch": "send", "file": "seal", "merge": "merge"}
BULK_KEYS = {"dispatch": "d", "file": "f", "merge": "m"}


@login_required
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """Show the queue the URL asks for, as a list and on the map."""
    at, filters = timezone.now(), listing.read_filters(request.GET)
    page = {
        "at": at,
        "filters": filters,
        "page": listing.page_of(request.user, filters, at=at, after=request.GET.get("after")),
        "tabs": listing.tabs_of(request.user, at=at),
        "choices": _choices(request.user),
        "bulk": _many(request.user),
        "may_write_down": bool(counter.doors_of(request.user)),
        "tiles": _tiles(request),
        "case_href": f"{reverse('desk')}{{id}}/",
        "box": listing.box_of(request.user),
    }
    template = "cases/desk.html#queue" if wants_part(request) else "cases/desk.html"
    return render(request, template, page)


def _many(user) -> list[dict[str, str]]:
    """Return the buttons for many cases at once that go with the roles of `user`."""
    return [
        {"name": name, "icon": BULK_ICONS[name], "key": BULK_KEYS[name], "url": url}
        for name, roles in BULK.items()
        if roles & roles_of(user) and (url := reverse(f"bulk_{name}"))
    ]


def _choices(user) -> dict[str, object]:
    return {
        "statuses": [(s.value, place.label) for s, place in policy.PLACES.items()],
        "units": [
            (unit.pk, f"　{unit.short_name}" if unit.level == Level.COMMUNITY else unit.short_name)
            for unit in listing.units_to_choose(user)
        ],
        "categories": category_choices(),
        "dues": listing.DUES.items(),
        "channels": CHANNEL_LABELS.items(),
        "sorts": listing.SORTS.items(),
    }


def _tiles(request: HttpRequest) -> str:
    """Return the address of the tiles that show what the list shows."""
    query = request.GET.copy()
    query.pop("after", None)
    tiles = f"{reverse('desk')}tiles/{{z}}/{{x}}/{{y}}.mvt"
    return f"{tiles}?{query.urlencode()}" if query else tiles


@dataclass(frozen=True)
class Fate:
    """What became of one case of many."""

    case: Case
    is_done: bool
    text: str


@login_required
@require_http_methods(["GET", "POST"])
def bulk(request: HttpRequest, name: str) -> HttpResponse:
    """Ask once for what many cases need (GET); make the move on each and tell each fate (POST)."""
    sent = request.POST if request.method == "POST" else request.GET
    pks = [int(pk) for pk in sent.getlist("case") if pk.isascii() and pk.isdigit()][: listing.PAGE]
    visible = Case.objects.visible_to(request.user).for_list().defer("search")
    cases = list(visible.filter(pk__in=[pk for pk in pks if pk < 2**62]).order_by("received_at"))
    form = BulkForm(
        request.POST if request.method == "POST" else None,
        name=name, cases=cases, user=request.user,
    )  # fmt: skip
    fates = None
    if form.is_bound and form.is_valid():
        fates = _fates(request, name, cases, form.cleaned_data)
    page = {"name": name, "cases": cases, "form": form, "fates": fates}
    page |= {"back": sent.get("back", ""), "at": timezone.now()}
    return render(request, "cases/bulk.html", page, status=422 if form.errors else 200)


def _fates(request: HttpRequest, name: str, cases: Iterable[Case], given: dict) -> list[Fate]:
    """Make the move on each case by itself, so that one refusal leaves the others."""
    fates = []
    for case in cases:
        if name == "merge" and case == given["primary"]:
            continue
        try:
            evidence = _evidence(name, case, given)
            actions.move(case=case, name=name, actor=request.user, at=timezone.now(), **evidence)
        except policy.MoveRefused as refusal:
            fates.append(Fate(case, is_done=False, text=say(refusal)))
        else:
            text = evidence["unit"].short_name if "unit" in evidence else ""
            fates.append(Fate(case, is_done=True, text=text))
    return fates


def _evidence(name: str, case: Case, given: dict) -> dict[str, object]:
    if name == "file":
        return {"category": case.category}
    if name == "merge":
        return {"primary": given["primary"]}
    if given.get("unit"):
        return {"unit": given["unit"], "note": given.get("note", "")}
    found = routing_of(case, at=timezone.now()).candidates
    if not found:
        raise policy.MoveRefused(_("派遣规则里没有合适的单位，请单独派遣"))
    return {"unit": units_by_id()[found[0].unit_id], "note": given.get("note", "")}
