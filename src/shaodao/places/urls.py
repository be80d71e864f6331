"""Addresses of the places pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("tiles/base/<int:z>/<int:x>/<int:y>.mvt", views.base_tile, name="base_tile"),
    path("tiles/grids/<int:z>/<int:x>/<int:y>.mvt", views.grid_tile, name="grid_tile"),
]
