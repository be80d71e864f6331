"""A worker's phone: what waits today, rounds, what they write down; and who carries how much."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cases import actions, counter, listing, load, policy
from shaodao.cases import today as day
from shaodao.cases.forms import NewCaseForm, PatrolForm
from shaodao.cases.models import Case, Patrol
from shaodao.kit.wording import say
from shaodao.people.frames import frame_of
from shaodao.places.models import Building
from shaodao.reports.policy import Channel, ReportRefused

from .page import REFUSED


@login_required
@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """Show what waits for the reader: orders, work in hand, rounds, and how fast they were."""
    at = timezone.now()
    page = {"at": at, "day": day.read(request.user, at=at), "doors": counter.doors_of(request.user)}
    return render(request, "cases/today.html", page)


@login_required
@require_POST
def patrol_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a round of the reader's own as walked."""
    patrol = get_object_or_404(Patrol.objects.visible_to(request.user), pk=pk)
    form = PatrolForm(request.POST)
    n_found = form.cleaned_data["n_found"] or 0 if form.is_valid() else 0
    try:
        actions.finish(patrol=patrol, n_found=n_found, actor=request.user, at=timezone.now())
    except policy.MoveRefused as refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, _("已完成巡查：%(subject)s") % {"subject": patrol.subject})
    return redirect("today")


@login_required
@require_http_methods(["GET", "POST"])
def new_case(request: HttpRequest) -> HttpResponse:
    """Ask what somebody reports (GET); write it down after a look at what it repeats (POST)."""
    doors = counter.doors_of(request.user)
    if not doors:
        raise Http404
    form, look = _new_form(request, doors), None
    if form.is_bound and form.is_valid():
        values = _placed(request, form.cleaned_data)
        look = None if "looked" in request.POST else counter.look(
            request.user, values, at=timezone.now()
        )  # fmt: skip
        if not look and (response := _take(request, form, values)) is not None:
            return response
    page = {"form": form, "look": look, "frame": frame_of(request.user), "at": timezone.now()}
    page["box"] = listing.box_of(request.user)
    return render(request, "cases/new.html", page, status=REFUSED if form.errors else 200)


def _new_form(request: HttpRequest, doors: list[Channel]) -> NewCaseForm:
    sent = request.method == "POST"
    asked = request.GET.get("channel", "")
    return NewCaseForm(
        request.POST if sent else None,
        request.FILES if sent else None,
        doors=doors,
        on=timezone.localdate(),
        grids=counter.grids_to_choose(request.user),
        grid_rows=counter.grids_of(request.user),
        homes=counter.households_of(request.user),
        initial={
            "key": uuid4(),
            "channel": asked if asked in {door.value for door in doors} else doors[0].value,
            "patrol": _number(request.GET, "patrol"),
            "household": _number(request.GET, "household"),
        },
    )


def _number(query: QueryDict, name: str) -> int | None:
    value = query.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else None


def _placed(request: HttpRequest, values: dict) -> dict:
    """Return what was given with the building and the case it names, where the reader sees them."""
    buildings = Building.objects.visible_to(request.user).select_related("grid")
    return values | {
        "building": _chosen(buildings, values.get("building")),
        "join": _chosen(Case.objects.visible_to(request.user).open(), values.get("join")),
    }


def _chosen(rows: QuerySet, pk: int | None):
    return rows.filter(pk=pk).first() if pk and pk < 2**62 else None


def _take(request: HttpRequest, form: NewCaseForm, values: dict) -> HttpResponse | None:
    """Write it down and go on to its case; None where it is refused and the form says why."""
    try:
        taken = actions.take_in(
            said=counter.said_of(values), actor=request.user, at=timezone.now(),
            join=values.get("join"),
        )  # fmt: skip
    except ReportRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, say(refusal))
        return None
    told = {"report": taken.report.number, "case": taken.case.number}
    messages.success(request, _("已登记：诉求 %(report)s，案件 %(case)s") % told)
    seen = Case.objects.visible_to(request.user).filter(pk=taken.case.pk).exists()
    return redirect("case", pk=taken.case.pk) if seen else redirect("new_case")


@login_required
@require_GET
def workload(request: HttpRequest) -> HttpResponse:
    """Show what every grid worker under the reader's posts carries, and how even it is."""
    filters = listing.read_filters(request.GET)
    workers = load.workers_of(request.user, at=timezone.now(), unit=filters.unit)
    page = {
        "spread": load.spread_of(workers),
        "page": load.page_of(workers, after=request.GET.get("after")),
        "idle": load.idle(workers),
        "units": listing.units_to_choose(request.user),
        "unit": filters.unit,
    }
    return render(request, "cases/workload.html", page)
