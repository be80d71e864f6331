"""Addresses of the pages of sites."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.sites, name="sites"),
    path("new/", views.site_new, name="site_new"),
    path("<int:pk>/", views.site, name="site"),
    path("<int:pk>/edit/", views.site_edit, name="site_edit"),
    path("<int:pk>/solve/", views.site_solve, name="site_solve"),
    path("<int:pk>/cases/", views.site_link, name="site_link"),
    path("<int:pk>/cases/<int:case>/take/", views.site_unlink, name="site_unlink"),
    path("<int:pk>/<slug:name>/", views.site_move, name="site_move"),
]
