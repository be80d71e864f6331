"""Sending: claim, answer, back-off, quiet hours, the cap, the circuit, a sender that dies."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from shaodao.notices import actions, policy
from shaodao.notices.actions import Words, sending
from shaodao.notices.models import Attempt, Line, Notice
from shaodao.notices.policy import Channel
from shaodao.people.models import Parameter
from tests.town import MONDAY

from .servers import SILENCE, gateway, mail_server

SMS, EMAIL, DINGTALK = Channel.SMS, Channel.EMAIL, Channel.DINGTALK
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PHONE = "13800000001"


@contextmanager
def connected(**urls: str):
    """Connect channels to servers of the test; the others stay closed."""
    made = {name: dict(values) for name, values in site.CHANNELS.items()}
    for name, url in urls.items():
        made[name]["url"] = url
        if name == "EMAIL":
            made[name]["options"] = {"host": "127.0.0.1", "port": int(url.rpartition(":")[2])}
            made[name]["sender"] = "no-reply@county.example"
    with override_settings(CHANNELS=made, CHANNELS_CONSOLE=False, CHANNEL_TIMEOUT=0.3):
        yield


@pytest.fixture
def sms():
    with gateway() as server, connected(SMS=server.url):
        yield server


def tell(n=1, *, at=MONDAY, phone=PHONE, about="case:1:1", **options):
    """Write `n` text messages to a resident's phone."""
    told = [(f"{about}:{i}", None, phone, f"第{i}件", f"/track/{i}/") for i in range(n)]
    actions.post(told, about=about, at=at, **options)
    return list(Notice.objects.filter(about=about).order_by("pk"))


def send(channel=SMS, *, at=MONDAY):
    return actions.send_due(channel, clock=lambda: at)


def states(**filters):
    return list(Notice.objects.filter(**filters).order_by("pk").values_list("state", flat=True))


def set_number(name: str, value: int) -> None:
    Parameter.objects.filter(name=name).update(value=str(value))


# ---- writing -----------------------------------------------------------------------------------


def test_a_message_that_stands_already_is_not_written_again(town, sms):
    for _ in range(3):
        tell()
        actions.post([("k", town.worker.pk, "", "新的派单", "/cases/1/")], about="c", at=MONDAY)
    assert Notice.objects.filter(phone=PHONE).count() == 1
    assert Notice.objects.visible_to(town.worker).filter(about="c").count() == 1


@pytest.mark.parametrize("n", [5, 500])
def test_many_messages_are_one_statement(town, sms, n):
    told = [(f"k{i}", town.worker.pk, "", "有事", "") for i in range(n)]
    actions.post(told, about="warm", at=MONDAY)
    with CaptureQueriesContext(connection) as queries:
        actions.post([*told, *told], about="c", at=MONDAY)
        actions.post(told, about="c", at=MONDAY)
    inserts = [query for query in queries if query["sql"].startswith("INSERT")]
    assert len(inserts) == (2 if n < 20 else 0)  # many go by COPY
    assert len(queries) < 12
    assert Notice.objects.filter(about="c", to=town.worker).count() == n


def test_staff_hear_by_the_channels_they_chose_and_the_mailbox_shows_it_once(town):
    with connected(DINGTALK="http://127.0.0.1:9/", EMAIL="smtp://127.0.0.1:9"):
        wanted = {"OTHER": ["DINGTALK", "EMAIL"], "ORDER": []}
        actions.prefer(user=town.worker, choices=wanted, language="en")
        actions.post([("k", town.worker.pk, "", "开会", "")], about="c", at=MONDAY)
        facts = {"number": "1", "title": "灯", "step": "派遣"}
        actions.post(
            [("k", town.worker.pk, "", Words("case_step", facts), "")], about="d", at=MONDAY
        )
    ways = Notice.objects.filter(about="c").values_list("channel", flat=True)
    assert set(ways) == {"IN_APP", "DINGTALK"}  # no address for mail
    assert Notice.objects.visible_to(town.worker).filter(about="c").count() == 1
    assert states(about="d") == ["SENT"]


def test_the_county_says_how_staff_hear_who_chose_nothing(town):
    set_number("notice_by_sms", 1)
    with connected(SMS="http://127.0.0.1:9/"):
        actions.post([("k", town.worker.pk, "", "开会", "")], about="c", at=MONDAY)
    assert set(Notice.objects.filter(about="c").values_list("channel", "state")) == {
        ("IN_APP", "SENT"),
        ("SMS", "WAITING"),
    }


