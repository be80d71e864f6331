"""How long it takes to make many cases, and whether what was made proves itself.

Run by `bin/bench cases [--cases 1000000]`. The last line is the result.
"""

import argparse
import resource
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench.ground.cases import make_cases
from bench.ground.county import write_county
from bench.ground.site import cpu_of_server, own_cluster, roomy_log
from django.utils import timezone

from shaodao.cases.actions.sweeping import put_on_the_ladder
from shaodao.cases.verifying import verify_cases, verify_journals

OPEN_SHARE = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench cases", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    options = parser.parse_args()
    with own_cluster() as cluster:
        write_county()
        n_open = round(OPEN_SHARE * options.cases)
        ours, servers = _cpu(), cpu_of_server(cluster)
        with roomy_log(cluster):
            made = make_cases(options.cases, n_open=n_open, at=datetime.now(UTC))
        ours, servers = _cpu() - ours, cpu_of_server(cluster) - servers
        began = perf_counter()
        with tempfile.TemporaryDirectory() as heads:
            faults = verify_journals(Path(heads), n_processes=2).faults
        faults += verify_cases().faults
        for fault in faults[:5]:
            print(fault)
        figures = {
            "cases": made.n,
            "seconds": f"{made.seconds:.0f}",
            **{f"{name}_s": f"{seconds:.0f}" for name, seconds in made.parts.items()},
            "cpu_s": f"{ours + servers:.0f}",
            "of_server_s": f"{servers:.0f}",
            "samples": "drawn" if made.is_drawn else "made",
            "faults": len(faults),
            "put_on_the_ladder": put_on_the_ladder(at=timezone.now()),
            "verify_s": f"{perf_counter() - began:.0f}",
        }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
