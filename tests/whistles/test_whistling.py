"""A whistle from its draft to its scores, and every side way, through the actions."""

from datetime import timedelta

import pytest

from shaodao.cases import actions as case_actions
from shaodao.cases.models import Case
from shaodao.cases.policy import MoveRefused, Status
from shaodao.kit.versions import bump
from shaodao.notices.models import Notice
from shaodao.people.models import Parameter, Post
from shaodao.places.models import Compound
from shaodao.supervision.models import Supervision
from shaodao.whistles import actions, policy
from shaodao.whistles.models import Whistle, WhistleClock
from shaodao.whistles.policy import Aspect, Kind, Origin, Stage, State, Step, WhistleRefused
from tests.town import MONDAY

pytestmark = pytest.mark.django_db


def seen(user, model=Case):
    return set(model.objects.visible_to(user).values_list("pk", flat=True))


def stage_and_status(whistle):
    whistle.refresh_from_db()
    return whistle.stage, Case.objects.get(pk=whistle.case_id).status


@pytest.mark.requirement("Z08")
@pytest.mark.requirement("Z09")
@pytest.mark.requirement("Z16")
def test_the_plot_becomes_a_car_park(whistling):
    town, company, bureau, housing = whistling.town, *whistling.units
    whistle = whistling.draft()
    assert stage_and_status(whistle) == (Stage.DRAFT, Status.FILED)
    assert whistle.pk not in seen(town.person("company.handler"), Whistle)
    whistling.move(whistle, "submit")
    assert whistle.clocks.get().step == Step.REVIEW
    whistling.move(whistle, "blow")
    assert stage_and_status(whistle) == (Stage.BLOWN, Status.DISPATCHED)
    for unit in whistling.units:
        person = town.person(whistling.person(unit).username)
        assert whistle.case_id in seen(person)
        assert whistle.pk in seen(person, Whistle)
        assert Notice.objects.filter(to=person, kind="whistle", facts__step="发哨").exists()
    whistling.answer(whistle, company, "sign")
    assert stage_and_status(whistle) == (Stage.BLOWN, Status.HANDLING)
    came = whistling.arrive(whistle, company)
    assert (came.presence, came.reported_by, came.photo.kind) == (
        "POSITION", town.company_handler, "ARRIVE",
    )  # fmt: skip
    assert came.distance_m < 50
    assert stage_and_status(whistle) == (Stage.CONFERRING, Status.HANDLING)
    whistling.arrive(whistle, bureau)
    due = (whistling.at + timedelta(days=20)).date()
    whistling.confer(whistle, due_on=due, due={bureau.pk: due - timedelta(days=10)})
    assert stage_and_status(whistle) == (Stage.HANDLING, Status.HANDLING)
    days = {c.unit: c.due_at.date() for c in whistle.clocks.filter(step=Step.HANDLE)}
    assert days == {company: due, bureau: due - timedelta(days=10)}
    case = Case.objects.get(pk=whistle.case_id)
    assert case.promised_at.date() == due  # what residents are told is what was agreed
    assert whistling.of(whistle, housing).state == State.SENT  # missing, and visibly so
    late = whistling.arrive(whistle, housing)
    assert late.state == State.HANDLING  # what was agreed holds for whoever comes later
    whistling.hand_in(whistle, housing)
    with pytest.raises(WhistleRefused, match="还有 1 家"):
        whistling.hand_in(whistle, company)
    whistling.hand_in(whistle, bureau)
    places = [
        Compound.objects.create(name=f"{n}号院", community=town.community, lon=114.9, lat=25.8)
        for n in range(6)
    ]
    whistling.hand_in(whistle, company, compounds=places, n_households=0)
    assert stage_and_status(whistle) == (Stage.AWAITING, Status.HANDLED)
    scores = {
        whistling.of(whistle, unit).pk: dict.fromkeys(Aspect, n)
        for n, unit in zip((5, 4, 2), whistling.units, strict=True)
    }
    whistling.move(whistle, "close", actor=town.verifier, scores=scores, note="停车场建好了")
    assert stage_and_status(whistle) == (Stage.CLOSED, Status.CLOSED)
    assert [whistling.of(whistle, u).score for u in whistling.units] == [5.0, 4.0, 2.0]
    case.refresh_from_db()
    assert case.outcomes.get().compounds.count() == 6
    assert case.acceptor is None
    assert not whistle.clocks.filter(stopped_at=None).exists()
    names = list(case.journal.order_by("seq").values_list("name", flat=True))
    assert names.count("summons_report_in") == 3
    assert names[-1] == "whistle_close"
    assert {"whistle_draft", "whistle_submit", "whistle_blow", "whistle_confer"} <= set(names)


