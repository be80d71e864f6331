"""What waits for one worker: orders, work in hand, rounds of the week, and how fast they were."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Q, QuerySet
from django.utils import timezone

from shaodao.people.models import Cover, posts_of
from shaodao.people.policy import Role
from shaodao.people.queries import units_by_id

from . import policy
from .models import Case, Clock, CoHandler, Patrol
from .queries import complete, seats_of

S, T = policy.Status, policy.Step
MOST = 100  # rows of one list on a phone
_LOOK_BACK = timedelta(days=30)
_COUNTED = 500  # clocks looked at for one person's numbers


@dataclass(frozen=True)
class Order:
    """A case in a worker's hands, with the clock they watch and what their thumb can do."""

    case: Case
    due_at: datetime | None
    warn_at: datetime | None
    moves: frozenset[str]


@dataclass(frozen=True)
class Speed:
    """How fast somebody was over the last thirty days."""

    n: int
    n_met: int
    median: timedelta | None

    @property
    def share(self) -> float | None:
        """The share met in time."""
        return self.n_met / self.n if self.n else None


@dataclass(frozen=True)
class Today:
    """One worker's day."""

    to_accept: list[Order]
    in_hand: list[Order]
    to_check: list[Order]
    to_verify: list[Order]
    helping: list[CoHandler]
    rounds: list[Patrol]
    accepting: Speed
    arriving: Speed

    @property
    def n_waiting(self) -> int:
        """How many things wait for the worker now."""
        lists = (self.to_accept, self.in_hand, self.to_check, self.to_verify, self.helping)
        return sum(map(len, lists)) + sum(r.done_at is None for r in self.rounds)


_FIELD = frozenset({Role.HANDLER, Role.GRID_WORKER})


def read(user, *, at: datetime) -> Today:
    """Return what waits for `user`, in a number of queries that does not grow with it."""
    on_site = _units(user, _FIELD)
    cases = _waiting(user, on_site, _units(user, {Role.VERIFIER}))
    clocks = _running(cases)
    orders = [_order(case, clocks.get(case.pk, ()), user) for case in cases]

    def standing(*statuses: S) -> list[Order]:
        return [order for order in orders if order.case.status in statuses]

    helping = CoHandler.objects.filter(
        unit__in=on_site,
        contributed_at=None,
        case__in=Case.objects.visible_to(user).filter(status__in=[S.DISPATCHED, S.HANDLING]),
    )
    rounds = Patrol.objects.filter(worker=user, week=monday_of(at))
    return Today(
        to_accept=standing(S.DISPATCHED),
        in_hand=standing(S.HANDLING),
        to_check=standing(S.CHECKING),
        to_verify=standing(S.HANDLED),
        helping=_with_cases(helping),
        rounds=list(rounds.select_related("grid__unit").order_by("done_at", "pk")),
        accepting=_speed(user, on_site, T.ACCEPT, at),
        arriving=_speed(user, on_site, T.ARRIVE, at),
    )


def monday_of(at: datetime) -> date:
    """Return the Monday of the week an instant lies in."""
    today = timezone.localdate(at)
    return today - timedelta(days=today.weekday())


def _units(user, roles: Iterable[Role]) -> list[int]:
    return [post.unit_id for post in posts_of(user) if post.role in roles]


def _waiting(user, on_site: Sequence[int], verifying: Sequence[int]) -> list[Case]:
    """Return the open cases that wait for this person, or for anybody of their units."""
    away = Cover.objects.in_force().filter(by=user).values("absent")
    named = Q(holder_person=user) | Q(holder_person__in=away)
    mine = named | Q(holder_person=None, holder__in=on_site)
    to_do = Q(mine, status__in=[S.DISPATCHED, S.HANDLING, S.CHECKING])
    to_verify = Q(status=S.HANDLED, holder__in=verifying)
    cases = Case.objects.visible_to(user).filter(to_do | to_verify).defer("search")
    found = list(cases.order_by("due_at", "pk")[:MOST])
    complete(found, people=["lead_person"])
    return found


def _with_cases(helping: QuerySet[CoHandler]) -> list[CoHandler]:
    rows = list(helping.select_related("case").defer("case__search").order_by("pk")[:MOST])
    complete([row.case for row in rows])
    units = units_by_id()
    for row in rows:
        row.unit = units[row.unit_id]
    return rows


def _running(cases: Sequence[Case]) -> dict[int, list[Clock]]:
    found: dict[int, list[Clock]] = {}
    for clock in Clock.objects.running().filter(case__in=[case.pk for case in cases]):
        found.setdefault(clock.case_id, []).append(clock)
    return found


_WATCHED = {S.DISPATCHED: T.ACCEPT, S.CHECKING: T.CHECK, S.HANDLED: T.VERIFY}


def _order(case: Case, clocks: Sequence[Clock], user) -> Order:
    by_step = {clock.step: clock for clock in clocks}
    step = _WATCHED.get(S(case.status)) or (T.ARRIVE if T.ARRIVE in by_step else T.HANDLE)
    watched = by_step.get(step)
    is_own = case.handled_by_id == user.pk
    open_to = policy.moves_open_to(
        status=S(case.status),
        seats=seats_of(user, case, ()),
        is_handler=is_own,
        is_led=case.acceptor_id is not None,
    )
    moves = {move.name for move in open_to} - ({"arrive"} if T.ARRIVE not in by_step else set())
    return Order(
        case=case,
        due_at=watched.due_at if watched else case.due_at,
        warn_at=watched.warn_at if watched else None,
        moves=frozenset(moves),
    )


def _speed(user, units: Sequence[int], step: policy.Step, at: datetime) -> Speed:
    """Return how long one step took this person, or their units where nobody was named."""
    clocks = Clock.objects.filter(step=step, stopped_at__gte=at - _LOOK_BACK)
    # Two questions, each with an index: an OR over both tables of the join would read every case.
    named = clocks.filter(case__lead_person=user)
    shared = clocks.filter(case__lead_person=None, unit__in=units)
    columns = ("pk", "started_at", "stopped_at", "due_at")
    rows = named.values_list(*columns).union(shared.values_list(*columns), all=True)
    times = [times for _pk, *times in rows.order_by("-pk")[:_COUNTED]]
    taken = [stopped - started for started, stopped, _due in times]
    n_met = sum(stopped <= due for _started, stopped, due in times)
    return Speed(len(times), n_met, median(taken) if taken else None)
