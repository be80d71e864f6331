"""What everybody may see: cases that staff released, without names, the place coarsened."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from shaodao.cases.models import OPEN, Release
from shaodao.cases.policy import Status
from shaodao.cases.rules import rules
from shaodao.cores import morton
from shaodao.cores.geodesy import metres_between, metres_per_degree
from shaodao.people.models import Unit
from shaodao.people.policy import Kind, Level
from shaodao.people.queries import at_level, units_by_id
from shaodao.reports.models import Category

SAME_WITHIN_M = 300.0  # metres: how near a matter lies that may be the one just seen
ABOUT_M = 1500.0  # metres around a place that a resident calls nearby
SAME_MOST, ABOUT_MOST = 5, 60
ANYBODY = AnonymousUser()


def released() -> QuerySet[Release]:
    """Return what is public of all cases."""
    rows = Release.objects.visible_to(ANYBODY)
    return rows.select_related("case__category__parent", "case__area", "case__lead")


def released_open(community: str = "") -> QuerySet[Release]:
    """Return what is public of the cases still open, in a community if one is given."""
    return _within(released().filter(case__status__in=OPEN), community)


def _within(rows: QuerySet[Release], community: str) -> QuerySet[Release]:
    if not community.isdecimal():
        return rows
    return rows.filter(case__unit_ids__contains=[int(community)])


def box_of(rows: Iterable[Release]) -> str:
    """Return the area that public cases lie in, with some ground around, for the map."""
    places = [(row.lon, row.lat) for row in rows if row.lon is not None]
    if not places:
        return ""
    lons, lats = zip(*places, strict=True)
    box = (min(lons) - _AROUND, min(lats) - _AROUND, max(lons) + _AROUND, max(lats) + _AROUND)
    return ",".join(f"{degree:.5f}" for degree in box)


_AROUND = 0.003  # degrees, some 300 m


def near(lon: float, lat: float, *, within_m: float, most: int) -> list[Release]:
    """Return the public open cases around a point, nearest first; each gets `metres` away."""
    east_m, north_m = metres_per_degree(lat)
    wide, high = within_m / east_m, within_m / north_m
    in_box = Q(pk__in=[])
    for low, end in morton.bbox_ranges(lon - wide, lat - high, lon + wide, lat + high, 8):
        in_box |= Q(zkey__gte=low, zkey__lt=end)
    rows = list(released_open().filter(in_box)[:500])
    for row in rows:
        row.metres = metres_between(lon, lat, row.lon, row.lat)
    rows = [row for row in rows if row.metres <= within_m]
    return dressed(sorted(rows, key=lambda row: (row.metres, row.pk))[:most])


def joinable(pk: int | None) -> Release | None:
    """Return what is public of an open case, which a resident may then join."""
    return released_open().select_related("case__grid").filter(case=pk).first() if pk else None


def dressed(rows: Iterable[Release]) -> list[Release]:
    """Give rows what lists say beside their words: community, time taken, outcomes, mean score."""
    found = list(rows)
    for row in found:
        case = row.case
        row.area_name = (at_level(case.area, Level.COMMUNITY) or case.area).short_name
        row.due_at = case.promised_at or case.due_at
        row.took = case.ended_at - case.received_at if case.ended_at else None
        if row.case.status == Status.CLOSED:
            row.outcomes = list(case.outcomes.all())
            scores = [rating.score for rating in case.ratings.all()]
            row.score = round(sum(scores) / len(scores)) if scores else None
    return found


def features(rows: list[Release]) -> dict[str, Any]:
    """Return public cases as GeoJSON points for the map."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"id": row.case_id, "tone": "active", "title": row.title},
                "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            }
            for row in rows
            if row.lon is not None
        ],
    }


def closed(*, category: str = "", community: str = "") -> QuerySet[Release]:
    """Return what is public of closed cases, of a picture's categories and in a community."""
    rows = released().filter(case__status=Status.CLOSED)
    if category:
        rows = rows.filter(Q(case__category=category) | Q(case__category__parent=category))
    return _within(rows, community).prefetch_related("case__outcomes__kind", "case__ratings")


def released_case(pk: int) -> Release | None:
    """Return what is public of one case, open or closed; not of one that came to nothing."""
    shown = released().filter(case__status__in=[*OPEN, Status.CLOSED])
    row = shown.prefetch_related("case__outcomes__kind", "case__ratings").filter(case=pk).first()
    return dressed([row])[0] if row else None


def pictures() -> Sequence[Category]:
    """Return the eight classes of matters that residents see as pictures."""
    return rules().pictures


def communities() -> list[Unit]:
    """Return the communities and villages, by code."""
    units = units_by_id().values()
    found = (u for u in units if u.kind == Kind.AREA and u.level == Level.COMMUNITY)
    return sorted(found, key=lambda u: u.code or "")
