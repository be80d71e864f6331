"""Writing what a county starts with, and the sample town. The only code of this app that writes."""

from .settling import settle
from .starting import load_defaults

__all__ = ["load_defaults", "settle"]
