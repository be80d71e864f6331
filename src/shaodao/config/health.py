"""Whether the installation is well, for whoever watches it; and what robots may read."""

import shutil
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

QUEUE_SECONDS = 900  # a job that waits longer means that no worker works
DISK_BYTES = 500 * 1024 * 1024  # below this a day's photos may no longer fit
_OLDEST_JOB = """
SELECT extract(epoch FROM now() - min(coalesce(j.scheduled_at, e.at)))
FROM procrastinate_jobs j
JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())
"""
_ROBOTS = """User-agent: *
Disallow: /accounts/
Disallow: /cases/
Disallow: /figures/
Disallow: /notices/
Disallow: /places/
Disallow: /track/
Disallow: /kit/
"""


@never_cache
@require_GET
def health(request: HttpRequest) -> JsonResponse:
    """Say what is well and what is not; 503 when anything is ill."""
    checks = {}
    for name, check in _CHECKS.items():
        try:
            checks[name] = check()
        except DatabaseError:
            checks[name] = {"ok": False}
    is_well = all(check["ok"] for check in checks.values())
    answer = {"status": "ok" if is_well else "ill", "checks": checks}
    return JsonResponse(answer, status=200 if is_well else 503)


def _database() -> dict[str, object]:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True, "ms": round(1000 * (time.perf_counter() - began), 1)}


def _migrations() -> dict[str, object]:
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return {"ok": waiting == 0, "waiting": waiting}


def _queue() -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_JOB)
        (age,) = cursor.fetchone()
    seconds = round(float(age or 0))
    return {"ok": seconds < QUEUE_SECONDS, "oldest_seconds": seconds}


def _disk() -> dict[str, object]:
    free = shutil.disk_usage(settings.VAR).free
    return {"ok": free > DISK_BYTES, "free_mib": free // 1024**2}


_CHECKS: dict[str, Callable[[], dict[str, object]]] = {
    "database": _database,
    "migrations": _migrations,
    "queue": _queue,
    "disk": _disk,
}


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Let robots read what is public and nothing else."""
    return HttpResponse(_ROBOTS, content_type="text/plain; charset=utf-8")
