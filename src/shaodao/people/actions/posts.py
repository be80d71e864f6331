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
    Kind,
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


@transaction.atomic
def post_officer(
    *,
    post: Post,
    street: Unit,
    since: date,
    actor: User,
    at: datetime,
    why: str,
    until: date | None = None,
) -> Post:
    """Post an officer of a department to a street from a day (to a day, exclusive): 下沉.

    :raises AccountRefused: if the actor may not, the post is not a department's, or the place no
        street or township.
    """
    user = locked(post.user, Duty.POST_OFFICER, actor=actor, unit=post.unit)
    post = Post.objects.select_for_update(of=["self"]).select_related("unit").get(pk=post.pk)
    check_start(valid_from=since, today=timezone.localdate(at))
    if post.role != Role.HANDLER or post.unit.kind == Kind.AREA:
        raise AccountRefused(N_("只有部门和单位的处置员可以派驻街道"))
    if street.kind != Kind.AREA or street.level != Level.TOWNSHIP:
        raise AccountRefused(N_("只能派驻到街道或乡镇"))
    if until is not None and until <= since:
        raise AccountRefused(N_("任期结束须晚于开始"))
    post.posted_to, post.posted_since, post.posted_until = street, since, until
    post.save(update_fields=["posted_to", "posted_since", "posted_until"])
    facts = {
        "post": post.pk,
        "unit": street.pk,
        "since": since.isoformat(),
        "until": until.isoformat() if until else None,
    }
    record_of(user, Duty.POST_OFFICER, actor=actor, at=at, why=why, facts=facts, unit=post.unit)
    return post


@transaction.atomic
def recall_officer(*, post: Post, until: date, actor: User, at: datetime, why: str) -> Post:
    """End an officer's time at a street on a day; what they have in hand stays theirs.

    :raises AccountRefused: if the actor may not, the day is past, or the officer is not posted.
    """
    user = locked(post.user, Duty.RECALL_OFFICER, actor=actor, unit=post.unit)
    post = Post.objects.select_for_update(of=["self"]).select_related("unit").get(pk=post.pk)
    check_start(valid_from=until, today=timezone.localdate(at))
    if post.posted_to_id is None or (post.posted_until and post.posted_until <= until):
        raise AccountRefused(N_("现在没有派驻到街道"))
    post.posted_until = until
    post.save(update_fields=["posted_until"])
    facts = {"post": post.pk, "unit": post.posted_to_id, "until": until.isoformat()}
    record_of(user, Duty.RECALL_OFFICER, actor=actor, at=at, why=why, facts=facts, unit=post.unit)
    return post
