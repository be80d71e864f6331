"""Addresses of the people pages."""

from django.conf import settings
from django.urls import include, path

from .views import accounts, entering, journal, own, units

urlpatterns = [
    path("login/", entering.login, name="login"),
    path("logout/", entering.logout, name="logout"),
    path("start/", entering.start, name="start"),
    path("me/", own.account, name="account"),
    path("password/", own.password, name="password"),
    path("second-factor/", own.second_factor, name="second_factor"),
    path("second-factor/setup/", own.second_factor_setup, name="second_factor_setup"),
    path("", accounts.people, name="people"),
    path("new/", accounts.person_new, name="person_new"),
    path("<int:pk>/", accounts.person, name="person"),
    path("<int:pk>/appoint/", accounts.appoint, name="appoint"),
    path("<int:pk>/<slug:name>/", accounts.person_do, name="person_do"),
    path("posts/<int:pk>/end/", accounts.post_end, name="post_end"),
    path("posts/<int:pk>/street/", accounts.post_officer, name="post_officer"),
    path("posts/<int:pk>/recall/", accounts.officer_recall, name="officer_recall"),
    path("units/", units.units, name="units"),
    path("units/<int:pk>/", units.unit, name="unit"),
    path("audit/", journal.audit, name="audit"),
]
if settings.OIDC_RP_CLIENT_ID:
    urlpatterns.append(path("oidc/", include("mozilla_django_oidc.urls")))
