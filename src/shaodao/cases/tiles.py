"""Cases on the map: ranges of Morton keys, clustered in the database where they would overlap.

The clusters of wide tiles are kept (`kept`) where a unit has many cases.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from math import cos, pi, sin

from django.db.models import Avg, Count, F, Min, Q, QuerySet

from shaodao.cores.morton import ZOOM, lat_of, tile_range
from shaodao.cores.tiles import encode_points
from shaodao.people.models import posts_of
from shaodao.people.policy import CASE_ROLES
from shaodao.people.queries import units_by_id

from .kept import map_counts
from .listing import NEAR, Filters, narrowed
from .models import Release
from .policy import KEPT_LEVELS, OPEN, Kept, Status

LAYER = "cases"
SINGLE_FROM = 17  # from this zoom each case is a point of its own
CELL_LEVELS = 3  # a cluster's cell is so many zooms finer than the tile: 64 of 512 pixels
MOST = 2000  # points of one tile; a tile at SINGLE_FROM is 270 m wide here
_APART = 20 / 512  # of a tile's width: how far cases of one place are drawn from it
_OPEN = sorted(status.value for status in OPEN)
_SHOWN = ("lon", "lat", "pk", "title", "status", "due_at", "is_hazard")


def case_tile(user, filters: Filters, z: int, x: int, y: int, *, at: datetime) -> bytes:
    """Return a tile of the cases `user` may see that `filters` ask for.

    Each feature has n, and for a cluster n_late and n_hazard, for a single case id, title and
    whether it is a hazard; `tone` is its state, of a cluster the worst. A wide tile of a large
    county is as of some minutes before `at` (policy.KEPT_FOR).

    :raises ValueError: if there is no such tile.
    """
    low, high = tile_range(z, x, y)
    cases = narrowed(user, filters, at=at).filter(zkey__gte=low, zkey__lt=high)
    if z >= SINGLE_FROM:
        rows = cases.order_by("-pk").values_list(*_SHOWN)[:MOST]
        return _encode_singles([_single(row, at=at) for row in rows], z, x, y)
    cells: Iterable[dict] = []
    if (unit := _whole(user, filters)) is not None:
        cells = _kept(Kept.OPEN_MAP, z, low, high, unit=unit, at=at)
    found = _clusters(cells or _counted(cases, z, at=at), cases, at=at)
    return _encode_clusters(found, z, x, y)


def released_tile(z: int, x: int, y: int, *, at: datetime) -> bytes:
    """Return a tile of what staff released, at its coarsened places.

    A wide tile, where much was released, is as of some minutes before `at` (policy.KEPT_FOR).

    :raises ValueError: if there is no such tile.
    """
    low, high = tile_range(z, x, y)
    released = Release.objects.visible_to(None).filter(zkey__gte=low, zkey__lt=high)
    if z >= SINGLE_FROM:
        rows = released.order_by("-released_at", "-pk").values_list(
            *("lon", "lat", "case", "title", "case__status")
        )[:MOST]
        singles = [
            (lon, lat, {"n": 1, "id": case, "title": title, "tone": _public_tone(status)})
            for lon, lat, case, title, status in rows
        ]
        return _encode_singles(singles, z, x, y)
    cells = _kept(Kept.RELEASED_MAP, z, low, high, unit=None, at=at) or list(
        _by_cell(released, z).annotate(
            n_open=Count("pk", filter=Q(case__status__in=_OPEN)), one=Min("case")
        )
    )
    alone = {cell["one"] for cell in cells if cell["n"] == 1}
    titles = dict(released.filter(case__in=alone).values_list("case", "title"))
    rows = [
        (
            cell["mean_lon"],
            cell["mean_lat"],
            {
                "n": cell["n"],
                "tone": "active" if cell["n_open"] else "done",
                **({"id": cell["one"], "title": titles[cell["one"]]} if cell["n"] == 1 else {}),
            },
        )
        for cell in cells
        if cell["n"] > 1 or cell["one"] in titles  # not one concealed since it was counted
    ]
    return _encode_clusters(rows, z, x, y)


def _whole(user, filters: Filters) -> int | None:
    """Return the unit all of whose open cases are asked for; None where it is not as simple."""
    if replace(filters, sort="due", unit=None) != Filters(tab="open"):
        return None
    posted = {post.unit for post in posts_of(user) if post.role in CASE_ROLES}
    tops = [u for u in posted if not any(u != o and u.path.startswith(o.path) for o in posted)]
    if filters.unit is None:
        return tops[0].pk if len(tops) == 1 else None
    unit = units_by_id().get(filters.unit)
    is_theirs = unit is not None and unit.path.startswith(tuple(top.path for top in tops))
    return filters.unit if is_theirs else None


def _kept(name: Kept, z: int, low: int, high: int, *, unit: int | None, at: datetime) -> list[dict]:
    """Return the cells of a wide tile as they were counted not long ago, none if they are not."""
    widest, finest = KEPT_LEVELS
    level = max(z + CELL_LEVELS, widest)
    if level > finest:
        return []
    rows = map_counts(name, unit=unit, at=at).filter(level=level, zkey__gte=low, zkey__lt=high)
    counts = ("n", "n_late", "n_near", "n_open", "n_hazard", "one")
    return list(rows.values(*counts, mean_lon=F("lon"), mean_lat=F("lat")))


def _by_cell(rows: QuerySet, z: int) -> QuerySet:
    """Group rows by the cell they lie in; each group has n, mean_lon and mean_lat."""
    cell = F("zkey").bitrightshift(2 * (ZOOM - z - CELL_LEVELS))
    groups = rows.order_by().values(cell=cell)
    return groups.annotate(n=Count("pk"), mean_lon=Avg("lon"), mean_lat=Avg("lat"))


def _counted(cases: QuerySet, z: int, *, at: datetime) -> QuerySet:
    """Count the cases of a tile by cell, now."""
    return _by_cell(cases, z).annotate(
        n_late=Count("pk", filter=Q(due_at__lte=at)),
        n_near=Count("pk", filter=Q(due_at__gt=at, due_at__lte=at + NEAR)),
        n_open=Count("pk", filter=Q(status__in=_OPEN)),
        n_hazard=Count("pk", filter=Q(is_hazard=True)),
        one=Min("pk"),
    )


def _clusters(
    cells: Iterable[dict], cases: QuerySet, *, at: datetime
) -> list[tuple[float, float, dict]]:
    """Return what is drawn for cells; who is alone in one is looked up among `cases`."""
    found, alone = [], []
    for cell in cells:
        n = cell["n"]
        if n == 1:
            alone.append(cell["one"])
            continue
        worst = ("late", "n_late"), ("warn", "n_near"), ("active", "n_open")
        tone = next((tone for tone, count in worst if cell[count]), "done")
        facts = {"n": n, "tone": tone, "n_late": cell["n_late"], "n_hazard": cell["n_hazard"]}
        found.append((cell["mean_lon"], cell["mean_lat"], facts))
    rows = cases.filter(pk__in=alone).values_list(*_SHOWN)
    return found + [_single(row, at=at) for row in rows]


def _single(row: tuple, *, at: datetime) -> tuple[float, float, dict]:
    lon, lat, pk, title, status, due_at, is_hazard = row
    tone = _tone(status, due_at, at)
    facts = {"n": 1, "id": pk, "title": title, "tone": tone, "status": status}
    return lon, lat, {**facts, "hazard": is_hazard}


def _tone(status: str, due_at: datetime | None, at: datetime) -> str:
    """Return the tone of the kit that a case is drawn in."""
    if status not in _OPEN:
        return "done" if status == Status.CLOSED else "void"
    if due_at is not None and due_at <= at:
        return "late"
    if status == Status.SHELVED:
        return "wait"
    if due_at is not None and due_at <= at + NEAR:
        return "warn"
    return "new" if status == Status.RECEIVED else "active"


def _public_tone(status: str) -> str:
    return "active" if status in _OPEN else "done"


def _encode_singles(rows: list[tuple[float, float, dict]], z: int, x: int, y: int) -> bytes:
    """Encode cases one by one; those of one and the same place stand around it, in its tile."""
    by_place: dict[tuple[float, float], list[dict]] = defaultdict(list)
    for lon, lat, facts in rows:
        by_place[lon, lat].append(facts)
    side = 1 << z
    west, east = ((x + n) / side * 360 - 180 for n in (0, 1))
    north, south = (lat_of((y + n) / side) for n in (0, 1))
    apart = []
    for (lon, lat), several in by_place.items():
        for index, facts in enumerate(several):
            turn = 2 * pi * index / len(several)
            away = _APART * 360 / side if len(several) > 1 else 0.0
            right, up = lon + away * sin(turn), lat + away * cos(turn) * _flat(lat)
            apart.append((min(max(right, west), east), min(max(up, south), north), facts))
    return _encode_clusters(apart, z, x, y)


def _flat(lat: float) -> float:
    """Return how many degrees of latitude are as long on the map as one of longitude."""
    return cos(lat * pi / 180)


def _encode_clusters(rows: Iterable[tuple[float, float, dict]], z: int, x: int, y: int) -> bytes:
    points = list(rows)
    if not points:
        return b""
    lons, lats = [lon for lon, _, _ in points], [lat for _, lat, _ in points]
    return encode_points(LAYER, lons, lats, [facts for *_, facts in points], z, x, y)
