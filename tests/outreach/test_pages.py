"""The pages of announcements, calls, visits and rounds, asked for as their readers do."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.outreach import actions
from shaodao.outreach.models import Announcement, Call, DoorPhone, Round, Visit
from shaodao.outreach.queries import token_of
from shaodao.places.models import Need
from tests.sessions import sign_in
from tests.town import Town


def client_of(user) -> Client:
    return sign_in(Client(), user)


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as made:
        assert client.get(url).status_code == 200
    return len(made)


def fields(town: Town, **changed) -> dict:
    return {
        "key": str(uuid4()),
        "title": "明天上午采样",
        "text": "请互相转告。",
        "begins_at": "2026-12-01T09:00",
        "ends_at": "2026-12-01T11:00",
        "place": "农贸市场东门",
        "papers": "身份证、户口本",
        "unit": town.community.pk,
        "areas": [town.grid.pk],
        **changed,
    }


@pytest.fixture
def sent(town: Town) -> Announcement:
    words = actions.Words(title="停水通知", text="请提前接水。", place="全小区")
    row = actions.announce(
        key=uuid4(), words=words, unit=town.community, areas=[town.grid], compounds=[],
        actor=town.community_desk, at=timezone.now(),
    )  # fmt: skip
    name, at = "send", timezone.now()
    return actions.move(announcement=row, name=name, actor=town.community_desk, at=at)


def test_a_draft_shows_whom_it_would_reach_before_anybody_is_told(town: Town):
    Need.objects.create(household=town.household, tag="WALKING")
    client = client_of(town.community_desk)
    given = fields(town, visit_needs=["WALKING"], visit_service="上门采样")
    response = client.post(reverse("announcement_new"), given, follow=True)
    page = response.content.decode()
    assert "发出后会通知到" in page
    assert "上门采样" in page
    assert not Call.objects.exists()
    row = Announcement.objects.get()
    client.post(reverse("announcement_move", args=[row.pk, "send"]))
    assert Call.objects.count() == 10
    assert "没联系上" in client.get(reverse("announcement", args=[row.pk])).content.decode()


def test_a_fault_keeps_what_was_typed_and_names_the_field(town: Town):
    client = client_of(town.community_desk)
    response = client.post(reverse("announcement_new"), fields(town, areas=[], title=""))
    page = response.content.decode()
    assert response.status_code == 422
    assert "农贸市场东门" in page
    assert "标题" in page


def test_areas_of_another_street_cannot_be_chosen(town: Town):
    client = client_of(town.community_desk)
    given = fields(town, areas=[town.far_grid.pk])
    assert client.post(reverse("announcement_new"), given).status_code == 422
    assert not Announcement.objects.exists()


def test_a_worker_marks_a_door_on_the_phone_and_the_desk_sees_who_was_not_reached(town, sent):
    worker, desk = client_of(town.worker), client_of(town.community_desk)
    assert "停水通知" in worker.get(reverse("calls")).content.decode()
    call = Call.objects.filter(announcement=sent, worker=town.worker).first()
    headers = {"Accept": "application/json"}
    url = reverse("call_mark", args=[call.pk])
    answer = worker.post(url, {"result": "no_answer", "note": "晚上再打"}, headers=headers)
    assert "没联系上" in answer.json()["html"]
    assert "晚上再打" in worker.get(reverse("calls")).content.decode()
    url = reverse("announcement_calls", args=[sent.pk])
    page = desk.get(url).content.decode()
    assert town.worker.name in page
    assert "没人接" in page
    assert "没有这样的户" in desk.get(f"{url}?state=REACHED").content.decode()


@pytest.mark.requirement("X18")
def test_a_number_shows_masked_until_somebody_asks_for_it(town, sent):
    client = client_of(town.worker)
    url = reverse("door_phone", args=[town.household.pk])
    assert client.post(url, {"phone": "13900001234"}).status_code == 422  # no consent
    client.post(url, {"phone": "13900001234", "consent": "on"})
    assert DoorPhone.objects.get().household == town.household
    page = client.get(reverse("calls")).content.decode()
    assert "13900001234" not in page
    call = Call.objects.get(announcement=sent, household=town.household)
    shown = client.post(reverse("call_phone", args=[call.pk]), headers={"HX-Request": "true"})
    assert "tel:13900001234" in shown.content.decode()
    told = Client().get(reverse("told", args=[token_of(call)])).content.decode()
    assert town.worker.name in told  # the household sees who looked


@pytest.mark.requirement("X19")
def test_a_household_reads_its_link_without_logging_in_and_says_it_knows(town, sent):
    call = Call.objects.filter(announcement=sent).first()
    url = reverse("told", args=[token_of(call)])
    page = Client().get(url).content.decode()
    assert "停水通知" in page
    assert "全小区" in page
    assert "已经告诉网格员" in Client().post(url).content.decode()
    call.refresh_from_db()
    assert call.state == "REACHED"


def test_a_link_that_was_made_up_opens_nothing(town, sent):
    assert Client().get(reverse("told", args=["1:abc"])).status_code == 404


def test_visits_are_planned_into_a_round_printed_and_marked(town):
    client = client_of(town.worker)
    given = {"household": town.household.pk, "reason": "看望老人", "opens": "09:00"}
    client.post(reverse("visit_new"), given)
    visit = Visit.objects.get()
    assert "看望老人" in client.get(reverse("visits")).content.decode()
    day = (timezone.localdate() + timedelta(days=1)).isoformat()
    answer = client.post(reverse("round_plan"), {"day": day, "leaves": "09:00"}, follow=True)
    assert "看望老人" in answer.content.decode()
    assert Round.objects.get().worker == town.worker
    assert "看望老人" in client.get(reverse("round_sheet", args=[day])).content.decode()
    client.post(reverse("visit_mark", args=[visit.pk]), {"name": "done", "back": "round"})
    visit.refresh_from_db()
    assert visit.state == "DONE"
    assert client_of(town.worker2).get(reverse("round", args=[day])).status_code == 404


def test_pages_take_as_many_queries_for_one_door_as_for_many(town, sent):
    first = Call.objects.filter(announcement=sent, worker=town.worker).first()
    actions.mark(call=first, result="phone", actor=town.worker, at=timezone.now())
    own, all_of_it = reverse("calls"), reverse("announcement_calls", args=[sent.pk])
    for user, url in ((town.worker, own), (town.community_desk, all_of_it)):
        client = client_of(user)
        client.get(url)  # what is read once for a process has been read
        one, many = (queries_of(client, f"{url}?state={state}") for state in ("REACHED", "WAITING"))
        assert one == many
