"""Which party form each grid is due, beside what stands there."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shaodao.workforce import forms, policy
from shaodao.workforce.actions.counting import count_members
from shaodao.workforce.queries.party import due_forms, thresholds

from .parts import asked, given, grid_of, made, may


@login_required
@require_GET
def party(request: HttpRequest) -> HttpResponse:
    """GET: the form each grid is due by its members; what is missing first, or with ?all all."""
    rows = due_forms(request.user, on=timezone.localdate())
    missing = [row for row in rows if not row.is_met]
    forms_due = [
        (label, sum(row.form == form for row in rows))
        for form, label in policy.PARTY_LABELS.items()
    ]
    context = {
        "tab": "party",
        "rows": rows if "all" in request.GET else missing,
        "all": "all" in request.GET,
        "n": len(rows),
        "n_missing": len(missing),
        "forms": [(label, n) for label, n in forms_due if n],
        "limits": thresholds(timezone.localdate(), []),
    }
    return render(request, "workforce/party.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def count(request: HttpRequest, code: str) -> HttpResponse:
    """GET asks how many full members a grid has; POST writes it down."""
    grid = grid_of(request, code)
    form = forms.RollForm(given(request))
    back = reverse("party")

    def act():
        n = form.cleaned_data["n_members"]
        count_members(grid=grid, n_members=n, actor=request.user, at=timezone.now())

    title = _("登记党员人数：%(grid)s") % {"grid": grid.unit.short_name}
    allowed = may(request, "count_members", grid.unit)
    return made(request, form, act, back, _("已登记")) or asked(
        request, form, title, back, is_refused=not allowed
    )
