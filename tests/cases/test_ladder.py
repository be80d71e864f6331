"""The ladder: asked or timed out, up by one rung; each rung its own clock; nothing forgotten."""

from datetime import date, datetime, timedelta

import pytest

from shaodao.cases import actions, policy
from shaodao.cases.actions import configuring
from shaodao.cases.actions.sweeping import put_on_the_ladder
from shaodao.cases.models import Case, Clock, DutyItem
from shaodao.cases.verifying import verify_cases
from shaodao.notices.models import Notice
from shaodao.people.actions import post_officer
from tests.town import MONDAY, SHANGHAI

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def rungs(case):
    rows = case.clocks.filter(step="RUNG").order_by("started_at", "pk")
    return [(c.level, c.due_at.astimezone(SHANGHAI)) for c in rows]


def rung(case) -> Clock:
    return case.clocks.get(step="RUNG", stopped_at=None)


def until(moment):
    """Let the sweep run at every minute something is due, up to a moment."""
    while True:
        due = Clock.objects.running().filter(late_at=None).order_by("due_at").first()
        if due is None or due.due_at > moment:
            return
        actions.run_sweeps(at=due.due_at)


def escalated(town, case, who, when, ground="NO_POWER"):
    return actions.move(
        case=case, name="escalate", actor=who, at=when, ground=ground, note="本级没有这项职权"
    )


def in_the_community(town, *, when=MONDAY, category="RUBBISH_HEAP"):
    """Return a case that both workers of the grid gave back, on the community's desk."""
    case = town.taken(category=category, household=town.household, at=when).case
    while case.status == "DISPATCHED":
        case = actions.move(
            case=case, name="pass_back", actor=case.lead_person, at=when, note="干不了"
        )
    return case


# ---- nobody touches it -------------------------------------------------------------------------


@pytest.mark.requirement("X35")
@pytest.mark.parametrize(
    ("start", "community", "street", "county"),
    [
        # 30 September is the last workday; 10 October, a Saturday, is worked.
        ("2026-09-30T09:00", "2026-10-10T17:30", "2026-10-16T17:30", "2026-10-30T17:30"),
        # Mid-autumn rests from the 25th to the 27th, National Day from 1 to 7 October.
        ("2026-09-21T09:00", "2026-09-24T17:30", "2026-10-09T17:30", "2026-10-22T17:30"),
        # 20 September, a Sunday, is worked.
        ("2026-09-17T09:00", "2026-09-21T17:30", "2026-09-29T17:30", "2026-10-19T17:30"),
    ],
)
def test_a_case_nobody_touches_climbs_to_the_county_by_itself_over_national_day(
    town, start, community, street, county
):
    case = town.taken(category="RUBBISH_HEAP", household=town.household, at=at(start)).case
    until(at("2026-11-20T09:00"))
    case.refresh_from_db()
    assert rungs(case) == [
        ("COMMUNITY", at(community)),
        ("TOWNSHIP", at(street)),
        ("COUNTY", at(county)),
    ]
    climbs = list(case.journal.filter(name="climb").order_by("seq"))
    assert [e.at.astimezone(SHANGHAI) for e in climbs] == [at(community), at(street)]
    clocks = {c.pk: c for c in case.clocks.filter(step="RUNG")}
    for entry in climbs:  # the reason stands in the journal: which clock, when
        assert entry.facts["lapsed"] == clocks[entry.facts["clock"]].due_at.isoformat()
        assert entry.facts["rung"] == clocks[entry.facts["clock"]].level
    assert (case.desk, case.passed_from, case.passed_why) == (town.county, "TOWNSHIP", "TIME")
    assert case.due_at <= at(county)
    assert verify_cases().faults == []


@pytest.mark.requirement("X35")
def test_at_the_county_the_ladder_ends_and_the_leader_is_told_on_record(town):
    case = in_the_community(town)
    until(MONDAY + 60 * DAY)
    case.refresh_from_db()
    late = case.journal.filter(name="late", facts__step="RUNG").order_by("seq").last()
    assert late.facts["leaders"] == [town.leader.pk]
    assert Notice.objects.filter(to=town.leader, about=f"case:{case.pk}:{late.seq}").exists()
    assert rung(case).late_at is not None
    assert case in Case.objects.visible_to(town.leader).late(MONDAY + 60 * DAY)


