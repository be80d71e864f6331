"""Stories of the kit's scripts, told in a real browser."""

import io
import shutil
import struct
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from .letterbox import box

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.kit.letterbox")]
OPTIONS = (
    *("--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--host-resolver-rules=MAP plain.test 127.0.0.1",
)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


class _Threaded(WSGIServer):
    def process_request(self, request, client_address):
        threading.Thread(target=self._answer, args=(request, client_address), daemon=True).start()

    def _answer(self, request, client_address):
        try:
            self.finish_request(request, client_address)
        finally:
            self.shutdown_request(request)


@pytest.fixture(scope="module")
def port():
    with override_settings(ROOT_URLCONF="tests.kit.letterbox", ALLOWED_HOSTS=["*"]):
        server = make_server(
            "127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), _Threaded, handler_class=_Quiet
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
        chromium = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser, port):
    """A phone in Chinese; every page must keep the console free of errors."""
    box.empty()
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        base_url=f"http://127.0.0.1:{port}",
    )
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security" in line.text else None,
    )
    yield page
    context.close()
    assert not faults


def _jpeg(*, width=640, height=480, gps=None, turned=False):
    """A JPEG, with the place in its EXIF block if `gps` (lon, lat) is given."""
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    if gps:
        lon, lat = gps
        exif[0x8825] = {1: "N", 2: _sexagesimal(lat), 3: "E", 4: _sexagesimal(lon)}
    file = io.BytesIO()
    image = Image.effect_noise((width, height), 40).convert("RGB")
    image.save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def _sexagesimal(degrees):
    whole, rest = divmod(degrees, 1)
    minutes, rest = divmod(rest * 60, 1)
    return (whole, minutes, round(rest * 60, 4))


def _photo(name="p.jpg", **shape):
    return {"name": name, "mimeType": "image/jpeg", "buffer": _jpeg(**shape)}


def _open_form(page):
    """Open the report form and wait until its scripts are there: they come after the page."""
    page.goto("/report/")
    page.wait_for_selector("form[data-ready] [data-camera][data-ready]")


def _state(page):
    return page.locator("form [data-draft-state]")


def test_what_was_written_is_there_after_the_page_was_closed(phone):
    _open_form(phone)
    phone.fill("[name=text]", "桥头路灯不亮")
    phone.check("[name=urgent]")
    phone.set_input_files("[name=photos]", [_photo(), _photo("q.jpg")])
    expect(_state(phone)).to_contain_text("已存在这部手机里")
    expect(phone.locator("[data-previews] img")).to_have_count(2)
    while phone.evaluate(N_PHOTOS_KEPT) < 2:
        phone.wait_for_timeout(20)
    phone.goto("/track/abc/")
    _open_form(phone)
    expect(_state(phone)).to_contain_text("已经恢复")
    expect(phone.locator("[name=text]")).to_have_value("桥头路灯不亮")
    expect(phone.locator("[name=urgent]")).to_be_checked()
    expect(phone.locator("[data-previews] img")).to_have_count(2)
    phone.get_by_role("button", name="清空重写").click()
    expect(phone.locator("[name=text]")).to_have_value("")


N_PHOTOS_KEPT = """() => new Promise((resolve) => {
  const request = indexedDB.open("shaodao", 1);
  request.onsuccess = () => {
    const all = request.result.transaction("drafts").objectStore("drafts").getAll();
    all.onsuccess = () => { request.result.close(); resolve(all.result[0]?.photos.length ?? 0); };
  };
})"""


def test_a_report_written_without_network_arrives_once_when_it_is_back(phone):
    _open_form(phone)
    phone.context.set_offline(True)
    phone.fill("[name=text]", "路灯不亮，约 2 公里")
    phone.set_input_files("[name=photos]", [_photo()])
    expect(phone.locator("[data-previews] img")).to_have_count(1)
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator("[data-outbox]")).to_contain_text("等有网时发送")
    expect(phone.locator("[name=text]")).to_have_value("")
    assert not box.reports
    phone.context.set_offline(False)
    expect(phone.locator("[data-outbox]")).to_contain_text("已送达，编号 2025-0001")
    assert len(box.reports) == 1
    [(fields, photos)] = box.reports.values()
    assert fields["text"] == "路灯不亮，约 2 公里"
    assert len(photos) == 1
    assert Image.open(io.BytesIO(photos[0])).size == (640, 480)


def test_a_report_kept_on_the_phone_goes_when_any_page_is_opened_again(phone):
    _open_form(phone)
    phone.fill("[name=text]", "电梯停了")
    box.lose = 10**6
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator("[data-outbox]")).to_contain_text("等有网时发送")
    phone.goto("/kit/design/")
    box.lose = 0
    phone.goto("/track/abc/")
    expect(phone.locator("[data-outbox]")).to_contain_text("已送达")
    assert len(box.reports) == 1


