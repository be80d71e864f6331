"""A dispatcher's morning at the desk, with hands on the keyboard."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from tests.sessions import enter

pytestmark = pytest.mark.browser


def a_case(town, status, hours, **said):
    return town.case(status, at=timezone.now() - timedelta(hours=hours), **said)


def test_the_queue_is_walked_selected_and_dispatched_by_keyboard(browser_page, live_town, snapshot):
    town = live_town.town
    texts = ("门口地砖松了", "下水道井边塌了一块", "路面坑洼")
    cases = [a_case(town, Status.FILED, 9 - n, text=text) for n, text in enumerate(texts)]
    desk = browser_page(width=1440)
    enter(desk, live_town, town.county_dispatcher)
    desk.goto("/cases/?tab=open")
    desk.wait_for_selector("[data-ready=true]")  # the map has drawn
    expect(desk.locator("tr[data-row]")).to_have_count(3)

    desk.keyboard.press("j")
    expect(desk.locator("tr.is-current .case-title")).to_have_text(cases[0].title)
    desk.keyboard.press("x")
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    expect(desk.locator("input[name=case]:checked")).to_have_count(2)
    snapshot(desk, "desk-selected-1440")

    desk.keyboard.press("d")
    desk.wait_for_url(re.compile("bulk/dispatch"))
    desk.select_option("[name=unit]", str(town.housing.pk))
    desk.click("main button.primary")
    expect(desk.locator(".fates li")).to_have_count(2)
    expect(desk.locator(".fates")).to_contain_text(cases[0].number)
    desk.click("text=回到工作台")
    desk.wait_for_url(re.compile(r"/cases/\?.*tab=open"))

    statuses = dict(Case.objects.values_list("pk", "status"))
    assert [statuses[case.pk] for case in cases] == ["DISPATCHED", "DISPATCHED", "FILED"]


def test_slash_searches_and_the_url_keeps_what_was_asked(browser_page, live_town):
    town = live_town.town
    wanted = a_case(town, Status.RECEIVED, 2, text="电线杆斜了要倒")
    a_case(town, Status.RECEIVED, 3, text="门口地砖松了")
    desk = browser_page(width=1440)
    enter(desk, live_town, town.intake)
    desk.goto("/cases/")
    expect(desk.locator("tr[data-row]")).to_have_count(2)
    desk.keyboard.press("/")
    desk.keyboard.type("电线杆")
    desk.keyboard.press("Enter")
    expect(desk.locator("tr[data-row]")).to_have_count(1)
    assert "q=" in desk.url
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(f"/cases/{wanted.pk}/$"))
    desk.wait_for_selector("[data-ready=true]")  # the page's modules are there
    desk.keyboard.press("e")  # the first move's form opens in place
    expect(desk.locator("#move form")).to_be_visible()
    desk.go_back()
    expect(desk.locator("tr[data-row]")).to_have_count(1)


def test_pointing_at_a_row_lights_its_place_on_the_map(browser_page, live_town):
    town = live_town.town
    case = a_case(town, Status.RECEIVED, 2)
    desk = browser_page(width=1440)
    enter(desk, live_town, town.intake)
    desk.goto("/cases/")
    desk.wait_for_selector("[data-ready=true]")
    row = desk.locator(f"tr[data-case='{case.pk}']")
    row.hover()
    assert float(row.get_attribute("data-lon")) == pytest.approx(case.lon, abs=1e-5)


def test_a_refused_form_stays_open_with_what_was_typed(browser_page, live_town):
    town = live_town.town
    case = a_case(town, Status.HANDLING, 2)
    desk = browser_page(width=1440)
    enter(desk, live_town, town.handler)
    desk.goto(f"/cases/{case.pk}/")
    desk.click("#moves a.button:text-is('处置反馈')")
    desk.fill("#move [name=reply]", "已经铺平三处")
    desk.click("#move form button.primary")
    expect(desk.locator("#move .error-summary")).to_be_visible()
    expect(desk.locator("#move [name=reply]")).to_have_value("已经铺平三处")
    assert desk.url.endswith(f"/cases/{case.pk}/")


@pytest.mark.parametrize(("theme", "size"), [("light", "normal"), ("dark", "large")])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_runs_over_the_edge(browser_page, live_town, width, theme, size):
    town = live_town.town
    case = a_case(town, Status.CLOSED, 30, text="翠" * 60, name="邓小华", phone="13812345678")
    a_case(town, Status.RECEIVED, 300, text="很长的标题" * 10)
    page = browser_page(width=width, theme=theme, size=size)
    enter(page, live_town, town.chief)
    paths = (
        *("/cases/?tab=open", f"/cases/{case.pk}/", "/cases/workload/", "/cases/duties/"),
        *("/cases/routing/", "/cases/today/", "/notices/?tab=all", f"/cases/{case.pk}/release/"),
    )
    for path in paths:
        page.goto(path)
        spare = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert spare <= 0, path
