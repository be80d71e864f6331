"""A post of the six, from the phone that claims it to the public page; and a bundle of cards."""

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.workforce.actions.printing import set_batch
from shaodao.workforce.actions.showing import promise
from shaodao.workforce.models import Batch, Card, Disclosure, Holding
from tests.browser.test_desk import enter
from tests.town import GRIDS
from tests.workforce.test_cards import pages

pytestmark = pytest.mark.browser


@pytest.mark.requirement("X06")
@pytest.mark.requirement("X26")
def test_a_post_is_claimed_published_and_cards_are_printed(browser_page, live_town, snapshot):
    town = live_town.town
    phone = browser_page(width=390)
    enter(phone, live_town, town.worker)
    phone.goto("/workforce/mine/")
    phone.click(f"a[href='/workforce/grids/{GRIDS[0]}/']")
    phone.locator("section.card", has_text="政策宣传员").locator("button").press("Enter")
    expect(phone.locator(".toast")).to_contain_text("已认领")
    snapshot(phone, "workforce-1-claimed-390")

    desk = browser_page(width=1440)
    enter(desk, live_town, town.community_desk)
    desk.goto("/workforce/")
    snapshot(desk, "workforce-2-desk-1440")
    desk.get_by_role("button", name="确认").press("Enter")
    expect(desk.get_by_role("button", name="公布")).to_be_visible()
    desk.get_by_role("button", name="公布").press("Enter")
    expect(desk.locator("h2", has_text="等待确认和公布")).to_have_count(0)
    assert Holding.objects.get().status == "PUBLISHED"

    resident = browser_page(width=390)
    resident.goto(f"/team/{GRIDS[0]}/")
    expect(resident.locator("dl.pairs dd").first).to_contain_text(town.worker.name)
    snapshot(resident, "workforce-3-team-390")

    for person in (town.worker, town.worker2):
        photo = town.picture("steelblue").file
        at = timezone.now()
        Disclosure.objects.create(person=person, photo=photo, duties="走访、巡查", updated_at=at)
        promise(text="有事随叫随到，当天回话", actor=person, at=at)
    desk.goto(f"/workforce/cards/{town.community.pk}/")
    snapshot(desk, "workforce-4-cards-1440")
    desk.get_by_role("button", name="开始排版").press("Enter")
    expect(desk.locator("#state")).to_contain_text("排队中")
    set_batch(batch=Batch.objects.get(), at=timezone.now())  # what the queue does
    file = desk.get_by_role("link", name="下载 PDF")
    expect(file).to_be_visible()
    snapshot(desk, "workforce-5-batch-1440")
    answer = desk.request.get(file.get_attribute("href"))
    assert answer.body().startswith(b"%PDF")
    assert pages(answer.body()) == 10  # a card for each door
    (settings.VAR / "screenshots" / "workforce-6-cards.pdf").write_bytes(answer.body())
    assert Card.objects.standing().count() == 10

    own = browser_page(width=390)
    enter(own, live_town, town.worker)
    for url, name in (
        ("/workforce/mine/", "workforce-7-mine-390"),
        ("/workforce/mine/card/", "workforce-8-disclosure-390"),
        ("/workforce/mine/appraisal/", "workforce-9-appraisal-390"),
    ):
        own.goto(url)
        assert own.evaluate("document.documentElement.scrollWidth") <= 390, url
        snapshot(own, name)


@pytest.mark.requirement("X29", "X26")
def test_a_resident_finds_the_worker_by_address_and_by_the_code_on_the_door(
    browser_page, live_town, snapshot
):
    town = live_town.town
    phone = browser_page(width=390)
    phone.goto("/worker/")
    snapshot(phone, "worker-search-390")
    phone.get_by_role("searchbox").or_(phone.locator("[name=address]")).first.fill("翠竹小区")
    phone.locator("[name=address]").press("Enter")
    picks = phone.locator("main a[href*='building=']")
    expect(picks.first).to_be_visible()
    snapshot(phone, "worker-choose-390")
    picks.first.press("Enter")
    expect(phone.locator("main")).to_contain_text("联系户网格员")
    snapshot(phone, "worker-found-390")
    phone.goto(f"/d/h{town.household.pk}/")  # what the code beside the door says
    expect(phone.locator("main")).to_contain_text(town.grid.short_name)
    snapshot(phone, "door-code-390")
