"""Writing notices, reading them, and letting go of what they say."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from shaodao.notices import channels, policy
from shaodao.notices.models import Attempt, Notice
from shaodao.notices.policy import Channel, State
from shaodao.notices.rules import choices_of_all, usual_channels
from shaodao.people.models import User


class Words(NamedTuple):
    """What a notice says: its kind, and the facts that fill the kind's places."""

    kind: str
    facts: Mapping[str, object]


# key, user, phone, words, link: one of user and phone. Plain words are passed on as they are.
Told = tuple[str, int | None, str, str | Words, str]


def post(
    messages: Iterable[Told],
    *,
    about: str,
    at: datetime,
    is_urgent: bool = False,
    unit_id: int | None = None,
) -> None:
    """Write notices in the present transaction, all in one statement, and send none yet.

    What has been written for the same matter, person and channel is left as it is.
    """
    write(compose(messages, about=about, at=at, is_urgent=is_urgent, unit_id=unit_id))


def write(notices: Sequence[Notice]) -> None:
    """Write composed notices; one that is there already is left as it is."""
    if notices:
        Notice.objects.bulk_create(notices, ignore_conflicts=True)


def compose(
    messages: Iterable[Told],
    *,
    about: str,
    at: datetime,
    is_urgent: bool = False,
    unit_id: int | None = None,
) -> list[Notice]:
    """Return notices, not written yet.

    A member of staff finds the message in the mailbox at once, and by the other channels he chose,
    or the county chose for him, once their next batch goes.

    about : 'case:7:3'; is_urgent : goes in quiet hours too, to staff
    unit_id : whose rules it goes by; None: those of whoever keeps the recipient's account
    """
    told = list(messages)
    usual = usual_channels(unit_id, at=at)
    known = _people([user for _, user, _, _, _ in told if user is not None], usual, unit_id)
    rows = []
    for key, user, phone, words, link in told:
        said = words if isinstance(words, Words) else Words(policy.PLAIN, {})
        person = known.get(user) if user is not None else None
        of_unit = unit_id if unit_id is not None or person is None else person.kept_by_id
        topic = policy.kind_of(said.kind).topic
        for channel in _ways(user, person, topic, of_unit, at=at):
            row = Notice(
                key=key,
                to_id=user,
                phone=phone,
                unit_id=of_unit,
                link=link,
                channel=channel,
                about=about,
                kind=said.kind,
                facts=dict(said.facts),
                text="" if isinstance(words, Words) else words[:400],
                is_urgent=is_urgent and topic is not policy.Topic.PROGRESS,
                created_at=at,
            )
            recipient = f"user:{user}" if user is not None else ""
            row.message_id = policy.message_id(
                about=about, key=key, recipient=recipient, channel=channel
            )
            rows.append(_begun(row, at=at))
    return rows


def _people(ids: Sequence[int], usual: Collection[Channel], unit_id: int | None) -> dict[int, User]:
    """Return those of whom more must be known than that they have a mailbox."""
    chose = choices_of_all()
    wanted = [pk for pk in ids if usual or unit_id is None or pk in chose]
    return {user.pk: user for user in User.objects.filter(pk__in=wanted)} if wanted else {}


def _ways(
    user: int | None, person: User | None, topic: policy.Topic, unit_id: int | None, *, at: datetime
) -> Sequence[Channel]:
    """Return the channels a message takes: residents' text messages, staff's mailbox and choice."""
    if user is None:
        return (Channel.SMS,)
    if person is None:
        return (Channel.IN_APP,)
    wanted = policy.chosen(
        topic, choices=choices_of_all().get(user, {}), usual=usual_channels(unit_id, at=at)
    )
    reached = [one for one in wanted if channels.is_open(one) and address(person, one)]
    return (Channel.IN_APP, *reached)


def address(person: User, channel: Channel) -> str:
    """Return where a member of staff is reached by a channel; '' where they are not."""
    if channel is Channel.EMAIL:
        return person.email
    if channel is Channel.FEISHU:
        return "group"  # its bot names nobody
    return person.phone or ""


def _begun(row: Notice, *, at: datetime) -> Notice:
    if row.channel == Channel.IN_APP:
        row.state, row.sent_at = State.SENT, at
    elif not channels.is_open(Channel(row.channel)):
        row.state, row.error = State.FAILED, policy.NO_CHANNEL
    else:
        row.state, row.due_at = State.WAITING, at
    return row


@transaction.atomic
def read(*, user, upto: int, at: datetime) -> int:
    """Mark the notices of `user` up to an id as read and return how many were not."""
    return Notice.objects.visible_to(user).filter(pk__lte=upto, read_at=None).update(read_at=at)


@transaction.atomic
def read_one(*, notice: Notice, at: datetime) -> None:
    """Mark one notice as read; a second time changes nothing."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def forget(*, about: str) -> None:
    """Take phones and words out of the messages about something, which stay as a count.

    What the residents were told is gone whole; of what staff were told, the words.
    """
    messages = Notice.objects.filter(about__startswith=about)
    Attempt.objects.filter(notice__in=messages).update(answer="")
    messages.filter(to=None).update(
        phone="", text="", facts={}, link="", error="", state=State.ERASED, due_at=None
    )
    staff = messages.exclude(to=None)
    staff.filter(state__in=(State.WAITING, State.SENDING)).update(state=State.ERASED, due_at=None)
    staff.update(text="", facts={}, error="")
