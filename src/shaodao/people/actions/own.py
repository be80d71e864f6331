"""What people do to their own account: the password, the second factor."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from shaodao.cores.wording import N_
from shaodao.people.models import User, roles_of
from shaodao.people.policy import SECOND_FACTOR_ROLES, AccountRefused

from .recording import record_own


@transaction.atomic
def change_password(*, user: User, old: str, new: str, at: datetime) -> User:
    """Give one's own account a new password.

    :raises AccountRefused: if the old one is wrong or the new one too weak, naming every reason.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.check_password(old):
        raise AccountRefused(N_("原密码不对"))
    if old == new:
        raise AccountRefused(N_("新密码不能与原密码相同"))
    _check_strength(new, user)
    user.set_password(new)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record_own(user, "change_password", at=at, facts={})
    return user


@transaction.atomic
def change_email(*, user: User, email: str, at: datetime) -> User:
    """Keep the address one's own messages go to; '' for none. The journal holds no address."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.email != email:
        user.email = email
        user.save(update_fields=["email"])
        record_own(user, "change_email", at=at, facts={})
    return user


def _check_strength(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as weakness:
        raise AccountRefused(N_("{reasons}"), reasons=" ".join(weakness.messages)) from weakness


@transaction.atomic
def begin_second_factor(*, user: User) -> TOTPDevice:
    """Return the authenticator a person is about to set up, with its secret.

    :raises AccountRefused: if one is set up already; only a security administrator takes it away.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if TOTPDevice.objects.filter(user=user, confirmed=True).exists():
        raise AccountRefused(N_("动态口令已经启用；换手机请找安全管理员重置"))
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, name="totp")
    return device


@transaction.atomic
def confirm_second_factor(*, user: User, token: str, at: datetime) -> TOTPDevice:
    """Put the authenticator in force once it has shown a right token.

    :raises AccountRefused: if the token is wrong, or none is being set up.
    """
    device = (
        TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    )  # fmt: skip
    if device is None or not device.verify_token(token):
        raise AccountRefused(N_("动态口令不对，请核对手机时间后再试"))
    device.confirmed = True
    device.save()
    record_own(user, "set_second_factor", at=at, facts={"device": device.pk})
    return device


def show_second_factor(*, user: User, token: str, at: datetime) -> TOTPDevice:
    """Return the authenticator a right token was shown from; wrong ones slow the next try down.

    :raises AccountRefused: if the token is wrong or tried too soon after a wrong one.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is not None and device.verify_token(token):
            return device
        if device is not None:
            record_own(user, "second_factor_refused", at=at, facts={"device": device.pk})
    raise AccountRefused(N_("动态口令不对；连错几次要等一会儿再试"))


def needs_second_factor(user) -> bool:
    """Tell whether a person's posts demand a second factor (GB/T 22239, level three)."""
    return bool(roles_of(user) & SECOND_FACTOR_ROLES)
