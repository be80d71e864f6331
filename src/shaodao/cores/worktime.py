"""Reckon deadlines in the clocks of the work: natural minutes and hours, working hours and days.

Problem   A limit is "30 natural minutes", "2 natural hours", "4 working hours" or "5 working
          days". Given when it began, say when it ends, when most of it is spent, how much is
          left, and how it goes on after a pause, with the State Council's rest days and make-up
          workdays and an office's own hours.
Method    A calendar is a weekly pattern plus a sorted list of exceptional days. The workdays
          before any day are a product plus one bisection, the n-th workday the inverse of that.
          Office time is then one number, workdays before today times the length of a day plus
          what has passed of today, so every question is a sum or a difference of two readings.
Cost      One bisection over the exceptional days per reading: microseconds, however long the span.
Limits    One set of hours for every workday: a summer timetable is another calendar. A reading
          outside office hours is that of the last closing, so a deadline set by hand to such an
          instant comes back from a pause as that closing. Beyond the published years weekends
          rest and nothing else does; `is_published` tells. Office hours are read off the wall
          clock, so a zone whose clocks change during office hours would be an hour off that day.
Source    Rest and make-up days: the yearly notices of the General Office of the State Council, as
          the library chinesecalendar publishes them. "Counted from the next day": the usual rule of
          administrative time limits, and of the 12345 hotline.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from chinese_calendar.constants import holidays as _PUBLISHED_REST
from chinese_calendar.constants import workdays as _PUBLISHED_MAKEUP

_MICROSECOND = timedelta(microseconds=1)
_DAY_US = timedelta(days=1) // _MICROSECOND
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _us_of_day(at: datetime | time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


class TimeUnit(StrEnum):
    """What a limit is counted in: minutes of the wall clock, 紧急工作时, 工作时 or 工作日."""

    NATURAL_MINUTES = "NATURAL_MINUTES"
    NATURAL_HOURS = "NATURAL_HOURS"
    WORKING_HOURS = "WORKING_HOURS"
    WORKING_DAYS = "WORKING_DAYS"


# The units whose time runs day and night, whatever the calendar says.
NATURAL = frozenset({TimeUnit.NATURAL_MINUTES, TimeUnit.NATURAL_HOURS})


@dataclass(frozen=True)
class OfficeHours:
    """The periods of a day in which an office works.

    periods  (start, end) local times in order, not overlapping; an end of 00:00 is midnight
             at the day's end, so ((00:00, 00:00),) never closes
    Raises   ValueError : if there is no period, or they are empty, out of order or overlap
    """

    periods: tuple[tuple[time, time], ...]
    _spans: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)
    day_us: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spans = tuple(
            (_us_of_day(start), _us_of_day(end) or _DAY_US) for start, end in self.periods
        )
        edges = [edge for span in spans for edge in span]
        in_order = all(start < end for start, end in spans) and edges == sorted(edges)
        if not spans or not in_order:
            raise ValueError(f"office hours must be periods in order: {self.periods}")
        object.__setattr__(self, "_spans", spans)
        object.__setattr__(self, "day_us", sum(end - start for start, end in spans))

    def passed(self, us_of_day: int) -> int:
        """Return the microseconds of office time from midnight to `us_of_day`."""
        return sum(min(us_of_day, end) - start for start, end in self._spans if us_of_day > start)

    def reached(self, passed: int) -> int:
        """Return the earliest microsecond of the day with `passed` before it (0 < it <= day_us)."""
        for start, end in self._spans:
            if passed <= end - start:
                return start + passed
            passed -= end - start
        raise ValueError("more office time than a day holds")

    @property
    def closes_us(self) -> int:
        """The microsecond of the day at which the last period ends."""
        return self._spans[-1][1]


DEFAULT_HOURS = OfficeHours(((time(8, 30), time(12)), (time(14), time(17, 30))))
ALWAYS = OfficeHours(((time(0), time(0)),))


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked and in which hours; the clock that readings are taken from.

    rest_days, makeup_workdays  the published exceptions to the weekly pattern
    closed, open                the office's own exceptions; they win over the published ones
    first_day, last_day         the days for which the exceptions are published, both included
    weekly_rest                 weekdays that rest, Monday is 0
    Raises                      ValueError : if a day is both open and closed, every weekday
                                rests, or the last day is before the first
    """

    hours: OfficeHours = DEFAULT_HOURS
    rest_days: frozenset[date] = frozenset()
    makeup_workdays: frozenset[date] = frozenset()
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()
    first_day: date = date.min
    last_day: date = date.max
    weekly_rest: frozenset[int] = frozenset({5, 6})
    zone: ZoneInfo = _SHANGHAI
    # The weekly pattern: how many workdays a week has, which weekdays they are, and how many
    # come before each weekday.
    _weekdays: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _weekdays_before: tuple[int, ...] = field(init=False, repr=False, compare=False)
    # The days that differ from it, as ordinals in order; how many workdays were gained before
    # each of them (one longer, for after the last); workdays up to and including each of them.
    _exceptions: list[int] = field(init=False, repr=False, compare=False)
    _gained: list[int] = field(init=False, repr=False, compare=False)
    _workdays_through: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.open & self.closed:
            raise ValueError(f"both open and closed: {sorted(self.open & self.closed)}")
        if self.last_day < self.first_day:
            raise ValueError("the last published day is before the first")
        weekdays = tuple(day for day in range(7) if day not in self.weekly_rest)
        if not weekdays:
            raise ValueError("a calendar needs a weekday that is worked")
        works = {day: False for day in self.rest_days}
        works |= {day: True for day in self.makeup_workdays}
        works |= {day: False for day in self.closed}
        works |= {day: True for day in self.open}
        differing = sorted(
            (day.toordinal(), 1 if is_worked else -1)
            for day, is_worked in works.items()
            if is_worked != (day.weekday() in weekdays)
        )
        setting = object.__setattr__
        setting(self, "_weekdays", weekdays)
        setting(self, "_weekdays_before", tuple(bisect_left(weekdays, day) for day in range(7)))
        setting(self, "_exceptions", [ordinal for ordinal, _ in differing])
        setting(self, "_gained", list(accumulate((gain for _, gain in differing), initial=0)))
        through = [self.workdays_before(ordinal + 1) for ordinal, _ in differing]
        setting(self, "_workdays_through", through)

    def is_published(self, day: date) -> bool:
        """Return whether the rest and make-up days of that day's year are known."""
        return self.first_day <= day <= self.last_day

    def is_workday(self, day: date) -> bool:
        """Return whether the office works on `day`."""
        ordinal = day.toordinal()
        return self.workdays_before(ordinal + 1) > self.workdays_before(ordinal)

    def workdays_before(self, ordinal: int) -> int:
        """Return how many workdays come before the day with that proleptic ordinal."""
        weeks, weekday = divmod(ordinal - 1, 7)
        usual = weeks * len(self._weekdays) + self._weekdays_before[weekday]
        return usual + self._gained[bisect_left(self._exceptions, ordinal)]

    def workday(self, index: int) -> int:
        """Return the ordinal of the workday that has `index` workdays before it."""
        place = bisect_right(self._workdays_through, index)
        weeks, rest = divmod(index - self._gained[place], len(self._weekdays))
        ordinal = weeks * 7 + self._weekdays[rest] + 1
        # The pattern overshoots when the day sought is itself an exception, a make-up day.
        return min([ordinal, *self._exceptions[place : place + 1]])

    def office_time(self, at: datetime) -> int:
        """Return the microseconds of office time up to `at`, from a fixed distant beginning."""
        local = at.astimezone(self.zone)
        ordinal = local.toordinal()
        before = self.workdays_before(ordinal)
        time_of_day = _us_of_day(local)
        if not time_of_day or self.workdays_before(ordinal + 1) == before:
            return before * self.hours.day_us
        return before * self.hours.day_us + self.hours.passed(time_of_day)

    def instant(self, office_time: int) -> datetime:
        """Return the earliest instant with that office time: a closing, not the next opening."""
        index, passed = divmod(office_time - 1, self.hours.day_us)
        return self._local(self.workday(index), self.hours.reached(passed + 1))

    def closing(self, ordinal: int) -> datetime:
        """Return the instant at which the office closes on that day."""
        return self._local(ordinal, self.hours.closes_us)

    def _local(self, ordinal: int, us_of_day: int) -> datetime:
        midnight = datetime.combine(date.fromordinal(ordinal), time(), self.zone)
        return midnight + timedelta(microseconds=us_of_day)


