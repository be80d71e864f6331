"""A whistle in hand: its case's file, its summonses and clocks, and what follows from a move.

The case is locked first, always, then the whistle: two people who act at once wait in one queue.
`settle` brings everything to where the summonses are: stage, clocks, the case, who sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.utils import timezone

from shaodao.cases import policy as case_policy
from shaodao.cases.actions.casefile import CaseFile, open_file
from shaodao.cases.actions.casefile import remark as case_remark
from shaodao.cases.models import CoHandler, JournalEntry, Remark
from shaodao.cases.rules import calendar_of
from shaodao.cores import worktime
from shaodao.cores.wording import N_
from shaodao.people.models import Unit
from shaodao.people.queries import number, units_by_id
from shaodao.whistles import policy
from shaodao.whistles.models import Summons, Whistle, WhistleClock
from shaodao.whistles.queries import arbiter_of, ones_of, reviewer_of
from shaodao.whistles.rules import WhistleRules, rules

C = case_policy.Status
MOVES = case_policy.MOVES
CLOSING_TIME = time(18)  # an agreed last day ends when offices have closed, as cases' do


@dataclass
class WhistleFile:
    """A locked whistle while an action works on it."""

    file: CaseFile
    whistle: Whistle
    summonses: list[Summons]
    running: list[WhistleClock]
    at: datetime
    actor_id: int | None
    rules: WhistleRules = field(default_factory=rules)

    # ---- asking ------------------------------------------------------------------------------

    @property
    def stage(self) -> policy.Stage:
        return policy.Stage(self.whistle.stage)

    @property
    def ones(self) -> list[policy.One]:
        return ones_of(self.summonses)

    @property
    def lead(self) -> Summons:
        """The summons of the unit that leads."""
        return next(row for row in self.summonses if row.is_lead)

    @property
    def begins(self) -> bool:
        """Whether a unit that reports sets to work at once."""
        n = sum(row.state not in policy.OUT for row in self.summonses)
        is_conferred = self.whistle.conferred_at is not None
        return is_conferred or not policy.confers(policy.Kind(self.whistle.kind), n)

    def place_of(self, summons: Summons) -> int:
        """Return where a summons stands among all."""
        return next(n for n, row in enumerate(self.summonses) if row.pk == summons.pk)

    def is_late(self, summons: Summons) -> bool:
        """Tell whether a unit's time to report in has run out."""
        return any(
            clock.summons_id == summons.pk
            and clock.step == policy.Step.REPORT_IN
            and clock.due_at <= self.at
            for clock in self.running
        )

    # ---- writing -----------------------------------------------------------------------------

    def remark(self, text: str) -> tuple[Remark, dict[str, object]]:
        """Write words down and return them with the facts a journal keeps of them."""
        return case_remark(self.file.case, kind=case_policy.RemarkKind.INTERNAL, text=text)

    def record(self, name: str, facts: Mapping[str, object]) -> JournalEntry:
        """Add an entry to the case's chain."""
        known = {"whistle": self.whistle.pk, **facts}
        return self.file.record(name, at=self.at, actor_id=self.actor_id, facts=known)

    def turn(
        self, name: str, place: int | None = None, *, instead: Unit | None = None
    ) -> Summons | None:
        """Bring the summonses to where a move leads them; return the one it adds, if any."""
        now = policy.after(
            name, place, self.ones, begins=self.begins, is_replaced=bool(instead)
        )  # fmt: skip
        added = None
        for row, one in zip(self.summonses, now, strict=False):
            if row.state != one.state and one.state in policy.OVER:
                row.ended_at = self.at
            row.state, row.is_lead = one.state.value, one.is_lead
        for one in now[len(self.summonses) :]:
            added = Summons(
                whistle=self.whistle,
                unit=instead,
                is_lead=one.is_lead,
                state=one.state.value,
                sent_at=self.at,
            )
            self.summonses.append(added)
        return added

    def settle(self) -> None:
        """Write everything as it follows from the summonses; the case goes along."""
        whistle = self.whistle
        if whistle.blown_at is not None and self.stage not in policy.ENDED:
            whistle.stage = policy.stage_of(self.ones).value
        if self.stage in policy.ENDED:
            whistle.ended_at = self.at
        whistle.unit_ids = self._unit_ids()
        whistle.save()
        for row in sorted(self.summonses, key=lambda row: row.is_lead):  # one lead at any time
            row.save()
        self._turn_clocks()
        if whistle.blown_at is not None:
            self._bring_case()
        self.file.save()

    def _unit_ids(self) -> list[int]:
        units = [self.whistle.whistler]
        if self.whistle.blown_at is not None:
            units += [self.file.case.area, *(row.unit for row in self.summonses)]
        return sorted({pk for unit in units for pk in unit.ancestor_ids})

    # ---- the case ----------------------------------------------------------------------------

    def _bring_case(self) -> None:
        """Bring the case to where the lead's summons stands."""
        case, stage = self.file.case, self.stage
        if stage in policy.ENDED:
            case.acceptor = None
            return
        case.acceptor = self.whistle.whistler
        wanted = policy.CASE_OF[policy.State(self.lead.state)]
        if case.status == C.RECEIVED:
            self._case("file", category=case.category_id, hazard=case.is_hazard)
        if case.status == C.SHELVED and (wanted != C.SHELVED or case.lead != self.lead.unit):
            self._case("resume")
        if case.status == C.HANDLED and wanted != C.HANDLED:
            self._case("rework")
        self._set_units()
        if case.status == C.DISPATCHED and wanted != C.DISPATCHED:
            self._case("accept")
        if case.status == C.HANDLING and wanted == C.SHELVED:
            self._case("shelve", review_on=self.lead.review_on.isoformat())

    def _set_units(self) -> None:
        """Let the case be led and helped by the units called: they see it from now on."""
        case, lead = self.file.case, self.lead
        called = {row.unit_id for row in self.summonses}
        wanted = [r for r in self.summonses if r.state != policy.State.RELEASED and not r.is_lead]
        helpers = {row.unit_id: row.unit for row in wanted}
        rows = CoHandler.objects.filter(case=case)
        rows.filter(unit__in=called - helpers.keys(), contributed_at=None).delete()
        rows.filter(unit=lead.unit).delete()
        standing = set(rows.values_list("unit", flat=True))
        CoHandler.objects.bulk_create(
            CoHandler(case=case, unit=unit, added_at=self.at)
            for pk, unit in helpers.items()
            if pk not in standing
        )
        units = units_by_id()
        self.file.helped_by(units[pk] for pk in sorted(standing | helpers.keys()))
        is_other = lead.person_id is not None and case.lead_person_id != lead.person_id
        if case.lead_id != lead.unit_id or is_other or case.status == C.FILED:
            name = "dispatch" if case.status == C.FILED else "transfer"
            case.lead, case.lead_person = lead.unit, lead.person
            self._case(name, unit=lead.unit_id, helpers=sorted(helpers))

    def _case(self, name: str, **facts: object) -> None:
        given = {"whistle": self.whistle.pk, **facts}
        self.file.make(MOVES[name], at=self.at, actor_id=self.actor_id, facts=given)

    # ---- clocks ------------------------------------------------------------------------------

    def _turn_clocks(self) -> None:
        wanted = {(None, step): self.whistle.whistler for step in self._steps()}
        paused: set[tuple[int | None, policy.Step]] = set()
        if self.stage in policy.LIVE:
            for row in self.summonses:
                state = policy.State(row.state)
                for step in policy.STATE_CLOCKS.get(state, ()):
                    wanted[row.pk, step] = row.unit
                paused |= {(row.pk, step) for step in policy.PAUSED.get(state, ())}
        for clock in list(self.running):
            key = (clock.summons_id, policy.Step(clock.step))
            if key in paused:
                self._pause(clock)
            elif key not in wanted:
                clock.stopped_at = self.at
                self.running.remove(clock)
            elif clock.paused_at is not None:
                self._resume(clock)
            clock.save()
        standing = {(c.summons_id, policy.Step(c.step)) for c in self.running}
        for (pk, step), unit in wanted.items():
            if (pk, step) not in standing:
                row = next((s for s in self.summonses if s.pk == pk), None)
                self._start(step, row, unit)

    def _steps(self) -> tuple[policy.Step, ...]:
        """Return which of the whistle's own clocks run."""
        steps = policy.STAGE_CLOCKS.get(self.stage, ())
        is_unconfirmed = self.stage in policy.LIVE and self.whistle.confirmed_at is None
        return (*steps, policy.Step.CONFIRM) if is_unconfirmed else steps

    def _holder(self, step: policy.Step, row: Summons | None, unit: Unit) -> Unit:
        whistler = self.whistle.whistler
        if step in {policy.Step.REVIEW, policy.Step.CONFIRM}:
            return reviewer_of(whistler)
        if step in {policy.Step.ARBITRATE, policy.Step.RECHECK} and row is not None:
            return row.arbiter or arbiter_of(whistler, row.unit) or whistler
        return unit

    def _start(self, step: policy.Step, row: Summons | None, unit: Unit) -> None:
        holder, on = self._holder(step, row, unit), timezone.localdate(self.at)
        limit = self.rules.limit(self.whistle.kind, step, unit=self.whistle.whistler, on=on)
        calendar, time_unit = calendar_of(holder), worktime.TimeUnit(limit.time_unit)
        due_at = worktime.due_at(self.at, limit.amount, time_unit, calendar)
        if row is not None and (day := self._agreed(step, row)) is not None:
            due_at = max(_closing(day), self.at)
        clock = WhistleClock(
            whistle=self.whistle,
            summons=row,
            step=step.value,
            unit=holder,
            limit_id=limit.pk,
            amount=limit.amount,
            time_unit=limit.time_unit,
            started_at=self.at,
            due_at=due_at,
            warn_at=self._warn_at(self.at, due_at, time_unit, calendar),
        )
        clock.save()
        self.running.append(clock)

    def _agreed(self, step: policy.Step, row: Summons) -> date | None:
        """Return the last day that was agreed on for a step, where there is one."""
        if step == policy.Step.RECHECK:
            return row.review_on
        return row.due_on or self.whistle.due_on if step == policy.Step.HANDLE else None

    def agree(self) -> None:
        """Let the handling that is under way end on the days that were agreed on."""
        for clock in self.running:
            row = next((s for s in self.summonses if s.pk == clock.summons_id), None)
            if row is None or clock.step != policy.Step.HANDLE or clock.paused_at is not None:
                continue
            if (day := self._agreed(policy.Step.HANDLE, row)) is not None:
                unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
                clock.due_at = max(_closing(day), clock.started_at)
                clock.warn_at = self._warn_at(clock.started_at, clock.due_at, unit, calendar)
                clock.warned_at = clock.late_at = None
                clock.save()
        if self.whistle.due_on is not None:
            days = [row.due_on or self.whistle.due_on for row in self.summonses]
            self.file.promise(_closing(max(days)), at=self.at)
            self.file.save()

    def _warn_at(self, start: datetime, due_at: datetime, unit, calendar) -> datetime:
        ids = self.whistle.whistler.ancestor_ids
        percent = number("warn_percent", on=timezone.localdate(self.at), unit_ids=ids)
        return worktime.warn_at(start, due_at, percent / 100, unit, calendar)

    def _pause(self, clock: WhistleClock) -> None:
        if clock.paused_at is None:
            unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
            clock.left = worktime.left_at(self.at, clock.due_at, unit, calendar)
            clock.paused_at = self.at

    def _resume(self, clock: WhistleClock) -> None:
        unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
        if clock.late_at is not None:  # what had run out stays run out
            clock.paused_at = clock.left = None
            return
        clock.due_at = max(worktime.resume(self.at, clock.left, unit, calendar), clock.started_at)
        clock.warn_at = self._warn_at(clock.started_at, clock.due_at, unit, calendar)
        clock.paused_at = clock.left = None


