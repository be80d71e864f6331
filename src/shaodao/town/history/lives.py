"""What becomes of reports: offices and residents acting, each in their time, up to now."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator

from shaodao.cases import policy
from shaodao.cases.rules import calendar_of
from shaodao.cores import worktime
from shaodao.people.models import Unit, User
from shaodao.people.policy import Role
from shaodao.places.models import Grid
from shaodao.reports.models import Report
from shaodao.reports.policy import Channel
from shaodao.town import sayings
from shaodao.town.sayings import SAYINGS, pick

from .life import MINUTE, Life
from .pen import Pen
from .reporting import Reporting
from .words import Matter
from .world import World, other_than

S, T, R = policy.Status, policy.Step, Role
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = 120
N_CASES = 1760  # of which more than 1,350 have been solved by now (X16)
SHELVED_CASES, STUCK_CASES = 18, 14
# How often something out of the ordinary happens to a case.
ODDS = {
    "check": 0.06, "decline": 0.028, "withdraw": 0.03, "void": 0.011, "merge": 0.035,
    "join": 0.085, "pass_back": 0.05, "time_out": 0.02, "return": 0.05, "transfer": 0.03,
    "extend": 0.07, "helper": 0.09, "rework": 0.06, "reopen": 0.035, "answer": 0.14,
    "remark": 0.16, "late": 0.075, "add_facts": 0.06, "unmask": 0.07, "confirm": 0.3,
    "rate": 0.62, "release": 0.3, "arrive_photo": 0.2,
}  # fmt: skip


def live(world: World, pen: Pen, *, now: datetime, rng: Generator, n_cases: int = N_CASES) -> None:
    """Let the town's cases of the last months live up to `now`, and put them down."""
    reporting = Reporting(world, pen, rng)
    moments = sorted(_moment(now, rng) for _ in range(n_cases))
    early = [n for n, at in enumerate(moments) if now - at > timedelta(days=9)]
    shelved = set(rng.choice(early, min(SHELVED_CASES, len(early)), replace=False).tolist())
    recent = early[-len(early) // 5 :]
    stuck = set(rng.choice(recent, min(STUCK_CASES, len(recent)), replace=False).tolist())
    for n, at in enumerate(moments):
        given = {}
        if n in shelved or n in stuck:
            category = pick(
                rng, ("ROAD_DAMAGE", "LIFT_AGEING", "UNLICENSED_BUILDING", "WATER_METER")
            )
            given = {"category": category, "channel": Channel.WEB}
        report, matter = reporting.report(at, **given)
        course = Course(world, pen, rng, reporting, report, matter, now)
        course.plan(shelve=n in shelved, stuck=n in stuck)
        course.run()
    _stage(world, pen, rng, reporting, now)
    _stage_the_ladder(world, pen, rng, reporting, now)


def _moment(now: datetime, rng: Generator) -> datetime:
    """Return when a report came: by day, seldom on Sundays, lately a little more."""
    while True:
        day = (now - timedelta(days=DAYS * (1 - rng.random() ** 0.9))).astimezone(SHANGHAI)
        hour = float(
            np.clip(rng.choice([9.2, 11.0, 15.8, 19.8], p=_HOURS) + rng.normal(0, 1.5), 6, 22.9)
        )
        at = datetime.combine(day.date(), time(), SHANGHAI) + timedelta(hours=hour)
        if at < now - timedelta(minutes=3) and (at.weekday() < 5 or rng.random() < 0.6):
            return at.replace(microsecond=int(rng.integers(1_000_000)))


_HOURS = (0.34, 0.22, 0.26, 0.18)


@dataclass
class Course:
    """One life and what is planned for it; it acts on whatever state the case is in."""

    world: World
    pen: Pen
    rng: Generator
    reporting: Reporting
    report: Report
    matter: Matter
    now: datetime
    plans: set[str] = field(default_factory=set)
    stop: policy.Status | None = None  # a staged case waits here
    hurry: timedelta | None = None  # between the moves of a staged case
    lead: Unit | None = None  # where a staged case is sent
    life: Life = field(init=False)
    is_released: bool = False

    def __post_init__(self) -> None:
        self.life = Life(self.world, self.pen, self.report, self.matter.title, self.now)

    def plan(self, *, shelve: bool = False, stuck: bool = False) -> None:
        """Draw what will happen out of the ordinary."""
        self.plans = {name for name, odds in ODDS.items() if self.rng.random() < odds}
        if shelve or stuck:
            self.plans -= {"decline", "withdraw", "void", "merge", "pass_back", "return", "extend"}
            self.plans |= {"shelve", "keep"} if shelve and self.rng.random() < 0.3 else set()
            self.plans.add("shelve" if shelve else "stuck")

    def run(self) -> None:
        """Act until nothing is left to do or the present is reached."""
        self.life.begin()
        for _ in range(60):  # a life has fewer acts than this
            status = self.life.status
            if status == self.stop or status in _ENDS:
                break
            act = getattr(self, f"_in_{status.value.lower()}")()
            if act is None:
                break
            at, deed = act
            at = max(at, self.life.at + MINUTE * float(self.rng.uniform(1, 3)))
            if at > self.now:
                break
            if not self.life.sweep(at):
                deed(at)
        if self.life.status == S.CLOSED and self.stop is None:
            self._after_closing()
        self.life.end()

    # ---- time -------------------------------------------------------------------------------

    def _in(self, low: float, high: float) -> datetime:
        """Return an instant so many minutes of office time on; of the wall clock for hazards."""
        if self.hurry is not None:
            return self.life.at + self.hurry
        case, minutes = self.life.case, float(self.rng.uniform(low, high))
        if case.is_hazard:
            return self.life.at + timedelta(minutes=minutes / 3)
        calendar = calendar_of(case.holder or case.desk)
        return worktime.add(self.life.at, timedelta(minutes=minutes), calendar)

    def _within(self, step: policy.Step, share: float) -> datetime:
        """Return the instant at which so much of a limit is spent; past its end if over one."""
        if self.hurry is not None:
            return self.life.at + self.hurry
        clock = self.life.clock(step)
        if clock is None:
            return self._in(30, 300)
        if clock.time_unit in worktime.NATURAL:
            return clock.started_at + (clock.due_at - clock.started_at) * share
        calendar = calendar_of(clock.unit)
        whole = worktime.worked_between(clock.started_at, clock.due_at, calendar)
        return worktime.add(clock.started_at, whole * share, calendar)

    def _takes(self, name: str) -> bool:
        """Tell whether something is planned, and strike it off."""
        if name in self.plans:
            self.plans.discard(name)
            return True
        return False

    def _one(self, people: list[User], *but: int | None) -> User:
        return pick(self.rng, other_than(people, *but) or people)

    # ---- who acts ---------------------------------------------------------------------------

    def _desk(self, *roles: Role) -> User:
        return self._one(self.world.people(self.life.case.desk, *roles))

    def _chief(self, *, of_county: bool = False) -> User:
        desk = self.life.case.desk
        unit = self.world.at(desk, "COUNTY") if of_county else desk
        return self._one(self.world.people(unit, R.DUTY_CHIEF))

    def _handler(self) -> User:
        """Return who works on the case: the one it was given to, or anybody of the lead."""
        case = self.life.case
        if case.lead_person_id:
            unit = case.lead
            people = self.world.people(unit, R.GRID_WORKER, R.HANDLER, above=False)
            return next((user for user in people if user.pk == case.lead_person_id), people[0])
        return self._one(self.world.people(case.lead, R.GRID_WORKER, R.HANDLER, above=False))

    @property
    def _is_grid(self) -> bool:
        return self.life.case.lead.level == "GRID"

    # ---- what is done in each status --------------------------------------------------------

    def _in_received(self):
        life = self.life
        if self._takes("withdraw") and self.report.by_id is None:
            return self._in(20, 120), lambda at: life.move("withdraw", None, at, report=self.report)
        if self._takes("decline"):
            reply = pick(self.rng, sayings.DECLINED)
            clerk = self._one(self.world.people(self._office(), R.INTAKE))
            return self._in(15, 160), lambda at: life.move("decline", clerk, at, reply=reply)
        clerk = self._desk(R.INTAKE)
        if self._takes("check"):
            grid = life.case.area
            return self._in(8, 60), lambda at: life.move("send_check", clerk, at, grid_unit=grid)
        return self._in(6, 130), lambda at: self._file(clerk, at)

    def _office(self) -> Unit:
        """Return the street or county that may decline a case."""
        desk = self.life.case.desk
        return desk if desk.level in {"TOWNSHIP", "COUNTY"} else self.world.at(desk, "TOWNSHIP")

    def _file(self, clerk: User, at: datetime) -> None:
        self.life.move("file", clerk, at, category=self.report.category)
        if at + MINUTE < self.now and self._takes("remark"):
            self.life.move("remark", clerk, at + MINUTE, note=pick(self.rng, sayings.REMARKS))
        if self.life.at + MINUTE < self.now:
            self._show(clerk, self.life.at + MINUTE)

    def _show(self, clerk: User, at: datetime) -> None:
        """Release an open case of public space, for those who live near it."""
        is_recent = self.now - at < timedelta(days=25)
        if is_recent and SAYINGS[self.matter.category].scene != "talk" and self.rng.random() < 0.6:
            self.life.release(clerk, at, f"{self.matter.title}，已立案办理。")

    def _in_checking(self):
        worker = self._one(self.world.people(self.life.case.checker, R.GRID_WORKER))
        note = pick(self.rng, sayings.CHECK_REPORTS)
        return self._in(40, 300), lambda at: self.life.move("report_check", worker, at, note=note)

    def _in_filed(self):
        life, case = self.life, self.life.case
        if life.approval is not None:
            return self._decided()
        if self._takes("void"):
            return self._asked("void", self._desk(R.INTAKE), sayings.VOIDED, of_county=True)
        if self._takes("merge") and case.n_reports == 1:
            return self._in(5, 40), self._take_another_in
        if case.desk.level == "COMMUNITY" and case.n_reopened == 0 and self.rng.random() < 0.6:
            clerk, note = self._desk(R.DISPATCHER), pick(self.rng, sayings.ESCALATED)
            ground = pick(self.rng, tuple(policy.Ground)[:-1])
            up = {"ground": ground, "note": note}
            return self._in(10, 60), lambda at: life.move("escalate", clerk, at, **up)
        dispatcher = self._desk(R.DISPATCHER)
        unit = self.lead or self._target()
        evidence = {"unit": unit}
        if self._takes("helper") and (helper := self._helper(unit)) is not None:
            evidence["helpers"] = [helper]
        return self._in(5, 80), lambda at: life.move("dispatch", dispatcher, at, **evidence)

    def _target(self) -> Unit:
        """Return where a dispatcher sends the case: the owner of a thing, else area or sector."""
        units, case = self.world.units, self.life.case
        candidates = self.world.routing(case, self.life.asset).candidates
        owners = [c for c in candidates if c.row.target in {"ASSET_OWNER", "UNIT"}]
        before = {e.facts.get("unit") for e in self.life.file.entries if e.name == "dispatch"}
        owners = [c for c in owners if c.unit_id not in before] or owners
        is_thing = case.category.kind == "COMPONENT"
        if owners and (is_thing or self.rng.random() < 0.55):
            return units[owners[0].unit_id]
        community = self.world.at(case.area, "COMMUNITY")
        return community if self.rng.random() < 0.3 or case.area.pk in before else case.area

    def _helper(self, lead: Unit) -> Unit | None:
        """Return a unit to help: a company of the prefecture, or another department."""
        county = self.world.at(self.life.case.area, "COUNTY")
        units = [
            unit
            for (pk, role), people in self.world.holders.items()
            if role == R.HANDLER and people and (unit := self.world.units[pk]).kind != "AREA"
            and (unit.parent_id == county.pk or unit.level == "PREFECTURE") and unit.pk != lead.pk
        ]  # fmt: skip
        return pick(self.rng, units) if units else None

    def _take_another_in(self, at: datetime) -> None:
        """Let the same matter come in by another door, and merge the second case into this one."""
        channel = Channel.PHONE if self.report.channel != Channel.PHONE else Channel.WEB
        came = self.life.at + (at - self.life.at) * 0.3
        report = self.reporting.again(self.report, self.matter, came, channel)
        report.household = report.building = report.asset = None
        other = Course(
            self.world, self.pen, self.rng, self.reporting, report, self.matter, self.now
        )
        other.life.begin()
        primary = self.life.case
        primary.life = self.life
        before_end = other.life.status in policy.MOVES["merge"].sources
        clerk = self._one(self.world.people(self._office(), R.INTAKE))
        if before_end and other.life.at < at:
            other.life.move("merge", clerk, at, primary=primary)
        other.life.end()

    def _in_dispatched(self):
        life, case = self.life, self.life.case
        if life.approval is not None:
            return self._decided()
        if self._takes("withdraw") and self.report.by_id is None:
            return self._in(5, 60), lambda at: life.move("withdraw", None, at, report=self.report)
        if self._is_grid and self._takes("pass_back"):
            worker, note = self._handler(), pick(self.rng, sayings.PASSED_BACK)
            return self._in(4, 50), lambda at: life.move("pass_back", worker, at, note=note)
        if not self._is_grid and self._takes("return") and case.lead.kind == "DEPARTMENT":
            return self._asked("return", self._handler(), sayings.RETURNED)
        if not self._is_grid and self._takes("transfer") and case.n_reopened == 0:
            clerk, note = self._desk(R.DISPATCHER), pick(self.rng, sayings.TRANSFERRED)
            unit = self.world.at(case.area, "COMMUNITY")
            if unit != case.lead:
                sent = {"unit": unit, "note": note}
                return self._in(30, 90), lambda at: life.move("transfer", clerk, at, **sent)
        if self._is_grid and self._takes("time_out"):
            return self._within(T.ACCEPT, 1.6), self._accept
        share = (
            1.3 if self.rng.random() < 0.03 and not self._is_grid else self.rng.uniform(0.05, 0.8)
        )
        return self._within(T.ACCEPT, float(share)), self._accept

    def _accept(self, at: datetime) -> None:
        self.life.move("accept", self._handler(), at)

    def _in_handling(self):
        life, case = self.life, self.life.case
        if life.approval is not None:
            return self._decided()
        if not life.has_arrived:
            return self._in(12, 200), self._arrive
        if "stuck" in self.plans:
            return None
        if (talk := self._talked_about()) is not None:
            return talk
        if life.file.helpers and not any(e.name == "contribute" for e in life.file.entries):
            return self._in(40, 240), self._contribute
        is_office = case.lead.kind != "AREA"
        if is_office and self._takes("shelve"):
            return self._asked("shelve", self._handler(), sayings.SHELVED, of_county=True)
        if is_office and not case.is_hazard and self._takes("extend"):
            return self._asked("extend", self._handler(), sayings.EXTENDED)
        share = self.rng.beta(2.2, 3.0) * 0.9 + 0.04
        if self._takes("late"):
            share = self.rng.uniform(1.05, 1.9)
        return self._within(T.HANDLE, float(share)), self._handle

    def _talked_about(self):
        """Return what is said about a case in work: by a neighbour, its reporter or the office."""
        life = self.life
        if self._takes("join"):
            return self._in(20, 200), self._joined
        if self._takes("add_facts") and self.report.by_id is None:
            said = {"reply": pick(self.rng, sayings.FACTS_ADDED), "report": self.report}
            return self._in(15, 200), lambda at: life.move("add_facts", None, at, **said)
        if self._takes("answer"):
            clerk, text = self._handler(), pick(self.rng, sayings.ANSWERS)
            return self._in(10, 120), lambda at: life.move("answer", clerk, at, reply=text)
        if self._takes("unmask") and self.report.phone:
            return self._in(3, 60), self._unmask
        return None

    def _arrive(self, at: datetime) -> None:
        photo = []
        if self._takes("arrive_photo") and (picture := self._picture(at, is_after=False)):
            photo = [picture]
        self.life.move("arrive", self._handler(), at, photo=photo)

    def _joined(self, at: datetime) -> None:
        channel = pick(self.rng, (Channel.WEB, Channel.PHONE, Channel.QR))
        report = self.reporting.again(self.report, self.matter, at, channel)
        self.life.join(report, at)

    def _unmask(self, at: datetime) -> None:
        purpose = pick(self.rng, ("CALL", "CALL", "VISIT"))
        facts = {"report": self.report.pk, "purpose": purpose}
        self.life.record("unmask", at=at, actor_id=self._handler().pk, facts=facts)

    def _contribute(self, at: datetime) -> None:
        helper = self.life.file.helpers[-1]
        person = self._one(self.world.people(helper, R.HANDLER, above=False))
        self.life.move("contribute", person, at, note="已到场配合，机具和人员已落实。")

    def _handle(self, at: datetime) -> None:
        case, worker = self.life.case, self._handler()
        evidence = {
            "reply": self.matter.reply,
            "solved_by": self._solver(),
            "outcome": self.world.outcomes[SAYINGS[self.matter.category].outcome],
            "quantity": self.matter.quantity,
            "n_households": int(self.rng.integers(1, 60)),
        }
        if case.category.needs_after_photo or self.rng.random() < 0.15:
            picture = self._picture(at, is_after=True)
            self.shown_after = picture.file
            evidence["after_photo"] = [picture]
        places = self.world.compounds.get(self.world.at(case.area, "COMMUNITY").pk, [])
        if places and self.rng.random() < 0.3:
            evidence["compounds"] = [pick(self.rng, places)]
        self.life.move("handle", worker, at, **evidence)

    def _solver(self) -> str:
        case = self.life.case
        if case.lead.kind == "COMPANY":
            return "COMPANY"
        if case.lead.kind != "AREA":
            return "CADRE" if self.rng.random() < 0.78 else "COMPANY"
        who = ("GRID_WORKER", "RESIDENT", "VOLUNTEER", "PARTY_MEMBER", "PROPERTY", "CADRE")
        shares = (
            (0.42, 0.13, 0.14, 0.13, 0.09, 0.09)
            if self._is_grid
            else (0.2, 0.1, 0.2, 0.1, 0.1, 0.3)
        )
        return str(self.rng.choice(who, p=shares))

    def _picture(self, at: datetime, *, is_after: bool):
        scene = SAYINGS[self.matter.category].scene
        variant = getattr(self.report, "variant", 0)
        return self.pen.photograph(scene, variant, is_after, at.date())

    def _in_shelved(self):
        life = self.life
        review = life.clock(T.REVIEW)
        chief, note = self._chief(of_county=True), pick(self.rng, sayings.RESUMED)
        if self._takes("keep"):
            day = (review.due_at + timedelta(days=30)).date()
            return review.due_at - timedelta(hours=6), lambda at: life.move(
                "keep_shelved", chief, at, note="条件仍不具备，继续挂账。", review_on=day
            )
        ready = review.due_at - timedelta(hours=float(self.rng.uniform(4, 90)))
        return ready, lambda at: life.move("resume", chief, at, note=note)

    def _in_handled(self):
        case = self.life.case
        verifiers = self.world.people(case.desk, R.VERIFIER)
        verifier = self._one(verifiers, case.handled_by_id)
        if self._takes("rework"):
            note = pick(self.rng, sayings.REWORKED)
            return self._in(60, 400), lambda at: self.life.move("rework", verifier, at, note=note)
        note = pick(self.rng, sayings.CHECKED)
        photo = self.rng.random() < 0.12 and SAYINGS[self.matter.category].scene != "talk"
        return self._in(40, 620), lambda at: self.life.move(
            "verify", verifier, at, note=note,
            photo=[self._picture(at, is_after=True)] if photo else [],
        )  # fmt: skip

    def _in_verified(self):
        case = self.life.case
        people = [
            *self.world.people(case.desk, R.INTAKE),
            *self.world.people(case.desk, R.DUTY_CHIEF),
        ]
        closer = self._one(people, case.handled_by_id)
        return self._in(10, 260), lambda at: self.life.move("close", closer, at)

    def _in_closed(self):
        """A reporter may reopen it, once; nothing else goes on."""
        if self._takes("reopen") and self.report.by_id is None:
            note = pick(self.rng, sayings.REOPENED)
            at = self.life.at + timedelta(days=float(self.rng.uniform(0.3, 6)))
            return at, lambda at: self.life.move("reopen", None, at, note=note, report=self.report)
        return None

    # ---- applications -----------------------------------------------------------------------

    def _asked(self, name: str, actor: User, words, *, of_county: bool = False):
        note = pick(self.rng, words)
        day = (self.life.at + timedelta(days=int(self.rng.integers(21, 70)))).date()
        review_on = day if name == "shelve" else None
        self.decider_of_county = of_county
        return self._in(15, 120), lambda at: self.life.ask(name, actor, at, note, review_on)

    def _decided(self):
        """Return the decision on what waits, by a chief who did not ask for it."""
        approval = self.life.approval
        chief = self._chief(of_county=self.decider_of_county or approval.move == "shelve")
        at = self._in(15, 200)
        handle = self.life.clock(T.HANDLE)
        in_time = handle is None or at < handle.due_at - MINUTE * 10
        granted = self.rng.random() < 0.8 if approval.move == "extend" else True
        granted = granted and (approval.move != "extend" or in_time)
        notes = {
            "extend": sayings.EXTEND_GRANTED if granted else sayings.EXTEND_DENIED,
            "return": sayings.RETURN_GRANTED,
        }.get(approval.move, ("同意。",))
        note = pick(self.rng, notes)
        return at, lambda at: self.life.decide(chief, at, is_granted=granted, note=note)

    # ---- after the closing ------------------------------------------------------------------

    def _after_closing(self) -> None:
        """Let reporters confirm and rate, and the office release the case with its pictures."""
        life, rng = self.life, self.rng
        by_link = [
            r for r in (self.report, *life.others) if r.by_id is None or r.channel == "PHONE"
        ]
        for report in by_link:
            if self._takes("confirm") and self._later(0.5, 30):
                life.move("confirm", None, self.moment, report=report)
            if rng.random() < ODDS["rate"] and self._later(0.5, 60):
                score = self._score()
                life.rate(report, score, pick(rng, _VERDICTS[score]), self.moment)
        before, after = getattr(self.report, "shown", ""), getattr(self, "shown_after", "")
        wanted = before and after and self._takes("release")
        if wanted and self._later(1, 40):
            life.release(self._desk(R.INTAKE), self.moment, self.matter.reply, before, after)

    def _later(self, low: float, high: float) -> bool:
        """Pick a moment so many hours on; tell whether it has come yet."""
        self.moment = self.life.at + timedelta(hours=float(self.rng.uniform(low, high)))
        return self.moment < self.now

    def _score(self) -> int:
        was_late = any(entry.name == "late" for entry in self.life.file.entries)
        shares = (0.12, 0.2, 0.28, 0.25, 0.15) if was_late else (0.02, 0.03, 0.1, 0.3, 0.55)
        if self.life.case.n_reopened:
            shares = (0.05, 0.1, 0.3, 0.35, 0.2)
        return int(self.rng.choice(5, p=shares)) + 1


_ENDS = policy.ENDED - {S.CLOSED}
_VERDICTS = {
    1: sayings.COMPLAINTS,
    2: sayings.COMPLAINTS,
    3: sayings.MIDDLING,
    4: sayings.PRAISES,
    5: sayings.PRAISES,
}


# ---- what waits on every desk when somebody first logs in --------------------------------------


def _stage(world: World, pen: Pen, rng: Generator, reporting: Reporting, now: datetime) -> None:
    """Put fresh cases before every demo account, in the statuses its first clicks need."""
    grids = {grid.code: grid for grid in world.grids}
    for code, category, stop, lead, n in _STAGED:
        for k in range(n):
            _place(world, pen, rng, reporting, now, grids[code], category, stop, lead, k)


def _stage_the_ladder(
    world: World, pen: Pen, rng: Generator, reporting: Reporting, now: datetime
) -> None:
    """Let some cases climb: those nobody touched, and those each level passed up with a reason."""
    grids = {grid.code: grid for grid in world.grids}
    for code, category, days, how in _CLIMBED:
        grid = grids[code]
        at = now - timedelta(days=days, hours=float(rng.uniform(0, 5)))
        report, matter = reporting.report(at, grid=grid, category=category, channel=Channel.WEB)
        life = Life(world, pen, report, matter.title, now)
        life.begin()
        if how != "TIME":
            _pass_up(world, rng, life, now, is_done=how == "SENT")
        life.end()


def _pass_up(world: World, rng: Generator, life: Life, now: datetime, *, is_done: bool) -> None:
    """Have each desk say why it cannot solve a case, up to the county, which sends it on."""
    while life.case.desk.level != "COUNTY":
        at = life.at + timedelta(hours=float(rng.uniform(1, 3)))
        if at > now or life.sweep(at):
            continue
        if life.status == S.RECEIVED:
            clerk = world.people(life.case.desk, R.INTAKE)[0]
            life.move("file", clerk, at, category=life.report.category)
            continue
        desk = world.people(life.case.desk, R.DISPATCHER)[0]
        reason = {"ground": pick(rng, tuple(policy.Ground)[:-1])}
        life.move("escalate", desk, at, note=pick(rng, sayings.ESCALATED), **reason)
    at = life.at + timedelta(hours=2)
    if is_done and at < now and not life.sweep(at):
        chief = world.people(life.case.desk, R.DISPATCHER)[0]
        owners = [c for c in world.routing(life.case, None).candidates if c.row.target == "UNIT"]
        if owners:
            life.move("dispatch", chief, at, unit=world.units[owners[0].unit_id])


# grid, category, days ago, how it came up: by time alone, asked, asked and sent on by the county
_CLIMBED: tuple[tuple[str, str, float, str], ...] = (
    ("360702001003001", "RUBBISH_HEAP", 24, "TIME"),
    ("360702002004001", "LIVING_NOISE", 21, "TIME"),
    ("360722102200001", "RUBBISH_HEAP", 26, "TIME"),
    ("360702001001001", "SEWAGE", 12, "TIME"),
    ("360702003002001", "UNLICENSED_BUILDING", 2, "ASKED"),
    ("360702001003001", "HOUSE_LEAK", 3, "ASKED"),
    ("360702002004001", "LIFT_AGEING", 4, "ASKED"),
    ("360702001001001", "ROAD_UNLIT", 6, "SENT"),
    ("360722102200001", "ROAD_DAMAGE", 5, "SENT"),
)
_SHOWN, _DARK = "360702001001001", "360722102200006"
# grid, category, where it waits, sent to ('' as usual), how many
_STAGED: tuple[tuple[str, str, policy.Status, str, int], ...] = (
    (_SHOWN, "ROAD_DAMAGE", S.RECEIVED, "", 1),
    (_SHOWN, "UNLICENSED_BUILDING", S.RECEIVED, "", 1),
    (_SHOWN, "FIRE_LANE", S.RECEIVED, "", 1),
    (_SHOWN, "PESTS", S.CHECKING, "", 1),
    (_SHOWN, "SIGNBOARD", S.FILED, "", 1),
    (_SHOWN, "WORKS_NOISE", S.FILED, "", 1),
    (_SHOWN, "RUBBISH_HEAP", S.DISPATCHED, "", 2),
    (_SHOWN, "ILLEGAL_PARKING", S.DISPATCHED, "", 1),
    (_SHOWN, "HOME_VISIT", S.DISPATCHED, "", 1),
    (_SHOWN, "CORRIDOR_CLUTTER", S.HANDLING, "", 2),
    (_SHOWN, "DISPUTE", S.HANDLING, "", 1),
    (_SHOWN, "ROAD_DAMAGE", S.HANDLED, "360702.HOUSING", 1),
    (_SHOWN, "SEWAGE", S.HANDLED, "360702.HOUSING", 1),
    (_SHOWN, "BIN_OVERFLOW", S.HANDLED, "", 1),
    (_SHOWN, "GREENERY", S.VERIFIED, "360702.CITY", 1),
    (_SHOWN, "LAMP_OUT", S.DISPATCHED, "", 2),
    ("360702002004001", "LAMP_OUT", S.HANDLING, "", 1),
    (_SHOWN, "WATER_METER", S.DISPATCHED, "", 1),
    ("360702003002001", "WATER_METER", S.HANDLING, "", 1),
    (_DARK, "ROAD_DAMAGE", S.RECEIVED, "", 1),
    (_DARK, "SEWAGE", S.RECEIVED, "", 1),
    (_DARK, "POLICY_ADVICE", S.DISPATCHED, "", 1),
    (_DARK, "RUBBISH_HEAP", S.HANDLING, "", 1),
    (_DARK, "GREENERY", S.HANDLED, _DARK, 1),
)


def _place(world, pen, rng, reporting, now, grid: Grid, category, stop, lead, k) -> None:  # noqa: PLR0913
    at = now - timedelta(minutes=float(rng.uniform(38, 75)) + 3 * k)
    channel = Channel.PHONE if category in {"HOME_VISIT", "POLICY_ADVICE"} else Channel.WEB
    report, matter = reporting.report(at, grid=grid, category=category, channel=channel)
    course = Course(world, pen, rng, reporting, report, matter, now)
    course.stop, course.hurry = stop, timedelta(minutes=4)
    if stop == S.CHECKING:
        course.plans = {"check"}
    if lead:
        course.lead = _unit(world, lead)
    course.run()


def _unit(world: World, key: str) -> Unit:
    """Return a unit by its code, or a department by county and the end of its name."""
    if key in world.by_code:
        return world.by_code[key]
    county, name = key.split(".")
    named = {"HOUSING": "住房和城乡建设局", "CITY": "城市管理局"}[name]
    parent = world.by_code[county].pk
    return next(u for u in world.units.values() if u.parent_id == parent and u.name.endswith(named))
