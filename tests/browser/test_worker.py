"""A grid worker's order on the phone: taken, reached, solved with a photo, all under one thumb."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.cases.policy import Status
from tests.browser.test_desk import enter

pytestmark = pytest.mark.browser


@pytest.mark.requirement("X15")
def test_an_order_is_taken_reached_and_solved_on_the_phone(
    browser_page, live_town, snapshot, settings
):
    town = live_town.town
    taken = town.taken(
        at=timezone.now() - timedelta(minutes=20), category="RUBBISH_HEAP", text="楼下堆着装修垃圾"
    )
    case = taken.case
    spot = {"longitude": case.lon, "latitude": case.lat + 0.0003}
    phone = browser_page(
        width=390, has_touch=True, is_mobile=True, geolocation=spot, permissions=["geolocation"]
    )
    enter(phone, live_town, town.worker)
    phone.goto("/cases/today/")
    order = phone.locator(f"#case-{case.pk}")
    snapshot(phone, "worker-today-390")
    # The thumb reaches: the button is large and lies in the lower part of the order.
    box = order.locator("button.primary").bounding_box()
    assert box["height"] >= 44
    assert box["width"] >= 150

    order.locator("button.primary").tap()
    expect(phone.locator("h2", has_text="手上在办")).to_be_visible()
    phone.locator(f"#case-{case.pk} a.primary").tap()  # 到场
    phone.locator("[data-here]").tap()
    expect(phone.locator("[data-here]")).to_contain_text("已带上位置")
    phone.locator("main form button.primary:not([data-here])").tap()

    phone.wait_for_url(re.compile(r"\d/cases/today/$"))
    phone.locator(f"#case-{case.pk} a.primary").tap()  # 处置反馈
    assert phone.get_attribute("[name=after_photo]", "capture") == "environment"
    phone.set_input_files("[name=after_photo]", settings.MEDIA_ROOT / town.picture("green").file)
    phone.fill("[name=reply]", "垃圾已经清走")
    phone.select_option("[name=outcome]", "CLEARED")
    snapshot(phone, "worker-handle-390")
    phone.locator("main form button.primary:not([data-here])").tap()
    phone.wait_for_url(re.compile(r"\d/cases/today/$"))

    case.refresh_from_db()
    assert case.status == Status.HANDLED
    assert case.handled_by == town.worker
    assert 20 < case.journal.get(name="arrive").facts["distance_m"] < 50
    assert case.evidence.filter(kind="AFTER").count() == 1


def test_an_impatient_double_tap_accepts_once_and_shows_where_things_stand(browser_page, live_town):
    town = live_town.town
    case = town.taken(at=timezone.now(), category="RUBBISH_HEAP").case
    phone = browser_page(width=390)
    enter(phone, live_town, town.worker)
    phone.goto("/cases/today/")
    other = phone.context.new_page()
    other.goto("/cases/today/")
    for page in (phone, other):  # the same order, tapped on two stale pages
        page.click(f"#case-{case.pk} button.primary")
        expect(page.locator("h2", has_text="手上在办")).to_be_visible()
        expect(page.locator(".error-summary")).to_have_count(0)
    assert case.journal.filter(name="accept").count() == 1


def test_a_tap_without_a_network_says_so_and_can_be_made_again(browser_page, live_town):
    town = live_town.town
    case = town.taken(at=timezone.now(), category="RUBBISH_HEAP", text="楼下堆着垃圾").case
    phone = browser_page(width=390)
    enter(phone, live_town, town.worker)
    phone.goto("/cases/today/")
    phone.evaluate("navigator.serviceWorker.ready.then(() => true)")  # it fetches files of its own
    phone.context.set_offline(True)
    phone.click(f"#case-{case.pk} button.primary")
    expect(phone.locator(".toast")).to_contain_text("没有连上")
    expect(phone.locator(f"#case-{case.pk}")).to_be_visible()  # the day is still there to read
    phone.context.set_offline(False)
    phone.click(f"#case-{case.pk} button.primary")
    expect(phone.locator("h2", has_text="手上在办")).to_be_visible()
    assert case.journal.filter(name="accept").count() == 1
