"""Counting each day's happenings into the daily tally. The only code that writes it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases.models import Clock, JournalEntry
from shaodao.cases.rules import rules
from shaodao.people.queries import parameter, units_by_id

from .models import DailyTally, TalliedDay
from .policy import COUNTED, PAST, SUPERVISIONS, Kept, Measure, Resolved, bucket_of

DAYS_AT_ONCE = 400  # never counted before; the rest waits for the next run
_ANSWERS = {"accept": Measure.ACCEPT, "arrive": Measure.ARRIVE}


class Entry(NamedTuple):
    """An entry of a journal, and where its case stands in every sum."""

    case_id: int
    seq: int
    name: str
    at: datetime
    facts: dict
    area_id: int
    category_id: str
    channel: str


class Key(NamedTuple):
    """The columns of a tally row that say what it counts."""

    area_id: int
    category_id: str
    channel: str
    measure: str
    part: str = ""
    bucket: int = 0


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="insights.tally_days", queue="sweeps")
def tally_days(timestamp: int = 0) -> None:
    """Count today and yesterday anew, and whatever day was never counted to its end."""
    catch_up(at=timezone.now())


def catch_up(*, at: datetime) -> list[date]:
    """Count the days that need it, the latest first, and return them.

    Today and yesterday always; before them only days that were never counted after they ended.
    """
    today = timezone.localdate(at)
    first = JournalEntry.objects.order_by("at").values_list("at", flat=True).first()
    if first is None:
        return []
    settled = {
        day
        for day, counted in TalliedDay.objects.values_list("day", "at")
        if counted >= _start_of(day + timedelta(days=1))
    }
    n_days = (today - timezone.localdate(first)).days + 1
    days = [today - timedelta(days=back) for back in range(n_days)]
    due = [day for day in days if day >= today - timedelta(days=1) or day not in settled]
    for day in due[:DAYS_AT_ONCE]:
        tally(day=day, at=at)
    return due[:DAYS_AT_ONCE]


@transaction.atomic
def tally(*, day: date, at: datetime) -> int:
    """Count one day anew as of `at` and return how many rows it has; once more changes nothing.

    Reads that day's journal entries, the past of the cases closed or joined on it, and its clocks.
    """
    with connection.cursor() as cursor:  # two workers count a day one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x7A11, day.toordinal()])
    start, end = _start_of(day), min(_start_of(day + timedelta(days=1)), at)
    entries = _entries(start, end)
    sums: Counter[Key] = Counter()
    minutes: Counter[Key] = Counter()

    def count(key: Key, n: int = 1, took: timedelta | None = None) -> None:
        if took is not None:
            whole = round(took.total_seconds() / 60)
            key = key._replace(bucket=bucket_of(whole))
            minutes[key] += n * whole
        sums[key] += n

    past = _past({e.case_id for e in entries if e.name in {"join", "close", "reopen"}})
    for entry in entries:
        if entry.name in {"receive", "join"}:
            _count_report(entry, past, count)
        elif entry.name in {"close", "reopen"}:
            _count_closing(entry, past, count, day=day)
        elif entry.name == "rate":
            _count_rating(entry, count)
        elif entry.name in SUPERVISIONS:
            base = Key(entry.area_id, entry.category_id, entry.channel, Measure.SUPERVISED)
            count(base._replace(part=SUPERVISIONS[entry.name]))
    _count_answers([e for e in entries if e.name in _ANSWERS], count)
    _count_missed(start, end, count)
    DailyTally.objects.filter(day=day).delete()
    rows = [
        DailyTally(day=day, n=n, minutes=minutes[key], **key._asdict())
        for key, n in sums.items()
        if n or minutes[key]
    ]
    DailyTally.objects.bulk_create(rows, batch_size=2000)
    TalliedDay.objects.update_or_create(day=day, defaults={"at": at})
    return len(rows)


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


_COLUMNS = (
    "case_id",
    "seq",
    "name",
    "at",
    "facts",
    "case__area",
    "case__category",
    "case__channel",
)


def _entries(start: datetime, end: datetime) -> list[Entry]:
    found = JournalEntry.objects.filter(at__gte=start, at__lt=end, name__in=COUNTED)
    return [Entry(*row) for row in found.order_by("at", "pk").values_list(*_COLUMNS)]


def _past(case_ids: Collection[int]) -> dict[int, list[Entry]]:
    """Return the past of some cases and of every case merged into them, by case, in order."""
    past: dict[int, list[Entry]] = defaultdict(list)
    while case_ids:
        found = JournalEntry.objects.filter(case__in=case_ids, name__in=PAST)
        rows = [Entry(*row) for row in found.order_by("case", "seq").values_list(*_COLUMNS)]
        for entry in rows:
            past[entry.case_id].append(entry)
        merged = {e.facts["case"] for e in rows if e.name == "join" and "case" in e.facts}
        case_ids = merged - past.keys()
    return past


def _channels(case_id: int, past: dict[int, list[Entry]], *, before: datetime) -> list[str]:
    """Return the channel of every report a case had answered before an instant."""
    found: list[str] = []
    for entry in past.get(case_id, ()):
        if entry.at >= before:
            break
        if entry.name in {"receive", "join"}:
            found += _brought(entry, past)
    return found


def _brought(entry: Entry, past: dict[int, list[Entry]]) -> list[str]:
    """Return the channels that came with an entry: one report's, or all of a merged case's."""
    if "case" in entry.facts:
        return _channels(entry.facts["case"], past, before=entry.at)
    return [entry.facts.get("channel") or entry.channel]


def _count_report(entry: Entry, past, count) -> None:
    base = Key(entry.area_id, entry.category_id, entry.channel, Measure.REPORTED)
    if entry.name == "receive":
        base = base._replace(category_id=entry.facts.get("category") or entry.category_id)
        count(base)
        count(base._replace(measure=Measure.OPENED))
        return
    brought = _brought(entry, past)
    if "case" not in entry.facts:  # the reports of a merged case were counted when they came
        count(base._replace(channel=brought[0]))
    known = set(_channels(entry.case_id, past, before=entry.at))
    both = known | set(brought)
    if len(known) < 2 <= len(both):
        count(base._replace(measure=Measure.FAMILY, part="+".join(sorted(both))[:40]))


def _count_closing(entry: Entry, past, count, *, day: date) -> None:
    """Count a closing, or take the last one back where the case is reopened."""
    own = past[entry.case_id]
    closing, n = entry, 1
    if entry.name == "reopen":
        before = [e for e in own if e.name == "close" and e.seq < entry.seq]
        if not before or entry.facts.get("from") == "DECLINED":
            return
        closing, n = before[-1], -1
    earlier = [e for e in own if e.seq < closing.seq]
    received_at = own[0].at
    handled = next((e for e in reversed(earlier) if e.name == "handle"), None)
    sent = next((e for e in reversed(earlier) if e.name in {"dispatch", "transfer"}), None)
    base = Key(entry.area_id, entry.category_id, entry.channel, Measure.CLOSED)
    solver = handled.facts.get("solved_by", "") if handled else ""
    count(base._replace(part=solver), n, closing.at - received_at)
    if homes := handled.facts.get("n_households", 0) if handled else 0:
        count(base._replace(measure=Measure.BENEFIT), n * homes)
    reports = _channels(entry.case_id, past, before=closing.at)
    count(base._replace(measure=Measure.COMPLAINTS), n * len(reports))
    if sent:
        n_sent = sum(e.name in {"dispatch", "transfer"} for e in earlier)
        first = Resolved.YES if n_sent == 1 else Resolved.NO
        count(base._replace(measure=Measure.FIRST, part=first), n)
    if _is_small(entry, on=timezone.localdate(closing.at)):
        unit = units_by_id().get(sent.facts.get("unit")) if sent else None
        count(base._replace(measure=Measure.SMALL, part=unit.level if unit else ""), n)


def _is_small(entry: Entry, *, on: date) -> bool:
    """Tell whether a case of this class and area is a small matter (小事) by the county's rows."""
    try:
        value = parameter(
            "small_matter",
            on=on,
            unit_ids=units_by_id()[entry.area_id].ancestor_ids,
            subjects=rules().lineage(entry.category_id),
        )
    except LookupError:
        return False
    return value == "1"


