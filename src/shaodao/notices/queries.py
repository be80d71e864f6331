"""Reading notices: a mailbox, how much is unread, what went out, and how the channels fare."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, Min, Prefetch, QuerySet
from django.utils import timezone

from shaodao.people.models import posts_of
from shaodao.people.policy import Role

from . import channels, rules
from .models import Attempt, Line, Notice
from .policy import OUTSIDE, Channel, State

MOST_TRIES = 10  # of one message, the last of them
MOST_COUNTED = 99  # beyond it the bell says 99+


def n_unread(user) -> int:
    """Return how many notices `user` has not read, counted no further than MOST_COUNTED + 1."""
    unread = Notice.objects.visible_to(user).filter(read_at=None)
    return unread.order_by()[: MOST_COUNTED + 1].count()


def said(rows: Sequence[Notice], *, at: datetime) -> list[tuple[Notice, str]]:
    """Return notices with what they say in the present language; '' where it is erased."""
    today = timezone.localdate(at)
    digests = [row.pk for row in rows if "digest" in row.kind]
    gathered: dict[int, list[Notice]] = {}
    for row in Notice.objects.filter(digest__in=digests).order_by("pk") if digests else ():
        gathered.setdefault(row.digest_id, []).append(row)
    return [
        (
            row,
            rules.say(row, on=today, gathered=gathered.get(row.pk, ())) if _has_words(row) else "",
        )
        for row in rows
    ]


def _has_words(row: Notice) -> bool:
    return bool(row.text or row.facts)


def outgoing(user) -> QuerySet[Notice]:
    """Return the messages of every channel whose running `user` looks after; in a demo all.

    A system administrator sees those of the units below the post, and no word of them.
    """
    rows = Notice.objects.select_related("to")
    if not settings.DEMO:
        rows = rows.run_by([post.unit for post in posts_of(user) if post.role == Role.ADMIN])
    return rows.prefetch_related(
        Prefetch("tries", Attempt.objects.order_by("-pk")[:MOST_TRIES], "attempted")
    )


def narrowed(rows: QuerySet[Notice], *, channel: str, state: str) -> QuerySet[Notice]:
    """Return those of one channel and in one state, where these are named."""
    if channel in Channel.__members__:
        rows = rows.filter(channel=channel)
    if state in State.__members__:
        rows = rows.filter(state=state)
    return rows


class Fare(NamedTuple):
    """How a channel fares: `backlog` waits now, `oldest` since when, the rest over a day."""

    channel: Channel
    line: Line
    is_connected: bool
    is_open: bool
    state: str  # PAUSED, RESTING, CLOSED, CONSOLE, OPEN
    backlog: int
    oldest: datetime | None
    sent: int
    failed: int


def fares(*, at: datetime) -> list[Fare]:
    """Return how each channel outside the product fares; three queries."""
    lines = {line.channel: line for line in Line.objects.all()}
    waiting = _by_channel(
        Notice.objects.filter(state__in=(State.WAITING, State.SENDING)), oldest=Min("created_at")
    )
    day = at - timedelta(days=1)
    sent = _by_channel(
        Notice.objects.filter(state=State.SENT, sent_at__gt=day, channel__in=OUTSIDE)
    )
    failed = _by_channel(Notice.objects.filter(state=State.FAILED, created_at__gt=day))
    found = []
    for channel in OUTSIDE:
        line = lines.get(channel.value) or Line(channel=channel.value)
        row = waiting.get(channel.value, {})
        found.append(
            Fare(
                channel=channel,
                line=line,
                is_connected=channels.is_connected(channel),
                is_open=channels.is_open(channel),
                state=_state(channel, line, at=at),
                backlog=row.get("n", 0),
                oldest=row.get("oldest"),
                sent=sent.get(channel.value, {}).get("n", 0),
                failed=failed.get(channel.value, {}).get("n", 0),
            )
        )
    return found


def _by_channel(rows: QuerySet[Notice], **more) -> dict[str, Mapping]:
    counted = rows.order_by().values("channel").annotate(n=Count("pk"), **more)
    return {row["channel"]: row for row in counted}


def _state(channel: Channel, line: Line, *, at: datetime) -> str:
    if line.is_paused:
        return "PAUSED"
    if not channels.is_open(channel):
        return "CLOSED"
    if line.rests_until is not None and line.rests_until > at:
        return "RESTING"
    return "OPEN" if channels.is_connected(channel) else "CONSOLE"
