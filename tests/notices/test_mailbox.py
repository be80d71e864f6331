"""The mailbox: what is unread first, opened with one tap; and the text messages of a demo."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.notices.actions import post
from shaodao.notices.models import Notice
from shaodao.notices.queries import n_unread
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db


def told(user, n=1, link="/cases/1/"):
    rows = [(f"t{user.pk}-{i}", user.pk, "", f"第{i}条消息", link) for i in range(n)]
    post(rows, about="case:1", at=timezone.now())
    return list(Notice.objects.filter(to=user).order_by("pk"))


def box(client, **query):
    page = client.get(reverse("mailbox"), query)
    assert page.status_code == 200
    return page.content.decode()


def test_unread_notices_come_first_and_the_newest_on_top(client, town):
    notices = told(town.worker, 3)
    Notice.objects.filter(pk=notices[2].pk).update(read_at=timezone.now())
    sign_in(client, town.worker)
    page = box(client)
    assert re.findall(r"第\d条消息", page) == ["第1条消息", "第0条消息"]
    assert "第2条消息" in box(client, tab="all")


def test_opening_a_notice_marks_it_read_and_goes_where_it_points(client, town):
    first, second = told(town.worker, 2)
    sign_in(client, town.worker)
    assert client.get(reverse("open_notice", args=[first.pk])).status_code == 405
    opened = client.post(reverse("open_notice", args=[first.pk]))
    assert opened["Location"] == "/cases/1/"
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.read_at
    assert not second.read_at


def test_nobody_opens_or_reads_anothers_notices(client, town):
    (theirs,) = told(town.worker2)
    sign_in(client, town.worker)
    assert "第0条消息" not in box(client, tab="all")
    assert client.post(reverse("open_notice", args=[theirs.pk])).status_code == 404
    client.post(reverse("mark_read"), {"upto": theirs.pk})
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_marking_all_read_leaves_what_came_since(client, town):
    first, _ = told(town.worker, 2)
    sign_in(client, town.worker)
    assert client.post(reverse("mark_read"), {"upto": first.pk}).status_code == 302
    assert n_unread(town.worker) == 1
    assert client.post(reverse("mark_read"), {"upto": "all"}).status_code == 302


def test_the_bell_counts_what_is_unread_and_no_further_than_99(client, town):
    told(town.worker, 120)
    assert n_unread(town.worker) == 100
    sign_in(client, town.worker)
    assert ">99+<" in box(client)


def test_the_mailbox_costs_as_many_queries_full_as_empty(client, town):
    sign_in(client, town.worker)
    told(town.worker, 1)
    box(client)
    with CaptureQueriesContext(connection) as few:
        box(client)
    told(town.worker, 29)
    with CaptureQueriesContext(connection) as many:
        box(client)
    assert len(many) == len(few)


def test_a_notice_never_leads_away_from_here(client, town):
    (notice,) = told(town.worker, link="https://example.org/")
    sign_in(client, town.worker)
    opened = client.post(reverse("open_notice", args=[notice.pk]))
    assert opened["Location"] == reverse("mailbox")
