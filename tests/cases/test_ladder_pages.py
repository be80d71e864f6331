"""The ladder on pages: the county's desk, lines of work, routes of grids, duty lists, officers."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shaodao.cases import actions
from shaodao.cases.models import DutyItem, Limit, Sector
from tests.sessions import sign_in
from tests.town import MONDAY

HOUR = timedelta(hours=1)


def client_of(user) -> Client:
    return sign_in(Client(), user)


def passed_up(town, n=1, **given):
    cases = []
    for _ in range(n):
        case = town.case(status="FILED", **given)
        cases.append(
            actions.move(
                case=case,
                name="escalate",
                actor=town.dispatcher,
                at=MONDAY + HOUR,
                ground="NO_FUNDS",
                note="街道没有这笔钱",
            )
        )
    return cases


def page(user, name, **query):
    kwargs = query.pop("kwargs", None)
    return client_of(user).get(reverse(name, kwargs=kwargs), query)


@pytest.mark.requirement("X36")
def test_what_was_passed_up_stands_in_one_queue_of_the_county_with_where_from_and_why(town):
    (case,) = passed_up(town)
    own = town.case(status="FILED")
    shown = page(town.county_dispatcher, "command").content.decode()
    assert case.number in shown
    assert "下级上报" in shown
    assert "街道乡镇" in shown
    assert own.number not in shown


@pytest.mark.requirement("X36")
def test_the_county_queue_is_narrowed_by_class_place_origin_and_age(town):
    (road,) = passed_up(town)
    (rubbish,) = passed_up(town, category="GREENERY")
    for query, there, gone in (
        ({"category": "SANITATION"}, rubbish, road),
        ({"sector": "ENVIRONMENT"}, rubbish, road),
        ({"place": town.other_street.pk}, None, road),
        ({"why": "TIME"}, None, road),
        ({"rung": "COMMUNITY"}, None, road),
        ({"age": "3"}, None, road),
    ):
        shown = page(town.county_dispatcher, "command", **query).content.decode()
        assert gone.number not in shown, query
        assert there is None or there.number in shown, query


@pytest.mark.requirement("X36")
def test_the_county_queue_asks_the_same_number_of_questions_however_long_it_is(town):
    client, counts = client_of(town.county_dispatcher), []
    for n in (1, 4):
        passed_up(town, n)
        client.get(reverse("command"))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(reverse("command"))
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.requirement("X36")
def test_a_case_is_dispatched_from_the_queue_and_the_reader_stays_there(town):
    (case,) = passed_up(town)
    back = reverse("command") + "?why=ASKED"
    client = client_of(town.county_dispatcher)
    url = reverse("case_move", args=[case.pk, "dispatch"])
    answer = client.post(url, {"unit": town.housing.pk, "next": back, "seen": case.n_entries})
    case.refresh_from_db()
    assert (answer.status_code, answer.url) == (302, back)
    assert case.lead == town.housing
    assert case.number in client.get(reverse("command")).content.decode()  # until it is done


def test_the_ladder_stands_on_the_case_page_and_on_the_residents(town):
    (case,) = passed_up(town)
    staff = page(town.intake, "case", kwargs={"pk": case.pk}).content.decode()
    link = town.link(case.reports.get().report)
    resident = Client().get(reverse("track", args=[link])).content.decode()
    for shown in (staff, resident):
        assert "本级办不了，上报上一级：需要上级资金" in shown
        assert shown.count('class="rung ') == 2
        assert town.county.short_name in shown
    assert "街道没有这笔钱" not in resident  # the note beside it is the office's


@pytest.mark.requirement("X38")
def test_a_line_of_work_has_its_view_for_its_office(town):
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    shown = page(town.city_handler, "sector", kwargs={"code": "ENVIRONMENT"}).content.decode()
    assert case.number in shown
    assert "移交" in shown
    elsewhere = page(town.handler, "sector", kwargs={"code": "ENVIRONMENT"}).content.decode()
    assert case.number not in elsewhere
    assert "环境整治" in page(town.city_handler, "sectors").content.decode()


@pytest.mark.requirement("X33")
def test_every_grid_shows_its_way_up_and_down_and_where_nobody_sits(town):
    shown = page(town.county_chief, "grid_routes").content.decode()
    assert "费雨晴" in shown  # the community's desk
    only = page(town.county_chief, "grid_routes", gaps="1").content.decode()
    assert "没有受理员、没有派遣员" in only
    assert town.grid.short_name not in only


@pytest.mark.requirement("X33")
def test_the_command_counts_grids_with_a_gap(town):
    said = StringIO()
    with pytest.raises(CommandError, match="without people"):
        call_command("cases", "routes", stdout=said)
    assert said.getvalue().splitlines()[-1] == "grids=6 whole=2 gaps=4"


@pytest.mark.requirement("Z13")
def test_the_security_administrator_edits_a_duty_list_and_everybody_reads_it(town):
    client = client_of(town.security)
    tomorrow = date.today() + timedelta(days=1)
    client.post(
        reverse("duty_new"),
        {"unit": town.street.code, "category": "LIFT_AGEING", "text": "老旧电梯更新的组织",
         "valid_from": tomorrow.isoformat(), "source": "章府办〔2026〕9号", "why": "下放"},
    )  # fmt: skip
    row = DutyItem.objects.get(unit=town.street, category="LIFT_AGEING")
    assert (row.valid_from, row.is_default) == (tomorrow, False)
    assert "老旧电梯更新的组织" in page(town.worker, "duty_lists").content.decode()
    client.post(reverse("duty_end", args=[row.pk]), {"until": tomorrow, "why": "误加"})
    row.refresh_from_db()
    assert row.valid_to == row.valid_from


@pytest.mark.requirement("X38")
def test_the_security_administrator_sets_a_line_of_work(town):
    sent = {
        "code": "SAFETY", "name": "安全生产", "unit": town.county.code, "office": "区住建局",
        "categories": ["FIRE_LANE"], "valid_from": date.today().isoformat(), "source": "测试",
        "why": "新设",
    }  # fmt: skip
    client_of(town.security).post(reverse("sector_new"), sent)
    row = Sector.objects.get(code="SAFETY")
    assert (row.office, row.categories) == (town.housing, ["FIRE_LANE"])


def test_the_limit_of_a_rung_is_set_for_a_level_and_for_no_other_step(town):
    sent = {
        "step": "RUNG", "amount": "2", "time_unit": "WORKING_DAYS", "unit": town.county.code,
        "level": "TOWNSHIP", "valid_from": date.today().isoformat(), "source": "测试",
        "why": "提速",
    }  # fmt: skip
    client = client_of(town.security)
    client.post(reverse("limit_new"), sent)
    assert Limit.objects.get(unit=town.county, step="RUNG").level == "TOWNSHIP"
    refused = client.post(reverse("limit_new"), sent | {"step": "FILE"})
    assert "要写明是哪一级" in refused.content.decode()


@pytest.mark.requirement("Z13")
def test_a_posted_officer_appears_in_the_dispatch_list_of_the_street_by_name_and_department(town):
    post = town.city_handler.posts.get()
    today = date.today()
    client_of(town.security).post(
        reverse("post_officer", args=[post.pk]),
        {"street": town.street.code, "since": today.isoformat(), "why": "执法下沉"},
    )
    case, client = town.case(status="FILED"), client_of(town.dispatcher)
    url = reverse("case_move", args=[case.pk, "dispatch"])
    shown = client.get(url).content.decode()
    assert f"{town.city_handler.name}（{town.city_bureau.short_name}）" in shown
    client.post(
        url, {"unit": f"{town.city_bureau.pk}:{town.city_handler.pk}", "seen": case.n_entries}
    )
    case.refresh_from_db()
    assert (case.lead, case.lead_person) == (town.city_bureau, town.city_handler)
    client_of(town.security).post(
        reverse("officer_recall", args=[post.pk]), {"until": today.isoformat(), "why": "期满"}
    )
    other = town.case(status="FILED")
    shown = client.get(reverse("case_move", args=[other.pk, "dispatch"])).content.decode()
    assert town.city_handler.name not in shown
