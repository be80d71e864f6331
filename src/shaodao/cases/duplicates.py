"""Which open cases may be about the same matter: near in place and time, alike in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from shaodao.cores.geodesy import metres_between, metres_per_degree
from shaodao.cores.morton import bbox_ranges
from shaodao.cores.words import similarity

from .models import Case

RADIUS_M = 300.0  # metres
WINDOW = timedelta(days=30)
MOST = 5
_LOOKED_AT = 200  # rows compared at most


@dataclass(frozen=True)
class Likely:
    """An open case that may be the same matter, and how like it is."""

    case: Case
    likeness: float  # share in [0, 1]
    distance_m: float | None


def near(cases: QuerySet[Case], lon: float, lat: float, radius_m: float = RADIUS_M):
    """Narrow `cases` to a square of twice `radius_m` around a place (WGS 84)."""
    per_lon, per_lat = metres_per_degree(lat)
    east, north = radius_m / per_lon, radius_m / per_lat
    inside = Q(pk__in=[])
    for low, high in bbox_ranges(lon - east, lat - north, lon + east, lat + north):
        inside |= Q(zkey__gte=low, zkey__lt=high)
    return cases.filter(inside)


def likely(
    cases: QuerySet[Case],
    *,
    text: str,
    category: str,
    area_id: int | None,
    point: tuple[float, float] | None,
    at: datetime,
    but: Sequence[int] = (),
) -> list[Likely]:
    """Return the open cases among `cases` most likely about the same matter, the likeliest first.

    point : (lon, lat), WGS 84; without one the cases of the same area are looked at
    but   : cases to leave out
    """
    found = cases.open().filter(received_at__gte=at - WINDOW, received_at__lte=at)
    found = near(found, *point) if point is not None else found.filter(area=area_id)
    same = Q(category=category) | (Q(area=area_id) if area_id else Q())
    rows = found.filter(same).exclude(pk__in=but).select_related("category", "area", "lead")
    compared = [_compare(case, text, category, point) for case in rows.order_by("-pk")[:_LOOKED_AT]]
    within = [x for x in compared if x.distance_m is None or x.distance_m <= RADIUS_M]
    return sorted(within, key=lambda x: -x.likeness)[:MOST]


def _compare(case: Case, text: str, category: str, point: tuple[float, float] | None) -> Likely:
    distance = None
    if point is not None and case.lon is not None and case.lat is not None:
        distance = metres_between(*point, case.lon, case.lat)
    closeness = 1 - min((distance or 0.0) / RADIUS_M, 1.0)
    # Words count half; the same category and the distance a quarter each: our own proposal.
    likeness = (
        0.5 * similarity(text, case.title)
        + 0.25 * (case.category_id == category)
        + 0.25 * closeness
    )
    return Likely(case, likeness, distance)


def likely_of(case: Case, cases: QuerySet[Case], *, at: datetime) -> list[Likely]:
    """Return the cases among `cases` that `case` may be merged into."""
    return likely(
        cases,
        text=case.title,
        category=case.category_id,
        area_id=case.area_id,
        point=(case.lon, case.lat) if case.lon is not None and case.lat is not None else None,
        at=at,
        but=[case.pk],
    )
