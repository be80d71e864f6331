"""Candidates ranked by published criteria, on public notice, every comment answered, appointed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.people.models import Post
from shaodao.people.policy import AccountRefused
from shaodao.reports.policy import TooManyReports
from shaodao.workforce import policy
from shaodao.workforce.actions.choosing import (
    COMMENTS_AN_HOUR,
    answer_comment,
    appoint_chosen,
    close_selection,
    comment,
    mark_candidate,
    nominate,
    open_selection,
    publish_selection,
)
from shaodao.workforce.actions.configuring import set_weights
from shaodao.workforce.actions.rostering import set_home
from shaodao.workforce.models import Comment, Criterion
from shaodao.workforce.queries.candidates import ranking_of
from tests.sessions import sign_in
from tests.town import GRIDS

JUDGED = ("DEVOTION", "ROOTS", "COURAGE")


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def selection(town, at):
    """Three candidates for the next grid: a party member, a cadre, neither; all marked alike."""
    grid = town.grids[GRIDS[1]]
    row = open_selection(grid=grid, is_head=False, actor=town.community_desk, at=at)
    for person in (town.worker2, town.worker, town.intake):
        one = nominate(selection=row, person=person, actor=town.dispatcher, at=at)
        for code in JUDGED:
            mark_candidate(
                candidate=one, code=code, mark=8, said="办事公道", actor=town.dispatcher, at=at
            )
    return row


def ranking(row, at):
    row.refresh_from_db()
    return ranking_of(row, on=timezone.localdate(at))


@pytest.mark.requirement("X42")
def test_candidates_are_ranked_with_every_point_explained(town, selection, at):
    found = ranking(selection, at)
    assert [one.place for one in found] == [1, 2, 3]
    assert {one.candidate.person for one in found[:2]} == {town.worker, town.intake}
    assert found[-1].candidate.person == town.worker2  # neither party member nor cadre
    for one in found:
        assert one.total == policy.total_of(one.lines)
        assert sum(line.weight for line in one.lines) == 100
    member = next(one for one in found if one.candidate.person == town.worker)
    said = {line.label: line.points for line in member.lines}
    assert (said["是党员"], said["是村组干部"], said["有奉献精神"]) == (15.0, 0.0, 16.0)
    page = sign_in(Client(), town.community_desk).get(reverse("selection", args=[selection.pk]))
    assert "8 分：办事公道" in page.content.decode()


@pytest.mark.requirement("X42")
def test_equal_points_put_the_party_member_or_cadre_first_then_the_earlier_name():
    totals = [(80.0, False, 0), (80.0, True, 1), (80.0, True, 2), (90.0, False, 3)]
    assert policy.ranked(totals) == [3, 1, 2, 0]


def test_living_in_the_grid_counts_and_only_the_desk_writes_it_down(town, selection, at):
    building = town.buildings_of(town.next_grid)[0]
    before = {one.candidate.person: one.total for one in ranking(selection, at)}
    set_home(person=town.worker2, building=building, actor=town.community_desk, at=at)
    after = {one.candidate.person: one.total for one in ranking(selection, at)}
    assert after[town.worker2] == before[town.worker2] + 10
    with pytest.raises(policy.WorkforceRefused):
        set_home(person=town.worker2, building=building, actor=town.worker, at=at)


def test_the_weights_are_dated_rows_that_come_to_a_hundred(town, selection, at):
    weights = dict(Criterion.objects.values_list("code", "weight"))
    day = timezone.localdate(at)
    given = {"unit": town.county, "valid_from": day, "source": "县文件", "actor": town.security}
    with pytest.raises(policy.WorkforceRefused, match="100"):
        set_weights(of=Criterion, weights=weights | {"MEMBER": 50}, **given, at=at, why="重视党员")
    set_weights(
        of=Criterion,
        weights=weights | {"MEMBER": 25, "DEVOTION": 10},
        **given,
        at=at,
        why="重视党员",
    )
    first = ranking(selection, at)[0]
    assert first.candidate.person == town.worker
    assert Criterion.objects.filter(code="MEMBER").count() == 2  # none rewritten
    with pytest.raises(AccountRefused):
        set_weights(of=Criterion, weights=weights, **given | {"actor": town.admin}, at=at, why="x")


def test_a_notice_needs_every_mark_and_then_nothing_changes_any_more(town, selection, at):
    late = nominate(selection=selection, person=town.verifier, actor=town.dispatcher, at=at)
    with pytest.raises(policy.WorkforceRefused, match="3 项"):
        publish_selection(selection=selection, actor=town.dispatcher, at=at)
    for code in JUDGED:
        mark_candidate(
            candidate=late, code=code, mark=1, said="了解不多", actor=town.dispatcher, at=at
        )
    assert Client().get(reverse("candidate_notice", args=[selection.pk])).status_code == 404
    publish_selection(selection=selection, actor=town.dispatcher, at=at)
    before = [(one.candidate.pk, one.total) for one in ranking(selection, at)]
    with pytest.raises(policy.WorkforceRefused, match="已经公示"):
        mark_candidate(candidate=late, code="ROOTS", mark=9, said="x", actor=town.dispatcher, at=at)
    town.worker2.is_party_member = True
    town.worker2.save()
    assert [(one.candidate.pk, one.total) for one in ranking(selection, at)] == before


@pytest.mark.requirement("X44")
def test_comments_on_the_notice_are_answered_before_anybody_is_appointed(town, selection, at):
    publish_selection(selection=selection, actor=town.dispatcher, at=at)
    url = reverse("candidate_notice", args=[selection.pk])
    visitor = Client()
    assert url in visitor.get(reverse("candidate_notices")).content.decode()
    sent = visitor.post(url, {"text": "他电话13912345678常打不通", "phone": "13711112222"})
    assert sent.status_code == 302
    page = visitor.get(url).content.decode()
    assert "待答复" in page
    assert "13912345678" not in page  # numbers in a text are taken out
    assert "13711112222" not in page
    over = at + timedelta(days=6)
    day = timezone.localdate(over)
    given = {"selection": selection, "person": town.worker, "since": day, "why": "公示期满"}
    with pytest.raises(policy.WorkforceRefused, match="还没有结束"):
        appoint_chosen(**given, actor=town.security, at=at)
    with pytest.raises(policy.WorkforceRefused, match="1 条意见"):
        appoint_chosen(**given, actor=town.security, at=over)
    row = Comment.objects.get()
    with pytest.raises(policy.WorkforceRefused):
        answer_comment(comment=row, answer="x", actor=town.stranger, at=at)
    answer_comment(comment=row, answer="已换工作手机，随时接听。", actor=town.dispatcher, at=at)
    assert "已换工作手机" in visitor.get(url).content.decode()
    with pytest.raises(AccountRefused):  # 三员分立: the desk does not appoint
        appoint_chosen(**given, actor=town.dispatcher, at=over)
    post = appoint_chosen(**given, actor=town.security, at=over)
    assert Post.objects.get(pk=post.pk).unit == town.next_grid
    selection.refresh_from_db()
    assert (selection.status, selection.chosen) == ("APPOINTED", town.worker)
    assert "已任命" in visitor.get(url).content.decode()
    with pytest.raises(policy.WorkforceRefused):
        appoint_chosen(**given, actor=town.security, at=over)


def test_nobody_floods_a_notice_or_comments_after_it_is_over(town, selection, at):
    publish_selection(selection=selection, actor=town.dispatcher, at=at)
    said = {"selection": selection, "text": "支持", "phone": "", "sender": "x"}
    for _ in range(COMMENTS_AN_HOUR):
        comment(**said, at=at)
    with pytest.raises(TooManyReports):
        comment(**said, at=at)
    with pytest.raises(policy.WorkforceRefused, match="结束"):
        comment(**said | {"sender": "y"}, at=at + timedelta(days=6))


def test_the_security_administrator_sees_what_is_ready_to_be_appointed(town, selection, at):
    publish_selection(selection=selection, actor=town.dispatcher, at=at - timedelta(days=9))
    client = sign_in(Client(), town.security)
    assert reverse("appoint_chosen", args=[selection.pk]) in client.get(reverse("appointments")).content.decode()  # fmt: skip # noqa: E501
    chosen = {"person": town.worker.pk, "since": timezone.localdate(at), "why": "公示期满"}
    assert client.post(reverse("appoint_chosen", args=[selection.pk]), chosen).status_code == 302
    selection.refresh_from_db()
    assert selection.chosen == town.worker


def test_a_selection_can_be_ended_with_a_reason_and_only_one_runs_at_a_time(town, selection, at):
    grid = town.grids[GRIDS[1]]
    with pytest.raises(policy.WorkforceRefused, match="已有"):
        open_selection(grid=grid, is_head=False, actor=town.dispatcher, at=at)
    with pytest.raises(policy.WorkforceRefused, match="原因"):
        close_selection(selection=selection, actor=town.dispatcher, at=at, why="")
    close_selection(selection=selection, actor=town.dispatcher, at=at, why="人选调走")
    open_selection(grid=grid, is_head=True, actor=town.dispatcher, at=at)
