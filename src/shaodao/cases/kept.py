"""Reading figures over all cases that were counted not long ago (`actions.counting` writes them).

A page over few cases counts for itself. A page over many would grow with them: it reads what was
counted within policy.KEPT_FOR, and counts for itself where that is missing.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, Exists, F, Q, QuerySet, Sum
from django.utils import timezone

from .models import Case, KeptCount, MapCount, Outcome, Rating
from .policy import KEPT_FOR, Kept, Status

DAYS = 30  # what the public figures look back on


@dataclass(frozen=True)
class Solved:
    """How much has been solved lately; counts of cases, not of people."""

    today: int  # since midnight
    month: int  # the last thirty days
    on_time: float | None  # share of the month's that met what residents were promised
    score: float | None  # mean of the month's ratings, 1 to 5
    households: int  # that the month's outcomes reached

    @property
    def score_said(self) -> str:
        return f"{self.score:.1f}" if self.score else "—"


def in_force(name: Kept, *, at: datetime) -> QuerySet[KeptCount]:
    """Return the count of that name if it still stands for the present."""
    return KeptCount.objects.filter(name=name, at__gt=at - KEPT_FOR[name], at__lte=at)


def map_counts(name: Kept, *, unit: int | None, at: datetime) -> QuerySet[MapCount]:
    """Return what is kept of the map for a unit, nothing where it is not kept or too old."""
    rows = MapCount.objects.filter(Exists(in_force(name, at=at)))
    return rows.filter(unit=unit) if unit is not None else rows.filter(unit__isnull=True)


def solved(*, at: datetime) -> Solved:
    """Return the public figures as of `at`, or as of not long before."""
    kept = in_force(Kept.SOLVED, at=at).first()
    return Solved(**kept.figures) if kept else count_solved(at=at)


def count_solved(*, at: datetime) -> Solved:
    """Count the public figures as of `at`, of thirty days' closed cases from their index alone."""
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    since = at - timedelta(days=DAYS)
    ended = Case.objects.filter(status=Status.CLOSED, ended_at__gte=since, ended_at__lte=at)
    counts = ended.aggregate(
        today=Count("ended_at", filter=Q(ended_at__gte=day)),
        month=Count("ended_at"),
        promised=Count("ended_at", filter=Q(promised_at__isnull=False, handled_at__isnull=False)),
        on_time=Count("ended_at", filter=Q(handled_at__lte=F("promised_at"))),
    )
    rated = Rating.objects.filter(case__status=Status.CLOSED, at__gte=since, at__lte=at)
    reached = Outcome.objects.filter(case__status=Status.CLOSED, at__gte=since, at__lte=at)
    return Solved(
        today=counts["today"],
        month=counts["month"],
        on_time=counts["on_time"] / counts["promised"] if counts["promised"] else None,
        score=rated.aggregate(mean=Avg("score"))["mean"],
        households=reached.aggregate(n=Sum("n_households"))["n"] or 0,
    )


def as_figures(solved: Solved) -> dict[str, float | None]:
    """Return the figures as they are kept."""
    return asdict(solved)
