"""What is done to accounts, posts and configured numbers. The only code that writes them.

Everything is written down in one chain of account entries, in the transaction of what it tells of.
"""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from shaodao.cores import chaining
from shaodao.cores.wording import N_
from shaodao.kit.versions import bump

from .models import AccountEntry, Parameter, Post, Unit, User, posts_of, roles_of, seats_over
from .policy import (
    SECOND_FACTOR_ROLES,
    AccountRefused,
    Duty,
    Level,
    Role,
    check_duty,
    check_post,
    check_start,
    check_together,
    check_value,
)
from .queries import number

CHAIN_LOCK = 7_021_961  # an advisory lock's number: entries of the one chain are added in turn
CHAIN = "account_entries"  # the version row that counts the chain's entries
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken on paper


# ---- the journal ---------------------------------------------------------------------------


@transaction.atomic
def record(
    *,
    subject: str,
    name: str,
    actor: User | None,
    at: datetime,
    facts: Mapping[str, object],
    why: str = "",
    unit: Unit | None = None,
) -> AccountEntry:
    """Add an entry to the chain of everything done to accounts and rules.

    unit : whose administrators and auditors may read it; None: all of them
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = AccountEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    seq, head = last or (0, chaining.GENESIS)
    entry = AccountEntry(
        seq=seq + 1,
        subject=subject,
        name=name,
        actor=actor,
        at=at,
        facts={key: value for key, value in facts.items() if value not in (None, "", [], {})},
        why=why[:200],
        unit=unit,
    )
    entry.hash = chaining.entry_hash(bytes(head), entry_fields(entry))
    entry.save(force_insert=True)
    bump(CHAIN)
    return entry


def entry_fields(entry: AccountEntry) -> dict[str, object]:
    """Return what an entry's hash covers."""
    return {
        "chain": "accounts",
        "seq": entry.seq,
        "subject": entry.subject,
        "name": entry.name,
        "at": entry.at,
        "actor": entry.actor_id,
        "facts": entry.facts,
        "why": entry.why,
        "unit": entry.unit_id,
    }


# ---- logging in ----------------------------------------------------------------------------


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
    _record_own(user, "log_in", at=at, facts={"by": by})
    return user


def _count_failure(user: User, *, at: datetime) -> None:
    on = timezone.localdate(at)
    user.failed_logins += 1
    _record_own(user, "log_in_refused", at=at, facts={"n": user.failed_logins})
    if user.failed_logins >= number("login_attempts", on=on):
        minutes = number("lock_minutes", on=on)
        user.failed_logins, user.locked_until = 0, at + timedelta(minutes=minutes)
        _record_own(user, "lock_out", at=at, facts={"minutes": minutes})
    user.save(update_fields=["failed_logins", "locked_until"])


def log_out(*, user: User, at: datetime) -> None:
    """Write down that a person logged out."""
    _record_own(user, "log_out", at=at, facts={})


def _record_own(user: User, name: str, *, at: datetime, facts: Mapping[str, object]) -> None:
    record(subject=f"user:{user.pk}", name=name, actor=user, at=at, facts=facts, unit=home_of(user))


def home_of(user: User) -> Unit | None:
    """Return the unit whose administrators look after an account."""
    if user.kept_by_id is not None:
        return user.kept_by
    post = user.posts.in_force().select_related("unit").order_by("pk").first()
    return post.unit if post is not None else None


# ---- one's own account ---------------------------------------------------------------------


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
    _record_own(user, "change_password", at=at, facts={})
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
    _record_own(user, "set_second_factor", at=at, facts={"device": device.pk})
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
            _record_own(user, "second_factor_refused", at=at, facts={"device": device.pk})
    raise AccountRefused(N_("动态口令不对；连错几次要等一会儿再试"))


def needs_second_factor(user) -> bool:
    """Tell whether a person's posts demand a second factor (GB/T 22239, level three)."""
    return bool(roles_of(user) & SECOND_FACTOR_ROLES)


# ---- what administrators do ----------------------------------------------------------------


def check_actor(duty: Duty, *, actor: User, unit: Unit | None) -> None:
    """Test that `actor` holds the post over `unit` that `duty` is given to.

    unit : None for what holds everywhere, which takes a post at the root of the tree

    :raises AccountRefused: if they do not.
    """
    if unit is None:
        roles = {post.role for post in posts_of(actor) if post.unit.parent_id is None}
    else:
        roles = {seat.role for seat in seats_over(actor, unit)}
    check_duty(duty, {Role(role) for role in roles})


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
    _record_of(user, Duty.CREATE, actor=actor, at=at, why=why, facts={"unit": unit.pk})
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
    user = _locked(user, Duty.CHANGE, actor=actor)
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
    _record_of(user, Duty.CHANGE, actor=actor, at=at, why=why, facts={"fields": changed})
    return user


