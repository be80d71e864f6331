"""Everything a reporter sees of their own report, and nothing else."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cases import policy
from shaodao.cases.actions import PURPOSES
from shaodao.cases.ladder import Ladder, ladder_of
from shaodao.cases.models import Case, CaseReport, Clock, JournalEntry, Rating, Remark
from shaodao.cores.worktime import TimeUnit
from shaodao.kit import stages
from shaodao.kit.templatetags.kit import yuan
from shaodao.people.models import Post
from shaodao.people.queries import units_by_id
from shaodao.reports.models import Report
from shaodao.residents.policy import COMPLETES, STATUS_TONES, STEPS_BACK, TONES, n_stages_done
from shaodao.supervision.queries import Standing, standing_of

from .choosing import name_of

S = policy.Status


@dataclass(frozen=True)
class Shown:
    """One step of the history as the reporter reads it."""

    label: str
    at: datetime
    who: str
    text: str
    note: str
    tone: str
    icon: str
    quote: bool = True


@dataclass(frozen=True)
class Look:
    """Somebody looked at the reporter's details: when, from which unit, and why."""

    at: datetime
    unit: str
    purpose: str


@dataclass(frozen=True)
class RunClock:
    """One limit that runs or ran."""

    label: str
    unit: str
    limit: str
    used: timedelta
    due_at: datetime
    state: str  # running, paused, kept, late
    left: timedelta | None


@dataclass(frozen=True)
class Deadline:
    """The deadline at the top of the page: what for, until when, and how it stands."""

    label: str
    due_at: datetime | None
    warn_at: datetime | None = None
    done_at: datetime | None = None
    is_paused: bool = False
    left: timedelta | None = None


@dataclass(frozen=True)
class PhotoLink:
    """A picture of the page: the reporter's own, or one staff took of the result."""

    url: str
    thumb: str
    alt: str


@dataclass(frozen=True)
class Tracked:
    """A report with the case that answers it, as its reporter may see it."""

    report: Report
    own: Case  # the case the report belongs to
    case: Case  # the one that is worked on: the primary of a family
    token: str
    is_withdrawn: bool
    rating: Rating | None
    stages: list[stages.Stage]
    deadline: Deadline | None
    steps: list[Shown]
    looks: list[Look]
    clocks: list[RunClock]
    ladder: Ladder
    before: list[PhotoLink]
    after: list[PhotoLink]
    moves: frozenset[str]
    supervised: Standing | None  # how severely and since when; no names

    @property
    def is_merged(self) -> bool:
        return self.own.pk != self.case.pk

    @property
    def place(self) -> policy.Place:
        return policy.PLACES[S(self.case.status)]

    @property
    def status_label(self) -> str:
        return _(self.place.label)

    @property
    def status_tone(self) -> str:
        return STATUS_TONES.get(self.case.status, "active")

    @property
    def phone(self) -> str:
        """The work number of whoever has it: the worker's, else the unit's."""
        case = self.case
        if case.holder_person_id and case.holder_person_id == case.lead_person_id:
            return case.lead_person.work_phone or case.holder.phone
        return case.holder.phone if case.holder else ""

    @property
    def place_name(self) -> str:
        area = name_of(self.case.area) if self.report.grid_id else ""
        return " ".join(part for part in (area, self.report.address) if part)

    @property
    def is_outside(self) -> bool:
        return self.report.grid_id is None

    @property
    def reject_url(self) -> str:
        return reverse("track_move", args=[self.token, "reject"]) + "#closing"

    @property
    def facts_url(self) -> str:
        return reverse("track_move", args=[self.token, "add_facts"]) + "#facts"

    @property
    def late_step(self) -> str:
        """The step whose limit has passed and that is not done yet, or ''."""
        late = (clock.label for clock in self.clocks if clock.state == "late" and clock.left)
        return next(late, "")


def family_of(report: Report) -> tuple[CaseReport, Case]:
    """Return the link of a report to its case, and the case at the head of its family."""
    link = CaseReport.objects.select_related("case").get(report=report)
    case = _full(link.case_id)
    while case.status == S.MERGED and case.primary_id is not None:
        case = _full(case.primary_id)
    return link, case


