"""Addresses of the drawing pages."""

from django.urls import path

from .views import drafts, net, villages

urlpatterns = [
    path("", villages.drawings, name="drawings"),
    path("villages/<int:pk>/", villages.village, name="draw_village"),
    path("drafts/<int:pk>/", drafts.draft, name="drawing"),
    path("drafts/<int:pk>/lists/<int:n>/", drafts.homes, name="drawing_homes"),
    path("drafts/<int:pk>/changes/", drafts.changes, name="drawing_changes"),
    path("drafts/<int:pk>/effect/", drafts.effect, name="drawing_effect"),
    path("drafts/<int:pk>/adopt/", drafts.adopt, name="adopt_drawing"),
    path("drafts/<int:pk>/<slug:verb>/", drafts.change, name="change_drawing"),
    path("net/", net.net, name="net"),
    path("net/<int:pk>/", net.area, name="net_area"),
]