def test_running_the_sweep_again_passes_nothing_up_twice(town):
    case = in_the_community(town)
    due = rung(case).due_at
    for _ in range(3):
        actions.run_sweeps(at=due)
    case.refresh_from_db()
    assert (case.desk, case.journal.filter(name="climb").count()) == (town.street, 1)


def test_a_machine_that_slept_through_two_rungs_gives_the_second_its_whole_time(town):
    case = in_the_community(town)
    woke = MONDAY + 40 * DAY
    actions.run_sweeps(at=woke)
    case.refresh_from_db()
    assert case.desk == town.street
    assert rung(case).started_at == woke
    assert rung(case).due_at > woke


def test_what_no_desk_has_filed_climbs_unfiled(town):
    case = town.case(status="RECEIVED")
    actions.run_sweeps(at=rung(case).due_at)
    case.refresh_from_db()
    assert (case.status, case.desk) == ("RECEIVED", town.county)
    assert case.journal.filter(name="climb_unfiled").count() == 1


# ---- the rung's clock and the work's own -----------------------------------------------------


def test_the_rungs_clock_stands_while_the_work_is_in_time_and_gives_the_time_back(town):
    case = town.case(status="DISPATCHED")
    left = rung(case).due_at
    case = actions.move(case=case, name="accept", actor=town.handler, at=MONDAY + HOUR)
    standing = rung(case)
    assert standing.paused_at == MONDAY + HOUR
    assert case.due_at == case.clocks.get(step="ARRIVE", stopped_at=None).due_at
    case = actions.move(
        case=case, name="return", actor=town.chief, at=MONDAY + HOUR + 2 * DAY, note="派错了"
    )
    assert rung(case).due_at > left


def test_late_work_is_time_of_the_level_again_until_it_climbs(town):
    case = town.case(status="HANDLING")
    handling = case.clocks.get(step="HANDLE", stopped_at=None)
    actions.run_sweeps(at=handling.due_at)
    case.refresh_from_db()
    assert rung(case).paused_at is None
    actions.run_sweeps(at=rung(case).due_at)
    case.refresh_from_db()
    assert (case.status, case.desk) == ("FILED", town.county)
    assert verify_cases().faults == []


def test_a_result_stops_the_clock_and_a_paused_one_is_not_late(town):
    case = town.case(status="HANDLED")
    clock = case.clocks.get(step="RUNG")
    assert clock.stopped_at is not None
    assert clock.stopped_at <= clock.due_at


def test_a_case_from_before_the_ladder_stood_is_put_on_it_once(town):
    case = town.case(status="FILED")
    case.clocks.filter(step="RUNG").delete()
    assert [put_on_the_ladder(at=MONDAY), put_on_the_ladder(at=MONDAY)] == [1, 0]
    assert rung(case).level == "TOWNSHIP"


# ---- asked for -----------------------------------------------------------------------------


@pytest.mark.requirement("X35")
def test_a_level_passes_up_with_a_reason_and_a_return_keeps_the_history(town):
    case = in_the_community(town)
    case = escalated(town, case, town.community_desk, MONDAY + HOUR)
    assert (case.passed_from, case.passed_why) == ("COMMUNITY", "ASKED")
    case = actions.move(
        case=case, name="hand_down", actor=town.dispatcher, at=MONDAY + 2 * HOUR, note="社区能办"
    )
    assert (case.desk, case.passed_why) == (town.community, "DOWN")
    assert [level for level, _ in rungs(case)] == ["COMMUNITY", "TOWNSHIP", "COMMUNITY"]
    names = list(case.journal.order_by("seq").values_list("name", flat=True))
    assert names[-2:] == ["escalate", "hand_down"]
    assert case.journal.get(name="escalate").facts["ground"] == "NO_POWER"
    assert verify_cases().faults == []


def test_passing_up_without_saying_why_is_refused(town):
    case = in_the_community(town)
    with pytest.raises(policy.MoveRefused, match="上报原因"):
        actions.move(
            case=case, name="escalate", actor=town.community_desk, at=MONDAY, note="办不了"
        )


