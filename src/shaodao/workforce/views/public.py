"""What everybody may see of the workforce: a grid's team, public notices, where a code leads."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from shaodao.cores.wording import Refusal
from shaodao.kit.callers import address_digest
from shaodao.kit.wording import say
from shaodao.workforce import forms, policy
from shaodao.workforce.actions.choosing import comment
from shaodao.workforce.queries import candidates, cards
from shaodao.workforce.queries.doors import grid_of_door
from shaodao.workforce.sheets import picture_path


@require_safe
def door(request: HttpRequest, code: str) -> HttpResponse:
    """GET: lead whoever scanned a card or a board to the report page of the grid there today."""
    grid = grid_of_door(code)
    if grid is None:
        return redirect("report")
    return redirect("report_here", code=grid.code)


@require_safe
def team(request: HttpRequest, code: str) -> HttpResponse:
    """GET: who works in a grid, who holds its six posts, what they promised and how it was kept."""
    grid, on = cards.public_grid(code), timezone.localdate()
    if grid is None:
        raise Http404
    found = cards.team_of(grid, on=on)
    context = {
        "grid": grid,
        "team": found,
        "labels": policy.PROMISE_LABELS,
        "notices": candidates.notices_on(on, grid=grid.pk),
        "n_vacant": sum(place.is_vacant for place in found.places),
    }
    return render(request, "workforce/team.html", context)


@require_safe
def team_photo(request: HttpRequest, pk: int) -> FileResponse:
    """GET: the portrait of somebody who works in a grid today."""
    path = picture_path(pk, only_public=True)
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "public, max-age=3600"
    return response


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """GET: the candidates on public notice today."""
    rows = candidates.notices_on(timezone.localdate())
    return render(request, "workforce/notices.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: a public notice with its points and answered comments; POST takes a comment."""
    row, on = candidates.public_selection(pk), timezone.localdate()
    if row is None:
        raise Http404
    form = forms.CommentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        sender = address_digest(request, on=on)
        try:
            comment(selection=row, sender=sender, at=timezone.now(), **form.cleaned_data)
            return redirect(reverse("candidate_notice", args=[pk]) + "?sent=1#comments")
        except Refusal as refusal:
            form.add_error(None, say(refusal))
    return _notice_page(request, row, form)


def _notice_page(request: HttpRequest, row, form) -> HttpResponse:
    on = timezone.localdate()
    is_on = row.status == policy.SelectionStatus.NOTICE and on < row.notice_until
    context = {
        "selection": row,
        "ranking": candidates.ranking_of(row, on=on),
        "comments": candidates.shown_comments(row),
        "form": form if is_on else None,
        "is_on": is_on,
        "sent": "sent" in request.GET,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workforce/notice.html", context, status=status)
