"""Every channel against a real server: taken, refused, throttled, silent, and set up wrongly."""

import socket
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from shaodao.notices.channels import dingtalk, feishu, sms
from shaodao.notices.channels.dingtalk import DingTalkBot
from shaodao.notices.channels.feishu import FeishuBot
from shaodao.notices.channels.mail import Mail
from shaodao.notices.channels.messages import Message
from shaodao.notices.channels.sms import SmsGateway
from shaodao.notices.channels.wecom import WeComBot
from shaodao.notices.policy import Outcome

from .servers import DRIP, SILENCE, gateway, mail_server

AT = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)
SECONDS = str(int(AT.timestamp()))
MESSAGE = Message(
    id=UUID("12345678-1234-5678-1234-567812345678"),
    to="13800000001",
    subject="案件到了新的一步 360702-1",
    text="西津路路灯不亮：处置",
    at=AT,
    kind="case_step",
    values={"step": "处置"},
)
TIMEOUT = 0.3


def carriers(url: str) -> dict:
    return {
        "SMS": SmsGateway(url=url, key="k", secret="s", signature="哨到", timeout=TIMEOUT),
        "WECOM": WeComBot(url=url, timeout=TIMEOUT),
        "DINGTALK": DingTalkBot(url=url + "?access_token=t", secret="SEC1", timeout=TIMEOUT),
        "FEISHU": FeishuBot(url=url, secret="s", timeout=TIMEOUT),
    }


HTTP = ("SMS", "WECOM", "DINGTALK", "FEISHU")
BOTS = HTTP[1:]


def sent(name: str, status: int | str = 200, body: str = '{"code": 0, "errcode": 0}', **headers):
    """Send the message to a server that answers so, and return the answer and the request."""
    with gateway() as server:
        server.answer(status, body, **headers)
        with carriers(server.url)[name] as carrier:
            answer = carrier.send(MESSAGE)
        return answer, server.received[0]


@pytest.mark.parametrize("name", HTTP)
def test_what_is_taken_carries_the_stable_id(name):
    answer, request = sent(name)
    assert answer.outcome is Outcome.TAKEN
    assert request.headers["Idempotency-Key"] == str(MESSAGE.id)
    assert "西津路路灯不亮" in request.body.decode()


@pytest.mark.parametrize("name", HTTP)
def test_a_refusal_of_the_message_is_for_good_and_says_why_without_the_phone(name):
    answer, _ = sent(name, 400, "号码 13800000001 在黑名单")
    assert answer.outcome is Outcome.REFUSED
    assert "黑名单" in answer.words
    assert "13800000001" not in answer.words


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_a_wrong_key_or_address_is_the_channels_fault_not_the_messages(name, status):
    assert sent(name, status, Location="http://127.0.0.1:9/")[0].outcome is Outcome.BROKEN


@pytest.mark.parametrize("name", HTTP)
def test_throttling_says_how_long_to_wait_where_the_server_does(name):
    assert sent(name, 429, Retry_After="90")[0][::2] == (Outcome.LATER, 90)
    assert sent(name, 429)[0][::2] == (Outcome.LATER, 0)
    assert sent(name, 503, Retry_After="99999")[0][::2] == (Outcome.LATER, 3600)


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_an_error_of_the_server_may_pass(name, status):
    assert sent(name, status)[0].outcome is Outcome.FAILED


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("way", [SILENCE, DRIP])
def test_a_server_that_does_not_answer_in_time_is_given_up(name, way):
    answer, _ = sent(name, way, "")
    assert answer.outcome is Outcome.FAILED
    assert "timeout" in answer.words


@pytest.mark.parametrize("name", HTTP)
def test_a_server_that_is_not_there_may_come_back(name):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/secret-key"
        with carriers(url)[name] as carrier:
            answer = carrier.send(MESSAGE)
    assert answer.outcome is Outcome.FAILED
    assert "secret-key" not in answer.words


@pytest.mark.parametrize(
    ("name", "code", "outcome"),
    [
        ("WECOM", 45009, Outcome.LATER),
        ("WECOM", 93000, Outcome.BROKEN),
        ("WECOM", 40058, Outcome.REFUSED),
        ("WECOM", -1, Outcome.FAILED),
        ("DINGTALK", 130101, Outcome.LATER),
        ("DINGTALK", 310000, Outcome.BROKEN),
        ("DINGTALK", 460101, Outcome.REFUSED),
        ("FEISHU", 11232, Outcome.LATER),
        ("FEISHU", 19021, Outcome.BROKEN),
        ("FEISHU", 19002, Outcome.REFUSED),
    ],
)
def test_a_bots_own_code_decides_where_http_says_200(name, code, outcome):
    field = "code" if name == "FEISHU" else "errcode"
    assert sent(name, 200, f'{{"{field}": {code}, "errmsg": "x"}}')[0].outcome is outcome


