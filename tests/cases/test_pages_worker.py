"""A worker's phone: the day, rounds, what they write down for others; and who carries how much."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions
from shaodao.cases.models import Case, Patrol
from shaodao.cases.policy import Status
from shaodao.reports.models import Report
from shaodao.reports.policy import Channel, PlaceBy
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def now():
    return timezone.now()


def text_of(response) -> str:
    return re.sub(r"<[^>]+>|\s+", "", response.content.decode())


def an_order(town, **said):
    """A small matter: it goes straight to the grid's worker."""
    return town.taken(at=now() - HOUR, category="RUBBISH_HEAP", **said).case


def today(client):
    page = client.get(reverse("today"))
    assert page.status_code == 200
    return page.content.decode()


# ---- the day ---------------------------------------------------------------------------------


@pytest.mark.requirement("X30")
def test_orders_wait_with_their_countdown_and_one_tap_accepts(client, town):
    case = an_order(town)
    assert case.holder_person == town.worker
    sign_in(client, town.worker)
    page = today(client)
    assert "等我接单" in page
    assert f'id="case-{case.pk}"' in page
    assert "data-countdown" in page
    done = client.post(
        reverse("case_move", args=[case.pk, "accept"]),
        {"seen": case.n_entries, "next": reverse("today")},
    )
    assert done["Location"] == reverse("today")
    page = today(client)
    assert "手上在办" in page
    assert reverse("case_move", args=[case.pk, "arrive"]) in page


def test_after_arriving_the_thumb_reaches_the_camera(client, town):
    case = an_order(town)
    for name in ("accept", "arrive"):
        actions.move(case=case, name=name, actor=town.worker, at=now())
    sign_in(client, town.worker)
    page = today(client)
    assert reverse("case_move", args=[case.pk, "arrive"]) not in page
    assert reverse("case_move", args=[case.pk, "handle"]) in page
    form = client.get(reverse("case_move", args=[case.pk, "handle"])).content.decode()
    assert 'capture="environment"' in form


def test_an_order_named_for_one_worker_is_not_anothers(client, town):
    case = an_order(town)
    sign_in(client, town.worker2)
    assert f'id="case-{case.pk}"' not in today(client)


@pytest.mark.requirement("X15")
def test_declining_sends_the_order_to_the_next_worker(client, town):
    case = an_order(town)
    sign_in(client, town.worker)
    url = reverse("case_move", args=[case.pk, "pass_back"])
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"note": "今天在外地"}).status_code == 302
    case.refresh_from_db()
    assert case.lead_person == town.worker2
    sign_in(client, town.worker2)
    assert f'id="case-{case.pk}"' in today(client)


def test_checks_and_verifications_wait_for_those_who_do_them(client, town):
    checking = town.case(Status.CHECKING, at=now() - HOUR)
    handled = town.case(Status.HANDLED, at=now() - HOUR)
    sign_in(client, town.worker)
    assert reverse("case_move", args=[checking.pk, "report_check"]) in today(client)
    sign_in(client, town.verifier)
    page = today(client)
    assert reverse("case_move", args=[handled.pk, "verify"]) in page
    assert reverse("case_move", args=[handled.pk, "rework"]) in page


def test_helping_waits_until_the_unit_has_told_what_it_did(client, town):
    case = town.case(Status.HANDLING, at=now() - HOUR)
    unit = town.water
    actions.move(case=case, name="add_helper", actor=town.county_dispatcher, at=now(), unit=unit)
    sign_in(client, town.water_handler)
    url = reverse("case_move", args=[case.pk, "contribute"])
    assert url in today(client)
    client.post(url, {"note": "阀门已关"})
    assert url not in today(client)


@pytest.mark.requirement("X32")
def test_the_week_has_rounds_and_walking_one_is_one_tap(client, town):
    actions.plan(at=now())
    patrol = Patrol.objects.filter(worker=town.worker).first()
    sign_in(client, town.worker)
    assert patrol.subject in today(client)
    url = reverse("patrol_done", args=[patrol.pk])
    for n_found in (2, 5):
        assert client.post(url, {"n_found": n_found}).status_code == 302
    patrol.refresh_from_db()
    assert patrol.n_found == 2  # a second tap changes nothing
    assert "发现2处" in text_of(client.get(reverse("today")))


