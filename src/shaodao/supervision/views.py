"""The pages of supervision: what is to answer, what was issued, one with its history and paper."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.cases.models import Case
from shaodao.kit.pdf import NoFont
from shaodao.kit.wording import say
from shaodao.people.frames import frame_of
from shaodao.people.queries import units_by_id

from . import actions, policy, queries, sheets
from .forms import SuperviseForm, WordsForm
from .models import Supervision

REFUSED = 422


@login_required
@require_GET
def supervisions(request: HttpRequest) -> HttpResponse:
    """List what waits for the reader's reply, what their government issued, or their area's."""
    at, filters = timezone.now(), queries.read_filters(request.GET)
    n = queries.n_to_do(request.user)
    filters = queries.with_tab(filters, queries.tab_of(request.user, filters.tab, n))
    after = request.GET.get("after")
    page = {
        "at": at,
        "filters": filters,
        "tabs": [(tab, label, n.get(tab, 0)) for tab, label in queries.TABS.items()],
        "page": queries.list_of(request.user, filters, at=at, after=after),
        "states": policy.STATE_LABELS,
        "kinds": policy.KIND_LABELS,
        "dues": queries.DUES,
        "units": queries.units_to_choose(request.user),
        "frame": frame_of(request.user),
    }
    return render(request, "supervision/supervisions.html", page)


@login_required
@require_GET
def supervision(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one supervision: reason, limit, reply, sign-off, and everything done to it."""
    row = _load(request, pk)
    seats = queries.seats_of(request.user, unit=row.unit, author_unit=row.author_unit)
    page = {
        "one": row,
        "at": timezone.now(),
        "moves": policy.moves_open_to(state=policy.State(row.state), seats=seats),
        "history": queries.history_of(row),
        "later": Supervision.objects.visible_to(request.user).filter(raised_from=row).first(),
        "case_is_open": Case.objects.visible_to(request.user).filter(pk=row.case_id).exists(),
        "frame": frame_of(request.user),
    }
    return render(request, "supervision/supervision.html", page)


@login_required
@require_http_methods(["GET", "POST"])
def supervise(request: HttpRequest, case: int) -> HttpResponse:
    """Ask whom, how severely and why (GET); issue the supervision (POST)."""
    visible = Case.objects.visible_to(request.user).select_related("area").defer("search")
    shown, at = get_object_or_404(visible, pk=case), timezone.now()
    author_unit = queries.author_unit_of(request.user, shown.area)
    if author_unit is None:
        raise Http404
    units = queries.units_to_supervise(shown, author_unit)
    form = SuperviseForm(request.POST if request.method == "POST" else None, units=units)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data | {"unit": units_by_id()[form.cleaned_data["unit"]]}
        try:
            row = actions.supervise(case=shown, actor=request.user, at=at, **values)
        except policy.SupervisionRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("督办已发出"))
            return redirect("supervision", pk=row.pk)
    page = {"case": shown, "form": form, "author_unit": author_unit, "at": at}
    return render(
        request, "supervision/supervise.html", page, status=REFUSED if form.errors else 200
    )


@login_required
@require_http_methods(["GET", "POST"])
def supervision_move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask for the words a move needs (GET); make it (POST)."""
    row = _load(request, pk)
    if name not in policy.BUTTONS:
        raise Http404
    move = policy.MOVES[name]
    needs = policy.needs_of(move, policy.Kind(row.kind))
    form = WordsForm(request.POST if request.method == "POST" else None, needs=needs)
    if form.is_bound and form.is_valid():
        words, at = form.cleaned_data, timezone.now()
        try:
            actions.move(supervision=row, name=name, actor=request.user, at=at, **words)
        except policy.SupervisionRefused as refusal:
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _("已完成：%(move)s") % {"move": _(move.label)})
            return redirect("supervision", pk=pk)
    page = {"one": row, "move": move, "form": form, "frame": frame_of(request.user)}
    return render(request, "supervision/move.html", page, status=REFUSED if form.errors else 200)


@login_required
@require_GET
def supervision_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the 督办单 as PDF."""
    row = _load(request, pk)
    try:
        made = sheets.sheet_of(row, at=timezone.now())
    except NoFont as refusal:
        messages.error(request, say(refusal))
        return redirect("supervision", pk=pk)
    response = HttpResponse(made, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{row.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _load(request: HttpRequest, pk: int) -> Supervision:
    rows = Supervision.objects.visible_to(request.user).for_list()
    related = ("reply", "measures", "replied_by", "signed_off_by", "raised_from", "case__area")
    return get_object_or_404(rows.select_related(*related), pk=pk)
