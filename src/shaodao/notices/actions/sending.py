"""Sending what waits: each channel by itself, in batches, claimed, sent and written down in turn.

A claim is committed before anything is sent, and each answer after its message. A sender that dies
in between leaves a claim that ends; whoever takes it up sends the one message again whose answer
was not written, with the same id.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone, translation
from procrastinate import exceptions
from procrastinate.contrib.django import app

from shaodao.kit.versions import one_look
from shaodao.notices import channels, policy, rules
from shaodao.notices.channels.messages import SLOW_SECONDS, Answer, Carrier, Message
from shaodao.notices.models import Attempt, Line, Notice
from shaodao.notices.policy import Channel, Outcome, State

from .writing import address

BATCH = 100  # rows claimed in one go
CLAIM = timedelta(minutes=3)  # longer than a run and the message it ends with can take
RUN_SECONDS = 45.0  # how long one job sends before it leaves the rest to the next
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

_NOWHERE = Answer(Outcome.REFUSED, policy.NO_ADDRESS)  # nobody was asked: no word on the channel
_DIGESTS = frozenset({policy.DIGEST, policy.DIGEST_PUBLIC})

_log = structlog.get_logger()


@app.periodic(cron="* * * * *")
@app.task(
    name="shaodao.notices.actions.send_waiting",
    queueing_lock="notices.send_waiting",
    queue="notices",
    pass_context=False,
)
def send_waiting(timestamp: int = 0) -> None:
    """Start a sender for each channel that has something to send."""
    at = timezone.now()
    for channel in policy.OUTSIDE:
        if Notice.objects.due(channel, at).exists():
            _start(channel)


def _start(channel: Channel) -> None:
    job = send_channel.configure(queueing_lock=f"notices.send.{channel.value}")
    try:
        with transaction.atomic():
            job.defer(channel=channel.value)
    except exceptions.AlreadyEnqueued:
        _log.info("notices.sender.waits", channel=channel.value)


@app.task(name="shaodao.notices.actions.send_channel", queue="notices")
def send_channel(channel: str) -> None:
    """Send what one channel has to send now, for a while; the next job goes on."""
    until = time.monotonic() + RUN_SECONDS
    send_due(Channel(channel), clock=timezone.now, is_time=lambda: time.monotonic() < until)


def send_due(
    channel: Channel, *, clock: Callable[[], datetime], is_time: Callable[[], bool] = lambda: True
) -> int:
    """Send what a channel has to send, batch by batch, and return how many messages were tried.

    One sender at a time works on a channel: a second one finds it busy and returns.

    clock : what time it is; is_time : whether another message may be begun
    """
    if not _take_line(channel, at=clock()):
        return 0
    tried = 0
    try:
        while is_time() and (rows := claim(channel, at=clock())):
            n = _send(channel, rows, clock=clock, is_time=is_time)
            tried += n
            if n < len(rows):
                break
            _hold_line(channel, at=clock())
    finally:
        Line.objects.filter(channel=channel).update(busy_until=None)
    return tried


# ---- the line ----------------------------------------------------------------------------------


@transaction.atomic
def _take_line(channel: Channel, *, at: datetime) -> bool:
    """Take a channel for a sender, unless it is paused, rests or has a sender already."""
    Line.objects.get_or_create(channel=channel)
    free = Line.objects.filter(
        Q(busy_until=None) | Q(busy_until__lte=at),
        Q(rests_until=None) | Q(rests_until__lte=at),
        channel=channel,
        is_paused=False,
    )
    return bool(free.update(busy_until=at + CLAIM))


def _hold_line(channel: Channel, *, at: datetime) -> None:
    Line.objects.filter(channel=channel).update(busy_until=at + CLAIM)


# ---- claiming ----------------------------------------------------------------------------------


@transaction.atomic
def claim(channel: Channel, *, at: datetime) -> list[Notice]:
    """Claim the messages a channel sends next, and return them in their order.

    What lies in quiet hours is put off to their end; what would be too much for one person is
    gathered into a digest or put off; what is too old or has no address fails.
    """
    line = Line.objects.select_for_update().get(channel=channel)
    if line.is_paused or (line.rests_until is not None and line.rests_until > at):
        return []
    room = _room(channel, line, at=at)
    if room <= 0:
        return []
    while due := _due(channel, at=at):
        _note_lost([row for row in due if row.state == State.SENDING], at=at)
        fit = _in_time([row for row in due if not _fail_unsendable(row, at=at)], at=at)
        ready = _shared_out(channel, fit, at=at)
        if ready:
            chosen, left = ready[:room], ready[room:]
            for row in chosen:
                row.state, row.claimed_until = State.SENDING, at + CLAIM
                row.attempts += 1
            for row in left:
                row.state = State.WAITING
            _write([*chosen, *left])
            return chosen
    return []


def _room(channel: Channel, line: Line, *, at: datetime) -> int:
    """Return how many messages may go in this batch: one where the channel has yet to recover."""
    if line.n_failed >= rules.failures_to_rest(at=at):
        return 1
    pace = rules.pace(channel, at=at)
    if pace is None:
        return BATCH
    sent = Notice.objects.filter(channel=channel, state=State.SENT, sent_at__gt=at - MINUTE).count()
    return min(pace - sent, BATCH)


def _due(channel: Channel, *, at: datetime) -> list[Notice]:
    """Lock what is due: claims that ended first, then what waits, urgent and older first.

    All that waits for the people of the batch comes along, so that a digest holds all of it.
    """
    lost = Notice.objects.filter(
        channel=channel, state=State.SENDING, claimed_until__lte=at
    ).order_by("claimed_until", "pk")
    waiting = Notice.objects.filter(channel=channel, state=State.WAITING, due_at__lte=at)
    waiting = waiting.order_by("-is_urgent", "due_at", "pk")
    rows = list(lost.select_for_update(skip_locked=True)[:BATCH])
    rows += waiting.select_for_update(skip_locked=True)[: BATCH - len(rows)]
    if len(rows) == BATCH:
        crowded = _crowded(rows, at=at)
        people, phones = {row.to_id for row in crowded}, {row.phone for row in crowded}
        more = waiting.filter(
            Q(to__in=people - {None}) | Q(to=None, phone__in=phones - {""})
        ).exclude(pk__in=[row.pk for row in rows])
        rows += more.select_for_update(skip_locked=True)[: 20 * BATCH] if crowded else []
    return rows


def _crowded(rows: Iterable[Notice], *, at: datetime) -> list[Notice]:
    """Return a row of each person who has several in the batch."""
    by_person = defaultdict(list)
    for row in rows:
        by_person[row.to_id, row.phone].append(row)
    return [own[0] for own in by_person.values() if len(own) > 1]


def _note_lost(rows: Sequence[Notice], *, at: datetime) -> None:
    Attempt.objects.bulk_create(Attempt(notice=row, at=at, outcome=Outcome.LOST) for row in rows)


def _fail_unsendable(row: Notice, *, at: datetime) -> bool:
    """Fail a row nobody need try: too old, tried often enough, and write it down."""
    if row.created_at < rules.stale_before(at=at):
        row.error = policy.TOO_OLD
    elif row.attempts >= rules.most_attempts(at=at):
        row.error = policy.TRIED_ENOUGH
    else:
        return False
    row.state, row.due_at, row.claimed_until = State.FAILED, None, None
    _write([row])
    return True


def _in_time(rows: Sequence[Notice], *, at: datetime) -> list[Notice]:
    """Return what may go at this hour, and put the rest off to the end of the quiet hours."""
    ready, late = [], []
    for row in rows:
        until = None if row.is_urgent else rules.quiet_until(row.unit_id, at=at)
        if until is None:
            ready.append(row)
        else:
            row.state, row.due_at, row.claimed_until = State.WAITING, until, None
            late.append(row)
    _write(late)
    return ready


def _shared_out(channel: Channel, rows: Sequence[Notice], *, at: datetime) -> list[Notice]:
    """Return what goes now to each person within the cap: single messages, then a digest."""
    by_person: dict[tuple[int | None, str, bool], list[Notice]] = defaultdict(list)
    for row in rows:
        by_person[row.to_id, row.phone, row.is_urgent].append(row)
    sent = _sent_lately(channel, by_person, at=at)
    going = []
    for (to, phone, is_urgent), own in by_person.items():
        # Urgent matters have a place of their own: they are never crowded out by others.
        had = sent.get((to, phone, True), 0)
        had += 0 if is_urgent else sent.get((to, phone, False), 0)
        again = [row for row in own if row.attempts or row.kind in _DIGESTS]
        fresh = [row for row in own if not (row.attempts or row.kind in _DIGESTS)]
        cap = rules.cap(own[0].unit_id, at=at)
        share = policy.share_of(waiting=len(fresh), sent=had + len(again), cap=cap)
        going += again + fresh[: share.alone]
        if share.gathered > 1:
            going.append(_gather(fresh[share.alone :], at=at))
        else:
            going += fresh[share.alone : share.alone + share.gathered]
        _put_off(fresh[len(fresh) - share.postponed :] if share.postponed else [], at=at)
    order = {row.pk: place for place, row in enumerate(rows)}
    return sorted(going, key=lambda row: (not row.is_urgent, order.get(row.pk, len(order))))


def _sent_lately(channel: Channel, by_person, *, at: datetime) -> dict[tuple, int]:
    """Return how many messages each person had by a channel within the last hour, urgent or not."""
    lately = Notice.objects.filter(channel=channel, state=State.SENT, sent_at__gt=at - HOUR)
    people = {to for to, _, _ in by_person if to is not None}
    phones = {phone for to, phone, _ in by_person if to is None}
    lately = lately.filter(Q(to__in=people) | Q(to=None, phone__in=phones))
    counted = lately.values_list("to", "phone", "is_urgent").annotate(n=Count("pk")).order_by()
    return {(to, phone, urgent): n for to, phone, urgent, n in counted}


def _put_off(rows: Sequence[Notice], *, at: datetime) -> None:
    """Put a person's messages off until a place of the hour is free again."""
    for row in rows:
        row.state, row.due_at, row.claimed_until = State.WAITING, at + MINUTE * 5, None
    _write(rows)