def test_without_a_gateway_a_text_message_fails_at_once_and_says_so(town):
    with connected():
        (row,) = tell()
    assert (row.state, row.error) == ("FAILED", policy.NO_CHANNEL)


# ---- the four answers --------------------------------------------------------------------------


def test_what_is_taken_is_sent_once_with_its_id_and_link(town, sms):
    (row,) = tell()
    assert [send(), send()] == [1, 0]
    (request,) = sms.received
    assert request.headers["Idempotency-Key"] == str(row.message_id)
    assert request.json["text"] == "第0件/track/0/"
    row.refresh_from_db()
    assert (row.state, row.attempts, row.sent_at) == ("SENT", 1, MONDAY)
    assert list(row.tries.values_list("outcome", flat=True)) == ["TAKEN"]


def test_what_is_refused_is_not_tried_again_and_shows_why(town, sms):
    sms.answer(400, "黑名单")
    (row,) = tell()
    send()
    assert send(at=MONDAY + timedelta(days=1)) == 0
    row.refresh_from_db()
    assert row.state == "FAILED"
    assert "黑名单" in row.error


def test_throttling_slows_the_whole_channel_and_counts_no_attempt(town, sms):
    sms.answer(429, Retry_After="120")
    rows = tell(3)
    assert send() == 1
    assert states(about="case:1:1") == ["WAITING"] * 3
    assert send(at=MONDAY + MINUTE) == 0
    assert send(at=MONDAY + 2 * MINUTE) == 3
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].attempts) == ("SENT", 1)
    assert list(rows[0].tries.order_by("pk").values_list("outcome", flat=True)) == [
        "LATER",
        "TAKEN",
    ]


def test_a_time_out_is_counted_and_tried_again_later_and_later(town, sms):
    (row,) = tell()
    due = MONDAY
    for wait in (1, 2, 4):
        sms.answer(SILENCE)
        assert send(at=due) == 1
        row.refresh_from_db()
        assert row.due_at == due + wait * MINUTE
        due = row.due_at
    assert send(at=due) == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("SENT", 4)


def test_a_message_tried_often_enough_fails(town, sms):
    set_number("notice_attempts", 2)
    (row,) = tell()
    for at in (MONDAY, MONDAY + MINUTE):
        sms.answer(500)
        send(at=at)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("FAILED", 2)


def test_what_waited_too_long_is_not_sent_any_more(town, sms):
    (row,) = tell()
    assert send(at=MONDAY + timedelta(hours=73)) == 0
    row.refresh_from_db()
    assert (row.state, row.error) == ("FAILED", policy.TOO_OLD)
    assert not sms.received


# ---- the circuit -------------------------------------------------------------------------------


def test_a_dead_channel_rests_is_tried_with_one_and_recovers(town, sms):
    for n in range(9):
        tell(about=f"case:{n}:1", phone=f"1380000000{n}")
    for _ in range(6):
        sms.answer(500)
    assert send() == 5
    line = Line.objects.get(channel="SMS")
    assert (line.n_failed, line.rests_until) == (5, MONDAY + 5 * MINUTE)
    assert send(at=MONDAY + MINUTE) == 0
    later = MONDAY + 5 * MINUTE
    assert send(at=later) == 1  # the sixth 500: it rests again
    assert send(at=later + MINUTE) == 0
    assert send(at=later + 5 * MINUTE) > 1
    assert Line.objects.get(channel="SMS").n_failed == 0
    send(at=later + 20 * MINUTE)
    assert set(states(channel="SMS")) == {"SENT"}


def test_a_wrong_key_stops_the_channel_and_loses_no_message(town, sms):
    sms.answer(401)
    tell(3)
    assert send() == 1
    assert states(about="case:1:1") == ["WAITING"] * 3
    line = Line.objects.get(channel="SMS")
    assert (line.why_resting, line.last_error[:8]) == ("BROKEN", "HTTP 401")


def test_a_dead_channel_keeps_no_other_waiting(town):
    with gateway() as dead, mail_server() as (post, port):
        dead.answer(SILENCE)
        with connected(SMS=dead.url, EMAIL=f"smtp://127.0.0.1:{port}"):
            town.worker.__class__.objects.filter(pk=town.worker.pk).update(email="a@b.example")
            actions.prefer(user=town.worker, choices={"OTHER": ["EMAIL"]}, language="zh-hans")
            tell()
            actions.post([("k", town.worker.pk, "", "开会", "/x/")], about="c", at=MONDAY)
            assert send(SMS) == 1
            assert send(EMAIL) == 1
    assert states(about="c") == ["SENT", "SENT"]
    assert len(post.received) == 1


