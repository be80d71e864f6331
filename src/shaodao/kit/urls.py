"""The kit's own pages."""

from django.urls import path

from . import views

urlpatterns = [
    path("design/", views.design, name="design"),
    path("preferences/", views.preferences, name="preferences"),
]
