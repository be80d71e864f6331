"""What the pages of whistles show: one whistle with its units, what waits for whom, an area."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cases.history import Line, lines
from shaodao.cases.models import Case
from shaodao.kit import stages
from shaodao.kit.paging import Page, keyset
from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import Kind as UnitKind
from shaodao.people.queries import number
from shaodao.supervision.models import Supervision

from . import policy
from .models import Summons, Whistle, WhistleClock
from .place_code import code_of
from .queries import arbiter_of, is_summoned, may_write_down, ones_of, origins_of, seats_of
from .rules import may_whistle

MOST = 100  # of one kind on a list of what to do
PAGE = 30
Coming, Stage, State, Step = policy.Coming, policy.Stage, policy.State, policy.Step
COMING_TONES = {
    Coming.EXPECTED: ("new", "clock"),
    Coming.CAME: ("done", "check"),
    Coming.LATE: ("warn", "late"),
    Coming.MISSING: ("late", "urgent"),
    Coming.REFUSED: ("wait", "cross"),
    Coming.RELEASED: ("void", "minus"),
}
_MAIN = frozenset(
    {"sign", "report_in", "hand_in", "submit", "blow", "blow_now", "confer", "close", "confirm",
     "overrule", "resume"}
)  # fmt: skip
_DANGER = frozenset({"refuse", "call_off", "withdraw", "decline", "mark_absent", "stand_down"})


@dataclass(frozen=True)
class Button:
    """A move the reader may make now."""

    name: str
    label: str
    url: str
    is_main: bool
    is_danger: bool


@dataclass(frozen=True)
class Row:
    """One unit of a whistle as a page shows it."""

    summons: Summons
    coming: policy.Coming
    due: WhistleClock | None  # the limit that runs for it now
    report_due: WhistleClock | None
    buttons: list[Button]
    arbiter: Unit | None
    supervisions: list[Supervision]

    @property
    def label(self) -> str:
        return _(policy.STATE_LABELS[State(self.summons.state)])

    @property
    def coming_label(self) -> str:
        return _(policy.COMING_LABELS[self.coming])

    @property
    def tone(self) -> str:
        return COMING_TONES[self.coming][0]

    @property
    def icon(self) -> str:
        return COMING_TONES[self.coming][1]

    @property
    def late_by(self) -> timedelta | None:
        """By how much it came too late."""
        clock, came = self.report_due, self.summons.reported_at
        return came - clock.due_at if clock and came and came > clock.due_at else None


@dataclass(frozen=True)
class Board:
    """One whistle with everything its page shows."""

    whistle: Whistle
    rows: list[Row]
    buttons: list[Button]
    stages: list[stages.Stage]
    due: WhistleClock | None
    clocks: list[WhistleClock]
    history: list[Line]
    code: str

    @property
    def counts(self) -> list[tuple[policy.Coming, str, str, str, int]]:
        """How many came, are late, missing …: what a wall says first."""
        found = [row.coming for row in self.rows]
        order = (
            Coming.CAME,
            Coming.LATE,
            Coming.MISSING,
            Coming.REFUSED,
            Coming.EXPECTED,
        )
        return [
            (one, _(policy.COMING_LABELS[one]), *COMING_TONES[one], found.count(one))
            for one in order
        ]

    @property
    def lead(self) -> Row | None:
        return next((row for row in self.rows if row.summons.is_lead), None)

    @property
    def is_live(self) -> bool:
        return self.whistle.stage in policy.LIVE

    @property
    def scores(self) -> list[Row]:
        return [row for row in self.rows if row.summons.score is not None]


def read(whistle: Whistle, *, user, at: datetime) -> Board:
    """Return the board of a whistle as `user` sees it at an instant."""
    rows = list(
        whistle.summonses.select_related(
            "unit", "person", "arbiter", "signed_by", "reported_by", "photo", "refusal",
            "ruling", "result",
        ).order_by("-is_lead", "pk")
    )  # fmt: skip
    clocks = list(whistle.clocks.select_related("unit", "summons__unit").order_by("pk"))
    supervised: dict[int, list[Supervision]] = {}
    for one in Supervision.objects.filter(case=whistle.case_id).order_by("pk"):
        supervised.setdefault(one.unit_id, []).append(one)
    is_own = is_summoned(user, rows)
    running = [c for c in clocks if c.stopped_at is None and c.paused_at is None]
    own = [clock for clock in running if clock.summons_id is None]
    return Board(
        whistle=whistle,
        rows=[
            _row(whistle, row, rows, clocks, supervised, user=user, is_own=is_own, at=at)
            for row in rows
        ],
        buttons=_buttons(whistle, user=user, is_own=is_own),
        stages=_line(whistle, at=at),
        due=min(own, key=lambda clock: clock.due_at, default=None),
        clocks=clocks,
        history=_history(whistle),
        code=code_of(whistle),
    )


def _row(whistle, row, rows, clocks, supervised, *, user, is_own: bool, at: datetime) -> Row:
    mine = [clock for clock in clocks if clock.summons_id == row.pk]
    running = [clock for clock in mine if clock.stopped_at is None and clock.paused_at is None]
    reporting = [clock for clock in mine if clock.step == Step.REPORT_IN]
    report_due = reporting[-1] if reporting else None
    return Row(
        summons=row,
        coming=coming(row, report_due, at),
        due=min(running, key=lambda clock: clock.due_at, default=None),
        report_due=report_due,
        buttons=_summons_buttons(whistle, row, rows, user=user, is_own=is_own, clock=report_due,
                                 at=at),
        arbiter=row.arbiter or (
            arbiter_of(whistle.whistler, row.unit) if row.state == State.REFUSED else None
        ),
        supervisions=supervised.get(row.unit_id, []),
    )  # fmt: skip


def coming(row: Summons, clock: WhistleClock | None, at: datetime) -> policy.Coming:
    """Return whether a unit came, by its limit to report in."""
    until = row.reported_at or at
    return policy.coming_of(
        State(row.state),
        is_there=row.reported_at is not None,
        is_in_time=clock is None or until <= clock.due_at,
    )


def _buttons(whistle: Whistle, *, user, is_own: bool) -> list[Button]:
    seats, stage = seats_of(user, whistle), Stage(whistle.stage)
    found = []
    for move in policy.MOVES.values():
        try:
            policy.check(
                move,
                stage=stage,
                seats=seats,
                given=move.needs,
                kind=policy.Kind(whistle.kind),
                origin=policy.Origin(whistle.origin),
                is_confirmed=whistle.confirmed_at is not None,
                is_own=whistle.drafted_by_id == user.pk,
                is_summoned=is_own,
            )
        except policy.WhistleRefused:
            continue
        url = reverse("whistle_move", args=[whistle.pk, move.name])
        found.append(_button(move, url))
    return found


def _summons_buttons(whistle, row, rows, *, user, is_own, clock, at) -> list[Button]:
    if whistle.stage not in policy.LIVE:
        return []
    seats, ones, place = seats_of(user, whistle, row), ones_of(rows), rows.index(row)
    found = []
    for move in policy.SUMMONS_MOVES.values():
        if move.name in policy.MADE_BY_OTHERS:
            continue
        try:
            policy.check_summons(
                move,
                place,
                ones,
                stage=Stage(whistle.stage),
                seats=seats,
                given=policy.needs_of(move, is_lead=row.is_lead),
                is_late=clock is not None and clock.due_at <= at,
                is_named=row.person_id in (None, user.pk),
                is_summoned=is_own,
            )
        except policy.WhistleRefused:
            continue
        url = reverse("summons_move", args=[whistle.pk, row.pk, move.name])
        found.append(_button(move, url))
    return found


def _button(move: policy.Move, url: str) -> Button:
    return Button(move.name, _(move.label), url, move.name in _MAIN, move.name in _DANGER)


def _line(whistle: Whistle, *, at: datetime) -> list[stages.Stage]:
    labels = [_(policy.STAGE_LABELS[stage]) for stage in policy.LINE]
    times = [
        whistle.drafted_at, None, whistle.blown_at, whistle.conferred_at, None, None,
        whistle.ended_at if whistle.stage == Stage.CLOSED else None,
    ]  # fmt: skip
    if whistle.stage in {Stage.DECLINED, Stage.WITHDRAWN}:
        done = 2 if whistle.blown_at is None else 3
        made = stages.line(labels, current=done, times=times)
        return [s if s.state == "done" else s._replace(state="skipped", at=None) for s in made]
    current = policy.LINE.index(Stage(whistle.stage))
    return stages.line(
        labels, current=len(labels) if whistle.stage == Stage.CLOSED else current, times=times
    )


def _history(whistle: Whistle) -> list[Line]:
    entries = whistle.case.journal.filter(facts__whistle=whistle.pk)
    rows = list(entries.select_related("actor").order_by("seq"))
    keys = [row.facts["remark"] for row in rows if row.facts.get("remark")]
    pictures = [pk for row in rows for pk in row.facts.get("pictures", ())]
    return lines(
        rows,
        remarks=whistle.case.remarks.filter(pk__in=keys),
        reports=(),
        pictures=whistle.case.evidence.filter(pk__in=pictures),
    )


# ---- what waits for whom ---------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """Something that waits for the reader: a summons of their unit, or a whistle of their side."""

    whistle: Whistle
    summons: Summons | None
    due: WhistleClock | None
    buttons: list[Button]

    @property
    def label(self) -> str:
        if self.summons is not None:
            return _(policy.STATE_LABELS[State(self.summons.state)])
        return _(policy.STAGE_LABELS[Stage(self.whistle.stage)])


@dataclass(frozen=True)
class Tasks:
    """What waits for a reader, by side."""

    called: list[Task]
    whistling: list[Task]
    arbitrating: list[Task]


def tasks_of(user, *, at: datetime) -> Tasks:
    """Return what waits for `user`: their units' summonses, their own side's, arbitration."""
    open_ones = Whistle.objects.visible_to(user).exclude(stage__in=[s.value for s in policy.ENDED])
    running = WhistleClock.objects.running().order_by("due_at")
    found = list(
        open_ones.for_list()
        .prefetch_related(Prefetch("clocks", running, to_attr="running"))
        .order_by("-drafted_at")[:MOST]
    )
    units = {post.unit_id for post in posts_of(user)}
    called, whistling, arbitrating = [], [], []
    for whistle in found:
        rows = list(whistle.summonses.all())
        is_own = is_summoned(user, rows)
        main = [b for b in _buttons(whistle, user=user, is_own=is_own) if b.name in _MAIN]
        if main:
            whistling.append(Task(whistle, None, _due(whistle, None), main))
        for row in rows if whistle.stage in policy.LIVE else ():
            clock = _reporting(whistle, row)
            buttons = _summons_buttons(
                whistle, row, rows, user=user, is_own=is_own, clock=clock, at=at
            )  # fmt: skip
            names = {button.name for button in buttons}
            task = Task(whistle, row, _due(whistle, row), buttons)
            if row.unit_id in units and row.state not in policy.OVER and _mine(row, user):
                called.append(task)
            if {"uphold", "overrule"} & names:
                arbitrating.append(task)
    return Tasks(sorted(called, key=_urgency), sorted(whistling, key=_urgency), arbitrating)


def _mine(row: Summons, user) -> bool:
    return row.person_id in (None, user.pk)


def _due(whistle: Whistle, row: Summons | None) -> WhistleClock | None:
    pk = row.pk if row else None
    return next((clock for clock in whistle.running if clock.summons_id == pk), None)


def _reporting(whistle: Whistle, row: Summons) -> WhistleClock | None:
    mine = (c for c in whistle.running if c.summons_id == row.pk and c.step == Step.REPORT_IN)
    return next(mine, None)


def _urgency(task: Task) -> tuple[bool, datetime]:
    return (task.due is None, task.due.due_at if task.due else task.whistle.drafted_at)


# ---- an area ---------------------------------------------------------------------------------

TABS = ("live", "ended", "all")


@dataclass(frozen=True)
class Listed:
    """A whistle on the list of an area."""

    whistle: Whistle
    units: list[tuple[Summons, policy.Coming, str, str, str]]
    due: WhistleClock | None
    n_supervised: int


@dataclass(frozen=True)
class Area:
    """What an area's whistles come to."""

    tab: str
    page: Page
    rows: list[Listed]
    n_live: int
    n_missing: int
    n_refused: int
    n_awaiting: int
    n_supervised: int


