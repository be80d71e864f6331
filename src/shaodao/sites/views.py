"""The pages of sites: the register with its map, one site, drawing its ground, what it became."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cases.models import Case
from shaodao.kit.wording import say
from shaodao.people.frames import frame_of
from shaodao.people.models import seats_over

from . import actions, policy, queries
from .forms import LinkForm, ReasonForm, SiteForm, SolveForm
from .models import Site

REFUSED = 422
_BY_REASON = {"reopen": actions.reopen, "void": actions.void}


@login_required
@require_GET
def sites(request: HttpRequest) -> HttpResponse:
    """List the sites the reader may see, the oldest first, and draw them on the map."""
    filters, today = queries.read_filters(request.GET), timezone.localdate()
    found = queries.list_of(request.user, filters, after=request.GET.get("after"))
    drawn = queries.drawn(queries.narrowed(request.user, filters))
    page = {
        "filters": filters,
        "page": found,
        "rows": [(site, queries.age_days(site, on=today)) for site in found],
        "drawn": drawn,
        "box": "" if drawn["features"] else queries.box_of(request.user),
        "states": policy.STATE_LABELS,
        "kinds": policy.KIND_LABELS,
        "may_register": queries.may_register(request.user),
        "href": f"{reverse('sites')}{{id}}/",
        "frame": frame_of(request.user),
    }
    return render(request, "sites/sites.html", page)


@login_required
@require_GET
def site(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one site: its ground, area and age, its cases, its history and what became of it."""
    row, at = _load(request, pk), timezone.now()
    links = queries.links_of(row)
    seats = seats_over(request.user, row.unit)
    mine = Case.objects.visible_to(request.user).filter(pk__in=[one.case_id for one in links])
    page = {
        "site": row,
        "at": at,
        "age": queries.age_days(row, on=timezone.localdate(at)),
        "drawn": queries.drawn(Site.objects.visible_to(request.user).filter(pk=pk)),
        "links": links,
        "seen": set(mine.values_list("pk", flat=True)),
        "history": queries.history_of(row, links),
        "compounds": list(row.compounds.order_by("name", "pk")),
        "moves": policy.moves_open_to(state=policy.State(row.state), seats=seats),
        "may_link": _may(row, "link", seats),
        "may_unlink": _may(row, "unlink", seats),
        "frame": frame_of(request.user),
    }
    return render(request, "sites/site.html", page)


@login_required
@require_http_methods(["GET", "POST"])
def site_new(request: HttpRequest) -> HttpResponse:
    """Ask for a site and its ground (GET); register it (POST)."""
    if not queries.may_register(request.user):
        raise Http404
    at = timezone.now()
    sent = request.POST if request.method == "POST" else None
    form = SiteForm(sent, today=timezone.localdate(at))
    if form.is_bound and form.is_valid():
        try:
            made = actions.register(known=form.known(), actor=request.user, at=at)
        except policy.SiteRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("点位已登记"))
            return redirect("site", pk=made.pk)
    page = {"form": form, "box": queries.box_of(request.user)}
    return render(request, "sites/site_form.html", page, status=REFUSED if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def site_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is known of a site to change it (GET); change it (POST)."""
    row, at = _load(request, pk), timezone.now()
    known = {key: getattr(row, key) for key in ("name", "kind", "since", "declared_m2", "note")}
    known["boundary"] = queries.corners_of(row)[:-1]
    sent = request.POST if request.method == "POST" else None
    form = SiteForm(sent, initial=known, has_reason=True, today=timezone.localdate(at))
    if form.is_bound and form.is_valid():
        try:
            why = form.cleaned_data["why"]
            actions.edit(site=row, known=form.known(), why=why, actor=request.user, at=at)
        except policy.SiteRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("已修改"))
            return redirect("site", pk=pk)
    page = {"form": form, "site": row, "box": f"{row.west},{row.south},{row.east},{row.north}"}
    return render(request, "sites/site_form.html", page, status=REFUSED if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def site_solve(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what a site became and whom it benefits (GET); close it (POST)."""
    row = _load(request, pk)
    sent = request.POST if request.method == "POST" else None
    form = SolveForm(sent, compounds=queries.compounds_near(row.unit))
    if form.is_bound and form.is_valid():
        try:
            actions.solve(site=row, actor=request.user, at=timezone.now(), **form.values())
        except policy.SiteRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("成果已登记，点位已办结"))
            return redirect("site", pk=pk)
    page = {"form": form, "site": row, "label": policy.MOVES["solve"].label}
    return render(request, "sites/site_move.html", page, status=REFUSED if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def site_move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask why (GET); reopen or void a site (POST)."""
    row = _load(request, pk)
    if name not in _BY_REASON:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            _BY_REASON[name](site=row, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except policy.SiteRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("site", pk=pk)
    page = {"form": form, "site": row, "label": policy.MOVES[name].label, "is_void": name == "void"}
    return render(request, "sites/site_move.html", page, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def site_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a case the reader sees under a site."""
    row, form = _load(request, pk), LinkForm(request.POST)
    number = form.cleaned_data["number"].strip() if form.is_valid() else ""
    case = Case.objects.visible_to(request.user).defer("search").filter(number=number).first()
    if case is None:
        messages.error(request, _("没有找到这个案件号，或者不在您的辖区"))
        return redirect("site", pk=pk)
    try:
        actions.link(site=row, case=case, actor=request.user, at=timezone.now())
    except policy.SiteRefused as refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, _("已归入点位“%(site)s”") % {"site": row.name})
    return redirect("case", pk=case.pk) if "to_case" in request.POST else redirect("site", pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def site_unlink(request: HttpRequest, pk: int, case: int) -> HttpResponse:
    """Ask why (GET); take a case from a site (POST)."""
    row = _load(request, pk)
    visible = Case.objects.visible_to(request.user).defer("search")
    shown = get_object_or_404(visible, pk=case, sites__site=row)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        given = {"why": form.cleaned_data["why"], "actor": request.user, "at": timezone.now()}
        try:
            actions.unlink(site=row, case=shown, **given)
        except policy.SiteRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("site", pk=pk)
    page = {"form": form, "site": row, "label": policy.MOVES["unlink"].label, "case": shown}
    return render(request, "sites/site_move.html", page, status=REFUSED if form.errors else 200)


def _load(request: HttpRequest, pk: int) -> Site:
    rows = Site.objects.visible_to(request.user).select_related("unit", "outcome", "solved_by")
    return get_object_or_404(rows, pk=pk)


def _may(row: Site, name: str, seats) -> bool:
    move = policy.MOVES[name]
    return row.state in move.sources and policy.may_make(move, seats)
