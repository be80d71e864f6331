"""Whether an administrator may, and why: what every change of theirs begins and ends with."""

from collections.abc import Mapping
from datetime import datetime

from shaodao.cores.wording import N_
from shaodao.people.models import Unit, User, posts_of, seats_over
from shaodao.people.policy import DUTIES, AccountRefused, Duty, Role, check_duty

from .recording import home_of, record


def check_actor(duty: Duty, *, actor: User, unit: Unit | None) -> None:
    """Test that `actor` holds the post over `unit` that `duty` is given to.

    unit : None for what holds everywhere, which takes a post at the root of the tree

    :raises AccountRefused: if they do not.
    """
    if unit is None:
        held = [post for post in posts_of(actor) if post.role == DUTIES[duty][1]]
        if held and all(post.unit.parent_id is not None for post in held):
            raise AccountRefused(N_("适用于全部地区的规则，由最上级单位的安全管理员修改"))
        roles = {post.role for post in held}
    else:
        roles = {seat.role for seat in seats_over(actor, unit)}
    check_duty(duty, {Role(role) for role in roles})


def check_why(why: str) -> None:
    """Test that a reason is given.

    :raises AccountRefused: if none is.
    """
    if not why.strip():
        raise AccountRefused(N_("请写明原因"))


def locked(user: User, duty: Duty, *, actor: User, unit: Unit | None = None) -> User:
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


def record_of(
    user: User,
    duty: Duty,
    *,
    actor: User,
    at: datetime,
    why: str,
    facts: Mapping[str, object],
    unit: Unit | None = None,
) -> None:
    """Write down what an administrator did to an account, with the reason.

    :raises AccountRefused: if none is given.
    """
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
