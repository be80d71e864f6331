"""Addresses of the cases pages."""

from django.urls import path

from .views import page, tiles

urlpatterns = [
    path("tiles/<int:z>/<int:x>/<int:y>.mvt", tiles.case_tile, name="case_tile"),
    path("<int:pk>/", page.case, name="case"),
    path("<int:pk>/release/", page.release, name="release"),
    path("<int:pk>/conceal/", page.conceal, name="conceal"),
    path("<int:pk>/unmask/<int:report>/", page.unmask, name="unmask"),
    path("<int:pk>/photo/<kind>/<int:photo>/", page.case_photo, name="case_photo"),
    path("<int:pk>/approvals/<int:approval>/", page.approval_decide, name="approval_decide"),
    path("<int:pk>/ask/<name>/", page.case_ask, name="case_ask"),
    path("<int:pk>/<name>/", page.case_move, name="case_move"),
]
