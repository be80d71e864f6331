"""The numbers and texts in force: how long, how often, how many, and in which words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext

from shaodao.kit.versions import Versioned
from shaodao.people.queries import number, units_by_id

from . import channels, policy
from .models import NoticeText, Preference
from .policy import Channel

TEXTS = "notice_texts"  # the version row of the cache below


def _load() -> list[NoticeText]:
    return list(NoticeText.objects.order_by("pk"))


_texts: Versioned[list[NoticeText]] = Versioned(TEXTS, _load)


def _load_choices() -> dict[int, Mapping[str, Collection[str]]]:
    return dict(Preference.objects.values_list("user", "choices"))


CHOICES = "notice_choices"  # the version row of what people chose
_choices: Versioned[dict[int, Mapping[str, Collection[str]]]] = Versioned(CHOICES, _load_choices)


def choices_of_all() -> Mapping[int, Mapping[str, Collection[str]]]:
    """Return what each person chose, topic by topic; whoever chose nothing is not there."""
    return _choices.get()


def place_of(unit_id: int | None) -> Sequence[int]:
    """Return the ids from the root down to a unit; none for what belongs to no unit."""
    unit = units_by_id().get(unit_id) if unit_id is not None else None
    return unit.ancestor_ids if unit is not None else ()


# ---- numbers -----------------------------------------------------------------------------------


def usual_channels(unit_id: int | None, *, at: datetime) -> frozenset[Channel]:
    """Return the channels by which staff hear who have chosen none themselves."""
    on, place = timezone.localdate(at), place_of(unit_id)
    return frozenset(
        channel
        for channel, name in policy.USUAL.items()
        if number(name, on=on, unit_ids=place) and channels.is_open(channel)
    )


def quiet_until(unit_id: int | None, *, at: datetime) -> datetime | None:
    """Return when the quiet hours of a place that hold at `at` end; None outside them."""
    on, place = timezone.localdate(at), place_of(unit_id)
    return policy.quiet_until(
        timezone.localtime(at),
        begins=number("notice_quiet_from", on=on, unit_ids=place),
        ends=number("notice_quiet_to", on=on, unit_ids=place),
    )


def cap(unit_id: int | None, *, at: datetime) -> int:
    """Return how many messages an hour one channel may bring one person."""
    return number("notice_cap", on=timezone.localdate(at), unit_ids=place_of(unit_id))


def most_attempts(*, at: datetime) -> int:
    """Return how often a message is tried."""
    return number("notice_attempts", on=timezone.localdate(at))


def retry_at(attempts: int, *, at: datetime) -> datetime:
    """Return when to try again after so many attempts."""
    on = timezone.localdate(at)
    first = timedelta(minutes=number("notice_retry_minutes", on=on))
    most = timedelta(hours=number("notice_retry_most_hours", on=on))
    return at + policy.back_off(attempts, first=first, most=most)


def stale_before(*, at: datetime) -> datetime:
    """Return since when a message may have waited to be worth sending still."""
    return at - timedelta(hours=number("notice_stale_hours", on=timezone.localdate(at)))


def failures_to_rest(*, at: datetime) -> int:
    """Return after how many failures in a row a channel rests."""
    return number("notice_failures", on=timezone.localdate(at))


def rest(*, at: datetime) -> timedelta:
    """Return how long a channel rests."""
    return timedelta(minutes=number("notice_rest_minutes", on=timezone.localdate(at)))


def pace(channel: Channel, *, at: datetime) -> int | None:
    """Return how many messages a minute a channel takes; None where no limit is known."""
    if channel not in policy.BOTS:
        return None
    return number("notice_bot_pace", on=timezone.localdate(at))


# ---- words -------------------------------------------------------------------------------------


def text_of(
    kind: str, *, channel: str, language: str, unit_id: int | None, on: date
) -> NoticeText | None:
    """Return the county's row for a kind of notice: the nearest unit's, then the channel's own.

    None: it says it as the product does.
    """
    place = place_of(unit_id)
    fitting = [
        row
        for row in _texts.get()
        if row.kind == kind
        and row.language == language
        and row.channel in ("", channel)
        and row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
        and (row.unit_id is None or row.unit_id in place)
    ]

    def rank(row: NoticeText) -> tuple[int, bool, date, int]:
        nearness = place.index(row.unit_id) + 1 if row.unit_id is not None else 0
        return (nearness, row.channel != "", row.valid_from, row.pk)

    return max(fitting, key=rank, default=None)


def values_of(kind: str, facts: Mapping[str, object]) -> dict[str, str]:
    """Return what fills the places of a kind in the present language."""
    words = policy.kind_of(kind).words
    said = {name: str(value) for name, value in facts.items() if value is not None}
    return {name: gettext(v) if v and name in words else v for name, v in said.items()}


def wording(kind: str, *, channel: str, unit_id: int | None, on: date) -> str:
    """Return the text with places in which a kind of notice is said in the present language."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    row = text_of(kind, channel=channel, language=language, unit_id=unit_id, on=on)
    return row.text if row is not None else gettext(policy.kind_of(kind).text)


def sample(kind: str) -> dict[str, str]:
    """Return examples for the places of a kind in the present language."""
    return {name: gettext(example) for name, (_, example) in policy.kind_of(kind).places.items()}


def say(notice, *, on: date, gathered: Collection = ()) -> str:
    """Return what a notice says in the present language; of a digest, what it gathers.

    on : the day whose texts are used
    """
    if notice.kind == policy.PLAIN and not notice.facts:
        return notice.text
    said = wording(notice.kind, channel=notice.channel, unit_id=notice.unit_id, on=on)
    values = values_of(notice.kind, notice.facts)
    if gathered:
        lines = [say(one, on=on) + _address(one) for one in gathered]
        most = policy.LONGEST[Channel(notice.channel)] - len(said) - 60
        values["list"] = policy.listed(lines, most=most, more=gettext("还有 {n} 条"))
    return policy.fill(said, values)


def _address(notice) -> str:
    """Return the link of a resident's message: each leads to another page."""
    return settings.SITE_URL + notice.link if notice.to_id is None else ""


def subject(notice) -> str:
    """Return the subject line of a mail in the present language."""
    label = gettext(policy.kind_of(notice.kind).label)
    number = notice.facts.get("number") or notice.facts.get("report") or ""
    return f"{label} {number}".strip()
