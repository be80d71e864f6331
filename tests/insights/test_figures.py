"""The figures: each answers its question right for a handful of cases whose answer is known."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shaodao.cases import actions
from shaodao.cases.models import Case, Patrol
from shaodao.insights.actions import catch_up, tally
from shaodao.insights.figures import BY_SLUG, FIGURES
from shaodao.insights.models import DailyTally
from shaodao.insights.panels import Bars, Page, Picture, Stats, Table
from shaodao.insights.scope import Scope, read_scope
from shaodao.kit.versions import bump
from shaodao.people.models import Parameter
from shaodao.reports.policy import Channel
from shaodao.supervision.actions import supervise
from tests.town import MONDAY, Town

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SUNDAY = MONDAY + 6 * DAY


def scope(user, *, at=SUNDAY, **asked) -> Scope:
    return read_scope(user, asked, at=at)


def read(slug: str, user, *, at=SUNDAY, **asked) -> Page:
    """Count what happened until `at`, and return a figure's page."""
    catch_up(at=at)
    return BY_SLUG[slug].read(scope(user, at=at, **asked))


def stats(page: Page) -> dict[str, str]:
    (panel,) = [panel for panel in page.panels if isinstance(panel, Stats)]
    return {stat.label: stat.value for stat in panel.items}


def table(page: Page, slug: str) -> list[tuple]:
    return [tuple(row.values) for row in page.tables()[slug].rows]


def picture(page: Page, ending: str) -> dict[str, list]:
    (panel,) = [p for p in page.panels if isinstance(p, Picture) and p.id.endswith(ending)]
    return {one["name"]: one["values"] for one in panel.chart["series"]}


def finish(town: Town, case: Case, at, *, by=None, solved_by: str = "CADRE") -> Case:
    """Take a case that is being handled to its closing, the last step at `at`."""
    after = {"after_photo": [town.picture()]} if case.category.needs_after_photo else {}
    actions.move(
        case=case,
        name="handle",
        actor=by or town.handler,
        at=at - 2 * MINUTE,
        reply="修好了",
        solved_by=solved_by,
        outcome=town.outcome(),
        quantity=1,
        **after,
    )
    desk = case.desk_id == town.community.pk
    verifier = town.community_desk if desk else town.verifier
    actions.move(case=case, name="verify", actor=verifier, at=at - MINUTE, note="看过")
    return actions.move(case=case, name="close", actor=town.chief, at=at)


@pytest.mark.requirement("X25")
def test_being_let_in_finding_somebody_and_getting_it_done_are_three_numbers_with_a_trend(town):
    first = town.case("HANDLING")
    finish(town, first, MONDAY + 2 * DAY)
    sent_on = town.case("DISPATCHED", text="另一处地砖也松了", at=MONDAY + 3 * MINUTE)
    later = MONDAY + timedelta(hours=1)
    actions.move(
        case=sent_on, name="transfer", actor=town.county_dispatcher, at=later,
        unit=town.city_bureau, note="归城管",
    )  # fmt: skip
    accepted = later + MINUTE
    actions.move(case=sent_on, name="accept", actor=town.city_handler, at=accepted)
    finish(town, sent_on, MONDAY + 3 * DAY, by=town.city_handler)
    catch_up(at=SUNDAY)
    page = read("access", town.county_chief)
    shown = stats(page)
    assert shown["门好进：一次找对率"] == "50 %"
    assert shown["人好找：按时接单率"] == "100 %"
    (month,) = table(page, "months")
    assert (month[0], month[1], month[2], month[-1]) == ("2026-09", 0.5, 1.0, 2)
    assert picture(page, "trend")["一次找对率"] == [50.0]


# ---- X12 --------------------------------------------------------------------------------------


@pytest.mark.requirement("X12")
def test_lead_times_are_told_as_a_distribution_for_each_class(town: Town):
    for category, days in (("ROAD_DAMAGE", 1), ("ROAD_DAMAGE", 5), ("SEWAGE", 3), ("SEWAGE", 12)):
        finish(town, town.case("HANDLING", category=category), MONDAY + days * DAY)
    town.case("HANDLING")  # not solved yet
    page = read("lead-time", town.chief, at=MONDAY + 20 * DAY)
    minutes = 24 * 60
    by_name = {row[0]: row[2:] for row in table(page, "classes")}
    assert by_name == {
        "路面破损": (2, minutes, 5 * minutes, 3 * minutes),
        "污水外溢": (2, 3 * minutes, 12 * minutes, 7.5 * minutes),
    }
    assert stats(page)["一半在此时间内结案"] == "3"  # days
    assert stats(page)["九成在此时间内结案"] == "12"
    (bars,) = picture(page, "spans").values()
    assert sum(bars) == 4
    assert bars[6:8] == [0, 1]  # 7 to 10 days; 10 to 15


