"""How the work is spread: every worker's load, who has none, and how even it is (X30, X45)."""

from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, pstdev

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from shaodao.kit.paging import Page, keyset
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Role
from shaodao.places.models import Contact

from .models import OPEN, Case, Patrol
from .today import monday_of

PAGE = 50
MOST_IDLE = 50  # names of people without a task


@dataclass(frozen=True)
class Spread:
    """How load is spread over workers."""

    n_workers: int
    n_tasks: int
    mean: float
    most: int
    n_idle: int
    imbalance: float | None  # coefficient of variation; 0: everybody carries the same

    @property
    def is_even(self) -> bool:
        """Whether the spread is even: a coefficient below one half, our own proposal."""
        return self.imbalance is not None and self.imbalance < 0.5


def workers_of(user, *, at: datetime, unit: int | None = None) -> QuerySet[User]:
    """Return the grid workers under `user`'s posts, each with what they carry.

    n_own are open cases that wait for them by name, n_shared those that wait for their grid,
    n_rounds the week's rounds; n_tasks is the sum. Households are counted, not added.
    """
    units = Unit.objects.visible_to(user)
    if unit is not None:
        units = units.under(Unit.objects.filter(pk=unit))
    posts = Post.objects.in_force().filter(role=Role.GRID_WORKER, unit__in=units)
    own = Case.objects.filter(status__in=OPEN, holder_person=OuterRef("pk"))
    grids = Post.objects.in_force().filter(user=OuterRef(OuterRef("pk")), role=Role.GRID_WORKER)
    shared = Case.objects.filter(
        status__in=OPEN, holder_person=None, holder__in=grids.values("unit")
    )
    rounds = Patrol.objects.filter(worker=OuterRef("pk"), week=monday_of(at))
    households = Contact.objects.in_force().filter(worker=OuterRef("pk"))
    workers = User.objects.filter(pk__in=posts.values("user"), is_active=True)
    return workers.annotate(
        n_own=_count(own),
        n_shared=_count(shared),
        n_rounds=_count(rounds),
        n_rounds_done=_count(rounds.filter(done_at__isnull=False)),
        n_households=_count(households),
    ).annotate(n_tasks=F("n_own") + F("n_shared") + F("n_rounds"))


def _count(rows: QuerySet) -> Coalesce:
    counted = rows.order_by().values(one=Count("*"))
    counted.query.group_by = None  # one number for all rows, not one a row
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def spread_of(workers: QuerySet[User]) -> Spread:
    """Return how evenly the tasks lie on `workers`."""
    loads = list(workers.values_list("n_tasks", flat=True))
    mean = fmean(loads) if loads else 0.0
    return Spread(
        n_workers=len(loads),
        n_tasks=sum(loads),
        mean=mean,
        most=max(loads, default=0),
        n_idle=loads.count(0),
        imbalance=pstdev(loads) / mean if mean else None,
    )


def page_of(workers: QuerySet[User], *, after: str | None) -> Page:
    """Return a page of the workers with their grids' names."""
    page = keyset(workers, order=(("name", "asc"),), after=after, size=PAGE)
    posts = Post.objects.in_force().filter(user__in=page.rows, role=Role.GRID_WORKER)
    for worker in page.rows:
        worker.grids = []
    by_pk = {worker.pk: worker for worker in page.rows}
    for post in posts.select_related("unit").order_by("pk"):
        by_pk[post.user_id].grids.append(post.unit.short_name)
    return page


def idle(workers: QuerySet[User]) -> list[User]:
    """Return workers without any task, the first MOST_IDLE."""
    return list(workers.filter(n_tasks=0).order_by("name", "pk")[:MOST_IDLE])
