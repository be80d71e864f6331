"""What residents do that touches several apps at once, and the tidying after them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases.actions import leave, move_by_link
from shaodao.cases.models import Case, Evidence, Release
from shaodao.kit.images import sweep_orphans
from shaodao.reports.actions import count_try, forget_senders
from shaodao.reports.models import Photo, Report
from shaodao.reports.tokens import token_of
from shaodao.workforce.models import Disclosure

# How often an hour one address may try to find a report by its number, and one number be tried:
# with four digits to guess, a number holds out for weeks.
TRIES_BY_ADDRESS, TRIES_AT_NUMBER = 30, 6
ORPHANS_AFTER = timedelta(days=3)  # longer than a picture may wait to be sent


@transaction.atomic
def withdraw(*, case: Case, report: Report, at: datetime) -> None:
    """Let a reporter drop out; a case nobody stands behind any more is withdrawn.

    :raises shaodao.cases.policy.MoveRefused: if the last reporter asks when work has begun.
    """
    if leave(case=case, report=report, at=at):
        move_by_link(case=case, name="withdraw", report=report, at=at)


def find(*, number: str, phone_end: str, sender: str, at: datetime) -> str | None:
    """Return the tracking token of a report, to whoever knows its number and the phone's end.

    :raises shaodao.reports.policy.TooManyReports: after too many tries in an hour.
    """
    count_try(sender=f"f{sender}", most=TRIES_BY_ADDRESS, at=at)
    count_try(sender=f"n{number}"[:80], most=TRIES_AT_NUMBER, at=at)
    known = Report.objects.filter(number=number, token_digest__isnull=False).exclude(phone="")
    report = known.filter(phone__endswith=phone_end).first()
    return token_of(report) if report else None


@app.periodic(cron="40 3 * * *")
@app.task(queueing_lock="residents.tidy", queue="sweeps")
def tidy(timestamp: int = 0) -> None:
    """Delete pictures that were never sent, and old counts of senders."""
    at = timezone.now()
    sweep_orphans(named_by_rows=named_by_rows, before=at - ORPHANS_AFTER)
    forget_senders(at=at)


def named_by_rows(files: Collection[str]) -> set[str]:
    """Return which of these stored pictures a report, a case, a release or a card names."""
    named = set(Photo.objects.filter(file__in=files).values_list("file", flat=True))
    named |= set(Evidence.objects.filter(file__in=files).values_list("file", flat=True))
    named |= set(Disclosure.objects.filter(photo__in=files).values_list("photo", flat=True))
    released = Release.objects.filter(Q(before__in=files) | Q(after__in=files))
    return named | {f for pair in released.values_list("before", "after") for f in pair if f}
