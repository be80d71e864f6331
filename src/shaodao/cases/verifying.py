"""Whether the data keeps the promises: no case without holder and deadline, no row tampered with.

Everything is read in batches by key, so that years of a county fit in a small machine's memory, and
a journal in one snapshot, so that a running office does not look like a forger.
"""

import hashlib
import json
import multiprocessing
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, Sum

from shaodao.cores.chaining import Entry, FaultKind, verify
from shaodao.kit.versions import number_of, one_look
from shaodao.people.actions import CHAIN
from shaodao.people.actions import entry_fields as account_fields
from shaodao.people.models import AccountEntry, Unit
from shaodao.people.queries import units_by_id

from . import policy
from .actions.casefile import entry_fields
from .actions.exporting import ACCOUNTS
from .models import Case, CaseReport, CaseSector, Clock, CoHandler, HeadsExport, JournalEntry

BATCH = 1000  # cases read at once
ROWS = 20_000  # journal rows read at once


@dataclass
class Findings:
    """What was looked at, and what is wrong with it: a line for each fault."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Findings") -> "Findings":
        self.counts.update(other.counts)
        self.faults += other.faults
        return self


# ---- cases ---------------------------------------------------------------------------------


def verify_cases() -> Findings:
    """Return which cases break a promise: each open one has a holder, a deadline, its clocks."""
    found = Findings(counts=Counter(statuses=len(policy.Status)))
    found.faults += [f"table: no end is reachable from {status}" for status in trapped()]
    last = 0
    while batch := list(Case.objects.filter(pk__gt=last).defer("search").order_by("pk")[:BATCH]):
        last = batch[-1].pk
        with one_look():
            found += _verify_batch(batch)
    return found


def trapped() -> list[policy.Status]:
    """Return the statuses from which the table leads to no end."""
    free = set(policy.ENDED)
    while more := {
        source
        for move in policy.MOVES.values()
        for source in move.sources
        if move.target in free and source not in free
    }:
        free |= more
    return sorted(set(policy.Status) - free)


def _verify_batch(batch: Sequence[Case]) -> Findings:
    beside = _Beside.of([case.pk for case in batch])
    found = Findings(counts=Counter(cases=len(batch), clocks=beside.n_clocks))
    for case in batch:
        found.counts["open"] += policy.Status(case.status) in policy.OPEN
        found.faults += [f"case {case.number}: {fault}" for fault in _faults(case, beside)]
    return found


@dataclass
class _Beside:
    """What hangs on a batch of cases, by case."""

    clocks: Mapping[int, list[Clock]]
    helpers: Mapping[int, list[int]]
    reports: Mapping[int, int]
    merged: Mapping[int, int]
    offices: Mapping[int, list[int]]
    climbs: Mapping[int, list[tuple[str, dict[str, Any]]]]  # moves on the ladder, in order

    @classmethod
    def of(cls, ids: Sequence[int]) -> "_Beside":
        clocks, helpers = defaultdict(list), defaultdict(list)
        offices, climbs = defaultdict(list), defaultdict(list)
        for clock in Clock.objects.filter(case__in=ids, stopped_at=None):
            clocks[clock.case_id].append(clock)
        for case, unit in CoHandler.objects.filter(case__in=ids).values_list("case", "unit"):
            helpers[case].append(unit)
        tags = CaseSector.objects.filter(case__in=ids, ended_at=None)
        for case, office in tags.values_list("case", "office"):
            offices[case].append(office)
        rows = JournalEntry.objects.filter(case__in=ids, name__in=list(policy.PASSED_BY))
        for case, name, facts in rows.order_by("case", "seq").values_list("case", "name", "facts"):
            climbs[case].append((name, facts))
        links = CaseReport.objects.filter(case__in=ids, withdrawn_at=None)
        merged = Case.objects.filter(primary__in=ids)
        return cls(
            clocks,
            helpers,
            dict(links.values_list("case").annotate(n=Count("pk"))),
            dict(merged.values_list("primary").annotate(n=Sum("n_reports"))),
            offices,
            climbs,
        )

    @property
    def n_clocks(self) -> int:
        return sum(map(len, self.clocks.values()))


def _faults(case: Case, beside: _Beside) -> Iterator[str]:
    """Say what is wrong with one case."""
    status = policy.Status(case.status)
    place, running = policy.PLACES[status], beside.clocks.get(case.pk, [])
    if place.holder is not None:
        if case.holder_id is None or case.holder_id != _holder_id(case, place.holder):
            yield "its holder is not the one its status names"
        if case.due_at is None:
            yield "it is open and has no deadline"
    yield from _clock_faults(case, place, running)
    yield from _rung_faults(case, status, running)
    yield from _ladder_faults(case, beside.climbs.get(case.pk, []))
    if (known := sorted(case.unit_ids)) != (due := _unit_ids(case, beside)):
        yield f"unit_ids are {known}, area, desk, lead, checker, helpers and offices make {due}"
    n_reports = beside.reports.get(case.pk, 0) + beside.merged.get(case.pk, 0)
    if case.n_reports != max(n_reports, 1):
        yield f"n_reports is {case.n_reports}, its reports and merged cases make {n_reports}"
    if status == policy.Status.MERGED and case.primary_id == case.pk:
        yield "it is merged into itself"


def _holder_id(case: Case, holder: policy.Holder) -> int | None:
    return {
        policy.Holder.DESK: case.desk_id,
        policy.Holder.LEAD: case.lead_id,
        policy.Holder.CHECKER: case.checker_id,
    }[holder]


def _clock_faults(case: Case, place: policy.Place, running: Sequence[Clock]) -> Iterator[str]:
    steps = {clock.step for clock in running}
    if missing := {step.value for step in place.starts} - steps:
        yield f"no clock runs for {', '.join(sorted(missing))}"
    if idle := steps - {step.value for step in (*place.starts, *place.keeps, policy.Step.RUNG)}:
        yield f"a clock still runs for {', '.join(sorted(idle))}"
    due_at = min((clock.due_at for clock in running if clock.paused_at is None), default=None)
    if case.due_at != due_at:
        yield f"due_at is {case.due_at}, its clocks say {due_at}"


def _rung_faults(case: Case, status: policy.Status, running: Sequence[Clock]) -> Iterator[str]:
    """Say what is wrong with the clock of the rung where a case stands."""
    desk = units_by_id()[case.desk_id]
    if desk.level not in policy.RUNGS:
        return
    handling = next((c for c in running if c.step == policy.Step.HANDLE), None)
    is_late = handling is not None and handling.late_at is not None
    due = policy.rung_clock(status, is_handling_late=is_late)
    clock = next((c for c in running if c.step == policy.Step.RUNG), None)
    if due == policy.RungClock.RUNS and (clock is None or clock.paused_at is not None):
        yield f"the clock of its rung {desk.level} does not run"
    if due == policy.RungClock.STANDS and clock and not (clock.paused_at or clock.late_at):
        yield f"the clock of its rung {desk.level} runs although it is in work"
    if due == policy.RungClock.NONE and clock is not None:
        yield f"the clock of its rung {desk.level} still runs"
    if clock is not None and (clock.unit_id != desk.pk or clock.level != desk.level):
        yield "the clock of the rung is that of another desk"


def _ladder_faults(case: Case, climbs: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Say where a case skipped a rung, or does not stand where its journal brought it."""
    stands = None
    for name, facts in climbs:
        start, end = facts.get("rung"), facts.get("to_rung")
        if start is None or end is None:  # written before rungs were
            continue
        if stands is not None and start != stands:
            yield f"{name} starts at {start}, the one before ended at {stands}"
        if name != "escalate_urgent" and end not in _next_to(name, start):
            yield f"{name} goes from {start} to {end} and skips a rung"
        stands = end
    level = units_by_id()[case.desk_id].level
    if stands is None:
        if case.passed_why:
            yield f"it is said to come from {case.passed_from}, its journal does not say so"
        return
    name, facts = climbs[-1]
    known = (case.passed_from, case.passed_why)
    due = (facts.get("rung"), policy.PASSED_BY[name].value)
    if stands != level:
        yield f"its desk is at {level}, its journal leads to {stands}"
    elif known != due:
        yield f"it is said to come {known}, its journal says {due}"


