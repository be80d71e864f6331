"""Addresses of the residents pages."""

urlpatterns: list = []