@pytest.mark.requirement("X12")
def test_the_page_of_a_case_solved_in_five_days_says_so(town: Town):
    case = finish(town, town.case("HANDLING"), MONDAY + 5 * DAY + 2 * MINUTE)
    assert case.handled_at == MONDAY + 5 * DAY
    client = Client()
    client.force_login(town.chief)
    assert "5 天" in client.get(f"/cases/{case.pk}/").content.decode()


# ---- X14 --------------------------------------------------------------------------------------


@pytest.mark.requirement("X14")
def test_response_and_arrival_are_measured_against_each_classes_target(town: Town):
    quick = town.case("HANDLING")  # taken a minute after it was sent
    actions.move(case=quick, name="arrive", actor=town.handler, at=MONDAY + 33 * MINUTE)
    slow = town.case("DISPATCHED", category="SEWAGE")
    due = slow.clocks.get(step="ACCEPT").due_at
    actions.move(case=slow, name="accept", actor=town.handler, at=due + 30 * MINUTE)
    page = read("response", town.chief)
    rows = {row[0]: row[1:] for row in table(page, "classes")}
    # target, median, share, breaches of response; then the same of arrival. Four working hours
    # from 09:02 have two hours of noon in them.
    assert rows["路面破损"] == ("4 工作时", 1, 1.0, 0, "1 个工作日", 31, 1.0, 0)
    assert rows["污水外溢"] == ("4 工作时", (4 + 2) * 60 + 30, 0.0, 1, "1 个工作日", None, 0.0, 1)
    figures = stats(page)
    assert figures["响应按时率"] == "50 %"
    assert figures["响应超时"] == "1"
    assert figures["到场按时率"] == "50 %"


@pytest.mark.requirement("X14")
def test_every_breach_is_on_the_list_with_what_was_due_and_what_was_done(town: Town):
    case = town.case("DISPATCHED")
    due = case.clocks.get(step="ACCEPT").due_at
    actions.move(case=case, name="accept", actor=town.handler, at=due + 30 * MINUTE)
    waiting = town.case("DISPATCHED", at=MONDAY + HOUR)
    rows = table(read("response", town.chief), "breaches")
    told = {(row[0], row[2]): row for row in rows}
    assert told[case.number, "响应"][3:] == (town.housing.short_name, due, due + 30 * MINUTE, 30)
    assert told[waiting.number, "响应"][5] == "还没有"
    assert told[waiting.number, "到场"][5] == "还没有"
    n_missed = DailyTally.objects.filter(part="MISSED").count()
    assert sum(row.n for row in DailyTally.objects.filter(part="MISSED")) == len(rows) >= n_missed


def test_breaches_elsewhere_are_not_shown(town: Town):
    town.case("DISPATCHED")
    assert table(read("response", town.chief), "breaches")
    assert not table(read("response", town.stranger), "breaches")


# ---- X16 --------------------------------------------------------------------------------------


def _repeat(like: Case, n: int, *, classes: tuple[str, ...]) -> None:
    """Write `n` cases that went as `like` did, of each class in turn, with their journals."""
    own = {"id", "number", "category_id"}
    columns = [f.column for f in Case._meta.concrete_fields if f.column not in own]
    copied = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO cases_case (number, category_id, {copied})"
            f" SELECT '360702-2026-8' || n, (%s::text[])[1 + n %% %s], {copied}"
            " FROM cases_case, generate_series(1, %s) n WHERE cases_case.id = %s",
            [list(classes), len(classes), n, like.pk],
        )
        cursor.execute(
            "INSERT INTO cases_journalentry (case_id, seq, name, at, facts, hash)"
            " SELECT c.id, e.seq, e.name, e.at, e.facts, e.hash"
            " FROM cases_case c, cases_journalentry e"
            " WHERE c.number LIKE '360702-2026-8%%' AND e.case_id = %s"
            " AND e.name IN ('receive', 'handle', 'close')",
            [like.pk],
        )


