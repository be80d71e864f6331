"""Keyset pagination: a page begins after a row, not at a number, and stays put while rows come in.

A token names the row at the edge of a page and the direction to read in. It is plain, not signed:
it can only narrow a queryset that is already limited to what the reader may see.
"""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Field, Model, Q, QuerySet
from django.utils import timezone

AFTER, BEFORE = "a", "b"
_TOO_LONG = 600  # characters; no honest token comes near


class _BadToken(Exception):
    pass


@dataclass(frozen=True)
class Page:
    """Some rows and the tokens of the pages beside them; an empty token means there is none."""

    rows: list[Any]
    next: str
    previous: str

    def __iter__(self):
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class _Key:
    """A field to sort by. Nulls come last going up and first going down, as in PostgreSQL."""

    name: str
    field: Field
    is_down: bool
    has_nulls: bool

    def reversed(self) -> "_Key":
        return replace(self, is_down=not self.is_down)

    def ordering(self) -> Any:
        return F(self.name).desc() if self.is_down else F(self.name).asc()

    def beyond(self, value: Any) -> Q | None:
        """The rows that come after `value`; None where nothing can."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.is_down else None
        if self.is_down:
            return Q(**{f"{self.name}__lt": value})
        above = Q(**{f"{self.name}__gt": value})
        return above | Q(**{f"{self.name}__isnull": True}) if self.has_nulls else above

    def same(self, value: Any) -> Q:
        if value is None:
            return Q(**{f"{self.name}__isnull": True})
        return Q(**{self.name: value})

    def not_before(self, value: Any) -> Q | None:
        """A bound every row of the page keeps, which lets the index skip what lies before."""
        if value is None or (self.has_nulls and not self.is_down):
            return None
        return Q(**{f"{self.name}__{'lte' if self.is_down else 'gte'}": value})


def _field(model: type[Model], name: str) -> Field:
    if name == "pk":
        return model._meta.pk
    return model._meta.get_field(name)


def _value(row: Model, name: str) -> Any:
    return row.pk if name == "pk" else getattr(row, _field(type(row), name).attname)


def _encode(direction: str, values: Sequence[Any]) -> str:
    text = json.dumps([direction, *values], cls=_Exact, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


class _Exact(DjangoJSONEncoder):
    """Django's encoder cuts microseconds off, which would repeat or lose rows."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def _decode(token: str, keys: Sequence[_Key]) -> tuple[str, list[Any]]:
    if len(token) > _TOO_LONG:
        raise _BadToken
    try:
        raw = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _BadToken from error
    if not isinstance(raw, list) or len(raw) != len(keys) + 1 or raw[0] not in (AFTER, BEFORE):
        raise _BadToken
    return raw[0], [_checked(key, value) for key, value in zip(keys, raw[1:], strict=True)]


def _checked(key: _Key, value: Any) -> Any:
    if value is None and key.field.null:
        return None
    if value is None or isinstance(value, bool | list | dict) or "\x00" in str(value):
        raise _BadToken
    try:
        str(value).encode()
        value = key.field.to_python(value)
        key.field.run_validators(value)
    except (ValidationError, ValueError, TypeError, OverflowError) as error:
        raise _BadToken from error
    if isinstance(value, datetime) and timezone.is_naive(value):
        raise _BadToken
    return value


def _beyond(keys: Sequence[_Key], values: Sequence[Any]) -> Q:
    """The rows strictly after the row with `values`: (a > x) or (a = x and b > y) or …"""
    found = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        if (after := key.beyond(value)) is not None:
            found |= same & after
        same &= key.same(value)
    bound = keys[0].not_before(values[0])
    return found & bound if bound is not None else found


def keyset(
    queryset: QuerySet,
    *,
    order: Sequence[tuple[str, str]] = (("pk", "asc"),),
    after: str | None = None,
    size: int = 50,
    has_nulls: bool = True,
) -> Page:
    """Return the page of `queryset` that the token `after` names; the first page for a bad token.

    `order` names columns of the model itself; "pk" is added where it is missing. `has_nulls=False`
    says that no row of `queryset` lacks a value to sort by, though its column would allow it: an
    index then leads straight to the page, however far it is.
    """
    if "pk" not in [name for name, _direction in order]:
        order = (*order, ("pk", order[-1][1] if order else "asc"))
    keys = [
        _Key(name, field, direction == "desc", has_nulls and field.null)
        for name, direction in order
        for field in [_field(queryset.model, name)]
    ]
    try:
        direction, values = _decode(after, keys) if after else (AFTER, [])
    except _BadToken:
        direction, values = AFTER, []

    read = keys if direction == AFTER else [key.reversed() for key in keys]
    found = queryset.filter(_beyond(read, values)) if values else queryset
    rows = list(found.order_by(*(key.ordering() for key in read))[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if direction == BEFORE:
        if not has_more:  # the beginning is reached: show a full first page
            return keyset(queryset, order=order, size=size, has_nulls=has_nulls)
        rows.reverse()

    def edge(way: str, row: Model) -> str:
        return _encode(way, [_value(row, key.name) for key in keys])

    if not rows:
        return Page(rows=[], next="", previous=_encode(BEFORE, values) if values else "")
    return Page(
        rows=rows,
        next=edge(AFTER, rows[-1]) if has_more or direction == BEFORE else "",
        previous=edge(BEFORE, rows[0]) if values else "",
    )
