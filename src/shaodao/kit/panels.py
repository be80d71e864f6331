"""A part of a page that another app fills: a template, and what it shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Panel:
    """A part of somebody else's page. The page adds its own `at` and the request."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    is_aside: bool = False  # in the narrow column beside the matter