def _gather(rows: Sequence[Notice], *, at: datetime) -> Notice:
    """Write the digest of one person's messages and let them stand for told within it."""
    first = rows[0]
    about = f"digest:{first.message_id}"
    kind = policy.DIGEST if first.to_id else policy.DIGEST_PUBLIC
    digest = Notice.objects.create(
        key=about,
        about=about,
        message_id=policy.message_id(
            about=about, key=about, recipient="", channel=Channel(first.channel)
        ),
        to_id=first.to_id,
        phone=first.phone,
        unit_id=first.unit_id,
        channel=first.channel,
        kind=kind,
        facts={"n": len(rows)},
        link="/notices/" if first.to_id else "",
        is_urgent=first.is_urgent,
        state=State.WAITING,
        due_at=at,
        created_at=at,
    )
    for row in rows:
        row.state, row.digest, row.due_at, row.claimed_until = State.GATHERED, digest, None, None
    _write(rows)
    return digest


_WRITTEN = ("state", "attempts", "due_at", "claimed_until", "error", "digest")


def _write(rows: Sequence[Notice]) -> None:
    if rows:
        Notice.objects.bulk_update(rows, _WRITTEN, batch_size=500)


# ---- sending -----------------------------------------------------------------------------------


def _send(
    channel: Channel,
    rows: Sequence[Notice],
    *,
    clock: Callable[[], datetime],
    is_time: Callable[[], bool],
) -> int:
    """Send claimed messages, writing down each answer, and return how many were tried.

    Where the channel rests after an answer, or time is up, the rest of the claim is given back.
    """
    with one_look():  # one set of texts and numbers for a batch
        held = _with_people(rows)
        gathered = _gathered(rows)
        made = channels.carrier(channel)
        tried, may_go_on = 0, made is not None
        is_well = not Line.objects.get(channel=channel).n_failed
        with made or nullcontext() as carrier:
            while may_go_on and tried < len(held) and (is_time() or not tried):
                row = held[tried]
                answer = _answer(carrier, row, gathered.get(row.pk, ()), at=clock())
                may_go_on = _record(row, answer, at=clock(), is_well=is_well)
                is_well = answer.outcome is Outcome.TAKEN or answer is _NOWHERE
                tried += 1
        _give_back(held[tried:], at=clock())
    return tried


