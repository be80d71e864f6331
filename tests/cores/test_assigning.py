"""Workers to lists: solved by hand, against every permutation, and at full size."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores.assigning import Prices, assign, price_table


class TestByHand:
    def test_each_gets_the_list_next_to_home(self):
        table = price_table([(0, 0), (100, 0)], [(90, 0), (10, 0)])
        assert assign(table).worker_of.tolist() == [1, 0]

    def test_a_wish_to_keep_the_worker_outweighs_the_way(self):
        homes, lists = [(0, 0), (500, 0)], [(0, 0), (500, 0)]
        wishes = [[0.0, 1.0], [1.0, 0.0]]
        assert assign(price_table(homes, lists, wishes=wishes)).worker_of.tolist() == [1, 0]

    def test_posts_and_load_keep_a_busy_neighbour_free(self):
        homes, lists = [(0, 0), (200, 0)], [(0, 0)]
        prices = Prices(post=300, household=20)
        table = price_table(homes, lists, posts=[1, 0], prices=prices)
        assert assign(table).worker_of.tolist() == [1]
        table = price_table(homes, lists, load=[20, 0], prices=prices)
        assert assign(table).worker_of.tolist() == [1]

    def test_the_one_too_many_is_named_on_either_side(self):
        table = price_table([(0, 0), (10, 0), (900, 0)], [(0, 0), (10, 0)])
        found = assign(table)
        assert found.without_list.tolist() == [2]
        found = assign(table.T)
        assert found.without_worker.tolist() == [2]
        assert found.worker_of.tolist() == [0, 1, -1]

    def test_a_worker_may_have_two_lists_where_workers_lack(self):
        table = price_table([(0, 0), (900, 0)], [(0, 0), (10, 0), (910, 0)])
        assert assign(table, most=2).worker_of.tolist() == [0, 0, 1]
        assert assign(table, most=[1, 2]).without_worker.size == 0

    def test_what_is_not_allowed_is_not_done_even_if_a_list_stays_empty(self):
        allowed = [[False, True], [False, False]]
        found = assign([[1.0, 5.0], [1.0, 1.0]], allowed=allowed)
        assert found.worker_of.tolist() == [-1, 0]

    def test_nobody_and_nothing(self):
        assert assign(np.empty((0, 3))).without_worker.tolist() == [0, 1, 2]
        assert assign(np.empty((2, 0))).without_list.tolist() == [0, 1]

    def test_a_price_must_be_a_number(self):
        with pytest.raises(ValueError, match="finite"):
            assign([[float("nan")]])


@given(st.integers(1, 5), st.integers(0, 10**6))
def test_no_other_assignment_is_cheaper(n, seed):
    table = np.random.default_rng(seed).uniform(-100, 1000, (n, n))
    best = min(sum(table[w, i] for i, w in enumerate(p)) for p in permutations(range(n)))
    assert assign(table).price == pytest.approx(best)


def test_two_thousand_workers_are_each_given_one_of_two_thousand_lists():
    rng = np.random.default_rng(1)
    table = price_table(rng.uniform(0, 9_000, (2_000, 2)), rng.uniform(0, 9_000, (2_000, 2)))
    found = assign(table)
    assert sorted(found.worker_of) == list(range(2_000))