def test_a_paused_channel_keeps_what_it_has(town, sms):
    tell()
    actions.pause(channel=SMS, actor=town.admin, at=MONDAY, why="换服务商")
    assert send() == 0
    actions.resume(channel=SMS, actor=town.admin, at=MONDAY, why="换好了")
    assert send() == 1


def test_a_bot_is_never_given_more_than_it_takes_a_minute(town):
    set_number("notice_bot_pace", 3)
    set_number("notice_by_dingtalk", 1)
    with gateway() as bot, connected(DINGTALK=bot.url):
        for user in (town.worker, town.worker2, town.intake, town.chief, town.leader):
            actions.post([("k", user.pk, "", "开会", "")], about=f"c{user.pk}", at=MONDAY)
        assert send(DINGTALK) == 3
        assert send(DINGTALK, at=MONDAY + MINUTE) == 2


# ---- when --------------------------------------------------------------------------------------

NIGHT = MONDAY.replace(hour=22)
MORNING = (MONDAY + timedelta(days=1)).replace(hour=7)


def test_nobody_is_woken_but_for_a_hazard(town, sms):
    tell(about="case:1:1", at=NIGHT)
    tell(about="case:2:1", at=NIGHT, is_urgent=True)
    assert send(at=NIGHT) == 1
    assert (states(about="case:1:1"), states(about="case:2:1")) == (["WAITING"], ["SENT"])
    assert Notice.objects.get(about="case:1:1").due_at == MORNING
    assert send(at=MORNING - MINUTE) == 0
    assert send(at=MORNING) == 1


def test_177_messages_at_once_become_single_ones_and_one_digest(town, sms):
    tell(177)
    assert send() == 10
    told = [request.json["text"] for request in sms.received]
    assert told[:9] == [f"第{n}件/track/{n}/" for n in range(9)]
    assert told[9].startswith("您反映的事项有 168 条新进展：第9件/track/9/；第10件")
    assert "还有" in told[9]
    assert len(told[9]) <= policy.LONGEST[SMS]
    digest = Notice.objects.get(kind=policy.DIGEST_PUBLIC)
    assert digest.gathered.count() == 168
    assert Notice.objects.filter(state="GATHERED").count() == 168
    assert not Notice.objects.filter(state="WAITING").exists()


def test_what_comes_after_the_cap_waits_for_the_hour_and_goes_as_one(town, sms):
    tell(10)
    send()
    tell(5, about="case:2:1", at=MONDAY + MINUTE)
    assert send(at=MONDAY + MINUTE) == 0
    assert send(at=MONDAY + HOUR - MINUTE) == 0
    assert send(at=MONDAY + HOUR + 10 * MINUTE) == 5


def test_the_cap_is_for_one_person_not_for_all(town, sms):
    tell(10)
    tell(2, about="case:2:1", phone="13900000000")
    assert send() == 12


def test_a_hazard_is_not_crowded_out(town, sms):
    tell(10)
    send()
    tell(about="case:9:1", is_urgent=True)
    assert send(at=MONDAY + MINUTE) == 1


# ---- words -------------------------------------------------------------------------------------


def test_what_leaves_is_in_its_readers_language(town, sms):
    set_number("notice_by_sms", 1)
    actions.prefer(user=town.worker, choices={}, language="en")
    facts = {"number": "360702-1", "title": "路灯", "step": "派遣"}
    told = [
        (f"k{u.pk}", u.pk, "", Words("case_step", facts), "") for u in (town.worker, town.worker2)
    ]
    actions.post(told, about="case:1:1", at=MONDAY)
    send()
    english, chinese = [request.json["text"] for request in sms.received]
    assert chinese == "360702-1 路灯：派遣"
    assert "派遣" not in english
    assert english.startswith("360702-1 路灯")


def test_what_is_erased_while_it_waits_is_not_sent(town, sms):
    tell()
    actions.forget(about="case:1:")
    assert send() == 0
    (row,) = Notice.objects.filter(about="case:1:1")
    assert (row.phone, row.text, row.link, row.state) == ("", "", "", "ERASED")


def test_forgetting_takes_the_words_from_staff_too_and_leaves_the_count(town):
    facts = {"number": "1", "title": "张三家漏水", "step": "派遣"}
    told = [("k", town.worker.pk, "", Words("case_step", facts), "/cases/7/")]
    actions.post(told, about="case:7:3", at=MONDAY)
    actions.forget(about="case:7:")
    row = Notice.objects.get(about="case:7:3")
    assert (row.facts, row.state) == ({}, "SENT")


