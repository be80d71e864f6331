"""Caches in a process that know when they are stale: each is keyed by a row every writer bumps."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from django.apps import apps
from django.db import connection

T = TypeVar("T")


class Versioned(Generic[T]):
    """A value built from the database and rebuilt when the version row `name` says so."""

    def __init__(self, name: str, build: Callable[[], T]):
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


def number_of(name: str) -> int:
    """Return the present version number of `name`; 0 where nothing was ever written."""
    Version = apps.get_model("people", "Version")
    return Version.objects.filter(name=name).values_list("number", flat=True).first() or 0


def bump(name: str) -> None:
    """Raise the version number of `name` in the present transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_version (name, number) VALUES (%s, 1)"
            " ON CONFLICT (name) DO UPDATE SET number = people_version.number + 1",
            [name],
        )