def test_five_tries_whose_answers_were_lost_make_one_report(phone):
    _open_form(phone)
    phone.fill("[name=text]", "井盖没了")
    box.lose = 4
    phone.get_by_role("button", name="提交").click()
    outbox = phone.locator("[data-outbox]")
    for _again in range(4):
        expect(outbox).to_contain_text("等有网时发送")
        with phone.expect_response("**/report/"):
            outbox.get_by_role("button", name="现在发送").click()
    expect(outbox).to_contain_text("已送达，编号 2025-0001")
    assert (box.n_posts, len(box.reports)) == (5, 1)


def test_two_open_pages_send_a_waiting_report_once(phone):
    _open_form(phone)
    other = phone.context.new_page()
    _open_form(other)
    phone.context.set_offline(True)
    phone.fill("[name=text]", "树倒了")
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator("[data-outbox]")).to_contain_text("等有网时发送")
    phone.context.set_offline(False)
    expect(phone.locator("[data-outbox]")).to_contain_text("已送达")
    expect(other.locator("[data-outbox]")).to_contain_text("已送达")
    assert box.n_posts == 1


def test_with_a_network_the_reporter_comes_to_the_tracking_page(phone):
    _open_form(phone)
    phone.fill("[name=text]", "垃圾没人收")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("heading", name="办理进度")).to_be_visible()
    _open_form(phone)
    expect(phone.locator("[name=text]")).to_have_value("")
    expect(phone.locator("[data-outbox]")).to_be_hidden()


def test_what_was_refused_can_be_corrected_and_sent(phone):
    _open_form(phone)
    phone.fill("[name=text]", "这样不行")
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator("form .field-errors")).to_contain_text("请写清楚是什么事")
    expect(phone.locator("[name=text]")).to_be_focused()
    phone.fill("[name=text]", "小区门口积水")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("heading", name="办理进度")).to_be_visible()
    assert [fields["text"] for fields, _photos in box.reports.values()] == ["小区门口积水"]


def test_a_report_kept_longer_than_the_pages_token_is_still_sent(phone):
    _open_form(phone)
    phone.fill("[name=text]", "水管爆了")
    phone.context.clear_cookies()
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("heading", name="办理进度")).to_be_visible()
    assert len(box.reports) == 1


def test_without_scripts_the_form_is_sent_plainly(browser, port):
    box.empty()
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/report/")
    page.fill("[name=text]", "没有脚本")
    page.get_by_role("button", name="提交").click()
    assert page.url.endswith("/track/abc/")
    context.close()
    [(key, (fields, _photos))] = box.reports.items()
    assert fields["text"] == "没有脚本"
    assert len(key) == 36


def test_over_plain_http_the_page_says_what_it_cannot_do_and_still_keeps_a_draft(browser, port):
    box.empty()
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"http://plain.test:{port}/report/")
    assert not page.evaluate("isSecureContext")
    expect(page.locator("form .callout.warn")).to_contain_text("不是加密连接")
    page.fill("[name=text]", "没有加密")
    expect(_state(page)).to_contain_text("已存在这部手机里")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="办理进度")).to_be_visible()
    context.close()
    [key] = box.reports
    assert key[14] == "4"
    assert key[19] in "89ab"


def test_a_large_photo_is_made_smaller_upright_and_its_place_is_offered_first(phone):
    _open_form(phone)
    phone.set_input_files(
        "[name=photos]", [_photo(width=3200, height=2400, turned=True, gps=(114.935, 25.832))]
    )
    phone.get_by_role("button", name="就用这个位置").click()
    assert phone.input_value("[name=lon]") == "114.935000"
    assert phone.input_value("[name=lat]") == "25.832000"
    expect(phone.locator("[data-previews] img")).to_have_count(1)
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_role("heading", name="办理进度")).to_be_visible()
    [(fields, [photo])] = box.reports.values()
    image = Image.open(io.BytesIO(photo))
    assert image.size == (1920, 2560)
    assert not image.getexif()
    assert fields["lon"] == "114.935000"


def test_no_more_photos_are_taken_than_may_be_sent(phone):
    _open_form(phone)
    phone.set_input_files("[name=photos]", [_photo(f"{n}.jpg", width=64) for n in range(8)])
    expect(phone.locator("[data-previews] img")).to_have_count(6)
    expect(phone.locator("[data-camera]")).to_contain_text("最多 6 张，多出的没有加上")
    phone.get_by_role("button", name="去掉第 2 张照片").click()
    expect(phone.locator("[data-previews] img")).to_have_count(5)