@pytest.mark.requirement("X16")
def test_the_number_of_problems_solved_is_a_query_by_class(town: Town):
    like = finish(town, town.case("HANDLING"), MONDAY + DAY)
    _repeat(like, 1350, classes=("ROAD_DAMAGE", "LAMP_OUT", "DISPUTE"))
    page = read("solved", town.county_chief)
    assert stats(page)["解决问题"] == "1,351"
    assert {row[0]: row[2] for row in table(page, "classes")} == {
        "路面破损": 451,
        "路灯不亮": 450,
        "邻里纠纷": 450,
    }
    assert (
        sum(row[2] for row in table(page, "classes"))
        == Case.objects.filter(status="CLOSED").count()
    )


# ---- X17 --------------------------------------------------------------------------------------


@pytest.mark.requirement("X17")
def test_the_in_grid_rate_is_told_for_each_grid(town: Town):
    in_grid = dict(category="SMALL_REPAIR", lead=town.grid, by=town.worker)
    for _ in range(3):
        case = town.case("HANDLING", **in_grid)
        finish(town, case, MONDAY + DAY, by=town.worker, solved_by="GRID_WORKER")
    sent_up = town.case("DISPATCHED", **in_grid)
    actions.move(
        case=sent_up,
        name="transfer",
        actor=town.county_dispatcher,
        at=MONDAY + HOUR,
        unit=town.housing,
        note="要换整根水管",
    )
    actions.move(case=sent_up, name="accept", actor=town.handler, at=MONDAY + 2 * HOUR)
    finish(town, sent_up, MONDAY + DAY)
    finish(town, town.case("HANDLING"), MONDAY + DAY)  # no small matter
    page = read("in-grid", town.chief)
    (row,) = table(page, "grids")
    assert row == (town.grid.short_name, town.community.short_name, town.grid.code, 4, 3, 0.75)
    assert stats(page)["小事不出格率"] == "75 %"


@pytest.mark.requirement("X17")
def test_what_counts_as_small_is_a_row_with_dates(town: Town):
    finish(town, town.case("HANDLING"), MONDAY + DAY)
    assert table(read("in-grid", town.chief), "grids") == []
    Parameter.objects.create(
        name="small_matter",
        subject="ROAD_DAMAGE",
        value="1",
        valid_from=date(2026, 9, 1),
        source="县里的文件",
    )
    bump("parameters")
    connection._version_numbers = None
    tally(day=(MONDAY + DAY).date(), at=SUNDAY)
    page = read("in-grid", town.chief)
    assert table(page, "grids")[0][3:] == (1, 0, 0.0)
    assert ("路面破损", "全部区域", "2026-09-01", "县里的文件") in table(page, "definition")


# ---- X32 --------------------------------------------------------------------------------------


@pytest.mark.requirement("X32")
def test_what_was_found_unasked_is_told_as_a_share_and_a_trend(town: Town):
    for week, channels in enumerate(("WEB PHONE WEB PATROL", "PATROL PATROL MEETING WEB")):
        for channel in channels.split():
            town.taken(channel=Channel(channel), at=MONDAY + 7 * week * DAY)
    page = read("proactive", town.chief, at=MONDAY + 8 * DAY, since=MONDAY.date())
    assert stats(page) == {"主动发现占比": "50 %", "主动发现": "4", "群众反映": "4"}
    assert picture(page, "trend") == {"主动发现占比": [25.0, 75.0]}


@pytest.mark.requirement("X32")
def test_the_patrol_plan_stands_beside_it(town: Town):
    actions.plan(at=MONDAY)
    mine = Patrol.objects.filter(worker=town.worker).order_by("pk")
    actions.finish(patrol=mine[0], n_found=2, actor=town.worker, at=MONDAY + HOUR)
    page = read("proactive", town.worker)
    n = mine.count() + Patrol.objects.filter(worker=town.worker2).count()
    assert table(page, "patrols") == [("2026-09-07", n, 1, 1 / n, 2)]


# ---- Z30 --------------------------------------------------------------------------------------


@pytest.mark.requirement("Z30")
def test_the_share_of_cases_solved_by_others_than_cadres_is_reported(town: Town):
    for solver in ("CADRE", "RESIDENT", "COMPANY", "GRID_WORKER"):
        finish(town, town.case("HANDLING"), MONDAY + DAY, solved_by=solver)
    page = read("participation", town.chief)
    assert stats(page)["多方参与解决占比"] == "75 %"
    assert table(page, "classes") == [("路面破损", "路灯道路", 4, 3, 0.75)]
    (bars,) = [panel for panel in page.panels if isinstance(panel, Bars)]
    assert {bar.label for bar in bars.rows} == {"机关干部", "居民自治", "企业单位", "网格员"}


# ---- Z39 --------------------------------------------------------------------------------------


