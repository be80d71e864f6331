"""Addresses of the people pages."""

urlpatterns: list = []
