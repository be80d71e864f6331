"""Getting in and out, and being kept out."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from shaodao.people.models import (
    User,
)
from shaodao.people.queries import number

from .recording import record_own


def log_in(*, username: str, password: str, at: datetime) -> User | None:
    """Return the account that `username` (or a phone number) and `password` open, or None.

    Failures in a row lock the account for a while. An unknown name costs the same hashing as a
    known one, so that the time it takes does not tell them apart.
    """
    found = User.objects.filter(Q(username=username) | Q(phone=username)).first()
    if found is None:
        make_password(password)
        return None
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=found.pk)
        is_right = user.check_password(password)
        if not user.is_active or (user.locked_until is not None and user.locked_until > at):
            return None
        if not is_right:
            _count_failure(user, at=at)
            return None
        return _let_in(user, by="password", at=at)


@transaction.atomic
def log_in_from_outside(*, user: User, at: datetime) -> User | None:
    """Let in a person an identity provider vouches for, unless the account is stopped or locked."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active or (user.locked_until is not None and user.locked_until > at):
        return None
    return _let_in(user, by="oidc", at=at)


def _let_in(user: User, *, by: str, at: datetime) -> User:
    user.failed_logins, user.locked_until = 0, None
    user.save(update_fields=["failed_logins", "locked_until"])
    record_own(user, "log_in", at=at, facts={"by": by})
    return user


def _count_failure(user: User, *, at: datetime) -> None:
    on = timezone.localdate(at)
    user.failed_logins += 1
    record_own(user, "log_in_refused", at=at, facts={"n": user.failed_logins})
    if user.failed_logins >= number("login_attempts", on=on):
        minutes = number("lock_minutes", on=on)
        user.failed_logins, user.locked_until = 0, at + timedelta(minutes=minutes)
        record_own(user, "lock_out", at=at, facts={"minutes": minutes})
    user.save(update_fields=["failed_logins", "locked_until"])


def log_out(*, user: User, at: datetime) -> None:
    """Write down that a person logged out."""
    record_own(user, "log_out", at=at, facts={})