def test_who_works_on_it_asks_the_desk_to_pass_it_up(town):
    case = town.case(status="HANDLING")
    approval = actions.ask(
        case=case, name="escalate", actor=town.handler, at=MONDAY + HOUR,
        ground="MANY_UNITS", note="还要交通部门一起",
    )  # fmt: skip
    case = actions.decide(
        approval=approval, is_granted=True, actor=town.dispatcher, at=MONDAY + 2 * HOUR
    )
    assert (case.status, case.desk) == ("FILED", town.county)
    assert case.journal.get(name="escalate").facts["ground"] == "MANY_UNITS"


def test_what_waits_for_consent_at_a_level_ends_when_the_case_leaves_it(town):
    case = town.case(status="DISPATCHED")
    actions.ask(case=case, name="return", actor=town.handler, at=MONDAY, note="不是我们的")
    actions.run_sweeps(at=rung(case).due_at)
    assert not case.approvals.filter(decided_at=None).exists()
    assert case.journal.filter(name="deny").count() == 1


def test_the_county_passes_nothing_up_and_the_community_nothing_down(town):
    case = in_the_community(town)
    with pytest.raises(policy.MoveRefused, match=r"下级|权限"):
        actions.move(case=case, name="hand_down", actor=town.county_dispatcher, at=MONDAY, note="x")
    for who in (town.community_desk, town.dispatcher):
        case = escalated(town, case, who, MONDAY)
    with pytest.raises(policy.MoveRefused, match=r"权限|最高"):
        escalated(town, case, town.county_dispatcher, MONDAY)


@pytest.mark.requirement("X35")
def test_only_an_emergency_goes_past_a_level_and_the_level_is_told(town):
    quiet = in_the_community(town)
    with pytest.raises(policy.MoveRefused, match="安全隐患"):
        actions.move(
            case=quiet, name="escalate_urgent", actor=town.community_desk, at=MONDAY, note="急"
        )
    Case.objects.filter(pk=quiet.pk).update(is_hazard=True)
    case = actions.move(
        case=quiet, name="escalate_urgent", actor=town.community_desk, at=MONDAY, note="墙要倒了"
    )
    assert (case.desk, case.passed_from, case.passed_why) == (town.county, "COMMUNITY", "URGENT")
    entry = case.journal.get(name="escalate_urgent")
    assert entry.facts["skipped"] == ["TOWNSHIP"]
    told = Notice.objects.filter(about=f"case:{case.pk}:{entry.seq}").values_list("to", flat=True)
    assert {town.dispatcher.pk, town.county_dispatcher.pk} <= set(told)
    assert verify_cases().faults == []


def test_verify_finds_a_skipped_rung_a_wrong_origin_and_a_clock_that_does_not_run(town):
    skipped, moved, stopped = (town.case(status="FILED") for _ in range(3))
    Case.objects.filter(pk=skipped.pk).update(
        passed_why="TIME", passed_from="COMMUNITY", passed_at=MONDAY
    )
    Case.objects.filter(pk=moved.pk).update(desk=town.county, holder=town.county)
    stopped.clocks.filter(step="RUNG").update(stopped_at=MONDAY + HOUR)
    found = "\n".join(verify_cases().faults)
    assert f"{skipped.number}: it is said to come from COMMUNITY" in found
    assert f"{moved.number}: the clock of the rung is that of another desk" in found
    assert f"{stopped.number}: the clock of its rung TOWNSHIP does not run" in found


# ---- duty lists and posted officers -------------------------------------------------------------


def to_the_street(town, category):
    case = town.case(status="FILED", category=category)
    case = escalated(town, case, town.dispatcher, MONDAY)
    return actions.move(
        case=case, name="dispatch", actor=town.county_dispatcher, at=MONDAY + HOUR, unit=town.street
    )


@pytest.fixture
def street_handler(town):
    """An officer who works in the street's own name."""
    person = town.other_worker
    person.posts.create(unit=town.street, role="HANDLER", since=date(2024, 1, 1))
    return town.person(person.username)


@pytest.mark.requirement("Z13")
def test_a_street_refuses_on_record_what_is_not_on_its_duty_list(town, street_handler):
    case = to_the_street(town, "FUMES")
    # Fumes stand under noise, which the list has; lifts stand under nothing it has.
    with pytest.raises(policy.MoveRefused, match="职责清单"):
        actions.move(case=case, name="refuse_duty", actor=street_handler, at=MONDAY, note="不归我")
    case = to_the_street(town, "LIFT_AGEING")
    case = actions.move(
        case=case, name="refuse_duty", actor=street_handler, at=MONDAY + 2 * HOUR,
        note="电梯更新由市场监管部门牵头",
    )  # fmt: skip
    assert (case.status, case.desk, case.holder) == ("FILED", town.county, town.county)
    facts = case.journal.get(name="refuse_duty").facts
    listed = DutyItem.objects.filter(unit=town.street).values_list("pk", flat=True)
    assert (facts["on"], set(facts["listed"])) == (MONDAY.date().isoformat(), set(listed))


