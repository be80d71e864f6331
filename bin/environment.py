"""Make .venv match a hashed lock, then run a module in it. Bare python3 runs this: no packages."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"  # everything in RUNTIME, at the same versions, and the tools
INTERPRETER = f"{sys.version_info.major}.{sys.version_info.minor}"


def enter(lock: str, module: str) -> None:
    """Become `python -m module`, with our arguments, in an environment that matches `lock`."""
    began = time.time()
    if sys.version_info < (3, 11):  # noqa: UP036 - an older one runs this line
        sys.exit(f"Python 3.11 or newer is needed; this python3 is {INTERPRETER}.")
    folder = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)  # two commands started together install once
    try:
        prepare(lock)
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as failure:
        sys.exit(f"The environment could not be made: {failure}")
    except PermissionError as failure:
        sys.exit(f"{failure}\nAnother user set this checkout up: delete .venv, or clone anew.")
    os.close(folder)
    source = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environ = os.environ | {"PYTHONPATH": source, "SHAODAO_BEGAN": str(began)}
    # Compiled modules are kept even where the caller wants none: they save seconds at each start.
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "__PYVENV_LAUNCHER__"):
        environ.pop(name, None)
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", module, *sys.argv[1:]], environ)


def prepare(lock: str) -> None:
    """Create .venv if it is missing or of another Python, and install `lock` if that changed."""
    if stamp(lock) == digest(lock):
        return
    if not any(stamp(name) for name in (RUNTIME, DEVELOPMENT)):
        need_venv()
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    print(f"Installing {lock} into .venv", file=sys.stderr, flush=True)
    # The lock names every package: there is nothing to resolve, and nothing is built here.
    options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile"]
    subprocess.run([PYTHON, "-m", "pip", "-qq", "install", *options, "-r", ROOT / lock], check=True)
    for name in {lock, RUNTIME}:
        (VENV / f"made-from-{name}").write_text(digest(name))


def digest(lock: str) -> str:
    return f"{INTERPRETER} {hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()}"


def stamp(lock: str) -> str:
    """Return the digest .venv was made from, or nothing if it is unfinished or another Python's."""
    path = VENV / f"made-from-{lock}"
    made = path.read_text() if path.exists() else ""
    return made if made.startswith(INTERPRETER + " ") and os.access(PYTHON, os.X_OK) else ""


def need_venv() -> None:
    """Have Python's venv module: root installs it with apt, anyone else is told the one command."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    install = "apt-get install -y python3-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"Python's venv module is missing. Run once: sudo {install}")
    print(f"Installing python3-venv: {install}", file=sys.stderr, flush=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], [*install.split(), "-qq"]):
        subprocess.run(command, stdout=subprocess.DEVNULL, env=environ, check=True)
