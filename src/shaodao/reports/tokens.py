"""The private link to follow a report with: unguessable, revocable, the same on a retry."""

import base64
import hashlib
import hmac
from uuid import UUID

from django.conf import settings

from .models import Report


def make_token(key: UUID) -> str:
    """Return the tracking token of the report with this key; the same for every repeat."""
    mac = hmac.new(settings.SECRET_KEY.encode(), b"track:" + key.bytes, hashlib.sha256)
    return base64.urlsafe_b64encode(mac.digest()[:24]).decode()


def digest_of(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def token_of(report: Report) -> str:
    """Return the token of a report whose link has not been revoked."""
    return make_token(report.key)


def find(token: str) -> Report | None:
    """Return the report a tracking token opens, or None."""
    return Report.objects.filter(token_digest=digest_of(token)).first()
