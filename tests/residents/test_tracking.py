"""The tracking page: everything about one's own report, nothing about anybody else."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions
from shaodao.cases.models import Case, Rating, Remark
from shaodao.cases.policy import Status
from shaodao.reports.models import Report
from shaodao.reports.tokens import make_token, token_of
from tests.town import MINUTE

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def now():
    return timezone.now()


def text_of(response) -> str:
    return re.sub(r"<[^>]+>|\s+", "", response.content.decode())


def report_of(case) -> Report:
    return Report.objects.get(case_link__case=case)


def page_of(client, report):
    return client.get(reverse("track", args=[token_of(report)]))


def ask(client, report, verb, **given):
    return client.post(reverse("track_move", args=[token_of(report), verb]), given)


def a_case(town, status, *, ago=2 * HOUR, **said):
    return town.case(status, at=now() - ago, **said)


# ---- the link ----------------------------------------------------------------------------------


def test_only_the_right_token_opens_a_report(client, town):
    report = town.report(at=now())
    assert page_of(client, report).status_code == 200
    for token in (make_token(uuid4()), token_of(report)[:-1], "x" * 32, str(report.pk), "%00"):
        missing = client.get(reverse("track", args=[token]))
        assert missing.status_code == 404
        assert "这个查询链接打不开" in text_of(missing)


def test_a_strangers_link_opens_nothing_of_mine(client, town):
    mine = town.report(at=now(), text="我家门口的灯坏了", phone="13900001111")
    theirs = town.report(at=now(), text="别人家的狗叫")
    assert "我家门口" not in text_of(page_of(client, theirs))
    photo = town.report(at=now(), pictures=[town.picture()]).photos.get()
    url = reverse("track_photo", args=[token_of(mine), f"p{photo.pk}"])
    assert client.get(url).status_code == 404


def test_a_tracking_page_is_neither_indexed_nor_cached_nor_told_to_others(client, town):
    page = page_of(client, town.report(at=now()))
    assert page["Referrer-Policy"] == "strict-origin"  # the address itself goes nowhere
    assert "noindex" in page["X-Robots-Tag"]
    assert "no-store" in page["Cache-Control"]


def test_a_revoked_link_opens_nothing_and_the_case_goes_on(client, town):
    case = a_case(town, "HANDLING")
    report = report_of(case)
    token = token_of(report)
    ask(client, report, "revoke")
    assert client.get(reverse("track", args=[token])).status_code == 404
    assert client.post(reverse("track_move", args=[token, "add_facts"])).status_code == 404
    case.refresh_from_db()
    assert case.status == Status.HANDLING
    assert case.journal.filter(name="revoke", actor=None).exists()
    again = client.post("/report/", {"key": str(report.key), "text": "再来一次"})
    assert again["Location"] == reverse("find_report")


# ---- what it shows -----------------------------------------------------------------------------


def test_the_page_says_who_has_it_and_how_to_call_them_but_no_name(client, town):
    case = a_case(town, "HANDLING")
    page = text_of(page_of(client, report_of(case)))
    assert town.housing.short_name in page
    for person in (town.handler, town.dispatcher, town.intake):
        assert person.name not in page


def test_a_workers_work_phone_is_shown_and_never_the_private_one(client, town):
    case = a_case(town, "HANDLING", lead=town.grid, by=town.worker)
    worker = town.worker
    worker.work_phone = "0797-8001234"
    worker.save()
    Case.objects.filter(pk=case.pk).update(lead_person=worker, holder_person=worker)
    page = text_of(page_of(client, report_of(case)))
    assert "0797-8001234" in page
    assert worker.name not in page
    assert not worker.phone or worker.phone not in page


def test_the_deadline_counts_down_also_when_it_has_passed(client, town):
    case = a_case(town, "HANDLING")
    clock = case.clocks.get(step="HANDLE", stopped_at=None)
    assert "还剩" in text_of(page_of(client, report_of(case)))
    case.clocks.filter(pk=clock.pk).update(due_at=now() - 3 * HOUR)
    Case.objects.filter(pk=case.pk).update(due_at=now() - 3 * HOUR)
    page = page_of(client, report_of(case))
    assert "已超3小时" in text_of(page)
    assert "data-countdown" in page.content.decode()
    assert 'class="stage late"' in page.content.decode()
    assert "“处置”这一步已经超过时限" in text_of(page)


@pytest.mark.parametrize("status", [s for s in Status])
def test_every_status_has_a_page(client, town, status):
    case = a_case(town, status)
    report = case.reports.order_by("pk").first().report
    page = page_of(client, report)
    assert page.status_code == 200
    assert report.number in text_of(page)


def test_public_replies_are_shown_and_internal_notes_never(client, town):
    case = a_case(town, "HANDLING")
    secret, public = "内部：此人多次投诉", "配件明天到，到了就装。"
    actions.move(case=case, name="remark", actor=town.handler, at=now(), note=secret)
    actions.move(case=case, name="answer", actor=town.handler, at=now(), reply=public)
    page = text_of(page_of(client, report_of(case)))
    assert public in page
    assert secret not in page
    assert "内部备注" not in page


def test_only_the_one_who_said_it_reads_a_reporters_words(client, town):
    case = a_case(town, "DISPATCHED")
    mine = report_of(case)
    other = town.taken(at=now(), join=case).report
    ask(client, mine, "add_facts", reply="我家孩子昨天在那里摔了一跤")
    assert "摔了一跤" in text_of(page_of(client, mine))
    page = text_of(page_of(client, other))
    assert "摔了一跤" not in page
    assert "另一位反映人" in page


def test_the_resident_sees_who_looked_at_their_details_and_why(client, town):
    case = a_case(town, "HANDLING", phone="13900002222", name="小周")
    report, other = report_of(case), town.taken(at=now(), join=case, phone="13900003333").report
    assert "还没有人看过" in text_of(page_of(client, report))
    actions.unmask(case=case, report=report, purpose="CALL", actor=town.handler, at=now())
    page = text_of(page_of(client, report))
    assert f"{town.housing.short_name}今天" in page
    assert "事由：联系反映人核实情况" in page
    assert town.handler.name not in page
    assert "还没有人看过" in text_of(page_of(client, other))


def test_the_clocks_that_ran_are_shown_with_their_limits(client, town):
    page = text_of(page_of(client, report_of(a_case(town, "CLOSED"))))
    for step in ("受理立案", "派遣", "响应", "处置", "核查", "结案"):
        assert step in page
    assert "按时" in page


def test_pictures_before_and_after_are_shown_to_the_reporter_only(client, town):
    case = a_case(
        town, "CLOSED", category="ROAD_DAMAGE", pictures=[town.picture("red"), town.picture("blue")]
    )
    report = report_of(case)
    urls = re.findall(
        r'href="(/track/[^"]+/photo/[pe]\d+/)"', page_of(client, report).content.decode()
    )
    assert len(urls) == 3
    for url in urls:
        response = client.get(url)
        assert response["Content-Type"] == "image/jpeg"
        assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"
    stranger = urls[0].replace(token_of(report), token_of(town.report(at=now())))
    assert client.get(stranger).status_code == 404
    arrival = case.evidence.create(
        kind="ARRIVE", file="x.jpg", width=1, height=1, at=now(), by=town.handler
    )
    hidden = reverse("track_photo", args=[token_of(report), f"e{arrival.pk}"])
    assert client.get(hidden).status_code == 404


def test_a_merged_report_follows_the_case_it_was_merged_into(client, town):
    case, primary = a_case(town, "RECEIVED"), a_case(town, "RECEIVED")
    report = report_of(case)
    actions.move(case=case, name="merge", actor=town.intake, at=now(), primary=primary)
    actions.move(case=primary, name="file", actor=town.intake, at=now(), category=primary.category)
    actions.move(case=primary, name="answer", actor=town.intake, at=now(), reply="一起办。")
    page = text_of(page_of(client, report))
    assert f"已并到{primary.number}一起办" in page
    assert "一起办。" in page
    assert ask(client, report, "add_facts", reply="还在坏").status_code == 302
    assert primary.journal.filter(name="add_facts", facts__report=report.pk).exists()


def test_a_direct_report_shows_every_step_of_the_line(client, town):
    page = page_of(client, report_of(a_case(town, "HANDLED"))).content.decode()
    assert page.count('class="stage done"') == 5
    assert page.count('class="stage current"') == 1


def test_the_page_costs_the_same_for_fifty_steps_as_for_one(client, town):
    def cost(report) -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(client, report)
        return len(queries)

    case = a_case(town, "HANDLING", phone="13900004444", pictures=[town.picture()])
    report = report_of(case)
    actions.move(case=case, name="answer", actor=town.handler, at=now(), reply="在办。")
    actions.unmask(case=case, report=report, purpose="CALL", actor=town.handler, at=now())
    page_of(client, report)
    one = cost(report)
    answered, looked = case.journal.order_by("-seq")[:2][::-1]
    for n in range(50):
        words = Remark.objects.create(case=case, kind="REPLY", text=f"进展 {n}", salt=b"")
        facts = {**answered.facts, "remark": words.pk}
        given = {"case": case, "at": now(), "actor": town.handler, "hash": b""}
        case.journal.create(name="answer", seq=1000 + n, facts=facts, **given)
        case.journal.create(name="unmask", seq=2000 + n, facts=looked.facts, **given)
    assert "进展49" in text_of(page_of(client, report))
    assert cost(report) == one


# ---- what one can do ---------------------------------------------------------------------------


def test_facts_are_added_and_reach_the_case(client, town):
    case = a_case(town, "HANDLING")
    response = ask(client, report_of(case), "add_facts", reply="晚上七点以后才有人在家")
    assert response.status_code == 302
    assert case.remarks.get(kind="REPORTER").text == "晚上七点以后才有人在家"


def test_an_empty_addition_is_refused_on_the_page(client, town):
    response = ask(client, report_of(a_case(town, "HANDLING")), "add_facts", reply=" ")
    assert response.status_code == 422


def test_withdrawing_ends_a_case_nobody_else_stands_behind(client, town):
    case = a_case(town, "RECEIVED")
    ask(client, report_of(case), "withdraw")
    case.refresh_from_db()
    assert case.status == Status.WITHDRAWN
    assert "您已经撤回" in text_of(page_of(client, report_of(case)))


def test_withdrawing_leaves_a_case_to_the_others(client, town):
    case = a_case(town, "RECEIVED")
    mine = report_of(case)
    town.taken(at=now(), join=case)
    ask(client, mine, "withdraw")
    case.refresh_from_db()
    assert (case.status, case.n_reports) == (Status.RECEIVED, 1)
    page = page_of(client, mine)
    assert "您已经撤回" in text_of(page)
    assert "/withdraw/" not in page.content.decode()


def test_a_case_in_work_is_not_withdrawn_and_nothing_changes(client, town):
    case = a_case(town, "HANDLING")
    report = report_of(case)
    page = client.get(ask(client, report, "withdraw")["Location"])
    assert "不能撤回" in text_of(page)
    assert case.reports.get().withdrawn_at is None


def test_rejecting_the_closing_reopens_the_case(client, town):
    case = a_case(town, "CLOSED")
    report = report_of(case)
    refused = ask(client, report, "reject", note="")
    assert refused.status_code == 422
    ask(client, report, "reject", note="灯只亮了一个晚上又灭了")
    case.refresh_from_db()
    assert (case.status, case.n_reopened) == (Status.FILED, 1)
    page = text_of(page_of(client, report))
    assert "灯只亮了一个晚上又灭了" in page
    assert "不认可结案，重新办理" in page


def test_a_closing_is_accepted_and_rated_once_by_whoever_holds_the_link(client, town):
    case = a_case(town, "CLOSED")
    report = report_of(case)
    ask(client, report, "confirm")
    assert "/confirm/" not in page_of(client, report).content.decode()
    assert case.journal.filter(name="confirm", facts__report=report.pk).exists()
    unfinished = ask(client, report, "rate", score="5")
    assert unfinished.status_code == 422
    assert "解决了，还是没有解决" in text_of(unfinished)
    ask(client, report, "rate", score="4", is_solved="1", text="来得挺快")
    rating = Rating.objects.get(report=report)
    assert (rating.score, rating.is_solved) == (4, True)
    page = page_of(client, report)
    assert "问题解决了" in text_of(page)
    assert 'name="score"' not in page.content.decode()
    again = ask(client, report, "rate", score="1", is_solved="0")
    assert again.status_code == 422
    assert "您已经评价过了" in text_of(again)
    rating.refresh_from_db()
    assert rating.score == 4


@pytest.mark.parametrize("score", ["0", "6", "-1", "x"])
def test_a_rating_is_one_to_five(client, town, score):
    report = report_of(a_case(town, "CLOSED"))
    assert ask(client, report, "rate", score=score, is_solved="1").status_code == 422
    assert not Rating.objects.exists()


def test_an_open_case_cannot_be_rated(client, town):
    report = report_of(a_case(town, "HANDLING"))
    assert ask(client, report, "rate", score="5", is_solved="1").status_code == 422


def test_a_declined_report_says_why_and_may_be_contradicted(client, town):
    case = a_case(town, "DECLINED")
    page = page_of(client, report_of(case))
    assert "不属于受理范围，请走诉讼。" in text_of(page)
    assert "/reject/" in page.content.decode()


def test_no_other_verb_and_no_get_does_anything(client, town):
    report = report_of(a_case(town, "CLOSED"))
    assert ask(client, report, "close").status_code == 404
    assert ask(client, report, "void").status_code == 404
    url = reverse("track_move", args=[token_of(report), "confirm"])
    assert client.get(url).status_code == 405


# ---- without the link --------------------------------------------------------------------------


def test_a_report_is_found_by_its_number_and_the_end_of_the_phone(client, town):
    report = town.report(at=now(), phone="13900007777")
    found = client.post("/track/", {"number": report.number, "phone_end": "7777"})
    assert found["Location"] == reverse("track", args=[token_of(report)])
    wrong = client.post("/track/", {"number": report.number, "phone_end": "0000"})
    assert wrong.status_code == 422
    assert "没有找到" in text_of(wrong)


def test_a_report_without_a_phone_is_not_found_by_number(client, town):
    report = town.report(at=now())
    for end in ("", "0000"):
        answer = client.post("/track/", {"number": report.number, "phone_end": end})
        assert answer.status_code == 422


def test_the_end_of_a_phone_number_cannot_be_tried_out(client, town):
    report = town.report(at=now(), phone="13900007777")
    answers = [
        client.post("/track/", {"number": report.number, "phone_end": f"{n:04d}"}) for n in range(7)
    ]
    assert "没有找到" in text_of(answers[5])
    assert "太多" in text_of(answers[6])
    right = client.post("/track/", {"number": report.number, "phone_end": "7777"})
    assert right.status_code == 422


def test_steps_back_show_on_the_line(client, town):
    case = a_case(town, "HANDLED")
    actions.move(case=case, name="rework", actor=town.verifier, at=now() + MINUTE, note="没修平")
    page = page_of(client, report_of(case)).content.decode()
    assert page.count('class="stage done"') == 3
