"""Appointing whom a public notice has put forward: the security administrator's part."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.people.models import roles_of
from shaodao.people.policy import Role
from shaodao.workforce import forms
from shaodao.workforce.actions import choosing
from shaodao.workforce.models import Selection
from shaodao.workforce.queries import candidates as queries

from .parts import asked, given, made


def _appointers_only(request: HttpRequest) -> None:
    if Role.SECURITY not in roles_of(request.user):
        raise PermissionDenied


@login_required
@require_GET
def appointments(request: HttpRequest) -> HttpResponse:
    """GET: the selections whose notice is on or over, with what still stands in the way."""
    _appointers_only(request)
    rows = (
        queries.selections_for(request.user).filter(status="NOTICE").order_by("notice_until", "pk")
    )
    today = timezone.localdate()
    shown = [(row, row.notice_until <= today and not row.n_waiting) for row in rows[:100]]
    return render(request, "workforce/appointments.html", {"rows": shown})


@login_required
@require_http_methods(["GET", "POST"])
def appoint_chosen(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks which candidate is appointed; POST gives the post."""
    _appointers_only(request)
    rows = Selection.objects.visible_to(request.user).select_related("grid__unit")
    row = get_object_or_404(rows, pk=pk)
    form = _form(request, queries.ranking_of(row, on=timezone.localdate()))
    back = reverse("appointments")

    def act():
        choosing.appoint_chosen(
            selection=row, actor=request.user, at=timezone.now(), **form.cleaned_data
        )

    title = _("任命网格员：%(grid)s") % {"grid": row.grid.unit.short_name}
    return made(request, form, act, back, _("已任命")) or asked(request, form, title, back)


def _form(request: HttpRequest, ranking: list[queries.Ranked]) -> forms.AppointForm:
    """Return the form that offers the candidates in their order."""
    places = {one.candidate.person_id: one for one in ranking}

    def said(person) -> str:
        one = places[person.pk]
        values = {"place": one.place, "name": person.name, "total": one.total}
        return _("第 %(place)s 名 %(name)s，%(total)s 分") % values

    people = [one.candidate.person for one in ranking]
    initial = {"since": timezone.localdate()}
    return forms.AppointForm(given(request), people=people, said=said, initial=initial)
