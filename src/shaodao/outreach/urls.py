"""Addresses of the outreach pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.announcements, name="announcements"),
    path("new/", views.announcement_new, name="announcement_new"),
    path("<int:pk>/", views.announcement, name="announcement"),
    path("<int:pk>/calls/", views.announcement_calls, name="announcement_calls"),
    path("<int:pk>/<name>/", views.announcement_move, name="announcement_move"),
    path("calls/", views.calls, name="calls"),
    path("calls/<int:pk>/", views.call_mark, name="call_mark"),
    path("calls/<int:pk>/phone/", views.call_phone, name="call_phone"),
    path("told/<str:token>/", views.told, name="told"),
    path("households/<int:pk>/phone/", views.door_phone, name="door_phone"),
    path("visits/", views.visits, name="visits"),
    path("visits/new/", views.visit_new, name="visit_new"),
    path("visits/<int:pk>/", views.visit_mark, name="visit_mark"),
    path("rounds/", views.round_plan, name="round_plan"),
    path("rounds/<str:day>/", views.round_page, name="round"),
    path("rounds/<str:day>/print/", views.round_sheet, name="round_sheet"),
]
