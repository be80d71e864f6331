"""What evenness costs: stops that are never dearer than allowed and never less even."""

import numpy as np

from shaodao.cores.districting import (
    Effort,
    divide,
    fits,
    neighbours,
    sizes_for,
    spread_of,
    village,
    weight_cv,
)
from shaodao.cores.districting.pricing import PRICES, trade_off

EFFORT = Effort(1, 2_000, 1, 300, 0, 0, 0)
SHARES = (0.0, 0.02, 0.05, 0.2)


def made_up(n, seed):
    rng = np.random.default_rng(seed)
    xs, ys = rng.uniform(0, 400, n), rng.uniform(0, 400, n)
    return village(xs, ys, neighbours(xs, ys).pairs, weight=rng.integers(1, 7, n))


def test_stops_keep_within_their_share_and_their_bounds_and_never_get_less_even():
    places = [made_up(120, 1), made_up(60, 2), made_up(9, 3)]
    plain = [divide(place, EFFORT) for place in places]
    turns = []
    found = trade_off(places, plain, SHARES, EFFORT, step=lambda: turns.append(1))
    assert len(turns) == PRICES
    people = np.concatenate([place.ws for place in places])
    cost, cvs = [], []
    for lots in found:
        for place, lot in zip(places, lots, strict=True):
            assert fits(place, lot, sizes_for(len(place)))
        cost.append(sum(spread_of(p, lot) for p, lot in zip(places, lots, strict=True)))
        numbered = np.concatenate([lot + 100 * i for i, lot in enumerate(lots)])
        cvs.append(weight_cv(people, numbered))
    assert all(c <= cost[0] * (1 + share) + 1e-6 for c, share in zip(cost, SHARES, strict=True))
    assert cvs == sorted(cvs, reverse=True)
    assert cvs[-1] < cvs[0]
    again = trade_off(places, plain, SHARES, EFFORT)
    assert all(
        (a == b).all() for x, y in zip(found, again, strict=True) for a, b in zip(x, y, strict=True)
    )
