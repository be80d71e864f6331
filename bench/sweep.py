"""How fast the sweep acts on many cases that are due, and that each is acted on exactly once.

Run by `bin/bench sweep [--due 10000]`. A third is to be warned of, a third is late, a third was
sent to a person who never answered and goes on to the next. First uninterrupted, in this process;
then by the queue's worker, killed half-way and started again. The last line is the result.
"""

import argparse
import cProfile
import pstats
import time
from datetime import UTC, datetime

from bench.ground.cases import make_cases
from bench.ground.county import write_county
from bench.ground.site import clone, own_cluster, roomy_log, running_site, use
from django.db import connection

from shaodao.cases.actions import run_sweeps
from shaodao.cases.actions.sweeping import AT_ONCE, sweep
from shaodao.cases.models import JournalEntry

RESTARTED_WITHIN_SECONDS = 180
# A third of the clocks each: warned of, late at handling, late at accepting.
_DUE = """
WITH part AS (
    SELECT c.id, c.case_id, c.step, c.case_id %% 3 AS third FROM cases_clock c
    JOIN cases_case k ON k.id = c.case_id WHERE c.stopped_at IS NULL AND k.status = 'DISPATCHED')
UPDATE cases_clock c SET
    started_at = %(at)s - interval '3 day',
    due_at = CASE
        WHEN part.third = 1 AND part.step = 'HANDLE' THEN %(at)s - interval '1 hour'
        WHEN part.third = 2 AND part.step = 'ACCEPT' THEN %(at)s - interval '1 hour'
        ELSE %(at)s + interval '9 day' END,
    warn_at = CASE
        WHEN part.third = 0 AND part.step = 'HANDLE' THEN %(at)s - interval '1 hour'
        WHEN part.third = 1 AND part.step = 'HANDLE' THEN %(at)s - interval '2 hour'
        WHEN part.third = 2 AND part.step = 'ACCEPT' THEN %(at)s - interval '2 hour'
        ELSE %(at)s + interval '8 day' END,
    warned_at = CASE WHEN part.third IN (1, 2) THEN %(at)s - interval '2 hour' END
FROM part WHERE part.id = c.id
"""
_DEADLINES = """
UPDATE cases_case k SET due_at = (
    SELECT min(due_at) FROM cases_clock c WHERE c.case_id = k.id AND c.stopped_at IS NULL)
WHERE k.status = 'DISPATCHED'
"""
_TWICE = """
SELECT count(*) FROM (
    SELECT case_id, name, facts->'clock' FROM cases_journalentry
    WHERE name IN ('warn', 'late') GROUP BY 1, 2, 3 HAVING count(*) > 1) twice
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench sweep", description=__doc__)
    parser.add_argument("--due", type=int, default=10_000)
    parser.add_argument("--profile", action="store_true", help="say where the time went, and end")
    options = parser.parse_args()
    with own_cluster() as cluster:
        write_county(n_streets=4)
        with roomy_log(cluster):
            n = round(options.due / 0.55)  # so many of a hundred open cases wait to be accepted
            make_cases(n, n_open=n, at=datetime.now(UTC), span_days=20)
        at = datetime.now(UTC)
        _execute(_DUE, at=at)
        _execute(_DEADLINES, at=at)
        connection.close()
        clone(cluster, "once")
        use(cluster, "once")
        if options.profile:
            _profile(at)
            return
        began, cpu = time.perf_counter(), time.process_time()
        acted = run_sweeps(at=at, at_once=AT_ONCE)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        print(f"uninterrupted: {acted} in {seconds:.1f} s", flush=True)
        again = sum(run_sweeps(at=at).values())  # warnings of rungs the first run let go on
        twice = _number(_TWICE)
        use(cluster, "shaodao")
        interrupted, done, twice_killed = _interrupted(cluster, sum(acted.values()))
    figures = {
        "due": options.due,
        "seconds": f"{seconds:.1f}",
        "acted": sum(acted.values()),
        "twice": twice + twice_killed,
        "again": again,
        "cpu_ms_each": f"{1000 * cpu / max(1, sum(acted.values())):.2f}",
        "killed_at": interrupted,
        "done_after_restart_s": f"{done:.1f}",
    }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


def _profile(at: datetime) -> None:
    """Print which lines took the processor, and what waited for the database."""
    with cProfile.Profile() as profile:
        acted = run_sweeps(at=at)
    print(acted)
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    pstats.Stats(profile).sort_stats("cumtime").print_stats(60)


def _interrupted(cluster, n: int) -> tuple[int, float, int]:
    """Kill the worker half-way; return where, how long the rest took, and what was done twice."""
    with running_site(cluster, with_worker=False) as site:
        site.web.stop()
        sweep.defer()
        connection.close()
        site.worker.start()
        until = time.perf_counter() + RESTARTED_WITHIN_SECONDS
        while (n_acted := _acted()) < n / 2 and time.perf_counter() < until:
            time.sleep(0.05)
        site.worker.kill()
        killed_at = n_acted
        site.worker.start()
        began = time.perf_counter()
        while _acted() < n and time.perf_counter() - began < RESTARTED_WITHIN_SECONDS:
            time.sleep(0.2)
        return killed_at, time.perf_counter() - began, _number(_TWICE)


def _acted() -> int:
    """Return how many entries the sweep has written in this database."""
    return JournalEntry.objects.filter(name__in=["warn", "late"]).count()


def _execute(statement: str, *, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement, {"at": at})


def _number(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