def _full(pk: int) -> Case:
    related = ("category", "area", "grid", "lead", "lead_person", "desk", "holder")
    return Case.objects.select_related(*related).defer("search").get(pk=pk)


def tracked(report: Report, *, token: str, at: datetime) -> Tracked:
    """Return the tracking page of a report as of `at`; the number of queries does not grow."""
    link, case = family_of(report)
    own = link.case
    journal = JournalEntry.objects.filter(case__in={own.pk, case.pk}, name__in=policy.PUBLIC)
    entries = list(journal.order_by("at", "case", "seq"))
    if own.pk != case.pk:
        merged_at = max((e.at for e in entries if e.name == "merge"), default=at)
        entries = [e for e in entries if e.case_id == own.pk or e.at >= merged_at]
    units = _units_of_actors(entries, {*own.unit_ids, *case.unit_ids})
    words = _words(entries, {own.pk, case.pk}, report)
    rating = Rating.objects.filter(report=report).first()
    clocks = list(case.clocks.select_related("unit").order_by("started_at", "pk"))
    is_withdrawn = link.withdrawn_at is not None
    shown = [e for e in reversed(entries) if _is_shown(e, report)]
    return Tracked(
        report=report,
        own=own,
        case=case,
        token=token,
        is_withdrawn=is_withdrawn,
        rating=rating,
        stages=_line(case, entries, is_rated=rating is not None, at=at),
        deadline=_deadline(case, clocks),
        steps=[_step(e, report, own.pk, units, words) for e in shown],
        looks=_looks(entries, report, units),
        clocks=[_clock(c, at=at) for c in clocks if c.step != policy.Step.RUNG],
        ladder=ladder_of(case, clocks, [e for e in entries if e.case_id == case.pk], at=at),
        before=_pictures(report, token),
        after=_evidence(case, token),
        moves=frozenset() if is_withdrawn else _moves(case, own, rating) - _done(entries, report),
        supervised=standing_of(case),
    )


def _moves(case: Case, own: Case, rating: Rating | None) -> frozenset[str]:
    """Return what the holder of the link may do now."""
    open_to = policy.moves_open_to(status=S(case.status), seats=policy.LINK_HOLDER)
    names = {move.name for move in open_to}
    if case.pk != own.pk:
        names.discard("withdraw")
    if case.status == S.CLOSED and rating is None:
        names.add("rate")
    return frozenset(names)


def _done(entries: Iterable[JournalEntry], report: Report) -> set[str]:
    """Return the moves this reporter has made and need not be offered again."""
    confirmed = [e for e in entries if e.name == "confirm" and e.facts.get("report") == report.pk]
    reopened = max((e.at for e in entries if e.name == "reopen"), default=None)
    return {"confirm" for e in confirmed if reopened is None or e.at > reopened}


# ---- who, and in what words --------------------------------------------------------------------


def _units_of_actors(entries: Iterable[JournalEntry], unit_ids: Collection[int]):
    """Return the posts of everybody who acted, in units that have to do with the case."""
    actors = {e.actor_id for e in entries if e.actor_id}
    posts = Post.objects.filter(user__in=actors, unit__in=unit_ids).select_related("unit")
    held: dict[int, list[Post]] = {}
    for post in posts.order_by("pk") if actors else ():
        held.setdefault(post.user_id, []).append(post)
    return held


def _unit_name(entry: JournalEntry, held: dict[int, list[Post]]) -> str:
    day = timezone.localdate(entry.at)
    posts = [
        post
        for post in held.get(entry.actor_id or 0, ())
        if post.since <= day and (post.until is None or day < post.until)
    ]
    if not posts:
        return _("工作人员")
    return max(posts, key=lambda post: len(post.unit.path)).unit.short_name


