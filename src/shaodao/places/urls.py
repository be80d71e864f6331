"""Addresses of the places pages."""

urlpatterns: list = []