@pytest.mark.requirement("Z14")
def test_no_department_closes_its_own_work_not_even_by_the_plain_moves(whistling):
    whistle = whistling.handled()
    town = whistling.town
    for user in (town.company_handler, town.city_handler, town.county_chief, town.stranger):
        with pytest.raises(WhistleRefused, match="权限"):
            whistling.close(whistle, actor=user)
    case = Case.objects.get(pk=whistle.case_id)
    for name, user in (
        ("verify", town.verifier), ("verify", town.county_verifier), ("rework", town.chief),
    ):  # fmt: skip
        with pytest.raises(MoveRefused, match="吹哨协调"):
            case_actions.move(case=case, name=name, actor=user, at=whistling.at, note="好")
    with pytest.raises(MoveRefused):
        case_actions.move(case=case, name="close", actor=town.company_handler, at=whistling.at)
    Post.objects.create(user=town.verifier, unit=town.housing, role="HANDLER", since=MONDAY.date())
    with pytest.raises(WhistleRefused, match="报到单位不能给自己"):
        whistling.close(whistle, actor=town.person("street.verifier"))
    assert stage_and_status(whistle) == (Stage.AWAITING, Status.HANDLED)
    whistling.close(whistle, actor=town.dispatcher)
    assert stage_and_status(whistle) == (Stage.CLOSED, Status.CLOSED)


def test_while_units_are_summoned_the_case_goes_only_where_they_lead(whistling):
    whistle = whistling.blown()
    town, case = whistling.town, whistle.case
    for name, user, given in (
        ("accept", town.company_handler, {}),
        ("transfer", town.dispatcher, {"unit": town.housing, "note": "换"}),
        ("void", town.county_chief, {"note": "重"}),
    ):
        with pytest.raises(MoveRefused, match="吹哨协调"):
            case_actions.move(case=case, name=name, actor=user, at=whistling.at, **given)
    case_actions.move(
        case=case, name="answer", actor=town.dispatcher, at=whistling.at, reply="三家单位今天到场"
    )


@pytest.mark.requirement("Z17")
def test_a_street_whistles_only_in_its_own_area_and_only_when_enabled(whistling):
    town = whistling.town
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.draft(actor=town.other_intake)
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.draft(actor=town.county_dispatcher)
    far = whistling.case(
        Status.RECEIVED, lon=town.inside(town.far_grid)[0], lat=town.inside(town.far_grid)[1]
    )
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.draft(case=far)
    case = whistling.case()
    for origin, actor in ((Origin.COMMUNITY, town.community_desk), (Origin.GRID, town.worker)):
        with pytest.raises(WhistleRefused, match="没有开通"):
            actions.draft(
                case=case, kind=Kind.ROUTINE, origin=origin, units=[town.housing],
                lead=town.housing, reason="请来", actor=actor, at=whistling.at,
            )  # fmt: skip
    Parameter.objects.filter(name="may_whistle", subject="COMMUNITY").update(value="1")
    bump("parameters")
    made = actions.draft(
        case=case, kind=Kind.ROUTINE, origin=Origin.COMMUNITY, units=[town.housing],
        lead=town.housing, reason="请来", actor=town.community_desk, at=whistling.at,
    )  # fmt: skip
    assert made.whistler == town.community
    whistling.move(made, "submit", actor=town.community_desk)
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.move(made, "blow", actor=town.county_chief)  # the street reviews (街道审核)
    whistling.move(made, "blow", actor=town.chief)


