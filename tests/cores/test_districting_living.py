"""Living with a division: changes, drags, grids from lists, staff, and who is whose neighbour."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaodao.cores.districting import (
    Effort,
    Formula,
    allot,
    divide,
    fits,
    group_lists,
    neighbours,
    resettle,
    sizes_for,
    unconnected,
    village,
    what_if,
)

EFFORT = Effort(starts=1, steps=1_500, rounds=2, survey=100, sweeps=1, sweep=200, cover=500)


def made_up(n, seed=0, *, weight=None):
    """Return a village of n households strewn about, neighbours as this core builds them."""
    rng = np.random.default_rng(seed)
    xs, ys = rng.normal(0, 150, n), rng.normal(0, 150, n)
    return village(xs, ys, neighbours(xs, ys).pairs, weight=weight)


def without(place, gone):
    kept = np.setdiff1d(np.arange(len(place)), gone)
    return village(place.xs[kept], place.ys[kept], neighbours(place.xs[kept], place.ys[kept]).pairs)


class TestResettling:
    @settings(max_examples=15)
    @given(st.integers(60, 300), st.integers(0, 10**6))
    def test_after_some_left_and_some_came_every_list_holds_and_few_change_hands(self, n, seed):
        place = made_up(n, seed)
        lot = divide(place, EFFORT).lot
        rng = np.random.default_rng(seed)
        gone = rng.choice(n, 2, replace=False)
        kept = np.setdiff1d(np.arange(n), gone)
        xs = np.append(place.xs[kept], rng.normal(0, 150, 2))
        ys = np.append(place.ys[kept], rng.normal(0, 150, 2))
        after = village(xs, ys, neighbours(xs, ys).pairs)
        was = np.append(lot[kept], [-1, -1])
        pinned = np.append(lot[kept] == 0, [False, False])
        found = resettle(after, was, pinned=pinned)
        count = len(np.unique(found.lot))
        assert (found.lot[pinned] == 0).all()
        assert found.faults or fits(after, found.lot, sizes_for(n)) or count != sizes_for(n).k
        assert {fault.reason for fault in found.faults} <= {"pinned_size", "pinned_apart"}
        assert len(found.changed) <= 0.25 * n

    def test_nothing_happened_nobody_moves(self):
        place = made_up(200, 4)
        lot = divide(place, EFFORT).lot
        assert resettle(place, lot).changed == ()

    @pytest.mark.parametrize(
        ("sizes", "changed"), [((25, 20), (24,)), ((25, 25, 15), (24, 49)), ((20, 25), ())]
    )
    def test_who_is_new_in_a_full_list_pushes_one_out_of_each_list_on_the_way(self, sizes, changed):
        n = sum(sizes)
        row = [(i, i + 1) for i in range(n - 1)]
        street = village(np.append(np.arange(n) * 10.0, -10), np.zeros(n + 1), [*row, (n, 0)])
        was = np.append(np.repeat(np.arange(len(sizes)), sizes), -1)
        found = resettle(street, was)
        assert found.changed == changed
        assert fits(street, found.lot, sizes_for(n + 1))

    def test_pins_hold_and_a_list_nobody_can_join_is_named_with_its_size(self):
        was = np.repeat([0, 1, 2, 3], [14, 15, 25, 25])
        street = village(np.arange(79) * 10.0, np.zeros(79), [(i, i + 1) for i in range(78)])
        found = resettle(street, was, pinned=was == 1)
        assert found.changed == ()
        assert [fault.reason for fault in found.faults] == ["pinned_size"]
        assert found.faults[0].households == tuple(range(14))
        assert resettle(street, was).changed == (14, 29)

    def test_who_is_pinned_to_a_list_out_of_reach_stays_and_is_named(self):
        was = np.repeat([0, 1, 0], [10, 20, 10])
        street = village(np.arange(40) * 10.0, np.zeros(40), [(i, i + 1) for i in range(39)])
        found = resettle(street, was, pinned=[True] * 40)
        assert found.changed == ()
        assert [(fault.reason, len(fault.households)) for fault in found.faults] == [
            ("pinned_apart", 10)
        ]

    def test_labels_stay_and_a_new_list_gets_the_next_number(self):
        place = made_up(120, 5)
        was = divide(place, EFFORT).lot.astype(int) * 10
        xs = np.append(place.xs, place.xs[:20] + 3)
        ys = np.append(place.ys, place.ys[:20] + 3)
        grown = village(xs, ys, neighbours(xs, ys).pairs)
        found = resettle(grown, np.append(was, [-1] * 20))
        assert set(np.unique(found.lot)) == {0, 10, 20, 30, 40, 50, 51}
        assert not unconnected(grown, found.lot)

    def test_a_village_that_shrank_gives_up_its_smallest_list(self):
        place = made_up(120, 6)
        lot = divide(place, EFFORT).lot
        shrunk = without(place, np.arange(30))
        found = resettle(shrunk, lot[30:])
        assert len(np.unique(found.lot)) == sizes_for(90).k
        assert set(found.lot) <= set(lot.tolist())

    def test_a_village_never_divided_is_divided(self):
        place = made_up(100, 7)
        found = resettle(place, [-1] * 100)
        assert fits(place, found.lot, sizes_for(100))
        assert found.changed == ()


class TestWhatIf:
    place = village(np.arange(40) * 10.0, np.zeros(40), [(i, i + 1) for i in range(39)])
    lot = np.repeat([0, 1], 20)

    def test_a_household_on_the_border_may_change_and_the_effect_is_told(self):
        effect = what_if(self.place, self.lot, 19, 1)
        assert effect.reason == ""
        assert (effect.size_from, effect.size_to) == (19, 21)
        assert effect.spread_before == 133_000  # 2 x 20 x (20^2 - 1) / 12 x 100
        assert effect.spread_after == 100 * (19 * 360 + 21 * 440) / 12

    @pytest.mark.parametrize(
        ("households", "to", "reason"),
        [(5, 0, "there_already"), (5, 1, "not_beside"), (range(14, 20), 1, "too_many"),
         (35, 0, "not_beside"), (39, 0, "not_beside"), (19, 7, "not_beside")],
    )  # fmt: skip
    def test_what_cannot_be_is_refused_with_the_reason(self, households, to, reason):
        assert what_if(self.place, self.lot, households, to).reason == reason

    def test_a_move_that_leaves_a_list_in_two_or_too_small_is_refused(self):
        ring = village(
            np.cos(np.arange(40)), np.sin(np.arange(40)), [(i, (i + 1) % 40) for i in range(40)]
        )
        chord = ring.with_edges(np.array([[10, 30]]))
        assert what_if(chord, self.lot, 10, 1).reason == "splits"
        few = np.repeat([0, 1], [15, 25])
        assert what_if(self.place, few, 15, 0).reason == ""
        assert what_if(self.place, np.repeat([0, 1], [25, 15]), 25, 0).reason == "too_many"
        assert what_if(self.place, np.repeat([0, 1], [24, 16]), range(24, 25), 0).reason == ""
        assert what_if(self.place, np.repeat([0, 1], [16, 24]), range(14, 16), 1).reason != ""

    def test_a_pinned_household_stays(self):
        pinned = np.arange(40) == 19
        assert what_if(self.place, self.lot, 19, 1, pinned=pinned).reason == "pinned"


class TestStaff:
    @pytest.mark.requirement("X43")
    @given(
        st.lists(st.tuples(st.integers(0, 9_000), st.floats(0, 1)), min_size=2, max_size=30),
        st.integers(0, 100),
    )
    def test_more_people_or_more_difficulty_never_mean_fewer_workers(self, grids, roster):
        people, difficulty = (np.array(side) for side in zip(*grids, strict=True))
        formula = Formula()
        staff = formula.staff(people, difficulty)
        given_ = allot(formula.load(people, difficulty), roster)
        assert given_.sum() == roster
        work = formula.load(people, difficulty)
        for i in range(len(people)):
            more = (people >= people[i]) & (difficulty >= difficulty[i])
            assert (staff[more] >= staff[i]).all()
            assert (given_[work > work[i]] >= given_[i]).all()
        assert (formula.staff(people + 1, difficulty) >= staff).all()
        assert (formula.staff(people, difficulty + 0.1) >= staff).all()

    @pytest.mark.requirement("X43")
    def test_the_formula_by_hand(self):
        formula = Formula(people_per_worker=500, extra=0.5, least=1)
        assert formula.staff([0, 500, 501, 1_000], [0, 0, 0, 1]).tolist() == [1, 1, 2, 3]
        assert allot(formula.load([500, 1_000, 250], [0, 1, 0]), 6).tolist() == [1, 4, 1]
        assert allot(formula.load([500, 1_000, 250], [0, 1, 0]), 2).tolist() == [1, 1, 0]

    def test_grids_are_connected_groups_of_lists(self):
        place = made_up(600, 3)
        lot = divide(place, EFFORT).lot
        grids = group_lists(place, lot, 200)
        assert len(np.unique(grids.grid_of)) == 3
        assert not grids.faults
        assert not unconnected(place, grids.grid_of[lot])


class TestNeighbours:
    def test_a_street_is_a_row_of_neighbours(self):
        found = neighbours([0, 10, 20, 30], [0, 0, 0, 0])
        assert {tuple(sorted(pair)) for pair in found.pairs.tolist()} == {(0, 1), (1, 2), (2, 3)}

    def test_a_river_parts_the_banks_but_for_its_bridge(self):
        xs, ys = np.tile(np.arange(6) * 20.0, 2), np.repeat([-10.0, 10.0], 6)
        whole = [[(-50, 0), (200, 0)]]
        found = neighbours(xs, ys, barriers=whole)
        assert found.cut_off in [((0, 1, 2, 3, 4, 5),), ((6, 7, 8, 9, 10, 11),)]
        bridged = neighbours(xs, ys, barriers=[[(-50, 0), (95, 0)], [(105, 0), (200, 0)]])
        assert bridged.cut_off == ()
        across = [pair for pair in bridged.pairs.tolist() if (pair[0] < 6) != (pair[1] < 6)]
        assert across == [[5, 11]]

    def test_a_lone_farm_is_joined_by_its_shortest_way(self):
        found = neighbours([0, 10, 20, 900], [0, 0, 0, 0], reach=100)
        assert [2, 3] in np.sort(found.pairs, axis=1).tolist()
        assert found.cut_off == ()

    def test_flats_of_a_building_are_tied_together_and_villages_are_not(self):
        found = neighbours(
            [0, 0, 0, 0, 50, 60], [0] * 6, building=[1, 1, 1, 1, 2, 3], village_of=[0] * 5 + [1]
        )
        pairs = {tuple(sorted(pair)) for pair in found.pairs.tolist()}
        assert {(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)} < pairs
        assert not any(5 in pair for pair in pairs)

    @settings(max_examples=40)
    @given(st.integers(1, 80), st.integers(0, 10**6), st.integers(1, 6))
    def test_any_places_hang_together_where_nothing_lies_between(self, n, seed, spots):
        rng = np.random.default_rng(seed)
        xs, ys = rng.integers(0, spots * 100, n), rng.integers(0, 2, n)  # many share a spot
        found = neighbours(xs, ys)
        assert found.cut_off == ()
        assert not unconnected(village(xs, ys, found.pairs), np.zeros(n, int))
