"""六岗六员: exactly six posts a grid, one holder each, claimed, confirmed, published, withdrawn."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from shaodao.cores.wording import Refusal
from shaodao.people.actions import set_parameter
from shaodao.people.models import AccountEntry
from shaodao.workforce import policy
from shaodao.workforce.actions.configuring import set_charge
from shaodao.workforce.actions.holding import claim, move_holding
from shaodao.workforce.models import Charge, Holding
from shaodao.workforce.queries.charges import charges_on, filled_by_community, places_of
from tests.sessions import sign_in
from tests.town import GRIDS, MINUTE, MONDAY

H = policy.HoldingStatus


@pytest.fixture
def grid(town):
    return town.grids[GRIDS[0]]


def held(town, grid, code="POLICY", person=None, at=MONDAY):
    """Return a post of the grid held and published."""
    row = claim(grid=grid, code=code, actor=person or town.worker, at=at)
    row = move_holding(holding=row, name="confirm", actor=town.community_desk, at=at + MINUTE)
    return move_holding(holding=row, name="publish", actor=town.community_desk, at=at + 2 * MINUTE)


@pytest.mark.parametrize("status", list(H))
@pytest.mark.parametrize("move", list(policy.HOLDING_MOVES.values()), ids=lambda move: move.name)
@pytest.mark.parametrize("who", ["desk", "self", "other"])
def test_the_table_of_moves_says_who_may_make_each_from_where(status, move, who):
    roles = {"DISPATCHER"} if who == "desk" else {"GRID_WORKER"}
    open_to = policy.holding_moves(status, roles=roles, is_own=who == "self")
    allowed = status in move.from_ and (
        (who == "desk" and move.by_desk) or (who == "self" and move.by_self)
    )
    assert (move in open_to) == allowed


@pytest.mark.requirement("X04")
def test_a_grid_has_exactly_six_posts_whose_names_can_be_edited(town, grid):
    places = places_of(grid, on=MONDAY.date())
    assert len(places) == policy.N_CHARGES == 6
    assert places[0].charge.holder_name == "政策宣传员"
    assert "默认值" not in places[0].charge.source
    assert all("默认值" in place.charge.source for place in places[1:])
    later = MONDAY.date() + timedelta(days=30)
    set_charge(
        code="SERVICE", unit=town.county, names=("跑腿岗", "跑腿员", "帮办小事"), valid_from=later,
        source="县文件", actor=town.security, at=MONDAY, why="改名",
    )  # fmt: skip
    named = [
        [row.holder_name for row in charges_on(on, town.grid.ancestor_ids)]
        for on in (MONDAY.date(), later)
    ]
    assert named[0][-1] == "便民代办员"
    assert named[1][-1] == "跑腿员"
    assert len(named[1]) == 6
    elsewhere = charges_on(later, town.village_grid.ancestor_ids)
    assert elsewhere[-1].holder_name == "便民代办员"


def test_there_is_no_seventh_post(town):
    with pytest.raises(policy.WorkforceRefused):
        set_charge(
            code="SEVENTH", unit=town.county, names=("a", "b", "c"), valid_from=MONDAY.date(),
            source="x", actor=town.security, at=MONDAY, why="x",
        )  # fmt: skip
    assert Charge.objects.count() == 6


@pytest.mark.requirement("X05")
def test_a_second_holder_of_a_post_is_refused_and_the_vacancy_is_shown(town, grid):
    vacant = {place.charge.code for place in places_of(grid, on=MONDAY.date()) if place.is_vacant}
    assert len(vacant) == 6
    other = claim(grid=grid, code="POLICY", actor=town.worker2, at=MONDAY)
    held(town, grid)
    with pytest.raises(policy.WorkforceRefused, match="一岗一员"):
        move_holding(holding=other, name="confirm", actor=town.community_desk, at=MONDAY)
    with pytest.raises(policy.WorkforceRefused, match=town.worker.name):
        claim(grid=grid, code="POLICY", actor=town.community_desk, at=MONDAY)
    row = next(
        row for row in filled_by_community(town.county_chief) if row.community == town.community
    )
    assert (row.n_posts, row.n_held, row.n_vacant) == (12, 1, 11)
    client = sign_in(Client(), town.county_chief)
    page = client.get(reverse("charges"), {"community": town.community.pk}).content.decode()
    assert "在岗 1/6" in page
    page = client.get(reverse("grid_charges", args=[grid.code])).content.decode()
    assert page.count("空缺") >= 5


@pytest.mark.requirement("X05")
def test_two_confirmations_at_once_leave_one_holder(town_committed):
    town, grid = town_committed, town_committed.grids[GRIDS[0]]
    rows = [
        claim(grid=grid, code="POLICY", actor=who, at=MONDAY) for who in (town.worker, town.worker2)
    ]
    start, refused = Barrier(2), []

    def confirm(row):
        start.wait()
        try:
            move_holding(holding=row, name="confirm", actor=town.community_desk, at=MONDAY)
        except Refusal as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [Thread(target=confirm, args=[row]) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Holding.objects.held().count() == 1
    assert len(refused) == 1


@pytest.mark.requirement("X06")
def test_a_claim_is_confirmed_published_seen_by_residents_and_withdrawn(town, grid):
    visitor, desk = Client(), sign_in(Client(), town.community_desk)
    worker = sign_in(Client(), town.worker)
    team = reverse("team", args=[grid.code])
    assert worker.post(reverse("claim_charge", args=[grid.code, "SAFETY"])).status_code == 302
    row = Holding.objects.get()
    assert desk.post(reverse("move_holding", args=[row.pk, "confirm"])).status_code == 302
    assert visitor.get(team).content.decode().count("空缺") == 6  # confirmed is not yet public
    assert desk.post(reverse("move_holding", args=[row.pk, "publish"])).status_code == 302
    assert town.worker.notices.count() == 2  # confirmed, published
    shown = visitor.get(team).content.decode()
    assert shown.count("空缺") == 5
    assert town.worker.work_phone in shown
    assert town.worker.phone not in shown
    without = worker.post(reverse("move_holding", args=[row.pk, "withdraw"]), {"why": " "})
    assert without.status_code == 422
    worker.post(reverse("move_holding", args=[row.pk, "withdraw"]), {"why": "调到外地"})
    row.refresh_from_db()
    assert row.status == H.WITHDRAWN
    assert visitor.get(team).content.decode().count("空缺") == 6
    names = AccountEntry.objects.filter(subject=f"holding:{row.pk}").order_by("seq")
    assert list(names.values_list("name", flat=True)) == [
        "claim_charge", "confirm_charge", "publish_charge", "withdraw_charge",
    ]  # fmt: skip


def test_only_people_of_the_grid_or_its_village_claim_and_no_more_than_the_county_allows(
    town, grid
):
    with pytest.raises(policy.WorkforceRefused, match="只有本网格"):
        claim(grid=grid, code="POLICY", actor=town.other_worker, at=MONDAY)
    claim(grid=grid, code="POLICY", actor=town.community_desk, at=MONDAY)  # a cadre of the village
    for code in ("POLICY", "SAFETY"):
        claim(grid=grid, code=code, actor=town.worker, at=MONDAY)
    with pytest.raises(policy.WorkforceRefused, match="2"):
        claim(grid=grid, code="SERVICE", actor=town.worker, at=MONDAY)
    set_parameter(
        name="charges_a_person", value="3", valid_from=MONDAY.date(), source="县文件",
        unit=town.county, actor=town.security, at=MONDAY, why="人少",
    )  # fmt: skip
    claim(grid=grid, code="SERVICE", actor=town.worker, at=MONDAY)
    again = claim(grid=grid, code="SERVICE", actor=town.worker, at=MONDAY)
    assert Holding.objects.filter(charge_code="SERVICE").get() == again


def test_somebody_else_may_neither_confirm_nor_withdraw(town, grid):
    row = claim(grid=grid, code="POLICY", actor=town.worker, at=MONDAY)
    for who, name in (
        (town.worker, "confirm"),
        (town.worker2, "withdraw"),
        (town.stranger, "confirm"),
    ):
        with pytest.raises(policy.WorkforceRefused):
            move_holding(holding=row, name=name, actor=who, at=MONDAY, why="x")
    row.refresh_from_db()
    assert row.status == H.CLAIMED


def test_a_strangers_desk_does_not_see_the_grid(town, grid):
    client = sign_in(Client(), town.stranger)
    assert client.get(reverse("grid_charges", args=[grid.code])).status_code == 404