def test_a_refused_whistle_ends_and_a_second_one_may_be_drafted(whistling):
    whistle = whistling.draft()
    with pytest.raises(WhistleRefused, match="已经有一哨"):
        whistling.draft(case=whistle.case)
    whistling.move(whistle, "submit")
    whistling.move(whistle, "send_back", note="写清楚要城投做什么")
    whistle = actions.revise(
        whistle=whistle, kind=Kind.ROUTINE, units=whistling.units[:2], lead=whistling.units[1],
        reason="请城投清场", actor=whistling.town.dispatcher, at=whistling.at,
    )  # fmt: skip
    assert whistle.summonses.count() == 2
    whistling.move(whistle, "submit")
    whistling.move(whistle, "decline", note="社区自己能办")
    assert stage_and_status(whistle) == (Stage.DECLINED, Status.FILED)
    assert not whistle.clocks.filter(stopped_at=None).exists()
    whistling.blown(case=whistle.case)


@pytest.mark.requirement("Z16")
def test_an_emergency_is_blown_at_once_and_reviewed_afterwards(whistling):
    whistle = whistling.blown(kind=Kind.EMERGENCY, case=whistling.case(Status.RECEIVED))
    assert stage_and_status(whistle) == (Stage.BLOWN, Status.DISPATCHED)
    steps = set(whistle.clocks.values_list("step", flat=True))
    assert steps == {Step.CONFIRM, Step.SIGN, Step.REPORT_IN}
    signing = whistle.clocks.filter(step=Step.SIGN).first()
    assert signing.due_at - signing.started_at == timedelta(minutes=30)
    for unit in whistling.units:
        assert whistling.arrive(whistle, unit).state == State.HANDLING
    for unit in reversed(whistling.units):
        whistling.hand_in(whistle, unit)
    with pytest.raises(WhistleRefused, match="补办审核"):
        whistling.close(whistle)
    whistling.move(whistle, "confirm")
    whistling.close(whistle)
    assert stage_and_status(whistle) == (Stage.CLOSED, Status.CLOSED)


@pytest.mark.requirement("Z16")
def test_silence_passes_up_and_is_supervised_by_itself_once(whistling):
    town, (company, bureau, housing) = whistling.town, whistling.units
    whistle = whistling.blown(kind=Kind.EMERGENCY)
    whistling.arrive(whistle, company)
    whistling.arrive(whistle, bureau)
    due = whistle.clocks.get(step=Step.SIGN, summons__unit=housing).due_at
    warn = whistle.clocks.get(step=Step.SIGN, summons__unit=housing).warn_at
    assert actions.run_sweeps(at=warn)["warned"] == 1
    assert actions.run_sweeps(at=due - timedelta(seconds=1))["late"] == 0
    assert actions.run_sweeps(at=due)["late"] == 1
    row = whistling.of(whistle, housing)
    assert (row.passed_up_at, row.state) == (due, State.SENT)
    made = Supervision.objects.get()
    assert (made.unit, made.author, made.case_id) == (housing, None, whistle.case_id)
    told = Notice.objects.filter(kind="whistle", facts__step="升级")
    assert set(told.values_list("to", flat=True)) >= {town.handler.pk, town.county_chief.pk}
    entries = whistle.case.journal.count()
    assert actions.run_sweeps(at=due) == {"warned": 0, "late": 0}
    assert whistle.case.journal.count() == entries
    again = whistle.clocks.get(step=Step.REPORT_IN, summons__unit=housing).due_at
    actions.run_sweeps(at=again)
    assert whistling.of(whistle, housing).passed_up_at == due
    assert Supervision.objects.count() == 1
    whistling.at = again
    whistling.answer(whistle, housing, "mark_absent", actor=town.dispatcher, note="一直没来")
    whistling.hand_in(whistle, bureau)
    whistling.hand_in(whistle, company)
    whistling.move(whistle, "confirm")
    scores = {whistling.of(whistle, u).pk: dict.fromkeys(Aspect, 4) for u in (company, bureau)}
    whistling.move(whistle, "close", actor=town.verifier, scores=scores, note="两家办完")
    assert whistling.of(whistle, housing).score == 1.0


