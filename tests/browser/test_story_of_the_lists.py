"""A community's lists, drawn anew: the slider, a dot dragged, a refusal, adoption; and by keys."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from shaodao.drawing import actions
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries import drafts
from shaodao.places.models import Contact
from tests.drawing.ground import drawn, settle
from tests.drawing.test_drawing import border
from tests.sessions import enter

pytestmark = pytest.mark.browser
_SPOT = """([i]) => {
  const lists = document.querySelector("[data-lists]").shaodaoLists;
  const at = lists.map.project(lists.ground.dots[i].slice(0, 2));
  const box = lists.map.getCanvas().getBoundingClientRect();
  return [box.x + at.x, box.y + at.y];
}"""


def spot(page: Page, home: int) -> list[float]:
    """Return where a household's dot is on the screen."""
    return page.evaluate(_SPOT, [home])


def open_draft(page: Page, row: Drawing) -> None:
    page.goto(f"/drawing/drafts/{row.pk}/")
    page.wait_for_selector("[data-map][data-drawn][data-ready=true]")


def drag(page: Page, start: int, end: list[float]) -> None:
    """Drag a dot with the pointer, in steps as a hand does, and hold it before letting go."""
    page.locator("[data-map]").scroll_into_view_if_needed()
    x, y = spot(page, start)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + end[0]) / 2, (y + end[1]) / 2, steps=4)
    page.mouse.move(end[0], end[1], steps=4)
    expect(page.locator("[data-note]")).to_contain_text(re.compile("户|名单"))


def encircle(page: Page, home: int) -> None:
    """Draw around a dot."""
    page.locator("[data-lasso]").press("Enter")
    page.locator("[data-map]").scroll_into_view_if_needed()
    x, y = spot(page, home)
    page.mouse.move(x - 12, y - 12)
    page.mouse.down()
    for dx, dy in ((12, -12), (12, 12), (-12, 12), (-12, -10)):
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()


def neighbour(sheet: drafts.Sheet, home: int, to: int) -> int:
    start, near = sheet.place.start, sheet.place.near
    return next(int(j) for j in near[start[home] : start[home + 1]] if sheet.lot[j] == to)


def test_a_village_is_drawn_evened_dragged_and_adopted(browser_page, live_town, snapshot):
    town = live_town.town
    settle(town)
    page = browser_page(width=1440)
    enter(page, live_town, town.community_desk)
    page.goto(f"/drawing/villages/{town.community.pk}/")
    page.wait_for_selector("[data-map][data-drawn][data-ready=true]")
    snapshot(page, "draw-1-village-1440")
    page.locator("aside form button.primary").press("Enter")
    expect(page.locator("#progress")).to_be_visible()
    row = Drawing.objects.get()
    actions.compute(drawing=row.pk, at=timezone.now())  # what the queue does
    page.wait_for_selector("#state")  # the page asks, and comes back by itself
    page.wait_for_selector("[data-map][data-drawn][data-ready=true]")
    snapshot(page, "draw-2-draft-1440")

    slider = page.locator("[data-even]")
    before = page.locator("[data-even-said]").inner_text()
    with page.expect_response(re.compile("/even/")) as told:
        slider.press("End")
    assert told.value.status == 200
    expect(page.locator("[data-even-said]")).not_to_have_text(before)
    snapshot(page, "draw-3-evened-1440")

    row.refresh_from_db()
    sheet = drafts.Sheet(row)
    home, to = border(sheet)
    with page.expect_response(re.compile("/move/")) as told:
        drag(page, home, spot(page, neighbour(sheet, home, to)))
        snapshot(page, "draw-4-dragging-1440")
        page.mouse.up()
    assert told.value.status == 200
    row.refresh_from_db()
    assert row.lot[home] == to

    encircle(page, home)
    expect(page.locator("[data-chosen]")).to_have_text(re.compile("选中 [1-9]"))
    page.locator("[data-clear]").press("Enter")
    expect(page.locator("[data-chosen]")).not_to_contain_text("选中 1")

    sheet = drafts.Sheet(row)
    home, to = border(sheet, possible=False)
    with page.expect_response(re.compile("/move/")) as told:
        drag(page, home, spot(page, neighbour(sheet, home, to)))
        page.mouse.up()
    assert told.value.status == 422
    expect(page.locator("#state [role=alert]")).to_contain_text("没有划成")
    snapshot(page, "draw-5-refused-1440")

    page.fill("[name=why]", "年初重新划分")
    page.press("[name=why]", "Enter")
    page.wait_for_url(re.compile(r"/drawing/villages/\d+/"))
    expect(page.locator(".toast").first).to_contain_text("已采用")
    row.refresh_from_db()
    assert row.status == "ADOPTED"
    assert Contact.objects.filter(until=None).count() == 110
    page.goto(f"/drawing/net/{town.community.pk}/?show=vacancies")
    page.wait_for_selector("[data-ready=true]")
    snapshot(page, "draw-6-net-1440")


def test_a_household_is_moved_by_keys_on_a_phone(browser_page, live_town, snapshot):
    town = live_town.town
    settle(town)
    row = drawn(town)
    sheet = drafts.Sheet(row)
    home, to = border(sheet)
    page = browser_page(width=390)
    enter(page, live_town, town.community_desk)
    open_draft(page, row)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(f"a[href$='/lists/{row.lot[home] + 1}/']").press("Enter")
    page.locator(f"#chosen input[value='{home}']").press("Space")
    page.select_option("#to", str(to))
    expect(page.locator("[data-note]")).to_contain_text("人数变异系数")
    with page.expect_response(re.compile("/move/")) as told:
        page.locator("#mover button.primary").press("Enter")
    assert told.value.status == 200
    row.refresh_from_db()
    assert row.lot[home] == to
    snapshot(page, "draw-keys-390")
    page.goto(f"/drawing/villages/{town.community.pk}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    snapshot(page, "draw-village-390")
    for url, name in (
        (f"/drawing/net/{town.community.pk}/", "draw-net-390"),
        (f"/drawing/net/{town.grid.pk}/", "draw-net-grid-390"),
        ("/drawing/", "draw-list-390"),
    ):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        snapshot(page, name)
