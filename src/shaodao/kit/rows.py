"""Writing new rows of several tables at once, where many people wait for few processors."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows of any tables in one statement, whose text depends on the tables only.

    The rows of a table go as one JSON text: composing a place for every value takes the processor
    several times as long, here and in the database. A row that another names has its id already.
    A search vector is given as its terms. Constraints hold as ever; nothing is read back, so a row
    without an id stays without.
    """
    parts, values = [], []
    ordered = sorted(rows, key=lambda row: (row._meta.db_table, row.pk is not None))
    for (model, has_id), of_one in groupby(ordered, key=lambda r: (type(r), r.pk is not None)):
        statement, columns, read = _written(model, has_id)
        parts.append(statement)
        values.append(_as_json(dict(zip(columns, read(row), strict=True)) for row in of_one))
    *before, last = parts
    named = ", ".join(f"w{n} AS ({part})" for n, part in enumerate(before))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last}" if named else last, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def next_ids(model: type[models.Model], n: int) -> list[int]:
    """Return ids for `n` new rows of a table, that its sequence gives out to nobody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, n],
        )
        return [pk for (pk,) in cursor.fetchall()]


@lru_cache
def _written(
    model: type[models.Model],
    has_id: bool,  # noqa: FBT001
) -> tuple[str, list[str], Callable[[models.Model], tuple[object, ...]]]:
    """Return how a table's rows are inserted: statement, columns, and what reads a row's values."""
    fields = [f for f in model._meta.concrete_fields if has_id or not f.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    types = ", ".join(f'"{field.column}" {_type_of(field)}' for field in fields)
    chosen = ", ".join(
        f'array_to_tsvector("{f.column}")' if isinstance(f, SearchVectorField) else f'"{f.column}"'
        for f in fields
    )
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({columns})'
        f" SELECT {chosen} FROM json_to_recordset(%s::json) AS row({types})"
    )
    return statement, [f.column for f in fields], attrgetter(*(f.attname for f in fields))


def _type_of(field: models.Field) -> str:
    """Return the type a field's values are read as; identities and serials are plain numbers."""
    if isinstance(field, SearchVectorField):
        return "text[]"
    return field.rel_db_type(connection) if field.primary_key else field.db_type(connection)


def _as_json(rows: Iterable[dict[str, object]]) -> str:
    return json.dumps(list(rows), ensure_ascii=False, default=_plain, separators=(",", ":"))


def _plain(value: object) -> object:
    """Return what JSON has no form for as PostgreSQL reads it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return f"{value.days} days {value.seconds + value.microseconds / 1e6:f} seconds"
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    raise TypeError(f"a value of {type(value)} in a row")
