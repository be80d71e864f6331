"""A draft on its page: the map, the slider, lists given and pinned, households moved, adoption."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shaodao.cores.wording import N_, Refusal
from shaodao.drawing import actions, forms, policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries import drafts as queries
from shaodao.drawing.queries.ground import formula_of, hands_of
from shaodao.kit.wording import carried_out, say
from shaodao.people.queries import number
from shaodao.workforce.policy import Paper

from .villages import check_desk, named


def _draft(request: HttpRequest, pk: int, *, light: bool = False) -> Drawing:
    """Return a draft of a village whose lists the reader draws."""
    rows = Drawing.objects.visible_to(request.user).select_related("community", "made_by")
    row = get_object_or_404(rows.light() if light else rows, pk=pk)
    check_desk(request, row.community)
    return row


def _sheet(request: HttpRequest, pk: int) -> queries.Sheet:
    """Return a draft laid out; nothing is there before it has been computed."""
    row = _draft(request, pk)
    if not row.lot:
        raise Http404
    return queries.Sheet(row)


@login_required
@require_GET
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a draft: how far its computation is, or its lists on a map and in a table."""
    row = _draft(request, pk)
    if row.status in policy.RUNNING:
        part = "#progress" if request.htmx else ""
        return render(request, f"drawing/waiting.html{part}", _waiting(row))
    if request.htmx:  # it has come to an end: the page is another one
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    if not row.lot:
        return render(request, "drawing/waiting.html", _waiting(row))
    return render(request, "drawing/draft.html", _page(queries.Sheet(row)))


def _waiting(row: Drawing) -> dict:
    _row, kind, status, tone = named(row)
    return {
        "drawing": row,
        "kind": kind,
        "status": status,
        "tone": tone,
        "message": _(row.message) if row.message else "",
        "is_running": row.status in policy.RUNNING,
        "share": row.n_done / row.n_all if row.n_all else 0,
        "percent": round(100 * row.n_done / row.n_all) if row.n_all else 0,
    }


def _page(sheet: queries.Sheet, adopt_form: forms.AdoptForm | None = None) -> dict:
    row = sheet.drawing
    on = timezone.localdate()
    walls = queries.line_features(row.ground["walls"])
    return {
        **_state(sheet),
        "adopt_form": adopt_form or forms.AdoptForm(),
        "faults": queries.faults_of(row),
        "walls": {"type": "FeatureCollection", "features": walls},
        "ground": {
            "dots": sheet.dots(),
            "colours": [colour + 1 for colour in row.ground["colours"]],
            "points": row.found["points"] if len(row.found["points"]) > 1 else [],
        },
        "bounds": queries.box_of(sheet.homes),
        "formula": row.grids.get("formula") or formula_of(row.community, on=on),
        "size": row.rules.get("households") or number("grid_households", on=on, unit_ids=row.community.ancestor_ids),  # noqa: E501
    }  # fmt: skip


def _state(sheet: queries.Sheet, refusal: Refusal | None = None) -> dict:
    """Return what a change of a draft makes anew on its page."""
    row = sheet.drawing
    hands = hands_of(row.community, on=timezone.localdate())
    rows, points = sheet.rows(hands), row.found["points"]
    grids = sheet.grids(roster=len(hands.people))
    lot = row.lot
    stop = next((n for n, one in enumerate(points) if one["lot"] == lot), -1)
    return {
        **_waiting(row),
        "is_draft": row.status == policy.Status.DRAFT,
        "figures": sheet.figures(),
        "rows": rows,
        "points": points if len(points) > 1 else [],
        "stop": stop,
        "is_proven": stop == 0 and row.found.get("is_proven", False),
        "refusal": say(refusal) if refusal else "",
        "grids": grids,
        "roster": len(hands.people),
        "n_steps": len(row.steps),
        "n_idle": sum(one.worker is None for one in rows),
        "n_wrong": sum(one.is_short or one.is_long or not one.is_whole for one in rows),
        "state": {
            "lot": lot,
            "pinned": [int(i) for i in sheet.pinned.nonzero()[0]],
            "stop": stop,
            "refusal": say(refusal) if refusal else "",
            "gridOf": row.grids.get("grid_of", []) if grids else [],
        },
    }


@login_required
@require_GET
def homes(request: HttpRequest, pk: int, n: int) -> HttpResponse:
    """GET: the households of one list of a draft, to be chosen; n counts from 1."""
    sheet = _sheet(request, pk)
    if not 1 <= n <= sheet.k:
        raise Http404
    hands = hands_of(sheet.drawing.community, on=timezone.localdate())
    context = {
        "drawing": sheet.drawing,
        "n": n,
        "doors": queries.doors_of(sheet, n - 1),
        "others": [one for one in sheet.rows(hands) if one.number != n],
        "is_draft": sheet.drawing.status == policy.Status.DRAFT,
    }
    part = "#chosen" if request.htmx else ""
    return render(request, f"drawing/homes.html{part}", context)


