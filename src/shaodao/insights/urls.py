"""Addresses of the figures."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.figures, name="figures"),
    path("grid/<str:code>/", views.grid_figures, name="grid_figures"),
    path("<slug:slug>/", views.figure, name="figure"),
]
