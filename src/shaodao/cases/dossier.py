"""Everything the page of one case shows, read in a number of queries that does not grow with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from shaodao.cores.redaction import redact
from shaodao.cores.wording import N_
from shaodao.kit import stages
from shaodao.kit.images import thumb_of
from shaodao.people.models import Unit
from shaodao.people.policy import Role
from shaodao.reports.models import Photo, Report

from . import policy
from .actions import may_release
from .history import Line, Words, lines
from .ladder import Ladder, ladder_of
from .models import (
    Approval,
    Case,
    CaseReport,
    CaseSector,
    Clock,
    CoHandler,
    Evidence,
    Funding,
    Outcome,
    Rating,
    Release,
)
from .queries import is_handler, seats_of, standing_of

_MAIN = frozenset(
    {"file", "dispatch", "accept", "arrive", "handle", "verify", "close", "report_check", "resume"}
)  # what brings a case on its way: buttons that stand out
_SENSITIVE = frozenset(
    {"void", "decline", "return", "rework", "pass_back", "escalate_urgent", "refuse_duty"}
)


@dataclass(frozen=True)
class Shown:
    """A picture on a page."""

    url: str
    thumb: str
    alt: str
    tag: str
    at: datetime | None


@dataclass(frozen=True)
class Said:
    """One report as the office sees it before anybody asks for more: no name, no number."""

    report: Report
    text: str
    photos: list[Shown]
    is_withdrawn: bool
    joined_at: datetime


@dataclass(frozen=True)
class Timed:
    """A clock with the state it is in now."""

    clock: Clock
    state: str  # met, late, running, warning, paused
    tone: str


@dataclass(frozen=True)
class Button:
    """A move the reader may make now, or ask for."""

    move: policy.Move
    url: str
    is_main: bool
    is_danger: bool


@dataclass(frozen=True)
class Money:
    """What was raised, against what it cost; fen."""

    rows: list[Funding]
    raised_fen: int
    cost_fen: int | None

    @property
    def balance_fen(self) -> int:
        """What is left over, or missing where negative."""
        return self.raised_fen - (self.cost_fen or 0)


@dataclass(frozen=True)
class Dossier:
    """All a case page shows."""

    case: Case
    stages: list[stages.Stage]
    said: list[Said]
    channels: list[tuple[str, int]]
    merged: list[Case]
    before: list[Shown]
    after: list[Shown]
    internal: list[tuple[Words, Line]]
    replies: list[tuple[Words, Line]]
    clocks: list[Timed]
    outcomes: list[Outcome]
    money: Money
    helpers: list[CoHandler]
    waiting: Approval | None
    may_decide: bool
    approvals: list[Approval]
    ratings: list[Rating]
    score: float | None
    release: Release | None
    history: list[Line]
    buttons: list[Button]
    asks: list[Button]
    warn_at: datetime | None
    responded: Clock | None
    arrived: Clock | None
    lead_time: timedelta | None
    points: dict | None
    may_release: bool
    tags: list[CaseSector]
    ladder: Ladder

    @property
    def response_time(self) -> timedelta | None:
        """How long the order waited to be accepted."""
        return _taken(self.responded)

    @property
    def arrival_time(self) -> timedelta | None:
        """How long it took to be there."""
        return _taken(self.arrived)


def read(case: Case, *, user, at: datetime) -> Dossier:
    """Return the dossier of `case` as `user` sees it at an instant."""
    links = list(_links(case))
    reports = [link.report for link in links]
    remarks = list(case.remarks.order_by("pk"))
    evidence = list(case.evidence.order_by("at", "pk"))
    entries = list(case.journal.select_related("actor").order_by("seq"))
    history = lines(entries, remarks=remarks, reports=reports, pictures=evidence)
    clocks = list(case.clocks.select_related("unit").order_by("started_at", "pk"))
    helpers = list(case.co_handlers.select_related("unit").order_by("pk"))
    approvals = list(
        case.approvals.select_related("asked_by", "decided_by", "remark").order_by("-pk")
    )
    ratings = list(case.ratings.select_related("report", "remark").order_by("pk"))
    waiting = next((a for a in approvals if a.decided_at is None), None)
    tags = list(case.sectors.filter(ended_at=None).select_related("office").order_by("pk"))
    offices = [tag.office for tag in tags]
    seats = seats_of(user, case, [helper.unit for helper in helpers], offices)
    standing = standing_of(case, at=at)
    before, after = _sides(case, links, evidence)
    benefiting = Prefetch("compounds", to_attr="benefiting")  # a list, for the template
    return Dossier(
        case=case,
        stages=stage_line(case, history, at=at, is_rated=bool(ratings)),
        said=[_said(case, link) for link in links],
        channels=_channels(links),
        merged=list(case.merged.only("pk", "number", "title", "n_reports").order_by("pk")),
        before=before,
        after=after,
        internal=_spoken(history, policy.RemarkKind.INTERNAL),
        replies=_spoken(history, policy.RemarkKind.REPLY, policy.RemarkKind.REPORTER),
        clocks=[timed(clock, at) for clock in clocks],
        outcomes=list(case.outcomes.select_related("kind").prefetch_related(benefiting)),
        money=_money(case),
        helpers=helpers,
        waiting=waiting,
        may_decide=waiting is not None and _may_decide(waiting, seats, user),
        approvals=approvals,
        ratings=ratings,
        score=sum(r.score for r in ratings) / len(ratings) if ratings else None,
        release=Release.objects.filter(case=case, concealed_at=None).first(),
        history=history,
        buttons=buttons(
            case,
            seats,
            is_own=is_handler(user, case),
            is_waiting=waiting is not None,
            standing=standing,
        ),
        asks=[] if waiting else _asks(case, seats, standing),
        tags=tags,
        ladder=ladder_of(case, clocks, entries, at=at),
        warn_at=next(
            (c.warn_at for c in clocks if _is_running(c) and c.due_at == case.due_at), None
        ),
        responded=_last(clocks, policy.Step.ACCEPT),
        arrived=_last(clocks, policy.Step.ARRIVE),
        lead_time=lead_time(case),
        points=points_of(case),
        may_release=may_release(user, case),
    )


def _links(case: Case):
    links = case.reports.select_related("report__category", "report__by")
    return links.prefetch_related("report__photos").order_by("joined_at", "pk")


# ---- the line of stages --------------------------------------------------------------------


def stage_line(
    case: Case, history: Sequence[Line], *, at: datetime, is_rated: bool
) -> list[stages.Stage]:
    """Return the seven steps; a case that left the line stands at the step it had come to."""
    times = _times(case, history)
    stage = policy.PLACES[policy.Status(case.status)].stage
    if not stage:
        reached = max(n for n, moment in enumerate(times) if moment) if any(times) else 0
        done = stages.line(_labels(), current=reached + 1, times=times)
        return [s if s.state == "done" else s._replace(state="skipped", at=None) for s in done]
    current = len(policy.STAGES) if is_rated and stage == len(policy.STAGES) else stage - 1
    is_late = case.due_at is not None and case.due_at <= at
    kept = [moment if n <= current else None for n, moment in enumerate(times)]
    return stages.line(_labels(), current=current, late=is_late, times=kept)


def _labels() -> list[str]:
    return [_(label) for label in policy.STAGES]


_REACHED_BY = {
    "receive": 0,
    "file": 1,
    "dispatch": 2,
    "transfer": 2,
    "accept": 3,
    "handle": 4,
    "verify": 5,
    "close": 5,
    "rate": 6,
}


def _times(case: Case, history: Sequence[Line]) -> list[datetime | None]:
    times: list[datetime | None] = [None] * len(policy.STAGES)
    for line in reversed(history):
        if (stage := _REACHED_BY.get(line.name)) is not None:
            times[stage] = line.at
    return times


# ---- what was said, and shown --------------------------------------------------------------


def _said(case: Case, link: CaseReport) -> Said:
    report = link.report
    return Said(
        report=report,
        text=redact(report.text).text,
        photos=[
            photo_of(case, photo, tag=_("反映人")) for photo in report.photos.all() if photo.file
        ],
        is_withdrawn=link.withdrawn_at is not None,
        joined_at=link.joined_at,
    )


def photo_of(case: Case, row: Photo | Evidence, *, tag: str, at: datetime | None = None) -> Shown:
    """Return a picture of a case with the address that checks who asks for it."""
    kind = "report" if isinstance(row, Photo) else "evidence"
    url = reverse("case_photo", args=[case.pk, kind, row.pk])
    return Shown(url=url, thumb=f"{url}?small=1", alt=tag, tag=tag, at=at)


EVIDENCE_TAGS = {
    "BEFORE": N_("处置前"),
    "ARRIVE": N_("到场"),
    "AFTER": N_("处置后"),
    "VERIFY": N_("核查"),
}
_AFTERWARDS = frozenset({"AFTER", "VERIFY"})


def _sides(
    case: Case, links: Sequence[CaseReport], evidence: Sequence[Evidence]
) -> tuple[list[Shown], list[Shown]]:
    """Return the pictures from before and from after the handling."""
    before = [
        photo_of(case, photo, tag=_("反映人"), at=link.joined_at)
        for link in links
        for photo in link.report.photos.all()
        if photo.file
    ]
    after: list[Shown] = []
    for row in evidence:
        if row.file:
            side = after if row.kind in _AFTERWARDS else before
            side.append(photo_of(case, row, tag=_(EVIDENCE_TAGS[row.kind]), at=row.at))
    return before, after


def _channels(links: Sequence[CaseReport]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for link in links:
        counts[link.report.channel] = counts.get(link.report.channel, 0) + 1
    return sorted(counts.items(), key=lambda item: -item[1])


def _spoken(history: Sequence[Line], *kinds: policy.RemarkKind) -> list[tuple[Words, Line]]:
    """Return the words of some kinds with the entry they came with, oldest first."""
    wanted = {kind.value for kind in kinds}
    return [
        (word, line) for line in reversed(history) for word in line.words if word.kind in wanted
    ]


# ---- clocks, money, place ------------------------------------------------------------------


def _is_running(clock: Clock) -> bool:
    return clock.stopped_at is None and clock.paused_at is None


def timed(clock: Clock, at: datetime) -> Timed:
    """Return a clock with whether it was met, is late, runs, warns or stands still."""
    if clock.stopped_at is not None:
        state = "met" if clock.stopped_at <= clock.due_at else "late"
    elif clock.paused_at is not None:
        state = "paused"
    elif clock.due_at <= at:
        state = "late"
    else:
        state = "warning" if clock.warn_at <= at else "running"
    tones = {"met": "done", "late": "late", "running": "active", "warning": "warn"}
    return Timed(clock, state, tones.get(state, "wait"))


def _last(clocks: Sequence[Clock], step: policy.Step) -> Clock | None:
    return next((c for c in reversed(clocks) if c.step == step and c.stopped_at), None)


def lead_time(case: Case) -> timedelta | None:
    """Return how long it took from the first report to the closing, or so far to the handling."""
    if case.handled_at is None:
        return None
    is_closed = case.status == policy.Status.CLOSED and case.ended_at is not None
    return (case.ended_at if is_closed else case.handled_at) - case.received_at


def _taken(clock: Clock | None) -> timedelta | None:
    return clock.stopped_at - clock.started_at if clock and clock.stopped_at else None


def _money(case: Case) -> Money:
    rows = list(case.funding.order_by("pk"))
    return Money(rows, sum(row.amount_fen for row in rows), case.cost_fen)


def points_of(case: Case) -> dict | None:
    """Return the place of a case as GeoJSON: its line where it has one, and its point."""
    if case.lon is None:
        return None
    shapes = [{"type": "Point", "coordinates": [case.lon, case.lat]}]
    if case.line:
        pairs = [list(pair) for pair in zip(case.line[::2], case.line[1::2], strict=True)]
        shapes.append({"type": "LineString", "coordinates": pairs})
    properties = {"title": case.number, "id": case.pk}
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": shape, "properties": properties} for shape in shapes
        ],
    }


# ---- moves ---------------------------------------------------------------------------------


def buttons(
    case: Case,
    seats: policy.Seats,
    *,
    is_own: bool,
    is_waiting: bool,
    standing: policy.Standing | None = None,
) -> list[Button]:
    """Return the moves open to the holder of `seats`; none that leaves while one asks."""
    status = policy.Status(case.status)
    moves = policy.moves_open_to(
        status=status,
        seats=seats,
        is_handler=is_own,
        is_led=case.acceptor_id is not None,
        standing=standing,
    )
    return [
        _button(case, "case_move", move)
        for move in moves
        if not (is_waiting and move.target is not None)
    ]


def _asks(case: Case, seats: policy.Seats, standing: policy.Standing) -> list[Button]:
    status, is_led = policy.Status(case.status), case.acceptor_id is not None
    moves = policy.moves_to_ask(status=status, seats=seats, standing=standing)
    return [_button(case, "case_ask", m) for m in moves if not (is_led and m.target is not None)]


def _button(case: Case, url_name: str, move: policy.Move) -> Button:
    return Button(
        move=move,
        url=reverse(url_name, args=[case.pk, move.name]),
        is_main=move.name in _MAIN and url_name == "case_move",
        is_danger=move.name in _SENSITIVE,
    )


def _may_decide(approval: Approval, seats: policy.Seats, user) -> bool:
    move = policy.MOVES[approval.move]
    return approval.asked_by_id != user.pk and policy.may_make(move, seats)


def helpers_of(case: Case) -> list[Unit]:
    """Return the units that help the lead."""
    return [row.unit for row in case.co_handlers.select_related("unit")]


def solver_of(user, case: Case) -> str:
    """Return who a case will most likely be said to be solved by, where `user` handles it."""
    seats = seats_of(user, case, ())[policy.Over.LEAD]
    is_worker = any(seat.role == Role.GRID_WORKER for seat in seats)
    return (policy.SolvedBy.GRID_WORKER if is_worker else policy.SolvedBy.CADRE).value


# ---- pictures by number, and what the public would see ------------------------------------------


def picture_file(case: Case, kind: str, pk: int, *, is_small: bool) -> str:
    """Return the file of a picture of `case` below MEDIA_ROOT; '' where there is none."""
    rows = {
        "report": Photo.objects.filter(report__case_link__case=case),
        "evidence": case.evidence.all(),
    }
    found = rows[kind].filter(pk=pk) if kind in rows else Photo.objects.none()
    file = found.values_list("file", flat=True).first() or ""
    small = thumb_of(file) if file and is_small else ""
    return small if small and (settings.MEDIA_ROOT / small).is_file() else file


@dataclass(frozen=True)
class ReleaseDraft:
    """What a release form begins with, and the pictures it offers: file and address."""

    initial: dict[str, str]
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]
    pictures: dict[str, Shown]
    is_out: bool


def release_draft(case: Case) -> ReleaseDraft:
    """Return the words and pictures to show to the public, what is personal taken out already."""
    row = Release.objects.filter(case=case, concealed_at=None).first()
    links = list(_links(case))
    evidence = list(case.evidence.exclude(file="").order_by("at", "pk"))
    reply = case.remarks.filter(kind=policy.RemarkKind.REPLY.value).order_by("-pk").first()
    told = [links[0].report.text if links else "", reply.text if reply else ""]
    photos = [p for link in links for p in link.report.photos.all() if p.file]
    pictures = {p.file: photo_of(case, p, tag=_("反映人")) for p in photos}
    pictures |= {e.file: photo_of(case, e, tag=_(EVIDENCE_TAGS[e.kind])) for e in evidence}
    afterwards = {e.file for e in evidence if e.kind in _AFTERWARDS}
    before = [(file, shown.tag) for file, shown in pictures.items() if file not in afterwards]
    after = [(file, shown.tag) for file, shown in pictures.items() if file in afterwards]
    initial = {
        "title": row.title if row else redact(case.title).text,
        "text": row.text if row else redact("\n".join(filter(None, told))).text[:400],
        "before": row.before if row else (before[0][0] if before else ""),
        "after": row.after if row else (after[-1][0] if after else ""),
    }
    return ReleaseDraft(initial, before, after, pictures, row is not None)
