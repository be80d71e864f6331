"""The mailbox of all channels, the channels and the texts, as whoever runs them sees them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.notices.actions import Words, post, prefer
from shaodao.notices.models import Attempt, Line, Notice
from tests.sessions import sign_in

pytestmark = pytest.mark.browser


def session_of(page, live_town, user):
    """Give the page the session of somebody who showed a second factor."""
    cookie = sign_in(Client(), user).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_town.url}])


def messages(town) -> Notice:
    """Messages of several channels: told, waiting, and one that was refused."""
    at = timezone.now() - timedelta(minutes=20)
    ways = {"ORDER": ["EMAIL", "DINGTALK"]}
    type(town.worker).objects.filter(pk=town.worker.pk).update(email="worker@county.invalid")
    prefer(user=town.worker, choices=ways, language="")
    step = {"number": "360702-20260907-0012", "title": "西津路路灯不亮", "step": "派遣"}
    told = [
        ("w", town.worker.pk, "", Words("case_step", step), "/cases/1/"),
        ("r", None, "13812345678", Words("report_step", {"report": "R1", "step": "派遣"}), "/x/"),
    ]
    post(told, about="case:1:1", at=at, unit_id=town.grid.pk, is_urgent=True)
    refused = Notice.objects.get(channel="SMS")
    refused.state, refused.error, refused.attempts = "FAILED", "HTTP 400 号码是空号", 2
    refused.save()
    for minute, outcome in enumerate(("FAILED", "REFUSED")):
        when = at + timedelta(minutes=minute)
        Attempt.objects.create(notice=refused, at=when, outcome=outcome, answer="HTTP 400")
    Line.objects.create(
        channel="DINGTALK", n_failed=5, rests_until=timezone.now() + timedelta(minutes=4),
        why_resting="FAILED", last_error="timeout: ReadTimeout", last_error_at=timezone.now(),
    )  # fmt: skip
    return refused


def test_a_refused_message_is_seen_and_sent_again(browser_page, live_town, snapshot, settings):
    settings.DEMO = settings.CHANNELS_CONSOLE = True
    town = live_town.town
    refused = messages(town)
    page = browser_page(width=1440)
    session_of(page, live_town, town.admin)
    page.goto("/notices/channels/")
    expect(page.locator("table")).to_contain_text("timeout")
    snapshot(page, "channels-1440")
    page.goto("/notices/outgoing/")
    page.locator("main details summary").first.press("Enter")
    snapshot(page, "outgoing-1440")
    page.select_option("[name=state]", "FAILED")
    page.press("[name=state]", "Enter")
    page.goto("/notices/outgoing/?state=FAILED")
    page.get_by_role("button", name="重发").press("Enter")
    expect(page.locator("body")).to_contain_text("已排入重发")
    refused.refresh_from_db()
    assert refused.state == "WAITING"

    phone = browser_page(width=390)
    session_of(phone, live_town, town.admin)
    for name in ("outgoing", "channels"):
        phone.goto(f"/notices/{name}/")
        snapshot(phone, f"{name}-390")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_text_is_previewed_before_it_holds(browser_page, live_town, snapshot, settings):
    settings.CHANNELS_CONSOLE = True
    town = live_town.town
    page = browser_page(width=1440)
    session_of(page, live_town, town.security)
    page.goto("/notices/texts/case_step/")
    page.fill("[name=text]", "请办 {number}：{step}")
    page.fill("[name=source]", "区办〔2026〕3 号")
    page.fill("[name=why]", "统一口径")
    page.get_by_role("button", name="预览").press("Enter")
    expect(page.locator("blockquote")).to_contain_text("请办 360702-20260907-0012")
    snapshot(page, "notice-text-1440")
    page.get_by_role("button", name="记入并执行").press("Enter")
    page.wait_for_url("**/notices/texts/")
    expect(page.locator("main")).to_contain_text("请办 {number}：{step}")
    snapshot(page, "notice-texts-1440")
    phone = browser_page(width=390)
    session_of(phone, live_town, town.security)
    phone.goto("/notices/texts/")
    snapshot(phone, "notice-texts-390")
    own = browser_page(width=390)
    session_of(own, live_town, town.worker)
    own.goto("/notices/preferences/")
    snapshot(own, "notice-preferences-390")
    assert own.evaluate("document.documentElement.scrollWidth") <= 390