@pytest.mark.requirement("Z13")
def test_a_duty_put_on_the_list_today_can_no_longer_be_refused(town, street_handler):
    new = configuring.NewDuty(
        unit=town.street, category=town.category("LIFT_AGEING"), text="老旧电梯更新的组织",
        valid_from=MONDAY.date(), source="章府办〔2026〕9号",
    )  # fmt: skip
    configuring.set_duty(new=new, actor=town.security, at=MONDAY, why="下放")
    case = to_the_street(town, "LIFT_AGEING")
    with pytest.raises(policy.MoveRefused, match="职责清单"):
        actions.move(case=case, name="refuse_duty", actor=street_handler, at=MONDAY, note="不归我")


@pytest.mark.requirement("Z13")
def test_an_officer_posted_to_a_street_is_sent_cases_by_it_in_the_departments_name(town):
    case = town.case(status="FILED")
    sent = {"unit": town.city_bureau, "person": town.city_handler}
    with pytest.raises(policy.MoveRefused, match="派遣范围"):
        actions.move(case=case, name="dispatch", actor=town.dispatcher, at=MONDAY, **sent)
    post_officer(
        post=town.city_handler.posts.get(), street=town.street, since=date(2026, 9, 1),
        actor=town.security, at=at("2026-09-01T09:00"), why="执法下沉",
    )  # fmt: skip
    case = actions.move(case=case, name="dispatch", actor=town.dispatcher, at=MONDAY, **sent)
    assert (case.lead, case.lead_person) == (town.city_bureau, town.city_handler)
    assert case in Case.objects.visible_to(town.city_handler)


# ---- lines of work -----------------------------------------------------------------------------


@pytest.mark.requirement("X38")
def test_a_case_is_tagged_with_its_line_of_work_by_rule_and_its_office_sees_it(town):
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    tag = case.sectors.get()
    assert (tag.code, tag.office, tag.is_by_rule) == ("ENVIRONMENT", town.city_bureau, True)
    assert case.journal.get(name="file").facts["sectors"] == ["ENVIRONMENT"]
    assert case in Case.objects.visible_to(town.city_handler)
    assert verify_cases().faults == []


@pytest.mark.requirement("X38")
def test_an_office_hands_a_case_over_to_that_of_another_line_of_work(town):
    new = configuring.NewSector(
        code="SAFETY", name="安全生产", office=town.housing, unit=town.county,
        valid_from=MONDAY.date(), source="测试",
    )  # fmt: skip
    configuring.set_sector(new=new, actor=town.security, at=MONDAY, why="新设")
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    case = actions.move(
        case=case, name="hand_over", actor=town.city_handler, at=MONDAY + HOUR,
        sector="SAFETY", note="堆在燃气管上",
    )  # fmt: skip
    held = case.sectors.get(ended_at=None)
    assert (held.code, held.office) == ("SAFETY", town.housing)
    entry = case.journal.get(name="hand_over")
    assert (entry.facts["tagged"], entry.facts["sector"]) == ("ENVIRONMENT", "SAFETY")
    assert Notice.objects.filter(to=town.handler, about=f"case:{case.pk}:{entry.seq}").exists()
    assert case not in Case.objects.visible_to(town.city_handler)
    assert verify_cases().faults == []


@pytest.mark.requirement("X38")
def test_a_desk_tags_by_hand_and_takes_the_tag_off_again(town):
    case = town.case(status="FILED")
    case = actions.move(
        case=case, name="tag", actor=town.dispatcher, at=MONDAY, sector="ENVIRONMENT"
    )
    assert case in Case.objects.visible_to(town.city_handler)
    case = actions.move(
        case=case, name="untag", actor=town.dispatcher, at=MONDAY + HOUR, tagged="ENVIRONMENT",
        note="不是环境问题",
    )  # fmt: skip
    assert case not in Case.objects.visible_to(town.city_handler)
    assert case.sectors.get().ended_at == MONDAY + HOUR
