"""Reporting in a real browser: by thumb, without a network, without scripts, by keyboard alone."""

import io
import re

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from shaodao.cases import actions
from shaodao.reports.models import Report

pytestmark = pytest.mark.browser
DAMAGE = "翠竹小区门口的人行道塌了一块，晚上看不见"


def photo(name="现场.jpg", colour="teal"):
    file = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(file, "JPEG", quality=80)
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def number_on(page) -> str:
    return page.locator(".big-number").inner_text()


def test_a_villager_reports_with_a_photo_and_gets_a_number(live_town, browser_page, snapshot):
    town = live_town.town
    page = browser_page(width=390)
    page.goto("/")
    page.get_by_role("link", name="我要反映").last.click()
    page.set_input_files("[name=photos]", [photo(), photo("远景.jpg")])
    expect(page.locator("[data-previews] img")).to_have_count(2)
    page.get_by_label("用您自己的话说").fill(DAMAGE)
    page.locator(".picture", has_text="路灯道路").click()
    page.get_by_label("地址或附近的楼栋").press_sequentially("翠竹小区1栋", delay=20)
    page.get_by_label(town.building.address).check()
    expect(page.locator("#look")).to_contain_text("属于：章贡区 西津路社区第一网格")
    page.get_by_label("联系电话").fill("13900001234")
    snapshot(page, "report-filled-390")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    report = Report.objects.get()
    assert number_on(page) == report.number
    assert report.building == town.building
    assert report.photos.count() == 2
    assert report.text == DAMAGE
    snapshot(page, "report-sent-390")


def test_a_point_on_the_map_is_a_place(live_town, browser_page):
    town = live_town.town
    lon, lat = town.inside()
    page = browser_page(
        width=390, geolocation={"longitude": lon, "latitude": lat}, permissions=["geolocation"]
    )
    page.goto("/report/")
    page.get_by_label("用您自己的话说").fill("垃圾桶满了")
    page.get_by_role("button", name="用我现在的位置").click()
    expect(page.locator("#look")).to_contain_text("西津路社区第一网格")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    report = Report.objects.get()
    assert (report.place, report.area) == ("POSITION", town.grid)


def test_the_same_matter_nearby_is_offered_while_the_form_is_filled(live_town, browser_page):
    town = live_town.town
    case = town.case("DISPATCHED", at=timezone.now())
    actions.release(case=case, title="路口地砖松动", text="", actor=town.chief, at=timezone.now())
    lon, lat = town.inside()
    page = browser_page(
        width=390, geolocation={"longitude": lon, "latitude": lat}, permissions=["geolocation"]
    )
    page.goto("/report/")
    page.get_by_label("用您自己的话说").fill("地砖松了")
    page.get_by_role("button", name="用我现在的位置").click()
    page.get_by_label("路口地砖松动").check()
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    case.refresh_from_db()
    assert case.n_reports == 2


