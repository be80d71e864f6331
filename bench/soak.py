"""Half of the intake rate for a long while: memory, latency and the queue stay as they were.

Run by `bin/bench soak [--minutes 30] [--rate 0]`. The rate is half of what a short full load gives,
unless stated. Memory, each process's share of what is shared (PSS) counted, and p99 are compared
between the end of the first sixth and the end (minute 5 and minute 30). The last line is the
result.
"""

import argparse
import time
from datetime import date
from statistics import quantiles

from bench.ground.county import raise_limits, write_county
from bench.ground.load import Crowd
from bench.ground.sayings import read_sayings
from bench.ground.site import Site, own_cluster, running_site
from django.db import connection

from shaodao.notices.models import Notice
from shaodao.reports.models import Category

N_CLIENTS = 16
PROBE_SECONDS = 8
EMPTY_WITHIN_SECONDS = 90


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=0, help="reports a second; 0: measure")
    options = parser.parse_args()
    with own_cluster() as cluster:
        write_county(n_streets=4)
        raise_limits(on=date.today())
        texts = read_sayings().texts
        categories = list(Category.objects.filter(parent=None).values_list("code", flat=True))
        connection.close()
        with running_site(cluster) as site:
            rate = options.rate or _probe(site, texts, categories) / 2
            crowd = Crowd(site.port, texts, categories)
            crowd.start(n_clients=N_CLIENTS, pause=N_CLIENTS / rate)
            began, length = time.time(), 60 * options.minutes
            marks = []
            for share in (1 / 12, 2 / 12, 11 / 12, 1.0):
                time.sleep(max(0.0, began + share * length - time.time()))
                marks.append((time.time(), site.web.memory_bytes(), site.worker.memory_bytes()))
            sent = crowd.stop()
            emptied = _seconds_until_empty()
    early = sent.latencies_ms(since=marks[0][0], until=marks[1][0])
    late = sent.latencies_ms(since=marks[2][0], until=marks[3][0])
    before, after = quantiles(early, n=100)[98], quantiles(late, n=100)[98]
    figures = {
        "minutes": options.minutes,
        "rps": f"{len(sent.acknowledged) / length:.0f}",
        "web_mib": f"{marks[3][1] / 2**20:.0f}",
        "worker_mib": f"{marks[3][2] / 2**20:.0f}",
        "memory_ratio": f"{(marks[3][1] + marks[3][2]) / (marks[1][1] + marks[1][2]):.2f}",
        "web_ratio": f"{marks[3][1] / marks[1][1]:.2f}",
        "worker_ratio": f"{marks[3][2] / marks[1][2]:.2f}",
        "p99_ms": f"{after:.0f}",
        "p99_ratio": f"{after / before:.2f}",
        "queue_empty_s": f"{emptied:.0f}",
        "retries": sent.n_retries,
        "refused": len(sent.refused),
    }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


def _probe(site: Site, texts, categories) -> float:
    """Return how many reports a second the site takes at most."""
    crowd = Crowd(site.port, texts, categories)
    crowd.start(n_clients=N_CLIENTS)
    time.sleep(PROBE_SECONDS)
    return len(crowd.stop().acknowledged) / PROBE_SECONDS


def _seconds_until_empty() -> float:
    """Return how long until no message waits any more."""
    began = time.perf_counter()
    while time.perf_counter() - began < EMPTY_WITHIN_SECONDS:
        if not Notice.objects.waiting().exists():
            break
        time.sleep(0.5)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