def test_a_round_of_somebody_else_stays_theirs(client, town):
    actions.plan(at=now())
    patrol = Patrol.objects.filter(worker=town.worker2).first()
    sign_in(client, town.worker)
    client.post(reverse("patrol_done", args=[patrol.pk]), {"n_found": 1})
    patrol.refresh_from_db()
    assert patrol.done_at is None
    far = Patrol.objects.filter(worker=town.village_worker).first()
    assert client.post(reverse("patrol_done", args=[far.pk])).status_code == 404


@pytest.mark.requirement("X14")
def test_my_numbers_tell_how_fast_i_accepted_and_arrived(client, town):
    case = an_order(town)
    at = now() - HOUR + timedelta(minutes=7)
    actions.move(case=case, name="accept", actor=town.worker, at=at)
    actions.move(case=case, name="arrive", actor=town.worker, at=at + timedelta(minutes=13))
    sign_in(client, town.worker)
    said = text_of(client.get(reverse("today")))
    assert "接单用时7分钟1件，按时100%" in said
    assert "到场用时20分钟1件，按时100%" in said


def test_a_full_day_costs_as_many_queries_as_a_quiet_one(client, town):
    an_order(town)
    sign_in(client, town.worker)
    today(client)
    with CaptureQueriesContext(connection) as quiet:
        today(client)
    for _ in range(8):
        an_order(town)
    with CaptureQueriesContext(connection) as full:
        today(client)
    assert len(full) == len(quiet)


# ---- writing down for others -----------------------------------------------------------------


def written(**given):
    return {"key": str(uuid4()), "channel": "ON_BEHALF", "text": "楼下路灯不亮", **given}


def test_a_worker_writes_down_for_somebody_and_is_named(client, town):
    sign_in(client, town.worker)
    grid = town.grids[town.grid.code]
    done = client.post(reverse("new_case"), written(grid=grid.pk, name="老张", phone="13800000001"))
    case = Case.objects.latest("pk")
    assert done["Location"] == reverse("case", args=[case.pk])
    report = case.reports.get().report
    assert (report.by, report.channel, report.place) == (town.worker, "ON_BEHALF", PlaceBy.GRID)


