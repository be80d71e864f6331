"""Writing what a county starts with, and the sample town. The only code of this app that writes."""

from .loading import is_settled, load
from .settling import settle
from .starting import load_defaults

__all__ = ["is_settled", "load", "load_defaults", "settle"]
