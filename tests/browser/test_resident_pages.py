"""The residents' pages on small screens and in large type, and following a report by thumb."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.cases import actions
from shaodao.cases.models import Rating
from shaodao.reports.models import Report
from shaodao.reports.tokens import token_of

pytestmark = pytest.mark.browser
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Whatever a thumb must hit, and is not in running text.
TOO_SMALL = """() => [...document.querySelectorAll("main :is(button, select, summary, a.button)")]
  .filter((e) => e.offsetParent && !e.closest(".maplibregl-ctrl, .picker-photos"))
  .filter((e) => e.getBoundingClientRect().height < 43.5)
  .map((e) => e.outerHTML.slice(0, 80))"""


def paths(town) -> list[str]:
    closed = town.case("CLOSED", at=timezone.now(), pictures=[town.picture()])
    going = town.case("HANDLING", at=timezone.now(), phone="13900001234")
    for case in (closed, going):
        actions.release(
            case=case, title="路口地砖松动，下雨天溅水", text="已处理。", actor=town.chief,
            at=timezone.now(),
        )  # fmt: skip
    links = [f"/track/{token_of(r)}/" for r in Report.objects.order_by("pk")]
    cases = [f"/board/{closed.pk}/", f"/board/{going.pk}/"]
    fixed = ["/", "/report/", "/track/", "/nearby/", "/board/", "/offline/", "/track/nothing/"]
    worker = f"/worker/?address={town.building.address}"
    return [*fixed, worker, f"/g/{town.grid.code}/", *links, *cases]


@pytest.mark.parametrize(
    ("width", "size"), [(390, "normal"), (320, "large"), (1440, "normal")], ids=str
)
def test_no_page_is_wider_than_the_screen_or_too_small_for_a_thumb(
    live_town, browser_page, width, size
):
    page = browser_page(width=width, size=size)
    for path in paths(live_town.town):
        page.goto(path)
        assert page.evaluate(TOO_WIDE) == 0, path
        if width < 800:
            assert page.evaluate(TOO_SMALL) == [], path


def test_a_closing_is_rated_by_thumb(live_town, browser_page, snapshot):
    town = live_town.town
    town.case("CLOSED", at=timezone.now(), pictures=[town.picture()])
    report = Report.objects.get()
    page = browser_page(width=390)
    page.goto(f"/track/{token_of(report)}/")
    page.get_by_label("解决了", exact=True).check()
    page.locator("label[for=id_score_4]").click()
    page.get_by_label("还想说的话").fill("来得挺快")
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("谢谢您的评价。")).to_be_visible()
    expect(page.get_by_role("img", name="4 星，满分 5 星")).to_be_visible()
    rating = Rating.objects.get()
    assert (rating.score, rating.is_solved) == (4, True)
    snapshot(page, "track-rated-390")


def test_tapping_the_map_shows_what_is_around_there(live_town, browser_page, snapshot):
    town = live_town.town
    case = town.case("HANDLING", at=timezone.now())
    actions.release(case=case, title="路灯不亮", text="", actor=town.chief, at=timezone.now())
    lon, lat = town.inside()
    page = browser_page(
        width=1440, geolocation={"longitude": lon, "latitude": lat}, permissions=["geolocation"]
    )
    page.goto("/nearby/")
    page.get_by_role("button", name="用我现在的位置").click()
    expect(page.locator("#nearby-list")).to_contain_text("由近到远")
    expect(page.locator("#nearby-list")).to_contain_text("路灯不亮")
    assert "lon=" in page.url
    snapshot(page, "nearby-1440")