def _words(entries: Sequence[JournalEntry], cases: Collection[int], report: Report):
    """Return the public replies, and this reporter's own words, by remark."""
    ids = {e.facts[key] for e in entries for key in ("remark", "reply_remark") if key in e.facts}
    if not ids:
        return {}
    own = {
        e.facts["remark"]
        for e in entries
        if "remark" in e.facts and e.facts.get("report") == report.pk
    }
    kinds = policy.RemarkKind
    rows = Remark.objects.filter(case__in=cases, pk__in=ids).exclude(kind=kinds.INTERNAL)
    return {
        pk: text
        for pk, kind, text in rows.values_list("pk", "kind", "text")
        if kind == kinds.REPLY or pk in own
    }


def _is_shown(entry: JournalEntry, report: Report) -> bool:
    if entry.name == "unmask":
        return False
    return entry.name != "rate" or entry.facts.get("report") == report.pk


def _step(entry: JournalEntry, report: Report, own_id: int, held, words: dict[int, str]) -> Shown:
    tone, icon = TONES.get(entry.name, ("plain", "dot"))
    is_mine = entry.facts.get("report") == report.pk or entry.facts.get("case") == own_id
    if entry.actor_id:
        who = _unit_name(entry, held)
    elif entry.name in _BY_REPORTERS:
        who = _("您") if is_mine else _("另一位反映人")
    else:
        who = _("系统")
    said = [
        words[pk] for key in ("reply_remark", "remark") if (pk := entry.facts.get(key)) in words
    ]
    return Shown(
        label=_label(entry, is_mine=is_mine),
        at=entry.at,
        who=who,
        text="\n".join(text for text in said if text),
        note=_note(entry),
        tone=tone,
        icon=icon,
    )


_BY_REPORTERS = frozenset({"receive", "join", "add_facts", "withdraw", "reopen", "confirm", "rate"})


def _label(entry: JournalEntry, *, is_mine: bool) -> str:
    if entry.name == "receive":
        return _("收到诉求")
    if entry.name == "join":
        return _("您的诉求已并入") if is_mine else _("又有人反映同一件事")
    if entry.name == "late":
        step = policy.STEP_LABELS.get(entry.facts.get("step", ""), "")
        return _("%(step)s超过时限") % {"step": _(step)} if step else _("超过时限")
    if entry.name == "reopen" and entry.actor_id is None:
        return _("不认可结案，重新办理")
    return _(policy.label_of(entry.name))


def _note(entry: JournalEntry) -> str:
    """Say what matters of the facts: whom it went to, until when it is put off."""
    unit = units_by_id().get(entry.facts.get("unit") or 0)
    if unit is not None and entry.name.startswith(("whistle_", "summons_")):
        return unit.short_name
    if unit is not None:
        return _("交给%(unit)s") % {"unit": unit.short_name}
    if (desk := units_by_id().get(entry.facts.get("desk") or 0)) is not None:
        ground = policy.GROUND_LABELS.get(entry.facts.get("ground", ""), "")
        words = {"unit": desk.short_name, "why": _(ground) if ground else ""}
        return _("到%(unit)s：%(why)s") % words if ground else _("到%(unit)s") % words
    if day := entry.facts.get("review_on"):
        return _("%(day)s 前复核") % {"day": day}
    if source := policy.FUND_LABELS.get(entry.facts.get("source", "")):
        return " ".join(part for part in (_(source), yuan(entry.facts.get("fen"))) if part)
    return ""


def _looks(entries: Iterable[JournalEntry], report: Report, held) -> list[Look]:
    return [
        Look(e.at, _unit_name(e, held), _(PURPOSES.get(e.facts.get("purpose", ""), "")))
        for e in entries
        if e.name == "unmask" and e.facts.get("report") == report.pk
    ]


# ---- where it stands, until when ---------------------------------------------------------------


