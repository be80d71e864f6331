"""The ladder in a browser: passed up, sent on from the county's queue, seen by its reporter."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.cases import actions
from tests.browser.test_desk import enter

pytestmark = pytest.mark.browser

HOUR = timedelta(hours=1)


@pytest.mark.requirement("X36")
def test_the_county_dispatches_what_was_passed_up_and_its_reporter_sees_the_ladder(
    live_town, browser_page, snapshot
):
    town, at = live_town.town, timezone.now()
    case = town.case(status="FILED", at=at - 3 * HOUR)
    case = actions.move(
        case=case, name="escalate", actor=town.dispatcher, at=at - HOUR,
        ground="MANY_UNITS", note="要住建和城管一起",
    )  # fmt: skip
    page = browser_page(width=1440)
    enter(page, live_town, town.county_dispatcher)
    page.goto("/cases/command/")
    snapshot(page, "command-1440")
    page.get_by_role("link", name="派给部门").press("Enter")
    page.locator("#move select[name=unit]").select_option(label="区住建局")
    page.get_by_role("button", name="确认派遣").press("Enter")
    expect(page.locator(".command-row")).to_contain_text("待接单")

    phone = browser_page(width=360)
    phone.goto(f"/track/{town.link(case.reports.get().report)}/")
    ladder = phone.locator("#ladder .rung")
    expect(ladder).to_have_count(2)
    expect(ladder.first).to_contain_text("需要多个部门协调")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    snapshot(phone, "ladder-360")
