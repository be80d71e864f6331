"""Workers' appraisal: counted from facts, explained line by line, frozen, appealed. Staff only."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions as cases
from shaodao.cases.models import Patrol
from shaodao.outreach import actions as outreach
from shaodao.places.models import Household
from shaodao.reports.policy import Channel
from shaodao.workforce import policy
from shaodao.workforce.actions.appraising import (
    appeal,
    decide_appeal,
    freeze_period,
    open_period,
)
from shaodao.workforce.actions.configuring import set_weights
from shaodao.workforce.models import Appeal, Indicator, Score
from shaodao.workforce.queries.appraisal import standings
from tests.sessions import sign_in
from tests.town import MINUTE, MONDAY

F = policy.Figure
SINCE = MONDAY.date()
UNTIL = SINCE + timedelta(days=28)
OVER = MONDAY + timedelta(days=30)


@pytest.fixture
def period(town):
    return open_period(
        unit=town.street, name="九月", since=SINCE, until=UNTIL, actor=town.chief, at=MONDAY
    )


def worked(town):
    """Let the worker find two things, handle one in time, and walk one of four rounds."""
    for n in range(2):
        town.taken(
            at=MONDAY + n * MINUTE,
            actor=town.worker,
            channel=Channel.PATROL,
            category="RUBBISH_HEAP",
        )
    case = town.case(
        "CLOSED", category="RUBBISH_HEAP", household=town.household, lead=town.grid, by=town.worker
    )
    report = case.reports.get().report
    cases.rate(
        case=case, report=report, score=5, is_solved=True, text="", at=MONDAY + timedelta(days=1)
    )
    for n in range(4):
        Patrol.objects.create(
            grid=town.grids[town.grid.code], worker=town.worker, week=SINCE, subject=f"第{n}项",
            done_at=MONDAY if n == 0 else None,
        )  # fmt: skip


def of(found, worker):
    return next(one for one in found if one.worker == worker)


@pytest.mark.requirement("X31")
def test_every_point_is_counted_from_facts_and_explained(town, period):
    worked(town)
    one = of(standings(period, on=UNTIL), town.worker)
    lines = {line.label: line for line in one.lines}
    assert (lines["巡查走访"].points, lines["巡查走访"].values["of"]) == (5.0, 4)
    assert lines["主动发现"].points == pytest.approx(
        15 * 2 / 8, abs=0.01
    )  # two a week for four weeks
    assert lines["群众满意"].points == 15.0
    assert lines["按时办理"].points == 25.0
    assert one.total == policy.score_of(one.lines)
    idle = of(standings(period, on=UNTIL), town.worker2)
    assert {line.label for line in idle.lines if line.points is None} >= {"群众满意", "按时办理"}
    page = sign_in(Client(), town.worker).get(reverse("my_appraisal")).content.decode()
    assert "应走 4 次，走完 1 次" in page


@pytest.mark.requirement("X31")
def test_visits_and_calls_count_as_tried_and_stand_in_the_weights(town, period):
    worker, desk = town.worker, town.community_desk
    homes = Household.objects.of_worker(worker).order_by("pk")[:4]
    visits = [
        outreach.plan_visit(household=home, reason="看望", actor=worker, at=MONDAY)
        for home in homes
    ]
    for visit, name in zip(visits, ("done", "nobody_home", "cancel"), strict=False):
        outreach.visit(visit=visit, name=name, actor=worker, at=MONDAY)
    words = outreach.Words(title="停水", text="请接水")
    row = outreach.announce(
        key=uuid4(), words=words, unit=town.community, areas=[town.grid], compounds=[],
        actor=desk, at=MONDAY,
    )  # fmt: skip
    outreach.move(announcement=row, name="send", actor=desk, at=MONDAY)
    call = row.calls.filter(worker=worker).first()
    outreach.mark(call=call, result="no_answer", actor=worker, at=MONDAY)
    lines = {line.label: line for line in of(standings(period, on=UNTIL), worker).lines}
    assert (lines["上门走访"].values["n"], lines["上门走访"].values["of"]) == (2, 3)
    assert (lines["通知到户"].values["n"], lines["通知到户"].values["of"]) == (1, 5)
    page = sign_in(Client(), worker).get(reverse("my_appraisal")).content.decode()
    assert "要通知 5 户，联系过 1 户" in page
    outreach.move(announcement=row, name="withdraw", actor=desk, at=MONDAY)
    lines = {line.label: line for line in of(standings(period, on=UNTIL), worker).lines}
    assert lines["通知到户"].points is None  # what was withdrawn is nobody's debt


def test_what_did_not_happen_costs_nobody_points():
    weights = [policy.Weighed(F.ROUNDS, 60), policy.Weighed(F.SATISFACTION, 40)]
    lines = policy.score_lines(weights, {F.ROUNDS: policy.Counted(3, 4)}, weeks=1, per_week=1)
    assert [line.points for line in lines] == [45.0, None]
    assert policy.score_of(lines) == 75.0
    assert policy.score_of(lines, corrections=30) == 100.0
    assert policy.score_of([]) is None


@pytest.mark.requirement("X31")
def test_a_frozen_period_stands_whatever_happens_afterwards(town, period):
    worked(town)
    with pytest.raises(policy.WorkforceRefused, match="没有结束"):
        freeze_period(period=period, actor=town.chief, at=MONDAY)
    with pytest.raises(policy.WorkforceRefused):
        freeze_period(period=period, actor=town.dispatcher, at=OVER)
    freeze_period(period=period, actor=town.chief, at=OVER)
    score = Score.objects.get(worker=town.worker)
    before = (score.total, score.lines)
    Patrol.objects.update(done_at=MONDAY)
    weights = dict(Indicator.objects.values_list("code", "weight"))
    set_weights(
        of=Indicator, unit=town.county, weights=weights | {"ROUNDS": 40, "IN_TIME": 5},
        source="县文件", valid_from=timezone.localdate(), actor=town.security,
        at=timezone.now(), why="调整",
    )  # fmt: skip
    score.refresh_from_db()
    assert (score.total, score.lines) == before
    with pytest.raises(policy.WorkforceRefused, match="已经锁定"):
        freeze_period(period=period, actor=town.chief, at=OVER)
    assert town.worker.notices.filter(about=f"period:{period.pk}").exists()


@pytest.mark.requirement("X31")
def test_an_appeal_is_decided_and_its_points_stand_beside_the_frozen_lines(town, period):
    worked(town)
    freeze_period(period=period, actor=town.chief, at=OVER)
    score = Score.objects.get(worker=town.worker)
    client = sign_in(Client(), town.worker)
    sent = client.post(reverse("appeal", args=[score.pk]), {"text": "有一次巡查没有记上"})
    assert sent.status_code == 302
    row = Appeal.objects.get()
    with pytest.raises(policy.WorkforceRefused, match="等待裁定"):
        appeal(score=score, text="再来", actor=town.worker, at=OVER)
    with pytest.raises(policy.WorkforceRefused, match="自己"):
        appeal(score=score, text="替他", actor=town.worker2, at=OVER)
    given = {"is_upheld": True, "points": 2.5, "answer": "查实，补记", "at": OVER}
    with pytest.raises(policy.WorkforceRefused):
        decide_appeal(appeal=row, actor=town.dispatcher, **given)
    decide_appeal(appeal=row, actor=town.county_chief, **given)
    with pytest.raises(policy.WorkforceRefused, match="已经裁定"):
        decide_appeal(appeal=row, actor=town.county_chief, **given)
    lines = score.lines
    score.refresh_from_db()
    assert (score.correction, score.lines) == (2.5, lines)
    page = client.get(reverse("my_appraisal")).content.decode()
    assert "申诉成立" in page
    assert "查实，补记" in page


def test_periods_of_an_area_do_not_overlap_and_are_opened_by_its_chief(town, period):
    given = {"name": "又一期", "since": SINCE, "until": UNTIL, "at": MONDAY}
    with pytest.raises(policy.WorkforceRefused, match="重叠"):
        open_period(unit=town.county, actor=town.county_chief, **given)
    with pytest.raises(policy.WorkforceRefused):
        open_period(unit=town.other_street, actor=town.dispatcher, **given)


def test_a_community_sees_its_own_workers_and_a_stranger_none(town, period):
    page = (
        sign_in(Client(), town.community_desk)
        .get(reverse("period", args=[period.pk]))
        .content.decode()
    )
    assert town.worker.name in page
    assert town.other_worker.name not in page.replace(town.worker.name, "")
    stranger = sign_in(Client(), town.stranger)
    assert stranger.get(reverse("period", args=[period.pk])).status_code == 404
    score = {"worker": town.worker, "unit": town.grid, "period": period, "lines": []}
    row = Score.objects.create(**score)
    assert sign_in(Client(), town.worker2).get(reverse("appeal", args=[row.pk])).status_code == 404


def test_only_workers_are_counted_and_in_a_fixed_number_of_queries(
    town, period, django_assert_num_queries
):
    worked(town)
    found = standings(period, on=UNTIL)
    assert {one.worker.username for one in found} == {
        f"grid.{n}.{k}" for n in (1, 2, 3) for k in "ab"
    }
    with django_assert_num_queries(9):
        standings(period, on=UNTIL)
