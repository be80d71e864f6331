"""Databases for test processes: the schema is migrated once per set of migrations, then cloned.

A clone takes 0.15 s, running every migration takes many seconds and each process would do it.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).parent.parent
SCHEMA = "shaodao_schema_"
CLONE = "shaodao_test_"  # and the process id
BUILDING = 7_021_955  # an advisory lock's number: one process at a time builds or clones


@contextmanager
def cloned_database() -> Iterator[None]:
    """Point Django at a database of this process; drop it afterwards."""
    template, name = f"{SCHEMA}{_schema_digest()}", f"{CLONE}{os.getpid()}"
    with _admin() as admin:
        admin.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        _drop_leftovers(admin, keep=template)
        if template not in _databases(admin):
            _build(admin, template)
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    _use(name)
    try:
        yield
    finally:
        connection.close()
        with _admin() as admin:
            _drop(admin, name)


def _schema_digest() -> str:
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("src/shaodao/*/migrations/*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _build(admin: psycopg.Connection, template: str) -> None:
    unfinished = f"{CLONE}{os.getpid()}"
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
    _use(unfinished)
    call_command("migrate", verbosity=0, interactive=False)
    connection.close()
    admin.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
            sql.Identifier(unfinished), sql.Identifier(template)
        )
    )


def _drop_leftovers(admin: psycopg.Connection, *, keep: str) -> None:
    """Drop the databases of killed test processes and the templates of older schemas."""
    for name in _databases(admin):
        dead = name.startswith(CLONE) and not Path("/proc", name.removeprefix(CLONE)).exists()
        if dead or (name.startswith(SCHEMA) and name != keep):
            _drop(admin, name)


def _databases(admin: psycopg.Connection) -> list[str]:
    return [name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()]


def _drop(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _admin() -> psycopg.Connection:
    """Connect to the server itself; outside any transaction, as CREATE DATABASE demands."""
    return psycopg.connect(
        **{**connection.get_connection_params(), "dbname": "postgres"}, autocommit=True
    )
