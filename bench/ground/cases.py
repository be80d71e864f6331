"""Many cases at once, written with COPY by several processes: chains, clocks, notices, indexes.

Each case has one report, a chain of six entries whose hashes are real, two notices and its clocks;
every tenth closed one is released with an outcome, and every third of those is rated. What follows
from one another does: the holder from the status, the units from the grid, the hashes from the
entries (`bin/manage journal verify` and `cases verify` pass).
"""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from bench.ground.mosaic import NORTH_EAST, SOUTH_WEST
from bench.ground.sayings import Sayings, read_sayings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.utils import timezone
from numpy.typing import NDArray
from shapely import Geometry, from_wkb

from shaodao.cases.actions.casefile import entry_fields
from shaodao.cases.models import (
    Case,
    CaseReport,
    Clock,
    JournalEntry,
    Outcome,
    Rating,
    Release,
)
from shaodao.cases.policy import PLACES, Holder, LimitRow, RungClock, Status, Step, rung_clock
from shaodao.cases.rules import rules
from shaodao.cores import chaining, morton
from shaodao.cores.locating import Locator
from shaodao.cores.words import terms
from shaodao.notices.models import Notice
from shaodao.people.models import Post
from shaodao.people.policy import Role
from shaodao.people.queries import at_level, units_by_id
from shaodao.places.models import Grid
from shaodao.reports.models import Report
from shaodao.reports.tokens import digest_of, make_token

DAY = 86_400
YEARS = 3
CHUNK = 10_000  # cases formatted before they are sent
N_STREETS = 3000  # made-up street names cases lie at
TABLES = (Report, Case, CaseReport, JournalEntry, Clock, Notice, Release, Outcome, Rating)
_EACH = {JournalEntry: 10, Clock: 10, Notice: 10}  # ids set aside for the rows of one case
# The statuses of open cases, and how many of a hundred stand in each.
_OPEN = ((Status.DISPATCHED, 55), (Status.HANDLING, 30), (Status.RECEIVED, 10), (Status.HANDLED, 5))
# How many of the six entries a case has, by its status.
_REACHED = {"RECEIVED": 1, "DISPATCHED": 3, "HANDLING": 4, "HANDLED": 5, "CLOSED": 6}
_NAMES = ("receive", "file", "dispatch", "accept", "handle", "close")
_WAY = ("", "RECEIVED", "FILED", "DISPATCHED", "HANDLING", "HANDLED", "CLOSED")


@dataclass(frozen=True)
class Made:
    """What was made, and how long it took."""

    first_id: int
    n: int
    n_open: int
    seconds: float
    parts: dict[str, float]  # seconds of each part of the work
    is_drawn: bool


@dataclass
class _Plan:
    """Every case in numbers, in the order of being received."""

    at: float
    received: NDArray[np.int64]  # seconds since 1970
    took: NDArray[np.int64]
    status: NDArray[np.int64]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    zkey: NDArray[np.int64]
    grid: NDArray[np.int64]
    kind: NDArray[np.int64]
    text: NDArray[np.int64]
    street: NDArray[np.int64]
    chance: NDArray[np.float64]  # one number of [0, 1) for what else is drawn
    keys: bytes  # 16 bytes each


class _Work:
    """What the forked processes inherit."""

    plan: _Plan
    ground: "_Ground"
    first_id: int


