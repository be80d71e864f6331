"""A village clerk brings in the workbook the village has, and looks before anything is written."""

import re

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect
from shapely.geometry import box

from shaodao.places import actions
from shaodao.places.models import Household, Import
from tests.browser.test_desk import enter
from tests.places.test_boundaries import features
from tests.places.test_imports import messy, sheet_of
from tests.town import GRIDS

pytestmark = pytest.mark.browser


def test_a_messy_workbook_is_brought_in_looked_at_and_written(
    browser_page, live_town, snapshot, tmp_path
):
    town = live_town.town
    path = messy(tmp_path / "古陂村人口登记表.xlsx", town)
    page = browser_page(width=1440)
    enter(page, live_town, town.person("village.desk"))
    page.goto("/places/registers/")
    snapshot(page, "registers-1440")
    page.goto("/places/registers/households/upload/")
    page.set_input_files("[name=file]", path)
    page.press("main form button.primary", "Enter")
    page.wait_for_url(re.compile(r"/places/imports/\d+/"))
    expect(page.locator("#progress")).to_be_visible()
    batch = Import.objects.get()
    actions.read(batch_id=batch.pk, at=batch.uploaded_at)
    page.wait_for_selector("#rows")  # the page asks, and comes back by itself
    expect(page.locator("#rows tbody tr")).to_have_count(5)
    expect(page.locator("#rows")).to_contain_text("C7 楼栋：没有楼栋“不存在的楼”，请先导入楼栋")
    snapshot(page, "import-preview-1440")
    n = Household.objects.count()
    page.fill("[name=why]", "村里报来的登记表")
    page.press("[name=why]", "Enter")
    expect(page.locator("#progress")).to_be_visible()
    actions.write(batch_id=batch.pk, at=batch.uploaded_at)
    expect(page.locator(".page-head")).to_contain_text("已导入")
    assert Household.objects.count() == n + 3

    snapshot(page, "import-done-1440")

    phone = browser_page(width=390)
    enter(phone, live_town, town.person("village.desk"))
    for url, name in (
        ("/places/registers/", "registers-390"),
        ("/places/registers/buildings/upload/", "register-upload-390"),
        (f"/places/imports/{batch.pk}/", "import-done-390"),
    ):
        phone.goto(url)
        width = phone.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{url} is {width} px wide"
        snapshot(phone, name)


def test_an_import_is_taken_back_as_a_whole_in_the_browser(browser_page, live_town, snapshot):
    town, at = live_town.town, timezone.now()
    clerk, n = town.person("village.desk"), Household.objects.count()
    names = [building.name for building in town.buildings_of(town.village_grid)[:2]]
    rows = [["社区村", "网格", "楼栋", "房号", "人数"]]
    rows += [["古陂村", "第一网格", name, "１单元９０１", "三人"] for name in names]
    path = sheet_of(settings.MEDIA_ROOT / "两户.xlsx", rows)
    page = browser_page(width=1440)
    enter(page, live_town, clerk)
    page.goto("/places/registers/households/upload/")
    page.set_input_files("[name=file]", path)
    page.press("main form button.primary", "Enter")
    page.wait_for_url(re.compile(r"/places/imports/\d+/"))
    batch = Import.objects.get()
    actions.read(batch_id=batch.pk, at=at)
    actions.confirm(batch=batch, actor=clerk, at=at, why="报来的表")
    actions.write(batch_id=batch.pk, at=at)
    assert Household.objects.count() == n + 2
    page.goto(f"/places/imports/{batch.pk}/")
    page.locator("summary", has_text="撤销整批导入").press("Enter")
    page.fill("[name=why]", "导错了村")
    page.press("[name=why]", "Enter")
    expect(page.locator("#progress")).to_be_visible()
    actions.take_back(batch_id=batch.pk)
    expect(page.locator(".page-head")).to_contain_text("已撤销")
    assert Household.objects.count() == n
    snapshot(page, "import-undone-1440")


def test_flaws_of_boundaries_are_shown_on_the_map_and_mended_on_request(
    browser_page, live_town, snapshot, tmp_path
):
    town = live_town.town
    one, two = (town.grids[code] for code in GRIDS[:2])
    wide = box(one.west, one.south, one.east + 0.0003, one.north)
    south = box(two.west, two.south - 0.001, two.east, two.north)
    path = tmp_path / "网格边界.geojson"
    path.write_bytes(features({one.code: wide, two.code: south}))
    page = browser_page(width=1440)
    enter(page, live_town, town.admin)
    page.goto("/places/registers/boundaries/upload/")
    page.set_input_files("[name=file]", path)
    page.locator("[name=datum][value=WGS84]").check()
    page.press("main form button.primary", "Enter")
    page.wait_for_url(re.compile(r"/places/imports/\d+/"))
    batch = Import.objects.get()
    actions.read(batch_id=batch.pk, at=batch.uploaded_at)
    expect(page.locator("h2", has_text="边界检查")).to_be_visible()
    page.wait_for_selector("[data-map][data-ready=true]")
    snapshot(page, "boundaries-flawed-1440")
    page.get_by_label("重叠").check()
    page.get_by_role("button", name="修补").press("Enter")
    expect(page.locator("main")).to_contain_text("已按您的要求修补过")
    expect(page.locator("main")).to_contain_text("没有重叠、空洞、细缝和自交")
    snapshot(page, "boundaries-mended-1440")


def test_a_grid_is_split_by_a_line_and_the_net_is_looked_over(browser_page, live_town, snapshot):
    town = live_town.town
    grid = town.grids[town.grid.code]
    page = browser_page(width=1440)
    enter(page, live_town, town.admin)
    page.goto(f"/places/grids/{grid.code}/change/")
    page.wait_for_selector("[data-ready=true]")
    snapshot(page, "grid-change-1440")
    line = f"[[{grid.lon},{grid.north + 0.001}],[{grid.lon},{grid.south - 0.001}]]"
    page.evaluate("line => { document.querySelector('#id_split-line').value = line }", line)
    page.fill("[name=split-why]", "户数太多")
    page.press("[name=split-why]", "Enter")
    page.wait_for_url(re.compile("/places/changes/"))
    expect(page.locator("main")).to_contain_text("已生效")
    snapshot(page, "grid-changes-1440")
    page.goto("/places/coverage/")
    snapshot(page, "coverage-1440")
    wide = browser_page(width=1440)
    enter(wide, live_town, town.community_desk)
    for url, name in (
        (f"/places/compounds/{town.compound.pk}/", "compound-1440"),
        (f"/places/communities/{town.community.code}/", "community-1440"),
    ):
        wide.goto(url)
        expect(wide.locator("main h1")).to_be_visible()
        snapshot(wide, name)

    office = browser_page(width=390)
    enter(office, live_town, town.community_desk)
    for url, name in (
        ("/places/compounds/", "compounds-390"),
        (f"/places/compounds/{town.compound.pk}/", "compound-390"),
        (f"/cases/compounds/{town.compound.pk}/defects/", "defects-390"),
        (f"/places/communities/{town.community.code}/", "community-390"),
        ("/places/coverage/", "coverage-390"),
        ("/places/grids/", "grids-390"),
    ):
        office.goto(url)
        office.wait_for_load_state("networkidle")
        width = office.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{url} is {width} px wide"
        snapshot(office, name)
