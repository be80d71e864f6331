"""When a message may go, how many at once, and what a text may say: no database."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.notices import policy
from shaodao.notices.policy import Channel, Topic

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("hour", "begins", "ends", "until"),
    [
        (22, 21, 7, "08 07"),
        (3, 21, 7, "07 07"),
        (7, 21, 7, None),
        (20, 21, 7, None),
        (21, 21, 7, "08 07"),
        (13, 12, 14, "07 14"),
        (14, 12, 14, None),
        (3, 0, 0, None),
        (3, 0, 6, "07 06"),
    ],
)
def test_quiet_hours_end_where_they_say(hour, begins, ends, until):
    at = datetime(2026, 9, 7, hour, 30 if hour not in (7, 14, 21) else 0, tzinfo=SHANGHAI)
    end = policy.quiet_until(at, begins=begins, ends=ends)
    assert (end and end.strftime("%d %H")) == until


@given(st.integers(0, 500), st.integers(0, 30), st.integers(1, 20))
def test_nobody_gets_more_than_the_cap_and_nothing_is_lost(waiting, sent, cap):
    share = policy.share_of(waiting=waiting, sent=sent, cap=cap)
    assert share.alone + share.gathered + share.postponed == waiting
    messages = share.alone + (1 if share.gathered else 0)
    assert sent + messages <= max(cap, sent)
    assert share.gathered != 1 or cap == sent + 1


def test_a_flood_becomes_single_messages_and_one_digest():
    assert policy.share_of(waiting=177, sent=0, cap=10) == (9, 168, 0)
    assert policy.share_of(waiting=10, sent=0, cap=10) == (10, 0, 0)
    assert policy.share_of(waiting=3, sent=10, cap=10) == (0, 0, 3)


def test_waiting_doubles_up_to_a_bound():
    first, most = timedelta(minutes=1), timedelta(hours=4)
    waits = [policy.back_off(n, first=first, most=most) for n in (1, 2, 3, 9, 99)]
    assert waits == [first, 2 * first, 4 * first, most, most]


def test_the_id_is_the_same_for_the_same_and_another_for_any_other():
    given = {"about": "case:1:2", "key": "case:1:2:9", "recipient": "user:9"}
    one = policy.message_id(**given, channel=Channel.SMS)
    assert one == policy.message_id(**given, channel=Channel.SMS)
    others = {
        policy.message_id(**given, channel=Channel.EMAIL),
        policy.message_id(**given | {"recipient": "user:8"}, channel=Channel.SMS),
        policy.message_id(**given | {"about": "case:1:3"}, channel=Channel.SMS),
    }
    assert len(others | {one}) == 4


@pytest.mark.parametrize("kind", [name for name in policy.KINDS if name not in policy.FIXED])
def test_the_products_own_texts_pass_its_own_check(kind):
    policy.check_text(kind, policy.KINDS[kind].text)
    assert len(kind) <= 24


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("case_step", "{number} {owner}", "{owner}"),
        ("case_step", "{number.__class__}", "占位"),
        ("case_step", "{number!r}", "占位"),
        ("case_step", "{number:>9}", "占位"),
        ("case_step", "{number", "花括号"),
        ("case_step", "{{number}} {number}", "花括号"),
        ("case_step", "{}{number}", "占位"),
        ("case_step", "{title}", "{number}"),
        ("case_step", "  ", "填写"),
        ("case_step", "{number}" + "长" * 400, "400"),
        ("plain", "{text}", "不能改"),
        ("nothing", "x", "不能改"),
    ],
)
def test_a_text_with_a_wrong_place_is_refused(kind, text, words):
    with pytest.raises(policy.TextRefused, match=words):
        policy.check_text(kind, text)


def test_filling_never_fills_what_was_filled_in():
    assert policy.fill("{a}/{b}/{c}", {"a": "{b}", "b": "1"}) == "{b}/1/"


def test_a_list_says_how_many_it_leaves_out():
    lines = [f"第{n}件" for n in range(1, 21)]
    told = policy.listed(lines, most=40, more="还有 {n} 条")
    assert len(told) <= 40
    assert told.startswith("第1件；第2件")
    shown = told.count("第")
    assert told.endswith(f"还有 {20 - shown} 条")
    assert policy.listed(lines, most=4, more="{n}") == "20"


def test_whoever_chose_is_asked_and_whoever_did_not_hears_as_the_county_says():
    usual = frozenset({Channel.SMS})
    assert policy.chosen(Topic.ORDER, choices={}, usual=usual) == (Channel.SMS,)
    assert policy.chosen(Topic.ORDER, choices={"ORDER": []}, usual=usual) == ()
    both = {"ORDER": ["DINGTALK", "EMAIL"]}
    assert policy.chosen(Topic.ORDER, choices=both, usual=usual) == (
        Channel.EMAIL,
        Channel.DINGTALK,
    )
