"""What a figure is: a question, how it is answered, and the page that answers it."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from shaodao.insights.panels import Page, Stat
from shaodao.insights.policy import Kept, Measure, Spread, share_of
from shaodao.insights.scope import Scope


class Totals:
    """Everything counted in a scope by measure and part, for the overview's one query."""

    def __init__(self, rows: Sequence[tuple[str, str, str, int, int, int]]):
        """Take rows of (measure, part, channel, bucket, n, minutes)."""
        self._n: Counter[tuple[str, str]] = Counter()
        self._by_channel: Counter[tuple[str, str]] = Counter()
        self._spans: dict[str, list[tuple[int, int, int]]] = {}
        for measure, part, channel, bucket, n, minutes in rows:
            self._n[measure, part] += n
            self._by_channel[measure, channel] += n
            self._spans.setdefault(measure, []).append((bucket, n, minutes))

    def n(self, measure: Measure, *parts: str) -> int:
        """Return how many of a measure, of some parts or of all."""
        return sum(n for (m, p), n in self._n.items() if m == measure and (not parts or p in parts))

    def by_part(self, measure: Measure) -> dict[str, int]:
        return {part: n for (m, part), n in self._n.items() if m == measure}

    def by_channel(self, measure: Measure) -> dict[str, int]:
        return {channel: n for (m, channel), n in self._by_channel.items() if m == measure}

    def spread(self, measure: Measure) -> Spread:
        """Return how long the things of a measure took."""
        return Spread.of(self._spans.get(measure, ()))

    def kept_share(self, measure: Measure) -> float | None:
        """Return the share of limits kept: done in time, of those done in time or run out."""
        kept = self.n(measure, Kept.KEPT)
        return share_of(kept, kept + self.n(measure, Kept.MISSED))


class Figure(NamedTuple):
    """A page of figures. `method` says what is divided by what."""

    slug: str
    title: str
    question: str
    method: str
    icon: str
    read: Callable[[Scope], Page]
    headline: Callable[[Totals], list[Stat]]


def desk_url(scope: Scope, **filters: object) -> str:
    """Return the desk's address with these filters, in the scope's area."""
    given = {key: str(value) for key, value in filters.items() if value not in (None, "")}
    if scope.area is not None:
        given.setdefault("unit", str(scope.area.pk))
    return f"{reverse('desk')}?{urlencode(given)}"


def ended_url(scope: Scope, category: str = "", **filters: object) -> str:
    """Return the desk's address of the closed cases of a class."""
    return desk_url(scope, tab="ended", status="CLOSED", category=category, **filters)


def figure_url(scope: Scope, slug: str, **changed: object) -> str:
    """Return the address of a figure in the same scope, but for what changes."""
    given = scope.query | {key: str(value) for key, value in changed.items()}
    return f"{reverse('figure', args=[slug])}?{urlencode(given)}"


def by_child(scope: Scope, by_area: dict[int, int], slug: str) -> list[tuple[str, int, str]]:
    """Return (name, n, address of the same figure there) for each area one tier down."""
    found = []
    for child in scope.children:
        n = sum(n for pk, n in by_area.items() if scope.units[pk].path.startswith(child.path))
        found.append((child.short_name, n, figure_url(scope, slug, area=child.pk)))
    return sorted(found, key=lambda row: -row[1])
