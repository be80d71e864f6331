"""Pages: announcements and how far they have come, a worker's calls, visits and rounds."""

from datetime import date, time

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.people.frames import frame_of
from shaodao.people.models import Unit, seats_over
from shaodao.places.models import Compound, Household

from . import actions, choosing, policy, queries, showing
from .forms import (
    AnnouncementForm,
    CallForm,
    JottingForm,
    NewVisitForm,
    PhoneForm,
    RoundForm,
    VisitForm,
)
from .models import Announcement, Call, Visit

REFUSED, OVERTAKEN = 422, 409
_NEWEST = (("pk", "desc"),)


# ---- announcements


@login_required
@require_GET
def announcements(request: HttpRequest) -> HttpResponse:
    """GET: the announcements that touch the reader's area, the newest first."""
    rows = Announcement.objects.visible_to(request.user).select_related("unit", "author")
    page = keyset(rows, order=_NEWEST, after=request.GET.get("after"), size=30)
    reach = queries.reach_of(page.rows, request.user)
    lines = [showing.Line(row, reach.get(row.pk, queries.Reach())) for row in page]
    may_write = bool(choosing.units_to_speak_for(request.user))
    context = {"page": page, "lines": lines, "may_write": may_write, "at": timezone.now()}
    return render(request, "outreach/announcements.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def announcement_new(request: HttpRequest) -> HttpResponse:
    """GET asks what is to be said to whom; POST keeps it as a draft that tells nobody yet."""
    choices = choosing.choices_for(request.user)
    if not choices["units"]:
        raise Http404
    form = AnnouncementForm(request.POST if request.method == "POST" else None, **choices)
    if form.is_valid():
        try:
            made = _announce(request, form.cleaned_data)
        except policy.OutreachRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("announcement", pk=made.pk)
    status = REFUSED if form.errors else 200
    return render(request, "outreach/announcement_new.html", {"form": form}, status=status)


def _announce(request: HttpRequest, given: dict) -> Announcement:
    units = Unit.objects.visible_to(request.user)
    said = ("title", "text", "begins_at", "ends_at", "place", "papers", "visit_service")
    words = actions.Words(**{k: given[k] for k in said}, visit_needs=given["visit_needs"])
    return actions.announce(
        key=given["key"],
        words=words,
        unit=units.get(pk=given["unit"]),
        areas=units.filter(pk__in=given["areas"]),
        compounds=Compound.objects.visible_to(request.user)
        .filter(pk__in=given["compounds"])
        .select_related("community"),
        actor=request.user,
        at=timezone.now(),
    )


@login_required
@require_GET
def announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: one announcement: what it says, whom it goes to, and how far it has come."""
    row = _announcement(request, pk)
    return render(request, "outreach/announcement.html", _page_of(request, row))


def _announcement(request: HttpRequest, pk: int) -> Announcement:
    rows = Announcement.objects.visible_to(request.user).select_related("unit", "author")
    return get_object_or_404(rows, pk=pk)


def _page_of(request: HttpRequest, row: Announcement) -> dict:
    roles = {seat.role for seat in seats_over(request.user, row.unit)}
    reach = queries.reach_of([row], request.user).get(row.pk, queries.Reach())
    is_draft = row.state == policy.State.DRAFT
    return {
        "row": row,
        "line": showing.Line(row, reach),
        "targets": row.targets.select_related("unit", "compound"),
        "audience": queries.audience_of(row) if is_draft else None,
        "grids": [] if is_draft else queries.reach_by_grid(row, request.user),
        "needs": choosing.need_labels(row.visit_needs),
        "visits": queries.visits_done(row, request.user),
        "moves": [(n, policy.MOVES[n].label) for n in policy.moves_open(row.state, roles)],
        "at": timezone.now(),
        "frame": frame_of(request.user),
    }


@login_required
@require_POST
def announcement_move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """POST: send, close, withdraw or discard."""
    row = _announcement(request, pk)
    if name not in policy.MOVES:
        raise Http404
    try:
        actions.move(announcement=row, name=name, actor=request.user, at=timezone.now())
    except policy.OutreachRefused as refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, _("已%(move)s") % {"move": _(policy.MOVES[name].label)})
    return redirect("announcement", pk=pk)


@login_required
@require_GET
def announcement_calls(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the households of one announcement by how telling them stands, the unreached first."""
    row = _announcement(request, pk)
    state = request.GET.get("state", policy.Call.UNREACHED)
    rows = Call.objects.visible_to(request.user).filter(announcement=row)
    rows = rows.filter(state=state) if state in policy.CALL_LABELS else rows
    shown = rows.select_related("household__building__compound", "grid__unit", "worker")
    page = keyset(shown, after=request.GET.get("after"))
    context = {"row": row, "page": page, "doors": [showing.Door(call) for call in page]}
    context |= {"state": state, "tabs": showing.tabs(), "at": timezone.now()}
    return render(request, "outreach/announcement_calls.html", context)


# ---- calls


@login_required
@require_GET
def calls(request: HttpRequest) -> HttpResponse:
    """GET: the doors the reader has to tell something, announcement by announcement."""
    state = request.GET.get("state", "")
    groups = queries.calls_of(request.user, state=state if state in policy.CALL_LABELS else "")
    shown = showing.groups_of(groups, request.user)
    context = {"groups": shown, "state": state, "tabs": showing.tabs(), "at": timezone.now()}
    return render(request, "outreach/calls.html", context)


def _call(request: HttpRequest, pk: int) -> Call:
    rows = Call.objects.visible_to(request.user)
    rows = rows.select_related("announcement", "household__building__compound")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_POST
def call_mark(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: what came of trying to tell a household; a script gets the door as it now stands."""
    status, message = _take(request, _call(request, pk), CallForm(request.POST), "result")
    if not request.accepts("text/html"):
        call = _call(request, pk)
        context = {"door": showing.door_of(call), "at": timezone.now()}
        reach = queries.reach_of_worker(call.worker, [call.announcement])
        context["reach"] = reach.get(call.announcement_id, queries.Reach())
        return _marked(request, status, message, "outreach/calls.html#marked", context)
    if message:
        messages.error(request, message)
    return redirect("calls")


def _take(request: HttpRequest, row: Call | Visit, form: JottingForm, name: str) -> tuple[int, str]:
    """Take a result; return how it went as a status, and what is to be said of it."""
    if not form.is_valid():
        return REFUSED, _("请选择联系的结果")
    said = form.said(name)
    try:
        made = actions.take(row=row, said=said, actor=request.user, at=timezone.now())
    except policy.OutreachRefused as refusal:
        return REFUSED, say(refusal)
    return (OVERTAKEN, made.why) if made.fate == policy.Fate.ASIDE else (200, "")


def _marked(
    request: HttpRequest, status: int, message: str, template: str, context: dict
) -> JsonResponse:
    """Answer a script: what is to be said, and the row as it now stands."""
    shown = render_to_string(template, context, request=request)
    return JsonResponse({"message": message, "html": shown}, status=status)


@login_required
@require_POST
def call_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: show the number of a household that is to be told something; this is written down."""
    call, phone, refused = _call(request, pk), "", ""
    try:
        phone = actions.look_at_phone(call=call, actor=request.user, at=timezone.now())
    except policy.OutreachRefused as refusal:
        refused = say(refusal)
    door = showing.door_of(call, phone=phone, refused=refused)
    name = "outreach/calls.html#door" if request.htmx else "outreach/call_phone.html"
    return render(request, name, {"door": door, "at": timezone.now()})


@login_required
@require_http_methods(["GET", "POST"])
def door_phone(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks for the number a household gave; POST keeps it, or takes it away."""
    homes = Household.objects.visible_to(request.user).select_related("building__compound")
    home = get_object_or_404(homes, pk=pk)
    form = PhoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        phone = form.cleaned_data["phone"]
        try:
            actions.keep_phone(household=home, phone=phone, actor=request.user, at=timezone.now())
        except policy.OutreachRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("已登记") if phone else _("已删掉"))
            return redirect("calls")
    context = {"form": form, "name": showing.door_name(home), "frame": frame_of(request.user)}
    status = REFUSED if form.errors else 200
    return render(request, "outreach/door_phone.html", context, status=status)


@require_http_methods(["GET", "POST"])
def told(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a household what it is told; POST says it knows. No log-in: the link is the key."""
    call = queries.call_behind(token)
    if call is None:
        raise Http404
    if request.method == "POST" and call.announcement.state == policy.State.SENT:
        call = actions.receipt(call=call, at=timezone.now())
    row = call.announcement
    looks = queries.looks_at(call.household_id)
    context = {"row": row, "call": call, "looks": looks, "at": timezone.now()}
    return render(request, "outreach/told.html", context)


# ---- visits and rounds


@login_required
@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """GET: the visits that wait for the reader, and where to plan a day's round."""
    page = keyset(queries.visits_of(request.user), after=request.GET.get("after"))
    now = timezone.localtime()
    form = RoundForm(initial={"day": now.date(), "leaves": time(9)})
    stops = showing.stops_of(list(page))
    context = {"page": page, "stops": stops, "form": form, "at": now}
    context["days"] = queries.days_with_rounds(request.user, since=now.date())
    return render(request, "outreach/visits.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def visit_new(request: HttpRequest) -> HttpResponse:
    """GET asks which household to visit and why; POST puts it on the reader's list."""
    homes = choosing.homes_of(request.user)
    sent = request.POST if request.method == "POST" else None
    form = NewVisitForm(sent, households=[(pk, name) for pk, name in homes.items()])
    if form.is_valid():
        given = dict(form.cleaned_data)
        home = Household.objects.visible_to(request.user).get(pk=given.pop("household"))
        try:
            actions.plan_visit(household=home, actor=request.user, at=timezone.now(), **given)
        except policy.OutreachRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            return redirect("visits")
    status = REFUSED if form.errors else 200
    return render(request, "outreach/visit_new.html", {"form": form, "homes": homes}, status=status)


def _visit(request: HttpRequest, pk: int) -> Visit:
    rows = Visit.objects.visible_to(request.user)
    rows = rows.select_related("round", "household__building__compound", "announcement")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_POST
def visit_mark(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: what came of a visit."""
    row, back = _visit(request, pk), request.POST.get("back", "")
    status, message = _take(request, row, VisitForm(request.POST), "name")
    if not request.accepts("text/html"):
        stop = showing.stops_of([_visit(request, pk)])[0]
        context = {"stop": stop, "at": timezone.now(), "back": back}
        context["n"] = row.position if back == "round" else None
        return _marked(request, status, message, "outreach/stop.html", context)
    if message:
        messages.error(request, message)
    if row.round_id is not None and back == "round":
        return redirect("round", day=row.round.day.isoformat())
    return redirect("visits")


@login_required
@require_POST
def round_plan(request: HttpRequest) -> HttpResponse:
    """POST: put the reader's open visits in a good order for a day."""
    form = RoundForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请填写哪一天、几点出发"))
        return redirect("visits")
    given = form.cleaned_data
    try:
        actions.plan_round(**given, actor=request.user, at=timezone.now())
    except policy.OutreachRefused as refusal:
        messages.error(request, say(refusal))
        return redirect("visits")
    return redirect("round", day=given["day"].isoformat())


def _round(request: HttpRequest, day: str) -> dict:
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
    found, rows = queries.round_of(request.user, on)
    if found is None:
        raise Http404
    stops = showing.stops_of(rows)
    waiting = showing.stops_of(
        [row for row in queries.visits_of(request.user) if row.round_id is None]
    )
    points = showing.points_of(found, rows)
    return {
        "round": found,
        "stops": stops,
        "left_out": waiting,
        "points": points,
        "at": timezone.now(),
    }


@login_required
@require_GET
def round_page(request: HttpRequest, day: str) -> HttpResponse:
    """GET: a day's round of the reader in its order; stays readable without a network."""
    return render(request, "outreach/round.html", _round(request, day))


@login_required
@require_GET
def round_sheet(request: HttpRequest, day: str) -> HttpResponse:
    """GET: the same to print."""
    return render(request, "outreach/round_sheet.html", _round(request, day))
