"""Every bench at a sensible size, one after the other; the table of docs/performance.md at the end.

Run by `bin/bench all [--soak 3] [--cases 1000000]` on a machine that does nothing else: about
twenty-five minutes on two cores. A full soak is `bin/bench soak`.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench all", description=__doc__)
    parser.add_argument("--soak", type=float, default=3, help="minutes")
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", help="names of benches")
    options = parser.parse_args()
    closed = [str(options.cases // part) for part in (100, 10, 1)]
    benches = {
        "cases": ["--cases", str(options.cases // 10)],
        "locate": [],
        "worktime": [],
        "intake": [],
        "sweep": ["--due", "10000"],
        "kill": ["--times", "50"],
        "first": [],
        "soak": ["--minutes", str(options.soak)],
        "pages": ["--cases", str(options.cases)],
        "grow": ["--closed", *closed],
    }
    lines = []
    for name, arguments in benches.items():
        if options.only and name not in options.only:
            continue
        print(f"== {name} {' '.join(arguments)}", flush=True)
        began = time.monotonic()
        command = [sys.executable, "-P", str(ROOT / "bench" / f"{name}.py"), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as bench:
            last = ""
            for line in bench.stdout:
                print(line, end="", flush=True)
                last = line.strip() or last
        said = last if bench.returncode == 0 else f"FAILED with {bench.returncode}"
        lines.append(f"{name}: {said} [{time.monotonic() - began:.0f} s]")
    print("\n" + "\n".join(lines))
    print(
        f"commit={_commit()} cores={os.cpu_count()} python={platform.python_version()}"
        f" benches={len(lines)}"
    )


def _commit() -> str:
    found = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