def test_photos_chosen_before_the_scripts_came_are_taken_too(phone):
    phone.route("**/kit/camera.js", lambda route: held.append(route))
    held = []
    phone.goto("/report/")
    phone.set_input_files("[name=photos]", [_photo()])
    phone.wait_for_selector("form[data-ready]")
    while not held:
        phone.wait_for_timeout(20)
    held.pop().continue_()
    expect(phone.locator("[data-previews] img")).to_have_count(1)


def test_a_file_that_lies_about_its_place_is_taken_without_it(phone):
    broken = _jpeg(gps=(114.9, 25.8)).replace(struct.pack(">H", 0x8825), b"\x88\x25\xff", 1)
    _open_form(phone)
    phone.set_input_files(
        "[name=photos]", [{"name": "x.jpg", "mimeType": "image/jpeg", "buffer": broken}]
    )
    expect(phone.locator("[data-previews] li")).to_have_count(1)
    expect(phone.locator("[data-offer]")).to_be_hidden()


def test_a_countdown_goes_on_and_says_when_it_is_over(phone):
    phone.clock.install()
    phone.goto("/kit/design/")
    soon = phone.locator("#states .deadline.warn").first
    expect(soon).to_contain_text("还剩 1 小时 3")
    phone.clock.fast_forward("02:00:00")
    late = phone.locator("#states .deadline").nth(1)
    expect(late).to_contain_text("已超 ")
    expect(late).to_have_class("deadline late")
    assert late.locator("use").get_attribute("href").endswith("#late")


def test_rows_are_walked_and_chosen_by_keys(phone):
    phone.goto("/kit/design/")
    first, second = (phone.locator("[data-row]").nth(n) for n in range(2))
    phone.wait_for_timeout(0)
    expect(phone.locator("[data-shortcuts]")).to_be_attached()
    phone.wait_for_load_state("networkidle")
    phone.keyboard.press("j")
    expect(first).to_have_class("late is-current")
    phone.keyboard.press("j")
    phone.keyboard.press("x")
    expect(second.locator("input")).to_be_checked()
    phone.keyboard.press("/")
    expect(phone.locator("[data-search]")).to_be_focused()
    phone.keyboard.type("j")
    expect(phone.locator("[data-search]")).to_have_value("j")
    phone.locator("[data-search]").blur()
    phone.keyboard.press("?")
    expect(phone.get_by_role("dialog")).to_contain_text("下一条")
    phone.keyboard.press("Escape")
    expect(phone.get_by_role("dialog")).to_have_count(0)


def test_text_size_and_colours_change_at_once_and_stay(phone):
    phone.goto("/kit/design/")
    phone.get_by_label("显示设置").click()
    phone.get_by_role("button", name="大字（长辈版）").click()
    assert phone.evaluate("getComputedStyle(document.body).fontSize") in ("18.75px", "20px")
    phone.get_by_role("button", name="深色").click()
    expect(phone.locator("html")).to_have_attribute("data-theme", "dark")
    phone.wait_for_load_state("networkidle")
    phone.goto("/track/abc/")
    expect(phone.locator("html")).to_have_attribute("data-theme", "dark")
    expect(phone.locator("html")).to_have_attribute("data-size", "large")


@pytest.mark.parametrize("size", ["normal", "large"])
def test_nothing_runs_out_of_a_narrow_phone(phone, port, size):
    phone.set_viewport_size({"width": 360, "height": 740})
    phone.context.add_cookies(
        [{"name": "shaodao_size", "value": size, "url": f"http://127.0.0.1:{port}"}]
    )
    for url in ("/kit/design/", "/report/", "/track/abc/"):
        phone.goto(url)
        assert phone.evaluate("document.documentElement.scrollWidth") == 360, url


NAMELESS = """() => [...document.querySelectorAll(
    "input:not([type=hidden]), select, textarea, button, a[href], summary")]
  .filter((e) => e.getClientRects().length)
  .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || [...(e.labels ?? [])]
    .some((label) => label.textContent.trim())))
  .map((e) => e.outerHTML.slice(0, 120))"""
WITHOUT_FOCUS_RING = """() => { const s = getComputedStyle(document.activeElement);
  const near = document.activeElement.closest(".picture, .picker-drop, .stars");
  return near || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2)
    ? null : document.activeElement.outerHTML.slice(0, 120); }"""


def test_everything_one_can_use_has_a_name_and_shows_its_focus(phone):
    phone.goto("/kit/design/")
    assert phone.evaluate(NAMELESS) == []
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("link", name="跳到正文")).to_be_focused()
    for _step in range(45):
        assert phone.evaluate(WITHOUT_FOCUS_RING) is None
        phone.keyboard.press("Tab")


def test_who_asked_for_stillness_gets_it(browser, port):
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/kit/design/")
    page.get_by_role("button", name="弹出提示").click()
    toast = page.locator(".toast").last
    assert float(toast.evaluate("e => getComputedStyle(e).animationDuration")[:-1]) < 0.001
    context.close()
