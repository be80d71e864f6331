"""Why a case goes where it goes: every row of the routing table with what it said to this case."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from shaodao.people.models import Unit, User
from shaodao.people.queries import units_by_id
from shaodao.places.models import Asset, Grid, Household
from shaodao.reports.models import Category

from . import policy
from .models import Case
from .queries import routing_of
from .rules import rules


@dataclass(frozen=True)
class Why:
    """One row of the routing table and what became of it."""

    category: str  # '' = any
    place: str  # '' = everywhere
    target: str
    to: str
    is_direct: bool
    counted: bool
    sentence: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Goes:
    """A unit, or a person in it, a case may be sent to."""

    unit: Unit
    person: str
    is_direct: bool


@dataclass(frozen=True)
class Reasons:
    """Where a case goes, in order, and what every row said."""

    goes: list[Goes]
    counted: list[Why]
    skipped: list[Why]  # fit, but nothing stands there
    misfit: list[Why]


def assets_of(user) -> QuerySet[Asset]:
    """Return the assets in grids under `user`'s posts."""
    return Asset.objects.filter(grid__in=Grid.objects.visible_to(user)).select_related("grid")


def supposed(category: Category, area: Unit, household: Household | None) -> Case:
    """Return a case that is not written: what a dry run asks about."""
    return Case(category=category, area=area, household=household)


def reasons(case: Case, *, at: datetime, asset: Asset | None = None) -> Reasons:
    """Return where `case` goes as of an instant, and why."""
    routing = routing_of(case, at=at, asset=asset)
    rows = {row.pk: row for row in rules().routes}
    said = [_why(rows[pk], text, counted=counted) for pk, text, counted in routing.explanation]
    fits = [
        _fits(rows[pk], case, timezone.localdate(at)) for pk, _text, _counted in routing.explanation
    ]
    names = _names(routing)
    units = units_by_id()
    return Reasons(
        goes=[
            Goes(units[c.unit_id], names.get(c.person_id, ""), c.is_direct)
            for c in routing.candidates
            if c.unit_id in units
        ],
        counted=[one for one in said if one.counted],
        skipped=[one for one, fit in zip(said, fits, strict=True) if not one.counted and fit],
        misfit=[one for one, fit in zip(said, fits, strict=True) if not one.counted and not fit],
    )


def _fits(row: policy.RouteRow, case: Case, on: date) -> bool:
    """Tell whether a row is for such a case, whatever stands where it points."""
    book = rules()
    return (
        (row.category is None or row.category in book.lineage(case.category_id))
        and (row.unit_id is None or row.unit_id in case.area.ancestor_ids)
        and row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
    )


def _names(routing: policy.Routing) -> dict[int | None, str]:
    people = {c.person_id for c in routing.candidates if c.person_id}
    return dict(User.objects.filter(pk__in=people).values_list("pk", "name"))


def _why(row: policy.RouteRow, sentence: str, *, counted: bool) -> Why:
    units, categories = units_by_id(), rules().categories
    return Why(
        category=categories[row.category].name if row.category else "",
        place=units[row.unit_id].short_name if row.unit_id in units else "",
        target=row.target,
        to=units[row.to_id].short_name if row.to_id in units else "",
        is_direct=row.is_direct,
        counted=counted,
        sentence=sentence,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
