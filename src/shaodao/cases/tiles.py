"""Cases on the map: ranges of Morton keys, clustered in the database where they would overlap."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from math import cos, pi, sin

from django.db.models import Avg, Count, F, Min, Q, QuerySet

from shaodao.cores.morton import ZOOM, lat_of, tile_range
from shaodao.cores.tiles import encode_points

from .listing import NEAR, Filters, narrowed
from .models import Release
from .policy import OPEN, Status

LAYER = "cases"
SINGLE_FROM = 17  # from this zoom each case is a point of its own
CELL_LEVELS = 3  # a cluster's cell is so many zooms finer than the tile: 64 of 512 pixels
MOST = 2000  # points of one tile; a tile at SINGLE_FROM is 270 m wide here
_APART = 20 / 512  # of a tile's width: how far cases of one place are drawn from it
_OPEN = sorted(status.value for status in OPEN)


def case_tile(user, filters: Filters, z: int, x: int, y: int, *, at: datetime) -> bytes:
    """Return a tile of the cases `user` may see that `filters` ask for, in one query.

    Each feature has n, and for a cluster n_late and n_hazard, for a single case id, title and
    whether it is a hazard; `tone` is its state, of a cluster the worst.

    :raises ValueError: if there is no such tile.
    """
    low, high = tile_range(z, x, y)
    cases = narrowed(user, filters, at=at).filter(zkey__gte=low, zkey__lt=high)
    if z >= SINGLE_FROM:
        rows = cases.order_by("-pk").values_list(
            *("lon", "lat", "pk", "title", "status", "due_at", "is_hazard")
        )[:MOST]
        return _encode_singles([_single(row, at=at) for row in rows], z, x, y)
    return _encode_clusters(_clusters(cases, z, at=at), z, x, y)


def released_tile(z: int, x: int, y: int) -> bytes:
    """Return a tile of what staff released, at its coarsened places, in one query.

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
    cells = _by_cell(released, z).annotate(
        n_open=Count("pk", filter=Q(case__status__in=_OPEN)), one=Min("case"), title=Min("title")
    )
    rows = [
        (
            cell["mean_lon"],
            cell["mean_lat"],
            {
                "n": cell["n"],
                "tone": "active" if cell["n_open"] else "done",
                **({"id": cell["one"], "title": cell["title"]} if cell["n"] == 1 else {}),
            },
        )
        for cell in cells
    ]
    return _encode_clusters(rows, z, x, y)


def _by_cell(rows: QuerySet, z: int) -> QuerySet:
    """Group rows by the cell they lie in; each group has n, mean_lon and mean_lat."""
    cell = F("zkey").bitrightshift(2 * (ZOOM - z - CELL_LEVELS))
    groups = rows.order_by().values(cell=cell)
    return groups.annotate(n=Count("pk"), mean_lon=Avg("lon"), mean_lat=Avg("lat"))


def _clusters(cases: QuerySet, z: int, *, at: datetime) -> list[tuple[float, float, dict]]:
    cells = _by_cell(cases, z).annotate(
        n_late=Count("pk", filter=Q(due_at__lte=at)),
        n_near=Count("pk", filter=Q(due_at__gt=at, due_at__lte=at + NEAR)),
        n_open=Count("pk", filter=Q(status__in=_OPEN)),
        n_hazard=Count("pk", filter=Q(is_hazard=True)),
        one=Min("pk"),
        title=Min("title"),
        state=Min("status"),
        due=Min("due_at"),
    )
    found = []
    for cell in cells:
        lon, lat, n = cell["mean_lon"], cell["mean_lat"], cell["n"]
        if n == 1:
            row = (lon, lat, cell["one"], cell["title"], cell["state"], cell["due"])
            found.append(_single((*row, bool(cell["n_hazard"])), at=at))
            continue
        worst = ("late", "n_late"), ("warn", "n_near"), ("active", "n_open")
        tone = next((tone for tone, count in worst if cell[count]), "done")
        facts = {"n": n, "tone": tone, "n_late": cell["n_late"], "n_hazard": cell["n_hazard"]}
        found.append((lon, lat, facts))
    return found


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