@transaction.atomic
def reset_password(*, user: User, actor: User, at: datetime, why: str) -> str:
    """Replace a password by one shown this once, which must be changed at the next log-in.

    :raises AccountRefused: if the actor may not.
    """
    user = _locked(user, Duty.RESET_PASSWORD, actor=actor)
    password = _first_password()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    _record_of(user, Duty.RESET_PASSWORD, actor=actor, at=at, why=why, facts={})
    return password


@transaction.atomic
def deactivate(*, user: User, actor: User, at: datetime, why: str) -> User:
    """Stop an account; its sessions end with it, its posts and history stay.

    :raises AccountRefused: if the actor may not, or it is the actor's own.
    """
    user = _locked(user, Duty.DEACTIVATE, actor=actor)
    user.is_active = False
    user.save(update_fields=["is_active"])
    _record_of(user, Duty.DEACTIVATE, actor=actor, at=at, why=why, facts={})
    return user


@transaction.atomic
def reactivate(*, user: User, actor: User, at: datetime, why: str) -> User:
    """Open a stopped account again.

    :raises AccountRefused: if the actor may not.
    """
    user = _locked(user, Duty.REACTIVATE, actor=actor)
    user.is_active = True
    user.save(update_fields=["is_active"])
    _record_of(user, Duty.REACTIVATE, actor=actor, at=at, why=why, facts={})
    return user


@transaction.atomic
def unlock(*, user: User, actor: User, at: datetime, why: str) -> User:
    """End a lock-out before its time.

    :raises AccountRefused: if the actor may not.
    """
    user = _locked(user, Duty.UNLOCK, actor=actor)
    user.failed_logins, user.locked_until = 0, None
    user.save(update_fields=["failed_logins", "locked_until"])
    _record_of(user, Duty.UNLOCK, actor=actor, at=at, why=why, facts={})
    return user


@transaction.atomic
def forget_second_factor(*, user: User, actor: User, at: datetime, why: str) -> User:
    """Take a person's authenticator away (a lost phone), so that a new one is set up.

    :raises AccountRefused: if the actor may not.
    """
    user = _locked(user, Duty.FORGET_SECOND_FACTOR, actor=actor)
    n, _ = TOTPDevice.objects.filter(user=user).delete()
    _record_of(user, Duty.FORGET_SECOND_FACTOR, actor=actor, at=at, why=why, facts={"n": n})
    return user


@transaction.atomic
def appoint(
    *,
    user: User,
    unit: Unit,
    role: Role,
    since: date,
    actor: User,
    at: datetime,
    why: str,
    until: date | None = None,
    is_head: bool = False,
) -> Post:
    """Give a person a post from a day (to a day, exclusive).

    :raises AccountRefused: if the actor may not, or one person may not hold both roles.
    :raises PostRefused: if the role is not held at that tier.
    """
    user = _locked(user, Duty.APPOINT, actor=actor, unit=unit)
    check_post(role, Level(unit.level))
    held = list(user.posts.filter(Q(until=None) | Q(until__gt=since)))
    check_together(role, {Role(post.role) for post in held})
    if until is not None and until <= since:
        raise AccountRefused(N_("任期结束须晚于开始"))
    if any(post.unit_id == unit.pk and post.role == role for post in held):
        raise AccountRefused(N_("已经担任这个岗位"))
    post = Post.objects.create(
        user=user, unit=unit, role=role.value, since=since, until=until, is_head=is_head
    )
    facts = {
        "post": post.pk,
        "unit": unit.pk,
        "role": role.value,
        "since": since.isoformat(),
        "until": until.isoformat() if until else None,
        "head": is_head,
    }
    _record_of(user, Duty.APPOINT, actor=actor, at=at, why=why, facts=facts, unit=unit)
    return post


