"""A database cluster of our own, durable as in service, and the site running on it.

The cluster lies in var/bench and is removed when a bench ends, however it ends, unless it is asked
to stay (`--keep`); the site is granian with two workers of eight threads, and the queue's worker,
started as bin/demo starts them.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from shaodao.cases.models import JournalEntry
from shaodao.config import localpg
from shaodao.config.launch import demo
from shaodao.config.launch.parent import end_with_parent
from shaodao.config.launch.surroundings import var
from shaodao.config.settings import database_from
from shaodao.insights.models import TalliedDay
from shaodao.kit.versions import Versioned

NAME = "shaodao"
FIRST_PORT = 18_400
READY_SECONDS = 60


def folder() -> Path:
    return var() / "bench"


@contextmanager
def own_cluster(*, keep: bool = False) -> Iterator[localpg.Cluster]:
    """Have a durable cluster, with Django pointed at its migrated database.

    keep : leave the cluster behind at the end, and take over what was left so; else it is fresh
    """
    cluster = localpg.locate(folder(), durable=True, environ=os.environ)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    if not keep:
        _remove(cluster)  # what a killed bench left, or one that was to keep it
    held = localpg.hold(cluster)
    os.environ["DATABASE_URL"] = cluster.url(NAME)
    try:
        use(cluster, NAME)
        call_command("migrate", verbosity=0, interactive=False)
        yield cluster
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # once is enough: what follows clears up
        connections.close_all()
        localpg.release(cluster, held)
        if not keep:
            with suppress(SystemExit):
                _remove(cluster)
            shutil.rmtree(folder(), ignore_errors=True)


def _remove(cluster: localpg.Cluster) -> None:
    try:
        localpg.remove(cluster)
    except localpg.DatabaseRefused as refusal:
        raise SystemExit("Another bench is running here: one at a time.") from refusal


def databases(cluster: localpg.Cluster) -> set[str]:
    """Return the names of the cluster's databases."""
    with admin(cluster, "postgres") as server:
        return {name for (name,) in server.execute("SELECT datname FROM pg_database")}


def use(cluster: localpg.Cluster, name: str) -> None:
    """Point Django at a database of the cluster."""
    connection.close()
    connection.settings_dict.update(database_from(cluster.url(name)))
    Versioned.forget_all()


def clone(cluster: localpg.Cluster, name: str, source: str = NAME) -> None:
    """Copy a database of the cluster, which nobody may look at meanwhile."""
    connections.close_all()
    with admin(cluster, "postgres") as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {source}")


@contextmanager
def cloned(cluster: localpg.Cluster, name: str, source: str = NAME) -> Iterator[None]:
    """Fill a copy of a database, with Django pointed at it; it gets its name once it is whole."""
    with admin(cluster, "postgres") as server:
        server.execute("DROP DATABASE IF EXISTS filling WITH (FORCE)")
    clone(cluster, "filling", source)
    use(cluster, "filling")
    yield
    connections.close_all()
    with admin(cluster, "postgres") as server:
        server.execute(f"ALTER DATABASE filling RENAME TO {name}")


def cpu_of_server(cluster: localpg.Cluster) -> float:
    """Return the processor seconds the database server has used, ended connections included."""
    keeper = localpg.running_pid(cluster)
    if keeper is None:
        return 0.0
    with suppress(OSError):
        ended = Path(f"/proc/{keeper}/stat").read_text().rpartition(")")[2].split()[13:15]
        ticks = sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")
        return ticks + _cpu(keeper) + sum(map(_cpu, _children(keeper)))
    return 0.0


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


def admin(cluster: localpg.Cluster, name: str = NAME) -> psycopg.Connection:
    """Connect as the cluster's owner, without the site's time-outs, each statement for itself."""
    return psycopg.connect(cluster.url(name), autocommit=True)


_WHILE_FILLING = {"max_wal_size": "'8GB'", "autovacuum": "off"}


@contextmanager
def roomy_log(cluster: localpg.Cluster) -> Iterator[None]:
    """Let the write-ahead log grow, and housekeeping wait, while much is written; durable still."""
    with admin(cluster) as server:
        for name, value in _WHILE_FILLING.items():
            server.execute(f"ALTER SYSTEM SET {name} = {value}")
        server.execute("SELECT pg_reload_conf()")
    yield
    with admin(cluster) as server:
        for name in _WHILE_FILLING:
            server.execute(f"ALTER SYSTEM RESET {name}")
        server.execute("SELECT pg_reload_conf()")
        server.execute("CHECKPOINT")


@dataclass
class Process:
    """One process of the site, in a session of its own, and how to start it again."""

    name: str
    command: Sequence[str]
    environ: dict[str, str]
    log: Path
    running: subprocess.Popen | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def kill(self) -> None:
        """End it and all it started without a word: the plug is pulled."""
        if self.running is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def stop(self) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.running.wait(15)
        self.kill()

    def memory_bytes(self) -> int:
        """Return the proportional memory of the process and its children."""
        return sum(_pss(pid) for pid in _session(self.running.pid))

    def cpu_seconds(self) -> float:
        return sum(_cpu(pid) for pid in _session(self.running.pid))


def _session(leader: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[3]) == leader:
                found.append(int(path.parent.name))
    return found


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _cpu(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


@dataclass
class Site:
    """The running site: its port and its processes."""

    cluster: localpg.Cluster
    port: int
    web: Process
    worker: Process
    _stack: ExitStack = field(default_factory=ExitStack)

    def wait(self, *, seconds: float = READY_SECONDS) -> float:
        """Wait until the site answers with its database, and return how long that took."""
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            if self.get("/track/") == 200:
                return time.perf_counter() - began
            time.sleep(0.02)
        raise SystemExit(f"the site does not answer; its log: {self.web.log}")

    def get(self, path: str) -> int:
        """Return the status of a page, 0 where there is no answer."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            answer.read()
        except OSError:
            return 0
        finally:
            line.close()
        return answer.status


@contextmanager
def running_site(cluster: localpg.Cluster, *, with_worker: bool = True) -> Iterator[Site]:
    """Run the site on the cluster, behind a proxy as in service (senders have addresses)."""
    port = _free_port()
    environ = os.environ | {
        "DATABASE_URL": cluster.url(NAME),
        "SHAODAO_BEHIND_PROXY": "1",
        "SHAODAO_HTTPS": "0",
        "SHAODAO_DEBUG": "0",
    }
    web = Process("web", demo.web_command(port, []), environ, folder() / "web.log")
    worker = Process("worker", demo.worker_command(), environ, folder() / "worker.log")
    site = Site(cluster, port, web, worker)
    _count_history(at=datetime.now(UTC))
    try:
        web.start()
        if with_worker:
            worker.start()
        site.wait()
        yield site
    finally:
        worker.stop()
        web.stop()


def _count_history(*, at: datetime) -> None:
    """Say that all days but two have been tallied: else the worker begins with years of it."""
    first = JournalEntry.objects.order_by("at").values_list("at", flat=True).first() or at
    n_days = (at - first).days
    past = [timezone.localdate(at) - timedelta(days=back) for back in range(2, n_days + 2)]
    TalliedDay.objects.bulk_create(
        [TalliedDay(day=day, at=at) for day in past], ignore_conflicts=True
    )
    connection.close()


def _free_port() -> int:
    for port in range(FIRST_PORT, FIRST_PORT + 200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise SystemExit("no free port")
