"""The URL table. Every name in it has a rule in tests/system/test_access.py."""

from django.urls import include, path

from . import health

urlpatterns = [
    path("health", health.health, name="health"),
    path("robots.txt", health.robots, name="robots"),
    path("", include("shaodao.residents.urls")),
    path("accounts/", include("shaodao.people.urls")),
    path("places/", include("shaodao.places.urls")),
    path("notices/", include("shaodao.notices.urls")),
    path("cases/", include("shaodao.cases.urls")),
    path("supervision/", include("shaodao.supervision.urls")),
    path("sites/", include("shaodao.sites.urls")),
    path("", include("shaodao.workforce.urls")),
    path("whistles/", include("shaodao.whistles.urls")),
    path("outreach/", include("shaodao.outreach.urls")),
    path("drawing/", include("shaodao.drawing.urls")),
    path("figures/", include("shaodao.insights.urls")),
    path("kit/", include("shaodao.kit.urls")),
]
