"""How long a good order for a round of visits takes: doors at random, half of them with a window.

Run by `bin/bench rounds [STOPS]`. The last line is the result.
"""

import random
import sys
from statistics import median
from time import perf_counter

from shaodao.cores.geodesy import unproject
from shaodao.cores.rounds import Stop, order_visits

HOME, RUNS = (114.93, 25.85), 20


def draw(rng: random.Random) -> Stop:
    """Return a door within 800 m, every other one to be called on in three hours of the day."""
    lon, lat = unproject(rng.uniform(-800, 800), rng.uniform(-800, 800), HOME)
    opens = rng.choice((0, 540, 600, 840))
    return Stop(lon, lat, 10, opens, opens + 180 if opens and rng.random() < 0.7 else 24 * 60)


def main() -> None:
    n_stops = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    rng, took, kept = random.Random(1), [], 0
    for _ in range(RUNS):
        stops = [draw(rng) for _ in range(n_stops)]
        began = perf_counter()
        plan = order_visits(stops, start=HOME, leaves=540, metres_per_minute=70)
        took.append(perf_counter() - began)
        kept += len(plan.visits)
    share = kept / (RUNS * n_stops)
    print(f"stops={n_stops} median_s={median(took):.3f} most_s={max(took):.3f} kept={share:.2f}")


main()
