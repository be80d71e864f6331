"""Placeholder."""

from django.contrib.auth.backends import BaseBackend


class StaffBackend(BaseBackend):
    """."""
