"""The filing and the closing sheet: on paper what the case says, without who reported."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions, sheets
from shaodao.cases.policy import Status
from shaodao.kit import pdf
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db


def a_case(town, status, **said):
    return town.case(status, at=timezone.now() - timedelta(hours=2), **said)


@pytest.mark.parametrize("kind", ["filing", "closing"])
def test_a_closed_case_has_both_sheets(client, town, kind):
    case = a_case(town, Status.CLOSED, pictures=[town.picture()], name="邓小华")
    report = case.reports.get().report
    at = timezone.now()
    actions.rate(case=case, report=report, score=4, is_solved=True, text="", at=at)
    sign_in(client, town.chief)
    sheet = client.get(reverse("case_sheet", args=[case.pk, kind]))
    assert sheet.status_code == 200
    assert sheet["Content-Type"] == "application/pdf"
    assert sheet.content.startswith(b"%PDF-")
    assert f"{case.number}-{kind}.pdf" in sheet["Content-Disposition"]


def test_an_unfiled_case_has_no_filing_sheet_and_an_open_one_no_closing_sheet(client, town):
    received, handling = a_case(town, Status.RECEIVED), a_case(town, Status.HANDLING)
    sign_in(client, town.chief)
    for case, kind in ((received, "filing"), (handling, "closing"), (handling, "other")):
        assert client.get(reverse("case_sheet", args=[case.pk, kind])).status_code == 404


def test_what_goes_on_paper_names_no_reporter(town):
    lon, lat = town.inside()
    case = a_case(
        town, Status.CLOSED, name="邓小华", phone="13812345678", lon=lon, lat=lat,
        text="翠竹小区门口地砖松了，打13812345678", address="翠竹小区2栋1单元301",
    )  # fmt: skip
    entries = list(case.journal.select_related("actor").order_by("seq"))
    reports = [case.reports.get().report]
    for made in (sheets._filing, sheets._closing):
        rows = str(made(case, entries, reports)["rows"])
        assert "138****5678" in rows
        for secret in ("邓小华", "13812345678", "1单元301"):
            assert secret not in rows


def test_money_on_paper_adds_up(town):
    case = a_case(town, Status.HANDLING)
    at = timezone.now()
    for source, amount in (("PROJECT", 600), ("DONATION", 400)):
        actions.move(
            case=case, name="raise_funds", actor=town.handler, at=at, source=source, yuan=amount
        )
    case.cost_fen = 100_000
    assert [row[-1] for row in sheets._money(case)][-3:] == ["1,000 元", "1,000 元", "0 元"]


def test_a_case_erased_still_has_its_sheets(client, town):
    case = a_case(town, Status.CLOSED, pictures=[town.picture()], name="邓小华")
    actions.erase(case=case, at=timezone.now())
    sign_in(client, town.chief)
    assert client.get(reverse("case_sheet", args=[case.pk, "closing"])).status_code == 200


def test_without_a_chinese_font_it_says_what_to_install(client, town, monkeypatch):
    case = a_case(town, Status.FILED)
    monkeypatch.setattr(pdf, "BODY", ("No Such Font",))
    monkeypatch.setattr(pdf, "TITLE", ("No Such Font",))
    sign_in(client, town.chief)
    answer = client.get(reverse("case_sheet", args=[case.pk, "filing"]), follow=True)
    assert "没有中文字体" in answer.content.decode()


def test_a_hostile_title_is_only_text(client, town):
    case = a_case(town, Status.FILED)
    case.title = '#read("/etc/passwd") $x$ *b* [c] \\'
    case.save(update_fields=["title"])
    sign_in(client, town.chief)
    assert client.get(reverse("case_sheet", args=[case.pk, "filing"])).status_code == 200