def _with_people(rows: Sequence[Notice]) -> list[Notice]:
    """Return the rows, in their order, each with its recipient, and with where they are reached."""
    found = Notice.objects.select_related("to__notice_preference").in_bulk([row.pk for row in rows])
    return [found[row.pk] for row in rows]


def _gathered(rows: Sequence[Notice]) -> dict[int, list[Notice]]:
    """Return the messages each digest among `rows` tells of."""
    digests = [row.pk for row in rows if row.kind in _DIGESTS]
    by_digest: dict[int, list[Notice]] = defaultdict(list)
    if digests:
        for row in Notice.objects.filter(digest__in=digests).order_by("pk"):
            by_digest[row.digest_id].append(row)
    return by_digest


def _answer(carrier: Carrier, row: Notice, gathered: Sequence[Notice], *, at: datetime) -> Answer:
    """Send one message in its recipient's language and return what the channel said."""
    channel = Channel(row.channel)
    to = row.phone if row.to is None else address(row.to, channel)
    if not to or (row.to is not None and not row.to.is_active):
        return _NOWHERE
    preference = getattr(row.to, "notice_preference", None)
    language = (preference.language if preference else "") or settings.LANGUAGE_CODE
    with translation.override(language):
        on = timezone.localdate(at)
        said = rules.say(row, on=on, gathered=gathered)
        link = settings.SITE_URL + row.link if row.link else ""
        message = Message(
            id=row.message_id,
            to=to,
            subject=rules.subject(row),
            text=_joined(said, link, channel),
            at=at,
            kind=row.kind,
            values=rules.values_of(row.kind, row.facts) | {"link": link},
        )
    return carrier.send(message)


