from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores.worktime import (
    ALWAYS,
    OfficeHours,
    TimeUnit,
    WorkCalendar,
    add,
    china,
    due_at,
    left,
    left_at,
    resume,
    spent_share,
    warn_at,
    worked_between,
)

ZONE = ZoneInfo("Asia/Shanghai")
CHINA = china()
DUTY_DESK = WorkCalendar(hours=ALWAYS, weekly_rest=frozenset())
NATURAL, HOURS, DAYS = TimeUnit.NATURAL_HOURS, TimeUnit.WORKING_HOURS, TimeUnit.WORKING_DAYS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def by_stepping(start: datetime, end: datetime, calendar: WorkCalendar) -> timedelta:
    """Count the office minutes one by one: slow and obviously right, for whole minutes."""
    minutes, moment = 0, start
    while moment < end:
        works = calendar.is_workday(moment.date())
        inside = any(
            first <= moment.time() and (last == time(0) or moment.time() < last)
            for first, last in calendar.hours.periods
        )
        minutes += works and inside
        moment += timedelta(minutes=1)
    return timedelta(minutes=minutes)


# From 2025-12 to 2027-03: the whole published year 2026 with both of its edges.
instants = st.datetimes(
    datetime(2025, 12, 1), datetime(2027, 3, 1), timezones=st.just(ZONE), allow_imaginary=False
)
minutes = instants.map(lambda moment: moment.replace(second=0, microsecond=0))
units = st.sampled_from(TimeUnit)
calendars = st.sampled_from(
    [
        CHINA,
        DUTY_DESK,
        china(OfficeHours(((time(9), time(17)),)), closed=[date(2026, 3, 9)]),
        china(
            OfficeHours(((time(0), time(6)), (time(22), time(0)))),
            open=[date(2026, 10, 3), date(2026, 10, 4)],
        ),
        WorkCalendar(weekly_rest=frozenset({0}), closed=frozenset({date(2026, 5, 5)})),
    ]
)


