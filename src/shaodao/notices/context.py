"""What the frame of every staff page knows of the mailbox."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .queries import MOST_COUNTED, n_unread


def unread(request: HttpRequest) -> dict[str, Any]:
    """Return how many notices wait, as the bell says it; counted only where a template asks."""

    def said() -> str:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return ""
        n = n_unread(user)
        return f"{MOST_COUNTED}+" if n > MOST_COUNTED else str(n or "")

    return {"n_unread": SimpleLazyObject(said)}