def area_of(user, *, tab: str, after: str | None, at: datetime) -> Area:
    """Return the whistles the reader's areas blew, a page of them, with what stands open."""
    mine = Whistle.objects.visible_to(user)
    wanted = {
        "live": mine.exclude(stage__in=[s.value for s in policy.ENDED]),
        "ended": mine.filter(stage__in=[s.value for s in policy.ENDED]),
    }.get(tab, mine)
    page = keyset(
        wanted.for_list().prefetch_related("clocks"), order=(("drafted_at", "desc"),),
        after=after, size=PAGE,
    )  # fmt: skip
    live = mine.live()
    called = Summons.objects.filter(whistle__in=live)
    late = WhistleClock.objects.filter(
        step=Step.REPORT_IN, due_at__lte=at, summons__reported_at=None, whistle__in=live,
        summons__state__in=["SENT", "SIGNED", "ABSENT"],
    )  # fmt: skip
    cases = [row.case_id for row in page.rows]
    supervised: dict[int, int] = {}
    for case in Supervision.objects.filter(case__in=cases).values_list("case", flat=True):
        supervised[case] = supervised.get(case, 0) + 1
    return Area(
        tab=tab,
        page=page,
        rows=[_listed(row, supervised, at) for row in page.rows],
        n_live=live.count(),
        n_missing=late.values("summons").distinct().count(),
        n_refused=called.filter(state=State.REFUSED).count(),
        n_awaiting=live.filter(stage=Stage.AWAITING).count(),
        n_supervised=Supervision.objects.open().filter(case__in=live.values("case")).count(),
    )