def _closing(day: date) -> datetime:
    return datetime.combine(day, CLOSING_TIME, tzinfo=timezone.get_current_timezone())


def open_whistle(pk: int, *, actor, at: datetime) -> WhistleFile:
    """Lock a whistle and its case for the present transaction.

    :raises policy.WhistleRefused: if the whistle is gone.
    """
    case_id = Whistle.objects.filter(pk=pk).values_list("case", flat=True).first()
    if case_id is None:
        raise policy.WhistleRefused(N_("这一哨已经不在了"))
    return read_whistle(open_file(case_id), pk, actor=actor, at=at)


def read_whistle(file: CaseFile, pk: int, *, actor, at: datetime) -> WhistleFile:
    """Lock a whistle of a case that is locked already."""
    whistle = (
        Whistle.objects.select_for_update(of=["self"])
        .select_related("whistler", "reason", "drafted_by")
        .get(pk=pk)
    )
    whistle.case = file.case
    rows = whistle.summonses.select_related("unit", "person", "arbiter").order_by("pk")
    running = whistle.clocks.filter(stopped_at=None).select_related("unit").order_by("pk")
    return WhistleFile(
        file=file,
        whistle=whistle,
        summonses=list(rows),
        running=list(running),
        at=at,
        actor_id=actor.pk if actor else None,
    )
