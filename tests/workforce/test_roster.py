"""Everyone on the roster assigned or excused with a reason; standing in for those away."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.today import read
from shaodao.people.actions import set_parameter
from shaodao.people.models import Cover
from shaodao.places.queries import round_of
from shaodao.workforce import policy
from shaodao.workforce.actions.counting import count_members
from shaodao.workforce.actions.rostering import cover, end_cover, end_excuse, excuse
from shaodao.workforce.queries.party import due_forms
from shaodao.workforce.queries.roster import roster_of
from tests.sessions import sign_in
from tests.town import GRIDS

S = policy.Standing


@pytest.fixture
def at():
    return timezone.now()


def standing(town, at, person):
    roster = roster_of(town.community, on=timezone.localdate(at))
    return next(row for row in roster.members if row.person == person)


@pytest.mark.parametrize(
    ("n", "is_excused", "expected"),
    [(0, False, S.MISSING), (0, True, S.EXCUSED), (14, False, S.FEW), (15, False, S.ASSIGNED),
     (25, False, S.ASSIGNED), (26, False, S.MANY), (26, True, S.MANY), (7, True, S.EXCUSED)],
)  # fmt: skip
def test_the_band_binds_every_list(n, is_excused, expected):
    assert policy.standing_of(n, is_excused=is_excused, least=15, most=25) == expected


@pytest.mark.requirement("X01")
def test_everyone_on_the_roster_is_assigned_or_excused_with_a_reason(town, at):
    assert standing(town, at, town.community_desk).standing == S.MISSING
    assert standing(town, at, town.worker).standing == S.FEW  # five households of at least 15
    with pytest.raises(policy.WorkforceRefused, match="原因"):
        excuse(person=town.community_desk, community=town.community, until=None, actor=town.community_desk, at=at, why=" ")  # fmt: skip # noqa: E501
    client = sign_in(Client(), town.community_desk)
    where = [town.community.pk, town.community_desk.pk]
    client.post(reverse("excuse", args=where), {"why": "负责全社区内务，不分户"})
    row = standing(town, at, town.community_desk)
    assert row.standing == S.EXCUSED
    page = client.get(reverse("roster", args=[town.community.pk])).content.decode()
    assert "负责全社区内务，不分户" in page
    for name, least in (("list_least", "5"), ("list_most", "5")):
        set_parameter(
            name=name, value=least, valid_from=timezone.localdate(at), source="县文件",
            unit=town.county, actor=town.security, at=at, why="小城",
        )  # fmt: skip
    roster = roster_of(town.community, on=timezone.localdate(at))
    assert roster.violations == []
    assert roster.n_without == 0
    end_excuse(
        person=town.community_desk, community=town.community, actor=town.community_desk, at=at
    )
    assert standing(town, at, town.community_desk).standing == S.MISSING


def test_nobody_is_excused_by_another_county_or_from_a_roster_they_are_not_on(town, at):
    with pytest.raises(policy.WorkforceRefused):
        excuse(person=town.worker, community=town.community, until=None, actor=town.stranger, at=at, why="x")  # fmt: skip # noqa: E501
    with pytest.raises(policy.WorkforceRefused, match="名册"):
        excuse(person=town.village_worker, community=town.community, until=None, actor=town.community_desk, at=at, why="x")  # fmt: skip # noqa: E501


def away(town, at, **changed):
    today = timezone.localdate(at)
    values = {
        "absent": town.worker,
        "by": town.worker2,
        "since": today,
        "until": today + timedelta(days=7),
    }
    return cover(**values | {"actor": town.community_desk, "at": at, "why": "年休假"} | changed)


@pytest.mark.requirement("X24")
def test_cases_and_households_of_somebody_away_go_to_the_stand_in(town, at):
    own = len(round_of(town.worker2).homes)
    before = town.taken(at=at, category="RUBBISH_HEAP", household=town.household).case
    assert before.holder_person == town.worker
    row = away(town, at)
    assert town.worker2.notices.filter(about=f"cover:{row.pk}").count() == 1
    assert len(round_of(town.worker2).homes) == own + len(round_of(town.worker).homes)
    assert before in [order.case for order in read(town.worker2, at=at).to_accept]
    after = town.taken(at=at, category="RUBBISH_HEAP", household=town.household).case
    assert after.holder_person == town.worker2
    assert standing(town, at, town.worker).away == row
    end_cover(cover=row, actor=town.worker, at=at)
    assert len(round_of(town.worker2).homes) == own
    later = town.taken(at=at, category="RUBBISH_HEAP", household=town.household).case
    assert later.holder_person == town.worker


def test_a_stand_in_must_be_able_to_see_the_cases_and_be_there(town, at):
    for changed, said in (
        ({"by": town.other_worker}, "看不到"),
        ({"by": town.worker}, "另选"),
        ({"until": timezone.localdate(at)}, "截止"),
        ({"why": ""}, "原因"),
        ({"actor": town.worker2}, "权限"),
    ):
        with pytest.raises(policy.WorkforceRefused, match=said):
            away(town, at, **changed)
    away(town, at)
    with pytest.raises(policy.WorkforceRefused, match="不在岗"):
        away(town, at, absent=town.worker2, by=town.worker)
    assert Cover.objects.count() == 1


def test_the_pages_of_the_roster_ask_a_constant_number_of_questions(
    town, at, django_assert_max_num_queries
):
    client = sign_in(Client(), town.community_desk)
    with django_assert_max_num_queries(30):
        page = client.get(reverse("roster", args=[town.community.pk]))
    assert page.status_code == 200
    assert client.get(reverse("rosters")).status_code == 200
    assert (
        sign_in(Client(), town.stranger)
        .get(reverse("roster", args=[town.community.pk]))
        .status_code
        == 404
    )


# ---- party forms ---------------------------------------------------------------------------------


@pytest.mark.requirement("X07")
@pytest.mark.parametrize(
    ("n", "form"),
    [
        (0, "JOINT"),
        (1, "JOINT"),
        (2, "GROUP"),
        (3, "BRANCH"),
        (49, "BRANCH"),
        (50, "GENERAL_BRANCH"),
        (100, "COMMITTEE"),
    ],
)
def test_the_party_form_due_follows_from_the_members(n, form):
    assert policy.form_due(n, policy.Thresholds(2, 3, 50, 100)) == form


@pytest.mark.requirement("X07")
def test_each_grid_is_told_its_party_form_and_what_is_missing(town, at):
    on = timezone.localdate(at)
    first, second = due_forms(town.community_desk, on=on)
    assert first.grid.code == GRIDS[0]
    assert first.form == policy.PartyForm.BRANCH
    assert first.is_met
    assert second.form == policy.PartyForm.JOINT
    assert second.partner == town.grid
    assert not second.is_met
    count_members(grid=second.grid, n_members=4, actor=town.community_desk, at=at)
    second = due_forms(town.community_desk, on=on)[1]
    assert (second.n_members, second.form, second.is_met) == (4, policy.PartyForm.BRANCH, False)
    page = sign_in(Client(), town.county_chief).get(reverse("party")).content.decode()
    assert second.grid.unit.short_name in page
    assert first.grid.unit.short_name not in page