def _count_rating(entry: Entry, count) -> None:
    base = Key(entry.area_id, entry.category_id, entry.channel, Measure.RATED)
    count(base._replace(part=str(entry.facts["score"])))
    said = Resolved.YES if entry.facts.get("solved") else Resolved.NO
    count(base._replace(measure=Measure.RESOLVED, part=said))


def _count_answers(entries: Iterable[Entry], count) -> None:
    """Count orders taken and arrivals, with the time since the clock started."""
    by_clock = {(e.case_id, _ANSWERS[e.name].value, e.at): e for e in entries}
    clocks = Clock.objects.filter(
        case__in={case for case, _, _ in by_clock}, step__in=[m.value for m in _ANSWERS.values()]
    )
    for case, step, started, due, stopped in clocks.values_list(
        "case", "step", "started_at", "due_at", "stopped_at"
    ):
        entry = by_clock.get((case, step, stopped))
        if entry is not None:
            key = Key(entry.area_id, entry.category_id, entry.channel, step)
            part = Kept.KEPT if stopped <= due else Kept.LATE
            count(key._replace(part=part), 1, stopped - started)


def _count_missed(start: datetime, end: datetime, count) -> None:
    """Count the limits of response and arrival that ran out, whether or not anybody came later."""
    missed = Clock.objects.filter(
        Q(stopped_at=None) | Q(stopped_at__gt=F("due_at")),
        step__in=[m.value for m in _ANSWERS.values()],
        due_at__gte=start,
        due_at__lt=end,
    )
    for step, area, category, channel in missed.values_list(
        "step", "case__area", "case__category", "case__channel"
    ):
        count(Key(area, category, channel, step, Kept.MISSED))
