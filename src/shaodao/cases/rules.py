"""The configured rules of case handling as one object: limits, routes, categories, calendars.

The rows live in the database and change seldom, so a process keeps them and looks at their version.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property, lru_cache

from shaodao.cores.wording import N_
from shaodao.cores.worktime import DEFAULT_HOURS, OfficeHours, TimeUnit, WorkCalendar, china
from shaodao.kit.versions import Versioned
from shaodao.people.models import Unit
from shaodao.people.queries import office_hours_of
from shaodao.reports.models import Category

from . import policy
from .models import DutyItem, Limit, Route, Sector


@dataclass(frozen=True)
class Rules:
    """What the county has set, as of one version."""

    limits: tuple[policy.LimitRow, ...]
    routes: tuple[policy.RouteRow, ...]
    categories: dict[str, Category]
    duties: tuple[policy.ListedDuty, ...] = ()
    sectors: tuple[policy.SectorRow, ...] = ()

    @cached_property
    def offered(self) -> tuple[Category, ...]:
        """The categories a report may have."""
        return tuple(c for c in self.categories.values() if c.is_offered)

    @cached_property
    def _limits_of(self) -> dict[str, list[policy.LimitRow]]:
        """The limits of each step."""
        found: dict[str, list[policy.LimitRow]] = {}
        for row in self.limits:
            found.setdefault(row.step, []).append(row)
        return found

    @cached_property
    def pictures(self) -> tuple[Category, ...]:
        """The eight classes of matters that residents see as pictures, in order."""
        found = (c for c in self.offered if c.parent_id is None)
        return tuple(sorted(found, key=lambda c: (c.rank, c.code)))

    def lineage(self, code: str) -> tuple[str, ...]:
        """Return the category's code and its ancestors', nearest first."""
        chain = []
        while code:
            chain.append(code)
            code = self.categories[code].parent_id
        return tuple(chain)

    def limit(
        self,
        step: str,
        *,
        category: str,
        unit: Unit,
        is_hazard: bool,
        on: date,
        level: str = "",
    ) -> policy.LimitRow:
        """Return the limit of a step, in force on a day.

        :raises policy.MoveRefused: if the county has set none.
        """
        places = tuple(pk for pk in unit.ancestor_ids if pk in self._places)
        row = self._pick(step, self.lineage(category), places, is_hazard, on, level)
        if row is None:
            raise policy.MoveRefused(
                N_("还没有设定{step}时限"), step=policy.STEP_LABELS[policy.Step(step)]
            )
        return row

    @cached_property
    def _places(self) -> frozenset[int]:
        """The units that have limits of their own."""
        return frozenset(row.unit_id for row in self.limits if row.unit_id is not None)

    @cached_property
    def _pick(self) -> Callable[..., policy.LimitRow | None]:
        """The choice among limits, each made once."""

        @lru_cache(maxsize=4096)
        def pick(
            step: str,
            categories: tuple[str, ...],
            unit_ids: tuple[int, ...],
            is_hazard: bool,  # noqa: FBT001
            on: date,
            level: str,
        ) -> policy.LimitRow | None:
            return policy.pick_limit(
                self.limits,
                step=step,
                categories=categories,
                unit_ids=unit_ids,
                is_hazard=is_hazard,
                on=on,
                level=level,
            )

        return pick


def _load() -> Rules:
    return Rules(
        limits=tuple(
            policy.LimitRow(
                row.pk,
                row.step,
                row.category_id,
                row.unit_id,
                row.is_hazard,
                row.amount,
                row.time_unit,
                row.valid_from,
                row.valid_to,
                row.level,
            )
            for row in Limit.objects.all()
        ),
        routes=tuple(
            policy.RouteRow(
                row.pk,
                row.category_id,
                row.unit_id,
                row.target,
                row.to_id,
                row.is_direct,
                row.rank,
                row.valid_from,
                row.valid_to,
            )
            for row in Route.objects.all()
        ),
        categories={c.code: c for c in Category.objects.select_related("parent")},
        duties=tuple(
            policy.ListedDuty(
                row.pk, row.unit_id, row.category_id or "", row.valid_from, row.valid_to
            )
            for row in DutyItem.objects.filter(category__isnull=False)
        ),
        sectors=tuple(
            policy.SectorRow(
                row.pk,
                row.code,
                row.name,
                row.unit_id,
                row.office_id,
                tuple(row.categories),
                row.valid_from,
                row.valid_to,
            )
            for row in Sector.objects.all()
        ),
    )


_rules: Versioned[Rules] = Versioned("rules", _load)


def rules() -> Rules:
    """Return the rules as of their present version."""
    return _rules.get()


@lru_cache(maxsize=256)
def calendar_from(hours: str) -> WorkCalendar:
    """Return the working calendar of an office that states `hours` ('' = the default)."""
    return china(parse_hours(hours) if hours else DEFAULT_HOURS)


def parse_hours(text: str) -> OfficeHours:
    """Read '08:30-12:00,14:00-17:30'.

    :raises ValueError: if it does not read so, or the periods are out of order.
    """
    periods = (part.split("-") for part in text.split(","))
    return OfficeHours(tuple((_time(start), _time(end)) for start, end in periods))


def _time(text: str) -> time:
    return datetime.strptime(text.strip(), "%H:%M").time()


def calendar_of(unit: Unit) -> WorkCalendar:
    """Return the working calendar of `unit`."""
    return calendar_from(office_hours_of(unit))


def time_unit(row: policy.LimitRow) -> TimeUnit:
    return TimeUnit(row.time_unit)


def names_of(codes: Sequence[str]) -> list[str]:
    """Return the names of categories by code."""
    return [rules().categories[code].name for code in codes]


def sector_names() -> dict[str, str]:
    """Return what each line of work is called, by code; the row that began last counts."""
    return {row.code: row.name for row in sorted(rules().sectors, key=lambda row: row.valid_from)}
