"""Databases for test processes: migrated once per set of migrations, settled once, then cloned.

A clone takes 0.15 s, running every migration takes many seconds and each process would do it. The
small town (tests/town.py) is written into a second template, cloned from the schema's.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from shaodao.kit.versions import Versioned
from tests.town import build

ROOT = Path(__file__).parent.parent
SCHEMA, SETTLED = "shaodao_schema_", "shaodao_settled_"  # templates: empty, and with the town
CLONE = "shaodao_test_"  # and the process id
BUILDING = 7_021_955  # an advisory lock's number: one process at a time builds or clones
# What the settled template is made from, beside the schema.
SOURCES = (
    "tests/town.py",
    "src/shaodao/town/**/*.py",
    "src/shaodao/*/models.py",
    "src/shaodao/*/policy.py",
)


@contextmanager
def cloned_database(*, is_settled: bool = True) -> Iterator[None]:
    """Point Django at a database of its own, with the town or without; drop it afterwards."""
    before = connection.settings_dict["NAME"]
    schema, settled = f"{SCHEMA}{_schema_digest()}", f"{SETTLED}{_settled_digest()}"
    with _admin() as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        _drop_leftovers(admin, keep={schema, settled})
        _build(admin, schema, "template1", _migrate)
        if is_settled:
            _build(admin, settled, schema, build)
        name = _clone(admin, settled if is_settled else schema)
    with _used(name, before):
        yield


@contextmanager
def committed_database() -> Iterator[None]:
    """Point Django at a copy of the present database; what is committed there is dropped with it.

    Tests that need commits use it in place of emptying tables, which the journal refuses.
    """
    before = connection.settings_dict["NAME"]
    connection.close()  # nobody may look at a database that is copied
    with _admin() as admin:
        name = _clone(admin, before)
    with _used(name, before):
        yield


@contextmanager
def _used(name: str, before: str) -> Iterator[None]:
    _use(name)
    try:
        yield
    finally:
        _use(before)
        with _admin() as admin:
            _drop(admin, name)


def _clone(admin: psycopg.Connection, template: str) -> str:
    name = f"{CLONE}{os.getpid()}_{next(_serials)}"
    _create(admin, name, template)
    return name


_serials = count(1)


def _create(admin: psycopg.Connection, name: str, template: str) -> None:
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def _schema_digest() -> str:
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("src/shaodao/*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _settled_digest() -> str:
    digest = hashlib.sha256(_schema_digest().encode())
    for path in sorted(path for pattern in SOURCES for path in ROOT.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _migrate() -> None:
    call_command("migrate", verbosity=0, interactive=False)


def _build(admin: psycopg.Connection, template: str, source: str, fill: Callable[[], None]) -> None:
    """Make a template that is not there yet."""
    if template in _databases(admin):
        return
    unfinished = f"{CLONE}{os.getpid()}_0"
    _create(admin, unfinished, source)
    _use(unfinished)
    fill()
    connection.close()
    admin.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(unfinished), sql.Identifier(template)
        )
    )


def _drop_leftovers(admin: psycopg.Connection, *, keep: set[str]) -> None:
    """Drop the databases of killed test processes and the templates of older sources."""
    for name in _databases(admin):
        process = name.removeprefix(CLONE).split("_")[0]
        dead = name.startswith(CLONE) and not Path("/proc", process).exists()
        if dead or (name.startswith((SCHEMA, SETTLED)) and name not in keep):
            _drop(admin, name)


def _databases(admin: psycopg.Connection) -> list[str]:
    return [name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()]


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    Versioned.forget_all()


def _admin() -> psycopg.Connection:
    """Connect to the server itself; outside any transaction, as CREATE DATABASE demands.

    Without the site's time-outs: another process may be building the template for a while.
    """
    own = {"dbname": "postgres", "options": ""}
    return psycopg.connect(**{**connection.get_connection_params(), **own}, autocommit=True)
