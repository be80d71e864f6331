"""What waits for whom, what an area whistled, what is to be arbitrated."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shaodao.people.frames import frame_of
from shaodao.whistles import board

RATED_DAYS = 90  # over which a whistle rate is looked at


@login_required
@require_GET
def whistles(request: HttpRequest) -> HttpResponse:
    """Show what the reader's units are called to, and what waits for their own side."""
    at = timezone.now()
    page = {"tasks": board.tasks_of(request.user, at=at), "at": at}
    return render(request, "whistles/whistles.html", page | {"frame": frame_of(request.user)})


@login_required
@require_GET
def area(request: HttpRequest) -> HttpResponse:
    """Show the whistles of the reader's areas: who came, who did not, how often, supervised."""
    at = timezone.now()
    tab = request.GET.get("tab", "")
    shown = board.area_of(
        request.user, tab=tab if tab in board.TABS else "live", after=request.GET.get("after"),
        at=at,
    )  # fmt: skip
    streets = board.streets_of(request.user)
    rates = board.rates(streets, since=at - timedelta(days=RATED_DAYS), until=at)
    page = {"area": shown, "rates": rates, "days": RATED_DAYS, "at": at}
    return render(request, "whistles/area.html", page | {"frame": frame_of(request.user)})


@login_required
@require_GET
def arbitration(request: HttpRequest) -> HttpResponse:
    """Show the refusals the reader is to decide on."""
    at = timezone.now()
    page = {"tasks": board.tasks_of(request.user, at=at).arbitrating, "at": at}
    return render(request, "whistles/arbitration.html", page | {"frame": frame_of(request.user)})
