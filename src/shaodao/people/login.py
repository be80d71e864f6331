"""Who a member of staff is: by user name or phone and a password."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from django.utils import timezone

from . import actions
from .models import User


class StaffBackend(BaseBackend):
    """Django's door to `actions.log_in`."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
    ) -> User | None:
        """Return the account that user name (or phone) and password open, or None."""
        if not username or not password:
            return None
        return actions.log_in(username=username, password=password, at=timezone.now())

    def get_user(self, user_id: int) -> User | None:
        """Return the account of a session; none once it is stopped, which ends the session."""
        return User.objects.filter(pk=user_id, is_active=True).first()
