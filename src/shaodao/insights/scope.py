"""What a reader looks at: an area of theirs, from a day to a day, one class of matters or all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import QuerySet, Sum
from django.utils import timezone

from shaodao.cases.rules import Rules, rules
from shaodao.people.models import Unit, posts_of
from shaodao.people.policy import Kind
from shaodao.people.queries import units_by_id
from shaodao.reports.models import Category

from .models import DailyTally, TalliedDay
from .policy import Measure, Spread

DAYS = 90  # looked at where nobody says otherwise


@dataclass(frozen=True)
class Scope:
    """A reader's choice; `area` None is all they may see, `until` is the day after the last."""

    user: object
    area: Unit | None
    since: date
    until: date
    picture: str
    at: datetime
    after: str = ""  # the page of a long list (kit.paging)

    def tallies(self, *measures: Measure) -> QuerySet[DailyTally]:
        """Return what was counted of some measures here and then, in no order."""
        rows = DailyTally.objects.visible_to(self.user).between(self.since, self.until)
        rows = rows.filter(measure__in=measures) if measures else rows
        if self.area is not None:
            rows = rows.within(self.area)
        if self.picture:
            rows = rows.filter(category__in=self.classes)
        return rows.order_by()

    def sums(self, *columns: str, of: tuple[Measure, ...]) -> list[tuple]:
        """Return (each of `columns`, n, minutes) summed over what was counted."""
        rows = self.tallies(*of).values_list(*columns)
        return list(rows.annotate(total=Sum("n"), took=Sum("minutes")))

    @cached_property
    def book(self) -> Rules:
        """The rules, read once for a page: each reading asks for their version."""
        return rules()

    @cached_property
    def units(self) -> dict[int, Unit]:
        """Every unit by id, read once for a page."""
        return units_by_id()

    @cached_property
    def classes(self) -> list[str]:
        """The codes of the chosen class and of those below it."""
        return [code for code in self.book.categories if self.picture in self.book.lineage(code)]

    def picture_of(self, code: str) -> Category:
        """Return the class without a parent that a class belongs to."""
        return self.book.categories[self.book.lineage(code)[-1]]

    @cached_property
    def children(self) -> list[Unit]:
        """The areas one tier down that the reader can step into."""
        if self.area is None:
            return tops(self.user)
        areas = (unit for unit in self.units.values() if unit.kind == Kind.AREA)
        return _sorted(unit for unit in areas if unit.parent_id == self.area.pk)

    @cached_property
    def trail(self) -> list[Unit]:
        """The areas the reader may see from the widest down to the present one."""
        if self.area is None:
            return []
        seen = [self.units[pk] for pk in self.area.ancestor_ids]
        return [unit for unit in seen if _may_see(self.user, unit)]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The instants it begins and ends at: an index on a time takes these, not days."""
        start, end = (datetime.combine(day, time()) for day in (self.since, self.until))
        return timezone.make_aware(start), timezone.make_aware(end)

    @property
    def last(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def query(self) -> dict[str, str]:
        """The choice as a page's query string."""
        given = {"since": self.since.isoformat(), "last": self.last.isoformat()}
        given |= {"area": str(self.area.pk)} if self.area else {}
        return given | ({"picture": self.picture} if self.picture else {})

    @property
    def query_string(self) -> str:
        return urlencode(self.query)


def read_scope(user, query: Mapping[str, object], *, at: datetime) -> Scope | None:
    """Return what a reader asked for; None where they asked for an area that is not theirs.

    query : values of forms.ScopeForm, those that make sense
    """
    today = timezone.localdate(at)
    last = min(query.get("last") or today, today)
    since = query.get("since") or last - timedelta(days=DAYS - 1)
    area = None
    if wanted := query.get("area"):
        area = units_by_id().get(wanted)
        if area is None or area.kind != Kind.AREA or not _may_see(user, area):
            return None
    elif len(mine := tops(user)) == 1:
        area = mine[0]
    return Scope(
        user=user,
        area=area,
        since=min(since, last),
        until=last + timedelta(days=1),
        picture=query.get("picture") or "",
        at=at,
        after=query.get("after") or "",
    )


def tops(user) -> list[Unit]:
    """Return the areas of a user's posts, without those that lie in another of them."""
    posted = {post.unit for post in posts_of(user) if post.unit.kind == Kind.AREA}
    return _sorted(
        unit
        for unit in posted
        if not any(unit != other and unit.path.startswith(other.path) for other in posted)
    )


def _may_see(user, unit: Unit) -> bool:
    return any(unit.path.startswith(post.unit.path) for post in posts_of(user))


def _sorted(units) -> list[Unit]:
    return sorted(units, key=lambda unit: unit.code or "")


# ---- classes ---------------------------------------------------------------------------------


def pictures() -> list[Category]:
    """Return the classes without a parent, in the order residents see them."""
    found = [c for c in rules().categories.values() if c.parent_id is None]
    return sorted(found, key=lambda c: (c.rank, c.code))


# ---- reading tallies --------------------------------------------------------------------------


def spreads(rows: list[tuple]) -> dict[object, Spread]:
    """Return, from rows of (key, bucket, n, minutes), how long it took for each key."""
    by_key: dict[object, list[tuple[int, int, int]]] = {}
    for key, bucket, n, minutes in rows:
        by_key.setdefault(key, []).append((bucket, n, minutes))
    return {key: Spread.of(several) for key, several in by_key.items()}


def weeks(scope: Scope) -> list[date]:
    """Return the Mondays of the weeks a scope touches."""
    monday = scope.since - timedelta(days=scope.since.weekday())
    n_weeks = (scope.last - monday).days // 7 + 1
    return [monday + timedelta(days=7 * n) for n in range(n_weeks)]


@dataclass(frozen=True)
class Freshness:
    """As of when the days looked at were counted, and how many of them never were."""

    at: datetime | None
    n_missing: int


def freshness(scope: Scope) -> Freshness:
    """Return how fresh the figures of a scope are."""
    first = TalliedDay.objects.order_by("day").values_list("day", flat=True).first()
    days = TalliedDay.objects.filter(day__gte=scope.since, day__lt=scope.until)
    counted = dict(days.values_list("day", "at"))
    since = max(scope.since, first) if first else scope.since
    n_days = max((scope.until - since).days, 0)
    return Freshness(max(counted.values(), default=None), max(n_days - len(counted), 0))
