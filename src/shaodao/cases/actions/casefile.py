"""A case in hand: the locked row, its running clocks, and what is about to be written.

`open_files` locks, `CaseFile.make` does what a move does in memory, `write_all` writes what came of
it, of one case or of hundreds, in as many statements. The sample town makes whole histories through
`make` and writes them in bulk: one code for all.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.db.models import Model
from django.utils import timezone

from shaodao.cases import policy
from shaodao.cases.models import (
    Approval,
    Case,
    CaseSector,
    Clock,
    CoHandler,
    JournalEntry,
    Remark,
)
from shaodao.cases.queries import Known
from shaodao.cases.rules import Rules, calendar_from, calendar_of, rules
from shaodao.cores import chaining, worktime
from shaodao.cores.wording import N_
from shaodao.kit import rows
from shaodao.notices.actions import Matter, post_all
from shaodao.people.holders import Holders
from shaodao.people.models import Unit
from shaodao.people.queries import at_level, number, office_hours_of, units_by_id

Move, C, T = policy.Move, policy.Clock, policy.Step
# Of no sweep's concern: read where a move asks for it.
_ASIDE = (
    "channel", "received_at", "lon", "lat", "zkey", "line", "length_m", "address", "grid_id",
    "handled_by_id", "handled_at", "solved_by", "solved_level", "cost_fen", "n_reports",
    "n_reopened",
)  # fmt: skip


@dataclass
class CaseFile:
    """A case with its running clocks and the entries and clocks not yet written."""

    case: Case
    running: list[Clock]
    rules: Rules
    helpers: list[Unit] = field(default_factory=list)
    tags: list[CaseSector] = field(default_factory=list)  # the lines of work it belongs to
    entries: list[JournalEntry] = field(default_factory=list)
    changed: list[Clock] = field(default_factory=list)
    retagged: list[CaseSector] = field(default_factory=list)
    decided: list[Approval] = field(default_factory=list)  # applications that ended or are late
    matters: list[Matter] = field(default_factory=list)  # what people are told of it
    beside: Known | None = None  # what stands beside it, where that is read with others'
    # The entries of all cases in hand together, in the order they were made
    log: list[JournalEntry] = field(default_factory=list)

    def begin(self, *, at: datetime, actor_id: int | None, facts: Mapping[str, object]) -> None:
        """Start the life of a case that has just been received."""
        case = self.case
        case.holder, case.holder_person_id = case.desk, None
        self._start(T.FILE, at, due_on=None)
        self.turn_rung(at)
        case.due_at = self._due_at()
        case.unit_ids = _unit_ids(case, self.helpers, self.tags)
        self.record("receive", at=at, actor_id=actor_id, facts=facts)

    def make(
        self, move: Move, *, at: datetime, actor_id: int | None, facts: Mapping[str, object]
    ) -> JournalEntry:
        """Bring the case to where `move` leads, with its clocks, holder and record.

        Whoever calls has checked the move and set desk, lead, checker and category already.

        :raises policy.MoveRefused: if a clock that must start has no limit, or may not be extended.
        """
        case, source = self.case, policy.Status(self.case.status)
        target = move.target or source
        case.status = target.value
        self._turn_clocks(move, source, target, at=at, facts=facts)
        self.turn_rung(at)
        place = policy.PLACES[target]
        case.holder, case.holder_person_id = self._holder(place.holder)
        case.due_at = self._due_at()
        handling = self._clock(T.HANDLE)
        case.promised_at = handling.due_at if handling else case.promised_at
        if target in policy.ENDED:
            case.ended_at = at if source not in policy.ENDED else case.ended_at
            case.due_at = None
        else:
            case.ended_at = None
        case.unit_ids = _unit_ids(case, self.helpers, self.tags)
        record = {"from": source.value, "to": target.value} if move.target else {}
        due = {c.step: c.due_at.isoformat() for c in self.running if c.started_at == at}
        return self.record(
            move.name,
            at=at,
            actor_id=actor_id,
            facts={**record, **facts, **({"due": due} if due else {})},
        )

    def helped_by(self, units: Iterable[Unit]) -> None:
        """Let these units be the ones that help the lead, and so see the case."""
        self.helpers = list(units)
        self.case.unit_ids = _unit_ids(self.case, self.helpers, self.tags)

    def promise(self, due_at: datetime, *, at: datetime) -> None:
        """Let the handling limit end at an instant that was agreed on."""
        if clock := self._clock(T.HANDLE):
            unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
            clock.due_at = max(due_at, clock.started_at)
            clock.warn_at = worktime.warn_at(
                clock.started_at, clock.due_at, self._warn_share(at), unit, calendar
            )
            clock.warned_at = clock.late_at = None
            self.changed.append(clock)
            self.case.promised_at = clock.due_at
            self.turn_rung(at)
            self.case.due_at = self._due_at()

    def record(
        self, name: str, *, at: datetime, actor_id: int | None, facts: Mapping[str, object]
    ) -> JournalEntry:
        """Add an entry to the case's chain."""
        case = self.case
        seq = case.n_entries + 1
        plain = {key: value for key, value in facts.items() if value not in (None, "", [], {})}
        head = chaining.entry_hash(
            bytes(case.head) or chaining.GENESIS,
            entry_fields(case.pk, seq, name, at, actor_id, plain),
        )
        entry = rows.new(
            JournalEntry,
            case_id=case.pk, seq=seq, name=name, at=at, actor_id=actor_id, facts=plain, hash=head,
        )  # fmt: skip
        case.n_entries, case.head = seq, head
        self.entries.append(entry)
        self.log.append(entry)
        return entry

    @property
    def known(self) -> Known:
        """What stands beside the case, read when it is wanted."""
        if self.beside is None:
            self.beside = Known()
        return self.beside

    @property
    def last(self) -> JournalEntry:
        """The entry made last and not yet written."""
        return self.entries[-1]

    def save(self) -> Case:
        """Write the case, its clocks and its entries, and tell whom it concerns."""
        write_all([self])
        return self.case

    def new_rows(self) -> list[Model]:
        """Return what a new case is written as; whoever calls writes it (kit.rows)."""
        fresh = {id(clock): clock for clock in self._fresh()}.values()
        found = [self.case, *fresh, *self.retagged, *self.entries]
        self._forget()
        return found

    def _forget(self) -> None:
        """Let go of what has been written."""
        self.entries, self.changed, self.retagged = [], [], []
        self.decided, self.matters = [], []
        self.log.clear()
        self.beside = None

    def _fresh(self) -> list[Clock]:
        return [c for c in self.changed if c.pk is None and c.stopped_at != c.started_at]

    def _clock(self, step: policy.Step) -> Clock | None:
        return next((c for c in self.running if c.step == step), None)

    def _due_at(self) -> datetime | None:
        return min((c.due_at for c in self.running if c.paused_at is None), default=None)

    def turn_rung(self, at: datetime) -> None:
        """Start, stop, hold or let go on the clock of the rung as status and desk have it now."""
        desk, clock, handling = self.case.desk, self._clock(T.RUNG), self._clock(T.HANDLE)
        if desk.level not in policy.RUNGS:
            return
        is_late = handling is not None and handling.late_at is not None
        due = policy.rung_clock(policy.Status(self.case.status), is_handling_late=is_late)
        if clock is not None and (clock.unit_id != desk.pk or due == policy.RungClock.NONE):
            self._stop(clock, at)
            clock = None
        if due == policy.RungClock.RUNS:
            if clock is None:
                self._start(T.RUNG, at, due_on=None, unit=desk)
            elif clock.paused_at is not None:
                self._resume(clock, at)
        elif clock is not None and clock.paused_at is None and clock.due_at > at:
            self._pause(clock, at)

    def redate(self) -> None:
        """Set the case's deadline anew after a clock was turned without a move."""
        self.case.due_at = self._due_at()

    def _holder(self, holder: policy.Holder | None) -> tuple[Unit | None, int | None]:
        """Return the unit a case waits for, and the id of the person where it is one."""
        case = self.case
        if holder == policy.Holder.DESK:
            return case.desk, None
        if holder == policy.Holder.LEAD:
            return case.lead, case.lead_person_id
        return (case.checker, None) if holder == policy.Holder.CHECKER else (None, None)

    def _turn_clocks(self, move, source, target, *, at, facts) -> None:
        place = policy.PLACES[target]
        stay = {*place.starts, *place.keeps, T.RUNG}  # the rung's own clock is turned after them
        if move.clock == C.RESTART:
            stay -= set(place.starts)
        if move.target is not None:
            for clock in [c for c in self.running if c.step not in stay]:
                self._stop(clock, at)
        if move.clock == C.ARRIVED and (arriving := self._clock(T.ARRIVE)):
            self._stop(arriving, at)
        handling = self._clock(T.HANDLE)
        if handling and move.clock == C.PAUSE:
            self._pause(handling, at)
        if handling and move.clock == C.RESUME:
            self._resume(handling, at)
        if handling and move.clock == C.EXTEND:
            self._extend(handling, at)
        for step in place.starts if move.target is not None else ():
            if self._clock(step) is None:
                self._start(step, at, due_on=facts.get("review_on"))

    def _start(
        self, step: policy.Step, at: datetime, *, due_on: object, unit: Unit | None = None
    ) -> None:
        case = self.case
        waits_for = self._holder(policy.PLACES[policy.Status(case.status)].holder)[0]
        holder = unit or waits_for or case.desk
        row = self.rules.limit(
            step,
            category=case.category_id,
            unit=case.area,
            is_hazard=case.is_hazard,
            on=timezone.localdate(at),
            level=holder.level if step == T.RUNG else "",
        )
        share, hours = self._warn_share(at), office_hours_of(holder)
        due_at, warn_at = _span(at, row.amount, row.time_unit, hours, share)
        if due_on:
            due_at = datetime.combine(
                date.fromisoformat(str(due_on)), time(18), tzinfo=timezone.get_current_timezone()
            )
            counted = worktime.TimeUnit(row.time_unit)
            warn_at = worktime.warn_at(at, due_at, share, counted, calendar_from(hours))
        clock = rows.new(
            Clock,
            case_id=case.pk,
            step=step.value,
            level=holder.level,
            unit_id=holder.pk,
            limit_id=row.pk,
            amount=row.amount,
            time_unit=row.time_unit,
            started_at=at,
            due_at=due_at,
            warn_at=warn_at,
        )
        clock.unit = holder
        self.running.append(clock)
        self.changed.append(clock)

    def _warn_share(self, at: datetime) -> float:
        on, unit_ids = timezone.localdate(at), self.case.area.ancestor_ids
        return number("warn_percent", on=on, unit_ids=unit_ids) / 100

    def _stop(self, clock: Clock, at: datetime) -> None:
        if clock.paused_at is not None:
            self._resume(clock, at)  # what stood still has not run out meanwhile
        clock.stopped_at = at
        self.running.remove(clock)
        self.changed.append(clock)

    def _pause(self, clock: Clock, at: datetime) -> None:
        unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
        clock.left = worktime.left_at(at, clock.due_at, unit, calendar)
        clock.paused_at = at
        self.changed.append(clock)

    def _resume(self, clock: Clock, at: datetime) -> None:
        unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
        to_warn = worktime.left_at(clock.paused_at, clock.warn_at, unit, calendar)
        clock.due_at = worktime.resume(at, clock.left, unit, calendar)
        warn_at = worktime.resume(at, max(to_warn, timedelta()), unit, calendar)
        clock.warn_at = min(warn_at, clock.due_at)
        clock.paused_at = clock.left = None
        self.changed.append(clock)

    def _extend(self, clock: Clock, at: datetime) -> None:
        most = number("extensions", on=timezone.localdate(at), unit_ids=self.case.area.ancestor_ids)
        if clock.due_at <= at:
            raise policy.MoveRefused(N_("已经超期，不能再延期：延期须在到期前提出"))
        if clock.extended >= most:
            raise policy.MoveRefused(N_("最多延期 {most} 次"), most=most)
        unit, calendar = worktime.TimeUnit(clock.time_unit), calendar_of(clock.unit)
        previous = clock.due_at
        clock.due_at = worktime.due_at(previous, clock.amount, unit, calendar)
        clock.warn_at = worktime.warn_at(
            previous, clock.due_at, self._warn_share(at), unit, calendar
        )
        clock.extended += 1
        clock.warned_at = None
        self.changed.append(clock)


