"""`bin/bench NAME`: run bench/NAME.py with the database up; without a name, list what there is."""

import signal
import subprocess
import sys

from shaodao.config.launch.parent import end_with_parent
from shaodao.config.launch.surroundings import ROOT, Database, configure

if __name__ == "__main__":
    benches = {path.stem: path for path in sorted((ROOT / "bench").glob("*.py"))}
    if len(sys.argv) < 2 or sys.argv[1] not in benches:
        sys.exit(f"bin/bench NAME, one of: {', '.join(benches) or '(none yet)'}")
    configure()
    with Database():
        command = [sys.executable, "-P", benches[sys.argv[1]], *sys.argv[2:]]
        # Ended with us, so that no bench goes on, and keeps its cluster, after a time-out.
        bench = subprocess.Popen(command, preexec_fn=end_with_parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the bench hears Ctrl-C too, and clears up
        sys.exit(bench.wait())
