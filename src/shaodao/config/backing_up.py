"""Everything an installation is, in one file, and back: database, photos, exported heads, secret.

The file holds personal data and the key of every tracking link: it is readable by its owner only,
and belongs on a disk of its own. A manifest with the sha256 of every member is its last member.
"""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from shaodao.cases.actions.exporting import FOLDER
from shaodao.cases.verifying import Findings, verify_cases, verify_journals

from . import localpg

DUMP, SECRET, MANIFEST = "database.dump", "secret", "manifest.json"
MEDIA, HEADS = "media", "heads"
FORMAT = 1
_BLOCK = 1024 * 1024  # bytes read at once


class BackupRefused(Exception):
    """The backup cannot be made or restored; the message says what to do."""


def back_up(path: Path, *, at: datetime) -> dict[str, int]:
    """Write the installation to one tar file and return its number of members and bytes.

    :raises BackupRefused: if the database cannot be dumped.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        # dereference: two names of one file are two members, each with its content
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, dereference=True) as tar,
    ):
        dump = Path(folder) / DUMP
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}")
        sums = {DUMP: _add(tar, DUMP, dump)}
        # After the database: a photo it names is there, one it does not name does no harm.
        for name, source in _files():
            sums[name] = _add(tar, name, source)
        sums[SECRET] = _add_bytes(tar, SECRET, settings.SECRET_KEY.encode())
        manifest = {"format": FORMAT, "made_at": at.isoformat(), "files": sums}
        _add_bytes(tar, MANIFEST, json.dumps(manifest, indent=1).encode())
    unfinished.replace(path)
    return {"files": len(sums), "bytes": path.stat().st_size}


def restore(path: Path, *, is_replacing: bool = False) -> tuple[Findings, Findings]:
    """Put an installation back from its file; return what both verifications find in it.

    :raises BackupRefused: if the file is not whole, or there is something to lose and nobody said
        to replace it. Nothing is changed then.
    """
    _check(path)
    if not is_replacing and not _is_empty():
        raise BackupRefused(
            "The database is not empty. Stop web and worker; --replace loses what is in it."
        )
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, tarfile.open(path) as tar:
        tar.extract(DUMP, folder, filter="data")
        with _aside_schema():
            dump = str(Path(folder) / DUMP)
            options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
            _run("pg_restore", *options, f"--dbname={_name()}", dump)
    for name, folder in ((MEDIA, Path(settings.MEDIA_ROOT)), (HEADS, _heads())):
        _put_back(path, name, folder)
    _keep_secret(path)
    call_command("migrate", verbosity=0, interactive=False)  # the file may be of an older release
    return verify_cases(), verify_journals(_heads())


def secret_differs(path: Path) -> bool:
    """Tell whether this process runs with another key than the installation in the file did."""
    with tarfile.open(path) as tar:
        return _read(tar, SECRET) != settings.SECRET_KEY.encode()


# ---- the file ------------------------------------------------------------------------------


def _files() -> Iterator[tuple[str, Path]]:
    for name, folder in ((MEDIA, Path(settings.MEDIA_ROOT)), (HEADS, _heads())):
        for source in sorted(folder.rglob("*")):
            if source.is_file():
                yield f"{name}/{source.relative_to(folder)}", source


def _heads() -> Path:
    return Path(settings.VAR) / FOLDER


def _add(tar: tarfile.TarFile, name: str, source: Path) -> str:
    """Add a file under `name` and return its sha256."""
    digest = hashlib.sha256()
    with source.open("rb") as file:
        info = tar.gettarinfo(arcname=name, fileobj=file)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        tar.addfile(info, _Hashing(file, digest))
    return digest.hexdigest()


def _add_bytes(tar: tarfile.TarFile, name: str, content: bytes) -> str:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))
    return hashlib.sha256(content).hexdigest()


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes], digest) -> None:
        self.file, self.digest = file, digest

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        return block


def _check(path: Path) -> None:
    """Test that the file is whole: every member as the manifest says, none missing, none added.

    :raises BackupRefused: naming what is wrong.
    """
    found: dict[str, str] = {}
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                content = tar.extractfile(member)
                if content is None:
                    raise BackupRefused(f"{member.name} in {path} is no file")
                digest = hashlib.sha256()
                while block := content.read(_BLOCK):
                    digest.update(block)
                found[member.name] = digest.hexdigest()
            manifest = json.loads(_read(tar, MANIFEST)) if MANIFEST in found else None
    except (OSError, tarfile.TarError, ValueError) as fault:
        raise BackupRefused(f"{path} cannot be read: {fault}") from fault
    if manifest is None or manifest.get("format") != FORMAT:
        raise BackupRefused(f"{path} is cut off or no backup of this program: it has no manifest")
    del found[MANIFEST]
    wrong = sorted(
        name
        for name in found.keys() | manifest["files"].keys()
        if found.get(name) != manifest["files"].get(name)
    )
    if wrong:
        raise BackupRefused(f"{path} is not as it was written: {', '.join(wrong[:5])}")


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    return file.read() if file is not None else b""


def _put_back(path: Path, name: str, folder: Path) -> None:
    """Replace a folder by the one in the file; the old one is there until the new one is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        with tarfile.open(path) as tar:
            members = [member for member in tar if member.name.startswith(f"{name}/")]
            tar.extractall(beside, members, filter="data")
        fresh = Path(beside) / name
        fresh.mkdir(exist_ok=True)
        if folder.exists():
            folder.rename(Path(beside) / "old")
        fresh.rename(folder)


def _keep_secret(path: Path) -> None:
    """Write the key where the next start finds it: it opens the tracking links people hold."""
    with tarfile.open(path) as tar:
        content = _read(tar, SECRET)
    target = Path(settings.VAR) / SECRET
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


# ---- the database --------------------------------------------------------------------------


def _is_empty() -> bool:
    """Tell whether there is nothing to lose: no table, or nobody and no case in them."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for table in tables & {"people_user", "people_unit", "cases_case", "reports_report"}:
            cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
            if cursor.fetchone()[0]:
                return False
    return True


@contextmanager
def _aside_schema() -> Iterator[None]:
    """Give the block an empty schema; the old one comes back if it fails."""
    _execute("ALTER SCHEMA public RENAME TO before_restore", "CREATE SCHEMA public")
    try:
        yield
    except BaseException:
        _execute("DROP SCHEMA public CASCADE", "ALTER SCHEMA before_restore RENAME TO public")
        raise
    _execute("DROP SCHEMA before_restore CASCADE")


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()  # whoever connects next reads the new schema


def _name() -> str:
    return str(connection.get_connection_params()["dbname"])


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on our database; the password goes by the environment.

    :raises BackupRefused: with the program's own words.
    """
    parameters = connection.get_connection_params()
    names = {"dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}
    names["password"] = "PGPASSWORD"
    given = {names[key]: str(parameters[key]) for key in names if parameters.get(key)}
    command = [str(localpg.find_binaries(os.environ) / program), *arguments]
    done = subprocess.run(
        command, env=os.environ | given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()}")