def _listed(whistle: Whistle, supervised: Mapping[int, int], at: datetime) -> Listed:
    clocks = list(whistle.clocks.all())
    running = [clock for clock in clocks if clock.stopped_at is None and clock.paused_at is None]
    units = []
    for row in whistle.summonses.all():
        reporting = [c for c in clocks if c.summons_id == row.pk and c.step == Step.REPORT_IN]
        came = coming(row, reporting[-1] if reporting else None, at)
        units.append((row, came, _(policy.COMING_LABELS[came]), *COMING_TONES[came]))
    return Listed(
        whistle=whistle,
        units=sorted(units, key=lambda unit: not unit[0].is_lead),
        due=min(running, key=lambda clock: clock.due_at, default=None),
        n_supervised=supervised.get(whistle.case_id, 0),
    )


@dataclass(frozen=True)
class Rate:
    """How often an area whistled, as a band: neither much nor little is better."""

    unit: Unit
    n_whistles: int
    n_cases: int
    rate: float | None
    band: policy.Band
    low: int
    high: int

    @property
    def label(self) -> str:
        return _(policy.BAND_LABELS[self.band])

    @property
    def tone(self) -> str:
        return {"WITHIN": "done", "UNKNOWN": "plain"}.get(self.band, "warn")


def rates(units: Iterable[Unit], *, since: datetime, until: datetime) -> list[Rate]:
    """Return the whistle rate of each unit over a time, in the order given."""
    return [_rate(unit, since, until) for unit in units]


