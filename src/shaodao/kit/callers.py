"""Where a request comes from, as far as a rate limit needs to know."""

import hashlib
import hmac
from datetime import date

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address a request comes from; behind our proxy, the one the proxy saw."""
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if settings.BEHIND_PROXY and hops[-1].strip():
        return hops[-1].strip()
    return request.META.get("REMOTE_ADDR", "")


def address_digest(request: HttpRequest, *, on: date) -> str:
    """Return a digest of an address that changes with the day: enough to count, not to find."""
    text = f"{on.isoformat()}:{client_address(request)}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()
