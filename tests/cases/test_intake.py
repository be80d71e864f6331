"""One path for every door: written once, placed, opened, sent on."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shaodao.cases import actions
from shaodao.cases.actions.intake import is_proactive
from shaodao.cases.models import Case, Release
from shaodao.cases.queries import routing_of
from shaodao.notices.models import Notice
from shaodao.people.queries import number
from shaodao.reports.actions import Arrival
from shaodao.reports.models import Report
from shaodao.reports.policy import Channel, PlaceBy, ReportRefused, TooManyReports
from tests.town import MONDAY

HOUR = timedelta(hours=1)


def take(town, said, **more):
    return actions.take_in(said=said, actor=None, at=MONDAY, **more)


def test_the_same_key_is_the_same_report_however_often_it_is_sent(town):
    said = town.said(text="路灯不亮")
    first = take(town, said)
    repeats = [take(town, said) for _ in range(4)]
    assert {t.report.pk for t in repeats} == {first.report.pk}
    assert {t.token for t in repeats} == {first.token}
    assert [t.is_new for t in repeats] == [False] * 4
    assert Report.objects.filter(key=said.key).count() == 1
    assert Case.objects.filter(reports__report__key=said.key).count() == 1


def test_one_key_sent_five_times_at_once_makes_one_report(town_committed):
    said = town_committed.said(text="路灯不亮")
    taken, together = [], Barrier(5)

    def send():
        together.wait()
        taken.append(actions.take_in(said=said, actor=None, at=MONDAY))
        connection.close()

    threads = [Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({t.report.pk for t in taken}) == 1
    assert sorted(t.is_new for t in taken) == [False] * 4 + [True]
    assert Report.objects.filter(key=said.key).count() == 1


def test_what_arrives_together_is_written_together_and_one_spoils_no_other(town):
    said = [town.said(text=f"路灯不亮 {n}", phone="13800000001") for n in range(4)]
    known = take(town, said[0])
    empty = town.said(text=" ")
    arrivals = [Arrival(one, at=MONDAY) for one in (*said, empty, said[2])]
    with CaptureQueriesContext(connection) as asked:
        answers = actions.take_all_in(arrivals)
    assert sum("INSERT INTO" in query["sql"] for query in asked) == 2  # senders, and all the rest
    assert isinstance(answers[4], ReportRefused)
    taken = [answers[n] for n in (0, 1, 2, 3, 5)]
    assert [t.is_new for t in taken] == [False, True, True, True, False]
    assert taken[0].case == known.case
    assert taken[4].case == taken[2].case
    assert len({t.case.pk for t in taken}) == 4
    for one in taken:
        stored = Case.objects.get(pk=one.case.pk)
        assert stored.reports.get().report == one.report
        assert stored.journal.count() == stored.n_entries
        assert bytes(stored.journal.latest("seq").hash) == bytes(stored.head)
        assert Notice.objects.filter(about__startswith=f"case:{stored.pk}:").exists()


def test_together_or_alone_makes_the_same_case(town):
    words = [
        ("楼道堆物", "CORRIDOR_CLUTTER"),
        ("路灯不亮", None),
        ("水表没有一户一表", "WATER_METER"),
    ]
    said = [
        town.said(text=text, category=town.category(code) if code else None, phone="13800000001")
        for text, code in words
    ]
    alone = [take(town, one).case for one in said]
    answers = actions.take_all_in([Arrival(replace(one, key=uuid4()), at=MONDAY) for one in said])
    assert [life(answer.case) for answer in answers] == [life(case) for case in alone]


def life(case: Case) -> tuple:
    """Return what became of a case, without its number."""
    stored = Case.objects.get(pk=case.pk)
    return (
        (stored.title, stored.status, stored.holder, stored.holder_person, stored.due_at),
        (stored.unit_ids, stored.search, stored.desk, stored.lead, stored.lead_person),
        list(stored.clocks.order_by("step").values_list("step", "unit", "due_at", "warn_at")),
        list(stored.journal.order_by("seq").values_list("name", "at", "actor")),
        sorted(
            Notice.objects.filter(about__startswith=f"case:{stored.pk}:").values_list(
                "to", "phone", "channel", "kind", "state"
            ),
            key=str,
        ),
    )


def test_the_sender_who_has_sent_enough_is_refused_and_others_are_not(town):
    most = number("device_reports_an_hour", on=MONDAY.date())

    def arrival(device):
        return Arrival(town.said(), at=MONDAY, device=device, address=f"a{device}")

    busy = [arrival("d1") for _ in range(most + 2)]
    answers = actions.take_all_in([*busy[: most - 1], arrival("d2"), *busy[most - 1 :]])
    assert [isinstance(answer, TooManyReports) for answer in answers] == (
        [False] * (most + 1) + [True, True]
    )
    (again,) = actions.take_all_in([busy[0]])  # whoever has sent enough may still try again
    assert not again.is_new


@pytest.mark.requirement("X24")
def test_a_households_case_goes_first_to_its_contact_worker(town):
    taken = take(town, town.said(category="CORRIDOR_CLUTTER", household=town.household))
    assert taken.case.status == "DISPATCHED"
    assert taken.case.lead_person == town.worker


@pytest.mark.requirement("X15")
def test_a_service_is_ordered_from_a_menu_and_goes_straight_to_a_worker(town):
    service = town.category("PAPERS_BY_PROXY")
    assert service.kind == "SERVICE"
    taken = take(
        town, town.said(text="想请人代办老年证", category=service, household=town.household)
    )
    assert taken.case.status == "DISPATCHED"
    assert taken.case.lead_person is not None
    accepted = actions.move(
        case=taken.case, name="accept", actor=taken.case.lead_person, at=MONDAY + HOUR
    )
    assert accepted.status == "HANDLING"


@pytest.mark.requirement("Z32")
def test_a_water_meter_goes_to_the_water_company_and_not_to_a_bureau(town):
    meter = town.category("WATER_METER")
    taken = take(town, town.said(text="水表没有一户一表", category=meter))
    first = routing_of(taken.case, at=MONDAY).candidates[0]
    assert first.unit_id == town.water.pk
    assert town.water.kind == "COMPANY"


@pytest.mark.requirement("Z31")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("小区车位不够，车辆乱停乱放堵住通道", "PARKING"),
        ("电梯老化，年头长老出毛病", "LIFTS_PROPERTY"),
    ],
)
def test_what_a_resident_says_becomes_a_case_of_its_class(town, words, code):
    taken = take(town, town.said(text=words))
    category = taken.case.category
    assert code in {category.code, category.parent_id}


@pytest.mark.requirement("X09")
def test_a_dark_road_is_reported_as_a_line_with_its_length(town):
    taken = take(town, town.said(text="两公里没有路灯", line=town.dark_road, place=PlaceBy.LINE))
    assert 1_900 < taken.report.length_m < 2_100
    assert taken.case.length_m == taken.report.length_m
    assert taken.case.line == list(town.dark_road)


@pytest.mark.requirement("X32")
def test_what_a_worker_finds_on_a_round_is_counted_apart_from_complaints(town):
    found = actions.take_in(
        said=town.said(text="灭火器过期", channel=Channel.PATROL), actor=town.worker, at=MONDAY
    )
    heard = take(town, town.said(text="灭火器过期"))
    assert (found.case.channel, heard.case.channel) == ("PATROL", "WEB")
    assert found.report.by == town.worker
    assert is_proactive(found.case.channel)
    assert not is_proactive(heard.case.channel)


def test_a_place_outside_every_grid_goes_to_the_county_and_says_so(town):
    taken = take(town, town.said(text="路面塌了", lon=100.0, lat=40.0))
    assert taken.is_outside
    assert taken.case.status == "RECEIVED"
    assert taken.case.holder.level == "COUNTY"


def test_joining_counts_and_subscribes_and_opens_no_second_case(town):
    first = take(town, town.said(text="垃圾没人收", phone="13800000001"))
    second = take(town, town.said(text="我家门口也是", phone="13800000002"), join=first.case)
    assert second.case == first.case
    assert second.case.n_reports == 2
    assert first.case.journal.filter(name="join").count() == 1
    told = Notice.objects.filter(about__startswith=f"case:{first.case.pk}:", phone="13800000001")
    assert told.exists()


def test_what_joins_a_case_that_has_ended_has_a_case_of_its_own(town):
    first = take(town, town.said(text="垃圾没人收"))
    first.case.status = "CLOSED"
    second = take(town, town.said(text="又没人收了"), join=first.case)
    assert second.case != first.case
    assert second.case.status in {"RECEIVED", "DISPATCHED"}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"text": " "}, "text", "照片"),
        ({"text": "长" * 2001}, "text", "2000"),
        ({"lon": None, "lat": None, "address": ""}, "place", "地点"),
        ({"line": [114.0, 25.0]}, "line", "两个点"),
    ],
)
def test_a_report_that_cannot_be_taken_says_what_is_wrong_and_where(town, change, field, sentence):
    with pytest.raises(ReportRefused, match=sentence) as refusal:
        take(town, town.said(**({"text": "坏了"} | change)))
    assert refusal.value.field == field


def test_one_device_is_slowed_long_before_a_village_behind_one_address(town):
    for _ in range(20):
        take(town, town.said(text="有事", key=uuid4()), device="d1", address="a1")
    with pytest.raises(ReportRefused, match="过一会儿"):
        take(town, town.said(text="有事", key=uuid4()), device="d1", address="a1")
    assert take(town, town.said(text="有事", key=uuid4()), device="d2", address="a1").is_new


def test_a_title_made_from_words_holds_no_phone_number(town):
    taken = take(town, town.said(text="打我电话13812345678，路灯坏了"))
    assert "13812345678" not in taken.case.title


@pytest.mark.requirement("Z01")
@pytest.mark.parametrize(
    ("code", "lead", "by"),
    [
        ("UNLICENSED_BUILDING", "city_bureau", "city_handler"),
        ("RUBBISH_HEAP", "grid", "worker"),
        ("ILLEGAL_PARKING", "grid", "worker"),
    ],
)
def test_the_three_classes_are_reported_filed_and_closed_with_before_and_after(
    town, code, lead, by
):
    category = town.category(code)
    assert category.needs_after_photo
    case = town.case(
        status="CLOSED",
        category=code,
        pictures=[town.picture()],
        lead=getattr(town, lead),
        by=getattr(town, by),
    )
    assert {"receive", "file", "handle", "close"} <= {e.name for e in case.journal.all()}
    before = case.reports.get().report.photos.get().file
    after = case.evidence.get(kind="AFTER").file
    actions.release(
        case=case,
        title=case.title,
        text="",
        before=before,
        after=after,
        actor=town.intake,
        at=case.ended_at,
    )
    shown = Release.objects.visible_to(None).get(case=case)
    assert (shown.before, shown.after) == (before, after)
