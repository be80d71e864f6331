"""What is proven is true: against all divisions there are, and in villages of 30 to 60."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaodao.cores.districting import (
    PROVABLE,
    Effort,
    Sizes,
    Trial,
    divide,
    fits,
    neighbours,
    prove,
    sizes_for,
    spread_of,
    village,
)

EFFORT = Effort(starts=6, steps=1_500, rounds=2, survey=200, sweeps=1, sweep=200, cover=500)


def connected_lists(place, sizes):
    """Every connected list of these sizes as a number of bits and its spread, by its first one."""
    near = np.split(place.near, place.start[1:-1])
    beside = [sum(1 << int(u) for u in own) for own in near]
    lists = {}
    for size in range(sizes.low, sizes.high + 1):
        for own in combinations(range(len(place)), size):
            members, reached = sum(1 << v for v in own), 1 << own[0]
            for _ in own:
                for v in own:
                    reached |= beside[v] & members if reached >> v & 1 else 0
            if reached == members:
                x, y = place.xs[list(own)], place.ys[list(own)]
                lists.setdefault(own[0], []).append((members, (x.var() + y.var()) * size))
    return lists


def all_divisions(place, sizes):
    """Every division into connected lists of these sizes, the cheapest first."""
    n = len(place)
    lists = connected_lists(place, sizes)

    def rest(taken, count):
        if count == sizes.k:
            if taken == (1 << n) - 1:
                yield 0.0, ()
            return
        first = next((v for v in range(n) if not taken >> v & 1), n)
        for members, cost in lists.get(first, []):
            if not members & taken:
                for more, others in rest(taken | members, count + 1):
                    yield cost + more, (members, *others)

    return sorted(rest(0, 0))


def lot_of(n, lists):
    return np.array([next(a for a, own in enumerate(lists) if own >> v & 1) for v in range(n)])


def made_up(n, seed):
    """A village of two to five hamlets, a road, or a scatter with lone farms, by turns."""
    rng = np.random.default_rng(seed)
    if seed % 3 == 0:
        n_hamlets = int(rng.integers(2, 6))
        of = rng.integers(0, n_hamlets, n)
        centres = rng.uniform(0, 900, (n_hamlets, 2))
        spots = centres[of] + rng.normal(0, 45, (n, 2)) * rng.uniform(0.5, 2, n_hamlets)[of, None]
    elif seed % 3 == 1:
        along = rng.uniform(0, 1_300, n)
        spots = np.column_stack([along, 80 * np.sin(along / 200) + rng.normal(0, 20, n)])
    else:
        near, far = rng.normal(0, 70, (2 * n // 3, 2)), rng.uniform(-900, 900, (n - 2 * n // 3, 2))
        spots = np.vstack([near, far])
    xs, ys = spots.T
    return village(xs, ys, neighbours(xs, ys).pairs)


@settings(max_examples=60)
@given(
    st.integers(6, 11), st.sampled_from([(2, 2, 7), (2, 4, 6), (3, 2, 5), (3, 3, 4), (4, 1, 4)]),
    st.integers(0, 10**6), st.floats(0, 0.6),
)  # fmt: skip
def test_from_the_worst_division_it_finds_the_best_there_is(n, rule, seed, more):
    rng = np.random.default_rng(seed)
    tree = [(i, int(rng.integers(max(0, i - 4), i))) for i in range(1, n)]
    extra = rng.integers(0, n, (int(more * n), 2)).tolist()
    spots = rng.normal(0, 100, (n, 2)).round(-1 if seed % 2 else 3)  # some on one spot
    place = village(spots[:, 0], spots[:, 1], np.array(tree + extra))
    sizes = Sizes(*rule)
    found = all_divisions(place, sizes)
    if not found:
        return
    best, worst = found[0][0], lot_of(n, found[-1][1])
    assert spread_of(place, worst) == pytest.approx(found[-1][0])
    proof = prove(place, worst, sizes, Trial(nodes=5_000))
    assert proof.proven
    assert proof.spread == pytest.approx(best, rel=1e-8, abs=1e-9)
    assert proof.lower_bound <= best * (1 + 1e-9) + 1e-9
    assert fits(place, proof.lot, sizes)


@pytest.mark.parametrize("n", range(30, 61, 2))
def test_villages_of_up_to_sixty_households_are_proven(n):
    place = made_up(n, n // 2)
    division = divide(place, EFFORT)
    proof = prove(place, division.lot)
    assert proof.proven
    assert proof.gap <= 1e-8
    assert proof.spread <= division.spread * (1 + 1e-12)
    assert fits(place, proof.lot, sizes_for(n)) == fits(place, division.lot, sizes_for(n))


def test_a_poor_division_is_bettered_by_the_search_for_a_proof():
    xs, ys = np.arange(40) * 10.0, np.zeros(40)
    place = village(xs, ys, [(i, i + 1) for i in range(39)])
    proof = prove(place, np.arange(40) >= 15)
    assert proof.proven
    assert np.bincount(proof.lot).tolist() == [20, 20]


def test_stopped_early_it_tells_a_bound_that_holds():
    for seed in range(3):
        place = made_up(PROVABLE, seed)
        division = divide(place, EFFORT)
        whole = prove(place, division.lot)
        for nodes in (1, 10):
            part = prove(place, division.lot, trial=Trial(nodes=nodes))
            assert part.lower_bound <= whole.spread * (1 + 1e-9)
            assert part.proven == (part.gap <= 1e-9)


def test_beyond_sixty_there_is_a_lower_bound_never_above_the_best_known():
    place = made_up(120, 4)
    division = divide(place, EFFORT)
    proof = prove(place, division.lot, trial=Trial(nodes=20))
    assert 0.0 < proof.lower_bound <= division.spread
    assert 0.0 <= proof.gap < 1.0


def test_one_list_is_its_own_proof_and_what_does_not_hold_is_never_proven():
    xs, ys = np.arange(20.0), np.zeros(20)
    place = village(xs, ys, [(i, i + 1) for i in range(19)])
    assert prove(place, np.zeros(20, int)).proven
    torn = prove(place, np.arange(20) % 2, Sizes(2, 8, 12))
    assert not torn.proven
    assert torn.lower_bound == 0.0


def test_households_on_one_spot_do_not_keep_it_from_an_end():
    xs = np.append(np.repeat([0.0, 300.0], 8), np.arange(24) % 6 * 40.0)
    ys = np.append(np.zeros(16), 60.0 + np.arange(24) // 6 * 40.0)
    place = village(xs, ys, neighbours(xs, ys).pairs, building=np.arange(40))
    division = divide(place, EFFORT)
    assert prove(place, division.lot).proven