def make_cases(
    n: int, *, n_open: int, at: datetime, span_days: float = YEARS * 365, n_processes: int = 2
) -> Made:
    """Write `n` cases received in the days before `at`, the newest `n_open` of them about open."""
    began, parts = time.perf_counter(), {}

    def part(name: str) -> None:
        parts[name] = time.perf_counter() - began - sum(parts.values())

    sayings = read_sayings()
    _Work.ground = _Ground.read(sayings)
    _Work.first_id = _reserve(n)
    _Work.plan = _planned(sayings, _Work.ground, n, n_open=n_open, at=at, span_days=span_days)
    part("plan")
    with _without_indexes():
        spans = [(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]
        connection.close()  # a connection is one process's own
        with _forked(n_processes) as pool:
            list(pool.map(_write, spans))
        part("rows")
    part("indexes")
    _settle()
    part("vacuum")
    seconds = time.perf_counter() - began
    return Made(_Work.first_id, n, n_open, seconds, parts, sayings.is_drawn)


# ---- what stands in the county already ---------------------------------------------------------


@dataclass
class _Ground:
    """The ids, names and terms that cases refer to."""

    locator: Locator
    grids: list[tuple[int, int, int, list[int], int]]  # grid, unit, desk, ancestors, worker
    bodies: list[tuple[int, list[int]]]  # unit, its ancestors
    handlers: dict[int, int]
    categories: list[tuple[str, str]]  # code, terms of its name
    texts: list[tuple[str, str, str]]  # as COPY reads it, title, terms
    streets: list[tuple[str, str]]
    chief: int
    outcome: str
    rung: LimitRow  # how long a case may stay on a street's rung

    @classmethod
    def read(cls, sayings: Sayings) -> "_Ground":
        units = units_by_id()
        workers = dict(
            Post.objects.filter(role=Role.GRID_WORKER).order_by("pk").values_list("unit", "user")
        )
        rows = list(Grid.objects.filter(valid_to=None).order_by("pk"))
        shapes = _shapes(rows)
        grids = []
        for row in rows:
            unit = units[row.unit_id]
            desk = at_level(unit, "TOWNSHIP")
            grids.append((row.pk, unit.pk, desk.pk, unit.ancestor_ids, workers[unit.pk]))
        handlers = dict(Post.objects.filter(role=Role.HANDLER).values_list("unit", "user"))
        offered = [c for c in rules().categories.values() if c.parent_id and c.is_offered]
        offered.sort(key=lambda c: hashlib.sha256(c.code.encode()).digest())
        streets = [f"第{n // 40 + 1}大道{n % 40 + 1}号" for n in range(N_STREETS)]
        return cls(
            locator=Locator(shapes),
            grids=grids,
            bodies=[(pk, units[pk].ancestor_ids) for pk in handlers],
            handlers=handlers,
            categories=[(c.code, _lexemes(c.name)) for c in offered],
            texts=[(_copied(t), _copied(t[:23] + "…"), _lexemes(t)) for t in sayings.texts],
            streets=[(street, _lexemes(street)) for street in streets],
            chief=Post.objects.filter(role=Role.DUTY_CHIEF).order_by("pk").first().user_id,
            outcome="REPAIRED",
            rung=rules().limit(
                Step.RUNG,
                category=offered[0].code,
                unit=units[rows[0].unit_id],
                is_hazard=False,
                on=timezone.localdate(),
                level="TOWNSHIP",
            ),
        )


def _shapes(rows: Sequence[Grid]) -> Iterator[tuple[int, Geometry]]:
    return ((n, from_wkb(bytes(row.boundary))) for n, row in enumerate(rows))


def _copied(text: str) -> str:
    """Return a text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\t", " ").replace("\n", " ").replace("\r", " ")


def _lexemes(text: str) -> str:
    """Return the terms of a text as COPY reads a tsvector."""
    doubled = (term.replace("\\", "\\\\").replace("'", "''") for term in terms(text))
    return _copied(" ".join(f"'{term}'" for term in doubled))


# ---- the plan ----------------------------------------------------------------------------------


def _planned(
    sayings: Sayings, ground: _Ground, n: int, *, n_open: int, at: datetime, span_days: float
) -> _Plan:
    rng = np.random.default_rng(n)
    now = int(at.timestamp())
    picks = rng.integers(len(sayings.received), size=n)
    # The time of the year is the sample's; a span of years is filled with so many of them.
    years = max(1, round(span_days / 365))
    seconds = sayings.received[picks] + rng.integers(years, size=n) * 365 * DAY
    received = now - 3600 - seconds * (span_days / (365 * years))
    order = np.argsort(received, kind="stable")
    received, picks = received[order].astype(np.int64), picks[order]
    took = sayings.took[picks]
    closed = np.ones(n, bool)
    # The newest are open, mixed with as many closed: every matter has its own pace.
    tail = np.arange(max(0, n - 2 * n_open), n)
    closed[rng.choice(tail, size=min(n_open, len(tail)), replace=False)] = False
    # What would close after now has closed at some moment until now.
    until_now = ((now - received - 60) * rng.uniform(0.3, 1, n)).astype(np.int64)
    took = np.where(closed & (received + took > now), until_now, took)
    share = rng.integers(100, size=n)
    bounds = np.cumsum([part for _, part in _OPEN])
    status = np.where(closed, len(_OPEN), np.searchsorted(bounds, share, side="right"))
    (west, south), (east, north) = SOUTH_WEST, NORTH_EAST
    lon = west + (east - west) * np.clip(sayings.xs[picks] + rng.normal(0, 0.002, n), 0.005, 0.995)
    lat = south + (north - south) * np.clip(
        sayings.ys[picks] + rng.normal(0, 0.002, n), 0.005, 0.995
    )
    found = ground.locator.locate_many(lon, lat)
    grid = np.array([-1 if place is None else place for place in found])
    lost = np.flatnonzero(grid < 0)  # in a gap of the mosaic: another grid's own point
    grid[lost] = rng.integers(len(ground.grids), size=len(lost))
    n_kinds = len(ground.categories)
    return _Plan(
        at=at.timestamp(),
        received=received,
        took=took,
        status=status,
        lon=lon.round(6),
        lat=lat.round(6),
        zkey=morton.keys(lon.round(6), lat.round(6)),
        grid=grid,
        kind=(sayings.kinds[picks] * 3 + rng.integers(3, size=n)) % n_kinds,
        text=rng.integers(len(sayings.texts), size=n),
        street=rng.integers(N_STREETS, size=n),
        chance=rng.random(n),
        keys=rng.bytes(16 * n),
    )


def _reserve(n: int) -> int:
    """Take the ids of `n` cases and of what hangs on them, and return the first."""
    with connection.cursor() as cursor:
        first = 1
        for model in TABLES:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {model._meta.db_table}")
            first = max(first, cursor.fetchone()[0] // _EACH.get(model, 1) + 1)
        first = -(-first // 10) * 10
        for model in TABLES:
            last = _EACH.get(model, 1) * (first + n)
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, last]
            )
        cursor.execute("SELECT setval('report_number', %s)", [first + n])
    return first


# ---- writing -----------------------------------------------------------------------------------


class _Sink:
    """Rows of one table as COPY reads them; columns nobody names have their default."""

    def __init__(self, model: type[models.Model], names: str) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        named = names.split()
        rest = [field for name, field in fields.items() if name not in named]
        columns = [fields[name].column for name in named] + [field.column for field in rest]
        quoted = ", ".join(f'"{column}"' for column in columns)
        self.statement = f"COPY {model._meta.db_table} ({quoted}) FROM STDIN"
        self.rest = "".join(f"\t{_default(field)}" for field in rest) + "\n"
        self.rows: list[str] = []

    def add(self, *values: object) -> None:
        self.rows.append("\t".join(map(str, values)) + self.rest)

    def send(self, cursor) -> None:
        with cursor.copy(self.statement) as copy:
            for start in range(0, len(self.rows), 2000):
                copy.write("".join(self.rows[start : start + 2000]))
        self.rows = []


def _default(field: models.Field) -> str:
    value = field.get_default()
    if value is None or (field.null and value == ""):
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(field, models.BinaryField):
        return "\\\\x" + bytes(value).hex()
    if isinstance(field, ArrayField):
        return "{}"
    return str(value)


def _write(span: tuple[int, int]) -> None:
    """Write the cases of a span of the plan, in one transaction."""
    sinks = _sinks()
    for n in range(*span):
        _add(n, sinks)
    _prove(sinks[JournalEntry].rows[:6])
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET session_replication_role = replica")  # ids are ours: no look-ups
        cursor.execute("BEGIN")
        for sink in sinks.values():
            sink.send(cursor)
        cursor.execute("COMMIT")


def _sinks() -> dict[type[models.Model], _Sink]:
    return {
        Report: _Sink(
            Report,
            "id key number channel received_at category_id text lon lat place address"
            " area_id grid_id phone token_digest",
        ),
        Case: _Sink(
            Case,
            "id number title status category_id channel received_at ended_at lon lat zkey address"
            " area_id grid_id desk_id lead_id lead_person_id holder_id holder_person_id unit_ids"
            " due_at promised_at handled_by_id handled_at solved_by solved_level search"
            " n_entries head",
        ),
        CaseReport: _Sink(CaseReport, "id case_id report_id joined_at"),
        JournalEntry: _Sink(JournalEntry, "id case_id seq name at actor_id facts hash"),
        Clock: _Sink(
            Clock,
            "id case_id step level unit_id limit_id amount time_unit started_at due_at warn_at"
            " stopped_at paused_at left",
        ),
        Notice: _Sink(
            Notice,
            "id message_id key to_id phone channel about link text state created_at sent_at"
            " read_at",
        ),
        Release: _Sink(Release, "id case_id title text lon lat zkey released_by_id released_at"),
        Outcome: _Sink(Outcome, "id case_id kind_id quantity n_households at"),
        Rating: _Sink(Rating, "id case_id report_id score is_solved at"),
    }


_NULL = "\\N"


def _instant(second: int) -> str:
    """Return an instant as the chain spells it, which PostgreSQL reads too."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(second))


def _add(n: int, sinks: dict[type[models.Model], _Sink]) -> None:
    """Format one case with everything that hangs on it."""
    plan, ground = _Work.plan, _Work.ground
    pk = _Work.first_id + n
    received, took = int(plan.received[n]), int(plan.took[n])
    status = "CLOSED" if plan.status[n] == len(_OPEN) else _OPEN[plan.status[n]][0].value
    grid, area, desk, ancestors, worker = ground.grids[plan.grid[n]]
    category, of_category = ground.categories[plan.kind[n]]
    text, title, of_text = ground.texts[plan.text[n]]
    street, of_street = ground.streets[plan.street[n]]
    lon, lat, zkey, chance = plan.lon[n], plan.lat[n], plan.zkey[n], plan.chance[n]
    lead, person, units = area, worker, ancestors
    if chance < 0.3:
        lead, above = ground.bodies[int(chance * 1e6) % len(ground.bodies)]
        person, units = None, sorted({*ancestors, *above})
    handler = person or ground.handlers[lead]
    n_done = _REACHED[status]
    seconds = [received + took * share // 20 for share in (0, 1, 2, 4, 18, 20)]
    at = [_instant(second) for second in seconds]
    token_key = plan.keys[16 * n : 16 * n + 16]
    phone = f"139{pk % 10**8:08d}"
    year = at[0][:4]

    sinks[Report].add(
        pk, token_key.hex(), f"{at[0][2:4]}{at[0][5:7]}{at[0][8:10]}{pk:06d}", "WEB", at[0],
        category, text, lon, lat, "MAP", street, area, grid, phone,
        "\\\\x" + digest_of(make_token(UUID(bytes=token_key))).hex(),
    )  # fmt: skip
    head = _add_chain(
        sinks[JournalEntry], pk, n_done, at, lead=lead, person=person, handler=handler,
        category=category, chief=ground.chief,
    )  # fmt: skip
    is_open = status != "CLOSED"
    has_lead = n_done >= 3
    place = PLACES[Status(status)]
    holder = {Holder.DESK: desk, Holder.LEAD: lead}.get(place.holder, _NULL) if is_open else _NULL
    due = _add_clocks(
        sinks[Clock], pk, n_done, status, seconds, lead=lead, desk=desk, chance=chance
    )
    sinks[Case].add(
        pk, f"360702-{year}-{pk:06d}", title, status, category, "WEB", at[0],
        _NULL if is_open else at[5], lon, lat, zkey, street, area, grid, desk,
        lead if has_lead else _NULL, person if has_lead and person else _NULL, holder,
        person if person and holder == lead and place.holder == Holder.LEAD else _NULL,
        _array(units if has_lead else ancestors), due, due if is_open else at[4],
        handler if n_done >= 5 else _NULL, at[4] if n_done >= 5 else _NULL,
        "GRID_WORKER" if n_done >= 5 else "", "GRID" if n_done >= 5 else "",
        f"{of_text} {of_street} {of_category}", n_done, "\\\\x" + head.hex(),
    )  # fmt: skip
    sinks[CaseReport].add(pk, pk, pk, at[0])
    _add_notices(sinks[Notice], pk, at, handler=handler, title=title, phone=phone, n_done=n_done)
    if not is_open and n % 10 == 0:
        sinks[Release].add(pk, pk, title, text[:60], lon, lat, zkey, ground.chief, at[5])
        sinks[Outcome].add(pk, pk, ground.outcome, 1, 1 + n % 40, at[4])
        if n % 30 == 0:
            sinks[Rating].add(pk, pk, pk, 3 + n % 3, "t", at[5])


def _array(ids: Sequence[int]) -> str:
    return "{" + ",".join(map(str, ids)) + "}"


def _add_chain(
    sink: _Sink, pk: int, n_done: int, at: list[str], *, lead, person, handler, category, chief
) -> bytes:
    """Add the entries of one case and return the hash of the last.

    The canonical JSON is written out here, which is ten times as fast; `_prove` holds it against
    cores.chaining.
    """
    head = chaining.GENESIS
    to = f'"person":{person},"to":"DISPATCHED","unit":{lead}' if person else (
        f'"to":"DISPATCHED","unit":{lead}'
    )  # fmt: skip
    facts = (
        f'{{"category":"{category}","channel":"WEB","report":{pk}}}',
        f'{{"category":"{category}","from":"RECEIVED","to":"FILED"}}',
        f'{{"from":"FILED",{to}}}',
        '{"from":"DISPATCHED","to":"HANDLING"}',
        '{"from":"HANDLING","quantity":1,"solved_by":"GRID_WORKER","to":"HANDLED"}',
        '{"from":"HANDLED","to":"CLOSED"}',
    )
    actors = ("null", chief, chief, handler, handler, chief)
    for seq in range(1, n_done + 1):
        said, when, name, actor = facts[seq - 1], at[seq - 1], _NAMES[seq - 1], actors[seq - 1]
        line = (
            f'{{"actor":{actor},"at":"{when}","case":{pk},"facts":{said},'
            f'"name":"{name}","seq":{seq}}}'
        )
        head = hashlib.sha256(head + line.encode()).digest()
        actor = _NULL if actor == "null" else actor
        sink.add(10 * pk + seq, pk, seq, name, when, actor, said, "\\\\x" + head.hex())
    return head


def _prove(rows: list[str]) -> None:
    """Hold the first entries of a chunk against the hashes the product would write."""
    head = chaining.GENESIS
    for row in rows:
        _, case, seq, name, at, actor, facts, said = row.rstrip("\n").split("\t")[:8]
        if seq == "1":
            head = chaining.GENESIS
        who = None if actor == _NULL else int(actor)
        when = datetime.fromisoformat(at)
        fields = entry_fields(int(case), int(seq), name, when, who, json.loads(facts))
        head = chaining.entry_hash(head, fields)
        if said != "\\\\x" + head.hex():
            raise AssertionError(f"a made entry does not hash as the product's: {row}")


def _add_clocks(
    sink: _Sink, pk: int, n_done: int, status: str, seconds: list[int], *, lead, desk, chance
) -> str:
    """Add the clocks of one case and return when the earliest that runs is due."""
    if status == "CLOSED":
        for place, (step, start, stop) in enumerate((("ACCEPT", 2, 3), ("HANDLE", 2, 4))):
            due = _instant(seconds[start] + (4 * 3600 if step == "ACCEPT" else 5 * DAY))
            sink.add(
                10 * pk + place, pk, step, "GRID", lead, _NULL, 5, "WORKING_DAYS",
                _instant(seconds[start]), due, due, _instant(seconds[stop]), _NULL, _NULL,
            )  # fmt: skip
        return _NULL
    place = PLACES[Status(status)]
    unit = lead if place.holder == Holder.LEAD else desk
    start = seconds[n_done - 1]
    now = _Work.plan.at
    dues = []
    for index, step in enumerate(place.starts):
        # A tenth is late, the rest is due within days: as a desk has it.
        spare = (chance * 7.3 - 0.7) * DAY + index * 3600
        due = int(max(start + 60, now + spare))
        dues.append(due)
        sink.add(
            10 * pk + index, pk, step.value, "GRID", unit, _NULL, 5, "WORKING_DAYS",
            _instant(start), _instant(due), _instant(start + int(0.7 * (due - start))),
            _NULL, _NULL, _NULL,
        )  # fmt: skip
    due = max(dues) + DAY
    if _add_rung(sink, pk, status, seconds, desk=desk, due=due) == RungClock.RUNS:
        dues.append(due)
    return _instant(min(dues))


def _add_rung(sink: _Sink, pk: int, status: str, seconds: list[int], *, desk, due) -> RungClock:
    """Add the clock of the rung an open case stands on: it runs, stands still, or has ended."""
    turned = rung_clock(Status(status), is_handling_late=False)
    row, start = _Work.ground.rung, seconds[0]
    stopped = _instant(seconds[4]) if turned == RungClock.NONE else _NULL
    stands = turned == RungClock.STANDS
    sink.add(
        10 * pk + 9, pk, Step.RUNG.value, "TOWNSHIP", desk, row.pk, row.amount, row.time_unit,
        _instant(start), _instant(due), _instant(start + int(0.7 * (due - start))), stopped,
        _instant(seconds[3]) if stands else _NULL, f"{DAY} seconds" if stands else _NULL,
    )  # fmt: skip
    return turned


def _add_notices(sink: _Sink, pk: int, at: list[str], *, handler, title, phone, n_done) -> None:
    """Add a message to who handles it and one to who reported it."""
    seen = at[3] if n_done >= 4 else _NULL
    sink.add(
        10 * pk, f"{10 * pk:032x}", f"case:{pk}:3:{handler}", handler, "", "IN_APP",
        f"case:{pk}:3", f"/cases/{pk}/", f"{title}：派遣", "SENT", at[2], at[2], seen,
    )  # fmt: skip
    sink.add(
        10 * pk + 1, f"{10 * pk + 1:032x}", f"case:{pk}:{n_done}:r{pk}", _NULL, phone, "SMS",
        f"case:{pk}:{n_done}", f"/track/{pk}/", "您反映的事有新进展。点开查看：",
        "SENT", at[n_done - 1], at[n_done - 1], _NULL,
    )  # fmt: skip


# ---- indexes -----------------------------------------------------------------------------------


class _without_indexes:
    """Take the tables' plain indexes away and build them anew at the end, two at a time."""

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_PLAIN_INDEXES, [[model._meta.db_table for model in TABLES]])
            self.indexes = cursor.fetchall()
            for name, _ in self.indexes:
                cursor.execute(f'DROP INDEX "{name}"')

    def __exit__(self, kind, *_: object) -> None:
        connection.close()
        with _forked(2) as pool:
            # The large ones first: GIN, then whatever comes.
            found = sorted(self.indexes, key=lambda row: "USING gin" not in row[1])
            list(pool.map(_build_index, [definition for _, definition in found]))


_PLAIN_INDEXES = """
SELECT i.indexname, i.indexdef FROM pg_indexes i
WHERE i.tablename = ANY(%s) AND i.schemaname = 'public' AND NOT EXISTS (
    SELECT FROM pg_constraint c WHERE c.conname = i.indexname)
ORDER BY i.indexname
"""


def _build_index(definition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET max_parallel_maintenance_workers = 0")
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(definition)


def _forked(n: int) -> ProcessPoolExecutor:
    """Return processes that share what is here; unlike a Pool's they end by themselves."""
    return ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("fork"))


def _settle() -> None:
    """Do what autovacuum would do in its own time: count, and mark what everybody sees."""
    connection.close()
    with _forked(2) as pool:
        list(pool.map(_vacuum, [model._meta.db_table for model in TABLES]))


def _vacuum(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(f"VACUUM (ANALYZE) {table}")