def _joined(said: str, link: str, channel: Channel) -> str:
    most = policy.LONGEST[channel] - len(link) - 1
    between = "\n" if channel is not Channel.SMS else ""
    return f"{said[:most]}{between if link else ''}{link}"


@transaction.atomic
def _record(row: Notice, answer: Answer, *, at: datetime, is_well: bool) -> bool:
    """Write down what came of an attempt and tell whether the channel may go on.

    is_well : the channel took the message before: nothing about it needs to be written
    """
    outcome, words = answer.outcome, answer.words[:200]
    Attempt.objects.create(notice=row, at=at, outcome=outcome, answer=words)
    new: dict[str, object] = {"claimed_until": None, "error": words}
    if outcome is Outcome.TAKEN:
        new |= {"state": State.SENT, "sent_at": at, "due_at": None, "error": ""}
    elif outcome is Outcome.REFUSED or row.attempts >= rules.most_attempts(at=at):
        new |= {"state": State.FAILED, "due_at": None}
    else:
        new |= {"state": State.WAITING, "due_at": rules.retry_at(row.attempts, at=at)}
        if outcome is Outcome.LATER:  # it is the channel that is asked to wait, not the message
            new |= {"due_at": at + _slow(answer), "attempts": row.attempts - 1}
    # A claim somebody else took up, or a message erased meanwhile, stays as it is now.
    Notice.objects.filter(pk=row.pk, state=State.SENDING).update(**new)
    if answer is _NOWHERE or (is_well and outcome is Outcome.TAKEN):
        return True
    return _mark_line(Channel(row.channel), answer, at=at)


def _slow(answer: Answer) -> timedelta:
    """Return how long a channel that was asked to slow down holds back."""
    return timedelta(seconds=answer.wait or SLOW_SECONDS)


def _mark_line(channel: Channel, answer: Answer, *, at: datetime) -> bool:
    """Write down how a channel fares and tell whether it may go on."""
    line = Line.objects.select_for_update().get(channel=channel)
    if answer.outcome in (Outcome.TAKEN, Outcome.REFUSED):
        line.n_failed, line.rests_until, line.why_resting = 0, None, ""
    elif answer.outcome is Outcome.LATER:
        line.rests_until, line.why_resting = at + _slow(answer), answer.outcome
    else:
        line.n_failed += 1
        is_over = line.n_failed >= rules.failures_to_rest(at=at)
        if is_over or answer.outcome is Outcome.BROKEN:
            line.rests_until, line.why_resting = at + rules.rest(at=at), answer.outcome
    if answer.outcome is not Outcome.TAKEN:
        line.last_error, line.last_error_at = answer.words[:200], at
        _log.warning("notices.attempt.failed", channel=channel.value, outcome=answer.outcome.value)
    line.save()
    return line.rests_until is None or line.rests_until <= at


@transaction.atomic
def _give_back(rows: Sequence[Notice], *, at: datetime) -> None:
    """Let go of claimed messages that were not tried."""
    for row in rows:
        Notice.objects.filter(pk=row.pk, state=State.SENDING).update(
            state=State.WAITING, attempts=row.attempts - 1, claimed_until=None, due_at=at
        )
