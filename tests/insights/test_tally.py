"""Counting days: each thing once, again and again the same, and no closed case read twice."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shaodao.cases import actions
from shaodao.cases.models import Case
from shaodao.insights.actions import catch_up, tally
from shaodao.insights.models import DailyTally, TalliedDay
from shaodao.insights.policy import EDGES, LONG, SHORT, Spread, bucket_of, share_of
from shaodao.reports.policy import Channel
from tests.town import MONDAY, Town

DAY = timedelta(days=1)


def rows() -> list[tuple]:
    columns = ("day", "area", "category", "channel", "measure", "part", "bucket", "n", "minutes")
    return sorted(DailyTally.objects.values_list(*columns))


def sums(measure: str) -> Counter:
    found: Counter = Counter()
    for part, n in DailyTally.objects.filter(measure=measure).values_list("part", "n"):
        found[part] += n
    return found


def minutes(measure: str) -> int:
    return sum(DailyTally.objects.filter(measure=measure).values_list("minutes", flat=True))


def test_counting_a_day_twice_changes_nothing(town: Town):
    town.case("CLOSED")
    town.case("HANDLING", channel=Channel.PHONE)
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    before = rows()
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    assert before
    assert rows() == before


def test_a_case_counts_as_received_solved_and_timed(town: Town):
    case = town.case("CLOSED")
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    assert sums("REPORTED") == {"": 1}
    assert sums("OPENED") == {"": 1}
    assert sums("CLOSED") == {"CADRE": 1}
    assert minutes("CLOSED") == (case.ended_at - case.received_at) / timedelta(minutes=1)
    closed = DailyTally.objects.get(measure="CLOSED")
    assert (closed.area, closed.category_id, closed.channel) == (town.grid, "ROAD_DAMAGE", "WEB")
    assert closed.bucket == bucket_of(closed.minutes)


def test_a_reopened_case_takes_its_closing_back_and_counts_whole_when_closed_again(town: Town):
    case = town.case("CLOSED")
    report = case.reports.get().report
    late = MONDAY + 3 * DAY
    actions.reject(case=case, report=report, note="又松了", at=late)
    catch_up(at=late + DAY)
    assert sums("CLOSED") == {"CADRE": 0}
    assert minutes("CLOSED") == 0
    assert sum(sums("COMPLAINTS").values()) == 0
    steps = (
        ("dispatch", town.dispatcher, {"unit": town.housing}),
        ("accept", town.handler, {}),
        ("handle", town.handler, {"reply": "重新铺平", "solved_by": "COMPANY", "quantity": 1}),
        ("verify", town.verifier, {"note": "好了"}),
        ("close", town.chief, {}),
    )
    for minute, (name, actor, evidence) in enumerate(steps, start=1):
        if name == "handle":
            evidence |= {"outcome": town.outcome(), "after_photo": [town.picture()]}
        at = late + timedelta(minutes=minute)
        case = actions.move(case=case, name=name, actor=actor, at=at, **evidence)
    catch_up(at=late + DAY)
    assert sums("CLOSED") == {"CADRE": 0, "COMPANY": 1}
    assert minutes("CLOSED") == 3 * 24 * 60 + 5


def test_the_tally_agrees_with_the_cases_themselves(town: Town):
    for category in ("ROAD_DAMAGE", "SEWAGE", "SEWAGE"):
        town.case("CLOSED", category=category)
    town.case("DECLINED")
    town.case("MERGED")
    catch_up(at=MONDAY + 2 * DAY)
    closed = Counter(Case.objects.filter(status="CLOSED").values_list("category", flat=True))
    tallied: Counter = Counter()
    for row in DailyTally.objects.filter(measure="CLOSED"):
        tallied[row.category_id] += row.n
    assert tallied == closed
    assert sum(sums("OPENED").values()) == Case.objects.count()


def test_a_day_counted_before_its_end_is_counted_again_after_a_long_sleep(town: Town):
    town.case("CLOSED")
    catch_up(at=MONDAY + timedelta(minutes=2))
    assert not DailyTally.objects.filter(measure="CLOSED").exists()
    done = catch_up(at=MONDAY + 6 * DAY)
    assert MONDAY.date() in done
    assert sums("CLOSED") == {"CADRE": 1}


def test_days_counted_to_their_end_are_left_alone(town: Town):
    town.case("CLOSED")
    at = MONDAY + 6 * DAY
    assert len(catch_up(at=at)) == 7
    assert catch_up(at=at) == [timezone.localdate(at), timezone.localdate(at - DAY)]
    assert TalliedDay.objects.count() == 7


def test_counting_a_day_takes_the_same_number_of_queries_however_much_happened(
    town: Town, django_assert_num_queries
):
    town.case("CLOSED")
    town.case("MERGED")
    tally(day=MONDAY.date(), at=MONDAY + DAY)  # the process reads rules and units once
    with CaptureQueriesContext(connection) as few:
        tally(day=MONDAY.date(), at=MONDAY + DAY)
    for _ in range(3):
        town.case("CLOSED")
        town.case("MERGED")
    with django_assert_num_queries(len(few)):
        tally(day=MONDAY.date(), at=MONDAY + DAY)


def test_answers_count_as_kept_late_and_missed(town: Town):
    kept = town.case("HANDLING")
    late = town.case("DISPATCHED")
    due = late.clocks.get(step="ACCEPT").due_at
    town.case("DISPATCHED")  # never taken
    actions.move(case=late, name="accept", actor=town.handler, at=due + timedelta(minutes=1))
    actions.move(case=kept, name="arrive", actor=town.handler, at=MONDAY + timedelta(minutes=30))
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    assert sums("ACCEPT") == {"KEPT": 1, "LATE": 1, "MISSED": 2}
    assert sums("ARRIVE") == {"KEPT": 1}


def test_a_limit_that_has_not_run_out_yet_is_no_breach(town: Town):
    town.case("DISPATCHED")
    tally(day=MONDAY.date(), at=MONDAY + timedelta(minutes=10))
    assert sums("ACCEPT") == {}


def test_the_moment_a_second_channel_reaches_a_case_is_counted_once(town: Town):
    case = town.taken(channel=Channel.WEB).case
    town.taken(channel=Channel.WEB, join=case, at=MONDAY + timedelta(minutes=1))
    town.taken(channel=Channel.PHONE, join=case, at=MONDAY + timedelta(minutes=2))
    town.taken(channel=Channel.QR, join=case, at=MONDAY + timedelta(minutes=3))
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    assert sums("FAMILY") == {"PHONE+WEB": 1}
    assert sum(sums("REPORTED").values()) == 4
    assert sum(sums("OPENED").values()) == 1


def test_merging_cases_of_two_channels_makes_a_family(town: Town):
    one = town.case("FILED", channel=Channel.WEB)
    other = town.case("FILED", channel=Channel.PATROL)
    actions.move(
        case=other, name="merge", actor=town.dispatcher, at=MONDAY + timedelta(hours=1), primary=one
    )
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    assert sums("FAMILY") == {"PATROL+WEB": 1}
    assert sum(sums("REPORTED").values()) == 2


def test_people_see_what_was_counted_under_their_posts_only(town: Town):
    town.case("CLOSED")
    tally(day=MONDAY.date(), at=MONDAY + DAY)
    assert DailyTally.objects.visible_to(town.chief).exists()
    assert DailyTally.objects.visible_to(town.worker).exists()
    assert not DailyTally.objects.visible_to(town.next_worker).exists()
    assert not DailyTally.objects.visible_to(town.stranger).exists()


# ---- spans and shares -------------------------------------------------------------------------


def test_a_spread_of_single_things_has_exact_quantiles():
    minutes = [60, 24 * 60, 5 * 24 * 60, 9 * 24 * 60, 100 * 24 * 60]
    spread = Spread.of((bucket_of(m), 1, m) for m in minutes)
    assert spread.quantile(0.5) == 5 * 24 * 60
    assert spread.quantile(0.9) == 100 * 24 * 60
    assert spread.mean() == sum(minutes) / 5


def test_a_quantile_is_off_by_less_than_its_bucket():
    minutes = sorted((7 * n * n) % 50_000 for n in range(1, 400))
    spread = Spread.of((bucket_of(m), 1, m) for m in minutes)
    for q in (0.1, 0.5, 0.9, 1.0):
        exact = minutes[max(1, -int(-q * len(minutes) // 1)) - 1]
        edge = bucket_of(exact)
        low, high = (EDGES[edge - 1] if edge else 0), EDGES[edge]
        assert low <= spread.quantile(q) <= high


def test_nothing_has_no_quantile_and_no_share():
    assert Spread.of([]).quantile(0.5) is None
    assert Spread.of([]).mean() is None
    assert share_of(0, 0) is None
    assert share_of(1, 4) == 0.25
    assert share_of(-1, 4) == 0


@pytest.mark.parametrize("edges", [SHORT, LONG])
def test_coarser_spans_end_where_finer_ones_do(edges):
    assert set(edges) <= set(EDGES)
    spread = Spread.of((bucket_of(m), 1, m) for m in (0, 14, 15, 59, 60, 4 * 60, 5 * 24 * 60))
    shown = spread.shown_in(edges)
    assert sum(shown) == 7
    assert shown == [
        sum(1 for m in (0, 14, 15, 59, 60, 240, 7200) if low <= m < high)
        for low, high in zip((0, *edges), (*edges, 10**9), strict=True)
    ]


def test_a_closing_given_back_leaves_no_trace_in_a_spread():
    bucket = bucket_of(500)
    assert Spread.of([(bucket, 1, 500), (bucket, -1, -500)]).n == 0
