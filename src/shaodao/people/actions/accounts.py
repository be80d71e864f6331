"""Making accounts, stopping them and opening them again; with a reason."""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from shaodao.cores.wording import N_
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import (
    THREE_ADMINISTRATORS,
    AccountRefused,
    Duty,
    Level,
    Role,
    check_post,
)

from .duties import check_actor, locked, record_of
from .recording import record

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken on paper


@transaction.atomic
def create_user(
    *,
    username: str,
    name: str,
    unit: Unit,
    actor: User,
    at: datetime,
    why: str,
    phone: str = "",
    work_phone: str = "",
) -> tuple[User, str]:
    """Make an account kept by `unit` and return it with a first password, shown this once.

    :raises AccountRefused: if the actor may not, or the user name or phone is taken.
    """
    check_actor(Duty.CREATE, actor=actor, unit=unit)
    taken = Q(username__in=[username, phone or username]) | Q(phone__in=[username, phone or None])
    if User.objects.filter(taken).exists():
        raise AccountRefused(N_("这个用户名或手机号已经有账号"))
    password = _first_password()
    user = User(
        username=username,
        name=name,
        phone=phone or None,
        work_phone=work_phone,
        kept_by=unit,
        must_change_password=True,
    )
    user.set_password(password)
    user.save(force_insert=True)
    record_of(user, Duty.CREATE, actor=actor, at=at, why=why, facts={"unit": unit.pk})
    return user, password


@transaction.atomic
def found_administrator(
    *, username: str, name: str, unit: Unit, role: Role, at: datetime
) -> tuple[User, str]:
    """Make the first administrator of an area, whom no administrator could make.

    :raises AccountRefused: if the area has one already, or the user name is taken.
    :raises PostRefused: if the role is not held at that tier.
    """
    Unit.objects.select_for_update().get(pk=unit.pk)
    if role not in THREE_ADMINISTRATORS:
        raise AccountRefused(N_("只用来设立第一位系统、安全、审计管理员"))
    check_post(role, Level(unit.level))
    held = Post.objects.in_force().filter(role=role, unit__in=unit.ancestor_ids)
    if held.filter(user__is_active=True).exists():
        raise AccountRefused(N_("这里已经有这种管理员，请由管理员在页面上办理"))
    if User.objects.filter(username=username).exists():
        raise AccountRefused(N_("这个用户名或手机号已经有账号"))
    password = _first_password()
    user = User(username=username, name=name, kept_by=unit, must_change_password=True)
    user.set_password(password)
    user.save(force_insert=True)
    since = timezone.localdate(at)
    post = Post.objects.create(user=user, unit=unit, role=role.value, since=since)
    facts = {"post": post.pk, "unit": unit.pk, "role": role.value, "since": since.isoformat()}
    subject = f"user:{user.pk}"
    record(subject=subject, name=Duty.APPOINT, actor=None, at=at, facts=facts, unit=unit)
    return user, password


@transaction.atomic
def change_user(
    *,
    user: User,
    name: str,
    phone: str,
    work_phone: str,
    is_party_member: bool,
    actor: User,
    at: datetime,
    why: str,
) -> User:
    """Correct what an account says of its holder; the entry names the fields, not what they held.

    :raises AccountRefused: if the actor may not, or the phone number is another account's.
    """
    user = locked(user, Duty.CHANGE, actor=actor)
    new = {
        "name": name,
        "phone": phone or None,
        "work_phone": work_phone,
        "is_party_member": is_party_member,
    }
    changed = [field for field, value in new.items() if getattr(user, field) != value]
    others = User.objects.exclude(pk=user.pk)
    if phone and others.filter(Q(phone=phone) | Q(username=phone)).exists():
        raise AccountRefused(N_("这个手机号已经有账号"))
    for field in changed:
        setattr(user, field, new[field])
    user.save(update_fields=changed or ["name"])
    record_of(user, Duty.CHANGE, actor=actor, at=at, why=why, facts={"fields": changed})
    return user


@transaction.atomic
def reset_password(*, user: User, actor: User, at: datetime, why: str) -> str:
    """Replace a password by one shown this once, which must be changed at the next log-in.

    :raises AccountRefused: if the actor may not.
    """
    user = locked(user, Duty.RESET_PASSWORD, actor=actor)
    password = _first_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    record_of(user, Duty.RESET_PASSWORD, actor=actor, at=at, why=why, facts={})
    return password


@transaction.atomic
def deactivate(*, user: User, actor: User, at: datetime, why: str) -> User:
    """Stop an account; its sessions end with it, its posts and history stay.

    :raises AccountRefused: if the actor may not, or it is the actor's own.
    """
    user = locked(user, Duty.DEACTIVATE, actor=actor)
    user.is_active = False
    user.save(update_fields=["is_active"])
    record_of(user, Duty.DEACTIVATE, actor=actor, at=at, why=why, facts={})
    return user


@transaction.atomic
def reactivate(*, user: User, actor: User, at: datetime, why: str) -> User:
    """Open a stopped account again.

    :raises AccountRefused: if the actor may not.
    """
    user = locked(user, Duty.REACTIVATE, actor=actor)
    user.is_active = True
    user.save(update_fields=["is_active"])
    record_of(user, Duty.REACTIVATE, actor=actor, at=at, why=why, facts={})
    return user


@transaction.atomic
def unlock(*, user: User, actor: User, at: datetime, why: str) -> User:
    """End a lock-out before its time.

    :raises AccountRefused: if the actor may not.
    """
    user = locked(user, Duty.UNLOCK, actor=actor)
    user.failed_logins, user.locked_until = 0, None
    user.save(update_fields=["failed_logins", "locked_until"])
    record_of(user, Duty.UNLOCK, actor=actor, at=at, why=why, facts={})
    return user


@transaction.atomic
def forget_second_factor(*, user: User, actor: User, at: datetime, why: str) -> User:
    """Take a person's authenticator away (a lost phone), so that a new one is set up.

    :raises AccountRefused: if the actor may not.
    """
    user = locked(user, Duty.FORGET_SECOND_FACTOR, actor=actor)
    n, _ = TOTPDevice.objects.filter(user=user).delete()
    record_of(user, Duty.FORGET_SECOND_FACTOR, actor=actor, at=at, why=why, facts={"n": n})
    return user


def _first_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
