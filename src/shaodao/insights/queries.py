"""A grid at a glance: what waits there and how much of the small is settled there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum
from django.utils import timezone

from shaodao.cases.models import Case
from shaodao.people.policy import Level
from shaodao.places.models import Grid

from .models import DailyTally
from .policy import Measure, share_of
from .scope import DAYS


@dataclass(frozen=True)
class Glance:
    """Open cases of a grid, those late, and the share of small matters settled in it lately."""

    n_open: int
    n_late: int
    n_settled: int
    n_small: int
    days: int = DAYS

    @property
    def in_grid_share(self) -> float | None:
        return share_of(self.n_settled, self.n_small)


def grid_at_a_glance(user, grid: Grid, *, at: datetime) -> Glance:
    """Return a grid's figures, as far as `user` may see its cases."""
    cases = Case.objects.visible_to(user).open().filter(area=grid.unit_id)
    counts = cases.aggregate(n=Count("pk"), late=Count("pk", filter=Q(due_at__lte=at)))
    today = timezone.localdate(at)
    small = DailyTally.objects.visible_to(user).filter(measure=Measure.SMALL, area=grid.unit_id)
    sums = small.between(today - timedelta(days=DAYS - 1), today + timedelta(days=1)).aggregate(
        small=Sum("n", default=0), settled=Sum("n", filter=Q(part=Level.GRID), default=0)
    )
    return Glance(counts["n"], counts["late"], sums["settled"], sums["small"])