def china(
    hours: OfficeHours = DEFAULT_HOURS, closed: Iterable[date] = (), open: Iterable[date] = ()
) -> WorkCalendar:
    """Return the calendar of an office in China.

    hours    when the office works on a workday
    closed   days on which this office rests besides the published ones
    open     days on which it works although they are published as rest
    Returns  a calendar published for whole years, as far as the library chinesecalendar knows
             them; the same object for the same arguments
    Raises   ValueError : if a day is both open and closed
    """
    return _china(hours, frozenset(closed), frozenset(open))


@lru_cache(maxsize=1024)
def _china(hours: OfficeHours, closed: frozenset[date], opened: frozenset[date]) -> WorkCalendar:
    return WorkCalendar(
        hours=hours,
        rest_days=frozenset(_PUBLISHED_REST),
        makeup_workdays=frozenset(_PUBLISHED_MAKEUP),
        closed=closed,
        open=opened,
        first_day=date(min(_PUBLISHED_REST).year, 1, 1),
        last_day=date(max(_PUBLISHED_REST).year, 12, 31),
    )


def due_at(started_at: datetime, amount: int, unit: TimeUnit, calendar: WorkCalendar) -> datetime:
    """Return the instant at which a limit that began at `started_at` ends.

    amount   whole minutes, hours or days, >= 0. Working days are counted from the next working
             day and end when the office closes; 0 of them is the close of the day itself, or of
             the next working day where none of the day's office time is left.
    Returns  in the calendar's zone, never before `started_at`
    Raises   ValueError : if the amount is negative or `started_at` has no zone
    """
    if amount < 0:
        raise ValueError(f"a limit cannot be negative: {amount}")
    if unit != TimeUnit.WORKING_DAYS:
        counted = timedelta(minutes=1) if unit == TimeUnit.NATURAL_MINUTES else timedelta(hours=1)
        return add(started_at, counted * amount, calendar, unit)
    ordinal = _aware(started_at).astimezone(calendar.zone).toordinal()
    through = calendar.workdays_before(ordinal + 1)
    index = through + amount - 1
    if amount == 0 and calendar.office_time(started_at) == through * calendar.hours.day_us:
        index = through
    return calendar.closing(calendar.workday(index))


