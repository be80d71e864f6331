"""A good order for a round of visits with time windows (走访路线).

Problem. One person on foot starts at a place, stops at some doors for a while each, some of them
only between two times, and comes back. Wanted: the order that walks least and breaks no window.

Method. A travelling-salesman problem with time windows, solved by PyVRP's iterated local search for
one vehicle: distances on a flat projection times a detour factor for streets. Where the windows
cannot all be kept, every stop may be left out at a price, so that the answer keeps as many as it
can and names the others.

Cost. 25 stops with windows, 100 iterations: 0.09 s (bench/rounds). Limits: straight lines, no
streets; up to a few hundred stops. Source: PyVRP, https://pyvrp.org.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyvrp
from pyvrp.stop import MaxIterations

from shaodao.cores.geodesy import project

ITERATIONS = 100
PRICE = 10_000_000  # metres of walking one kept stop is worth: more than any round is long


@dataclass(frozen=True)
class Stop:
    """A door: WGS 84 degrees, how long a visit takes, and between when it may begin.

    stay, opens, closes : minutes; the two times count from midnight
    """

    lon: float
    lat: float
    stay: int = 10
    opens: int = 0
    closes: int = 24 * 60


@dataclass(frozen=True)
class Visit:
    """One stop of a finished round, by its place in what was given."""

    stop: int
    arrives: int  # minutes from midnight
    begins: int  # later than `arrives` where the window is not open yet
    walked: int  # metres from the stop before


@dataclass(frozen=True)
class Plan:
    """A round in its order, and the stops whose window could not be kept."""

    visits: tuple[Visit, ...]
    left_out: tuple[int, ...]
    metres: int  # there and back
    ends: int  # minutes from midnight


def order_visits(
    stops: Sequence[Stop],
    *,
    start: tuple[float, float],
    leaves: int,
    metres_per_minute: float,
    detour: float = 1.3,
    seed: int = 0,
) -> Plan:
    """Return a good order for `stops`.

    start             : lon, lat the round begins and ends at
    leaves            : minutes from midnight
    metres_per_minute : walking speed
    detour            : how much longer streets are than the straight line
    """
    if not stops:
        return Plan((), (), 0, leaves)
    flat = [project(lon, lat, start) for lon, lat in [start, *((s.lon, s.lat) for s in stops)]]
    model = pyvrp.Model()
    places = [model.add_location(x=round(x), y=round(y)) for x, y in flat]
    depot = model.add_depot(places[0])
    for place, stop in zip(places[1:], stops, strict=True):
        model.add_client(
            place,
            service_duration=stop.stay * 60,
            tw_early=max(stop.opens, leaves) * 60,
            tw_late=max(stop.closes, leaves) * 60,
            prize=PRICE,
            required=False,
        )
    model.add_vehicle_type(start_depot=depot, end_depot=depot, tw_early=leaves * 60)
    metres = [[_metres(a, b, detour) for b in flat] for a in flat]
    for i, frm in enumerate(places):
        for j, to in enumerate(places):
            if i != j:
                seconds = math.ceil(metres[i][j] / metres_per_minute * 60)
                model.add_edge(frm, to, distance=metres[i][j], duration=seconds)
    result = model.solve(
        stop=MaxIterations(ITERATIONS), seed=seed, display=False, collect_stats=False
    )
    order = _order(result.best, len(stops))
    return _walk(order, stops, metres, leaves=leaves, pace=metres_per_minute)


def _metres(a: tuple[float, float], b: tuple[float, float], detour: float) -> int:
    return round(math.dist(a, b) * detour)


def _order(best: pyvrp.Solution, n_stops: int) -> list[int]:
    """Return the stops of the best round, those counted from 0; an empty round keeps none."""
    routes = best.routes()
    if not routes:
        return []
    return [activity.idx for activity in routes[0] if activity.is_client()][:n_stops]


def _walk(
    order: Sequence[int],
    stops: Sequence[Stop],
    metres: Sequence[Sequence[int]],
    *,
    leaves: int,
    pace: float,
) -> Plan:
    """Walk the round by the clock; a stop that comes too late after all is left out."""
    visits: list[Visit] = []
    here, now, total = 0, leaves, 0
    for stop in order:
        walked = metres[here][stop + 1]
        arrives = now + math.ceil(walked / pace)
        begins = max(arrives, stops[stop].opens)
        if begins > stops[stop].closes:
            continue
        visits.append(Visit(stop, arrives, begins, walked))
        here, now, total = stop + 1, begins + stops[stop].stay, total + walked
    total += metres[here][0]
    ends = now + math.ceil(metres[here][0] / pace)
    kept = {visit.stop for visit in visits}
    left_out = tuple(n for n in range(len(stops)) if n not in kept)
    return Plan(tuple(visits), left_out, total, ends)
