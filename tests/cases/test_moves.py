"""What a move does: state, clocks, record, notices; and that a refusal changes nothing."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction

from shaodao.cases import actions, policy
from shaodao.cases.models import Case, Clock, JournalEntry, Remark
from shaodao.notices.models import Notice
from shaodao.people.models import Post
from shaodao.reports.policy import Channel
from tests.town import MONDAY

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def names(case):
    return [e.name for e in case.journal.order_by("seq")]


def running(case):
    return {c.step: c for c in case.clocks.filter(stopped_at=None)}


def done(town, **more):
    evidence = {
        "reply": "已经处理好了",
        "solved_by": policy.SolvedBy.GRID_WORKER,
        "outcome": town.outcome(),
        "quantity": 1,
        "after_photo": [town.picture()],
    }
    return evidence | more


def test_dispatching_starts_the_clocks_and_leaves_a_record(town):
    case = town.case(status="FILED")
    before = case.n_entries
    case = actions.move(
        case=case, name="dispatch", actor=town.dispatcher, at=MONDAY, unit=town.grid
    )
    assert case.status == "DISPATCHED"
    assert case.lead == case.holder == town.grid
    assert set(running(case)) == {"ACCEPT", "ARRIVE", "HANDLE", "RUNG"}
    assert case.due_at == min(c.due_at for c in running(case).values())
    entry = case.journal.get(seq=before + 1)
    assert (entry.name, entry.actor, entry.facts["unit"]) == (
        "dispatch",
        town.dispatcher,
        town.grid.pk,
    )


def test_a_refused_move_changes_nothing(town):
    case = town.case(status="FILED")
    notices, remarks = Notice.objects.count(), Remark.objects.count()
    with pytest.raises(policy.MoveRefused, match="权限"):
        actions.move(case=case, name="dispatch", actor=town.stranger, at=MONDAY, unit=town.grid)
    with pytest.raises(policy.MoveRefused, match="还缺少"):
        actions.move(case=case, name="dispatch", actor=town.dispatcher, at=MONDAY)
    after = Case.objects.get(pk=case.pk)
    assert (after.status, after.n_entries, bytes(after.head)) == (
        "FILED",
        case.n_entries,
        bytes(case.head),
    )
    assert (Notice.objects.count(), Remark.objects.count()) == (notices, remarks)


@pytest.mark.requirement("X14")
def test_response_and_arrival_are_each_measured_against_the_class_limit(town):
    case = town.case(status="DISPATCHED")
    at = case.clocks.get(step="ACCEPT").started_at
    actions.move(case=case, name="accept", actor=town.handler, at=at + HOUR)
    actions.move(case=case, name="arrive", actor=town.handler, at=at + 2 * HOUR)
    accept, arrive = case.clocks.get(step="ACCEPT"), case.clocks.get(step="ARRIVE")
    assert accept.stopped_at - accept.started_at == HOUR
    assert arrive.stopped_at - arrive.started_at == 2 * HOUR
    for clock in (accept, arrive):
        row = clock.limit
        assert (clock.amount, clock.time_unit) == (row.amount, row.time_unit)
        assert clock.stopped_at <= clock.due_at


def test_shelving_stops_the_handling_clock_and_resuming_gives_the_time_back(town):
    case = town.case(status="HANDLING")
    clock = running(case)["HANDLE"]
    asked_at = clock.started_at + HOUR
    approval = actions.ask(
        case=case,
        name="shelve",
        actor=town.handler,
        at=asked_at,
        note="等灯具到货",
        review_on=date(2026, 9, 30),
    )
    case = actions.decide(approval=approval, is_granted=True, actor=town.county_chief, at=asked_at)
    assert case.status == "SHELVED"
    assert case.due_at.astimezone().date() == date(2026, 9, 30)
    week_later = asked_at + 7 * DAY
    case = actions.move(case=case, name="resume", actor=town.county_chief, at=week_later)
    after = running(case)["HANDLE"]
    assert after.pk == clock.pk
    assert after.paused_at is None
    assert after.due_at > clock.due_at


def test_nobody_decides_on_their_own_application(town):
    case = town.case(status="HANDLING")
    approval = actions.ask(
        case=case, name="extend", actor=town.handler, at=MONDAY + HOUR, note="要等配件"
    )
    with pytest.raises(policy.MoveRefused, match="自己"):
        actions.decide(approval=approval, is_granted=True, actor=town.handler, at=MONDAY + HOUR)
    with pytest.raises(policy.MoveRefused, match="等待审批"):
        actions.move(case=case, name="handle", actor=town.handler, at=MONDAY + HOUR, **done(town))
    case = actions.decide(
        approval=approval, is_granted=False, actor=town.chief, at=MONDAY + 2 * HOUR
    )
    assert case.status == "HANDLING"
    assert names(case)[-2:] == ["ask", "deny"]


def test_an_extension_adds_the_limit_once_and_only_before_it_ends(town):
    case = town.case(status="HANDLING")
    clock = running(case)["HANDLE"]
    chief, at = town.chief, clock.started_at + HOUR
    actions.move(case=case, name="extend", actor=chief, at=at, note="材料未到")
    longer = Clock.objects.get(pk=clock.pk)
    assert longer.due_at > clock.due_at
    with pytest.raises(policy.MoveRefused, match="最多延期"):
        actions.move(case=case, name="extend", actor=chief, at=at, note="材料还未到")
    late = town.case(status="HANDLING")
    with pytest.raises(policy.MoveRefused, match="超期"):
        actions.move(case=late, name="extend", actor=chief, at=at + 90 * DAY, note="忘了")


def test_whoever_handled_a_case_cannot_check_or_close_it(town):
    case = town.case(status="HANDLING")
    handler = town.handler
    Post.objects.create(user=handler, unit=case.desk, role="VERIFIER", since=date(2024, 1, 1))
    handler = town.handler
    case = actions.move(case=case, name="handle", actor=handler, at=MONDAY + HOUR, **done(town))
    with pytest.raises(policy.MoveRefused, match="处置人"):
        actions.move(case=case, name="verify", actor=handler, at=MONDAY + HOUR, note="看过")
    case = actions.move(
        case=case, name="verify", actor=town.verifier, at=MONDAY + HOUR, note="看过"
    )
    assert case.status == "VERIFIED"


@pytest.mark.requirement("X10")
def test_a_case_with_money_closes_only_when_funding_and_cost_agree(town):
    case = town.case(status="HANDLING")
    handler = town.handler
    for source, yuan in (("PROJECT", 60000), ("DONATION", 21000)):
        actions.move(
            case=case, name="raise_funds", actor=handler, at=MONDAY, source=source, yuan=yuan
        )
    actions.move(
        case=case, name="handle", actor=handler, at=MONDAY + HOUR, **done(town, cost_yuan=81500)
    )
    actions.move(case=case, name="verify", actor=town.verifier, at=MONDAY + HOUR, note="看过")
    with pytest.raises(policy.MoveRefused, match=r"500\.00 元"):
        actions.move(case=case, name="close", actor=town.chief, at=MONDAY + 2 * HOUR)
    case.refresh_from_db()
    assert case.status == "VERIFIED"
    actions.move(
        case=case,
        name="raise_funds",
        actor=town.dispatcher,
        at=MONDAY,
        source="COLLECTIVE",
        yuan=500,
    )
    case = actions.move(case=case, name="close", actor=town.chief, at=MONDAY + 2 * HOUR)
    assert case.status == "CLOSED"
    assert sum(case.funding.values_list("amount_fen", flat=True)) == case.cost_fen == 8_150_000


@pytest.mark.requirement("X11")
def test_an_outcome_keeps_its_quantity_and_its_spacing_along_the_line(town):
    lon, lat = town.inside()
    case = town.case(
        status="HANDLING",
        category="ROAD_UNLIT",
        line=[lon - 0.01, lat, lon, lat, lon + 0.01, lat],
        lead=town.lighting,
        by=town.lamp_handler,
    )
    lamps = town.outcome("INSTALLED")
    handler = town.lamp_handler
    evidence = done(town, outcome=lamps, quantity=90, n_households=120)
    case = actions.move(case=case, name="handle", actor=handler, at=MONDAY + HOUR, **evidence)
    outcome = case.outcomes.get()
    assert outcome.quantity == 90
    assert outcome.spacing_m == pytest.approx(case.length_m / 89)
    assert 1_900 < case.length_m < 2_100
    assert 21 < outcome.spacing_m < 24


@pytest.mark.requirement("Z30")
def test_a_case_keeps_who_solved_it(town):
    for who in (policy.SolvedBy.CADRE, policy.SolvedBy.VOLUNTEER, policy.SolvedBy.RESIDENT):
        case = town.case(status="HANDLING")
        handler = town.handler
        actions.move(
            case=case, name="handle", actor=handler, at=MONDAY + HOUR, **done(town, solved_by=who)
        )
    solved = Case.objects.exclude(solved_by="")
    assert solved.exclude(solved_by="CADRE").count() / solved.count() == pytest.approx(2 / 3)


@pytest.mark.requirement("X15")
def test_an_order_declined_goes_to_the_next_and_then_to_the_desk(town):
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    first = case.lead_person
    assert (case.status, first) == ("DISPATCHED", town.worker)
    case = actions.move(case=case, name="pass_back", actor=first, at=MONDAY + HOUR, note="在外地")
    assert (case.status, case.lead_person) == ("DISPATCHED", town.worker2)
    while case.status == "DISPATCHED":
        case = actions.move(
            case=case, name="pass_back", actor=case.lead_person, at=MONDAY + 2 * HOUR, note="不在"
        )
    assert (case.status, case.holder) == ("FILED", case.desk)


def test_a_desk_sends_only_below_itself_or_where_a_route_points(town):
    case = town.case(status="FILED")
    with pytest.raises(policy.MoveRefused, match="派遣范围"):
        actions.move(case=case, name="dispatch", actor=town.dispatcher, at=MONDAY, unit=town.water)
    with pytest.raises(policy.MoveRefused, match="派遣范围"):
        actions.move(
            case=case, name="dispatch", actor=town.dispatcher, at=MONDAY, unit=town.other_street
        )


def test_passing_up_moves_the_desk_one_level_and_never_two(town):
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    while case.status == "DISPATCHED":
        case = actions.move(
            case=case, name="pass_back", actor=case.lead_person, at=MONDAY, note="干不了"
        )
    assert case.desk == town.community
    case = actions.move(
        case=case, name="escalate", actor=town.community_desk, at=MONDAY,
        ground="NO_SKILL", note="管不了",
    )  # fmt: skip
    assert case.desk == town.street
    with pytest.raises(policy.MoveRefused, match="权限"):
        actions.move(
            case=case, name="escalate", actor=town.community_desk, at=MONDAY,
            ground="OTHER", note="再报",
        )  # fmt: skip
    case = actions.move(
        case=case, name="escalate", actor=town.dispatcher, at=MONDAY,
        ground="NO_FUNDS", note="需要区里",
    )  # fmt: skip
    assert case.desk == town.county


@pytest.mark.requirement("Z39")
def test_a_merged_family_keeps_both_histories_and_tells_every_reporter(town):
    first, second = (
        town.case(status="FILED", channel=Channel.WEB, phone="13800000001"),
        town.case(status="FILED", channel=Channel.PHONE, phone="13800000002"),
    )
    merged = actions.move(
        case=second, name="merge", actor=town.dispatcher, at=MONDAY, primary=first
    )
    first.refresh_from_db()
    assert (merged.status, merged.primary) == ("MERGED", first)
    assert first.n_reports == 2
    assert names(first)[-1] == "join"
    channels = set(Case.objects.filter(primary=first).values_list("channel", flat=True))
    assert channels | {first.channel} == {"WEB", "PHONE"}
    told = Notice.objects.filter(to=None, about=f"case:{first.pk}:{first.n_entries + 1}")
    actions.move(case=first, name="dispatch", actor=town.dispatcher, at=MONDAY, unit=town.grid)
    assert set(told.values_list("phone", flat=True)) == {"13800000001", "13800000002"}
    again = actions.move(
        case=merged, name="separate", actor=town.dispatcher, at=MONDAY, note="两回事"
    )
    first.refresh_from_db()
    assert (again.status, again.primary, first.n_reports) == ("FILED", None, 1)
    assert names(again)[-2:] == ["merge", "separate"]


def test_rejecting_the_closing_reopens_the_case_and_only_for_so_long(town):
    case = town.case(status="CLOSED")
    report = case.reports.get().report
    case = actions.reject(case=case, report=report, note="又不亮了", at=case.ended_at + DAY)
    assert (case.status, case.n_reopened) == ("FILED", 1)
    old = town.case(status="CLOSED")
    with pytest.raises(policy.MoveRefused, match="重新上报"):
        actions.reject(
            case=old, report=old.reports.get().report, note="坏了", at=old.ended_at + 60 * DAY
        )


@pytest.mark.requirement("Z10")
def test_a_case_keeps_the_complaints_before_and_the_scores_after(town):
    case = town.case(status="HANDLING")
    for _ in range(2):
        town.taken(join=case)
    for name, actor, evidence in (
        ("handle", town.handler, done(town)),
        ("verify", town.verifier, {"note": "看过"}),
        ("close", town.chief, {}),
    ):
        case = actions.move(case=case, name=name, actor=actor, at=MONDAY + HOUR, **evidence)
    assert case.n_reports == 3
    for link, score in zip(case.reports.order_by("pk"), (5, 4, 5), strict=True):
        actions.rate(
            case=case,
            report=link.report,
            score=score,
            is_solved=True,
            text="",
            at=case.ended_at + HOUR,
        )
    case.refresh_from_db()
    assert case.n_reports == 3
    assert sorted(case.ratings.values_list("score", flat=True)) == [4, 5, 5]
    with pytest.raises(policy.MoveRefused, match="评价过"):
        actions.rate(
            case=case,
            report=case.reports.first().report,
            score=1,
            is_solved=False,
            text="",
            at=case.ended_at + HOUR,
        )


def test_the_journal_cannot_be_changed_or_emptied(town):
    case = town.case(status="FILED")
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    for attempt in (
        lambda: case.journal.update(name="close"),
        lambda: JournalEntry.objects.filter(case=case).delete(),
        lambda: connection.cursor().execute("TRUNCATE cases_journalentry CASCADE"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


@pytest.mark.requirement("Z33")
def test_a_hazard_flag_shortens_the_clock(town):
    lighting = {"category": "ROAD_UNLIT", "lead": town.lighting}
    plain = town.case(status="DISPATCHED", **lighting)
    hazard = town.case(status="DISPATCHED", is_hazard=True, **lighting)
    assert running(hazard)["HANDLE"].due_at < running(plain)["HANDLE"].due_at
    assert hazard.promised_at < plain.promised_at


def test_six_people_pressing_one_button_make_one_move(town_committed):
    town = town_committed
    case = town.case(status="FILED")
    outcomes, together = [], Barrier(6)

    def press():
        together.wait()
        try:
            actions.move(
                case=case, name="dispatch", actor=town.dispatcher, at=MONDAY, unit=town.grid
            )
            outcomes.append("made")
        except policy.MoveRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["refused"] * 5
    assert names(case).count("dispatch") == 1
