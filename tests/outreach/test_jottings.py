"""Results written down at a door without a network: each counts once, none is lost, none unseen."""

from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.outreach import actions, policy
from shaodao.outreach.models import Call, Jotting, Visit
from tests.sessions import sign_in
from tests.town import MONDAY, Town

HOUR = timedelta(hours=1)


@pytest.fixture
def visit(town: Town) -> Visit:
    home, worker = town.household, town.worker
    return actions.plan_visit(household=home, reason="看望老人", actor=worker, at=MONDAY)


def taken(visit: Visit, name: str, actor, *, at=MONDAY + HOUR, **said) -> Jotting:
    said = actions.Said(**{"key": uuid4(), "name": name, "seen": visit.stamp} | said)
    return actions.take(row=visit, said=said, actor=actor, at=at)


@pytest.mark.requirement("X20")
def test_a_result_that_is_sent_twice_counts_once(town: Town, visit: Visit):
    key = uuid4()
    for _ in range(3):
        taken(visit, "nobody_home", town.worker, key=key, ago=timedelta(minutes=40))
    visit.refresh_from_db()
    assert (visit.state, visit.n_tries) == ("NOBODY_HOME", 1)
    assert visit.at == MONDAY + timedelta(minutes=20)  # when it was said, not when it came
    assert Jotting.objects.count() == 1


@pytest.mark.requirement("X20")
def test_a_result_that_arrives_twice_at_once_counts_once(town_committed):
    town = town_committed
    visit = actions.plan_visit(
        household=town.household, reason="看望老人", actor=town.worker, at=MONDAY
    )
    key, start, made = uuid4(), Barrier(2), []

    def send():
        start.wait()
        try:
            made.append(taken(visit, "nobody_home", town.worker, key=key))
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    visit.refresh_from_db()
    assert made[0] == made[1]
    assert (visit.n_tries, Jotting.objects.count()) == (1, 1)


def test_what_somebody_else_wrote_meanwhile_stands_and_the_late_one_is_kept_beside(town, visit):
    taken(visit, "done", town.worker2, at=MONDAY + HOUR)
    late = taken(visit, "nobody_home", town.worker, at=MONDAY + 2 * HOUR, note="敲门没人应")
    visit.refresh_from_db()
    assert (visit.state, visit.n_tries) == ("DONE", 1)
    assert late.fate == policy.Fate.ASIDE
    assert f"{town.worker2.name}在 " in late.why
    assert late.note == "敲门没人应"
    seen = visit.stamp
    taken(visit, "again", town.worker, at=MONDAY + 3 * HOUR, seen=seen)  # having seen it
    visit.refresh_from_db()
    assert visit.state == "PLANNED"


def test_the_same_result_of_two_people_is_agreement_and_counts_once(town: Town, visit: Visit):
    taken(visit, "done", town.worker2)
    late = taken(visit, "done", town.worker, at=MONDAY + 2 * HOUR)
    visit.refresh_from_db()
    assert (late.fate, visit.n_tries) == (policy.Fate.AGREED, 1)


def test_ones_own_results_follow_one_another_though_the_page_is_old(town: Town, visit: Visit):
    old = visit.stamp
    taken(visit, "nobody_home", town.worker, seen=old, at=MONDAY + HOUR)
    again = taken(visit, "done", town.worker, seen=old, at=MONDAY + 2 * HOUR)
    visit.refresh_from_db()
    assert (again.fate, visit.state, visit.n_tries) == (policy.Fate.TAKEN, "DONE", 2)


def test_an_older_result_of_ones_own_does_not_overrule_a_later_one(town: Town, visit: Visit):
    old = visit.stamp
    taken(visit, "done", town.worker, seen=old, at=MONDAY + 3 * HOUR)
    early = taken(
        visit, "nobody_home", town.worker, seen=old, at=MONDAY + 4 * HOUR, ago=timedelta(hours=2)
    )
    visit.refresh_from_db()
    assert (early.fate, visit.state) == (policy.Fate.ASIDE, "DONE")


def test_a_key_opens_no_other_door_and_no_stranger_may_write(town: Town, visit: Visit):
    key = uuid4()
    taken(visit, "done", town.worker, key=key)
    with pytest.raises(policy.OutreachRefused, match="已经收下"):
        taken(visit, "done", town.worker2, key=key)
    with pytest.raises(policy.OutreachRefused, match="不归您走访"):
        taken(visit, "done", town.other_worker)
    assert Jotting.objects.count() == 1


def test_a_phone_that_claims_a_year_ago_is_not_believed(town: Town, visit: Visit):
    late = MONDAY + timedelta(days=20)
    made = taken(visit, "done", town.worker, at=late, ago=timedelta(days=365))
    assert made.said_at == late - timedelta(days=14)


def test_a_result_for_an_announcement_that_is_over_is_kept_and_says_so(town: Town):
    at, desk = timezone.now(), town.community_desk
    row = actions.announce(
        key=uuid4(), words=actions.Words(title="停水通知", text="请提前接水。"),
        unit=town.community, areas=[town.grid], compounds=[], actor=desk, at=at,
    )  # fmt: skip
    row = actions.move(announcement=row, name="send", actor=desk, at=at)
    call = Call.objects.filter(announcement=row, worker=town.worker).first()
    actions.move(announcement=row, name="close", actor=desk, at=at)
    said = actions.Said(key=uuid4(), name="phone", seen=call.stamp)
    made = actions.take(row=call, said=said, actor=town.worker, at=at)
    assert (made.fate, made.why) == (policy.Fate.ASIDE, "这条通知已经结束，不用再联系")


def test_a_script_is_told_how_it_went_and_gets_the_row_anew(town: Town, visit: Visit):
    client, url = sign_in(Client(), town.worker), reverse("visit_mark", args=[visit.pk])
    headers = {"Accept": "application/json"}
    given = {"name": "nobody_home", "seen": visit.stamp, "key": str(uuid4()), "ago": "60"}
    answer = client.post(url, given, headers=headers)
    assert answer.status_code == 200
    assert "上门没人" in answer.json()["html"]
    taken(visit, "done", town.worker2, seen=None, at=timezone.now())
    later = given | {"name": "cancel", "key": str(uuid4())}
    answer = client.post(url, later, headers=headers)
    assert answer.status_code == 409
    assert "没有覆盖它" in answer.json()["html"]
    assert town.worker2.name in answer.json()["message"]
    answer = client.post(url, {"name": "dance"}, headers=headers)
    assert answer.status_code == 422
    page = client.post(url, {"name": "dance"}, follow=True).content.decode()
    assert "请选择联系的结果" in page


@pytest.mark.parametrize(
    ("seen", "is_own", "is_same", "fate"),
    [
        (None, False, False, policy.Fate.TAKEN),
        ("1", False, False, policy.Fate.TAKEN),
        ("0", True, False, policy.Fate.TAKEN),
        ("0", False, True, policy.Fate.AGREED),
        ("0", False, False, policy.Fate.ASIDE),
    ],
)
def test_what_was_overtaken_unseen_is_put_aside(seen, is_own, is_same, fate):
    assert policy.fate_of(seen=seen, stands="1", is_own=is_own, is_same=is_same) == fate
