"""What is counted of workers' work between two days. Staff only, never residents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.conf import settings
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from shaodao.cases.models import CaseReport, Clock, Patrol, Rating
from shaodao.cases.policy import Step
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Role
from shaodao.people.queries import number
from shaodao.reports.policy import Channel
from shaodao.workforce import policy
from shaodao.workforce.models import Indicator, Period, Score

from .charges import nearest

_TIMED = (Step.ACCEPT, Step.ARRIVE, Step.HANDLE)
_UNTRUE = ("DECLINED", "VOIDED", "WITHDRAWN")
_UNDECIDED = ("RECEIVED", "CHECKING")
F_ = policy.Figure


@dataclass(frozen=True)
class Standing:
    """A worker with their points so far, or as they were frozen."""

    worker: User
    unit: Unit
    lines: list[policy.Line]
    total: float | None
    score: Score | None = None


def instant(day: date) -> datetime:
    """Return the midnight a day begins with, where the county is."""
    return timezone.make_aware(datetime.combine(day, time()))


def weights_on(on: date, unit_ids: list[int]) -> list[policy.Weighed]:
    """Return the indicators in force on a day in a place."""
    rows = nearest(Indicator.objects.in_force(on), unit_ids)
    return [policy.Weighed(policy.Figure(row.code), row.weight) for row in rows if row.weight]


def workers_in(unit: Unit) -> list[tuple[User, Unit]]:
    """Return the grid workers of an area, each with the first of their grids."""
    posts = Post.objects.in_force().filter(role=Role.GRID_WORKER, unit__path__startswith=unit.path)
    found: dict[int, tuple[User, Unit]] = {}
    for post in posts.select_related("user", "unit").order_by("unit__path", "-is_head", "pk"):
        if post.user.is_active:
            found.setdefault(post.user_id, (post.user, post.unit))
    return list(found.values())


def counted_for(
    people: Sequence[int], *, since: date, until: date, per_week: int, satisfied: int
) -> dict[int, dict[policy.Figure, policy.Counted]]:
    """Return what each worker did between two days (until exclusive), figure by figure.

    A handful of queries for any number of workers.
    """
    first, end = instant(since), instant(until)
    weeks = weeks_between(since, until)
    rounds = Patrol.objects.filter(worker__in=people, week__gte=since, week__lt=until)
    done = Q(done_at__isnull=False)
    clocks = Clock.objects.filter(
        case__lead_person__in=people, step__in=[s.value for s in _TIMED],
        stopped_at__gte=first, stopped_at__lt=end,
    )  # fmt: skip
    ratings = Rating.objects.filter(case__handled_by__in=people, at__gte=first, at__lt=end)
    said = CaseReport.objects.filter(
        report__by__in=people, report__received_at__gte=first, report__received_at__lt=end
    )
    patrols = said.filter(report__channel=Channel.PATROL.value).order_by()
    n_found = dict(patrols.values_list("report__by").annotate(n=Count("report", distinct=True)))
    decided = said.exclude(case__status__in=_UNDECIDED)
    sets = {
        F_.ROUNDS: _counted(rounds, "worker", done),
        F_.IN_TIME: _counted(clocks, "case__lead_person", Q(stopped_at__lte=F("due_at"))),
        F_.SATISFACTION: _counted(ratings, "case__handled_by", Q(score__gte=satisfied)),
        F_.ACCURACY: _counted(decided, "report__by", ~Q(case__status__in=_UNTRUE)),
        F_.REPORTS: {pk: policy.Counted(n_found.get(pk, 0), weeks * per_week) for pk in people},
        **_counted_beside(people, first, end),
    }
    return {
        pk: {figure: counts.get(pk, policy.Counted(0, 0)) for figure, counts in sets.items()}
        for pk in people
    }


def _counted_beside(
    people: Sequence[int], first: datetime, end: datetime
) -> dict[policy.Figure, dict[int, policy.Counted]]:
    """Return the figures that mechanisms beside this one count: (n, of) by worker."""
    return {
        policy.Figure(figure): {
            pk: policy.Counted(*counts)
            for pk, counts in import_string(path)(people, first, end).items()
        }
        for figure, path in settings.APPRAISAL_FIGURES.items()
    }


def _counted(rows, by: str, good: Q) -> dict[int, policy.Counted]:
    found = rows.order_by().values_list(by).annotate(n=Count("pk", filter=good), of=Count("pk"))
    return {pk: policy.Counted(n, of) for pk, n, of in found}


def weeks_between(since: date, until: date) -> int:
    """Return how many whole weeks lie between two days, at least one."""
    return max((until - since).days // 7, 1)


def standings(period: Period, *, on: date, only: User | None = None) -> list[Standing]:
    """Return the points of the workers of a period as they stand on a day, the highest first.

    Before the period is frozen the days to come count for nothing yet.
    """
    people = [row for row in workers_in(period.unit) if only is None or row[0].pk == only.pk]
    ids, units = [worker.pk for worker, _ in people], period.unit.ancestor_ids
    until = min(period.until, max(on, period.since))
    per_week = number("proactive_a_week", on=on, unit_ids=units)
    satisfied = number("satisfied_score", on=on, unit_ids=units)
    counted = counted_for(
        ids, since=period.since, until=until, per_week=per_week, satisfied=satisfied
    )
    weights, weeks = weights_on(period.since, units), weeks_between(period.since, until)
    found = []
    for worker, unit in people:
        lines = policy.score_lines(weights, counted[worker.pk], weeks=weeks, per_week=per_week)
        found.append(Standing(worker, unit, lines, policy.score_of(lines)))
    return sorted(
        found, key=lambda row: (-(row.total if row.total is not None else -1), row.worker.pk)
    )


def line_from(plain: dict) -> policy.Line:
    """Return a line of points as it was frozen."""
    return policy.Line(
        plain["label"], plain["weight"], plain["points"], plain["said"], plain["values"]
    )


def total_of(score: Score) -> float | None:
    """Return a frozen score with the corrections of decided appeals."""
    return policy.score_of(map(line_from, score.lines), corrections=score.correction)


def frozen(period: Period) -> list[Standing]:
    """Return the points of a period as they were frozen, corrections added, the highest first."""
    rows = period.scores.select_related("worker", "unit")
    found = [
        Standing(row.worker, row.unit, [line_from(line) for line in row.lines], total_of(row), row)
        for row in rows
    ]
    return sorted(
        found, key=lambda row: (-(row.total if row.total is not None else -1), row.worker.pk)
    )


def periods_for(user):
    """Return the periods under, or above, the posts of `user`, the latest first."""
    above = {
        pk for post in user.posts.in_force().select_related("unit") for pk in post.unit.ancestor_ids
    }
    under = Period.objects.visible_to(user).values("pk")
    rows = Period.objects.filter(Q(unit__in=above) | Q(pk__in=under))
    return rows.select_related("unit").order_by("-since", "-pk")
