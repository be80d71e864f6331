"""Caches in a process that know when they are stale: each is keyed by a row every writer bumps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, local
from typing import ClassVar, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections

T = TypeVar("T")

# What this thread has read for the page it makes (`one_look`); None outside pages, and before.
_page = local()


class Versioned(Generic[T]):
    """A value built from the database and rebuilt when the version row `name` says so."""

    _all: ClassVar[list["Versioned"]] = []

    def __init__(self, name: str, build: Callable[[], T]):
        self._all.append(self)
        self._name, self._build = name, build
        self._seen: int | None = None
        self._value: T | None = None
        self._lock = Lock()

    def get(self) -> T:
        """Return the value as of the present version; costs one small query."""
        number = number_of(self._name)
        with self._lock:
            if self._seen != number or self._value is None:
                self._value, self._seen = self._build(), number
            return self._value

    def forget(self) -> None:
        """Drop the value (a test that rolled the version row back)."""
        with self._lock:
            self._seen = self._value = None

    @classmethod
    def forget_all(cls) -> None:
        """Drop every value of this process: it looks at another database now."""
        for versioned in cls._all:
            versioned.forget()


def number_of(name: str) -> int:
    """Return the present version number of `name`; 0 where nothing was ever written.

    All numbers are read at once, and once only within `one_look` or else in a transaction: what
    belongs together works with one set of rules.
    """
    seen = getattr(_page, "numbers", None)
    if seen is not None:
        return seen.get(name, 0)
    # Which transaction it is: Django starts a new list with each. The block itself will not do, as
    # a function under `transaction.atomic` is the same block every time it is called.
    here = connections[DEFAULT_DB_ALIAS]  # what `connection` stands for: asked for once
    present = here.run_on_commit if here.in_atomic_block else None
    kept = getattr(here, "_version_numbers", None)
    if present is not None and kept is not None and kept[0] is present:
        return kept[1].get(name, 0)
    with connection.cursor() as cursor:  # each page asks: composing a query would take longer
        cursor.execute("SELECT name, number FROM people_version")
        numbers = dict(cursor.fetchall())
    here._version_numbers = (present, numbers) if present is not None else None
    if getattr(_page, "is_looking_once", False):
        _page.numbers = numbers
    return numbers.get(name, 0)


@contextmanager
def one_look() -> Iterator[None]:
    """Read the version numbers at most once while this lasts: a page, its transactions included."""
    _page.is_looking_once, _page.numbers = True, None
    try:
        yield
    finally:
        _page.is_looking_once, _page.numbers = False, None


def bump(name: str) -> None:
    """Raise the version number of `name` in the present transaction."""
    connection._version_numbers = _page.numbers = None
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_version (name, number) VALUES (%s, 1)"
            " ON CONFLICT (name) DO UPDATE SET number = people_version.number + 1",
            [name],
        )
