"""Reading configured numbers and who holds what, for several apps."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from shaodao.kit.versions import Versioned

from .models import Cover, Parameter, Unit, User


def _load() -> dict[str, list[Parameter]]:
    rows = Parameter.objects.order_by("name", "pk")
    return {name: list(of_name) for name, of_name in groupby(rows, key=lambda row: row.name)}


_parameters: Versioned[dict[str, list[Parameter]]] = Versioned("parameters", _load)


def parameter(
    name: str, *, on: date, unit_ids: Sequence[int] = (), subjects: Sequence[str] = ()
) -> str:
    """Return the value of `name` in force: the nearest subject first, then the nearest unit.

    unit_ids : from the root down; subjects : nearest first

    :raises LookupError: if the county has no such number; the seed has every one.
    """

    def rank(row: Parameter) -> tuple[int, int, date]:
        subject = len(subjects) - subjects.index(row.subject) if row.subject else 0
        place = unit_ids.index(row.unit_id) + 1 if row.unit_id else 0
        return (subject, place, row.valid_from)

    fitting = [
        row
        for row in _parameters.get().get(name, ())
        if row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
        and (not row.subject or row.subject in subjects)
        and (row.unit_id is None or row.unit_id in unit_ids)
    ]
    if not fitting:
        raise LookupError(f"no parameter {name}")
    return max(fitting, key=rank).value


def set_in(names: Iterable[str]) -> frozenset[int]:
    """Return the units that have a number of their own under one of these names, at any time."""
    rows = _parameters.get()
    units = (row.unit_id for name in names for row in rows.get(name, ()))
    return frozenset(pk for pk in units if pk is not None)


def number(name: str, *, on: date, unit_ids: Sequence[int] = (), subjects: Sequence[str] = ()):
    """Return a parameter that is a whole number."""
    return int(parameter(name, on=on, unit_ids=unit_ids, subjects=subjects))


def _load_units() -> dict[int, Unit]:
    return {unit.pk: unit for unit in Unit.objects.all()}


_units: Versioned[dict[int, Unit]] = Versioned("units", _load_units)


def units_by_id() -> dict[int, Unit]:
    """Return every unit by id, as of the present version of the tree; do not change them."""
    return _units.get()


def office_hours_of(unit: Unit) -> str:
    """Return the unit's office hours, inherited from the nearest ancestor that states them."""
    units = units_by_id()
    stated = (units[pk].office_hours for pk in reversed(unit.ancestor_ids) if pk in units)
    return next((hours for hours in stated if hours), "")


def at_level(unit: Unit, level: str) -> Unit | None:
    """Return the ancestor of `unit` (or itself) that stands at `level`."""
    units = units_by_id()
    chain = (units[pk] for pk in reversed(unit.ancestor_ids))
    return next((u for u in chain if u.level == level and u.kind == "AREA"), None)


def stand_ins(people: Iterable[int]) -> dict[int, int]:
    """Return who stands in today for those of `people` who are away (ids)."""
    rows = Cover.objects.in_force().filter(absent__among=people).order_by("pk")
    return dict(rows.values_list("absent", "by"))


def names_of_subjects(subjects: Iterable[str]) -> dict[str, str]:
    """Return what people call the users and units that entries of the account journal are about."""
    split = [subject.partition(":") for subject in subjects]
    ids: dict[str, set[int]] = {"user": set(), "unit": set()}
    for kind, _, key in split:
        if kind in ids and key.isdigit():
            ids[kind].add(int(key))
    users = User.objects.filter(pk__in=ids["user"]).values_list("pk", "name")
    units = units_by_id()
    return {
        **{f"user:{pk}": name for pk, name in users},
        **{f"unit:{pk}": units[pk].short_name for pk in ids["unit"] if pk in units},
    }
