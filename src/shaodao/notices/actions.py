"""Writing notices and sending them. The only code that writes them."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from .channels import sms
from .models import Notice

BATCH = 200  # rows sent in one go


def post(
    messages: Iterable[tuple[str, int | None, str, str, str]], *, about: str, at: datetime
) -> None:
    """Write notices in the present transaction: (key, user, phone, text, link) each.

    A message to a member of staff is there once it is written; one to a phone waits for the next
    batch. A key that stands already is left as it is, so that nothing is said twice.
    """
    rows = [
        Notice(
            key=key,
            to_id=user,
            phone=phone,
            channel="IN_APP" if user else "SMS",
            about=about,
            link=link,
            text=text[:400],
            state="SENT" if user else "WAITING",
            created_at=at,
            sent_at=at if user else None,
        )
        for key, user, phone, text, link in messages
    ]
    if rows:
        Notice.objects.bulk_create(rows, ignore_conflicts=True)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="notices.send_waiting", queue="notices", pass_context=False)
def send_waiting(timestamp: int = 0) -> None:
    """Send what waits, in batches, until nothing does."""
    while _send_batch(at=timezone.now()):
        pass


@transaction.atomic
def _send_batch(*, at: datetime) -> int:
    rows = list(Notice.objects.waiting().order_by("pk").select_for_update(skip_locked=True)[:BATCH])
    for row in rows:
        row.attempts += 1
        row.state = (
            "SENT"
            if sms.send(row.phone, f"{row.text}{settings.SITE_URL}{row.link}", row.key)
            else "FAILED"
        )
        row.sent_at = at
    Notice.objects.bulk_update(rows, ["attempts", "state", "sent_at"])
    return len(rows)


@transaction.atomic
def read(*, user, upto: int, at: datetime) -> int:
    """Mark the notices of `user` up to an id as read and return how many were not."""
    return Notice.objects.visible_to(user).filter(pk__lte=upto, read_at=None).update(read_at=at)


@transaction.atomic
def read_one(*, notice: Notice, at: datetime) -> None:
    """Mark one notice as read; a second time changes nothing."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def forget(*, about: str) -> None:
    """Take phones and words out of the messages about something, which stay as a count."""
    Notice.objects.filter(about__startswith=about, to=None).update(
        phone="", text="", link="", state="ERASED"
    )