@lru_cache(maxsize=1024)
def _span(
    at: datetime, amount: int, time_unit: str, hours: str, share: float
) -> tuple[datetime, datetime]:
    """Return when a limit that begins at `at` ends and when it is warned of; many are the same."""
    calendar, counted = calendar_from(hours), worktime.TimeUnit(time_unit)
    due_at = worktime.due_at(at, amount, counted, calendar)
    return due_at, worktime.warn_at(at, due_at, share, counted, calendar)


def entry_fields(case_id: int, seq: int, name: str, at: datetime, actor_id: int | None, facts):
    """Return what an entry's hash covers."""
    return {"case": case_id, "seq": seq, "name": name, "at": at, "actor": actor_id, "facts": facts}


def open_file(case_id: int) -> CaseFile:
    """Lock a case for the present transaction and return it with its running clocks.

    :raises Case.DoesNotExist: if there is no such case.
    """
    files = open_files([case_id])
    if case_id not in files:
        raise Case.DoesNotExist(f"no case {case_id}")
    return files[case_id]


def open_files(
    case_ids: Collection[int], *, is_waiting: bool = True, holders: Holders | None = None
) -> dict[int, CaseFile]:
    """Lock cases for the present transaction and return each with its running clocks, by id.

    is_waiting : for whoever is at work on one of them; else that one is left out
    holders    : whom was read of before
    """
    locked = Case.objects.select_for_update(skip_locked=not is_waiting)
    later = ("search",) if is_waiting else ("search", *_ASIDE)
    cases = rows.read(locked.filter(pk__among=case_ids).order_by("pk"), later=later)
    if not cases:
        return {}
    ids, units, book = [case.pk for case in cases], units_by_id(), rules()
    for case in cases:
        _attach(case, _UNITS_OF_CASE, units)
        _attach(case, _CATEGORY, book.categories)
    running: dict[int, list[Clock]] = defaultdict(list)
    for clock in rows.read(Clock.objects.filter(case__among=ids, stopped_at=None).order_by("pk")):
        _attach(clock, _UNIT_OF_CLOCK, units)
        running[clock.case_id].append(clock)
    helpers: dict[int, list[Unit]] = defaultdict(list)
    helping = CoHandler.objects.filter(case__among=ids).order_by("pk")
    for case_id, unit in helping.values_list("case", "unit"):
        helpers[case_id].append(units[unit])
    tags: dict[int, list[CaseSector]] = defaultdict(list)
    for tag in CaseSector.objects.filter(case__among=ids, ended_at=None).order_by("pk"):
        _attach(tag, _OFFICE_OF_TAG, units)
        tags[tag.case_id].append(tag)
    known, log = Known(cases, holders=holders), []
    return {
        case.pk: CaseFile(
            case=case,
            running=running[case.pk],
            rules=book,
            helpers=helpers[case.pk],
            tags=tags[case.pk],
            beside=known,
            log=log,
        )
        for case in cases
    }


