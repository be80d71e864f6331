"""How many reports a second are taken in durably over HTTP, against pgbench in the same minutes.

Run by `bin/bench intake [--seconds 60] [--clients 16] [--cases 20000]`. The whole path without
photos: the form, the sender's limits, the grid, register, route, journal, notices. pgbench runs
before and after, alone; the ratio is to the mean of the two. Clients are processes of their own,
whose share of the machine is printed. The last line is the result.
"""

import argparse
import time
from datetime import UTC, date, datetime
from statistics import quantiles

from bench.ground import pgbench
from bench.ground.cases import make_cases
from bench.ground.county import raise_limits, write_county
from bench.ground.load import Crowd
from bench.ground.sayings import read_sayings
from bench.ground.site import own_cluster, roomy_log, running_site
from django.db import connection

from shaodao.reports.models import Category

WARM_SECONDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench intake", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--pgbench", type=int, default=20, help="seconds before and after")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--cases", type=int, default=20_000, help="standing there before")
    options = parser.parse_args()
    with own_cluster() as cluster:
        pgbench.program(cluster)
        write_county()
        raise_limits(on=date.today())
        with roomy_log(cluster):
            make_cases(options.cases, n_open=options.cases // 50, at=datetime.now(UTC))
        categories = list(Category.objects.filter(parent=None).values_list("code", flat=True))
        connection.close()
        before = pgbench.rate(cluster, seconds=options.pgbench)
        with running_site(cluster) as site:
            crowd = Crowd(site.port, read_sayings().texts, categories)
            crowd.start(n_clients=options.clients)
            time.sleep(WARM_SECONDS)
            since, cpu = time.time(), site.web.cpu_seconds()
            time.sleep(options.seconds)
            until, cpu = time.time(), site.web.cpu_seconds() - cpu
            sent = crowd.stop()
        after = pgbench.rate(cluster, seconds=options.pgbench)
    times = sent.latencies_ms(since=since, until=until)
    for refusal in sent.refused[:3]:
        print(refusal)
    tps, rps = (before + after) / 2, len(times) / (until - since)
    cuts = quantiles(times, n=100)
    figures = {
        "rps": f"{rps:.0f}",
        "pgbench_tps": f"{tps:.0f}",
        "ratio": f"{rps / tps:.3f}",
        "p50_ms": f"{cuts[49]:.0f}",
        "p99_ms": f"{cuts[98]:.0f}",
        "web_cpu_ms_each": f"{1000 * cpu / len(times):.2f}",
        "clients_cpu_share": f"{sent.cpu_seconds / (until - since + WARM_SECONDS) / 2:.2f}",
        "pgbench_before": f"{before:.0f}",
        "pgbench_after": f"{after:.0f}",
        "retries": sent.n_retries,
        "refused": len(sent.refused),
    }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
