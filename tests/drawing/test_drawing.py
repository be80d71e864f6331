"""Drafts of contact lists: drawn, evened, changed by hand, settled again, adopted."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from shaodao.cores.districting import unconnected
from shaodao.drawing import actions, policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries import drafts, levels
from shaodao.kit.versions import bump
from shaodao.notices.models import Notice
from shaodao.people.models import AccountEntry, Parameter
from shaodao.places.models import BaseFeature, Contact, Household
from shaodao.places.policy import PlaceRefused
from shaodao.workforce.models import Batch
from shaodao.workforce.policy import Paper
from tests.drawing.ground import begun, drawn, settle
from tests.town import GRIDS

AT = timezone.now


def sizes(row) -> list[int]:
    return sorted(Counter(row.lot).values())


def test_a_village_is_drawn_into_connected_lists_of_fifteen_to_twenty_five(town):
    settle(town)
    row = drawn(town)
    assert row.status == policy.Status.DRAFT
    sheet = drafts.Sheet(row)
    first = [a for a in range(sheet.k) if sheet.label(a) == town.grid.pk]
    assert all(15 <= row.lot.count(a) <= 25 for a in first)
    assert len(first) == 3  # as many as the grid has workers
    assert unconnected(sheet.place, sheet.lot) == []
    assert len({row.workers[a] for a in first}) == 3
    told = [text for text, _homes in drafts.faults_of(row)]
    assert told == [f"{town.next_grid.short_name}：只有 10 户，不足 15 户，合为一份名单"]


def test_the_same_seed_gives_the_same_lists(town):
    settle(town)
    assert drawn(town).lot == drawn(town).lot


def test_the_bounds_are_the_countys_numbers_of_the_day(town):
    settle(town)
    Parameter.objects.filter(name="list_most").update(value="20")
    Parameter.objects.filter(name="list_least").update(value="10")
    bump("parameters")
    row = drawn(town)
    assert (row.rules["least"], row.rules["most"]) == (10, 20)
    assert max(sizes(row)) <= 20


def test_evenness_is_bought_at_a_price_that_stands_beside_it(town):
    settle(town)
    row = drawn(town)
    points = row.found["points"]
    assert [one["share"] for one in points] == list(policy.SHARES)
    assert points[0]["price"] == 0
    assert all(one["price"] <= one["share"] + 1e-4 for one in points)
    cvs = [one["cv"] for one in points]
    assert cvs == sorted(cvs, reverse=True)
    row = actions.choose_evenness(drawing=row, n=5, actor=town.community_desk)
    assert row.lot == points[5]["lot"]
    assert actions.undo(drawing=row, actor=town.community_desk).lot == points[0]["lot"]


def border(sheet, *, possible: bool = True) -> tuple[int, int]:
    """Return a household with a neighbouring list it may, or may not, go to."""
    tails = np.repeat(np.arange(len(sheet.place)), np.diff(sheet.place.start))
    for i, j in zip(tails.tolist(), sheet.place.near.tolist(), strict=True):
        to = int(sheet.lot[j])
        if to != sheet.lot[i] and (sheet.effect([i], to).refusal is None) == possible:
            return i, to
    raise AssertionError("no household at a border")


def test_a_household_is_moved_to_the_next_list_and_back(town):
    settle(town)
    row = drawn(town)
    sheet = drafts.Sheet(row)
    home, to = border(sheet)
    was = row.lot[home]
    told = sheet.effect([home], to)
    assert f"第 {was + 1} 份 {row.lot.count(was)}→{row.lot.count(was) - 1} 户" in told.text
    row = actions.move_homes(drawing=row, homes=[home], to=to, actor=town.community_desk)
    assert row.lot[home] == to
    assert len(row.steps) == 1
    row = actions.undo(drawing=row, actor=town.community_desk)
    assert row.lot[home] == was
    with pytest.raises(policy.DrawingRefused, match="没有可以退回"):
        actions.undo(drawing=row, actor=town.community_desk)


def test_what_is_impossible_is_refused_with_the_reason(town):
    settle(town)
    row = drawn(town)
    desk, sheet = town.community_desk, drafts.Sheet(row)
    home, to = border(sheet)
    other = next(a for a in range(sheet.k) if sheet.label(a) == town.next_grid.pk)

    def refused(homes, a):
        with pytest.raises(policy.DrawingRefused) as found:
            actions.move_homes(drawing=row, homes=homes, to=a, actor=desk)
        return str(found.value)

    assert "不能跨网格" in refused([home], other)
    assert "已经在" in refused([home], row.lot[home])
    whole = [i for i, a in enumerate(row.lot) if a == row.lot[home]]
    assert "多于 25 户" in refused(whole, to)
    far = [a for a in range(sheet.k) if a not in (to, row.lot[home]) and a != other]
    start, near = sheet.place.start, sheet.place.near
    lonely = next(
        i
        for i, a in enumerate(row.lot)
        if a == far[0] and set(sheet.lot[near[start[i] : start[i + 1]]]) == {a}
    )
    inner = refused([lonely], to)
    assert "不相邻" in inner or "断成两截" in inner
    assert "没有这一户" in refused([9999], to)
    assert "请先选中" in refused([], to)
    actions.pin_homes(drawing=row, homes=[home], actor=desk)
    assert "已固定" in refused([home], to)
    actions.pin_homes(drawing=row, homes=[home], actor=desk)
    actions.pin_list(drawing=row, a=row.lot[home], actor=desk)
    assert "已固定" in refused([home], to)
    row.refresh_from_db()
    assert row.steps == []


def test_what_is_pinned_stays_where_it_is_when_the_rest_is_put_in_order(town):
    settle(town)
    row, desk = drawn(town), town.community_desk
    home, to = border(drafts.Sheet(row))
    row = actions.move_homes(drawing=row, homes=[home], to=to, actor=desk)
    kept = [i for i, a in enumerate(row.lot) if a == to]
    actions.pin_list(drawing=row, a=to, actor=desk)
    row = actions.put_in_order(drawing=row, actor=desk, at=AT())
    assert row.status == policy.Status.WAITING
    with pytest.raises(policy.DrawingRefused, match="正在计算"):
        actions.undo(drawing=row, actor=desk)
    actions.compute(drawing=row.pk, at=AT())
    row.refresh_from_db()
    assert row.status == policy.Status.DRAFT
    assert len({row.lot[i] for i in kept}) == 1
    assert row.pins["lists"] == [row.lot[kept[0]]]


@pytest.mark.requirement("X02")
def test_an_adopted_draft_is_written_down_told_and_printed_and_keeps_history(town):
    settle(town)
    row, at = drawn(town), AT()
    before = dict(Contact.objects.in_force().values_list("household_id", "worker_id"))
    row = actions.adopt(
        drawing=row, actor=town.community_desk, at=at, why="年初重划", paper=Paper.A6, site="/"
    )
    after = dict(Contact.objects.in_force().values_list("household_id", "worker_id"))
    moved = {pk for pk in after if after[pk] != before.get(pk)}
    assert len(moved) == row.n_moved > 0
    ended = Contact.objects.filter(household__in=moved, until=timezone.localdate(at))
    assert {one.household_id: one.worker_id for one in ended} == {pk: before[pk] for pk in moved}
    assert AccountEntry.objects.filter(name="adopt_lists", why="年初重划").count() == 1
    written = AccountEntry.objects.filter(name="assign_contacts")
    assert {pk for one in written for pk in one.facts["households"]} == moved
    assert Batch.objects.get().only_due
    assert Notice.objects.filter(about=f"drawing:{row.pk}").exists()
    with pytest.raises(policy.DrawingRefused, match="已经结束"):
        actions.adopt(
            drawing=row, actor=town.community_desk, at=at, why="再来", paper=None, site="/"
        )


def test_a_draft_older_than_its_households_is_not_adopted(town):
    homes = settle(town)
    row = drawn(town)
    Contact.objects.filter(household=homes[0]).update(worker=town.worker2)
    Contact.objects.filter(household=homes[1]).update(worker=town.worker)
    Contact.objects.filter(household=homes[-1]).update(worker=town.worker)
    before = Contact.objects.in_force().count()
    with pytest.raises(policy.DrawingRefused, match="补划"):
        adopt(town, row)
    assert Contact.objects.in_force().count() == before


def adopt(town, row):
    return actions.adopt(
        drawing=row, actor=town.community_desk, at=AT(), why="调整", paper=None, site="/"
    )


def test_a_list_without_a_worker_is_not_adopted_until_somebody_takes_it(town):
    settle(town)
    row, desk = drawn(town), town.community_desk
    row = actions.give_list(drawing=row, a=0, worker=None, actor=desk, at=AT())
    with pytest.raises(policy.DrawingRefused, match="第 1 份名单还没有网格员"):
        adopt(town, row)
    with pytest.raises(policy.DrawingRefused, match="不是这份名单所在网格"):
        actions.give_list(drawing=row, a=0, worker=town.next_worker.pk, actor=desk, at=AT())
    other = row.workers[1]
    row = actions.give_list(drawing=row, a=0, worker=other, actor=desk, at=AT())
    assert row.workers[:2] == [other, None]


def test_newcomers_join_the_list_next_door_and_nobody_else_changes_hands(town):
    homes = settle(town)
    adopt(town, drawn(town))
    spot = homes[25].building
    Household.objects.create(building=spot, number="新户", n_people=2)
    row = drawn(town, policy.Kind.RESETTLED)
    new = next(i for i, worker in enumerate(row.was) if worker is None)
    assert drafts.Sheet(row).changed() == []
    assert row.workers[row.lot[new]] is not None
    adopt(town, row)
    assert Contact.objects.in_force().filter(household__number="新户").exists()


def test_the_list_of_a_worker_who_left_goes_to_whoever_is_free_or_to_the_neighbours(town):
    settle(town)
    adopt(town, drawn(town))
    third = town.person("grid.3.b")
    third.posts.filter(unit=town.grid).update(until=timezone.localdate())
    row = drawn(town, policy.Kind.RESETTLED)
    theirs = {i for i, worker in enumerate(row.was) if worker == third.pk}
    assert theirs
    assert theirs <= set(drafts.Sheet(row).changed())
    town.other_worker.posts.create(unit=town.grid, role="GRID_WORKER", since=timezone.localdate())
    row = drawn(town, policy.Kind.RESETTLED)
    assert set(drafts.Sheet(row).changed()) == theirs
    assert {row.workers[row.lot[i]] for i in theirs} == {town.other_worker.pk}


def test_the_standing_lists_are_changed_by_hand(town):
    settle(town)
    row = drawn(town, policy.Kind.BY_HAND)
    assert drafts.Sheet(row).changed() == []
    assert {row.workers[a] for a in row.lot} == set(row.was)


@pytest.mark.requirement("X43")
def test_grids_are_proposed_from_lists_with_the_staff_each_needs(town):
    settle(town)
    row = drawn(town, within=policy.Within.COMMUNITY)
    row = actions.group_grids(drawing=row, households=35, actor=town.community_desk, at=AT())
    actions.compute(drawing=row.pk, at=AT())
    row.refresh_from_db()
    grids = drafts.Sheet(row).grids(roster=7)
    assert len(grids) == 2
    assert sum(one["n_homes"] for one in grids) == len(row.lot)
    assert all(one["staff"] >= 1 for one in grids)
    assert sum(one["given"] for one in grids) == 7
    assert row.grids["formula"]["people_per_worker"] == 75


@pytest.mark.requirement("X43")
@pytest.mark.parametrize("more", [{"n_old": 60}, {"n_young": 40}, {"old": 200}])
def test_more_old_people_and_children_never_make_a_grid_easier(more):
    plain = {"n_people": 100, "n_old": 30, "n_young": 20, "old": 100, "young": 50}
    assert policy.difficulty(**plain) == pytest.approx(0.4)
    assert policy.difficulty(**plain) <= policy.difficulty(**{**plain, **more}) <= 1.0


def test_a_river_without_a_bridge_is_named_with_the_households_it_cuts_off(town):
    settle(town)
    grid = town.grids[GRIDS[0]]
    line = bytes.fromhex(
        "0102000000" + "02000000" + np.array(
            [grid.west, _lat(110), grid.east, _lat(110)], "<f8"
        ).tobytes().hex()
    )  # fmt: skip
    BaseFeature.objects.create(
        layer="water", kind="river", shape=line, west=grid.west, east=grid.east,
        south=_lat(109), north=_lat(111),
    )  # fmt: skip
    row = drawn(town, barriers=["river"])
    assert row.ground["walls"]
    row2 = drawn(town)
    assert not row2.ground["walls"]


def _lat(metres: float) -> float:
    return 25.85 + metres / 110_900


def test_a_draft_is_given_up_while_it_waits_and_is_then_not_computed(town):
    settle(town)
    row = begun(town)
    actions.drop(drawing=row, actor=town.community_desk, at=AT())
    actions.compute(drawing=row.pk, at=AT())
    row.refresh_from_db()
    assert (row.status, row.lot) == (policy.Status.DROPPED, [])


def test_a_draft_is_given_up_while_it_is_computed_and_its_computation_stops(town):
    settle(town)
    row = begun(town, setting="deep")
    seconds = iter(range(10**9))
    told = []

    def clock():
        n = next(seconds)
        if n == 5:
            actions.drop(drawing=row, actor=town.community_desk, at=AT())
        told.append(n)
        return AT() + timedelta(seconds=2 * n)

    actions.compute(drawing=row.pk, at=AT(), clock=clock)
    row.refresh_from_db()
    assert (row.status, row.lot) == (policy.Status.DROPPED, [])
    assert len(told) < 20


def test_a_draft_whose_worker_was_stopped_is_gone_on_with(town):
    row = begun(town)
    Drawing.objects.update(status="AT_WORK", touched_at=AT() - 2 * actions.drafting.ABANDONED)
    assert actions.resume(at=AT()) == 1
    assert actions.resume(at=AT()) == 0
    actions.compute(drawing=row.pk, at=AT())
    row.refresh_from_db()
    assert row.status == policy.Status.DRAFT


def test_a_computation_that_breaks_ends_and_says_so_instead_of_being_tried_for_ever(town):
    row = begun(town)
    Drawing.objects.update(rules={**row.rules, "setting": "no such"})
    with pytest.raises(KeyError):
        actions.compute(drawing=row.pk, at=AT())
    row.refresh_from_db()
    assert (row.status, row.message) == (policy.Status.FAILED, "计算时出了差错，请告诉管理员")
    assert actions.resume(at=AT() + 2 * actions.drafting.ABANDONED) == 0
    actions.drop(drawing=row, actor=town.community_desk, at=AT())


def test_two_places_with_the_same_fault_are_each_told_with_their_own_addresses(town):
    settle(town)
    row = drawn(town)
    two = [{"reason": "cut_off", "place": 0, "homes": [i], "gap": 300} for i in (0, 40)]
    row.found = {**row.found, "faults": two}
    addresses = [names for _text, names in drafts.faults_of(row)]
    assert all(len(names) == 1 for names in addresses)
    assert addresses[0] != addresses[1]


@pytest.mark.parametrize(
    ("show", "counted", "tone"),
    [
        ("cover", {}, "done"),
        ("cover", {"n_flaws": 1}, "late"),
        ("cover", {"n_unlisted": 1}, "late"),
        ("cover", {"grids": []}, "late"),
        ("vacancies", {"n_short": 1}, "warn"),
        ("vacancies", {"n_short": 1, "n_empty": 1}, "late"),
        ("load", {"n_homes": 25, "n_workers": 1}, "done"),
        ("load", {"n_homes": 26, "n_workers": 1}, "late"),
        ("load", {"n_homes": 14, "n_workers": 1}, "warn"),
        ("load", {"n_homes": 1}, "late"),
        ("lists", {"n_wrong": 1}, "warn"),
    ],
)
def test_a_part_of_the_net_is_drawn_in_the_tone_of_what_it_lacks(show, counted, tone):
    area = levels.Area(unit=None, **{"grids": [1], **counted})
    assert policy.tone_of(area, show, least=15, most=25) == tone


def test_only_those_who_decide_in_the_village_draw_it(town):
    for name in ("worker", "intake", "leader", "stranger", "handler"):
        with pytest.raises(policy.DrawingRefused, match="没有划分"):
            begun(town, actor=getattr(town, name))
    for name in ("secretary", "dispatcher", "county_chief"):
        assert begun(town, actor=getattr(town, name)).pk


def test_places_refuse_a_worker_of_another_grid_and_a_household_elsewhere(town):
    homes = settle(town)
    desk = town.community_desk
    given = {"community": town.community, "actor": desk, "at": AT(), "why": "调整"}
    with pytest.raises(PlaceRefused, match="不是"):
        actions.adopting.assign_contacts(pairs=[(homes[0], town.next_worker)], **given)
    far = Household.objects.filter(building__grid__unit=town.village_grid).first()
    with pytest.raises(PlaceRefused, match="不在"):
        actions.adopting.assign_contacts(pairs=[(far, town.village_worker)], **given)