@pytest.mark.requirement("Z16")
@pytest.mark.parametrize("is_upheld", [True, False])
def test_a_refusal_goes_to_arbitration_one_level_above(whistling, is_upheld):
    town, (company, _bureau, housing) = whistling.town, whistling.units
    whistle = whistling.blown()
    with pytest.raises(WhistleRefused, match="说明"):
        whistling.answer(whistle, housing, "refuse")
    row = whistling.answer(whistle, housing, "refuse", note="不是本局职责")
    assert (row.state, row.arbiter) == (State.REFUSED, town.county)
    assert Notice.objects.filter(to=town.county_dispatcher, facts__step="拒签").exists()
    name = "uphold" if is_upheld else "overrule"
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.answer(whistle, housing, name, actor=town.dispatcher, note="我说了算")
    row = whistling.answer(
        whistle, housing, name, actor=town.county_chief, note="按三定方案",
    )  # fmt: skip
    assert row.ruling.text == "按三定方案"
    if is_upheld:
        assert row.state == State.RELEASED
        assert whistle.case_id not in seen(town.person("housing.handler"))
    else:
        assert row.state == State.SIGNED
        assert whistle.clocks.filter(summons=row, step=Step.REPORT_IN, stopped_at=None).exists()
    # The city's company stands under the prefecture, where nobody is in office: the county rules.
    lead = whistling.answer(whistle, company, "refuse", note="不归我们管")
    assert lead.arbiter == town.county
    with pytest.raises(WhistleRefused, match="单位"):
        whistling.answer(whistle, company, "uphold", actor=town.county_chief, note="确实不归")
    whistling.answer(
        whistle, company, "uphold", actor=town.county_chief, note="确实不归", unit=town.lighting
    )
    assert whistling.of(whistle, town.lighting).is_lead
    assert Case.objects.get(pk=whistle.case_id).lead == town.lighting


def test_one_far_off_cannot_report_in_but_by_code_or_the_whistlers_word(whistling):
    company, bureau, housing = whistling.units
    whistle, photo = whistling.blown(), [whistling.town.picture()]
    with pytest.raises(WhistleRefused, match="照片"):
        whistling.answer(whistle, company, "report_in", position=whistling.town.inside())
    with pytest.raises(WhistleRefused, match="米"):
        whistling.answer(
            whistle, company, "report_in", photo=photo, position=whistling.town.outside
        )  # fmt: skip
    with pytest.raises(WhistleRefused, match="定位"):
        whistling.answer(whistle, company, "report_in", photo=photo)
    row = whistling.answer(whistle, company, "report_in", photo=photo, has_code=True)
    assert (row.presence, row.distance_m) == ("CODE", None)
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.answer(whistle, bureau, "vouch", note="他们在")
    row = whistling.answer(
        whistle, housing, "vouch", actor=whistling.town.dispatcher, note="手机没电，人在现场"
    )
    assert row.presence == "VOUCHED"


def test_reassigning_the_lead_hands_the_lead_on(whistling):
    town, (company, _bureau, _housing) = whistling.town, whistling.units
    whistle = whistling.blown()
    whistling.arrive(whistle, company)
    whistling.answer(
        whistle, company, "reassign", actor=town.dispatcher, unit=town.lighting, note="换路灯所"
    )
    assert stage_and_status(whistle) == (Stage.BLOWN, Status.DISPATCHED)
    assert [row.unit for row in whistle.summonses.filter(is_lead=True)] == [town.lighting]
    whistling.arrive(whistle, town.lighting)
    assert stage_and_status(whistle) == (Stage.CONFERRING, Status.HANDLING)


def test_another_lead_may_be_named_and_a_unit_added(whistling):
    town, (company, bureau, housing) = whistling.town, whistling.units
    whistle = whistling.blown()
    whistling.move(whistle, "add_unit", unit=town.water, note="下面有水管")
    with pytest.raises(WhistleRefused, match="重复"):
        whistling.move(whistle, "add_unit", unit=town.water, note="再派")
    whistling.arrive(whistle, bureau)
    whistling.move(whistle, "name_lead", lead=bureau, note="先清运")
    assert stage_and_status(whistle) == (Stage.CONFERRING, Status.HANDLING)
    with pytest.raises(WhistleRefused, match="还没有报到"):
        whistling.confer(whistle, lead=housing)
    whistling.arrive(whistle, company)
    whistling.confer(whistle, lead=company)
    assert Case.objects.get(pk=whistle.case_id).lead == company
    assert whistling.of(whistle, company).is_lead