@login_required
@require_GET
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the households that would change hands, each with whom they had and would have."""
    sheet = _sheet(request, pk)
    context = {"drawing": sheet.drawing, "changes": queries.changes_of(sheet)}
    return render(request, "drawing/changes.html", context)


@login_required
@require_GET
def effect(request: HttpRequest, pk: int) -> JsonResponse:
    """GET: what moving households (homes=1,2) to a list (to=3, from 0) would do, in words."""
    sheet = _sheet(request, pk)
    form = forms.MoveForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    chosen, to = wanted.get("homes", []), wanted.get("to", -1)
    n = len(sheet.homes)
    if not chosen or not 0 <= to < sheet.k or not all(0 <= i < n for i in chosen):
        return JsonResponse({"refused": _("没有这一户")}, status=422)
    told = sheet.effect(chosen, to)
    return JsonResponse({"refused": say(told.refusal) if told.refusal else "", "text": told.text})


@login_required
@require_POST
def change(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """POST: change a draft; the parts of its page that changed come back, or the page."""
    if verb not in _VERBS:
        raise Http404
    row = _draft(request, pk, light=True)
    form_class, act = _VERBS[verb]
    form = form_class(request.POST)
    refusal: Refusal | None = None
    try:
        if not form.is_valid():
            raise policy.DrawingRefused(N_("没有填对，请检查"))
        act(request, row, form.cleaned_data)
    except Refusal as found:
        refusal = found
    if not request.htmx or verb in _WHOLE:
        return _back(request, row, refusal)
    sheet = _sheet(request, pk)
    context = _state(sheet, refusal)
    return render(request, "drawing/draft.html#state", context, status=422 if refusal else 200)


def _back(request: HttpRequest, row: Drawing, refusal: Refusal | None) -> HttpResponse:
    if refusal is not None:
        messages.error(request, say(refusal))
    done = redirect("drawing", pk=row.pk)
    return (
        HttpResponse(status=204, headers={"HX-Redirect": done["Location"]})
        if request.htmx
        else done
    )


def _move(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.move_homes(drawing=row, homes=given["homes"], to=given["to"], actor=request.user)


def _undo(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.undo(drawing=row, actor=request.user)


def _even(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.choose_evenness(drawing=row, n=given["n"], actor=request.user)


def _pin_list(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.pin_list(drawing=row, a=given["list"], actor=request.user)


def _pin_homes(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.pin_homes(drawing=row, homes=given["homes"], actor=request.user)


def _give(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.give_list(
        drawing=row, a=given["list"], worker=given["worker"], actor=request.user, at=timezone.now()
    )


def _order(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.put_in_order(drawing=row, actor=request.user, at=timezone.now())


def _group(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.group_grids(
        drawing=row, households=given["households"], actor=request.user, at=timezone.now()
    )


def _drop(request: HttpRequest, row: Drawing, given: dict) -> None:
    actions.drop(drawing=row, actor=request.user, at=timezone.now())


_VERBS = {
    "move": (forms.MoveForm, _move),
    "undo": (forms.forms.Form, _undo),
    "even": (forms.EvenForm, _even),
    "pin-list": (forms.ListForm, _pin_list),
    "pin-homes": (forms.HomesForm, _pin_homes),
    "give": (forms.GiveForm, _give),
    "order": (forms.forms.Form, _order),
    "group": (forms.GroupForm, _group),
    "drop": (forms.forms.Form, _drop),
}
_WHOLE = frozenset({"order", "group", "drop"})  # after which the page is another


@login_required
@require_POST
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: let a draft's lists be the village's, and have the cards that changed set again."""
    sheet = _sheet(request, pk)
    form = forms.AdoptForm(request.POST)

    def act():
        actions.adopt(
            drawing=sheet.drawing, actor=request.user, at=timezone.now(), site=_site(request),
            why=form.cleaned_data["why"], paper=Paper.A6 if form.cleaned_data["cards"] else None,
        )  # fmt: skip

    if carried_out(form, act):
        messages.success(request, _("已采用并记入日志"))
        return redirect("draw_village", pk=sheet.drawing.community_id)
    return render(request, "drawing/draft.html", _page(sheet, form), status=422)


def _site(request: HttpRequest) -> str:
    return (settings.SITE_URL or request.build_absolute_uri("/")).rstrip("/") + "/"
