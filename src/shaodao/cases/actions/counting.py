"""Counting all cases every so often, so that no page of a large county does it.

What is kept can be counted anew at any time and is deleted where there are few: pages then count
for themselves. The rows are written where a number changed, not otherwise.
"""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases import kept, policy
from shaodao.cases.listing import NEAR
from shaodao.cases.models import OPEN, KeptCount, MapCount, Release
from shaodao.cores.morton import ZOOM


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="cases.keep_counts", lock="cases.keep_counts", queue="sweeps")
def keep_counts(timestamp: int = 0) -> None:
    """Count what changes by the minute: open cases on the map, what was solved."""
    count_open(at=timezone.now())
    count_solved(at=timezone.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="cases.keep_public_counts", lock="cases.keep_public_counts", queue="sweeps")
def keep_public_counts(timestamp: int = 0) -> None:
    """Count what was released, by cell of the map."""
    count_released(at=timezone.now())


@transaction.atomic
def count_open(*, at: datetime) -> int:
    """Count the open cases by cell for each unit that sees many; return how many cells."""
    with connection.cursor() as cursor:
        cursor.execute(_CROWDED, {"open": OPEN, "few": policy.FEW})
        crowded = [unit for (unit,) in cursor.fetchall()]
    MapCount.objects.filter(unit__isnull=False).exclude(unit__in=crowded).delete()
    if crowded:
        values = {"open": OPEN, "units": crowded, "now": at, "near": at + NEAR}
        _keep_map(_OPEN_CELLS, "unit_id = ANY(%(units)s)", values)
    _keep(policy.Kept.OPEN_MAP, at=at)
    return MapCount.objects.filter(unit__isnull=False).count()


@transaction.atomic
def count_released(*, at: datetime) -> int:
    """Count what was released by cell, where it is much; return how many cells."""
    if not Release.objects.filter(concealed_at=None)[policy.FEW : policy.FEW + 1].exists():
        MapCount.objects.filter(unit=None).delete()
    else:
        _keep_map(_RELEASED_CELLS, "unit_id IS NULL", {"open": OPEN})
    _keep(policy.Kept.RELEASED_MAP, at=at)
    return MapCount.objects.filter(unit=None).count()


def count_solved(*, at: datetime) -> None:
    """Count the figures of the public pages, where a page would count many."""
    figures = kept.count_solved(at=at)
    if figures.month > policy.FEW:
        _keep(policy.Kept.SOLVED, at=at, figures=kept.as_figures(figures))
    else:
        KeptCount.objects.filter(name=policy.Kept.SOLVED).delete()


def _keep(name: policy.Kept, *, at: datetime, figures: dict | None = None) -> None:
    KeptCount.objects.update_or_create(name=name, defaults={"at": at, "figures": figures or {}})


def _keep_map(cells: str, whose: str, values: dict[str, object]) -> None:
    """Bring the kept cells of some units to what is there now."""
    widest, finest = policy.KEPT_LEVELS
    values |= {"widest": widest, "finest": finest, "zoom": ZOOM}
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(cells=cells, whose=whose), values)


_CROWDED = """
SELECT unit FROM cases_case, unnest(unit_ids) unit
WHERE status = ANY(%(open)s) AND zkey IS NOT NULL
GROUP BY unit HAVING count(*) > %(few)s
"""
# Both give unit, zkey and what is to be counted, one row for each case and unit.
_OPEN_CELLS = """
SELECT unit, zkey, lon, lat, id AS one, 1 AS n_open, is_hazard::int AS n_hazard,
    (due_at <= %(now)s)::int AS n_late,
    (due_at > %(now)s AND due_at <= %(near)s)::int AS n_near
FROM cases_case, unnest(unit_ids) unit
WHERE status = ANY(%(open)s) AND zkey IS NOT NULL AND unit = ANY(%(units)s)
"""
_RELEASED_CELLS = """
SELECT NULL::bigint AS unit, r.zkey, r.lon, r.lat, r.case_id AS one,
    (c.status = ANY(%(open)s))::int AS n_open, 0 AS n_hazard, 0 AS n_late, 0 AS n_near
FROM cases_release r JOIN cases_case c ON c.id = r.case_id
WHERE r.concealed_at IS NULL AND r.zkey IS NOT NULL
"""
_KEEP = """
WITH finest AS (
    SELECT unit, (zkey >> 2 * (%(zoom)s - %(finest)s)) AS cell, count(*) AS n,
        sum(n_late) AS n_late, sum(n_near) AS n_near, sum(n_open) AS n_open,
        sum(n_hazard) AS n_hazard, sum(lon) AS lon, sum(lat) AS lat, min(one) AS one
    FROM ({cells}) rows GROUP BY 1, 2
), fresh AS (
    SELECT unit, level,
        cell >> 2 * (%(finest)s - level) << 2 * (%(zoom)s - level) AS zkey, sum(n) AS n,
        sum(n_late) AS n_late, sum(n_near) AS n_near, sum(n_open) AS n_open,
        sum(n_hazard) AS n_hazard, sum(lon) / sum(n) AS lon, sum(lat) / sum(n) AS lat,
        min(one) AS one
    FROM finest, generate_series(%(widest)s, %(finest)s) level GROUP BY 1, 2, 3
), gone AS (
    DELETE FROM cases_mapcount m WHERE {whose} AND NOT EXISTS (
        SELECT FROM fresh f WHERE f.unit IS NOT DISTINCT FROM m.unit_id
            AND f.level = m.level AND f.zkey = m.zkey)
)
INSERT INTO cases_mapcount AS m
    (unit_id, level, zkey, n, n_late, n_near, n_open, n_hazard, lon, lat, one)
SELECT unit, level, zkey, n, n_late, n_near, n_open, n_hazard, lon, lat, one FROM fresh
ON CONFLICT (unit_id, level, zkey) DO UPDATE SET
    n = excluded.n, n_late = excluded.n_late, n_near = excluded.n_near, n_open = excluded.n_open,
    n_hazard = excluded.n_hazard, lon = excluded.lon, lat = excluded.lat, one = excluded.one
WHERE (m.n, m.n_late, m.n_near, m.n_open, m.n_hazard, m.one)
    <> (excluded.n, excluded.n_late, excluded.n_near, excluded.n_open, excluded.n_hazard,
        excluded.one)
"""