def _next_to(name: str, start: str) -> set[str | None]:
    found = policy.rung_below(start) if name == "hand_down" else policy.rung_above(start)
    return {found.value if found else None}


def _unit_ids(case: Case, beside: _Beside) -> list[int]:
    units: Mapping[int, Unit] = units_by_id()
    near = [case.area_id, case.desk_id, case.lead_id, case.checker_id]
    near += [*beside.helpers.get(case.pk, []), *beside.offices.get(case.pk, [])]
    return sorted({pk for unit in near if unit is not None for pk in units[unit].ancestor_ids})


# ---- the journals --------------------------------------------------------------------------


def verify_journals(folder: Path, *, n_processes: int = 1) -> Findings:
    """Return what was changed, taken out or cut off in the chains of all cases and of accounts.

    folder      : where the exported heads are; a copy kept elsewhere proves more
    n_processes : how many read at once; each takes a range of cases
    """
    found, heads = _verify_exports(folder)
    found += _verify_accounts(heads.pop(ACCOUNTS, []))
    known = Case.objects.aggregate(least=Min("pk"), most=Max("pk"))
    exported = [int(name) for name in heads]
    least = min([known["least"] or 1, *exported])
    most = max([known["most"] or 0, *exported])
    step = (most - least + n_processes) // n_processes or 1
    spans = [(start, min(start + step, most + 1)) for start in range(least, most + 1, step)]
    _Work.heads = heads
    if n_processes == 1 or len(spans) == 1 or connection.in_atomic_block:
        parts: Iterable[Findings] = map(_verify_span, spans)
    else:
        connection.close()  # a connection is one process's own
        forked = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(n_processes, mp_context=forked) as pool:
            parts = list(pool.map(_verify_span, spans))
    for part in parts:
        found += part
    return found