class TestTheStateCouncilsCalendar:
    @pytest.mark.parametrize("day", range(1, 8))
    def test_national_day_2026_rests_for_seven_days(self, day):
        assert not CHINA.is_workday(date(2026, 10, day))

    @pytest.mark.parametrize(
        "day",
        [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
    )
    def test_the_six_make_up_days_of_2026_are_worked_although_they_are_weekend(self, day):
        made_up = date(2026, *day)
        assert made_up.weekday() >= 5
        assert CHINA.is_workday(made_up)

    def test_2026_has_248_workdays(self):
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
        assert sum(map(CHINA.is_workday, days)) == 248

    @pytest.mark.parametrize("year", range(2020, 2027))
    def test_every_year_from_2020_to_2026_is_published(self, year):
        assert CHINA.is_published(date(year, 1, 1))
        assert CHINA.is_published(date(year, 12, 31))

    def test_the_spring_festival_of_2020_was_lengthened_to_the_second_of_february(self):
        assert not CHINA.is_workday(date(2020, 1, 31))
        assert CHINA.is_workday(date(2020, 2, 3))

    def test_beyond_the_published_years_weekends_rest_and_nothing_else(self):
        beyond = CHINA.last_day.year + 10
        days = [date(beyond, 1, 1) + timedelta(days=n) for n in range(365)]
        assert not any(map(CHINA.is_published, days))
        assert all(CHINA.is_workday(day) == (day.weekday() < 5) for day in days)

    def test_an_office_may_close_on_a_workday_and_open_on_a_rest_day(self):
        office = china(closed=[date(2026, 10, 8)], open=[date(2026, 10, 3)])
        assert not office.is_workday(date(2026, 10, 8))
        assert office.is_workday(date(2026, 10, 3))
        assert due_at(at("2026-10-02T10:00"), 2, DAYS, office) == at("2026-10-09T17:30")

    def test_a_day_cannot_be_both_open_and_closed(self):
        with pytest.raises(ValueError, match="both"):
            china(closed=[date(2026, 10, 8)], open=[date(2026, 10, 8)])

    def test_a_calendar_needs_a_weekday_that_is_worked(self):
        with pytest.raises(ValueError, match="weekday"):
            WorkCalendar(weekly_rest=frozenset(range(7)))

    def test_the_same_office_is_the_same_object(self):
        assert china() is CHINA

    @given(calendars, st.dates(date(2019, 1, 1), date(2030, 1, 1)))
    def test_the_nth_workday_and_the_workdays_before_it_are_inverse(self, calendar, day):
        before = calendar.workdays_before(day.toordinal())
        found = date.fromordinal(calendar.workday(before))
        assert calendar.is_workday(found)
        assert found >= day
        assert not any(
            calendar.is_workday(day + timedelta(days=n)) for n in range((found - day).days)
        )


class TestOfficeHours:
    @pytest.mark.parametrize(
        "periods",
        [
            (),
            ((time(9), time(9)),),
            ((time(14), time(17)), (time(9), time(12))),
            ((time(9), time(12)), (time(11), time(17))),
            ((time(22), time(6)),),
        ],
    )
    def test_periods_must_be_in_order(self, periods):
        with pytest.raises(ValueError, match="in order"):
            OfficeHours(periods)

    def test_a_desk_that_never_closes_counts_every_hour(self):
        assert due_at(at("2026-10-01T22:00"), 5, HOURS, DUTY_DESK) == at("2026-10-02T03:00")
        assert due_at(at("2026-10-01T22:00"), 1, DAYS, DUTY_DESK) == at("2026-10-03T00:00")


class TestWorkedByHand:
    @pytest.mark.parametrize(
        ("started", "amount", "due"),
        [
            ("2026-10-12T10:00", 1, "2026-10-13T17:30"),
            ("2026-10-12T19:00", 1, "2026-10-13T17:30"),
            ("2026-10-12T03:00", 1, "2026-10-13T17:30"),
            ("2026-10-16T10:00", 1, "2026-10-19T17:30"),
            ("2026-10-17T10:00", 1, "2026-10-19T17:30"),
            # over Mid-autumn, which rests on a Friday, and the Sunday worked for National Day
            ("2026-09-24T10:00", 1, "2026-09-28T17:30"),
            ("2026-09-18T10:00", 1, "2026-09-20T17:30"),
            # over National Day into the make-up Saturday
            ("2026-09-30T10:00", 1, "2026-10-08T17:30"),
            ("2026-09-30T10:00", 3, "2026-10-10T17:30"),
            ("2026-09-30T10:00", 4, "2026-10-12T17:30"),
            ("2026-10-04T10:00", 5, "2026-10-13T17:30"),
            # the day itself
            ("2026-10-12T10:00", 0, "2026-10-12T17:30"),
            ("2026-10-12T17:30", 0, "2026-10-13T17:30"),
            ("2026-10-17T10:00", 0, "2026-10-19T17:30"),
        ],
    )
    def test_working_days_count_from_the_next_and_end_at_closing(self, started, amount, due):
        assert due_at(at(started), amount, DAYS, CHINA) == at(due)

    @pytest.mark.parametrize(
        ("started", "amount", "due"),
        [
            ("2026-10-12T08:30", 2, "2026-10-12T10:30"),
            ("2026-10-12T11:00", 2, "2026-10-12T15:00"),
            ("2026-10-12T12:30", 1, "2026-10-12T15:00"),
            ("2026-10-12T08:30", 7, "2026-10-12T17:30"),
            ("2026-10-12T17:00", 4, "2026-10-13T12:00"),
            ("2026-10-16T16:30", 4, "2026-10-19T11:30"),
            ("2026-09-30T16:30", 4, "2026-10-08T11:30"),
            ("2026-10-09T16:30", 8, "2026-10-10T17:30"),
            ("2026-10-17T10:00", 0, "2026-10-17T10:00"),
        ],
    )
    def test_working_hours_run_inside_office_hours(self, started, amount, due):
        assert due_at(at(started), amount, HOURS, CHINA) == at(due)

    def test_natural_hours_run_through_the_holidays(self):
        assert due_at(at("2026-09-30T23:00"), 2, NATURAL, CHINA) == at("2026-10-01T01:00")

    def test_natural_minutes_run_through_the_night_and_the_holidays(self):
        started, minutes = at("2026-09-30T23:45"), TimeUnit.NATURAL_MINUTES
        due = due_at(started, 30, minutes, CHINA)
        assert due == at("2026-10-01T00:15")
        assert warn_at(started, due, 0.7, minutes, CHINA) == at("2026-10-01T00:06")
        assert left(at("2026-10-01T00:25"), due, minutes, CHINA) == timedelta(minutes=-10)

    def test_an_instant_in_another_zone_is_reckoned_in_the_calendars(self):
        started = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
        due = due_at(started, 1, HOURS, CHINA)
        assert due == at("2026-10-12T10:00")
        assert due.tzinfo == ZONE

    def test_minutes_are_added_and_measured(self):
        due = add(at("2026-10-12T11:50"), timedelta(minutes=25), CHINA)
        assert due == at("2026-10-12T14:15")
        assert worked_between(at("2026-10-12T11:50"), due, CHINA) == timedelta(minutes=25)

    def test_the_whole_national_day_holds_no_office_time(self):
        assert worked_between(at("2026-09-30T17:30"), at("2026-10-08T08:30"), CHINA) == timedelta()

    def test_seven_tenths_of_ten_working_days_is_the_close_of_the_seventh(self):
        started = at("2026-10-12T10:00")
        due = due_at(started, 10, DAYS, CHINA)
        assert due == at("2026-10-26T17:30")
        assert warn_at(started, due, 0.7, DAYS, CHINA) == at("2026-10-21T17:30")

    def test_seven_tenths_of_one_working_day_falls_on_that_day(self):
        started = at("2026-10-12T10:00")
        due = due_at(started, 1, DAYS, CHINA)
        assert warn_at(started, due, 0.7, DAYS, CHINA) == at("2026-10-13T15:24")

    def test_seven_tenths_of_natural_and_working_hours(self):
        started = at("2026-10-16T16:30")
        due = due_at(started, 2, NATURAL, CHINA)
        assert warn_at(started, due, 0.7, NATURAL, CHINA) == at("2026-10-16T17:54")
        due = due_at(started, 4, HOURS, CHINA)
        assert warn_at(started, due, 0.7, HOURS, CHINA) == at("2026-10-19T10:18")

    def test_the_share_spent_stands_still_over_a_weekend(self):
        started = at("2026-10-12T10:00")
        due = due_at(started, 10, DAYS, CHINA)
        friday, monday = at("2026-10-16T17:30"), at("2026-10-19T08:30")
        assert spent_share(started, due, started, DAYS, CHINA) == 0
        assert spent_share(started, due, friday, DAYS, CHINA) == pytest.approx(0.4)
        assert spent_share(started, due, monday, DAYS, CHINA) == pytest.approx(0.4)
        assert spent_share(started, due, due, DAYS, CHINA) == 1
        assert spent_share(started, due, at("2026-10-27T17:30"), DAYS, CHINA) == 1.1

    def test_a_case_one_morning_late_has_minus_that_morning_left(self):
        due = at("2026-10-12T17:30")
        assert left(at("2026-10-12T18:00"), due, DAYS, CHINA) == timedelta()
        assert left(at("2026-10-13T12:00"), due, DAYS, CHINA) == -timedelta(hours=3.5)

    def test_pausing_over_a_weekend_costs_nothing(self):
        due = at("2026-10-21T17:30")
        for unit in (HOURS, DAYS):
            kept = left_at(at("2026-10-16T17:30"), due, unit, CHINA)
            assert resume(at("2026-10-19T08:30"), kept, unit, CHINA) == due

    def test_pausing_for_a_working_morning_moves_the_end_by_a_working_morning(self):
        kept = left_at(at("2026-10-12T08:30"), at("2026-10-13T17:30"), DAYS, CHINA)
        assert kept == timedelta(hours=14)
        assert resume(at("2026-10-12T14:00"), kept, DAYS, CHINA) == at("2026-10-14T12:00")

    def test_a_natural_clock_paused_for_a_night_ends_a_night_later(self):
        kept = left_at(at("2026-10-12T20:00"), at("2026-10-12T21:00"), NATURAL, CHINA)
        assert resume(at("2026-10-13T08:00"), kept, NATURAL, CHINA) == at("2026-10-13T09:00")

    def test_a_machine_asleep_for_three_days_finds_what_three_days_cost(self):
        started = at("2026-10-08T09:00")
        due = due_at(started, 2, DAYS, CHINA)
        asleep, awake = at("2026-10-09T16:00"), at("2026-10-12T16:00")
        assert due == at("2026-10-10T17:30")
        assert warn_at(started, due, 0.7, DAYS, CHINA) < awake
        lost = worked_between(asleep, awake, CHINA)
        # Friday's last hour and a half, the make-up Saturday, Monday until four.
        assert lost == timedelta(hours=1.5 + 7 + 5.5)
        assert left(awake, due, DAYS, CHINA) == left(asleep, due, DAYS, CHINA) - lost

    def test_the_weeks_round_national_day_agree_with_counting_minutes(self):
        for calendar in (CHINA, DUTY_DESK, china(open=[date(2026, 10, 3)])):
            start, end = at("2026-09-17T13:13"), at("2026-10-14T09:51")
            assert worked_between(start, end, calendar) == by_stepping(start, end, calendar)


class TestRefusals:
    NAIVE, AWARE = datetime(2026, 10, 12), at("2026-10-12T00:00")

    def test_an_instant_without_a_zone_is_refused(self):
        for unit in TimeUnit:
            for question in (
                lambda unit=unit: due_at(self.NAIVE, 1, unit, CHINA),
                lambda unit=unit: add(self.NAIVE, timedelta(), CHINA, unit),
                lambda unit=unit: worked_between(self.NAIVE, self.AWARE, CHINA, unit),
                lambda unit=unit: worked_between(self.AWARE, self.NAIVE, CHINA, unit),
                lambda unit=unit: resume(self.NAIVE, timedelta(1), unit, CHINA),
                lambda unit=unit: warn_at(self.AWARE, self.NAIVE, 0.7, unit, CHINA),
                lambda unit=unit: spent_share(self.AWARE, self.AWARE, self.NAIVE, unit, CHINA),
            ):
                with pytest.raises(ValueError, match="zone"):
                    question()

    def test_a_negative_limit_is_refused(self):
        for unit in TimeUnit:
            with pytest.raises(ValueError, match="negative"):
                due_at(self.AWARE, -1, unit, CHINA)

    @pytest.mark.parametrize("share", [0, -0.1, 1.1, float("nan")])
    def test_a_share_must_be_one(self, share):
        with pytest.raises(ValueError, match="share"):
            warn_at(self.AWARE, self.AWARE, share, HOURS, CHINA)


class TestWhatAlwaysHolds:
    @given(instants, st.integers(0, 60), units, calendars)
    def test_a_limit_ends_after_it_began_and_a_longer_one_not_before_a_shorter(
        self, started, amount, unit, calendar
    ):
        due = due_at(started, amount, unit, calendar)
        assert started <= due <= due_at(started, amount + 1, unit, calendar)

    @given(instants, st.timedeltas(timedelta(0), timedelta(days=9)), st.integers(0, 30), units)
    def test_what_began_later_does_not_end_sooner(self, started, later, amount, unit):
        due = due_at(started, amount, unit, CHINA)
        assert due <= due_at(started + later, amount, unit, CHINA)

    @given(instants, st.timedeltas(timedelta(days=-40), timedelta(days=40)), units, calendars)
    def test_adding_and_measuring_are_inverse(self, started, worked, unit, calendar):
        ended = add(started, worked, calendar, unit)
        assert worked_between(started, ended, calendar, unit) == worked

    @given(minutes, st.integers(0, 6 * 24 * 60), calendars)
    def test_office_time_agrees_with_counting_minutes(self, start, span, calendar):
        end = start + timedelta(minutes=span)
        assert worked_between(start, end, calendar) == by_stepping(start, end, calendar)

    @given(instants, st.integers(0, 60), st.floats(0.01, 1), units, calendars)
    def test_a_warning_comes_between_the_beginning_and_the_end(
        self, started, amount, share, unit, calendar
    ):
        due = due_at(started, amount, unit, calendar)
        warned = warn_at(started, due, share, unit, calendar)
        assert started <= warned <= due
        if due > started:
            spent = spent_share(started, due, warned, unit, calendar)
            assert spent == pytest.approx(share, abs=1e-6)

    @given(instants, st.integers(1, 60), instants, units, calendars)
    def test_pausing_for_nothing_changes_nothing(self, started, amount, paused, unit, calendar):
        due = due_at(started, amount, unit, calendar)
        assert resume(paused, left_at(paused, due, unit, calendar), unit, calendar) == due

    @given(instants, st.integers(1, 60), instants, instants, units, calendars)
    def test_a_pause_moves_the_end_by_the_time_it_took(
        self, started, amount, one, other, unit, calendar
    ):
        paused, resumed = sorted([one, other])
        due = due_at(started, amount, unit, calendar)
        moved = resume(resumed, left_at(paused, due, unit, calendar), unit, calendar)
        pause = worked_between(paused, resumed, calendar, unit)
        assert worked_between(due, moved, calendar, unit) == pause
        assert moved >= due

    @given(instants, st.integers(0, 60), units, calendars, st.lists(instants, min_size=2))
    def test_the_share_spent_never_falls(self, started, amount, unit, calendar, moments):
        due = due_at(started, amount, unit, calendar)
        shares = [spent_share(started, due, now, unit, calendar) for now in sorted(moments)]
        assert shares == sorted(shares)

    @given(instants, st.integers(1, 30), units, calendars)
    def test_a_machine_asleep_for_three_days_loses_what_was_worked(
        self, started, amount, unit, calendar
    ):
        due = due_at(started, amount, unit, calendar)
        awake = started + timedelta(days=3)
        worked = worked_between(started, awake, calendar, unit)
        before, after = left(started, due, unit, calendar), left(awake, due, unit, calendar)
        assert after == before - worked
