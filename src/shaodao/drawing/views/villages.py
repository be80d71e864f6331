"""Villages to draw: their lists as they stand, and a draft asked for."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.drawing import actions, forms, policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries import drafts, ground, levels
from shaodao.kit.wording import carried_out
from shaodao.people.models import Unit, roles_of, seats_over
from shaodao.people.policy import Level


def check_desk(request: HttpRequest, unit: Unit | None = None) -> None:
    """Let nobody in whose posts (over a place, where one is given) do not draw lists."""
    roles = {seat.role for seat in seats_over(request.user, unit)} if unit else set()
    if not policy.DESK & (roles if unit else roles_of(request.user)):
        raise PermissionDenied


def named(drawing: Drawing) -> tuple[Drawing, str, str, str]:
    """Return a draft with its kind, its status and that one's tone, in words."""
    label, tone = policy.STATUS_LABELS[policy.Status(drawing.status)]
    return drawing, _(policy.KIND_LABELS[policy.Kind(drawing.kind)]), _(label), tone


@login_required
@require_GET
def drawings(request: HttpRequest) -> HttpResponse:
    """GET: the villages whose lists the reader draws, and the latest drafts."""
    check_desk(request)
    rows = Drawing.objects.visible_to(request.user).light()
    latest = rows.select_related("community", "made_by").order_by("-pk")[:20]
    today = timezone.localdate()
    context = {
        "villages": levels.villages_for_list(ground.villages_of(request.user), on=today),
        "latest": [named(row) for row in latest],
    }
    return render(request, "drawing/drawings.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def village(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a village's lists as they stand, on a map and in a table; POST asks for a draft."""
    rows = Unit.objects.visible_to(request.user).filter(level=Level.COMMUNITY)
    unit = get_object_or_404(rows, pk=pk)
    check_desk(request, unit)
    form = forms.BeginForm(request.POST if request.method == "POST" else None, initial=_FIRST)
    made: list[Drawing] = []
    if carried_out(form, lambda: made.append(_begin(request, unit, form.cleaned_data))):
        return redirect("drawing", pk=made[0].pk)
    return render(request, "drawing/village.html", _context(request, unit, form), status=422 if form.is_bound else 200)  # fmt: skip # noqa: E501


_FIRST = {
    "kind": "FRESH", "within": "GRID", "setting": "fast", "barriers": ["river"],
    "seed": actions.drafting.SEED,
}  # fmt: skip


def _begin(request: HttpRequest, unit: Unit, given: dict) -> Drawing:
    return actions.begin(
        community=unit,
        kind=policy.Kind(given["kind"]),
        within=policy.Within(given["within"]),
        setting=given["setting"],
        barriers=given["barriers"],
        seed=given["seed"],
        actor=request.user,
        at=timezone.now(),
    )


def _context(request: HttpRequest, unit: Unit, form) -> dict:
    on = timezone.localdate()
    net = levels.net_of(unit, request.user, on=on)
    rows = Drawing.objects.visible_to(request.user).light().filter(community=unit)
    return {
        "village": unit,
        "form": form,
        "hints": [(policy.KIND_LABELS[kind], hint) for kind, hint in policy.KIND_HINTS.items()],
        "net": net,
        "rules": ground.rules_of(unit, on=on),
        "map": {"dots": net.dots, "lot": net.lot, "colours": [one.colour for one in net.lists]},
        "bounds": drafts.box_of([[0, 0, 0, dot[0], dot[1]] for dot in net.dots]),
        "latest": [named(row) for row in rows.select_related("made_by").order_by("-pk")[:8]],
    }