def _rate(unit: Unit, since: datetime, until: datetime) -> Rate:
    blown = Whistle.objects.filter(
        whistler__path__startswith=unit.path, blown_at__gte=since, blown_at__lt=until
    )
    received = Case.objects.filter(
        area__path__startswith=unit.path, received_at__gte=since, received_at__lt=until
    )
    n, cases, on = blown.count(), received.count(), timezone.localdate(until)
    low, high, least = (
        number(f"whistle_band_{name}", on=on, unit_ids=unit.ancestor_ids)
        for name in ("low", "high", "least")
    )
    return Rate(
        unit=unit,
        n_whistles=n,
        n_cases=cases,
        rate=policy.rate_of(n, cases),
        band=policy.band_of(n, cases, low=low, high=high, least=least),
        low=low,
        high=high,
    )


def streets_of(user) -> list[Unit]:
    """Return the streets and townships the reader's posts lie in or above."""
    posts = [post.unit for post in posts_of(user) if post.unit.kind == UnitKind.AREA]
    found = Unit.objects.visible_to(user).filter(level="TOWNSHIP", kind=UnitKind.AREA)
    return list(found.order_by("code")) if posts else []


# ---- drafting, and what residents see ----------------------------------------------------------


def may_draft(user, case: Case, *, at: datetime) -> bool:
    """Tell whether `user` may whistle on a case now."""
    is_open = case.status in {status.value for status in policy.WHISTLED_ON}
    return is_open and case.acceptor_id is None and bool(origins_of(user, case, at=at))


