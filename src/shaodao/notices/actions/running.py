"""Running the channels: stopping and starting one, and sending again by hand what failed."""

from datetime import datetime

from django.db import transaction

from shaodao.cores.wording import N_, Refusal
from shaodao.notices import channels, policy
from shaodao.notices.models import Line, Notice
from shaodao.notices.policy import Channel, State
from shaodao.people.actions import check_why, record
from shaodao.people.models import User, roles_of
from shaodao.people.policy import Duty, Role, check_duty


class NoticeRefused(Refusal):
    """The message or the channel cannot be run so. The message is fit to show to the user."""


def _check(actor: User) -> None:
    check_duty(Duty.RUN_CHANNEL, {Role(role) for role in roles_of(actor)})


@transaction.atomic
def pause(*, channel: Channel, actor: User, at: datetime, why: str) -> Line:
    """Stop a channel: what it has to send waits.

    :raises AccountRefused: if the actor may not, or no reason is given.
    """
    return _switch(channel, is_paused=True, actor=actor, at=at, why=why)


@transaction.atomic
def resume(*, channel: Channel, actor: User, at: datetime, why: str) -> Line:
    """Let a channel send again, at once also where it rested after failures.

    :raises AccountRefused: if the actor may not, or no reason is given.
    """
    return _switch(channel, is_paused=False, actor=actor, at=at, why=why)


def _switch(channel: Channel, *, is_paused: bool, actor: User, at: datetime, why: str) -> Line:
    _check(actor)
    check_why(why)
    Line.objects.get_or_create(channel=channel)
    line = Line.objects.select_for_update().get(channel=channel)
    line.is_paused = is_paused
    if not is_paused:
        line.n_failed, line.rests_until, line.why_resting = 0, None, ""
    line.save(update_fields=["is_paused", "n_failed", "rests_until", "why_resting"])
    facts = {"value": "paused" if is_paused else "resumed"}
    subject = f"channel:{channel.value}"
    record(subject=subject, name=Duty.RUN_CHANNEL, actor=actor, at=at, facts=facts, why=why)
    return line


@transaction.atomic
def resend(*, notice: Notice, actor: User, at: datetime) -> Notice:
    """Send a failed message again, with the id it always had.

    :raises AccountRefused: if the actor may not.
    :raises NoticeRefused: if it has not failed, its words are erased, or its channel is closed.
    """
    _check(actor)
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    if notice.state != State.FAILED:
        raise NoticeRefused(N_("只有没发出去的消息可以重发"))
    if not (notice.text or notice.facts):
        raise NoticeRefused(N_("这条消息的内容已经清除，不能重发"))
    if not channels.is_open(Channel(notice.channel)):
        raise NoticeRefused(policy.NO_CHANNEL)
    # The age at which a message is given up counts from now, and so do its attempts.
    notice.state, notice.due_at, notice.created_at, notice.attempts = State.WAITING, at, at, 0
    notice.error = ""
    notice.save(update_fields=["state", "due_at", "created_at", "attempts", "error"])
    facts = {"notice": notice.pk, "message": str(notice.message_id)}
    record(subject=f"notice:{notice.pk}", name=Duty.RUN_CHANNEL, actor=actor, at=at, facts=facts)
    return notice