@pytest.mark.requirement("Z16")
def test_shelving_stops_the_units_clock_and_gives_it_back(whistling):
    town, (company, _b, _h) = whistling.town, whistling.units
    whistle = whistling.blown(units=[company])
    whistling.arrive(whistle, company)
    clock = whistle.clocks.get(step=Step.HANDLE)
    day = (whistling.at + timedelta(days=30)).date()
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.answer(
            whistle, company, "shelve", actor=town.chief, note="等雨季过去", review_on=day
        )  # fmt: skip
    whistling.answer(
        whistle, company, "shelve", actor=town.county_chief, note="等雨季过去", review_on=day
    )
    assert stage_and_status(whistle) == (Stage.HANDLING, Status.SHELVED)
    due_at = clock.due_at
    whistling.wait(days=7)
    whistling.answer(whistle, company, "resume", actor=town.dispatcher)
    clock.refresh_from_db()
    assert stage_and_status(whistle) == (Stage.HANDLING, Status.HANDLING)
    assert clock.paused_at is None
    assert clock.due_at > due_at


def test_rework_brings_the_lead_back_too_and_another_time_round(whistling):
    town, (company, bureau, _h) = whistling.town, whistling.units
    whistle = whistling.handled()
    whistling.answer(whistle, bureau, "rework", actor=town.verifier, note="角落里还有垃圾")
    assert stage_and_status(whistle) == (Stage.HANDLING, Status.HANDLING)
    assert whistling.of(whistle, company).state == State.HANDLING
    whistling.hand_in(whistle, bureau)
    whistling.hand_in(whistle, company)
    assert stage_and_status(whistle) == (Stage.AWAITING, Status.HANDLED)
    assert whistling.of(whistle, bureau).n_reworked == 1


@pytest.mark.requirement("Z09")
def test_closing_needs_an_outcome_somebody_benefits_from(whistling):
    company = whistling.units[0]
    whistle = whistling.blown(units=[company])
    whistling.arrive(whistle, company)
    whistling.hand_in(whistle, company, n_households=0)
    with pytest.raises(WhistleRefused, match="受益"):
        whistling.close(whistle)
    assert stage_and_status(whistle) == (Stage.AWAITING, Status.HANDLED)


def test_a_whistle_called_off_leaves_the_case_with_its_lead(whistling):
    town, whistle = whistling.town, whistling.blown()
    company = whistling.arrive(whistle, whistling.units[0])
    whistling.move(whistle, "call_off", note="业主自己清了")
    assert stage_and_status(whistle) == (Stage.WITHDRAWN, Status.HANDLING)
    case = Case.objects.get(pk=whistle.case_id)
    assert (case.acceptor, case.lead) == (None, whistling.units[0])
    with pytest.raises(WhistleRefused, match="已撤哨"):
        actions.answer(
            summons=company, name="hand_in", actor=town.company_handler, at=whistling.at, note="x"
        )


@pytest.mark.requirement("Z17")
def test_the_whistlers_supervision_is_a_record_with_an_author(whistling):
    town, (_c, _b, housing) = whistling.town, whistling.units
    whistle = whistling.blown()
    with pytest.raises(WhistleRefused, match="权限"):
        whistling.answer(
            whistle, housing, "supervise", actor=town.other_intake, note="快来"
        )  # fmt: skip
    whistling.answer(
        whistle, housing, "supervise", actor=town.dispatcher, note="请今天到场", supervision="URGE"
    )
    made = Supervision.objects.get()
    assert (made.kind, made.author, made.unit) == ("URGE", town.dispatcher, housing)


def test_a_waiting_application_keeps_a_whistle_from_being_blown(whistling):
    town = whistling.town
    case = whistling.case(Status.HANDLING)
    case_actions.ask(case=case, name="extend", actor=town.handler, at=whistling.at, note="等配件")
    whistle = whistling.move(whistling.draft(case=case), "submit")
    with pytest.raises(WhistleRefused, match="等待审批"):
        whistling.move(whistle, "blow")


@pytest.mark.requirement("Z16")
def test_a_routine_whistle_counts_working_days_over_the_national_day_of_2026(whistling):
    whistling.at = MONDAY.replace(month=9, day=30, hour=16)
    whistle = whistling.blown(kind=Kind.ROUTINE)
    clock = WhistleClock.objects.filter(whistle=whistle, step=Step.SIGN).first()
    # One working day from 30 September: 1 to 7 October rest, the 8th is worked.
    assert clock.due_at.date().isoformat() == "2026-10-08"
    assert policy.STEP_LABELS[Step(clock.step)] == "签收"
