"""The roster of a community: who carries how many households, who is excused, who stands in."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.people.models import Cover
from shaodao.workforce import forms
from shaodao.workforce.actions import rostering
from shaodao.workforce.queries import roster as queries

from .parts import asked, community_of, given, made, may, tried


@login_required
@require_GET
def rosters(request: HttpRequest) -> HttpResponse:
    """GET: every roster under the reader's posts with what is wrong in it."""
    rows = queries.violations_of(request.user, on=timezone.localdate())
    return render(request, "workforce/rosters.html", {"tab": "rosters", "rows": rows})


@login_required
@require_GET
def roster(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: everyone on a community's roster: assigned, excused with a reason, or neither."""
    community = community_of(request, pk)
    found = queries.roster_of(community, on=timezone.localdate())
    rows = found.violations if "wrong" in request.GET else found.members
    context = {
        "tab": "rosters",
        "roster": found,
        "rows": [(row, found.share(row)) for row in rows],
        "wrong": "wrong" in request.GET,
        "may_excuse": may(request, "excuse", community),
        "may_propose": may(request, "propose_lists", community),
    }
    return render(request, "workforce/roster.html", context)


def _member(request: HttpRequest, pk: int, person: int) -> tuple:
    """Return a community and somebody on its roster."""
    community = community_of(request, pk)
    found = queries.roster_of(community, on=timezone.localdate())
    row = next((row for row in found.members if row.person.pk == person), None)
    if row is None:
        raise Http404
    return community, row


@login_required
@require_http_methods(["GET", "POST"])
def excuse(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """GET asks why somebody carries no list; POST writes it down."""
    community, row = _member(request, pk, person)
    form = forms.ExcuseForm(given(request))
    back = reverse("roster", args=[pk])

    def act():
        rostering.excuse(
            person=row.person, community=community, actor=request.user, at=timezone.now(),
            **form.cleaned_data,
        )  # fmt: skip

    title = _("免予分配：%(name)s") % {"name": row.person.name}
    return made(request, form, act, back, _("已登记")) or asked(request, form, title, back)


@login_required
@require_POST
def end_excuse(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """POST: somebody who was excused is to be assigned again."""
    community, row = _member(request, pk, person)

    def act():
        rostering.end_excuse(
            person=row.person, community=community, actor=request.user, at=timezone.now()
        )

    return tried(request, act, reverse("roster", args=[pk]), _("已取消免予分配"))


@login_required
@require_http_methods(["GET", "POST"])
def cover(request: HttpRequest, pk: int, person: int) -> HttpResponse:
    """GET asks who stands in for somebody away, and when; POST arranges it."""
    community, row = _member(request, pk, person)
    people = queries.colleagues_of(row.person, community)
    form = forms.CoverForm(given(request), people=people, initial={"since": timezone.localdate()})
    back = reverse("roster", args=[pk])

    def act():
        rostering.cover(
            absent=row.person, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    title = _("安排代管：%(name)s 不在时") % {"name": row.person.name}
    return made(request, form, act, back, _("已安排，案件和联系户由代管人接手")) or asked(
        request, form, title, back
    )


@login_required
@require_POST
def end_cover(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: whoever was away is back."""
    row = get_object_or_404(Cover.objects.visible_to(request.user), pk=pk)
    to = request.POST.get("next", "")
    return tried(
        request,
        lambda: rostering.end_cover(cover=row, actor=request.user, at=timezone.now()),
        to if to.startswith("/workforce/") else reverse("rosters"),
        _("代管已结束"),
    )
