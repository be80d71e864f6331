"""What every template knows: how the reader wants the page, and where the reader can go."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from . import navigation

THEMES = ("auto", "light", "dark", "contrast")
SIZES = ("normal", "large")
THEME_COOKIE = "shaodao_theme"
SIZE_COOKIE = "shaodao_size"


def _one_of(value: str | None, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def page(request: HttpRequest) -> dict[str, Any]:
    """Return theme, size and language of the page, the navigation, and the demo and map settings.

    The navigation is worked out only where a template uses it: a resident's page asks no session.
    """

    def links(table: tuple[navigation.Place, ...]) -> list[navigation.Link]:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        return navigation.links(table, user=user, path=request.path)

    return {
        "theme": _one_of(request.COOKIES.get(THEME_COOKIE), THEMES),
        "size": _one_of(request.COOKIES.get(SIZE_COOKIE), SIZES),
        "html_lang": "en" if (get_language() or "").startswith("en") else "zh-Hans",
        "nav": SimpleLazyObject(lambda: links(navigation.STAFF)),
        "resident_nav": SimpleLazyObject(
            lambda: navigation.links(navigation.RESIDENT, user=None, path=request.path)
        ),
        "worker_nav": SimpleLazyObject(lambda: links(navigation.WORKER)),
        "demo": settings.DEMO,
        "basemap_url": settings.BASEMAP_URL,
        "basemap_attribution": settings.BASEMAP_ATTRIBUTION,
    }
