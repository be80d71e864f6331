"""The report page: what is wrong, where, whom to call back. It works without JavaScript."""

from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shaodao.cases.actions import take_in, take_in_together
from shaodao.kit.images import thumb_of
from shaodao.kit.wording import say
from shaodao.reports.actions import Arrival, count_try
from shaodao.reports.policy import PlaceBy, ReportRefused, TooManyReports
from shaodao.reports.queries import limits_on, report_with
from shaodao.reports.tokens import token_of
from shaodao.residents import doors
from shaodao.residents.queries import choosing, showing
from shaodao.whistles.actions import whistle_for_resident
from shaodao.whistles.rules import residents_may

YEAR = 365 * 24 * 3600  # seconds


@cache_control(private=True, no_cache=True)
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, code: str = "") -> HttpResponse:
    """GET shows the form; POST takes the report in, or says what is missing and keeps the rest."""
    card = choosing.grid_with(code) if code else None
    if code and card is None:
        raise Http404
    if request.method != "POST":
        with transaction.atomic():  # reads the versions of configured rows once
            return _page(request, doors.read(request, card=card, key=uuid4()))
    filled = doors.read(request, card=card)
    if not _goes_straight_in(request, filled):  # what does, take_in itself knows again
        known = report_with(filled.form.cleaned_data.get("key") or uuid4())
        if known is not None:
            return _taken(request, known)
    try:
        return _receive(request, filled)
    except ReportRefused as refusal:
        filled.form.add_error(_FIELDS.get(refusal.field, refusal.field) or None, say(refusal))
        return _page(request, filled, status=429 if isinstance(refusal, TooManyReports) else 422)


def _goes_straight_in(request: HttpRequest, filled: doors.Filled) -> bool:
    """Tell whether nothing stands between a form and the office: no error, picture or question."""
    return _wants_json(request) and not filled.form.errors and not request.FILES


# Where the page shows what reports.actions refuses.
_FIELDS = {"place": "address"}


def _receive(request: HttpRequest, filled: doors.Filled) -> HttpResponse:
    at = timezone.now()
    sender = doors.sender_of(request, at=at)
    if not (_wants_json(request) and filled.form.errors):  # a script keeps the pictures itself
        _store(request, filled, sender, at=at)
    if "step" in request.POST:
        filled.form.errors.clear()
        return _page(request, filled)
    if filled.form.errors:
        return _page(request, filled, status=422)
    if not _wants_json(request) and _needs_a_look(request, filled):
        filled.ask = True
        return _page(request, filled)
    said = doors.said_in(filled, at=at)
    who = {"device": sender.device, "address": sender.address}
    if filled.joined:
        taken = take_in(said=said, actor=None, at=at, join=filled.joined.case, **who)
    else:
        taken = take_in_together(Arrival(said, at=at, **who))
    if filled.form.cleaned_data["whistle"] and taken.is_new:
        whistle_for_resident(case=taken.case, report=taken.report, at=at)
    response = _taken(request, taken.report)
    response.set_cookie(
        doors.DEVICE_COOKIE, sender.cookie, YEAR, httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


def _store(request: HttpRequest, filled: doors.Filled, sender: doors.Sender, *, at) -> None:
    """Store the pictures of a form, so that an error elsewhere does not lose them."""
    uploads, key = request.FILES.getlist("photos"), filled.form.cleaned_data.get("key")
    if not uploads or key is None:
        return
    day = timezone.localdate(at)
    limits = limits_on(day)
    count_try(sender=f"p{sender.address}", most=limits.per_address_hour, at=at)
    stored = doors.store_all(uploads, key, kept=filled.kept, limits=limits, on=day)
    filled.kept = stored.kept
    if filled.where.place == PlaceBy.NONE:
        filled.offered = stored.position
    for refusal in stored.refusals:
        filled.form.add_error("photos", refusal)


def _needs_a_look(request: HttpRequest, filled: doors.Filled) -> bool:
    """Tell whether there is something to look at first: whom to call, the same matter, a place."""
    if "looked" in request.POST:
        return False
    unsure = filled.where.suggested and not filled.where.building and "building" not in request.POST
    near = filled.near if "join" not in request.POST else ()
    return bool(unsure or near or filled.emergencies)


def _taken(request: HttpRequest, known) -> HttpResponse:
    """Answer with the number and the private link; a revoked link is not given out again."""
    link = known.token_digest is not None
    url = reverse("track", args=[token_of(known)]) + "?sent=1" if link else reverse("find_report")
    if _wants_json(request):
        return JsonResponse({"number": known.number, "url": url})
    return redirect(url)


def _page(request: HttpRequest, filled: doors.Filled, *, status: int = 200) -> HttpResponse:
    if _wants_json(request):
        errors = {name: list(texts) for name, texts in filled.form.errors.items()}
        return JsonResponse({"errors": {n.replace("__all__", ""): t for n, t in errors.items()}},
                            status=status if errors else 422)  # fmt: skip
    context = {
        "filled": filled,
        "form": filled.form,
        "pictures": showing.pictures(),
        "view": choosing.view_of(filled.card),
        "limits": limits_on(timezone.localdate()),
        "may_whistle": residents_may(filled.where.area, on=timezone.localdate()),
        "is_insecure": not request.is_secure() and not _is_local(request),
    }
    return render(request, "residents/report.html", context, status=status)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _is_local(request: HttpRequest) -> bool:
    return request.get_host().partition(":")[0] in {"localhost", "127.0.0.1", "[::1]"}


@require_POST
@transaction.atomic  # reads the versions of configured rows once
def around(request: HttpRequest) -> HttpResponse:
    """Show what to look at before sending, for a form as it stands; nothing is written."""
    code = request.POST.get("card", "")
    filled = doors.read(request, card=choosing.grid_with(code) if code else None)
    part = {"lists": "lists", "suggestions": "suggestions"}.get(
        request.POST.get("part", ""), "look"
    )
    return render(request, f"residents/report.html#{part}", {"filled": filled, "form": filled.form})


@require_GET
def suggest(request: HttpRequest) -> JsonResponse:
    """Answer with the buildings whose address fits what was typed."""
    rows = choosing.suggestions(request.GET.get("q", "")[:120])
    found = [{"id": row.pk, "address": row.address, "lon": row.lon, "lat": row.lat} for row in rows]
    return JsonResponse({"buildings": found})


@require_GET
def kept_photo(request: HttpRequest, token: str) -> FileResponse:
    """Show a picture that is stored and not yet sent, to whoever sent it."""
    file = doors.kept_file(token)
    path = settings.MEDIA_ROOT / thumb_of(file) if file else None
    if path is None or not path.is_file():
        raise Http404(_("照片已经清除"))
    response = FileResponse(path.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    return response