def add(
    started_at: datetime,
    worked: timedelta,
    calendar: WorkCalendar,
    unit: TimeUnit = TimeUnit.WORKING_HOURS,
) -> datetime:
    """Return the instant by which `worked` has been spent since `started_at`.

    worked   of office time, or of the wall clock for natural units; may be negative
    Returns  in the calendar's zone; a whole morning's work ends at its close and not at the
             next opening; nothing added returns `started_at`
    Raises   ValueError : if `started_at` has no zone
    """
    if not worked:
        return _aware(started_at).astimezone(calendar.zone)
    return resume(started_at, worked, unit, calendar)


def worked_between(
    start: datetime,
    end: datetime,
    calendar: WorkCalendar,
    unit: TimeUnit = TimeUnit.WORKING_HOURS,
) -> timedelta:
    """Return the office time (the wall clock's for natural units) from `start` to `end`.

    Returns  negative if `end` is before `start`
    Raises   ValueError : if either has no zone
    """
    return (_reading(end, unit, calendar) - _reading(start, unit, calendar)) * _MICROSECOND


def left(at: datetime, due_at: datetime, unit: TimeUnit, calendar: WorkCalendar) -> timedelta:
    """Return what is left at `at` of a limit that ends at `due_at`.

    Returns  in the unit's own time; negative by how much it is overdue, and zero as long as the
             office has not worked since: whether it is overdue is `at > due_at`
    Raises   ValueError : if either has no zone
    """
    return worked_between(at, due_at, calendar, unit)


