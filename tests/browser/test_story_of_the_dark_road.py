"""The dark road: two kilometres without a lamp, in a browser from the report to the stars."""

import re

import pytest
from playwright.sync_api import expect

from shaodao.cases.models import Case, JournalEntry
from shaodao.people.models import User

pytestmark = pytest.mark.browser
PASSWORD = "a-road-in-the-dark-9"


def sign_in(page, user):
    page.set_default_timeout(40_000)
    user.set_password(PASSWORD)
    User.objects.filter(pk=user.pk).update(password=user.password)
    page.goto("/accounts/login/")
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)


def press_move(page, case, label, **values):
    """Press a move's button on the case page, fill in what it asks for, and confirm."""
    page.goto(f"/cases/{case.pk}/")
    page.click(f"#moves a.button:text-is('{label}')")
    page.wait_for_selector("#move form")
    for name, value in values.items():
        field = page.locator(f"#move [name={name}]")
        kind = field.first.get_attribute("type")
        if kind == "file":
            field.set_input_files(value)
        elif kind == "radio":
            page.locator(f"#move label:has([name={name}][value={value}])").click()
        elif field.first.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
    with page.expect_navigation():
        page.click("#move form button.primary")


@pytest.fixture
def photos(town_committed, tmp_path, settings):
    dark, lit = town_committed.picture("#101418"), town_committed.picture("#e8c86a")
    return [f"{settings.MEDIA_ROOT}/{picture.file}" for picture in (dark, lit)]


@pytest.mark.requirement("X09")
@pytest.mark.requirement("X10")
@pytest.mark.requirement("X11")
def test_the_dark_road_gets_its_lamps(browser_page, live_town, snapshot, photos):
    town, (dark, lit) = live_town.town, photos
    middle = {"longitude": town.dark_road[4], "latitude": town.dark_road[5]}
    phone = browser_page(width=390, geolocation=middle, permissions=["geolocation"])

    # A villager reports the road as a line.
    phone.goto("/report/")
    phone.fill("[name=text]", "石桥路从村口到小学两公里没有一盏路灯，晚上放学很不安全")
    phone.set_input_files("[name=photos]", dark)
    phone.locator("[name=category][value=LIGHTING]").check(force=True)
    phone.locator(".map").scroll_into_view_if_needed()
    phone.click("button:has-text('用我现在的位置')")
    expect(phone.locator("#id_lon")).not_to_have_value("")
    phone.wait_for_selector(".maplibregl-canvas")
    phone.wait_for_timeout(800)
    for _ in range(2):
        phone.click(".maplibregl-ctrl-zoom-out, button[aria-label='缩小']")
        phone.wait_for_timeout(500)
    phone.click("button:has-text('点地图画线')")
    box = phone.locator(".maplibregl-canvas").bounding_box()
    for share in (0.14, 0.32, 0.5, 0.68, 0.86):
        phone.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        phone.wait_for_timeout(400)
    assert phone.input_value("#id_line")
    phone.fill("[name=phone]", "13800000009")
    snapshot(phone, "dark-road-1-report-390")
    # By key: what comes in above the button moves it, and a click may miss.
    phone.get_by_role("button", name="提交", exact=True).press("Enter")
    phone.wait_for_url(re.compile("/track/"))
    link = phone.url
    case = Case.objects.latest("pk")
    assert 1_000 < case.length_m < 4_000
    assert "石桥路" in phone.content() or case.number in phone.content()
    snapshot(phone, "dark-road-2-tracking-390")

    # The desk files and dispatches it to the village grid.
    desk = browser_page(width=1440)
    sign_in(desk, town.stranger)
    desk.goto("/cases/")
    snapshot(desk, "dark-road-3-desk-1440")
    case.refresh_from_db()
    if case.status == "RECEIVED":
        press_move(desk, case, "立案", category="ROAD_UNLIT")
    press_move(desk, case, "派遣", unit=str(town.village_grid.pk))

    # The worker takes it, goes there, raises the money and handles it.
    worker = browser_page(width=390)
    sign_in(worker, town.village_worker)
    worker.goto("/cases/today/")
    assert case.title[:6] in worker.content()
    snapshot(worker, "dark-road-4-today-390")
    press_move(worker, case, "接单")
    press_move(worker, case, "到场")
    press_move(worker, case, "登记资金", source="PROJECT", yuan=60000)
    press_move(worker, case, "登记资金", source="DONATION", yuan=21000)
    press_move(
        worker,
        case,
        "处置反馈",
        reply="石桥路两公里已经装好 90 盏太阳能路灯，今晚亮灯。",
        solved_by="PARTY_MEMBER",
        outcome="INSTALLED",
        quantity=90,
        cost_yuan=81000,
        n_households=120,
        after_photo=lit,
    )
    snapshot(worker, "dark-road-5-handled-390")

    # Somebody else checks and closes it.
    press_move(desk, case, "核查通过", note="晚上去看过，90 盏都亮")
    press_move(desk, case, "结案")
    desk.goto(f"/cases/{case.pk}/")
    assert "90" in desk.content()
    snapshot(desk, "dark-road-6-closed-1440")

    # The villager sees it and gives five stars.
    phone.goto(link)
    assert "90 盏" in phone.content()
    phone.locator("label:has([name=score][value='5']), label[for=id_score_5]").first.click()
    phone.locator("label:has([name=is_solved])").first.click()
    with phone.expect_navigation():
        phone.click("form:has([name=score]) button")
    phone.wait_for_load_state("networkidle")
    snapshot(phone, "dark-road-7-rated-390")

    case.refresh_from_db()
    outcome = case.outcomes.get()
    assert case.status == "CLOSED"
    assert outcome.quantity == 90
    assert outcome.spacing_m == pytest.approx(case.length_m / 89)
    assert sum(case.funding.values_list("amount_fen", flat=True)) == case.cost_fen == 8_100_000
    assert case.ratings.get().score == 5
    names = list(
        JournalEntry.objects.filter(case=case).order_by("seq").values_list("name", flat=True)
    )
    assert names[0] == "receive"
    assert names[-2:] == ["close", "rate"]
