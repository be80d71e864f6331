"""The commands on a bare machine: a fresh clone, git, python3, coreutils, and nothing else."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shaodao.config import localpg

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
# What a Debian without anything else has on its PATH: git, python3 and coreutils.
COREUTILS = (
    "cat chmod cp cut date dirname env head id ln ls mkdir mv pwd rm sort tail test tr uname"
)
READY = "Ctrl-C"


@dataclass(frozen=True)
class Bare:
    """A fresh clone and the user who starts it."""

    clone: Path
    user: int
    environ: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.clone / "bin" / arguments[0], *arguments[1:]],
            cwd=self.clone,
            env=self.environ,
            user=self.user,
            group=self.user,
            extra_groups=[] if os.geteuid() == 0 else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        words = process.communicate()[0]
        assert process.returncode == 0, words
        return words

    @contextlib.contextmanager
    def demo(self, port: int) -> Iterator[subprocess.Popen[str]]:
        """Run bin/demo and enter when it says that it is ready."""
        with self.start("demo", "--port", str(port)) as process:
            words = []
            for line in process.stdout:
                words.append(line)
                if READY in line:
                    break
            else:
                raise AssertionError("".join(words))
            try:
                yield process
            finally:
                process.kill()


def interpreter_for(user: int) -> str:
    """Return a bare python3 the user can run, with venv in it, or skip."""
    own = [sys._base_executable] if user == os.geteuid() else []
    for python in [*own, "/usr/bin/python3", "/usr/local/bin/python3"]:
        question = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
        command = [python, "-c", question]
        if Path(python).exists() and subprocess.run(command, check=False).returncode == 0:
            return python
    pytest.skip("no python3 of 3.11 or newer with venv that an ordinary user can run")


def bare_machine(folder: Path, user: int) -> Bare:
    programs = folder / "programs"
    programs.mkdir()
    for name in ["git", *COREUTILS.split()]:
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").symlink_to(interpreter_for(user))
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    # Packages are fetched once a machine and user, not once a test.
    caches = Path(tempfile.gettempdir(), f"shaodao-test-caches-{user}")
    caches.mkdir(exist_ok=True, mode=0o700)
    (folder / "home").mkdir(mode=0o700)
    kept = {
        n: v for n, v in os.environ.items() if n.split("_")[0] in {"PIP", "SSL", "NODE", "LANG"}
    }
    environ = kept | {
        "PATH": str(programs),
        "HOME": str(folder / "home"),
        "PIP_CACHE_DIR": str(caches / "pip"),
        "npm_config_cache": str(caches / "npm"),
        "PG_BIN": "embedded",
    }
    if user != os.geteuid():
        for path in (clone, folder / "home", caches):
            subprocess.run(["chown", "-R", f"{user}:{user}", path], check=True)
    return Bare(clone, user, environ)


@pytest.fixture(scope="module")
def ordinary():
    """A bare machine with a clone in the home of an ordinary user."""
    # Not in pytest's own folder, which is closed to others.
    with tempfile.TemporaryDirectory(prefix="shaodao-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield bare_machine(Path(folder), localpg.NOBODY if os.geteuid() == 0 else os.geteuid())


@pytest.fixture
def root_at_home(tmp_path):
    """A bare machine with root's clone in a home that the database's user cannot enter."""
    if os.geteuid() != 0:
        pytest.skip("only root can show what root does")
    tmp_path.chmod(0o700)
    machine = bare_machine(tmp_path, 0)
    yield machine
    cluster = localpg.locate(machine.clone / "var", durable=True, environ=machine.environ)
    localpg.remove(cluster)
    shutil.rmtree(cluster.base.parent)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes_of(clone: Path) -> dict[int, str]:
    """Return the processes whose command line names the clone."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(clone) in (words := path.read_bytes()):
                found[int(path.parent.name)] = words.replace(b"\0", b" ").decode()
    return found


def wait_until_gone(clone: Path) -> None:
    for pid, words in processes_of(clone).items():
        with contextlib.suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            ended = select.select([process], [], [], 30)[0]
            os.close(process)
            assert ended, words
    assert not processes_of(clone)


def answers(port: int) -> bool:
    with urllib.request.urlopen(f"http://localhost:{port}/health", timeout=30) as answer:
        return answer.status == 200


def test_a_fresh_clone_starts_and_stops_for_an_ordinary_user(ordinary):
    words = ordinary.run("demo", "--check")
    assert "200 /health" in words
    assert "合计 total" in words
    assert processes_of(ordinary.clone) == {}


def test_ctrl_c_stops_everything_it_started(ordinary):
    port = free_port()
    with ordinary.demo(port) as demo:
        assert answers(port)
        demo.send_signal(signal.SIGINT)
        assert demo.wait() == 0
    assert processes_of(ordinary.clone) == {}


def test_a_killed_demo_leaves_nothing_that_blocks_the_next_start(ordinary):
    port = free_port()
    with ordinary.demo(port) as demo:
        demo.kill()
    wait_until_gone(ordinary.clone)
    with ordinary.demo(port):
        assert answers(port)
    wait_until_gone(ordinary.clone)


def test_manage_runs_beside_the_demo_and_leaves_its_database_up(ordinary):
    port = free_port()
    with ordinary.demo(port):
        assert "[X]" in ordinary.run("manage", "showmigrations", "people")
        assert answers(port)
    wait_until_gone(ordinary.clone)


def test_a_fresh_clone_in_roots_closed_home_keeps_its_data_where_the_database_reaches_it(
    root_at_home,
):
    words = root_at_home.run("demo", "--check")
    assert "200 /health" in words
    assert not (root_at_home.clone / "var" / "pg").exists()
    assert processes_of(root_at_home.clone) == {}


def test_no_lock_names_a_registry():
    for name in ("requirements.txt", "requirements-dev.txt", "package-lock.json", ".npmrc"):
        assert "http" not in (ROOT / name).read_text(), name


def test_the_development_lock_holds_the_runtime_lock():
    pins = [
        {
            line.partition(" \\")[0]
            for line in (ROOT / name).read_text().splitlines()
            if "==" in line
        }
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    assert pins[0] <= pins[1]
