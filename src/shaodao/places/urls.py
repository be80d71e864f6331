"""Addresses of the places pages."""

from django.urls import path, re_path

from .views import changes, compounds, coverage, grids, imports

urlpatterns = [
    path("tiles/base/<int:z>/<int:x>/<int:y>.mvt", grids.base_tile, name="base_tile"),
    path("tiles/grids/<int:z>/<int:x>/<int:y>.mvt", grids.grid_tile, name="grid_tile"),
    path("households/", grids.my_households, name="my_households"),
    path("grids/", grids.grids, name="grids"),
    path("grids/<str:code>/", grids.grid, name="grid"),
    path("grids/<str:code>/card/", grids.grid_card_sheet, name="grid_card_sheet"),
    path("grids/<str:code>/card.svg", grids.grid_card, {"kind": "svg"}, name="grid_card"),
    path("grids/<str:code>/card.png", grids.grid_card, {"kind": "png"}, name="grid_card_png"),
    path("grids/<str:code>/change/", changes.grid_change, name="grid_change"),
    path("changes/", changes.grid_changes, name="grid_changes"),
    path("changes/<int:pk>/cancel/", changes.grid_change_cancel, name="grid_change_cancel"),
    path("compounds/", compounds.compounds, name="compounds"),
    path("compounds/<int:pk>/", compounds.compound, name="compound"),
    path("communities/", compounds.communities_page, name="communities"),
    path("communities/<str:code>/", compounds.community, name="community"),
    path("buildings/<int:pk>/chief/", compounds.building_chief, name="building_chief"),
    path("coverage/", coverage.coverage, name="coverage"),
    path("registers/", imports.registers, name="registers"),
    path("registers/<str:code>/upload/", imports.register_upload, name="register_upload"),
    path("registers/<str:code>/template.xlsx", imports.register_template, name="register_template"),
    re_path(
        r"^registers/(?P<code>\w+)/export\.(?P<kind>xlsx|csv)$",
        imports.register_export,
        name="register_export",
    ),
    path("imports/<int:pk>/", imports.import_page, name="import"),
    path("imports/<int:pk>/<str:verb>/", imports.import_do, name="import_do"),
]
