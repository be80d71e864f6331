"""The journal of accounts and rules, for auditors."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from shaodao.people import policy
from shaodao.people.models import AccountEntry
from shaodao.people.policy import Role
from shaodao.people.queries import names_of_subjects

from .parts import history, only, told


@require_GET
@login_required
def audit(request: HttpRequest) -> HttpResponse:
    """Show an auditor everything done to accounts, posts and rules."""
    only(request, frozenset({Role.AUDITOR}))
    entries = AccountEntry.objects.visible_to(request.user)
    if (name := request.GET.get("name", "")) in _ENTRY_NAMES:
        entries = entries.filter(name=name)
    page = history(entries, request)
    rows = list(zip(page, told(page), strict=True))
    labels = names_of_subjects(entry.subject for entry in page)
    context = {"page": page, "rows": rows, "labels": labels, "name": name, "names": _ENTRY_NAMES}
    return render(request, "people/audit.html", context | {"at": timezone.now()})


_ENTRY_NAMES = {
    **policy.OWN_ENTRIES,
    **{duty.value: label for duty, (label, _role) in policy.DUTIES.items()},
}
