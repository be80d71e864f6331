"""Pull the plug of the web, the worker or the database, 50 times at random, under load; then count.

Run by `bin/bench kill [--times 50] [--clients 8]`. Clients try again with the same key until they
are answered, as the page does. At the end every acknowledged report must be there exactly once
with its case and its message, cases must be consistent and their journals whole. Messages that the
gateway was handed twice, because the plug went between handing over and writing down, are counted.
The last line is the result; recovery is from the kill to the next page that answers.
"""

import argparse
import os
import random
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from statistics import median

from bench.ground.county import raise_limits, write_county
from bench.ground.load import Crowd, Sent
from bench.ground.sayings import read_sayings
from bench.ground.site import Site, own_cluster, running_site
from django.db import connection
from django.utils import timezone

from shaodao.cases.models import CaseReport
from shaodao.cases.verifying import verify_cases, verify_journals
from shaodao.config import localpg
from shaodao.notices.actions import send_due
from shaodao.notices.models import Notice
from shaodao.notices.policy import Channel
from shaodao.reports.models import Category, Report

VICTIMS = ("web", "worker", "database")
PAUSE_SECONDS = (0.3, 1.2)  # of load between two kills
REVIVE_SECONDS = 60
SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench kill", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    rng = random.Random(SEED)
    with own_cluster() as cluster:
        write_county(n_streets=2)
        raise_limits(on=date.today())
        categories = list(Category.objects.filter(parent=None).values_list("code", flat=True))
        connection.close()
        with running_site(cluster) as site:
            crowd = Crowd(site.port, read_sayings().texts, categories)
            crowd.start(n_clients=options.clients)
            recoveries = [_strike(site, rng) for _ in range(options.times)]
            time.sleep(2)
            sent = crowd.stop()
        send_due(Channel.SMS, clock=timezone.now)  # what the worker had not come to
        figures = {
            "kills": Counter(victim for victim, _ in recoveries).total(),
            **{f"{v}_kills": sum(x == v for x, _ in recoveries) for v in VICTIMS},
            **_by_victim(recoveries),
            "recovery_p50_s": f"{median(s for _, s in recoveries):.2f}",
            "recovery_max_s": f"{max(s for _, s in recoveries):.2f}",
            "acknowledged": len(sent.acknowledged),
            "retries": sent.n_retries,
            "refused": len(sent.refused),
            **_counted(sent),
            "resends": _resends(site),
        }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


def _by_victim(recoveries: Sequence[tuple[str, float]]) -> dict[str, str]:
    """Return how long recovery took by what was killed, the median."""
    took = {victim: [s for v, s in recoveries if v == victim] for victim in VICTIMS}
    return {f"{victim}_s": f"{median(times):.2f}" for victim, times in took.items() if times}


def _strike(site: Site, rng: random.Random) -> tuple[str, float]:
    """Kill one process after some load, start it again, and say whom and how long it took."""
    time.sleep(rng.uniform(*PAUSE_SECONDS))
    victim = rng.choice(VICTIMS)
    began = time.perf_counter()
    if victim == "database":
        pid = localpg.running_pid(site.cluster)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _revive(site.cluster)
    else:
        process = site.web if victim == "web" else site.worker
        process.kill()
        process.start()
    for process in (site.web, site.worker):  # what went down with it, as a parent would
        if process.running.poll() is not None:
            process.kill()
            process.start()
    site.wait()
    return victim, time.perf_counter() - began


def _revive(cluster: localpg.Cluster) -> None:
    """Have the server running again: its keeper starts it, and where that gave up, another."""
    until = time.monotonic() + REVIVE_SECONDS
    while time.monotonic() < until:
        with suppress(localpg.DatabaseRefused):
            os.close(localpg.hold(cluster))
            return
        time.sleep(0.1)
    raise SystemExit("the database did not come back")


def _counted(sent: Sent) -> dict[str, object]:
    """Return what is lost or double of all that was acknowledged, and what proves itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    stored = dict(Report.objects.values_list("key", "number"))
    numbers = {str(key): number for key, number in stored.items()}
    lost = [key for key, number, _, _ in sent.acknowledged if numbers.get(key) != number]
    linked = Counter(CaseReport.objects.values_list("report", flat=True))
    told = Counter(
        int(key.rpartition(":r")[2])
        for key in Notice.objects.filter(to=None).values_list("key", flat=True)
    )
    reports = set(Report.objects.values_list("pk", flat=True))
    with tempfile.TemporaryDirectory() as heads:
        faults = verify_journals(Path(heads)).faults + verify_cases().faults
    for fault in faults[:3]:
        print(fault)
    return {
        "stored": len(reports),
        "lost": len(lost),
        "without_case": sum(linked[pk] != 1 for pk in reports),
        "notices_missing": sum(told[pk] == 0 for pk in reports),
        "notices_twice": sum(n > 1 for n in told.values()),
        "unsent": Notice.objects.filter(state="WAITING", created_at__lte=timezone.now()).count(),
        "faults": len(faults),
    }


def _resends(site: Site) -> int:
    """Return how many messages the gateway was handed more than once."""
    lines = site.worker.log.read_text(errors="replace").splitlines()
    ids = [re.search(r'"id": "([^"]+)"', line) for line in lines if "console.sent" in line]
    return sum(n > 1 for n in Counter(found[1] for found in ids if found).values())


if __name__ == "__main__":
    main()
