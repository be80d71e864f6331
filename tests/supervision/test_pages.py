"""The pages of supervision: who sees what, what can be sent, what is on paper."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.policy import Status
from shaodao.supervision import actions
from shaodao.supervision.models import Supervision
from shaodao.supervision.policy import State
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def issued(town, *, kind="YELLOW", ago=HOUR, unit=None, case=None):
    at = timezone.now() - ago
    case = case or town.case(Status.HANDLING, at=at - HOUR, phone="13812345678")
    return actions.supervise(
        case=case,
        unit=unit or town.housing,
        kind=kind,
        reason="三次催问没有回音",
        actor=town.chief,
        at=at,
    )


def url(name, *args):
    return reverse(name, args=args)


def test_a_chief_issues_from_the_case_page(client, town):
    case = town.case(Status.HANDLING, at=timezone.now() - HOUR)
    sign_in(client, town.chief)
    page = client.get(url("case", case.pk)).content.decode()
    assert url("supervise", case.pk) in page
    form = {"unit": town.housing.pk, "kind": "YELLOW", "reason": "居民天天在等"}
    answer = client.post(url("supervise", case.pk), form)
    row = Supervision.objects.get()
    assert answer["Location"] == url("supervision", row.pk)
    page = client.get(url("case", case.pk)).content.decode()
    assert "黄牌督办 · 区住建局" in page
    assert "居民天天在等" in page


def test_a_handler_sees_the_card_but_no_button_to_issue(client, town):
    row = issued(town)
    page = sign_in(client, town.handler).get(url("case", row.case_id)).content.decode()
    assert url("supervision", row.pk) in page
    assert url("supervise", row.case_id) not in page


def test_the_unit_answers_and_the_street_signs_off(client, town):
    row = issued(town)
    sign_in(client, town.handler)
    page = client.get(url("supervision", row.pk)).content.decode()
    assert url("supervision_move", row.pk, "reply") in page
    assert url("supervision_move", row.pk, "sign_off") not in page
    short = client.post(url("supervision_move", row.pk, "reply"), {"reply": "在办"})
    assert short.status_code == 422
    client.post(url("supervision_move", row.pk, "reply"), {"reply": "在办", "measures": "加人"})
    client.post(url("supervision_move", row.pk, "sign_off"), {})
    row.refresh_from_db()
    assert row.state == State.REPLIED
    sign_in(client, town.chief)
    client.post(url("supervision_move", row.pk, "sign_off"), {"note": ""})
    row.refresh_from_db()
    assert row.state == State.SIGNED_OFF
    page = client.get(url("supervision", row.pk)).content.decode()
    assert "督办销号" in page
    assert "加人" in page


def test_a_stranger_gets_404(client, town):
    row = issued(town)
    sign_in(client, town.stranger)
    pages = [
        url("supervision", row.pk),
        url("supervision_sheet", row.pk),
        url("supervision_move", row.pk, "reply"),
        url("supervise", row.case_id),
    ]
    assert [client.get(page).status_code for page in pages] == [404] * 4
    assert "区住建局" not in client.get(url("supervisions")).content.decode()


def test_a_unit_that_is_not_in_the_case_sees_its_own_supervision(client, town):
    row = issued(town, unit=town.city_company)
    sign_in(client, town.company_handler)
    page = client.get(url("supervision", row.pk)).content.decode()
    assert row.case.title in page
    assert url("case", row.case_id) not in page


def test_the_list_opens_where_there_is_something_to_do(client, town):
    row = issued(town)
    mine = sign_in(client, town.handler).get(url("supervisions"))
    assert mine.context["filters"].tab == "answer"
    assert [one.pk for one in mine.context["page"]] == [row.pk]
    area = sign_in(client, town.verifier).get(url("supervisions"))
    assert area.context["filters"].tab == "issued" or area.context["filters"].tab == "area"


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("kind=YELLOW", 1), ("kind=RED", 0), ("state=OPEN", 1), ("state=SIGNED_OFF", 0),
        ("due=late", 0), ("due=ok", 1), ("unit=x", 1), ("tab=nonsense&after=zz", 1),
    ],
)  # fmt: skip
def test_the_list_is_narrowed(client, town, query, n):
    issued(town)
    page = sign_in(client, town.county_chief).get(url("supervisions") + f"?tab=area&{query}")
    assert len(page.context["page"].rows) == n


def test_the_list_takes_a_fixed_number_of_queries(client, town):
    sign_in(client, town.chief)

    def n_queries():
        client.get(url("supervisions") + "?tab=area")
        with CaptureQueriesContext(
            connection,
        ) as read:
            client.get(url("supervisions") + "?tab=area")
        return len(read)

    issued(town)
    few = n_queries()
    for _ in range(4):
        issued(town)
    assert n_queries() == few


def test_the_sheet_is_a_pdf(client, town):
    row = issued(town)
    answer = sign_in(client, town.chief).get(url("supervision_sheet", row.pk))
    assert answer.content.startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"


def test_a_resident_reads_that_the_matter_is_supervised_and_no_name(client, town):
    row = issued(town)
    link = town.link(row.case.reports.get().report)
    page = client.get(url("track", link)).content.decode()
    assert "正在督办（黄牌督办）" in page
    assert town.chief.name not in page
    assert "三次催问" not in page
    actions.move(
        supervision=row, name="withdraw", actor=town.chief, at=timezone.now(), note="已经办好"
    )
    assert "正在督办" not in client.get(url("track", link)).content.decode()
