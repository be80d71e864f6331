"""Addresses of the notices pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("read/", views.mark_read, name="mark_read"),
    path("<int:pk>/open/", views.open_notice, name="open_notice"),
    path("outgoing/", views.outgoing, name="outgoing"),
]
