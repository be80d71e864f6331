"""What evenness costs: the most even lists of several villages at growing prices."""

from collections.abc import Callable, Sequence

import numpy as np

from .drawing import Bench, Division, Effort, Lots, Stopped
from .problem import Village, mend_components, spread_of, weight_cv

PRICES = 20  # tried, each half as much again as the one before
_LEAST, _MOST = 5e-3, 1e1  # the objective over the squared people off the mean


def trade_off(
    places: Sequence[Village],
    plain: Sequence[Division],
    shares: Sequence[float],
    effort: Effort,
    *,
    seed: int = 0,
    cancelled: Callable[[], bool] = lambda: False,
    step: Callable[[], None] = lambda: None,
) -> list[list[Lots]]:
    """Return for each share of the objective the lists of all villages that are most even.

    plain: divisions as drawn. What may be spent is spent where it evens most: squared people off
    the mean have one price in all villages, and each of some prices is annealed once. A greater
    share never gives less even lists. step: called after each of PRICES.
    :raises Stopped: when `cancelled` said so.
    """
    people = np.concatenate([place.ws for place in places])
    spread = sum(each.spread for each in plain)
    uneven = sum(_uneven(place, each.lot) for place, each in zip(places, plain, strict=True))
    begun = [each.lot for each in plain]
    found = [(spread, weight_cv(people, _numbered(begun)), begun)]
    for price in np.geomspace(_LEAST, _MOST, PRICES) * spread / max(uneven, 1e-9):
        if cancelled():
            raise Stopped
        lots = [
            _priced(place, each, float(price), effort, seed)
            for place, each in zip(places, plain, strict=True)
        ]
        cost = sum(spread_of(place, lot) for place, lot in zip(places, lots, strict=True))
        found.append((cost, weight_cv(people, _numbered(lots)), lots))
        step()
    allowed = spread
    answer = []
    for share in shares:
        fits = [one for one in found if one[0] <= allowed * (1 + share) * (1 + 1e-9)]
        answer.append(min(fits, key=lambda one: one[1]))
        allowed = answer[0][0]  # shares are of the first
    return [lots for _, _, lots in answer]


def _uneven(place: Village, lot: Lots) -> float:
    sums = np.bincount(lot, place.ws)
    return float(np.square(sums - sums.mean()).sum())


def _numbered(lots: Sequence[Lots]) -> Lots:
    """Return the lists of all villages under numbers of their own."""
    first = np.cumsum([0, *(int(lot.max()) + 1 for lot in lots[:-1])])
    return np.concatenate([lot + n for lot, n in zip(lots, first, strict=True)])


def _priced(place: Village, plain: Division, price: float, effort: Effort, seed: int) -> Lots:
    """Return the division annealed with a price on uneven lists, where that is better."""
    if plain.sizes.k == 1 or any(fault.reason == "no_division" for fault in plain.faults):
        return plain.lot
    joined, parts, _ = mend_components(place, plain.sizes)
    bench = Bench(joined, plain.sizes, parts, seed)
    bench.measure(plain.lot)
    bench.extra = np.array([price, float(place.ws.sum()) / plain.sizes.k, 0.0, 0.0])
    lot = plain.lot.copy()
    bench.anneal(lot, 1.0, min(6_000, 300 + effort.steps // 2), seed, 10.0)
    after = spread_of(place, lot) + price * _uneven(place, lot)
    before = plain.spread + price * _uneven(place, plain.lot)
    return lot if not bench.misfit(lot) and after < before else plain.lot
