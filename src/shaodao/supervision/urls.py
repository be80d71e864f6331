"""Addresses of the supervision pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.supervisions, name="supervisions"),
    path("of/<int:case>/", views.supervise, name="supervise"),
    path("<int:pk>/", views.supervision, name="supervision"),
    path("<int:pk>/sheet.pdf", views.supervision_sheet, name="supervision_sheet"),
    path("<int:pk>/<slug:name>/", views.supervision_move, name="supervision_move"),
]
