"""The log says what happened and never to whom: no name, no phone, no link, whatever was sent."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.conf import settings
from django.test import Client
from django.urls import reverse

from shaodao.config.logging import configure
from tests.sessions import sign_in

NAME, PHONE, WORDS = "温如玉", "13711112222", "我家楼上漏水三个月了"


@pytest.fixture
def log():
    """Log as an installation does, into memory."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    configure({"is_debug": False})
    root.handlers[0].setStream(stream := io.StringIO())
    yield stream
    root.handlers, root.level = before, level
    configure(settings.LOGGING)
    root.handlers = before


def lines(log):
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_each_request_is_one_line_with_route_status_and_user(town, log):
    client = sign_in(Client(), town.intake)
    case = town.case()
    log.truncate(0)
    log.seek(0)
    client.get(reverse("case", args=[case.pk]), headers={"X-Request-ID": "abcd-1234"})
    (line,) = lines(log)
    assert line["event"] == "shaodao.http.answered"
    assert line["route"] == "cases/<int:pk>/"
    assert (line["status"], line["user"], line["request_id"]) == (200, town.intake.pk, "abcd-1234")
    assert line["ms"] > 0


def test_the_answer_carries_the_id_of_its_line(client, db, log):
    answer = client.get("/robots.txt", headers={"X-Request-ID": "no good\nid"})
    assert lines(log)[-1]["request_id"] == answer["X-Request-ID"]
    assert "no good" not in log.getvalue()


def test_nothing_that_is_sent_reaches_the_log(town, log):
    client = Client(raise_request_exception=False)
    taken = town.taken(text=WORDS, name=NAME, phone=PHONE)
    token = town.link(taken.report)
    client.post(reverse("login"), {"username": PHONE, "password": "wrong"})
    client.post(reverse("report"), {"text": WORDS, "name": NAME, "phone": PHONE})
    client.post(reverse("find_report"), {"number": taken.report.number, "phone": PHONE})
    client.get(reverse("track", args=[token]))
    client.get(f"/track/{token}x/", {"name": NAME})
    client.get(f"/cases/?q={NAME}")
    client.get(f"/nowhere/{NAME}/{PHONE}/")
    client.get("/accounts/start/", headers={"Host": f"{PHONE}.example.org"})
    Client(enforce_csrf_checks=True).post(reverse("report") + f"?phone={PHONE}", {"name": NAME})
    sign_in(client, town.intake)
    client.get(reverse("desk"), {"q": NAME})
    written = log.getvalue()
    assert len(lines(log)) >= 10
    for personal in (NAME, PHONE, WORDS, token, taken.report.number):
        assert personal not in written
        assert json.dumps(personal)[1:-1] not in written


def test_an_error_is_told_by_its_type_and_place_without_its_words(log):
    def fail():
        raise ValueError(f"Key (phone)=({PHONE}) already exists")

    try:
        fail()
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: /track/%s/", PHONE)
        structlog.get_logger("shaodao.test").exception("shaodao.test.failed")
    for line in lines(log):
        assert line["exception"] == "ValueError"
        assert line["frames"][-1].endswith("fail")
    assert PHONE not in log.getvalue()


def test_what_a_library_logs_is_cut_to_its_template(log):
    logging.getLogger("mozilla_django_oidc").warning("failed to get or create user: %s", NAME)
    (line,) = lines(log)
    assert line["event"] == "failed to get or create user: %s"


def test_an_error_of_a_page_is_logged_with_the_id_of_its_request(town, log, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError(NAME)

    monkeypatch.setattr("shaodao.cases.dossier.read", fail)
    client = sign_in(Client(raise_request_exception=False), town.intake)
    answer = client.get(reverse("case", args=[town.case().pk]))
    assert answer.status_code == 500
    told = [line for line in lines(log) if line["request_id"] == answer["X-Request-ID"]]
    assert {line.get("exception") for line in told} == {"RuntimeError", None}
    assert NAME not in log.getvalue()
