"""Lists given to workers: proposed by the exact core, looked at, confirmed, journalled."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.kit.versions import bump
from shaodao.people.models import AccountEntry, Parameter
from shaodao.places.models import Contact, Household
from shaodao.workforce import policy
from shaodao.workforce.actions.listing import confirm_lists, propose_lists
from shaodao.workforce.actions.rostering import note_wish, set_home
from shaodao.workforce.models import Proposal
from shaodao.workforce.queries.lists import Given, lists_of
from tests.sessions import sign_in


@pytest.fixture
def at():
    return timezone.now()


def spread(town):
    """Let worker have the western buildings of the grid and worker2 the eastern ones."""
    buildings = town.buildings_of(town.grid)
    today = timezone.localdate() - timedelta(days=9)
    for n, building in enumerate(buildings):
        worker = town.worker if n < 3 else town.worker2
        Contact.objects.filter(household__building=building).update(worker=worker, since=today)
    return buildings


def settle_crosswise(town, at):
    """Let each worker live where the other one's list lies."""
    buildings = spread(town)
    for person, building in ((town.worker, buildings[-1]), (town.worker2, buildings[0])):
        set_home(person=person, building=building, actor=town.community_desk, at=at)


def moves(proposal):
    return [one for one in (Given(**row) for row in proposal.rows) if one.is_moved]


def worth(value):
    """Set what changing hands is worth, in metres, for a test."""
    Parameter.objects.filter(name="list_change_metres").update(value=value)
    bump("parameters")


def test_each_list_goes_to_the_worker_who_lives_nearest_and_only_of_its_grid(town, at):
    settle_crosswise(town, at)
    worth("0")
    proposal = propose_lists(community=town.community, actor=town.community_desk, at=at)
    found = moves(proposal)
    assert {(one.before, one.worker) for one in found} == {
        (town.worker.pk, town.worker2.pk),
        (town.worker2.pk, town.worker.pk),
    }
    assert all(one.grid == town.grid.pk for one in found)
    assert len(proposal.rows) == 4
    page = sign_in(Client(), town.community_desk).get(reverse("proposal", args=[proposal.pk]))
    assert "换人" in page.content.decode()


def test_a_short_way_saved_is_not_worth_changing_hands(town, at):
    settle_crosswise(town, at)
    proposal = propose_lists(community=town.community, actor=town.community_desk, at=at)
    assert moves(proposal) == []


def test_households_that_wish_to_keep_their_worker_outweigh_a_short_way(town, at):
    settle_crosswise(town, at)
    worth("0")
    client = sign_in(Client(), town.community_desk)
    for home in Household.objects.filter(building__grid__unit=town.grid):
        assert client.post(reverse("keep_wish", args=[home.pk, "keep"])).status_code == 302
    proposal = propose_lists(community=town.community, actor=town.community_desk, at=at)
    assert moves(proposal) == []
    assert sum(row["n_wishes"] for row in proposal.rows) == 10
    with pytest.raises(policy.WorkforceRefused):
        note_wish(household=town.household, wants=False, actor=town.worker, at=at)


@pytest.mark.requirement("X02")
def test_a_confirmed_proposal_writes_every_household_down(town, at):
    settle_crosswise(town, at)
    worth("0")
    client = sign_in(Client(), town.community_desk)
    sent = client.post(reverse("lists", args=[town.community.pk]))
    proposal = Proposal.objects.get()
    assert sent["Location"] == reverse("proposal", args=[proposal.pk])
    assert client.post(sent["Location"], {"why": " "}).status_code == 422
    assert client.post(sent["Location"], {"why": "离家近"}).status_code == 302
    proposal.refresh_from_db()
    assert proposal.n_moved == 10
    west = town.buildings_of(town.grid)[0]
    now = Contact.objects.in_force().filter(household__building=west)
    assert set(now.values_list("worker", flat=True)) == {town.worker2.pk}
    assert AccountEntry.objects.filter(name="assign_contact").count() == 10
    with pytest.raises(policy.WorkforceRefused, match="已经执行"):
        confirm_lists(proposal=proposal, actor=town.community_desk, at=at, why="再来")


def test_a_proposal_that_the_lists_have_outrun_is_refused(town, at):
    settle_crosswise(town, at)
    worth("0")
    proposal = propose_lists(community=town.community, actor=town.community_desk, at=at)
    Contact.objects.filter(household=town.household).update(worker=town.worker2)
    with pytest.raises(policy.WorkforceRefused, match="重新生成"):
        confirm_lists(proposal=proposal, actor=town.community_desk, at=at, why="离家近")
    assert AccountEntry.objects.filter(name="assign_contact").count() == 0


def test_households_nobody_has_make_lists_of_at_most_the_band(town, at):
    Contact.objects.filter(household__building__grid__unit=town.grid).delete()
    found = [one for one in lists_of(town.community, on=timezone.localdate(at)) if not one.worker]
    assert [len(one.homes) for one in found] == [10]
    proposal = propose_lists(community=town.community, actor=town.community_desk, at=at)
    assert [one.before for one in moves(proposal)] == [None]
    with pytest.raises(policy.WorkforceRefused):
        propose_lists(community=town.community, actor=town.worker, at=at)
