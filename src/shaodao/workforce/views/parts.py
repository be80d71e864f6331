"""What several workforce pages share."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from shaodao.cores.wording import Refusal
from shaodao.kit.wording import carried_out, say
from shaodao.people.models import Unit, seats_over
from shaodao.people.policy import Level
from shaodao.places.models import Grid
from shaodao.workforce import policy

PAGE = 40


def given(request: HttpRequest):
    """Return what was sent, None on GET."""
    return request.POST if request.method == "POST" else None


def made(
    request: HttpRequest, form, act: Callable[[], object], to: str, said: str
) -> HttpResponse | None:
    """Carry out what a valid form asks; None, with the refusal on the form, where it is refused."""
    if not carried_out(form, act):
        return None
    messages.success(request, said)
    return redirect(to)


def tried(request: HttpRequest, act: Callable[[], object], to: str, said: str) -> HttpResponse:
    """Carry out what one button asks and go back, saying what came of it."""
    try:
        act()
    except Refusal as refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, said)
    return redirect(to)


def asked(
    request: HttpRequest, form, title: str, back: str, *, status: int = 200, **context
) -> HttpResponse:
    """Show a form on a page of its own."""
    shown = {"form": form, "title": title, "back": back, **context}
    if form.is_bound and form.errors:
        status = 422
    return render(request, "workforce/form.html", shown, status=status)


def grid_of(request: HttpRequest, code: str) -> Grid:
    """Return a grid under the reader's posts, or nothing is there."""
    rows = Grid.objects.visible_to(request.user).select_related("unit__parent").defer("boundary")
    return get_object_or_404(rows, code=code, valid_to=None)


def community_of(request: HttpRequest, pk: int) -> Unit:
    """Return a community under the reader's posts, or the one their grid lies in."""
    rows = Unit.objects.visible_to(request.user)
    unit = rows.filter(pk=pk, level=Level.COMMUNITY).first()
    if unit is None:
        unit = get_object_or_404(rows.filter(level=Level.GRID), parent=pk).parent
    return unit


def may(request: HttpRequest, name: str, unit: Unit) -> bool:
    """Tell whether the reader may do `name` in a place."""
    return bool(policy.MAY[name][1] & {seat.role for seat in seats_over(request.user, unit)})
