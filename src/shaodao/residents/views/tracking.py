"""Following one's own report by its private link: no account, nothing to guess or to index."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cases import actions
from shaodao.cases.policy import MoveRefused
from shaodao.cores.wording import N_
from shaodao.kit.images import thumb_of
from shaodao.kit.wording import say
from shaodao.reports import tokens
from shaodao.reports.models import Report
from shaodao.reports.policy import TooManyReports
from shaodao.residents import doors
from shaodao.residents.actions import find, withdraw
from shaodao.residents.forms import FactsForm, FindForm, RateForm, RejectForm
from shaodao.residents.policy import emergencies
from shaodao.residents.queries.tracking import Tracked, family_of, picture_file, tracked
from shaodao.whistles.board import called_to

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """Open a report by its token; the page stays out of caches, search engines and referrers."""

    @wraps(view)
    def opened(request: HttpRequest, token: str, **given) -> HttpResponse:
        report = tokens.find(token)
        if report is None:
            response = render(request, "residents/track_missing.html", status=404)
        else:
            response = view(request, report, token, **given)
        # The address is a secret, so nobody is told more than the site's name. Not "no-referrer":
        # browsers then send forms with the origin "null", which the CSRF check refuses.
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        response.setdefault("Cache-Control", "private, no-store")
        return response

    return opened


@require_GET
@transaction.atomic  # reads the versions of configured rows once
@private
def track(request: HttpRequest, report: Report, token: str) -> HttpResponse:
    """Show where a report stands, until when, what was answered, and who looked at its details."""
    return _page(request, tracked(report, token=token, at=timezone.now()))


def _page(request: HttpRequest, found: Tracked, *, status: int = 200, **bound) -> HttpResponse:
    forms = {"facts": FactsForm(), "reject": RejectForm(), "rate": RateForm(), **bound}
    context = {
        "found": found,
        "called": called_to(found.case, at=timezone.now()),
        "at": timezone.now(),
        "link": request.build_absolute_uri(reverse("track", args=[found.token])),
        "just_sent": "sent" in request.GET,
        "emergencies": emergencies(found.report.text),
        **forms,
    }
    return render(request, "residents/track.html", context, status=status)


@require_POST
@private
def track_move(request: HttpRequest, report: Report, token: str, verb: str) -> HttpResponse:
    """Do what the holder of the link asks, or say on the page why it cannot be done."""
    if verb not in _VERBS:
        raise Http404
    name, form_class, act, thanks = _VERBS[verb]
    form = form_class(request.POST) if form_class else None
    if form is None or form.is_valid():
        try:
            act(report, at=timezone.now(), **(form.cleaned_data if form else {}))
        except MoveRefused as refusal:
            if form is None:
                messages.error(request, say(refusal))
                return redirect("track", token=token)
            form.add_error(None, say(refusal))
        else:
            messages.success(request, _(thanks))
            return redirect("home") if verb == "revoke" else redirect("track", token=token)
    found = tracked(report, token=token, at=timezone.now())
    return _page(request, found, status=422, **{name: form})


def _add_facts(report, *, at, reply):
    _link, case = family_of(report)
    actions.move_by_link(case=case, name="add_facts", report=report, at=at, reply=reply)


def _withdraw(report, *, at):
    link, _case = family_of(report)
    withdraw(case=link.case, report=report, at=at)


def _confirm(report, *, at):
    _link, case = family_of(report)
    actions.move_by_link(case=case, name="confirm", report=report, at=at)


def _reject(report, *, at, note):
    _link, case = family_of(report)
    actions.reject(case=case, report=report, note=note, at=at)


def _rate(report, *, at, **rating):
    _link, case = family_of(report)
    actions.rate(case=case, report=report, at=at, **rating)


def _revoke(report, *, at):
    link, _case = family_of(report)
    actions.revoke_link(case=link.case, report=report, actor=None, at=at)


# By verb of the address: the form's name and class, what is done, what is said then.
_VERBS = {
    "add_facts": ("facts", FactsForm, _add_facts, N_("已经补充，办理的人会看到。")),
    "withdraw": ("", None, _withdraw, N_("已经撤回。谢谢您告诉我们。")),
    "confirm": ("", None, _confirm, N_("谢谢您的认可。")),
    "reject": ("reject", RejectForm, _reject, N_("已经重新立案，会再派人办理。")),
    "rate": ("rate", RateForm, _rate, N_("谢谢您的评价。")),
    "revoke": ("", None, _revoke, N_("查询链接已经停用，任何人都打不开了。")),
}


@require_GET
@private
def track_photo(request: HttpRequest, report: Report, token: str, which: str) -> HttpResponse:
    """Show a picture of the tracking page: the reporter's own, or one of the result."""
    return send_picture(picture_file(report, which), small="small" in request.GET)


def send_picture(file: str | None, *, small: bool) -> FileResponse:
    """Answer with a stored picture; whoever calls has checked that it may be seen."""
    path = settings.MEDIA_ROOT / (thumb_of(file) if small else file) if file else None
    if path is not None and not path.is_file() and small:
        path = settings.MEDIA_ROOT / file
    if path is None or not path.is_file():
        raise Http404
    response = FileResponse(path.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def find_report(request: HttpRequest) -> HttpResponse:
    """Say how to follow a report; POST opens it by its number and the end of the phone number."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            token = find(**form.cleaned_data, sender=doors.sender_of(request, at=at).address, at=at)
        except TooManyReports as refusal:
            form.add_error(None, say(refusal))
        else:
            if token:
                return redirect("track", token=token)
            form.add_error(
                None, _("没有找到。请核对编号和电话后四位；没有留电话的，只能用查询链接打开。")
            )
    context = {"form": form}
    return render(request, "residents/find.html", context, status=422 if form.errors else 200)


_NOT_FOUND = N_("没有找到。请核对编号和电话后四位；没有留电话的，只能用查询链接打开。")
