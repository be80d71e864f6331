"""The page of one whistle, its wall, its code, and everything that is done from it."""

from io import BytesIO

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cases.dossier import solver_of
from shaodao.cases.forms import MoveForm
from shaodao.cases.models import Case
from shaodao.cores.wording import Refusal
from shaodao.kit.wording import carried_out, say
from shaodao.people.frames import frame_of
from shaodao.people.queries import units_by_id
from shaodao.whistles import actions, board, policy
from shaodao.whistles.forms import (
    DraftForm,
    evidence_of,
    fields_of,
    suggestions,
    summons_fields_of,
)
from shaodao.whistles.models import Summons, Whistle
from shaodao.whistles.place_code import code_of, whistle_id_of
from shaodao.whistles.queries import origins_of

REFUSED = 422


def load(request: HttpRequest, pk: int) -> Whistle:
    """Return the whistle, or answer 404 where the reader may not see it."""
    found = Whistle.objects.visible_to(request.user).select_related(
        "case__area", "case__category", "case__lead", "whistler", "reason", "measures",
        "drafted_by",
    )  # fmt: skip
    return get_object_or_404(found.defer("case__search"), pk=pk)


@login_required
@require_GET
def whistle(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a whistle: who was called, who came, what was agreed, and what may be done now."""
    at = timezone.now()
    shown = board.read(load(request, pk), user=request.user, at=at)
    page = {"board": shown, "whistle": shown.whistle, "case": shown.whistle.case, "at": at}
    return render(request, "whistles/whistle.html", page | {"frame": frame_of(request.user)})


@login_required
@require_GET
def whistle_wall(request: HttpRequest, pk: int) -> HttpResponse:
    """Show for a wall who came, came late, refused or is missing."""
    at = timezone.now()
    shown = board.read(load(request, pk), user=request.user, at=at)
    page = {"board": shown, "whistle": shown.whistle, "case": shown.whistle.case, "at": at}
    return render(request, "whistles/wall.html", page)


@login_required
@require_GET
def whistle_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sheet with the code that units scan where the matter is."""
    shown = load(request, pk)
    return render(request, "whistles/card.html", {"whistle": shown, "case": shown.case})


@login_required
@require_GET
def whistle_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the code of a whistle's place as a drawing."""
    url = request.build_absolute_uri(reverse("whistle_here", args=[code_of(load(request, pk))]))
    file = BytesIO()
    segno.make(url, error="q", micro=False).save(file, kind="svg", border=2, scale=4)
    return HttpResponse(file.getvalue(), content_type="image/svg+xml")


@login_required
@require_GET
def whistle_here(request: HttpRequest, code: str) -> HttpResponse:
    """Lead whoever scanned the code of a place to the form by which their unit reports in."""
    shown = load(request, whistle_id_of(code) or 0)
    row = board.summons_of(request.user, shown)
    if row is None or row.state not in policy.SUMMONS_MOVES["report_in"].sources:
        return redirect("whistle", pk=shown.pk)
    url = reverse("summons_move", args=[shown.pk, row.pk, "report_in"])
    return redirect(f"{url}?code={code}")


# ---- drafting --------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def whistle_new(request: HttpRequest, case: int) -> HttpResponse:
    """Ask whom to call to a case and why (GET); draft the whistle (POST)."""
    at = timezone.now()
    cases = Case.objects.visible_to(request.user).select_related("area", "category")
    shown = get_object_or_404(cases.defer("search"), pk=case)
    origins = origins_of(request.user, shown, at=at)
    if not origins:
        raise Http404
    form = DraftForm(_sent(request), origins=origins, area=shown.area)

    def act(values):
        origin = policy.Origin(values.pop("origin"))
        return actions.draft(case=shown, origin=origin, actor=request.user, at=at, **values)

    return _drafted(request, form, act) or _draft_page(request, form, shown, None)


@login_required
@require_http_methods(["GET", "POST"])
def whistle_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a draft again (GET); change it (POST)."""
    shown, at = load(request, pk), timezone.now()
    origins = [(policy.Origin(shown.origin), shown.whistler)]
    rows = list(shown.summonses.order_by("pk"))
    initial = {
        "kind": shown.kind, "reason": shown.reason.text, "units": [row.unit_id for row in rows],
        "lead": next((row.unit_id for row in rows if row.is_lead), None),
    }  # fmt: skip
    form = DraftForm(_sent(request), origins=origins, area=shown.case.area, initial=initial)

    def act(values):
        values.pop("origin")
        return actions.revise(whistle=shown, actor=request.user, at=at, **values)

    return _drafted(request, form, act) or _draft_page(request, form, shown.case, shown)


def _sent(request: HttpRequest):
    return request.POST if request.method == "POST" else None


def _drafted(request: HttpRequest, form: DraftForm, act) -> HttpResponse | None:
    """Draft what a form says and go to the whistle; None where it is to be shown (again)."""
    if not form.is_bound or "find" in request.POST or not form.is_valid():
        return None
    values, units = form.cleaned_data, units_by_id()
    given = {
        "kind": policy.Kind(values["kind"]),
        "origin": values["origin"],
        "reason": values["reason"],
        "units": [units[pk] for pk in values["units"]],
        "lead": units.get(values["lead"]),
    }
    try:
        made = act(given)
    except Refusal as refusal:
        form.add_error(None, say(refusal))
        return None
    messages.success(request, _("已存为拟哨，核对后提交审核或发哨"))
    return redirect("whistle", pk=made.pk)


def _draft_page(request: HttpRequest, form: DraftForm, case: Case, shown) -> HttpResponse:
    is_looking = "find" in request.POST
    if is_looking:
        form.errors.clear()
    page = {"form": form, "case": case, "whistle": shown, "frame": frame_of(request.user)}
    status = REFUSED if form.is_bound and form.errors else 200
    return render(request, "whistles/draft.html", page, status=status)


@login_required
@require_POST
def whistle_for(request: HttpRequest, case: int) -> HttpResponse:
    """Whistle for a resident who called or came."""
    cases = Case.objects.visible_to(request.user).select_related("area").defer("search")
    shown = get_object_or_404(cases, pk=case)
    link = get_object_or_404(shown.reports.select_related("report").order_by("joined_at")[:1])
    try:
        made = actions.whistle_for_resident(
            case=shown, report=link.report, at=timezone.now(), actor=request.user
        )
    except Refusal as refusal:
        messages.error(request, say(refusal))
        return redirect("case", pk=case)
    if made is None:
        messages.error(request, _("这里不能替群众吹哨：没有开通，或者已经有一哨在办"))
        return redirect("case", pk=case)
    messages.success(request, _("已替群众吹哨，通知到网格的人了"))
    return redirect("whistle", pk=made.pk)


# ---- moves -----------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def whistle_move(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Ask for what a move of a whistle needs (GET); make the move (POST)."""
    if name not in policy.MOVES:
        raise Http404
    shown, at, move = load(request, pk), timezone.now(), policy.MOVES[name]
    rows = list(shown.summonses.select_related("unit").order_by("-is_lead", "pk"))
    fields = fields_of(move, shown, rows, on=timezone.localdate(at))
    form = MoveForm(_sent(request), fields=fields)

    def act():
        actions.move(whistle=shown, name=name, actor=request.user, at=at, **evidence_of(move, form))

    return _made(request, form, act, shown, move) or _asked(request, form, shown, move, rows=rows)


@login_required
@require_http_methods(["GET", "POST"])
def summons_move(request: HttpRequest, pk: int, summons: int, name: str) -> HttpResponse:
    """Ask for what a move of one unit needs (GET); make the move (POST)."""
    if name not in policy.SUMMONS_MOVES:
        raise Http404
    shown, at, move = load(request, pk), timezone.now(), policy.SUMMONS_MOVES[name]
    row = get_object_or_404(shown.summonses.select_related("unit", "person"), pk=summons)
    row.whistle = shown
    form = _summons_form(request, move, row)

    def act():
        given = evidence_of(move, form)
        given["has_code"] = whistle_id_of(str(given.pop("code", ""))) == shown.pk
        actions.answer(summons=row, name=name, actor=request.user, at=at, **given)

    return _made(request, form, act, shown, move) or _asked(request, form, shown, move, row=row)


def _summons_form(request: HttpRequest, move: policy.Move, row: Summons) -> MoveForm:
    fields = summons_fields_of(
        move, row, user=request.user, on=timezone.localdate(),
        solver=solver_of(request.user, row.whistle.case),
    )  # fmt: skip
    files = request.FILES if request.method == "POST" else None
    initial = {"code": request.GET.get("code", "")}
    return MoveForm(_sent(request), files, fields=fields, initial=initial)


def _made(request: HttpRequest, form, act, shown: Whistle, move) -> HttpResponse | None:
    """Make a move that was asked for properly; None where the form is to be shown (again)."""
    if not carried_out(form, act):
        return None
    messages.success(request, _("已完成：%(move)s") % {"move": _(move.label)})
    seen = Whistle.objects.visible_to(request.user).filter(pk=shown.pk)
    return redirect("whistle", pk=shown.pk) if seen.exists() else redirect("whistles")


def _asked(
    request: HttpRequest, form, shown: Whistle, move, *, row: Summons | None = None, rows=()
) -> HttpResponse:
    is_summons = row is not None
    args = [shown.pk, row.pk, move.name] if is_summons else [shown.pk, move.name]
    page = {
        "whistle": shown,
        "case": shown.case,
        "move": move,
        "form": form,
        "row": row,
        "rows": rows,
        "aspects": list(policy.ASPECT_LABELS.items()),
        "action": reverse("summons_move" if is_summons else "whistle_move", args=args),
        "names": suggestions(shown.case.area),
        "has_code": whistle_id_of(str(form["code"].value() or "")) == shown.pk
        if "code" in form.fields
        else False,
        "frame": frame_of(request.user),
    }
    status = REFUSED if form.errors else 200
    return render(request, "whistles/move.html", page, status=status)
