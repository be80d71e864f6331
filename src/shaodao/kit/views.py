"""The pages of the kit itself: how a reader wants to read, and the design system shown live."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST

from . import context, specimens

_YEAR = 365 * 24 * 3600  # seconds
_MAY_BE_SET = {
    "theme": (context.THEME_COOKIE, context.THEMES),
    "size": (context.SIZE_COOKIE, context.SIZES),
}


def _way_back(request: HttpRequest) -> str:
    url = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else "/"


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the reader's theme, text size and language in cookies and go back."""
    response = redirect(_way_back(request))
    wanted = [
        (cookie, request.POST[name])
        for name, (cookie, known) in _MAY_BE_SET.items()
        if request.POST.get(name) in known
    ]
    language = request.POST.get("language", "")
    if language and check_for_language(language) and language in dict(settings.LANGUAGES):
        wanted.append((settings.LANGUAGE_COOKIE_NAME, language))
    for cookie, value in wanted:
        response.set_cookie(
            cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
        )
    return response


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """Show the design system with every part of it alive."""
    return render(request, "kit/design.html", specimens.all_parts(at=timezone.now()))
