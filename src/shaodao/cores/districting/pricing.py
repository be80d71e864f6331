"""What evenness costs: one division, and the most even ones at growing shares of its objective."""

from collections.abc import Callable, Sequence

from . import drawing
from .drawing import Bench, Division, Effort
from .problem import Sizes, Village, mend_components, spread_of, weight_cv


def trade_off(
    place: Village,
    effort: Effort,
    shares: Sequence[float],
    *,
    sizes: Sizes,
    seed: int = 0,
    cancelled: Callable[[], bool] = lambda: False,
    step: Callable[[], None] = lambda: None,
) -> list[Division]:
    """Return a division of one village for each share of the objective that may go to evenness.

    shares: growing, the first 0. step: called after each. A greater share never gives people per
    list that are less even: where the search finds nothing better, the division before is kept.
    :raises Stopped: when `cancelled` said so.
    """
    first = drawing.divide(place, effort, seed=seed, cancelled=cancelled, sizes=sizes)
    step()
    found = [first]
    torn = any(fault.reason == "no_division" for fault in first.faults)
    joined, parts, _ = mend_components(place, sizes)
    bench = Bench(joined, sizes, parts, seed, cancelled)
    for share in shares[1:]:
        last = found[-1]
        if sizes.k > 1 and not torn:
            bench.measure(first.lot)
            lot = drawing._balanced(bench, first.lot, share, effort)
            cv = weight_cv(place.ws, lot)
            if cv < last.cv:
                last = Division(
                    lot, sizes, spread_of(place, lot), first.faults, first.cv, cv, first.lot
                )
        found.append(last)
        step()
    return found