def _fields(model: type[Model], *names: str) -> list:
    return [model._meta.get_field(name) for name in names]


_UNITS_OF_CASE = _fields(Case, "area", "desk", "lead", "checker", "acceptor", "holder")
_CATEGORY = _fields(Case, "category")
_UNIT_OF_CLOCK = _fields(Clock, "unit")
_OFFICE_OF_TAG = _fields(CaseSector, "office")


def _attach(row: Model, fields: Sequence, found: Mapping) -> None:
    """Give a row what it points at, as far as it was read already."""
    for column in fields:
        pk = getattr(row, column.attname)
        if pk in found:
            column.set_cached_value(row, found[pk])


def write_all(files: Sequence[CaseFile]) -> None:
    """Write what came of one case, or of many opened together, in a constant number of statements.

    Entries are written in the order in which they were made, whichever case they belong to.
    """
    rows.write_changes([file.case for file in files])
    clocks = _each_once(clock for file in files for clock in file.changed)
    rows.write_changes([clock for clock in clocks if clock.pk is not None])
    _add(Clock, [c for c in clocks if c.pk is None and c.stopped_at != c.started_at])
    for tag in _each_once(tag for file in files for tag in file.retagged):
        tag.save()
    rows.write_changes(_each_once(row for file in files for row in file.decided))
    entries = [entry for file in files for entry in file.entries]
    if len(files) > 1:
        places = {id(entry): place for place, entry in enumerate(files[0].log)}
        entries.sort(key=lambda entry: places[id(entry)])
    _add(JournalEntry, entries)
    post_all(matter for file in files for matter in file.matters)
    for file in files:
        file._forget()