def test_who_left_the_service_is_sent_nothing(town, sms):
    set_number("notice_by_sms", 1)
    actions.post([("k", town.worker.pk, "", "开会", "")], about="c", at=MONDAY)
    town.worker.__class__.objects.filter(pk=town.worker.pk).update(is_active=False)
    send()
    assert Notice.objects.get(about="c", channel="SMS").error == policy.NO_ADDRESS
    assert not sms.received


# ---- again by hand -----------------------------------------------------------------------------


def test_a_failed_message_is_sent_again_by_hand_with_its_old_id(town, sms):
    sms.answer(400)
    (row,) = tell()
    send()
    with pytest.raises(Exception, match="系统管理员"):
        actions.resend(notice=row, actor=town.intake, at=MONDAY)
    actions.resend(notice=row, actor=town.admin, at=MONDAY + HOUR)
    send(at=MONDAY + HOUR)
    row.refresh_from_db()
    assert row.state == "SENT"
    assert {r.headers["Idempotency-Key"] for r in sms.received} == {str(row.message_id)}
    with pytest.raises(actions.NoticeRefused):
        actions.resend(notice=row, actor=town.admin, at=MONDAY)


# ---- a sender that dies ------------------------------------------------------------------------


def test_a_second_sender_finds_the_channel_busy(town, sms):
    tell()
    Line.objects.create(channel="SMS", busy_until=MONDAY + MINUTE)
    assert send() == 0
    assert send(at=MONDAY + MINUTE) == 1


KILLED = """
import django
django.setup()
from django.db import connection
from django.utils import timezone
from shaodao.notices import actions
from shaodao.notices.policy import Channel
actions.send_due(Channel.SMS, clock=timezone.now)
"""


def test_a_sender_killed_before_it_wrote_the_answer_down_repeats_one_message_with_its_id(
    town_committed,
):
    """Two seconds: a whole process starts, sends and is killed."""
    with gateway() as server, connected(SMS=server.url):
        now = timezone.now()
        rows = tell(3, at=now, is_urgent=True)
        own = {key: str(connection.settings_dict[key]) for key in ("NAME", "USER", "HOST", "PORT")}
        url = f"postgresql://{own['USER']}@/{own['NAME']}?host={own['HOST']}&port={own['PORT']}"
        environment = os.environ | {"DATABASE_URL": url, "SHAODAO_SMS_URL": server.url}
        sender = subprocess.Popen([sys.executable, "-c", KILLED], env=environment)

        def on_request(_):
            if len(server.received) == 2:  # the second has arrived and is never answered
                sender.send_signal(signal.SIGKILL)

        server.on_request = on_request
        assert sender.wait(60) == -signal.SIGKILL
        server.on_request = lambda _: None
        assert sorted(states(about="case:1:1")) == ["SENDING", "SENDING", "SENT"]
        assert send(at=now + MINUTE) == 0  # the claim still holds
        assert send(at=now + sending.CLAIM + MINUTE) == 2
    assert states(about="case:1:1") == ["SENT"] * 3
    ids = [request.headers["Idempotency-Key"] for request in server.received]
    assert sorted(ids) == sorted([*(str(row.message_id) for row in rows), ids[1]])
    lost = Attempt.objects.filter(outcome="LOST")
    assert lost.count() == 2  # nobody knows of the third that it never left


def test_two_senders_at_once_send_nothing_twice(town_committed):
    with gateway() as server, connected(SMS=server.url):
        for n in range(30):
            tell(about=f"case:{n}:1", phone=f"139000000{n:02d}")
        # Both may claim: the row of the channel is what keeps them apart.
        threads = [Thread(target=_in_thread) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        send(at=MONDAY + MINUTE)
    ids = [request.headers["Idempotency-Key"] for request in server.received]
    assert len(ids) == len(set(ids)) == 30


def _in_thread() -> None:
    try:
        send()
    finally:
        connection.close()


def test_the_queue_starts_one_sender_for_each_channel_with_something_to_send(town):
    with connected(SMS="http://127.0.0.1:9/"):
        tell()
    actions.send_waiting()
    actions.send_waiting()
    jobs = ProcrastinateJob.objects.filter(task_name__endswith="send_channel")
    assert [job.args for job in jobs] == [{"channel": "SMS"}]