def may_help(user, case: Case, *, at: datetime) -> bool:
    """Tell whether `user` may whistle for a resident who called or came."""
    is_open = case.status in {status.value for status in policy.WHISTLED_ON}
    if not is_open or case.acceptor_id is not None or not may_write_down(user, case):
        return False
    origin = policy.Origin.RESIDENT
    return may_whistle(origin, area=case.area, on=timezone.localdate(at))


@dataclass(frozen=True)
class Called:
    """One unit as a resident sees it: called, and whether it came."""

    name: str
    is_lead: bool
    label: str
    tone: str
    icon: str
    reported_at: datetime | None


def called_to(case: Case, *, at: datetime) -> tuple[Whistle, list[Called]] | None:
    """Return the latest whistle blown on a case and its units, for whoever follows the matter."""
    whistle = (
        Whistle.objects.filter(case=case, blown_at__isnull=False)
        .select_related("whistler").order_by("-blown_at").first()
    )  # fmt: skip
    if whistle is None:
        return None
    clocks = whistle.clocks.filter(step=Step.REPORT_IN).order_by("pk")
    by_summons = {clock.summons_id: clock for clock in clocks}
    found = []
    rows = whistle.summonses.select_related("unit").order_by("-is_lead", "pk")
    for row in rows.exclude(state=State.RELEASED):
        came = coming(row, by_summons.get(row.pk), at)
        tone, icon = COMING_TONES[came]
        found.append(
            Called(
                row.unit.short_name,
                row.is_lead,
                _(policy.COMING_LABELS[came]),
                tone,
                icon,
                row.reported_at,
            )
        )
    return whistle, found


def latest_of(case: Case, user) -> Sequence[Whistle]:
    """Return the whistles on a case the reader may see, the newest first."""
    mine = Whistle.objects.visible_to(user).filter(case=case)
    return list(mine.for_list().prefetch_related("clocks").order_by("-pk")[:5])


def listed(whistle: Whistle, *, at: datetime) -> Listed:
    """Return a whistle as lists show it."""
    return _listed(whistle, {}, at)


def summons_of(user, whistle: Whistle) -> Summons | None:
    """Return the summons of the reader's own unit, the one still open first."""
    units = [post.unit_id for post in posts_of(user)]
    rows = whistle.summonses.filter(Q(person=None) | Q(person=user), unit__in=units)
    return rows.exclude(state=State.RELEASED).select_related("unit").first()
