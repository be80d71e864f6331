"""The desk: the queue as the URL asks for it, on the map the same, and many cases at once."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions, listing
from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from shaodao.reports.policy import Channel
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def now():
    return timezone.now()


def a_case(town, status=Status.RECEIVED, *, ago=2 * HOUR, **said):
    return town.case(status, at=now() - ago, **said)


def queue(client, **query):
    """Return the numbers the desk lists, in their order."""
    page = client.get(reverse("desk"), query)
    assert page.status_code == 200
    return [int(pk) for pk in re.findall(r'data-row data-case="(\d+)"', page.content.decode())]


def test_the_desk_lists_what_waits_for_my_units_first_due_first(client, town):
    late, soon = a_case(town, ago=300 * HOUR), a_case(town)
    sent_away = a_case(town, Status.DISPATCHED)
    lon, lat = town.inside(town.far_grid)
    elsewhere = a_case(town, lon=lon, lat=lat)
    sign_in(client, town.intake)
    assert queue(client) == [late.pk, soon.pk]
    assert sent_away.pk in queue(client, tab="open")
    assert elsewhere.pk not in queue(client, tab="open")


def test_a_stranger_sees_an_empty_desk(client, town):
    a_case(town)
    sign_in(client, town.stranger)
    assert queue(client, tab="open") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "HANDLING"}, {"handling"}),
        ({"due": "late"}, {"old"}),
        ({"due": "ok"}, {"handling"}),
        ({"hazard": "1"}, {"hazard"}),
        ({"channel": "PHONE"}, {"phone"}),
        ({"category": "LIGHTING", "status": "RECEIVED"}, {"new", "old", "hazard", "phone"}),
        ({"category": "WATER_METER"}, set()),
        ({"q": "消防栓漏水"}, {"phone"}),
        ({"q": "栓漏"}, {"phone"}),
        ({"q": "没人说过的话"}, set()),
    ],
)
def test_filters_stand_in_the_url(client, town, query, found):
    named = {
        "new": a_case(town),
        "old": a_case(town, ago=300 * HOUR),
        "phone": a_case(town, channel=Channel.PHONE, text="路口消防栓漏水"),
        "hazard": a_case(town),
        "handling": a_case(town, Status.HANDLING),
    }
    Case.objects.filter(pk=named["hazard"].pk).update(is_hazard=True)
    sign_in(client, town.chief)
    listed = queue(client, tab="open", **query)
    assert {name for name, case in named.items() if case.pk in listed} == found


def test_a_case_is_found_by_its_number_its_serial_and_its_reports_number(client, town):
    case, other = a_case(town), a_case(town)
    report = case.reports.get().report
    sign_in(client, town.chief)
    for text in (case.number, str(case.pk), report.number):
        listed = queue(client, tab="open", q=text)
        assert case.pk in listed
        assert other.pk not in listed


def test_a_unit_narrows_the_queue_to_its_area_or_to_what_it_handles(client, town):
    here, led = a_case(town), a_case(town, Status.HANDLING)
    lon, lat = town.inside(town.other_grid)
    there = a_case(town, lon=lon, lat=lat)
    sign_in(client, town.county_chief)
    assert set(queue(client, tab="open", unit=town.community.pk)) == {here.pk, led.pk}
    assert queue(client, tab="open", unit=town.housing.pk) == [led.pk]
    assert there.pk in queue(client, tab="open", unit=town.street.pk)


@pytest.mark.parametrize(
    "query",
    [
        {"tab": "nonsense", "status": "X", "due": "soon", "unit": "1e9", "category": "?"},
        {"unit": "9" * 40, "sort": "'; DROP TABLE", "after": "zzz"},
        {"q": "\x00' & | ! \\ :*", "channel": "FAX", "hazard": "yes"},
        {"q": "9" * 30},
        {"unit": "²"},
    ],
)
def test_nonsense_in_the_url_is_left_out(client, town, query):
    case = a_case(town)
    sign_in(client, town.intake)
    page = client.get(reverse("desk"), query)
    assert page.status_code == 200
    if "q" not in query:
        assert str(case.pk) in page.content.decode()


def test_sorting_by_age_turns_the_queue(client, town):
    first, second = a_case(town, ago=9 * HOUR), a_case(town, ago=3 * HOUR)
    sign_in(client, town.intake)
    assert queue(client, sort="old") == [first.pk, second.pk]
    assert queue(client, sort="new") == [second.pk, first.pk]


def test_what_is_done_stands_under_its_own_tab(client, town):
    closed, open_one = a_case(town, Status.CLOSED), a_case(town)
    sign_in(client, town.chief)
    assert queue(client, tab="ended") == [closed.pk]
    assert open_one.pk in queue(client, tab="open")


def test_applications_to_decide_have_a_tab(client, town):
    case, other = a_case(town, Status.HANDLING), a_case(town, Status.HANDLING)
    actions.ask(case=case, name="extend", actor=town.handler, at=now(), note="等料")
    sign_in(client, town.chief)
    assert queue(client, tab="approvals") == [case.pk]
    assert other.pk in queue(client, tab="open")


def test_tabs_count_no_further_than_they_show(town, monkeypatch):
    for _ in range(3):
        a_case(town)
    tabs = {tab.name: tab for tab in listing.tabs_of(town.intake, at=now())}
    assert tabs["mine"].shown == "3"
    assert tabs["ended"].shown == ""
    assert listing.Tab("mine", "", listing.MOST_COUNTED + 1).shown == "99+"
    with CaptureQueriesContext(connection) as queries:
        listing.tabs_of(town.intake, at=now())
    counts = [q["sql"] for q in queries if "COUNT" in q["sql"]]
    assert all(f"LIMIT {listing.MOST_COUNTED + 1}" in sql for sql in counts)


def test_the_queue_is_paged_and_keeps_its_filters(client, town, monkeypatch):
    cases = [a_case(town, ago=timedelta(hours=n)) for n in range(1, 6)]
    monkeypatch.setattr(listing, "PAGE", 2)
    sign_in(client, town.intake)
    url, seen = reverse("desk") + "?tab=mine&sort=old", []
    while url:
        page = client.get(url).content.decode()
        seen += [int(pk) for pk in re.findall(r'data-case="(\d+)"', page)]
        after = re.search(r'rel="next" href="([^"]+)"', page)
        url = reverse("desk") + after[1].replace("&amp;", "&") if after else ""
        assert not url or "sort=old" in url
    assert seen == [case.pk for case in reversed(cases)]


def test_fifty_rows_cost_as_many_queries_as_one(client, town):
    a_case(town, Status.HANDLING)
    sign_in(client, town.chief)
    queue(client, tab="open")
    with CaptureQueriesContext(connection) as one:
        assert len(queue(client, tab="open")) == 1
    for _ in range(12):
        a_case(town, Status.HANDLING)
    with CaptureQueriesContext(connection) as many:
        assert len(queue(client, tab="open")) == 13
    assert len(many) == len(one)
    assert len(many) < 30


def test_the_map_asks_for_the_tiles_of_the_same_filters(client, town):
    a_case(town)
    sign_in(client, town.intake)
    page = client.get(reverse("desk"), {"tab": "open", "q": "路口", "after": "x"})
    tiles = re.search(r'data-cases="([^"]+)"', page.content.decode())[1]
    assert tiles.startswith("/cases/tiles/{z}/{x}/{y}.mvt?")
    assert "tab=open" in tiles
    assert "after" not in tiles


def test_htmx_gets_the_queue_alone(client, town):
    case = a_case(town)
    sign_in(client, town.intake)
    part = client.get(reverse("desk"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert case.number in part


def test_rows_say_where_they_are_for_the_map_to_light_up(client, town):
    case = a_case(town)
    sign_in(client, town.intake)
    page = client.get(reverse("desk")).content.decode()
    assert f'data-case="{case.pk}" data-lon="{case.lon:.6f}" data-lat="{case.lat:.6f}"' in page


# ---- many at once ----------------------------------------------------------------------------


def bulk(client, name, cases, **given):
    url = reverse(f"bulk_{name}")
    return client.post(url, {"case": [case.pk for case in cases], **given})


def fates(response):
    page = response.content.decode()
    items = page.split('class="fates"')[1].split("</ul>")[0].split("</li>")[:-1]
    return {int(re.search(r"/cases/(\d+)/", item)[1]): "已办" in item for item in items}


def test_many_are_filed_at_once_and_each_fate_is_told(client, town):
    ready, sent = a_case(town), a_case(town, Status.DISPATCHED)
    sign_in(client, town.intake)
    asked = client.get(reverse("bulk_file"), {"case": [ready.pk, sent.pk]})
    assert ready.number in asked.content.decode()
    done = bulk(client, "file", [ready, sent])
    assert fates(done) == {ready.pk: True, sent.pk: False}
    assert "当前是“待接单”" in done.content.decode()
    ready.refresh_from_db()
    assert ready.status == Status.FILED


def test_many_are_dispatched_each_by_the_routes(client, town):
    cases = [a_case(town, Status.FILED) for _ in range(2)]
    sign_in(client, town.dispatcher)
    done = bulk(client, "dispatch", cases, unit="")
    assert set(fates(done).values()) == {True}
    for case in cases:
        case.refresh_from_db()
        assert case.status == Status.DISPATCHED


def test_many_are_dispatched_to_one_unit(client, town):
    cases = [a_case(town, Status.FILED) for _ in range(2)]
    sign_in(client, town.county_dispatcher)
    bulk(client, "dispatch", cases, unit=town.housing.pk)
    for case in cases:
        case.refresh_from_db()
        assert case.lead_id == town.housing.pk


def test_many_are_merged_into_one_of_them(client, town):
    primary, first, second = a_case(town), a_case(town), a_case(town)
    sign_in(client, town.intake)
    done = bulk(client, "merge", [primary, first, second], primary=primary.pk)
    assert fates(done) == {first.pk: True, second.pk: True}
    primary.refresh_from_db()
    assert primary.n_reports == 3


def test_a_case_out_of_sight_is_left_out_of_many(client, town):
    lon, lat = town.inside(town.village_grid)
    theirs, mine = a_case(town, lon=lon, lat=lat), a_case(town)
    sign_in(client, town.intake)
    done = bulk(client, "file", [theirs, mine])
    assert fates(done) == {mine.pk: True}
    theirs.refresh_from_db()
    assert theirs.status == Status.RECEIVED


def test_choosing_nothing_leads_back(client, town):
    sign_in(client, town.intake)
    page = client.get(reverse("bulk_file"), {"case": ["x", "-1", "9" * 30]})
    assert page.status_code == 200
    assert "还没有勾选案件" in page.content.decode()


def test_buttons_for_many_go_by_role(client, town):
    a_case(town, Status.FILED)
    sign_in(client, town.dispatcher)
    page = client.get(reverse("desk")).content.decode()
    assert reverse("bulk_dispatch") in page
    assert reverse("bulk_file") not in page
    sign_in(client, town.leader)
    assert "bulk/" not in client.get(reverse("desk"), {"tab": "open"}).content.decode()
