"""A community tells a grid that the water goes off; a worker calls round; who is left is seen."""

import re
from datetime import time, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.outreach import actions
from shaodao.outreach.models import Announcement, Call, Jotting
from shaodao.places.models import Household, Need
from tests.sessions import enter

pytestmark = pytest.mark.browser


@pytest.mark.requirement("X18", "X19", "X20")
def test_a_community_tells_its_households_and_sees_who_was_not_reached(
    live_town, browser_page, snapshot
):
    town = live_town.town
    Need.objects.create(household=town.household, tag="WALKING")
    desk = browser_page(width=1440)
    enter(desk, live_town, town.community_desk)
    desk.goto("/outreach/new/")
    desk.get_by_label("标题").fill("明天上午停水")
    desk.get_by_label("要告诉住户的话").fill("请提前接好用水。")
    desk.get_by_label("地点").fill("小区西侧各楼栋")
    desk.select_option("[name=areas]", str(town.grid.pk))
    desk.get_by_label("行动不便").check()
    desk.get_by_label("上门做什么").fill("送水上门")
    desk.get_by_role("button", name="存草稿").press("Enter")
    expect(desk.get_by_role("heading", name="发出后会通知到")).to_be_visible()
    desk.get_by_role("button", name="发出").press("Enter")
    expect(desk.get_by_text("还没联系")).to_be_visible()
    row = Announcement.objects.get()

    phone = browser_page(width=390)
    enter(phone, live_town, town.worker)
    phone.goto("/outreach/calls/")
    calls = Call.objects.filter(announcement=row, worker=town.worker).order_by("pk")
    first, second = calls[0], calls[1]
    for call, result, said in ((first, "phone", "电话说到了"), (second, "no_answer", "没人接")):
        door = phone.locator(f"#call-{call.pk}")
        door.locator(f"button[value={result}]").press("Enter")
        expect(door.locator(".item-meta")).to_contain_text(said)
    expect(phone.locator(f"#reach-{row.pk}")).to_have_text("已联系 1 / 5 户")
    snapshot(phone, "calls-390")

    desk.goto(f"/outreach/{row.pk}/")
    snapshot(desk, "announcement-1440")
    small = browser_page(width=390)
    enter(small, live_town, town.community_desk)
    small.goto(f"/outreach/{row.pk}/")
    assert small.evaluate("document.documentElement.scrollWidth") <= 390
    snapshot(small, "announcement-390")
    desk.get_by_role("link", name=re.compile("没联系上")).press("Enter")
    expect(desk.locator("tbody tr")).to_have_count(1)
    expect(desk.locator("tbody")).to_contain_text("没人接")


@pytest.mark.requirement("X20")
def test_a_round_of_visits_is_read_without_a_network(live_town, browser_page, snapshot):
    town = live_town.town
    at = timezone.now()
    for home in Household.objects.of_worker(town.worker).order_by("pk")[:5]:
        actions.plan_visit(household=home, reason="看望老人", actor=town.worker, at=at)
    phone = browser_page(width=390)
    enter(phone, live_town, town.worker)
    phone.goto("/outreach/visits/")
    day = (timezone.localdate() + timedelta(days=1)).isoformat()
    phone.locator("[name=day]").fill(day)
    phone.get_by_role("button", name="排路线").press("Enter")
    expect(phone.locator("ol.items > li")).to_have_count(5)
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()  # now the service worker has seen it
    expect(phone.locator("ol.items > li")).to_have_count(5)
    phone.context.set_offline(True)
    phone.reload()
    expect(phone.locator("ol.items > li")).to_have_count(5)
    phone.context.set_offline(False)
    snapshot(phone, "round-390")


@pytest.mark.requirement("X20")
def test_results_of_a_round_are_kept_without_a_network_and_sent_once(
    live_town, browser_page, snapshot
):
    town = live_town.town
    at = timezone.now()
    homes = Household.objects.of_worker(town.worker).order_by("pk")[:3]
    first, second, third = [
        actions.plan_visit(household=home, reason="看望老人", actor=town.worker, at=at)
        for home in homes
    ]
    day = timezone.localdate()
    actions.plan_round(day=day, leaves=time(9), actor=town.worker, at=at)
    phone = browser_page(width=390)
    enter(phone, live_town, town.worker)
    phone.goto(f"/outreach/rounds/{day.isoformat()}/")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
    phone.reload()
    expect(phone.locator("ol.items > li")).to_have_count(3)
    phone.wait_for_function("caches.open('rounds-1').then(c => c.keys()).then(k => k.length)")
    phone.context.set_offline(True)

    def row(visit):
        return phone.locator(f"[data-jotting-row=visit-{visit.pk}]")

    row(first).get_by_role("button", name="已上门").press("Enter")
    expect(row(first)).to_contain_text("待上传：已上门")
    row(second).locator("summary").press("Enter")
    row(second).locator("[name=note]").fill("敲门没人应")
    row(second).get_by_role("button", name="家里没人").press("Enter")
    expect(row(second)).to_contain_text("待上传：家里没人")
    row(third).get_by_role("button", name="不用去了").press("Enter")
    expect(phone.locator("[data-jottings]")).to_contain_text("3 条结果已记在手机里，待上传")
    phone.reload()  # a phone that was put away: the page and what waits are still there
    expect(row(first)).to_contain_text("待上传：已上门")
    expect(phone.locator("[data-jottings]")).to_contain_text("3 条结果")
    snapshot(phone, "round-offline-390")
    assert not Jotting.objects.exists()
    said = actions.Said(key=uuid4(), name="done")
    actions.take(row=third, said=said, actor=town.worker2, at=timezone.now())

    phone.context.set_offline(False)
    phone.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.locator("[data-jottings]")).to_be_hidden()
    expect(row(first).locator(".badge")).to_have_text("已上门")
    expect(row(second)).to_contain_text("敲门没人应")
    expect(row(third)).to_contain_text(f"{town.worker2.name}在")
    expect(row(third)).to_contain_text("没有覆盖它")
    snapshot(phone, "round-sent-390")
    assert Jotting.objects.count() == 4
    first.refresh_from_db()
    assert (first.state, first.n_tries) == ("DONE", 1)
    third.refresh_from_db()
    assert third.state == "DONE"

    phone.context.set_offline(True)
    phone.reload()  # the kept page shows what stands now
    expect(row(first).locator(".badge")).to_have_text("已上门")
    phone.context.set_offline(False)