def left_at(
    paused_at: datetime, due_at: datetime, unit: TimeUnit, calendar: WorkCalendar
) -> timedelta:
    """Return what to keep of a limit when its clock stops at `paused_at`, for `resume`.

    Returns  as `left`
    Raises   ValueError : if either has no zone
    """
    return left(paused_at, due_at, unit, calendar)


def resume(at: datetime, left: timedelta, unit: TimeUnit, calendar: WorkCalendar) -> datetime:
    """Return the new end of a limit of which `left` remained, when its clock goes on at `at`.

    `resume(t, left_at(t, due))` is `due` for every end that falls in office hours.

    left     in the unit's own time; negative for a limit that was overdue when it stopped
    Returns  in the calendar's zone; with nothing left it is `at`, or the last closing
    Raises   ValueError : if `at` has no zone
    """
    reading = _reading(at, unit, calendar) + left // _MICROSECOND
    if unit in NATURAL:
        return (_EPOCH + timedelta(microseconds=reading)).astimezone(calendar.zone)
    return calendar.instant(reading)


def warn_at(
    started_at: datetime, due_at: datetime, share: float, unit: TimeUnit, calendar: WorkCalendar
) -> datetime:
    """Return the instant at which `share` of a limit is spent, in its own unit.

    Working days are spent from the next working day's opening on, as they are counted, so 0.7
    of ten is the close of the seventh. After a pause, keep what was left until the warning
    and resume that as well.

    share    in (0, 1]
    Returns  between `started_at` and `due_at`; `due_at` if no time lies between them
    Raises   ValueError : if the share is out of range or an instant has no zone
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share lies in (0, 1]: {share}")
    begin, end = _counted(started_at, due_at, unit, calendar)
    if end <= begin:
        return due_at.astimezone(calendar.zone)
    spent = timedelta(microseconds=begin - _reading(started_at, unit, calendar))
    spent += timedelta(microseconds=round((end - begin) * share))
    return min(add(started_at, spent, calendar, unit), due_at.astimezone(calendar.zone))


def spent_share(
    started_at: datetime,
    due_at: datetime,
    at: datetime,
    unit: TimeUnit,
    calendar: WorkCalendar,
) -> float:
    """Return how much of a limit is spent at `at`, in its own unit and counted as in `warn_at`.

    Returns  0.0 until it begins to count, 1.0 at its end, more when overdue; a limit without
             any time is spent once it has ended
    Raises   ValueError : if an instant has no zone
    """
    begin, end = _counted(started_at, due_at, unit, calendar)
    if end <= begin:
        return float(_aware(at) >= due_at)
    return max(0.0, (_reading(at, unit, calendar) - begin) / (end - begin))


def _counted(
    started_at: datetime, due_at: datetime, unit: TimeUnit, calendar: WorkCalendar
) -> tuple[int, int]:
    """Return the readings between which a limit is spent."""
    begin, end = _reading(started_at, unit, calendar), _reading(due_at, unit, calendar)
    if unit == TimeUnit.WORKING_DAYS:
        ordinal = started_at.astimezone(calendar.zone).toordinal()
        next_opening = calendar.workdays_before(ordinal + 1) * calendar.hours.day_us
        if next_opening < end:
            return next_opening, end
    return begin, end


def _reading(at: datetime, unit: TimeUnit, calendar: WorkCalendar) -> int:
    """Return what the unit's clock shows at `at`, in microseconds."""
    if unit in NATURAL:
        return (_aware(at) - _EPOCH) // _MICROSECOND
    return calendar.office_time(_aware(at))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"an instant needs a zone: {at}")
    return at