class _Work:
    """What the forked processes inherit."""

    heads: dict[str, list[tuple[int, str, str]]] = {}


def _verify_exports(folder: Path) -> tuple[Findings, dict[str, list[tuple[int, str, str]]]]:
    """Check the exported files against their digests; return each chain's heads: (n, hash, day)."""
    found, heads = Findings(), defaultdict(list)
    previous, known = b"", set()
    for row in HeadsExport.objects.order_by("day"):
        known.add(row.file)
        found.counts["exports"] += 1
        path = folder / row.file
        if not path.is_file():
            found.faults.append(f"export {row.file}: the file is missing")
            previous = bytes(row.digest)
            continue
        text = path.read_text()
        if hashlib.sha256(previous + text.encode()).digest() != bytes(row.digest):
            found.faults.append(f"export {row.file}: it is not as it was written")
        previous = bytes(row.digest)
        for name, n, head in (line.split() for line in text.splitlines()):
            heads[name].append((int(n), head, row.file))
    strays = sorted(path.name for path in folder.glob("*.txt") if path.name not in known)
    found.faults += [f"export {name}: the database has no row of it" for name in strays]
    return found, heads


def _verify_span(span: tuple[int, int]) -> Findings:
    """Check the chains of the cases with ids from the first of `span` up to the second."""
    with _snapshot():
        found, seen = Findings(), set()
        for (pk, number, n_entries, head), rows in _with_rows(*span):
            seen.add(str(pk))
            entries = [
                Entry(seq, entry_fields(pk, seq, name, at, actor, facts), digest)
                for _, seq, name, at, actor, facts, digest in rows
            ]
            found.counts.update(cases=1, entries=len(entries))
            found.faults += _say(f"case {number}", entries, n_entries, bytes(head), _exported(pk))
    lost = {name for name in _Work.heads if span[0] <= int(name) < span[1]} - seen
    found.faults += [f"case id {name}: it was exported and is gone" for name in sorted(lost)]
    return found


@contextmanager
def _snapshot() -> Iterator[None]:
    """Read as of one moment, unless the caller's transaction sees to that."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _with_rows(start: int, end: int) -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """Yield each case with its journal's rows, both read in the order of their keys."""
    chains = groupby(_case_rows(start, end), key=lambda row: row[0])
    chain = next(chains, None)
    for case in _cases(start, end):
        while chain is not None and chain[0] < case[0]:
            chain = next(chains, None)  # of a case that is gone: its export tells
        if chain is not None and chain[0] == case[0]:
            yield case, list(chain[1])
            chain = next(chains, None)
        else:
            yield case, []


def _exported(pk: int) -> list[tuple[int, str, str]]:
    return _Work.heads.get(str(pk), [])


def _say(
    subject: str,
    entries: list[Entry],
    count: int,
    head: bytes,
    exported: Iterable[tuple[int, str, str]],
) -> list[str]:
    """Return a line for each fault of one chain, held against its count, head and exports."""
    faults = [
        f"{subject} entry {fault.seq}: {fault.kind.value}"
        for fault in verify(entries, count=count, head=head)
    ]
    hashes = {entry.seq: entry.hash.hex() for entry in entries}
    for n, exported_head, day in exported:
        if n not in hashes:
            faults.append(f"{subject} entry {n}: {FaultKind.CUT_OFF.value} since export {day}")
        elif hashes[n] != exported_head:
            faults.append(f"{subject} entry {n}: {FaultKind.CHANGED.value} since export {day}")
    return faults


def _verify_accounts(exported: Iterable[tuple[int, str, str]]) -> Findings:
    """Check the one chain of everything done to accounts and rules."""
    rows = AccountEntry.objects.order_by("seq").iterator(ROWS)
    entries = [Entry(row.seq, account_fields(row), bytes(row.hash)) for row in rows]
    head = entries[-1].hash if entries else bytes(32)
    found = Findings(counts=Counter(account_entries=len(entries)))
    found.faults += _say("accounts", entries, number_of(CHAIN), head, exported)
    return found


def _cases(start: int, end: int) -> Iterator[tuple[Any, ...]]:
    last = start - 1
    rows = Case.objects.order_by("pk").values_list("pk", "number", "n_entries", "head")
    while batch := list(rows.filter(Q(pk__gt=last), pk__lt=end)[:ROWS]):
        yield from batch
        last = batch[-1][0]


_ROWS = """
SELECT case_id, seq, name, at, actor_id, facts, hash FROM cases_journalentry
WHERE (case_id, seq) > (%s, %s) AND case_id < %s ORDER BY case_id, seq LIMIT %s
"""


def _case_rows(start: int, end: int) -> Iterator[tuple[Any, ...]]:
    """Yield the journal's rows in the order of its unique index, some thousands at a time."""
    case, seq = start, -1
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [case, seq, end, ROWS])
            batch = cursor.fetchall()
        for *plain, facts, digest in batch:
            yield (*plain, json.loads(facts), bytes(digest))
        if len(batch) < ROWS:
            return
        case, seq = batch[-1][:2]
