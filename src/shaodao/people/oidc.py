"""Who a member of staff is: by the word of an identity provider. Loaded only where configured.

It opens accounts that exist; an identity nobody made an account for is refused, not given one.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from . import actions
from .models import User


class OIDCBackend(OIDCAuthenticationBackend):
    """The kept library's code flow, with our own answer to whom a set of claims belongs."""

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the claims name anybody."""
        return bool(claims.get(settings.OIDC_CLAIM))

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> QuerySet[User]:
        """Return the account whose user name or phone the configured claim holds."""
        name = str(claims.get(settings.OIDC_CLAIM) or "")
        if not name:
            return User.objects.none()
        return User.objects.filter(Q(username=name) | Q(phone=name), is_active=True)

    def create_user(self, claims: Mapping[str, Any]) -> None:
        """Make no account: an administrator does that, with a reason."""
        return None

    def update_user(self, user: User, claims: Mapping[str, Any]) -> User | None:
        """Let the person in, unless the account is stopped or locked; copy nothing."""
        return actions.log_in_from_outside(user=user, at=timezone.now())

    def get_user(self, user_id: int) -> User | None:
        """Return the account of a session; none once it is stopped, which ends the session."""
        return User.objects.filter(pk=user_id, is_active=True).first()