def _line(
    case: Case, entries: Sequence[JournalEntry], *, is_rated: bool, at: datetime
) -> list[stages.Stage]:
    """Return the seven stages; where a case left the line, those ahead count as not reached."""
    reached: dict[int, datetime] = {}
    for entry in entries:
        if entry.name in STEPS_BACK:
            reached = {i: t for i, t in reached.items() if i < STEPS_BACK[entry.name]}
        for index in COMPLETES.get(entry.name, ()):
            reached.setdefault(index, entry.at)
    labels = [_(label) for label in policy.STAGES]
    if policy.PLACES[S(case.status)].stage == 0:
        return [
            stages.Stage(label, "done" if i in reached else "skipped", reached.get(i))
            for i, label in enumerate(labels)
        ]
    return stages.line(
        labels,
        current=n_stages_done(case.status, is_rated=is_rated),
        late=case.due_at is not None and case.due_at <= at,
        times=[reached.get(i) for i in range(len(labels))],
    )


def _deadline(case: Case, clocks: Sequence[Clock]) -> Deadline | None:
    running = {c.step: c for c in clocks if c.stopped_at is None}
    handling = running.get(policy.Step.HANDLE)
    if case.status == S.SHELVED and handling is not None:
        review = running.get(policy.Step.REVIEW)
        due_at = review.due_at if review else None
        return Deadline(_("挂账复核"), due_at, is_paused=True, left=handling.left)
    if case.status in policy.OPEN:
        own = {step: c for step, c in running.items() if step != policy.Step.RUNG}
        clock = handling or min(own.values(), key=lambda c: c.due_at, default=None)
        if clock is None:
            return None
        return Deadline(_step_name(clock.step), clock.due_at, warn_at=clock.warn_at)
    if case.status == S.CLOSED and case.promised_at is not None:
        return Deadline(_("处置"), case.promised_at, done_at=case.handled_at or case.ended_at)
    return None


def _step_name(step: str) -> str:
    return _(policy.STEP_LABELS[policy.Step(step)])


def _clock(clock: Clock, *, at: datetime) -> RunClock:
    end = clock.stopped_at or at
    is_late = end > clock.due_at if clock.paused_at is None else False
    state = "late" if is_late else "kept" if clock.stopped_at else "running"
    return RunClock(
        label=_step_name(clock.step),
        unit=clock.unit.short_name,
        limit=_amount(clock),
        used=end - clock.started_at,
        due_at=clock.due_at,
        state="paused" if clock.paused_at and not clock.stopped_at else state,
        left=clock.due_at - at if clock.stopped_at is None else None,
    )


def _amount(clock: Clock) -> str:
    says = {
        TimeUnit.NATURAL_MINUTES: _("%(n)s 分钟"),
        TimeUnit.NATURAL_HOURS: _("%(n)s 小时"),
        TimeUnit.WORKING_HOURS: _("%(n)s 个工作小时"),
        TimeUnit.WORKING_DAYS: _("%(n)s 个工作日"),
    }
    return says[TimeUnit(clock.time_unit)] % {"n": clock.amount}


# ---- pictures ----------------------------------------------------------------------------------


def _pictures(report: Report, token: str) -> list[PhotoLink]:
    rows = report.photos.exclude(file="").order_by("rank")
    return [_photo(token, f"p{pk}", _("您拍的照片")) for pk in rows.values_list("pk", flat=True)]


def _evidence(case: Case, token: str) -> list[PhotoLink]:
    rows = case.evidence.filter(kind="AFTER").exclude(file="").order_by("at", "pk")
    return [_photo(token, f"e{pk}", _("处置后的照片")) for pk in rows.values_list("pk", flat=True)]


def _photo(token: str, which: str, alt: str) -> PhotoLink:
    url = reverse("track_photo", args=[token, which])
    return PhotoLink(url=url, thumb=f"{url}?small=1", alt=alt)


def picture_file(report: Report, which: str) -> str | None:
    """Return the stored file of a picture of the tracking page: 'p7' own, 'e7' of the result."""
    kind, pk = which[:1], which[1:]
    if not pk.isdecimal() or len(pk) > 18:
        return None
    if kind == "p":
        return report.photos.filter(pk=pk).values_list("file", flat=True).first() or None
    _link, case = family_of(report)
    rows = case.evidence.filter(pk=pk, kind="AFTER").values_list("file", flat=True)
    return (rows.first() or None) if kind == "e" else None
