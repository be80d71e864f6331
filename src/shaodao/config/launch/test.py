"""`bin/test`: pytest on a throwaway cluster."""

import os
import subprocess
import sys

from shaodao.config.launch import frontend
from shaodao.config.launch.surroundings import ROOT, Database, configure

if __name__ == "__main__":
    configure()
    frontend.Fetch().finish()
    with Database(durable=False):
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        sys.exit(subprocess.run(command, cwd=ROOT, env=os.environ, check=False).returncode)