@pytest.mark.requirement("Z39")
def test_one_matter_from_two_channels_is_one_case_and_shows_in_the_channel_report(town: Town):
    one = town.case("FILED", channel=Channel.WEB)
    other = town.case("FILED", channel=Channel.PHONE)
    town.taken(channel=Channel.QR)
    actions.move(case=other, name="merge", actor=town.dispatcher, at=MONDAY + HOUR, primary=one)
    page = read("channels", town.chief)
    assert stats(page)["收到诉求"] == "3"
    assert stats(page)["多渠道反映同一件事"] == "1"
    assert table(page, "families") == [("热线电话、网页上报", 1)]
    ((number, _title, said, n),) = table(page, "open")
    assert (number, said, n) == (one.number, "热线电话、网页上报", 2)
    (bars,) = [panel for panel in page.panels if isinstance(panel, Bars)]
    assert {bar.label: bar.value[0] for bar in bars.rows} == {
        "网页上报": "1",
        "热线电话": "1",
        "扫码上报": "1",
    }


# ---- Z10 and the three rates -------------------------------------------------------------------


@pytest.mark.requirement("Z10")
def test_complaints_before_stand_beside_scores_after(town: Town):
    case = town.case("HANDLING")
    second = town.taken(join=case, at=MONDAY + HOUR).report
    case = finish(town, Case.objects.get(pk=case.pk), MONDAY + DAY)
    first = case.reports.order_by("joined_at").first().report
    actions.rate(case=case, report=first, score=5, is_solved=True, text="", at=MONDAY + 2 * DAY)
    actions.rate(case=case, report=second, score=4, is_solved=True, text="", at=MONDAY + 2 * DAY)
    page = read("scores", town.chief)
    assert stats(page)["办前反映"] == "2"
    assert stats(page)["办后评分"] == "4.5"
    assert table(page, "classes") == [("路面破损", "路灯道路", 1, 2, 2, 4.5)]
    assert table(page, "cases") == [(case.number, case.title, 2, 2, 4.5)]
    client = Client()
    client.force_login(town.chief)
    shown = client.get(f"/cases/{case.pk}/").content.decode()
    assert "2" in shown
    assert "4.5" in shown


def test_an_unanswered_rating_is_not_a_satisfied_resident(town: Town):
    cases = [finish(town, town.case("HANDLING"), MONDAY + DAY) for _ in range(4)]
    for case, score in zip(cases, (5, 2), strict=False):
        report = case.reports.get().report
        actions.rate(
            case=case, report=report, score=score, is_solved=score > 3, text="", at=SUNDAY - DAY
        )
    page = read("three-rates", town.chief)
    figures = stats(page)
    assert figures["解决率"] == "50 %"
    assert figures["满意率"] == "50 %"
    assert figures["应评未评"] == "2"
    (panel,) = [p for p in page.panels if isinstance(p, Stats)]
    hints = {stat.label: stat.hint for stat in panel.items}
    assert hints["满意率"] == "1／2，4 分以上"
    assert hints["应评未评"] == "50 % 没有评价，不算满意"
    rows = {row[0]: row[1:] for row in table(page, "areas")}
    assert rows[town.community.short_name] == (1.0, 4, 0.5, 2, 0.5, 2, 2)


# ---- who sees what ----------------------------------------------------------------------------


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def counted(town: Town) -> Town:
    """A town whose cases of today are counted: pages look at the last ninety days."""
    now = timezone.now()
    town.case("CLOSED", at=now - HOUR)
    case = town.case("HANDLING", at=now - HOUR, channel=Channel.PATROL)
    town.taken(join=case, at=now - HOUR, channel=Channel.PHONE)
    supervise(
        case=case, unit=town.housing, kind="URGE", reason="催问", actor=town.chief, at=now - MINUTE
    )
    catch_up(at=now)
    return town


def test_the_overview_tells_every_figure_and_how_fresh_it_is(counted: Town):
    page = client_of(counted.chief).get("/figures/").content.decode()
    for figure in FIGURES:
        assert figure.title in page
        assert f"/figures/{figure.slug}/" in page
    assert "统计到" in page


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_every_figure_has_a_page_with_its_method_and_a_table(counted: Town, slug):
    response = client_of(counted.chief).get(f"/figures/{slug}/")
    page = response.content.decode()
    assert response.status_code == 200
    assert BY_SLUG[slug].method in page
    assert "<table" in page