@transaction.atomic
def end_post(*, post: Post, until: date, actor: User, at: datetime, why: str) -> Post:
    """End a post on a day, which is the first it is no longer held.

    :raises AccountRefused: if the actor may not, the day is past, or the post has ended.
    """
    user = _locked(post.user, Duty.END_POST, actor=actor, unit=post.unit)
    post = Post.objects.select_for_update().select_related("unit").get(pk=post.pk)
    check_start(valid_from=until, today=timezone.localdate(at))
    if post.until is not None and post.until <= until:
        raise AccountRefused(N_("这个岗位已经结束"))
    if until <= post.since:
        raise AccountRefused(N_("任期结束须晚于开始"))
    post.until = until
    post.save(update_fields=["until"])
    facts = {"post": post.pk, "until": until.isoformat()}
    _record_of(user, Duty.END_POST, actor=actor, at=at, why=why, facts=facts, unit=post.unit)
    return post


@transaction.atomic
def change_unit(
    *,
    unit: Unit,
    short_name: str,
    phone: str,
    office_hours: str,
    actor: User,
    at: datetime,
    why: str,
) -> Unit:
    """Change what a unit is called on screen, its phone and its office hours.

    :raises AccountRefused: if the actor may not.
    """
    check_actor(Duty.CHANGE_UNIT, actor=actor, unit=unit)
    check_why(why)
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    new = {"short_name": short_name, "phone": phone, "office_hours": office_hours}
    changed = {field: value for field, value in new.items() if getattr(unit, field) != value}
    for field, value in changed.items():
        setattr(unit, field, value)
    unit.save(update_fields=list(changed) or ["short_name"])
    bump("units")
    record(
        subject=f"unit:{unit.pk}",
        name=Duty.CHANGE_UNIT,
        actor=actor,
        at=at,
        facts=changed,
        why=why,
        unit=unit,
    )
    return unit


@transaction.atomic
def set_parameter(
    *,
    name: str,
    value: str,
    valid_from: date,
    source: str,
    actor: User,
    at: datetime,
    why: str,
    unit: Unit | None = None,
    subject: str = "",
) -> Parameter:
    """Set a number from a day on: the row in force is closed, a new one opened, none rewritten.

    unit : the area it is for, None: everywhere; subject : e.g. a category's code, '': any

    :raises AccountRefused: if the actor may not, the day is past, or the value is out of bounds.
    """
    check_actor(Duty.SET_PARAMETER, actor=actor, unit=unit)
    check_why(why)
    check_start(valid_from=valid_from, today=timezone.localdate(at))
    check_value(name, value)
    rows = Parameter.objects.filter(name=name, unit=unit, subject=subject)
    old = close(rows, on=valid_from)
    row = Parameter.objects.create(
        name=name, unit=unit, subject=subject, value=value, valid_from=valid_from, source=source
    )
    bump("parameters")
    record(
        subject=f"parameter:{name}",
        name=Duty.SET_PARAMETER,
        actor=actor,
        at=at,
        facts={"row": row.pk, "closed": old, "from": valid_from.isoformat(), "value": value},
        why=why,
        unit=unit,
    )
    return row


def close(rows: QuerySet, *, on: date) -> list[int]:
    """End the dated rows that would hold on or after a day, and return their ids.

    A row that has not begun by then is left with no day at all: only its end is written.
    """
    ending = rows.select_for_update().filter(Q(valid_to=None) | Q(valid_to__gt=on))
    ids = sorted(ending.values_list("pk", flat=True))
    rows.filter(pk__in=ids, valid_from__lt=on).update(valid_to=on)
    rows.filter(pk__in=ids, valid_from__gte=on).update(valid_to=F("valid_from"))
    return ids


def _locked(user: User, duty: Duty, *, actor: User, unit: Unit | None = None) -> User:
    """Lock an account for an administrator who may do `duty` to it.

    :raises AccountRefused: if they may not, or it is their own.
    """
    if user.pk == actor.pk:
        raise AccountRefused(N_("不能办理自己的账号和岗位，请另一位管理员办理"))
    seen = User.objects.visible_to(actor).select_for_update().filter(pk=user.pk).first()
    if seen is None:
        raise AccountRefused(N_("这个账号不在您的管理范围内"))
    check_actor(duty, actor=actor, unit=unit or home_of(seen))
    return seen


def _record_of(
    user: User,
    duty: Duty,
    *,
    actor: User,
    at: datetime,
    why: str,
    facts: Mapping[str, object],
    unit: Unit | None = None,
) -> None:
    check_why(why)
    record(
        subject=f"user:{user.pk}",
        name=duty.value,
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=unit or home_of(user),
    )


def check_why(why: str) -> None:
    """Test that a reason is given.

    :raises AccountRefused: if none is.
    """
    if not why.strip():
        raise AccountRefused(N_("请写明原因"))


def _first_password() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
