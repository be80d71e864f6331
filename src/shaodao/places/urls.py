"""Addresses of the places pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("tiles/base/<int:z>/<int:x>/<int:y>.mvt", views.base_tile, name="base_tile"),
    path("tiles/grids/<int:z>/<int:x>/<int:y>.mvt", views.grid_tile, name="grid_tile"),
    path("households/", views.my_households, name="my_households"),
    path("grids/", views.grids, name="grids"),
    path("grids/<str:code>/", views.grid, name="grid"),
    path("grids/<str:code>/card/", views.grid_card_sheet, name="grid_card_sheet"),
    path("grids/<str:code>/card.svg", views.grid_card, {"kind": "svg"}, name="grid_card"),
    path("grids/<str:code>/card.png", views.grid_card, {"kind": "png"}, name="grid_card_png"),
]
