"""A plot is drawn on the map by its corners, kept with its area, and refused where it crosses."""

import pytest
from playwright.sync_api import expect

from shaodao.sites.models import Site
from tests.sessions import enter

pytestmark = pytest.mark.browser


def tap(page, corners):
    """Tap the map at shares of its width and height, and wait for each corner to be kept."""
    canvas = page.locator("[data-map] canvas")
    for n, (across, down) in enumerate(corners, start=1):
        box = canvas.bounding_box()
        canvas.click(position={"x": box["width"] * across, "y": box["height"] * down})
        if n > 2:
            expect(page.locator(".map-tools [role=status]")).to_contain_text(f"{n} 个角")


@pytest.mark.requirement("Z07")
@pytest.mark.parametrize("width", [390, 1440])
def test_a_plot_is_drawn_corner_by_corner(browser_page, live_town, snapshot, width):
    page = browser_page(width=width)
    enter(page, live_town, live_town.town.chief)
    page.goto("/sites/new/")
    page.wait_for_selector("[data-ready=true]")
    page.fill("[name=name]", "桥头空地")
    page.fill("[name=since]", "2023-03-01")
    tap(page, [(0.4, 0.4), (0.6, 0.6), (0.6, 0.4), (0.4, 0.6)])
    page.get_by_role("button", name="保存").press("Enter")
    expect(page.locator("form.card")).to_contain_text("自己交叉")

    page.wait_for_selector("[data-ready=true]")
    page.get_by_role("button", name="重画").press("Enter")
    tap(page, [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)])
    snapshot(page, f"site-drawn-{width}")
    page.get_by_role("button", name="保存").press("Enter")
    page.wait_for_url("**/sites/*/")
    page.wait_for_selector("[data-ready=true]")
    expect(page.get_by_role("heading", level=1)).to_have_text("桥头空地")
    snapshot(page, f"site-{width}")
    assert Site.objects.get().area_m2 > 0
