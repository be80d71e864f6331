"""Addresses of the people pages."""

from django.conf import settings
from django.urls import include, path

from . import views

urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("start/", views.start, name="start"),
    path("me/", views.account, name="account"),
    path("password/", views.password, name="password"),
    path("second-factor/", views.second_factor, name="second_factor"),
    path("second-factor/setup/", views.second_factor_setup, name="second_factor_setup"),
    path("", views.people, name="people"),
    path("new/", views.person_new, name="person_new"),
    path("<int:pk>/", views.person, name="person"),
    path("<int:pk>/appoint/", views.appoint, name="appoint"),
    path("<int:pk>/<slug:name>/", views.person_do, name="person_do"),
    path("posts/<int:pk>/end/", views.post_end, name="post_end"),
    path("units/", views.units, name="units"),
    path("units/<int:pk>/", views.unit, name="unit"),
    path("audit/", views.audit, name="audit"),
]
if settings.OIDC_RP_CLIENT_ID:
    urlpatterns.append(path("oidc/", include("mozilla_django_oidc.urls")))
