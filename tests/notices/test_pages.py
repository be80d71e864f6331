"""The mailbox of all channels, the channels, what people choose, and how a county says things."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from shaodao.notices import actions, rules
from shaodao.notices.actions import NewText, Words, post, set_text
from shaodao.notices.models import Attempt, Line, Notice, NoticeText, Preference
from shaodao.notices.policy import Channel
from shaodao.people.models import AccountEntry
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db
FACTS = {"number": "360702-0012", "title": "路灯不亮", "step": "派遣"}


@pytest.fixture(autouse=True)
def _played_to_the_log(settings):
    settings.CHANNELS_CONSOLE = True


def text_message(n=1, about="case:1:1", at=None):
    at = at or timezone.now()
    told = [(f"{about}:{i}", None, "13812345678", "有新进展", "/track/x/") for i in range(n)]
    post(told, about=about, at=at)
    return list(Notice.objects.filter(about=about).order_by("pk"))


def shown(client, name="outgoing", **query):
    page = client.get(reverse(name), query)
    assert page.status_code == 200
    return page.content.decode()


# ---- what went out -----------------------------------------------------------------------------


def test_in_the_sample_town_everybody_sees_every_channel_masked(client, town, settings):
    settings.DEMO = True
    text_message()
    told = [("k", town.worker.pk, "", Words("case_step", FACTS), "/cases/1/")]
    post(told, about="d", at=timezone.now())
    sign_in(client, town.intake)
    page = shown(client)
    assert "138****5678" in page
    assert "13812345678" not in page
    assert "360702-0012 路灯不亮：派遣" in page
    assert "有新进展" not in shown(client, channel="IN_APP")
    assert "路灯不亮" not in shown(client, state="WAITING")


def test_in_service_only_whoever_runs_the_channels_sees_them_and_no_word(client, town, settings):
    settings.DEMO = False
    text_message()
    sign_in(client, town.intake)
    assert client.get(reverse("outgoing")).status_code == 403
    sign_in(client, town.admin)
    page = shown(client)
    assert "138****5678" in page
    assert "有新进展" not in page
    assert "/track/x/" not in page


def test_another_countys_messages_are_not_there(client, town, settings):
    settings.DEMO = False
    told = [("k", None, "13812345678", "有新进展", "/track/x/")]
    post(told, about="c", at=timezone.now(), unit_id=town.village.pk)
    (row,) = Notice.objects.filter(about="c")
    sign_in(client, town.admin)
    assert "138****5678" not in shown(client)
    assert client.post(reverse("resend_notice", args=[row.pk])).status_code == 404


def test_attempts_are_shown_and_a_failed_message_goes_again_by_hand(client, town, settings):
    settings.DEMO = True
    (row,) = text_message()
    Notice.objects.filter(pk=row.pk).update(state="FAILED", error="HTTP 400 黑名单", attempts=1)
    Attempt.objects.create(notice=row, at=timezone.now(), outcome="REFUSED", answer="HTTP 400")
    sign_in(client, town.intake)
    assert "重发" not in shown(client)
    assert client.post(reverse("resend_notice", args=[row.pk])).status_code == 403
    sign_in(client, town.admin)
    page = shown(client, state="FAILED")
    assert "被拒收" in page
    assert "HTTP 400 黑名单" in page
    again = client.post(reverse("resend_notice", args=[row.pk]), follow=True)
    assert "已排入重发" in again.content.decode()
    row.refresh_from_db()
    assert row.state == "WAITING"
    assert AccountEntry.objects.filter(subject=f"notice:{row.pk}", actor=town.admin).exists()
    refused = client.post(reverse("resend_notice", args=[row.pk]), follow=True)
    assert "只有没发出去" in refused.content.decode()


def test_the_list_costs_as_many_queries_full_as_short(client, town, settings):
    settings.DEMO = True
    sign_in(client, town.admin)
    text_message(2)
    shown(client)
    with CaptureQueriesContext(connection) as few:
        shown(client)
    text_message(60, about="case:2:1")
    with CaptureQueriesContext(connection) as many:
        page = shown(client)
    assert len(many) == len(few)
    assert page.count("138****5678") == 40
    assert "下一页" in page


def test_a_digest_tells_what_it_gathers(client, town, settings):
    settings.DEMO = True
    noon = timezone.now().replace(hour=4)  # in Shanghai
    text_message(30, at=noon)
    actions.send_due(Channel.SMS, clock=lambda: noon)
    sign_in(client, town.intake)
    page = shown(client, state="SENT")
    assert "您反映的事项有 21 条新进展" in page
    assert "并入第" in shown(client, state="GATHERED")


# ---- the channels ------------------------------------------------------------------------------


def test_the_channels_page_says_what_waits_and_what_went_wrong(client, town):
    text_message(3)
    at = timezone.now()
    Line.objects.create(
        channel="SMS", n_failed=5, rests_until=at + timedelta(minutes=5), why_resting="FAILED",
        last_error="timeout", last_error_at=at,
    )  # fmt: skip
    sign_in(client, town.admin)
    page = shown(client, "channels")
    row = page[page.index("短信") :]
    assert "停歇中" in row
    assert "timeout" in row
    assert re.search(r'class="num">3<', row)


def test_the_channels_page_costs_the_same_however_much_waits(client, town):
    sign_in(client, town.admin)
    shown(client, "channels")
    with CaptureQueriesContext(connection) as few:
        shown(client, "channels")
    text_message(50)
    with CaptureQueriesContext(connection) as many:
        shown(client, "channels")
    assert len(many) == len(few)


def test_a_channel_is_stopped_and_started_with_a_reason_that_is_journalled(client, town):
    sign_in(client, town.admin)
    url = reverse("channel_switch", args=["SMS", "pause"])
    assert client.post(url, {"why": ""}).status_code == 200
    assert not Line.objects.filter(is_paused=True).exists()
    assert client.post(url, {"why": "换服务商"}).status_code == 302
    assert Line.objects.get(channel="SMS").is_paused
    assert "已暂停" in shown(client, "channels")
    client.post(reverse("channel_switch", args=["SMS", "resume"]), {"why": "换好了"})
    assert not Line.objects.get(channel="SMS").is_paused
    assert AccountEntry.objects.filter(subject="channel:SMS").count() == 2
    assert client.get(reverse("channel_switch", args=["FAX", "pause"])).status_code == 404
    assert client.get(reverse("channel_switch", args=["SMS", "burn"])).status_code == 404


# ---- what people choose ------------------------------------------------------------------------


def test_people_choose_how_they_hear_and_leave_an_address(client, town):
    sign_in(client, town.worker)
    url = reverse("notice_preferences")
    assert "派给我的" in client.get(url).content.decode()
    given = {"ORDER": ["EMAIL", "SMS"], "language": "zh-hans", "email": ""}
    assert "请填写邮箱" in client.post(url, given).content.decode()
    assert client.post(url, given | {"email": "a@b.example"}).status_code == 302
    kept = Preference.objects.get(user=town.worker)
    assert kept.choices == {"ORDER": ["EMAIL", "SMS"], "LIMIT": [], "CALL": [], "OTHER": []}
    assert town.person("grid.1.a").email == "a@b.example"
    assert AccountEntry.objects.filter(name="change_email").count() == 1
    page = client.get(url).content.decode()
    assert len(re.findall(r"checked", page)) == 2
    assert client.post(url, given | {"ORDER": ["FAX"]}).status_code == 200


# ---- how a county says it ----------------------------------------------------------------------


def text_of(unit_id=None, channel="SMS"):
    today = timezone.localdate()
    return rules.wording("case_step", channel=channel, unit_id=unit_id, on=today)


def set_it(town, text="[{number}] {step}", **given):
    new = NewText("case_step", text, timezone.localdate(), "发文", **{"unit": town.county, **given})
    return set_text(new=new, actor=town.security, at=timezone.now(), why="统一口径")


def test_a_county_says_it_its_own_way_from_a_day_on(town):
    default = text_of()
    row = set_it(town)
    set_it(town, text="短信：{number}", channel="SMS")
    assert text_of(town.grid.pk) == "短信：{number}"
    assert text_of(town.grid.pk, "EMAIL") == row.text
    assert text_of(town.village.pk) == default
    set_it(town, text="{number}！", channel="SMS")
    assert NoticeText.objects.filter(channel="SMS").count() == 2
    assert text_of(town.grid.pk) == "{number}！"
    entries = AccountEntry.objects.filter(subject="notice_text:case_step")
    assert entries.count() == 3


def test_ending_a_text_brings_the_wider_one_back(town):
    row = set_it(town)
    at = timezone.now()
    actions.end_text(row=row, until=timezone.localdate(), actor=town.security, at=at, why="作废")
    assert text_of(town.grid.pk) == text_of()


def test_stored_notices_are_read_in_the_readers_language_and_by_the_text_in_force(client, town):
    told = [("k", town.worker.pk, "", Words("case_step", FACTS), "/cases/1/")]
    post(told, about="d", at=timezone.now(), unit_id=town.grid.pk)
    sign_in(client, town.worker)
    assert "360702-0012 路灯不亮：派遣" in shown(client, "mailbox")
    set_it(town)
    assert "[360702-0012] 派遣" in shown(client, "mailbox")
    with translation.override("en"):
        english = rules.values_of("case_step", FACTS)
    assert english["title"] == "路灯不亮"
    assert english["step"] != "派遣"


def test_a_text_is_previewed_with_examples_before_it_is_kept(client, town):
    sign_in(client, town.security)
    url = reverse("notice_text_set", args=["case_step"])
    today = timezone.localdate().isoformat()
    given = {
        "text": "请看 {number}：{step}", "channel": "", "language": "zh-hans", "unit": "章贡区",
        "valid_from": today, "source": "发文", "why": "口径",
    }  # fmt: skip
    page = client.post(url, given | {"preview": "1"}).content.decode()
    assert "请看 360702-20260907-0012：处置" in page
    assert not NoticeText.objects.exists()
    wrong = client.post(url, given | {"text": "{owner}{number}", "save": "1"}).content.decode()
    assert "没有叫 {owner} 的占位" in wrong
    assert client.post(url, given | {"save": "1"}).status_code == 302
    row = NoticeText.objects.get()
    assert "请看 {number}" in shown(client, "notice_texts")
    assert client.get(reverse("notice_text_set", args=["plain"])).status_code == 404
    ended = client.post(reverse("notice_text_end", args=[row.pk]), {"until": today, "why": "停用"})
    assert ended.status_code == 302
    assert text_of(town.grid.pk) == text_of()
