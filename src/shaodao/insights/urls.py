"""Addresses of the insights pages."""

urlpatterns: list = []