@pytest.mark.parametrize("slug", sorted(BY_SLUG))
def test_every_table_can_be_had_as_a_file(counted: Town, slug):
    client = client_of(counted.chief)
    page = BY_SLUG[slug].read(scope(counted.chief, at=timezone.now()))
    for name, shown in page.tables().items():
        response = client.get(f"/figures/{slug}/?csv={name}")
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert f'filename="{slug}-{name}-' in response["Content-Disposition"]
        rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
        assert rows[0] == [column.label for column in shown.columns]
        assert len(rows) == 1 + len(shown.rows)
    assert client.get(f"/figures/{slug}/?csv=nothing").status_code == 404


def test_a_file_holds_no_formula_a_title_smuggled_in():
    from_title = Table("t", "t", [], [])
    assert list(from_title.as_plain()) == [[]]


def _queries_of_each_page(client: Client) -> dict[str, int]:
    """Return how many queries each page of figures takes once its caches are warm."""
    found = {}
    for slug in ("", *(f"{slug}/" for slug in BY_SLUG)):
        client.get(f"/figures/{slug}")
        connection._version_numbers = None
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/figures/{slug}")
        found[slug] = len(queries)
    return found


def test_pages_of_figures_take_as_many_queries_however_much_there_is(counted: Town):
    client = client_of(counted.chief)
    before = _queries_of_each_page(client)
    now = timezone.now()
    counted.case("DISPATCHED", at=now - 30 * DAY, category="SEWAGE")
    counted.case("CLOSED", at=now - 2 * HOUR, category="SEWAGE")
    for category in ("NOISE", "DISPUTE"):
        case = counted.taken(at=now - HOUR, category=category).case
        counted.taken(join=case, at=now - HOUR, channel=Channel.PHONE)
    catch_up(at=now)
    assert _queries_of_each_page(client) == before
    assert max(before.values()) <= 16


def test_outside_a_transaction_too_a_page_reads_the_rules_once(
    town_committed: Town, django_assert_max_num_queries
):
    """Each reading of the rules asks for their version: a row of a table must not."""
    now = timezone.now()
    for category in ("ROAD_DAMAGE", "SEWAGE", "ROAD_FLOODED"):
        town_committed.case("CLOSED", at=now - HOUR, category=category)
        town_committed.case("DISPATCHED", at=now - 40 * DAY, category=category)
    catch_up(at=now)
    client = client_of(town_committed.county_chief)
    for slug in ("", *(f"{slug}/" for slug in BY_SLUG)):
        client.get(f"/figures/{slug}")
        with django_assert_max_num_queries(18):
            client.get(f"/figures/{slug}")


def test_an_area_that_is_not_yours_is_not_found(counted: Town):
    chief = client_of(counted.chief)
    assert chief.get(f"/figures/solved/?area={counted.community.pk}").status_code == 200
    for unit in (counted.county, counted.other_street, counted.village, counted.housing):
        assert chief.get(f"/figures/solved/?area={unit.pk}").status_code == 404
    assert chief.get("/figures/nothing/").status_code == 404
    assert Client().get("/figures/").status_code == 302


def test_a_worker_sees_the_figures_of_their_grid_only(counted: Town):
    page = BY_SLUG["solved"].read(scope(counted.worker, at=timezone.now()))
    assert stats(page)["解决问题"] == "1"
    page = BY_SLUG["solved"].read(scope(counted.next_worker, at=timezone.now()))
    assert stats(page)["解决问题"] == "0"


def test_a_department_has_no_area_and_is_told_where_to_look(counted: Town):
    page = client_of(counted.handler).get("/figures/").content.decode()
    assert "您的岗位没有负责的区域" in page


def test_figures_lead_to_the_cases_they_count(counted: Town):
    page = client_of(counted.chief).get("/figures/solved/").content.decode()
    unit = counted.street.pk
    assert f"/cases/?tab=ended&amp;status=CLOSED&amp;category=ROAD_DAMAGE&amp;unit={unit}" in page


def test_dates_that_make_no_sense_are_left_out(counted: Town):
    client = client_of(counted.chief)
    for query in ("since=2026-13-45", "since=2999-01-01", "last=1999-01-01", "area=x", "picture=?"):
        assert client.get(f"/figures/lead-time/?{query}").status_code == 200, query


def test_a_grids_page_shows_what_waits_there(counted: Town):
    code = counted.grid.code
    page = client_of(counted.worker).get(f"/figures/grid/{code}/").content.decode()
    assert "在办案件" in page
    assert client_of(counted.next_worker).get(f"/figures/grid/{code}/").status_code == 404