@pytest.mark.parametrize("name", BOTS)
def test_an_answer_nobody_can_read_is_no_success(name):
    assert sent(name, 200, "<html>proxy</html>")[0].outcome is Outcome.FAILED


def test_a_gateways_own_code_refuses_too():
    assert sent("SMS", 200, '{"code": "isv.BLACK_LIST"}')[0].outcome is Outcome.REFUSED
    assert sent("SMS", 200, '{"code": "OK"}')[0].outcome is Outcome.TAKEN
    assert sent("SMS", 204, "")[0].outcome is Outcome.TAKEN


def test_a_gateway_can_check_who_sent_what_and_when():
    _, request = sent("SMS")
    assert request.headers["X-Timestamp"] == SECONDS
    assert request.headers["X-Signature"] == sms.sign("s", SECONDS, request.body)
    assert request.json["text"] == "【哨到】西津路路灯不亮：处置"
    assert (request.json["template"], request.json["params"]) == ("case_step", {"step": "处置"})


def test_dingtalk_is_signed_in_the_address_and_names_the_person():
    _, request = sent("DINGTALK")
    query = parse_qs(urlsplit(request.path).query)
    at = str(round(AT.timestamp() * 1000))
    assert query["access_token"] == ["t"]
    assert (query["timestamp"], query["sign"]) == ([at], [dingtalk.sign("SEC1", at)])
    assert request.json["at"]["atMobiles"] == ["13800000001"]


def test_the_bots_signatures_are_those_of_known_answers():
    """Worked out once with openssl: HMAC-SHA256 of the strings the vendors name."""
    assert dingtalk.sign("SEC1", "1") == "xLlywIuSvlBMcbHM7O4JN3u5Z7ES0PnaL8hM5mors/g="
    assert feishu.sign("s", "1") == "Aji9f9KnE+NSTTWD7FoMRScEWzzWaOXvPLe5gQB012o="


def test_feishu_is_signed_in_the_body_and_names_nobody():
    _, request = sent("FEISHU")
    assert (request.json["timestamp"], request.json["sign"]) == (SECONDS, feishu.sign("s", SECONDS))
    assert "13800000001" not in request.body.decode()


def test_wecom_names_the_person_by_phone():
    assert sent("WECOM")[1].json["text"]["mentioned_mobile_list"] == ["13800000001"]


# ---- e-mail ------------------------------------------------------------------------------------


def mail(port: int) -> Mail:
    url, sender = f"smtp://127.0.0.1:{port}", "哨到 <no-reply@county.example>"
    return Mail(
        url=url, sender=sender, options={"host": "127.0.0.1", "port": port}, timeout=TIMEOUT
    )


LETTER = MESSAGE._replace(to="one@county.example", subject="第一行\n第二行")


def test_a_mail_carries_the_message_id_and_no_second_header():
    with mail_server() as (post, port), mail(port) as carrier:
        answers = [carrier.send(LETTER).outcome, carrier.send(LETTER).outcome]
    assert answers == [Outcome.TAKEN, Outcome.TAKEN]
    (recipients, content), _ = post.received
    assert recipients == ["one@county.example"]
    assert f"Message-ID: <{MESSAGE.id}@county.example>" in content


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("550 no such mailbox", Outcome.REFUSED),
        ("452 out of room", Outcome.LATER),
        ("421 too many", Outcome.LATER),
        ("454 try again", Outcome.FAILED),
    ],
)
def test_a_mail_servers_code_decides_and_the_next_mail_goes(said, outcome):
    with mail_server() as (post, port), mail(port) as carrier:
        post.to_recipient.append(said)
        first, second = carrier.send(LETTER), carrier.send(LETTER)
        post.to_content.append(said)
        third, fourth = carrier.send(LETTER), carrier.send(LETTER)
    assert (first.outcome, third.outcome) == (outcome, outcome)
    assert (second.outcome, fourth.outcome) == (Outcome.TAKEN, Outcome.TAKEN)
    assert said[:3] in first.words


def test_a_mail_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent, mail(silent.getsockname()[1]) as carrier:
        assert carrier.send(LETTER).outcome is Outcome.FAILED


def test_an_address_that_is_none_is_refused():
    with mail_server() as (_, port), mail(port) as carrier:
        assert carrier.send(LETTER._replace(to="a\nb@c")).outcome is Outcome.REFUSED
