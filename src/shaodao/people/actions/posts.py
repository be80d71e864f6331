"""Giving people posts, and ending them."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import (
    AccountRefused,
    Duty,
    Level,
    Role,
    check_post,
    check_start,
    check_together,
)

from .duties import locked, record_of


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
    user = locked(user, Duty.APPOINT, actor=actor, unit=unit)
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
    record_of(user, Duty.APPOINT, actor=actor, at=at, why=why, facts=facts, unit=unit)
    return post


@transaction.atomic
def end_post(*, post: Post, until: date, actor: User, at: datetime, why: str) -> Post:
    """End a post on a day, which is the first it is no longer held.

    :raises AccountRefused: if the actor may not, the day is past, or the post has ended.
    """
    user = locked(post.user, Duty.END_POST, actor=actor, unit=post.unit)
    post = Post.objects.select_for_update().select_related("unit").get(pk=post.pk)
    check_start(valid_from=until, today=timezone.localdate(at))
    if post.until is not None and post.until <= until:
        raise AccountRefused(N_("这个岗位已经结束"))
    if until <= post.since:
        raise AccountRefused(N_("任期结束须晚于开始"))
    post.until = until
    post.save(update_fields=["until"])
    facts = {"post": post.pk, "until": until.isoformat()}
    record_of(user, Duty.END_POST, actor=actor, at=at, why=why, facts=facts, unit=post.unit)
    return post
