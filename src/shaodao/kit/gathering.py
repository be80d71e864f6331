"""What many threads ask for at the same moment, done together by one of them.

While one batch waits for the disk, those who come next wait together and become the next batch: the
busier it is, the more share one transaction. Whoever is alone waits for nobody.
"""

from collections.abc import Callable, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Asked(Generic[T, R]):
    """One item, and what becomes of it."""

    def __init__(self, item: T):
        self.item = item
        self.result: R | None = None
        self.error: Exception | None = None
        self.is_done = False
        self.woken = Event()  # because it is done, or to lead the next batch


class Gathering(Generic[T, R]):
    """Does items in batches, one batch at a time, in the thread of one of those who asked."""

    def __init__(self, do_all: Callable[[Sequence[T]], Sequence[R | Exception]], *, most: int):
        """Take what does a batch; it answers each item by a result or an error, in order.

        most : items of one batch
        """
        self._do_all, self._most = do_all, most
        self._lock = Lock()
        self._waiting: list[_Asked[T, R]] = []
        self._is_busy = False

    def ask(self, item: T) -> R:
        """Return the result of `item`, or raise its error."""
        mine: _Asked[T, R] = _Asked(item)
        with self._lock:
            self._waiting.append(mine)
            is_first, self._is_busy = not self._is_busy, True
        if not is_first:
            mine.woken.wait()
        if not mine.is_done:
            self._lead()
        if mine.error is not None:
            raise mine.error
        return mine.result

    def _lead(self) -> None:
        """Do what waits, then wake whom it was done for, and whoever leads the next batch."""
        with self._lock:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        results = self._results([asked.item for asked in batch])
        for asked, result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                asked.error = result
            else:
                asked.result = result
        with self._lock:
            leader = self._waiting[0] if self._waiting else None
            self._is_busy = leader is not None
        for asked in batch:
            asked.is_done = True
            asked.woken.set()
        if leader is not None:
            leader.woken.set()

    def _results(self, items: list[T]) -> Sequence[R | Exception]:
        """Do a batch; where it fails as a whole, each of its items alone: one spoils no other."""
        try:
            return self._do_all(items)
        except Exception as error:
            return [error] if len(items) == 1 else [self._results([item])[0] for item in items]
