"""Time, money, lengths and personal details as the screens say them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template

from shaodao.kit.templatetags import kit

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2025, 9, 12, 9, 24, tzinfo=SHANGHAI)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def render(source, **values):
    return Template(source).render(Context(values)).strip()


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (2 * DAY + 3 * HOUR + timedelta(minutes=59), "2 天 3 小时"),
        (2 * DAY + timedelta(minutes=5), "2 天"),
        (5 * HOUR, "5 小时"),
        (timedelta(minutes=40, seconds=59), "40 分钟"),
        (timedelta(seconds=59), "不到 1 分钟"),
        (-3 * HOUR - timedelta(minutes=5), "3 小时 5 分钟"),
        (None, ""),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(span, said):
    assert kit.duration(span) == said


def test_a_deadline_says_what_is_left_and_then_by_how_much_it_passed():
    assert kit.remaining(FRIDAY + 3 * HOUR, FRIDAY) == "还剩 3 小时"
    assert kit.remaining(FRIDAY, FRIDAY + 5 * HOUR) == "已超 5 小时"


@pytest.mark.parametrize(
    ("values", "words", "tone"),
    [
        ({"due_at": FRIDAY + 3 * HOUR}, "还剩 3 小时", "deadline active"),
        (
            {"due_at": FRIDAY + 3 * HOUR, "warn_at": FRIDAY - HOUR},
            "还剩 3 小时",
            "deadline warn",
        ),
        ({"due_at": FRIDAY - 5 * HOUR}, "已超 5 小时", "deadline late"),
        ({"due_at": FRIDAY, "done_at": FRIDAY - HOUR}, "按时办结", "deadline done"),
        ({"due_at": FRIDAY, "done_at": FRIDAY + HOUR}, "办结时已超 1 小时", "deadline late"),
        ({"paused": True, "time_left": DAY}, "恢复后还有 1 天", "deadline wait"),
        ({"due_at": None}, "无时限", "deadline quiet"),
    ],
)
def test_a_deadline_is_said_in_words_with_an_icon(values, words, tone):
    html = render('{% include "kit/deadline.html" %}', at=FRIDAY, **values)
    assert words in html
    assert f'class="{tone}"' in html
    assert ("<svg" in html) == (values.get("due_at") is not None or "paused" in values)


def test_a_moment_is_said_from_today():
    assert kit.day(FRIDAY, FRIDAY) == "今天"
    assert kit.day(FRIDAY - DAY, FRIDAY) == "昨天"
    assert kit.day(FRIDAY + DAY, FRIDAY) == "明天"
    assert kit.day(FRIDAY - 30 * DAY, FRIDAY) == "8月13日"
    assert kit.day(FRIDAY - 400 * DAY, FRIDAY) == "2024年8月8日"
    assert 'title="2025-09-12 09:24"' in kit.when(FRIDAY, FRIDAY)


def test_how_long_ago_is_said_in_one_unit():
    assert kit.since(FRIDAY, FRIDAY) == "刚刚"
    assert kit.since(FRIDAY - timedelta(minutes=70), FRIDAY) == "1 小时前"
    assert kit.since(FRIDAY - 3 * DAY - HOUR, FRIDAY) == "3 天前"
    assert kit.since(FRIDAY - 60 * DAY, FRIDAY) == "7月14日"


@pytest.mark.parametrize(
    ("length", "said"), [(850, "850 米"), (2000, "2 公里"), (2350, "2.4 公里"), (None, "")]
)
def test_a_length_is_said_in_metres_or_kilometres(length, said):
    assert kit.metres(length) == said


@pytest.mark.parametrize(
    ("fen", "said"), [(1234500, "12,345 元"), (5, "0.05 元"), (-150, "-1.50 元"), (0, "0 元")]
)
def test_money_kept_in_fen_is_said_in_yuan(fen, said):
    assert kit.yuan(fen) == said


def test_a_share_is_said_in_per_cent():
    assert kit.share(0.964) == "96.4 %"
    assert kit.share(1) == "100 %"
    assert kit.share(None) == "—"
    assert kit.css_share(1.7) == "1.0000"


def test_a_mask_keeps_what_a_colleague_needs_and_an_unknown_one_keeps_nothing():
    assert kit.mask("张三丰", "name") == "张**"
    assert kit.mask("13812345678", "phone") == "138****5678"
    assert kit.mask("secret", "colour") == "******"
    assert kit.mask(None, "name") == ""


def test_a_page_link_keeps_the_filters(rf):
    context = Context()
    context.request = rf.get("/cases/", {"status": "FILED", "after": "old"})
    assert kit.page_link(context, "", "new") == "?status=FILED&after=new"


def test_an_include_with_only_still_protects_its_form(client):
    page = client.get("/kit/design/").content.decode()
    assert page.count('name="csrfmiddlewaretoken"') >= 3
    assert 'name="csrfmiddlewaretoken" value=""' not in page
