"""The life of one case in memory: each of its moves with what the actions do besides.

What a move may do is read from the policy table and checked with the seats its maker holds; what
it does is `CaseFile.make`. Sweeps come in between, at the minute they would have run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from shaodao.cases import policy
from shaodao.cases.actions import laddering
from shaodao.cases.actions.casefile import CaseFile, desk_of
from shaodao.cases.actions.intake import number_of
from shaodao.cases.actions.tagging import hand_over, tag, tag_by_rule
from shaodao.cases.models import (
    Approval,
    Case,
    CaseReport,
    Clock,
    CoHandler,
    Evidence,
    Funding,
    Outcome,
    Rating,
    Release,
)
from shaodao.cases.queries import is_handler, seats_of
from shaodao.cases.rules import calendar_of
from shaodao.cores import morton, worktime
from shaodao.cores.geodesy import coarsen
from shaodao.cores.redaction import redact
from shaodao.people.models import User
from shaodao.people.policy import Level
from shaodao.places.models import Asset
from shaodao.reports.models import Report

from .pen import Pen
from .world import World

S, M = policy.Status, policy.MOVES
MINUTE = timedelta(minutes=1)
COARSE_M = 100.0  # as cases.actions.releasing


@dataclass
class Life:
    """One case from its first report on."""

    world: World
    pen: Pen
    report: Report
    title: str
    now: datetime
    file: CaseFile = field(init=False)
    at: datetime = field(init=False)  # of the last thing done
    asset: Asset | None = None
    approval: Approval | None = None  # the one that waits
    released: Release | None = None
    outcome: Outcome | None = None  # of the last handling
    is_hazard: bool = False
    raised_fen: int = 0
    has_arrived: bool = False
    others: list[Report] = field(default_factory=list)  # who joined

    def __post_init__(self) -> None:
        self.asset = self.report.asset

    # ---- beginning --------------------------------------------------------------------------

    def begin(self) -> None:
        """Open the case and, where a route says so, send it on straight, as cases.intake does."""
        report = self.report
        category, area = report.category, report.area
        case = Case(
            pk=self.pen.next_id(Case),
            title=self.title,
            status=S.RECEIVED.value,
            category=category,
            is_hazard=self.is_hazard or category.is_hazard,
            channel=report.channel,
            received_at=report.received_at,
            lon=report.lon,
            lat=report.lat,
            zkey=morton.key(report.lon, report.lat),
            line=report.line,
            length_m=report.length_m,
            address=report.address,
            area=area,
            grid=report.grid,
            household=report.household,
            desk=desk_of(area, level=Level.TOWNSHIP),
        )
        case.number = number_of(case)
        self.pen.words[case.pk] = f"{case.title} {report.text} {case.address} {category.name}"
        self.file = CaseFile(case=case, running=[], rules=self.world.rules)
        self.at = report.received_at
        facts = {"report": report.pk, "channel": report.channel, "category": category.pk}
        self.file.begin(at=self.at, actor_id=report.by_id, facts=facts)
        self._link(report)
        first = self.world.routing(case, self.asset).after(set())
        if first is not None and first.is_direct:
            case.desk = desk_of(area, level=Level.COMMUNITY)
            hazard = {"category": category.pk, "hazard": case.is_hazard, "route": first.row.pk}
            hazard["sectors"] = tag_by_rule(self.file, at=self.at)
            self.file.make(M["file"], at=self.at, actor_id=None, facts=hazard)
            self._send_on()

    def join(self, report: Report, at: datetime) -> None:
        """Let another report join."""
        self.sweep(at)
        self._link(report)
        self.others.append(report)
        self.case.n_reports += 1
        facts = {"report": report.pk, "channel": report.channel}
        self.record("join", at=at, actor_id=report.by_id, facts=facts)

    def _link(self, report: Report) -> None:
        row = CaseReport(case=self.file.case, report=report, joined_at=report.received_at)
        self.pen.add(row)

    @property
    def case(self) -> Case:
        return self.file.case

    @property
    def status(self) -> policy.Status:
        return S(self.file.case.status)

    def clock(self, step: policy.Step) -> Clock | None:
        return next((c for c in self.file.running if c.step == step), None)

    # ---- moves --------------------------------------------------------------------------------

    def move(self, name: str, actor: User | None, at: datetime, **evidence) -> None:
        """Make a move now; `actor` None is the reporter for their moves, the system for its own."""
        step = M[name]
        given = {key for key, value in evidence.items() if value not in (None, "", [], ())}
        policy.check(
            step,
            status=self.status,
            seats=self._seats(step, actor),
            given=given,
            needs=policy.needs_of(step, needs_after_photo=self.case.category.needs_after_photo),
            is_handler=actor is not None and is_handler(actor, self.case),
        )
        self._carry_out(step, actor, at, evidence)

    def _seats(self, step: policy.Move, actor: User | None) -> policy.Seats:
        if actor is not None:
            offices = [tag.office for tag in self.file.tags]
            return seats_of(actor, self.case, self.file.helpers, offices)
        return policy.LINK_HOLDER if step.by[0].role == "REPORTER" else policy.SYSTEM

    def _carry_out(self, step: policy.Move, actor: User | None, at: datetime, evidence) -> None:
        facts = self._facts(step, actor, at, evidence)
        beside = getattr(self, f"_{step.name}", None)
        if beside is not None:
            facts |= beside(actor, at, evidence) or {}
        self.file.make(step, at=at, actor_id=actor.pk if actor else None, facts=facts)
        self.at = at
        if step.name in {"pass_back", "time_out"}:
            self._send_on()

    def _facts(self, step: policy.Move, actor, at: datetime, evidence: Mapping) -> dict:
        facts: dict[str, object] = {}
        for key, kind in (("note", "INTERNAL"), ("reply", "REPLY")):
            if text := evidence.get(key):
                kept = self.pen.remark(self.case, kind if actor else "REPORTER", text)
                facts |= (
                    {f"{key}_{name}": value for name, value in kept.items()}
                    if "remark" in facts
                    else kept
                )
        for key, kind in (("photo", ""), ("after_photo", "AFTER")):
            for picture in evidence.get(key) or ():
                row = Evidence(case=self.case, kind=kind or _PICTURE_OF[step.name], at=at, by=actor)
                row.file, row.width, row.height = picture.file, picture.width, picture.height
                facts.setdefault("pictures", []).append(self.pen.add(row).pk)
        for key in ("unit", "primary", "report", "grid_unit"):
            if value := evidence.get(key):
                facts[key] = value.pk
        for key in ("solved_by", "quantity", "n_households", "source", "ground"):
            if value := evidence.get(key):
                facts[key] = value if isinstance(value, int) else str(value)
        if review_on := evidence.get("review_on"):
            facts["review_on"] = review_on.isoformat()
        return facts

    def record(self, name: str, *, at: datetime, actor_id: int | None, facts: Mapping) -> None:
        """Write an entry that is no move."""
        self.file.record(name, at=at, actor_id=actor_id, facts=facts)
        self.at = at

    # ---- what single moves do beyond their row, as cases.actions.moving ---------------------

    def _file(self, actor, at, evidence):
        case = self.case
        case.category = evidence["category"]
        case.is_hazard = bool(evidence.get("is_hazard")) or case.is_hazard
        tagged = tag_by_rule(self.file, at=at)
        return {"category": case.category_id, "hazard": case.is_hazard, "sectors": tagged}

    def _dispatch(self, actor, at, evidence):
        case, unit = self.case, evidence["unit"]
        case.lead, case.lead_person = unit, None
        if unit.level == "GRID" and case.household_id:
            candidates = self.world.routing(case, self.asset).candidates
            found = next((c.person_id for c in candidates if c.unit_id == unit.pk), None)
            case.lead_person = self.world.users.get(found)
        for helper in evidence.get("helpers") or ():
            self._add_helper(actor, at, {"unit": helper})
        helpers = [unit.pk for unit in evidence.get("helpers") or ()]
        self.has_arrived = False
        return {"person": case.lead_person_id, "helpers": helpers}

    _transfer = _dispatch

    def _add_helper(self, actor, at, evidence):
        unit = evidence["unit"]
        if unit not in self.file.helpers:
            self.pen.add(CoHandler(case=self.case, unit=unit, added_at=at))
            self.file.helpers.append(unit)

    def _contribute(self, actor, at, evidence):
        mine = {post.unit_id for post in actor._posts_today}
        for row in self.pen.rows[CoHandler]:
            if row.case_id == self.case.pk and row.unit_id in mine and row.contributed_at is None:
                row.contributed_at = at

    def _escalate(self, actor, at, evidence):
        return laddering.rise(self.file, "escalate", at=at)

    def _escalate_urgent(self, actor, at, evidence):
        return laddering.rise(self.file, "escalate_urgent", at=at)

    def _climb(self, actor, at, evidence):
        if self.approval is not None:
            approval, self.approval = self.approval, None
            approval.decided_at, approval.granted = at, False
            facts = {"move": approval.move, "approval": approval.pk}
            self.record("deny", at=at, actor_id=None, facts=facts)
        return laddering.rise(self.file, "climb", at=at, clock=evidence.get("clock"))

    _climb_unfiled = _climb

    def _hand_down(self, actor, at, evidence):
        return laddering.descend(self.file, at=at)

    def _refuse_duty(self, actor, at, evidence):
        return laddering.refuse(self.file, at=at)

    def _tag(self, actor, at, evidence):
        return tag(self.file, evidence["sector"], at=at)

    def _hand_over(self, actor, at, evidence):
        return hand_over(self.file, evidence["sector"], actor=actor, at=at)

    def _send_check(self, actor, at, evidence):
        self.case.checker = evidence["grid_unit"]

    def _arrive(self, actor, at, evidence):
        self.has_arrived = True
        if self.case.lead_person_id is None:
            self.case.lead_person = actor

    def _handle(self, actor, at, evidence):
        case, quantity = self.case, evidence["quantity"]
        case.handled_by, case.handled_at = actor, at
        case.solved_by, case.solved_level = str(evidence["solved_by"]), case.lead.level
        if evidence.get("cost_yuan") is not None:
            case.cost_fen = round(evidence["cost_yuan"] * 100)
        row = Outcome(case=case, kind=evidence["outcome"], quantity=quantity, at=at)
        if case.length_m and quantity > 1:
            row.spacing_m = case.length_m / (quantity - 1)
        row.n_households = evidence.get("n_households") or 0
        self.outcome = self.pen.instead_of(self.outcome, row)
        self.pen.compounds[row.pk] = [place.pk for place in evidence.get("compounds") or ()]

    def _raise_funds(self, actor, at, evidence):
        fen = round(evidence["yuan"] * 100)
        self.raised_fen += fen
        row = Funding(case=self.case, source=str(evidence["source"]), amount_fen=fen, at=at)
        row.note = evidence.get("note") or ""
        self.pen.add(row)

    def _close(self, actor, at, evidence):
        policy.check_closing(
            has_outcome=True, cost_fen=self.case.cost_fen, raised_fen=self.raised_fen
        )

    def _merge(self, actor, at, evidence):
        primary: Life = evidence["primary"].life
        self.case.primary = primary.case
        primary.case.n_reports += self.case.n_reports
        primary.record("join", at=at, actor_id=actor.pk, facts={"case": self.case.pk})

    def _reopen(self, actor, at, evidence):
        case = self.case
        case.n_reopened += 1
        case.lead = case.lead_person = case.handled_by = case.handled_at = None
        case.solved_by = case.solved_level = ""

    def _send_on(self) -> None:
        """Send a filed case straight to the next candidate that takes direct orders, if any."""
        tried = {
            (entry.facts["unit"], entry.facts.get("person"))
            for entry in self.file.entries
            if entry.name == "dispatch" and "unit" in entry.facts
        }
        candidate = self.world.routing(self.case, self.asset).after(tried)
        if candidate is None or not candidate.is_direct:
            return
        self.case.lead = self.world.units[candidate.unit_id]
        self.case.lead_person = self.world.users.get(candidate.person_id)
        self.has_arrived = False
        facts = {"unit": candidate.unit_id, "person": candidate.person_id}
        facts["route"] = candidate.row.pk
        self.file.make(M["dispatch"], at=self.at, actor_id=None, facts=facts)

    # ---- applications, ratings, releases -----------------------------------------------------

    def ask(self, name: str, actor: User, at: datetime, note: str, review_on: date | None = None):
        """Apply for a move."""
        if not policy.may_ask(M[name], seats_of(actor, self.case, self.file.helpers)):
            raise policy.MoveRefused(f"{actor} may not ask for {name}")
        facts = self.pen.remark(self.case, "INTERNAL", note)
        row = self.file.rules.limit(
            policy.Step.APPROVE,
            category=self.case.category_id,
            unit=self.case.area,
            is_hazard=self.case.is_hazard,
            on=at.date(),
        )
        unit = worktime.TimeUnit(row.time_unit)
        due_at = worktime.due_at(at, row.amount, unit, calendar_of(self.case.desk))
        evidence = {"review_on": review_on.isoformat()} if review_on else {}
        self.approval = self.pen.add(
            Approval(
                case=self.case, move=name, asked_by=actor, asked_at=at, remark_id=facts["remark"],
                evidence=evidence, due_at=due_at,
            )
        )  # fmt: skip
        self.words_asked, self.review_on = note, review_on
        self.record("ask", at=at, actor_id=actor.pk, facts={"move": name, **facts})

    def decide(self, actor: User, at: datetime, *, is_granted: bool, note: str = "") -> None:
        """Grant or refuse what was applied for; granting makes the move."""
        approval, self.approval = self.approval, None
        step = M[approval.move]
        seats = seats_of(actor, self.case, self.file.helpers)
        if not policy.may_make(step, seats):
            raise policy.MoveRefused(f"{actor} may not decide on {step.name}")
        approval.decided_by, approval.decided_at, approval.granted = actor, at, is_granted
        facts = {"move": step.name, "approval": approval.pk}
        if note:
            facts |= self.pen.remark(self.case, "INTERNAL", note)
        self.record("grant" if is_granted else "deny", at=at, actor_id=actor.pk, facts=facts)
        if is_granted:
            evidence = {"note": note or self.words_asked}
            if self.review_on:
                evidence["review_on"] = self.review_on
            policy.check(step, status=self.status, seats=seats, given=evidence)
            self._carry_out(step, actor, at, evidence)

    def rate(self, report: Report, score: int, text: str, at: datetime) -> None:
        """Let a reporter rate the closed case."""
        facts: dict[str, object] = {}
        row = Rating(case=self.case, report=report, score=score, is_solved=score >= 3, at=at)
        if text:
            facts = self.pen.remark(self.case, "REPORTER", text)
            row.remark_id = facts["remark"]
        self.pen.add(row)
        facts |= {"report": report.pk, "score": score, "solved": row.is_solved}
        self.record("rate", at=at, actor_id=None, facts=facts)

    def release(self, actor: User, at: datetime, text: str, before: str = "", after: str = ""):
        """Show the case to the public, what is personal taken out, the place coarsened."""
        if self.released is None:
            lon, lat = coarsen(self.case.lon, self.case.lat, COARSE_M)
            row = Release(case=self.case, lon=lon, lat=lat, zkey=morton.key(lon, lat))
            self.released = self.pen.add(row)
        row = self.released
        row.title, row.text = redact(self.case.title).text[:80], redact(text).text[:400]
        row.before, row.after = before, after
        row.released_by, row.released_at = actor, at
        self.record("release", at=at, actor_id=actor.pk, facts={"release": row.pk})

    # ---- sweeps -------------------------------------------------------------------------------

    def sweep(self, until: datetime) -> bool:
        """Warn and mark late what was due up to an instant; tell whether that moved the case."""
        while True:
            due = min(self._due(), key=lambda each: each[:2], default=None)
            if due is None or due[0] > until:
                return False
            stamp, _, name, clock = due
            if self._mark(name, clock, stamp):
                return True

    def _due(self):
        for n, clock in enumerate(self.file.running):
            if clock.paused_at is None and clock.late_at is None:
                if clock.warned_at is None:
                    yield _tick(clock.warn_at), n, "warn", clock
                yield _tick(clock.due_at), 100 + n, "late", clock
        if self.approval is not None and self.approval.late_at is None:
            yield _tick(self.approval.due_at), 200, "late", None

    def _mark(self, name: str, clock: Clock | None, stamp: datetime) -> bool:
        stamp = max(stamp, self.at)
        if clock is None:
            self.approval.late_at = stamp
            facts = {"step": policy.Step.APPROVE.value, "approval": self.approval.pk}
            self.record("late", at=stamp, actor_id=None, facts=facts)
            return False
        if clock.pk is None:
            clock.pk = self.pen.next_id(Clock)
        setattr(clock, "warned_at" if name == "warn" else "late_at", stamp)
        facts = {"step": clock.step, "clock": clock.pk, "due": clock.due_at.isoformat()}
        is_over = name == "late" and clock.step == policy.Step.RUNG
        above = policy.rung_above(self.case.desk.level)
        if is_over and above is None:
            holders = self.world.holders.get((self.case.desk.pk, "LEADER"), ())
            facts["leaders"] = [user.pk for user in holders]
        self.record(name, at=stamp, actor_id=None, facts=facts)
        if is_over and above is not None:
            unfiled = self.status in M["climb_unfiled"].sources
            self.move("climb_unfiled" if unfiled else "climb", None, stamp, clock=clock)
            return True
        if name == "late" and clock.step == policy.Step.HANDLE:
            self.file.turn_rung(stamp)
            self.file.redate()
        if name == "late" and clock.step == policy.Step.ACCEPT and self.case.lead_person_id:
            self.move("time_out", None, stamp)
            return True
        return False

    def end(self) -> None:
        """Let sweeps run up to now, and put the case down."""
        while self.sweep(self.now):
            pass
        self.pen.take_over(self.file)


_PICTURE_OF = {"arrive": "ARRIVE", "verify": "VERIFY", "handle": "AFTER", "accept": "ARRIVE"}


def _tick(at: datetime) -> datetime:
    """Return when a sweep that runs every minute sees what is due at an instant."""
    whole = at.replace(second=0, microsecond=0)
    return whole + MINUTE if whole < at else whole
