"""Writing many rows of one table at once, with PostgreSQL's COPY."""

from collections.abc import Sequence

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from psycopg import sql
from psycopg.types.json import Jsonb

from shaodao.cores.words import terms


def reserve(model: type[models.Model], n: int) -> list[int]:
    """Take `n` ids of a table from its sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, n],
        )
        return [pk for (pk,) in cursor.fetchall()]


def copy(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Write rows of one table; those without an id get one. A search vector is given as text."""
    unnumbered = [row for row in rows if row.pk is None]
    for row, pk in zip(
        unnumbered, reserve(model, len(unnumbered)) if unnumbered else (), strict=True
    ):
        row.pk = pk
    fields = model._meta.concrete_fields
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join(sql.Identifier(field.column) for field in fields),
    )
    readers = [(field.attname, _WRAPPED.get(type(field))) for field in fields]
    with connection.cursor() as cursor, cursor.copy(statement) as sink:
        for row in rows:
            values = row.__dict__
            sink.write_row([wrap(values[name]) if wrap else values[name] for name, wrap in readers])


def _lexemes(text: str | None) -> str | None:
    """Write the terms of a text as a tsvector is written."""
    if text is None:
        return None
    doubled = (term.replace("\\", "\\\\").replace("'", "''") for term in terms(text))
    return " ".join(f"'{term}'" for term in doubled)


_WRAPPED = {models.JSONField: Jsonb, SearchVectorField: _lexemes}
