"""Asking one question about many things at once, by whoever needs the answer about one of them."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Asked(Generic[K, V]):
    """Answers about keys: those of all keys named so far are asked for when the first is wanted.

    What works on one case and what works on five hundred are then the same lines, and both take
    one statement a question. An answer is not asked for again while this lives.
    """

    def __init__(
        self, ask: Callable[[Collection[K]], Mapping[K, V]], *, none: V, about: Iterable[K] = ()
    ) -> None:
        """Ask by `ask`, about several keys; `none` is the answer about a key it says nothing of."""
        self._ask, self._none = ask, none
        self._waiting: set[K] = set(about)
        self._found: dict[K, V] = {}

    def also(self, keys: Iterable[K]) -> None:
        """Ask about these as well when the next answer is wanted."""
        self._waiting.update(key for key in keys if key not in self._found)

    def __getitem__(self, key: K) -> V:
        if key not in self._found:
            keys, self._waiting = self._waiting | {key}, set()
            found = self._ask(keys)
            for one in keys:
                self._found[one] = found.get(one, self._none)
        return self._found[key]
