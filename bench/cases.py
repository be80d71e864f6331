"""How long it takes to make many cases, and whether what was made proves itself.

Run by `bin/bench cases [--cases 1000000]`. The last line is the result.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench.ground.cases import make_cases
from bench.ground.county import write_county
from bench.ground.site import own_cluster, roomy_log

from shaodao.cases.verifying import verify_cases, verify_journals

OPEN_SHARE = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench cases", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    options = parser.parse_args()
    with own_cluster() as cluster:
        write_county()
        n_open = round(OPEN_SHARE * options.cases)
        with roomy_log(cluster):
            made = make_cases(options.cases, n_open=n_open, at=datetime.now(UTC))
        began = perf_counter()
        with tempfile.TemporaryDirectory() as heads:
            faults = verify_journals(Path(heads), n_processes=2).faults
        faults += verify_cases().faults
        for fault in faults[:5]:
            print(fault)
        figures = {
            "cases": made.n,
            "seconds": f"{made.seconds:.0f}",
            "samples": "drawn" if made.is_drawn else "made",
            "faults": len(faults),
            "verify_s": f"{perf_counter() - began:.0f}",
        }
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
