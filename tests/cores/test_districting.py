"""Contact lists: every division holds what it owes, on ordinary and on awkward neighbour graphs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaodao.cores import districting
from shaodao.cores.districting import Effort, Stopped, divide, divide_all, sizes_for, village

QUICK = Effort(starts=1, steps=300, rounds=1, survey=20, sweeps=1, sweep=50, cover=500)


def grid_village(n, width, *, seed=0):
    """Households on a lattice of `width`, a little shaken, each beside its lattice neighbours."""
    rng = np.random.default_rng(seed)
    cells = np.arange(n)
    xs = cells % width * 20.0 + rng.uniform(-5, 5, n)
    ys = cells // width * 20.0 + rng.uniform(-5, 5, n)
    right = [(i, i + 1) for i in range(n - 1) if (i + 1) % width]
    down = [(i, i + width) for i in range(n - width)]
    return village(xs, ys, np.array(right + down))


def path(n):
    return village(np.arange(n) * 10.0, np.zeros(n), [(i, i + 1) for i in range(n - 1)])


def clique(n):
    pairs = [(i, j) for i in range(n) for j in range(i)]
    return village(np.random.default_rng(n).uniform(0, 100, n), np.zeros(n), np.array(pairs))


def star(n):
    angle = np.arange(n) * 2.4
    xs, ys = np.cos(angle) * np.arange(n), np.sin(angle) * np.arange(n)
    return village(xs, ys, [(0, i) for i in range(1, n)])


class TestHowManyLists:
    @pytest.mark.parametrize(
        ("n", "k", "low"),
        [(1, 1, 1), (14, 1, 14), (15, 1, 15), (25, 1, 15), (26, 2, 13), (29, 2, 14), (30, 2, 15),
         (51, 3, 15), (110, 6, 15), (300, 15, 15)],
    )  # fmt: skip
    def test_it_is_a_twentieth_kept_within_what_15_to_25_allow(self, n, k, low):
        sizes = sizes_for(n)
        assert sizes.k == k
        assert 13 <= sizes.low <= low or n < 15

    @given(st.integers(1, 3000))
    def test_every_number_of_households_can_be_shared_out(self, n):
        sizes = sizes_for(n)
        assert sizes.low * sizes.k <= n <= sizes.high * sizes.k


class TestFeasible:
    @pytest.mark.parametrize("n", [1, 7, 15, 26, 29, 30, 100, 323])
    @pytest.mark.parametrize("make", [path, clique, lambda n: grid_village(n, 12)])
    def test_paths_cliques_and_lattices_are_always_divided(self, make, n):
        place = make(min(n, 120) if make is clique else n)
        division = divide(place, QUICK)
        assert division.is_feasible
        assert districting.fits(place, division.lot, division.sizes)

    @settings(max_examples=40)
    @given(st.integers(2, 240), st.integers(0, 10**6), st.floats(0, 0.3))
    def test_any_connected_village_is_divided_or_it_says_where_not(self, n, seed, more):
        rng = np.random.default_rng(seed)
        xs, ys = rng.normal(0, 200, n), rng.normal(0, 200, n)
        # A random tree, some of it bushy, and a few more neighbours.
        tree = [(i, int(rng.integers(max(0, i - 30), i))) for i in range(1, n)]
        extra = rng.integers(0, n, (int(more * n), 2)).tolist()
        place = village(xs, ys, np.array(tree + extra))
        division = divide(place, QUICK, seed=seed)
        size = np.bincount(division.lot, minlength=division.sizes.k)
        assert len(size) == division.sizes.k
        assert division.sizes.low <= size.min() <= size.max() <= division.sizes.high
        torn = districting.unconnected(place, division.lot)
        assert bool(torn) == (not division.is_feasible)

    def test_a_star_cannot_be_divided_and_names_the_households_concerned(self):
        division = divide(star(60), QUICK)
        assert [fault.reason for fault in division.faults] == ["no_division"]
        assert len(division.faults[0].households) >= 15
        assert sorted(np.bincount(division.lot))[0] >= 15

    def test_a_bush_of_long_branches_is_cut_at_the_one_place_that_works(self):
        # Three branches of 16, 17 and 18 on one household: only whole branches hold.
        pairs, at = [], 1
        for length in (16, 17, 18):
            pairs += [(0, at)] + [(i, i + 1) for i in range(at, at + length - 1)]
            at += length
        angle = np.repeat([0.0, 2.0, 4.0], (17, 17, 18))
        far = np.arange(at) * 10.0
        division = divide(village(np.cos(angle) * far, np.sin(angle) * far, pairs), QUICK)
        assert division.is_feasible

    def test_a_few_households_cut_off_are_joined_over_the_shortest_gap_and_named(self):
        whole = grid_village(60, 10)
        xs = np.append(whole.xs, [900.0, 910.0, 920.0])
        ys = np.append(whole.ys, [0.0, 0.0, 0.0])
        tails = np.repeat(np.arange(60), np.diff(whole.start))
        pairs = [*zip(tails, whole.near, strict=True), (60, 61), (61, 62)]
        division = divide(village(xs, ys, np.array(pairs)), QUICK)
        (fault,) = division.faults
        assert fault.reason == "cut_off"
        assert fault.households == (60, 61, 62)
        assert fault.detail["gap"] > 700
        assert np.bincount(division.lot).min() >= 15

    def test_two_hamlets_without_a_road_between_them_keep_to_themselves(self):
        a, b = grid_village(60, 10), grid_village(40, 8, seed=1)
        tails = [np.repeat(np.arange(len(v)), np.diff(v.start)) for v in (a, b)]
        pairs = [*zip(tails[0], a.near, strict=True), *zip(tails[1] + 60, b.near + 60, strict=True)]
        place = village(np.append(a.xs, b.xs + 2000), np.append(a.ys, b.ys), np.array(pairs))
        division = divide(place, QUICK)
        assert division.is_feasible
        assert not set(division.lot[:60]) & set(division.lot[60:])

    def test_parts_that_need_more_lists_than_the_village_may_have_are_named(self):
        # Three hamlets of 35: two lists each, but 105 households are to have five.
        parts = [grid_village(35, 6, seed=i) for i in range(3)]
        pairs, xs, ys = [], [], []
        for i, part in enumerate(parts):
            tails = np.repeat(np.arange(35), np.diff(part.start))
            pairs += [*zip(tails + 35 * i, part.near + 35 * i, strict=True)]
            xs.extend(part.xs + 1000 * i)
            ys.extend(part.ys)
        division = divide(village(xs, ys, np.array(pairs)), QUICK)
        assert division.faults[0].reason == "count"
        assert division.faults[0].detail["needs"] == 6
        assert division.faults[0].detail["allowed"] == 5


class TestQuality:
    def test_two_rows_of_houses_far_apart_are_not_mixed(self):
        xs = np.tile(np.arange(20) * 10.0, 2)
        ys = np.repeat([0.0, 500.0], 20)
        pairs = [(i, i + 1) for i in range(39)] + [(i, i + 20) for i in range(20)]
        division = divide(village(xs, ys, pairs), QUICK)
        assert len(set(division.lot[:20])) == len(set(division.lot[20:])) == 1

    def test_people_are_evened_out_at_the_price_allowed(self):
        rng = np.random.default_rng(3)
        flat = grid_village(300, 20)
        tails = np.repeat(np.arange(300), np.diff(flat.start))
        place = village(
            flat.xs, flat.ys, np.column_stack([tails, flat.near]), weight=rng.integers(1, 8, 300)
        )
        effort = Effort(1, 2_000, 1, 100, 0, 0, 0)
        plain = divide(place, effort, seed=1)
        even = divide(place, effort, seed=1, balance=0.03)
        assert even.is_feasible
        assert even.spread <= plain.spread * 1.03
        assert even.cv < even.cv_before == plain.cv

    def test_the_same_seed_gives_the_same_lists_however_many_threads(self):
        places = [grid_village(n, 15, seed=n) for n in (150, 90, 310)]
        one = divide_all(places, "fast", seed=5, threads=1)
        two = divide_all(places, "fast", seed=5, threads=2)
        for a, b in zip(one, two, strict=True):
            assert np.array_equal(a.lot, b.lot)

    def test_balance_is_paid_for_by_all_villages_together(self):
        rng = np.random.default_rng(8)
        places = [
            replace(grid_village(n, 15, seed=n), ws=rng.integers(1, 8, n).astype(float))
            for n in (150, 90)
        ]
        even = divide_all(places, "fast", balance=0.03, threads=1)
        plain = [
            districting.spread_of(place, division.unbalanced)
            for place, division in zip(places, even, strict=True)
        ]
        assert sum(plain) < sum(division.spread for division in even) <= 1.03 * sum(plain)
        assert all(division.is_feasible for division in even)
        assert sum(division.cv for division in even) < sum(each.cv_before for each in even)

    def test_several_divisions_are_put_together_alike_however_many_threads(self):
        place = grid_village(310, 15, seed=2)
        effort = Effort(starts=4, steps=300, rounds=1, survey=20, sweeps=0, sweep=0, cover=300)
        alone = divide(place, effort, seed=3)
        with ThreadPoolExecutor(2) as pool:
            shared = divide(place, effort, seed=3, pool=pool)
        assert np.array_equal(alone.lot, shared.lot)
        one = divide(place, replace(effort, starts=1, cover=0), seed=3)
        assert alone.spread <= one.spread
        assert alone.is_feasible

    def test_it_tells_how_far_it_is_and_stops_when_told(self):
        places = [grid_village(n, 15, seed=n) for n in (40, 90, 60)]
        seen = []
        divide_all(
            places, "fast", threads=1, progress=lambda done, total: seen.append((done, total))
        )
        assert seen[-1] == (190, 190)
        with pytest.raises(Stopped):
            divide_all(places, "fast", cancelled=lambda: True)