def _each_once(found: Iterable[Model]) -> list:
    return list({id(row): row for row in found}.values())


def _add(model: type[Model], fresh: Sequence[Model]) -> None:
    if len(fresh) < rows.MANY:
        model.objects.bulk_create(fresh)
    else:
        rows.add(model, [vars(row) for row in fresh])


def _unit_ids(case: Case, helpers: Iterable[Unit], tags: Iterable[CaseSector]) -> list[int]:
    offices = [tag.office for tag in tags]
    units = [case.area, case.desk, case.lead, case.checker, *helpers, *offices]
    return sorted({pk for unit in units if unit is not None for pk in unit.ancestor_ids})


def desk_of(area: Unit, *, level: str) -> Unit:
    """Return the desk that takes cases of `area` at `level`, or the nearest one above."""
    levels = ["COMMUNITY", "TOWNSHIP", "COUNTY"]
    for tier in levels[levels.index(level) :]:
        if (unit := at_level(area, tier)) is not None:
            return unit
    return area


def remark(case: Case, *, kind: policy.RemarkKind, text: str) -> tuple[Remark, dict[str, object]]:
    """Write words about a case and return them with the facts a journal keeps of them."""
    row = Remark.objects.create(case=case, kind=kind.value, text=text, salt=secrets.token_bytes(16))
    digest = chaining.salted_digest(text, bytes(row.salt))
    return row, {"remark": row.pk, "digest": digest if isinstance(digest, str) else digest.hex()}
