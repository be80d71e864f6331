"""What went out by every channel, and how the channels fare: for whoever runs them."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cores.wording import Refusal
from shaodao.kit.paging import keyset
from shaodao.kit.wording import say
from shaodao.notices import actions, forms, policy, queries
from shaodao.people.models import roles_of
from shaodao.people.policy import Role

PAGE = 40


def _runs(request: HttpRequest) -> bool:
    return Role.ADMIN in roles_of(request.user)


def _runners_only(request: HttpRequest) -> None:
    if not _runs(request):
        raise PermissionDenied


def _words(table) -> dict[str, str]:
    return {code.value: _(label) for code, label in table.items()}


@login_required
@require_GET
def outgoing(request: HttpRequest) -> HttpResponse:
    """Show every message by every channel: to its system administrator, in a demo to all staff.

    What a message says is shown in a demo only: an administrator sees that it went, not its words.
    """
    if not (settings.DEMO or _runs(request)):
        raise PermissionDenied
    channel, state = request.GET.get("channel", ""), request.GET.get("state", "")
    rows = queries.narrowed(queries.outgoing(request.user), channel=channel, state=state)
    page = keyset(rows, order=(("pk", "desc"),), after=request.GET.get("after"), size=PAGE)
    at = timezone.now()
    told = queries.said(page.rows, at=at) if settings.DEMO else [(row, "") for row in page.rows]
    context = {
        "page": page, "rows": told, "at": at, "channel": channel, "state": state,
        "may_resend": _runs(request),
        "channels": _words(policy.CHANNEL_LABELS), "outcomes": _words(policy.OUTCOME_LABELS),
        "states": {code.value: _(label) for code, (label, _tone) in policy.STATE_LABELS.items()},
        "tones": {code.value: tone for code, (_label, tone) in policy.STATE_LABELS.items()},
        "kinds": {name: _(kind.label) for name, kind in policy.KINDS.items()},
    }  # fmt: skip
    return render(request, "notices/outgoing.html", context)


@login_required
@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a failed message again, and go back to the list."""
    _runners_only(request)
    notice = get_object_or_404(queries.outgoing(request.user), pk=pk)
    try:
        actions.resend(notice=notice, actor=request.user, at=timezone.now())
    except Refusal as refusal:
        messages.error(request, say(refusal))
    else:
        messages.success(request, _("已排入重发"))
    return redirect("outgoing")


@login_required
@require_GET
def channels(request: HttpRequest) -> HttpResponse:
    """Show how each channel fares: whether it sends, what waits and since when, the last error."""
    _runners_only(request)
    context = {
        "fares": queries.fares(at=(at := timezone.now())), "at": at,
        "labels": _words(policy.CHANNEL_LABELS), "outcomes": _words(policy.OUTCOME_LABELS),
    }  # fmt: skip
    return render(request, "notices/channels.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def channel_switch(request: HttpRequest, channel: str, verb: str) -> HttpResponse:
    """GET asks why a channel is stopped or started; POST does it."""
    _runners_only(request)
    if channel not in policy.OUTSIDE or verb not in _VERBS:
        raise Http404
    act, title = _VERBS[verb]
    form = forms.SwitchForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        why, one = form.cleaned_data["why"], policy.Channel(channel)
        act(channel=one, actor=request.user, at=timezone.now(), why=why)
        return redirect("channels")
    context = {"form": form, "title": _(title), "back": "channels"}
    context["lead"] = _(policy.CHANNEL_LABELS[policy.Channel(channel)])
    return render(request, "notices/form.html", context)


_VERBS = {
    "pause": (actions.pause, policy.N_("暂停渠道")),
    "resume": (actions.resume, policy.N_("恢复渠道")),
}
