"""What surrounds every page: its line in the log, its headers, and the session of staff."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib import auth, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp import user_has_device

from shaodao.kit.versions import one_look
from shaodao.people.actions import needs_second_factor
from shaodao.people.models import roles_of
from shaodao.people.policy import THREE_ADMINISTRATORS
from shaodao.people.queries import number

GetResponse = Callable[[HttpRequest], HttpResponse]

# MapLibre starts its worker from a blob; everything else comes from this host.
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:{basemap}; connect-src 'self'{basemap}; "
    "worker-src 'self' blob:; child-src blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_REQUEST_ID = re.compile(r"[\w-]{8,64}")
_log = structlog.get_logger("shaodao.http")


def request_log(get_response: GetResponse) -> GetResponse:
    """Write a line for each request: its id, route, status and duration; no path, no query.

    A path may hold a tracking token and a query a name, so the line has the pattern of the route.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = get_response(request)
        response["X-Request-ID"] = request_id
        match = request.resolver_match
        user = getattr(request, "_cached_user", None)  # whoever a view has asked for
        _log.info(
            "shaodao.http.answered",
            method=request.method,
            route=match.route if match else "",
            status=response.status_code,
            ms=round(1000 * (time.perf_counter() - began), 1),
            user=user.pk if user is not None else None,
        )
        return response

    return middleware


# Words are worth compressing; pictures, fonts and map tiles are compressed already.
_WORDS = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


def compressed(get_response: GetResponse) -> GetResponse:
    """Compress words where no proxy in front does it: a village's line is slow."""
    gzip = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.headers.get("Content-Type", "").startswith(_WORDS):
            return gzip.process_response(request, response)
        return response

    return middleware


def security_headers(get_response: GetResponse) -> GetResponse:
    """Add the content security policy and the permissions a report page asks for."""
    parts = urlsplit(settings.BASEMAP_URL)
    policy = _POLICY.format(basemap=f" {parts.scheme}://{parts.netloc}" if parts.netloc else "")

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Content-Security-Policy", policy)
        response.setdefault("Permissions-Policy", "camera=(self), geolocation=(self)")
        return response

    return middleware


# Pages that belong to nobody's post, and those where a half-open session is completed.
_FOR_ANYONE = (
    "shaodao.residents.",
    "shaodao.kit.",
    "shaodao.config.",
    "shaodao.workforce.views.public",
)
_HALF_OPEN = frozenset({"login", "logout", "password", "second_factor", "second_factor_setup"})
# All that people may open who hold administrators' posts only: accounts and rules, never a case.
_FOR_ADMINISTRATORS = (
    "shaodao.people.",
    "shaodao.notices.",
    "shaodao.cases.views.configuration",
    "shaodao.cases.views.duty",
    "shaodao.workforce.views.configuration",
    "shaodao.workforce.views.appointing",
    "shaodao.whistles.views.rules",
    "shaodao.places.views.imports",
    "shaodao.places.views.changes",
    "shaodao.places.views.coverage",
)
_OPEN = frozenset({"base_tile", "grid_tile", "told"})  # public: maps, and a household's own link
_NOTED = timedelta(minutes=1)  # how exactly a session knows when it was last used


def staff_session(get_response: GetResponse) -> GetResponse:
    """End sessions that are idle or a working day old; hold back what is not complete.

    A session is complete when the password is its owner's own, and, for administrators, a second
    factor was shown. Administrators are kept to accounts and rules. Whoever comes without a session
    costs nothing here.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(request, "htmx", False) and response.status_code == 302 and _leads_in(response):
            # A fragment cannot hold the log-in page: the whole page goes there.
            return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
        return response

    def process_view(request: HttpRequest, view, args, kwargs) -> HttpResponse | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if view.__module__.startswith(_FOR_ANYONE) or not request.user.is_authenticated:
            return None
        at = timezone.now()
        if _is_over(request, at=at):
            auth.logout(request)
            messages.info(request, _("太久没有操作，请重新登录"))
            return redirect(f"{_url('login')}?next={request.path}")
        if request.resolver_match.url_name in _HALF_OPEN:
            return None
        if missing := _missing(request):
            return redirect(missing)
        roles = roles_of(request.user)
        if roles and roles <= THREE_ADMINISTRATORS:
            _keep_to_administration(request, view)
        return None

    middleware.process_view = process_view
    return middleware


def _url(name: str) -> str:
    return redirect(name)["Location"]


def _leads_in(response: HttpResponse) -> bool:
    return response["Location"].startswith(tuple(_url(name) for name in _HALF_OPEN))


def _is_over(request: HttpRequest, *, at: datetime) -> bool:
    """Tell whether the session is too old or was idle too long, and note that it is used."""
    session, now = request.session, int(at.timestamp())
    began, seen = session.get("began", now), session.get("seen", now)
    idle_minutes = number("idle_minutes", on=timezone.localdate(at))
    if now - began > settings.SESSION_COOKIE_AGE or now - seen > 60 * idle_minutes:
        return True
    if "began" not in session or now - seen > _NOTED.total_seconds():
        session["began"], session["seen"] = began, now
    return False


def _keep_to_administration(request: HttpRequest, view: Callable[..., HttpResponse]) -> None:
    is_map = request.resolver_match.url_name in _OPEN
    if not is_map and not view.__module__.startswith(_FOR_ADMINISTRATORS):
        raise PermissionDenied


def _missing(request: HttpRequest) -> str:
    """Return the page that completes the session; '' for a complete one."""
    if request.user.must_change_password:
        return "password"
    if needs_second_factor(request.user) and not request.user.is_verified():
        return "second_factor" if user_has_device(request.user) else "second_factor_setup"
    return ""


def rules_once(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Let a page look once at the versions of the rows a county configures."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with one_look():
            return get_response(request)

    return middleware