def test_sending_the_form_twice_makes_one_case(client, town):
    sign_in(client, town.worker)
    said = written(grid=town.grids[town.grid.code].pk, looked="1")
    first, second = (client.post(reverse("new_case"), said) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Report.objects.filter(key=said["key"]).count() == 1


@pytest.mark.requirement("X24")
def test_for_a_household_the_place_is_its_home(client, town):
    sign_in(client, town.worker)
    home = town.household
    client.post(reverse("new_case"), written(household=home.pk, category="SMALL_REPAIR"))
    case = Case.objects.latest("pk")
    assert (case.household_id, case.lead_person) == (home.pk, town.worker)


def test_doors_go_by_role(client, town):
    for user, doors in (
        (town.worker, {"ON_BEHALF", "PATROL"}),
        (town.intake, {"PHONE"}),
        (town.verifier, {"PATROL"}),
    ):
        sign_in(client, user)
        page = client.get(reverse("new_case")).content.decode()
        assert set(re.findall(r'name="channel" value="(\w+)"', page)) == doors
    for user in (town.leader, town.handler):
        sign_in(client, user)
        assert client.get(reverse("new_case")).status_code == 404


def test_nobody_brings_in_by_a_door_that_is_not_theirs(client, town):
    sign_in(client, town.intake)
    refused = client.post(reverse("new_case"), written(channel="PATROL", address="翠竹小区"))
    assert refused.status_code == 422


@pytest.mark.requirement("X32")
def test_what_a_round_found_is_told_from_complaints(client, town):
    sign_in(client, town.worker)
    grid = town.grids[town.grid.code]
    client.post(reverse("new_case"), written(channel="PATROL", grid=grid.pk))
    assert Case.objects.latest("pk").channel == Channel.PATROL


def test_an_address_typed_offers_the_buildings_it_may_mean(client, town):
    building = town.building
    sign_in(client, town.intake)
    said = written(channel="PHONE", address=building.address)
    look = client.post(reverse("new_case"), said)
    assert look.status_code == 200
    assert f'name="building" value="{building.pk}"' in look.content.decode()
    assert Report.objects.filter(key=said["key"]).count() == 0
    done = client.post(reverse("new_case"), {**said, "building": building.pk, "looked": "1"})
    assert done.status_code == 302
    assert Case.objects.latest("pk").reports.get().report.building_id == building.pk


@pytest.mark.requirement("Z39")
def test_the_same_matter_is_offered_and_joined(client, town):
    lon, lat = town.inside()
    case = town.case(
        Status.RECEIVED, at=now() - HOUR, text="翠竹小区门口路灯不亮", lon=lon, lat=lat
    )
    sign_in(client, town.intake)
    said = written(channel="PHONE", lon=lon, lat=lat, text="小区门口路灯不亮")
    look = client.post(reverse("new_case"), said)
    assert case.number in look.content.decode()
    client.post(reverse("new_case"), {**said, "join": case.pk, "looked": "1"})
    case.refresh_from_db()
    assert case.n_reports == 2
    assert {link.report.channel for link in case.reports.all()} == {"WEB", "PHONE"}


def test_a_refusal_keeps_words_and_pictures(client, town, settings):
    sign_in(client, town.intake)
    picture = (settings.MEDIA_ROOT / town.picture().file).read_bytes()
    said = written(channel="PHONE", text="说不清在哪里")
    refused = client.post(
        reverse("new_case"), {**said, "photos": SimpleUploadedFile("a.jpg", picture)}
    )
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "请说明地点" in page
    assert "说不清在哪里" in page
    kept = re.search(r'name="photos_kept" value="([^"]+)"', page)[1]
    client.post(
        reverse("new_case"),
        {**said, "photos_kept": kept, "grid": town.grids[town.grid.code].pk, "looked": "1"},
    )
    assert Case.objects.latest("pk").reports.get().report.photos.count() == 1


# ---- the load --------------------------------------------------------------------------------


@pytest.mark.requirement("X45")
def test_with_the_weeks_rounds_planned_nobody_is_without_a_task(client, town):
    sign_in(client, town.county_chief)
    empty = text_of(client.get(reverse("workload")))
    assert "没有任务的8人" in empty
    actions.plan(at=now())
    assert "没有任务的0人" in text_of(client.get(reverse("workload")))


@pytest.mark.requirement("X30")
def test_the_load_of_each_worker_is_visible_and_its_evenness_is_a_number(client, town):
    actions.plan(at=now())
    n_rounds = Patrol.objects.filter(worker=town.worker).count()
    sign_in(client, town.county_chief)
    assert "不均衡指数0.00" in text_of(client.get(reverse("workload")))
    for _ in range(4):
        an_order(town)
    page = client.get(reverse("workload")).content.decode()
    row = page[page.index(f">{town.worker.name}<") :].split("</tr>")[0]
    assert [int(n) for n in re.findall(r'"num[^>]*>(\d+)</td>', row)][:3] == [4 + n_rounds, 4, 0]
    # Eight workers with n rounds each, one of them with four orders more.
    mean = n_rounds + 0.5
    deviation = ((3.5**2 + 7 * 0.5**2) / 8) ** 0.5
    assert f"不均衡指数{deviation / mean:.2f}" in re.sub(r"<[^>]+>|\s+", "", page)


def test_the_load_shows_only_workers_under_my_posts(client, town):
    sign_in(client, town.chief)
    page = client.get(reverse("workload")).content.decode()
    assert town.grid.short_name in page
    assert town.village_grid.short_name not in page
    assert town.far_grid.short_name not in page
    narrowed = client.get(reverse("workload"), {"unit": town.other_community.pk}).content.decode()
    assert town.grid.short_name not in narrowed
    assert town.other_grid.short_name in narrowed