def test_a_place_chosen_from_lists_is_still_chosen_when_the_draft_comes_back(
    live_town, browser_page
):
    town = live_town.town
    page = browser_page(width=390)
    page.goto("/report/")
    page.get_by_label("用您自己的话说").fill("垃圾没人收")
    page.get_by_text("从名单里选小区或网格").click()
    page.select_option("[name=township]", label=town.street.short_name)
    page.select_option("[name=community]", label=town.community.short_name)
    page.select_option("[name=spot_pick]", label=town.grid.short_name)
    expect(page.locator("#look")).to_contain_text("属于")
    expect(page.locator("#lists")).to_contain_text("已选")
    expect(page.locator("[data-draft-state]")).to_contain_text("已存在这部手机里")
    page.goto("/")
    page.goto("/report/")
    expect(page.locator("#look")).to_contain_text("属于：章贡区 西津路社区第一网格")
    # By key: what comes in above the button moves it, and a click may miss.
    page.get_by_role("button", name="提交", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    assert Report.objects.get().area == town.grid


def test_an_emergency_is_pointed_to_the_telephone_while_it_is_written(live_town, browser_page):
    page = browser_page(width=390)
    page.goto("/report/")
    page.get_by_label("用您自己的话说").press_sequentially("隔壁着火了")
    expect(page.locator("#look a[href='tel:119']")).to_be_visible()


def test_a_report_written_without_a_network_is_sent_once(live_town, browser_page, snapshot):
    town = live_town.town
    page = browser_page(width=390)
    page.goto("/report/")
    page.evaluate("navigator.serviceWorker.ready")
    page.context.set_offline(True)
    page.reload()  # the page opens from the phone
    page.get_by_label("用您自己的话说").fill(DAMAGE)
    page.set_input_files("[name=photos]", [photo()])
    expect(page.locator("[data-previews] img")).to_have_count(1)
    page.get_by_label("地址或附近的楼栋").fill(town.building.address)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("[data-outbox]")).to_contain_text("等有网时发送")
    snapshot(page, "report-offline-390")
    assert Report.objects.count() == 0

    other = page.context.new_page()  # two pages are open when the network comes back
    other.goto("/")
    page.context.set_offline(False)
    expect(page.locator("[data-outbox]")).to_contain_text("已送达，编号", timeout=40_000)
    other.reload()
    expect(other.locator("[data-outbox]")).to_contain_text("已送达，编号")
    report = Report.objects.get()
    assert report.text == DAMAGE
    assert report.building == town.building
    assert report.photos.count() == 1
    page.locator("[data-outbox]").get_by_role("link", name="看进度").click()
    expect(page.get_by_text(report.number).first).to_be_visible()


def test_everything_works_without_scripts(live_town, browser_page, snapshot):
    town = live_town.town
    page = browser_page(width=390, java_script_enabled=False)
    page.goto("/report/")
    page.fill("[name=text]", "路灯不亮，有人摔伤")
    page.set_input_files("[name=photos]", [photo()])
    page.get_by_text("从名单里选小区或网格").click()
    page.select_option("[name=township]", label=town.street.short_name)
    page.get_by_role("button", name="下一步").click()
    page.select_option("[name=community]", label=town.community.short_name)
    page.get_by_role("button", name="下一步").click()
    page.select_option("[name=spot_pick]", label=town.grid.short_name)
    page.fill("[name=phone]", "不告诉你")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator(".error-summary")).to_contain_text("请只写数字")
    expect(page.locator("[name=text]")).to_have_value("路灯不亮，有人摔伤")
    expect(page.locator(".kept img")).to_have_count(1)
    snapshot(page, "report-no-scripts-error-390")
    page.fill("[name=phone]", "")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator(".ask")).to_contain_text("您写到了“摔伤”")
    expect(page.locator(".ask a[href='tel:120']")).to_be_visible()
    snapshot(page, "report-no-scripts-ask-390")
    page.get_by_role("button", name="看过了，提交").click()
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    report = Report.objects.get()
    assert (report.place, report.area) == ("GRID", town.grid)
    assert report.photos.count() == 1


def test_a_report_needs_nothing_but_the_keyboard(live_town, browser_page):
    town = live_town.town
    page = browser_page(width=1440)
    page.goto("/report/")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"no way to {selector} by keyboard")

    tab_to("[name=text]")
    page.keyboard.type("楼下消防通道堵了")
    tab_to("[name=category]")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[name=category]:checked")).to_have_value("OTHER")
    tab_to("[name=address]")
    page.keyboard.type(town.building.address)
    expect(page.locator("#suggestions [name=building]").first).to_be_visible()
    tab_to("[name=building]")
    page.keyboard.press("Space")
    expect(page.locator("#look")).to_contain_text("属于：")
    tab_to(".send button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    report = Report.objects.get()
    assert report.building == town.building
    assert re.fullmatch(r"\d{12}", number_on(page))
