"""Writing new rows of several tables at once, where many people wait for few processors."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from psycopg.types.json import Jsonb


def insert(rows: Sequence[models.Model]) -> None:
    """Insert new rows in one statement; those of one table stand together.

    A row that another names has its id already. A search vector is given as its terms. Constraints
    hold as ever; nothing is read back, so a row without an id stays without.
    """
    parts, values = [], []
    for (model, has_id), of_one in groupby(rows, key=lambda row: (type(row), row.pk is not None)):
        group = list(of_one)
        statement, place, names = _written(model, has_id)
        parts.append(statement + ", ".join([place] * len(group)))
        values += [_value(row, name, is_json) for row in group for name, is_json in names]
    *before, last = parts
    named = ", ".join(f"w{n} AS ({part})" for n, part in enumerate(before))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} {last}" if named else last, values)
    _mark_written(rows)


@lru_cache
def _written(model: type[models.Model], has_id: bool) -> tuple[str, str, list[tuple[str, bool]]]:  # noqa: FBT001
    """Return how rows of a table are inserted: statement, places for a row, attributes in order."""
    fields = [f for f in model._meta.concrete_fields if has_id or not f.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(
        "array_to_tsvector(%s)" if isinstance(field, SearchVectorField) else "%s"
        for field in fields
    )
    names = [(field.attname, isinstance(field, models.JSONField)) for field in fields]
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ', f"({places})", names


def _value(row: models.Model, name: str, is_json: bool) -> object:  # noqa: FBT001
    value = getattr(row, name)
    return Jsonb(value) if is_json and value is not None else value


def _mark_written(rows: Iterable[models.Model]) -> None:
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
