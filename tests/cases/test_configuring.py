"""Changing the rules a county works by: from a day on, with who and why."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from shaodao.cases import actions, policy
from shaodao.cases.actions import configuring
from shaodao.cases.actions.configuring import NewLimit, NewRoute
from shaodao.cases.models import Limit, Route
from shaodao.cases.policy import Status, Step, Target
from shaodao.cases.queries import routing_of
from shaodao.cases.rules import rules
from shaodao.cores.worktime import TimeUnit
from shaodao.people.models import AccountEntry, Parameter
from shaodao.people.policy import AccountRefused
from shaodao.reports.models import Category
from tests.sessions import sign_in
from tests.town import MONDAY

TODAY = MONDAY.date()
HOUR = timedelta(hours=1)


@pytest.fixture
def root_security(town):
    """A security administrator of the whole tree."""
    town.security.posts.update(unit=town.prefecture)
    return town.security


def an_hour(town, **given):
    values = {
        "step": Step.FILE, "amount": 1, "time_unit": TimeUnit.NATURAL_HOURS, "valid_from": TODAY,
        "source": "章数〔2026〕1号", "unit": town.county,
    }  # fmt: skip
    return NewLimit(**{**values, **given})


def set_hour(town, **given):
    return configuring.set_limit(
        new=an_hour(town, **given), actor=town.security, at=MONDAY, why="提速"
    )


def test_a_limit_changed_today_moves_no_running_case(town):
    before = town.case(at=MONDAY)
    due_at = before.due_at
    set_hour(town)
    before.refresh_from_db()
    assert before.due_at == due_at
    assert before.clocks.get(step="FILE").due_at == due_at
    after = town.case(at=MONDAY)
    assert after.due_at == MONDAY + HOUR


def test_a_limit_from_tomorrow_holds_from_tomorrow(town):
    set_hour(town, valid_from=TODAY + timedelta(days=1))
    assert town.case(at=MONDAY).due_at != MONDAY + HOUR
    tuesday = MONDAY + timedelta(days=1)
    assert town.case(at=tuesday).due_at == tuesday + HOUR


def test_a_new_limit_closes_the_one_it_replaces_and_rewrites_nothing(town):
    first = set_hour(town)
    second = set_hour(town, amount=2, valid_from=TODAY + timedelta(days=7))
    first.refresh_from_db()
    assert (first.amount, first.valid_to) == (1, second.valid_from)
    entry = AccountEntry.objects.order_by("-seq").first()
    assert entry.facts["closed"] == [first.pk]
    assert (entry.name, entry.why, entry.actor) == ("set_limit", "提速", town.security)


def test_a_limit_of_one_county_leaves_its_neighbour_alone(town):
    set_hour(town)
    elsewhere = town.case(at=MONDAY, lon=town.inside(town.village_grid)[0],
                          lat=town.inside(town.village_grid)[1])  # fmt: skip
    assert elsewhere.due_at != MONDAY + HOUR


@pytest.mark.parametrize("who", ["admin", "auditor", "chief", "county_chief", "worker"])
def test_only_the_security_administrator_sets_limits(town, who):
    with pytest.raises(AccountRefused):
        configuring.set_limit(
            new=an_hour(town), actor=getattr(town, who), at=MONDAY, why="试"
        )  # fmt: skip
    assert not Limit.objects.filter(unit=town.county).exists()


@pytest.mark.parametrize(
    "given",
    [{"valid_from": TODAY - timedelta(days=1)}, {"amount": 0}, {"amount": 100_000}],
)
def test_a_limit_in_the_past_or_out_of_reason_is_refused(town, given):
    with pytest.raises(AccountRefused):
        set_hour(town, **given)


def test_nobody_sets_a_limit_for_an_area_that_is_not_theirs(town):
    for unit in (None, town.other_county):
        with pytest.raises(AccountRefused):
            set_hour(town, unit=unit)


def test_the_last_general_limit_cannot_be_ended_and_a_narrower_one_can(town, root_security):
    general = Limit.objects.get(step=Step.FILE, category=None, unit=None, is_hazard=False)
    with pytest.raises(AccountRefused):
        configuring.end_limit(limit=general, until=TODAY, actor=root_security, at=MONDAY, why="试")
    narrow = set_hour(town)
    configuring.end_limit(limit=narrow, until=TODAY, actor=root_security, at=MONDAY, why="试点结束")
    assert town.case(at=MONDAY).due_at != MONDAY + HOUR


def test_a_route_from_a_day_on_sends_cases_another_way(town):
    case = town.case(Status.FILED)
    assert town.city_bureau.pk not in _candidates(case)
    configuring.set_route(
        new=NewRoute(
            target=Target.UNIT, to=town.city_bureau, category=case.category, unit=town.county,
            valid_from=TODAY, source="三定方案",
        ),
        actor=town.security, at=MONDAY, why="职责划转",
    )  # fmt: skip
    assert town.city_bureau.pk in _candidates(case)
    row = Route.objects.get(to=town.city_bureau, category=case.category, unit=town.county)
    configuring.end_route(route=row, until=TODAY, actor=town.security, at=MONDAY, why="改回")
    assert town.city_bureau.pk not in _candidates(case)


def _candidates(case):
    return {one.unit_id for one in routing_of(case, at=MONDAY).candidates}


def test_a_route_to_a_named_unit_names_it_and_no_other_does(town):
    for target, to in ((Target.UNIT, None), (Target.GRID, town.city_bureau)):
        with pytest.raises(AccountRefused):
            configuring.set_route(
                new=NewRoute(target=target, to=to, valid_from=TODAY, source="x", unit=town.county),
                actor=town.security, at=MONDAY, why="试",
            )  # fmt: skip


def test_a_category_that_wants_an_after_photo_wants_it_from_now_on(town, root_security):
    Category.objects.filter(pk="ROAD_DAMAGE").update(needs_after_photo=False)
    case = town.case(Status.HANDLING)
    configuring.set_category(
        category=case.category, keep_days=400, needs_after_photo=True, is_hazard=False,
        is_offered=True, actor=root_security, at=MONDAY, why="返工太多",
    )  # fmt: skip
    assert rules().categories[case.category_id].keep_days == 400
    with pytest.raises(policy.MoveRefused):
        actions.move(
            case=case, name="handle", actor=town.handler, at=MONDAY + HOUR, reply="修好了",
            solved_by="CADRE", outcome=town.outcome(), quantity=1,
        )  # fmt: skip
    entry = AccountEntry.objects.order_by("-seq").first()
    assert entry.facts["after"]["keep_days"] == 400
    assert entry.facts["before"]["needs_after_photo"] is False


def test_a_county_does_not_change_a_category_everybody_shares(town):
    with pytest.raises(AccountRefused):
        configuring.set_category(
            category=town.category("ROAD_DAMAGE"), keep_days=400, needs_after_photo=True,
            is_hazard=False, is_offered=True, actor=town.security, at=MONDAY, why="试",
        )  # fmt: skip


@pytest.mark.requirement("X17")
def test_what_counts_as_a_small_matter_is_a_row_with_a_date(town):
    code = Category.objects.exclude(
        pk__in=Parameter.objects.filter(name="small_matter").values("subject")
    ).first()
    configuring.set_small_matter(
        category=code, is_small=True, unit=town.county, valid_from=TODAY, source="章数〔2026〕2号",
        actor=town.security, at=MONDAY, why="群众意见",
    )  # fmt: skip
    row = Parameter.objects.get(name="small_matter", subject=code.pk)
    assert (row.value, row.valid_from) == ("1", TODAY)


# ---- the pages -----------------------------------------------------------------------------

PAGES = ("limits", "routes", "parameters", "categories")


@pytest.mark.parametrize("name", PAGES)
def test_all_staff_read_the_rules_and_only_security_is_offered_to_change_them(town, client, name):
    sign_in(client, town.worker)
    shown = client.get(reverse(name)).content.decode()
    assert "出厂默认" in shown or name == "categories"
    assert "/new/" not in shown
    assert client.get(reverse("limit_new")).status_code == 403
    sign_in(client, town.security)
    assert 'class="button' in client.get(reverse(name)).content.decode()


def test_a_limit_is_set_and_ended_on_the_pages(town, client):
    sign_in(client, town.security)
    given = {
        "step": "FILE", "amount": "2", "time_unit": "WORKING_HOURS", "unit": "章贡区",
        "valid_from": "2099-01-01", "source": "章数〔2026〕1号", "why": "提速", "category": "",
    }  # fmt: skip
    page = reverse("limit_new")
    assert client.post(page, given | {"unit": ""}).status_code == 200  # only the root sets that
    assert "早于今天" in client.post(page, given | {"valid_from": "2020-01-01"}).content.decode()
    assert client.post(page, given)["Location"] == reverse("limits")
    row = Limit.objects.get(unit=town.county, step="FILE")
    assert row.valid_from == date(2099, 1, 1)
    assert "待生效" in client.get(reverse("limits")).content.decode()
    end = client.post(reverse("limit_end", args=[row.pk]), {"until": "2099-06-01", "why": "结束"})
    assert end["Location"] == reverse("limits")


def test_a_route_a_number_and_a_small_matter_are_set_on_the_pages(town, client):
    sign_in(client, town.security)
    common = {"unit": "章贡区", "valid_from": "2099-01-01", "source": "依据", "why": "试"}
    route = {"target": "UNIT", "to": "区城管局", "rank": "1", "category": "ROAD_DAMAGE"}
    assert client.post(reverse("route_new"), common | route).status_code == 302
    page = reverse("parameter_set", args=["report_photos"])
    assert "1 到 9" in client.post(page, common | {"value": "99"}).content.decode()
    assert client.post(page, common | {"value": "4"}).status_code == 302
    page = reverse("small_matter", args=["ROAD_DAMAGE"])
    assert client.post(page, common | {"is_small": "on"}).status_code == 302
    assert Parameter.objects.filter(unit=town.county).count() == 2


def test_the_auditor_sees_who_looked_and_what_for_but_never_what_they_saw(town, client):
    taken = town.taken(name="温如玉", phone="13711112222")
    actions.unmask(
        case=taken.case, report=taken.report, purpose="CALL", actor=town.intake, at=MONDAY
    )
    sign_in(client, town.auditor)
    shown = client.get(reverse("looks")).content.decode()
    assert town.intake.name in shown
    assert taken.case.number in shown
    assert "联系反映人核实情况" in shown
    assert "温如玉" not in shown
    assert "13711112222" not in shown


def test_the_rule_pages_ask_the_same_number_of_questions_however_many_rows(
    town, client, django_assert_max_num_queries
):
    sign_in(client, town.security)
    for name in PAGES:
        client.get(reverse(name))
        with django_assert_max_num_queries(14):
            client.get(reverse(name))
