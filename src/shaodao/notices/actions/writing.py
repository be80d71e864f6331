"""Writing notices, reading them, and letting go of what they say."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from shaodao.kit import rows
from shaodao.notices import channels, policy
from shaodao.notices.models import Attempt, Notice
from shaodao.notices.policy import Channel, State
from shaodao.notices.rules import choices_of_all, place_of, usual_channels
from shaodao.people.models import User
from shaodao.people.queries import set_in


class Words(NamedTuple):
    """What a notice says: its kind, and the facts that fill the kind's places."""

    kind: str
    facts: Mapping[str, object]


# key, user, phone, words, link: one of user and phone. Plain words are passed on as they are.
Told = tuple[str, int | None, str, str | Words, str]


class Matter(NamedTuple):
    """What is told of one matter, to whom."""

    about: str  # 'case:7:3'
    at: datetime
    told: Sequence[Told]
    is_urgent: bool = False  # goes in quiet hours too, to staff
    unit_id: int | None = None  # whose rules it goes by; None: of who keeps the recipient's account


def post(
    messages: Iterable[Told],
    *,
    about: str,
    at: datetime,
    is_urgent: bool = False,
    unit_id: int | None = None,
) -> None:
    """Write notices of one matter in the present transaction, as `post_all` does those of many."""
    post_all([Matter(about, at, list(messages), is_urgent, unit_id)])


def post_all(matters: Iterable[Matter]) -> None:
    """Write notices in the present transaction, all in one statement, and send none yet.

    A member of staff finds the message in the mailbox at once, and by the other channels he chose,
    or the county chose for him, once their next batch goes. What has been written for the same
    matter, person and channel is left as it is.
    """
    rows.add_unwritten(Notice, _composed(matters), by="message_id")


def compose_all(matters: Iterable[Matter]) -> list[Notice]:
    """Return the notices `post_all` would write, for who writes them along with others."""
    return [rows.new(Notice, **row) for row in _composed(matters)]


def _composed(matters: Iterable[Matter]) -> list[dict[str, object]]:
    """Return the rows of notices, each message once."""
    matters = [matter for matter in matters if matter.told]
    if not matters:
        return []
    usual, chose = _Usual(), choices_of_all()
    known = _people(matters, usual, chose)
    found: dict[UUID, dict[str, object]] = {}
    for matter in matters:
        for told in matter.told:
            for row in _rows(matter, told, usual=usual, known=known, chose=chose):
                found.setdefault(row["message_id"], row)
    return list(found.values())


class _Usual:
    """The channels by which staff of a unit hear who have chosen none.

    Looked up once for all the units to which the same numbers apply.
    """

    def __init__(self) -> None:
        self._apart = set_in(policy.USUAL.values())
        self._found: dict[tuple[tuple[int, ...], datetime], frozenset[Channel]] = {}

    def __getitem__(self, key: tuple[int | None, datetime]) -> frozenset[Channel]:
        unit_id, at = key
        applying = tuple(pk for pk in place_of(unit_id) if pk in self._apart) if self._apart else ()
        if (applying, at) not in self._found:
            self._found[applying, at] = usual_channels(unit_id, at=at)
        return self._found[applying, at]


def _people(matters: Iterable[Matter], usual: _Usual, chose: Collection[int]) -> dict[int, User]:
    """Return those of whom more must be known than that they have a mailbox."""
    wanted = {
        user
        for matter in matters
        for _, user, _, _, _ in matter.told
        if user is not None
        and (matter.unit_id is None or user in chose or usual[matter.unit_id, matter.at])
    }
    return {user.pk: user for user in User.objects.filter(pk__among=wanted)} if wanted else {}


def _rows(
    matter: Matter, told: Told, *, usual: _Usual, known: Mapping[int, User], chose: Mapping
) -> Iterator[dict[str, object]]:
    """Return a row for each channel by which one is told."""
    key, user, phone, words, link = told
    about, at, _, is_urgent, unit_id = matter
    said = words if isinstance(words, Words) else Words(policy.PLAIN, {})
    person = known.get(user) if user is not None else None
    of_unit = unit_id if unit_id is not None or person is None else person.kept_by_id
    topic = policy.kind_of(said.kind).topic
    recipient = f"user:{user}" if user is not None else ""
    for channel in _ways(user, person, topic, usual[of_unit, at], chose):
        yield _BLANK | {
            "message_id": policy.message_id(
                about=about, key=key, recipient=recipient, channel=channel
            ),
            "key": key,
            "to_id": user,
            "phone": phone,
            "unit_id": of_unit,
            "link": link,
            "channel": channel.value,
            "about": about,
            "kind": said.kind,
            "facts": said.facts,
            "text": "" if isinstance(words, Words) else words[:400],
            "is_urgent": is_urgent and topic is not policy.Topic.PROGRESS,
            "created_at": at,
            **_begun(channel, at=at),
        }


_BLANK: dict[str, object] = {
    "attempts": 0,
    "due_at": None,
    "claimed_until": None,
    "error": "",
    "digest_id": None,
    "sent_at": None,
    "read_at": None,
}


def _begun(channel: Channel, *, at: datetime) -> dict[str, object]:
    if channel is Channel.IN_APP:
        return {"state": State.SENT.value, "sent_at": at}
    if not channels.is_open(channel):
        return {"state": State.FAILED.value, "error": policy.NO_CHANNEL}
    return {"state": State.WAITING.value, "due_at": at}


def _ways(
    user: int | None,
    person: User | None,
    topic: policy.Topic,
    usual: Collection[Channel],
    chose: Mapping[int, Mapping[str, Collection[str]]],
) -> Sequence[Channel]:
    """Return the channels a message takes: residents' text messages, staff's mailbox and choice."""
    if user is None:
        return (Channel.SMS,)
    if person is None:
        return (Channel.IN_APP,)
    wanted = policy.chosen(topic, choices=chose.get(user, {}), usual=usual)
    reached = [one for one in wanted if channels.is_open(one) and address(person, one)]
    return (Channel.IN_APP, *reached)


def address(person: User, channel: Channel) -> str:
    """Return where a member of staff is reached by a channel; '' where they are not."""
    if channel is Channel.EMAIL:
        return person.email
    if channel is Channel.FEISHU:
        return "group"  # its bot names nobody
    return person.phone or ""


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
