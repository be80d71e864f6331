"""What is counted each day, in which spans of time, and how shares are made of it: no database."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil


class Measure(StrEnum):
    """What a row of the daily tally counts; what `part` says is in brackets."""

    REPORTED = "REPORTED"  # reports, joined ones included
    OPENED = "OPENED"  # cases begun
    CLOSED = "CLOSED"  # cases closed, with the time from report to closing (who solved it)
    SMALL = "SMALL"  # of these the small matters (tier of the unit that solved it)
    FIRST = "FIRST"  # of these, whether the first one it was sent to solved it (YES, NO)
    COMPLAINTS = "COMPLAINTS"  # reports behind the cases closed
    ACCEPT = "ACCEPT"  # orders taken, with the time it took (KEPT, LATE, MISSED)
    ARRIVE = "ARRIVE"  # arrivals on site, with the time it took (KEPT, LATE, MISSED)
    RATED = "RATED"  # ratings by residents (score 1 to 5)
    RESOLVED = "RESOLVED"  # whether residents say it is solved (YES, NO)
    BENEFIT = "BENEFIT"  # households helped by the outcomes of the cases closed
    SUPERVISED = "SUPERVISED"  # supervisions issued (kind)
    FAMILY = "FAMILY"  # cases that a second channel reached (the channels)


class Kept(StrEnum):
    """How a limit was kept.

    KEPT and LATE count on the day it was done, MISSED on the day it was due: a breach is a fact
    from then on, whether or not anybody came later.
    """

    KEPT = "KEPT"
    LATE = "LATE"
    MISSED = "MISSED"


class Resolved(StrEnum):
    YES = "YES"
    NO = "NO"


# The entries of a case's journal that a day is counted from.
SUPERVISIONS = {"urge": "URGE", "yellow_card": "YELLOW", "red_card": "RED"}
COUNTED = ("receive", "join", "close", "reopen", "accept", "arrive", "rate", *SUPERVISIONS)
# What of a case's past a closing is judged by.
PAST = ("receive", "join", "dispatch", "transfer", "handle", "close", "reopen")

_H, _D = 60, 24 * 60
# Where one span of time ends and the next begins, in minutes; a time equal to an edge is above it.
EDGES: tuple[int, ...] = (
    *(5, 10, 15, 20, 30, 45, _H, 90, 2 * _H, 3 * _H, 4 * _H, 6 * _H, 8 * _H, 12 * _H, 18 * _H),
    *(_D, 36 * _H, 2 * _D, 60 * _H, 3 * _D, 4 * _D, 5 * _D, 6 * _D, 7 * _D, 8 * _D, 10 * _D),
    *(12 * _D, 15 * _D, 18 * _D, 21 * _D, 25 * _D, 30 * _D, 40 * _D, 50 * _D, 60 * _D, 90 * _D),
    *(120 * _D, 180 * _D, 365 * _D),
)
# Coarser spans for pictures: each edge is one of EDGES.
SHORT: tuple[int, ...] = (15, 30, _H, 2 * _H, 4 * _H, 8 * _H, _D, 2 * _D)
LONG: tuple[int, ...] = (4 * _H, _D, 2 * _D, 3 * _D, 5 * _D, 7 * _D, 10 * _D, 15 * _D, 30 * _D)


def bucket_of(minutes: float) -> int:
    """Return which span between EDGES a time falls in, from 0."""
    return bisect_right(EDGES, minutes)


@dataclass(frozen=True)
class Spread:
    """How long a number of things took: for each bucket how many, and their minutes together."""

    counts: Mapping[int, int]
    minutes: Mapping[int, int]

    @classmethod
    def of(cls, rows: Iterable[tuple[int, int, int]]) -> "Spread":
        """Return the spread of rows of (bucket, how many, minutes together)."""
        counts: dict[int, int] = {}
        minutes: dict[int, int] = {}
        for bucket, n, total in rows:
            counts[bucket] = counts.get(bucket, 0) + n
            minutes[bucket] = minutes.get(bucket, 0) + total
        left = [bucket for bucket in sorted(counts) if counts[bucket] > 0]
        return cls({b: counts[b] for b in left}, {b: minutes[b] for b in left})

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    def mean(self) -> float | None:
        """Return the mean in minutes, None of nothing."""
        return sum(self.minutes.values()) / self.n if self.n else None

    def quantile(self, q: float) -> float | None:
        """Return the time that a share `q` of the things did not exceed, None of nothing.

        It is the mean of the bucket the rank ceil(q·n) falls in: exact where the bucket holds one
        thing, else off by less than the bucket is wide.
        """
        rank, passed = max(1, ceil(q * self.n)), 0
        for bucket, count in self.counts.items():
            passed += count
            if passed >= rank:
                return self.minutes[bucket] / count
        return None

    def shown_in(self, edges: tuple[int, ...]) -> list[int]:
        """Return how many things fall between coarser edges, the open ends included."""
        bins = [0] * (len(edges) + 1)
        for bucket, count in self.counts.items():
            low = EDGES[bucket - 1] if bucket else 0
            bins[bisect_right(edges, low)] += count
        return bins


def share_of(part: int, whole: int) -> float | None:
    """Return a share in [0, 1]; None where there is nothing to share, which is not zero."""
    return min(max(part, 0) / whole, 1.0) if whole > 0 else None
