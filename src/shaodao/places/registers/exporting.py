"""Registers out as workbooks, in the columns they came by: brought in again, nothing changes."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import xlsxwriter
from django.db.models import Q

from shaodao.people.models import Post, Unit, User, posts_of
from shaodao.people.policy import KIND_LABELS, ROLE_LABELS, Kind, Level, Role
from shaodao.places.models import Building, BuildingChief, Compound, Household, Need
from shaodao.places.policy import MAY, NEED_LABELS

from .columns import Register

Cells = Sequence[object]
CHUNK = 20_000


def tops_of(user: User, register: Register) -> list[Unit]:
    """Return the units a user keeps a register of."""
    roles = MAY[register.may][1]
    return [post.unit for post in posts_of(user) if post.role in roles]


def rows_of(register: Register, user: User) -> Iterator[Cells]:
    """Yield the rows of a register under the units a user keeps it of, in its columns' order."""
    tops = tops_of(user, register)
    return _ROWS[register.code](Unit.objects.under(tops), user)


def template_rows(register: Register) -> list[Cells]:
    """Return the row that shows how a register is filled in."""
    return [register.example]


def write_workbook(
    path: Path, register: Register, rows: Iterable[Cells], *, notes: Sequence[str] | None = None
) -> int:
    """Write rows under the register's headings into a workbook and return how many there were.

    notes : what is said of each column, in the reader's language, on a sheet of its own
    """
    book = xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet(register.label)
    bold = book.add_format({"bold": True, "bottom": 1})
    plain = book.add_format({"num_format": "@"})  # codes and phones stay as they are typed
    for index, column in enumerate(register.columns):
        sheet.set_column(index, index, column.width, plain)
    sheet.write_row(0, 0, [column.label for column in register.columns], bold)
    sheet.freeze_panes(1, 0)
    n = 0
    for row in rows:
        n += 1
        for index, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(n, index, value, plain)
            elif value is not None:
                sheet.write_number(n, index, value)
    if notes:
        page = book.add_worksheet("填表说明")
        page.set_column(0, 0, 16)
        page.set_column(1, 1, 70)
        for index, (column, note) in enumerate(zip(register.columns, notes, strict=True)):
            page.write_row(index, 0, [column.label, note])
    book.close()
    return n


def write_csv(path: Path, register: Register, rows: Iterable[Cells]) -> int:
    """Write rows under the register's headings as CSV that Excel opens; return how many."""
    n = 0
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        sink = csv.writer(file)
        sink.writerow([column.label for column in register.columns])
        for row in rows:
            n += 1
            sink.writerow([_safe(value) for value in row])
    return n


def _safe(value: object) -> object:
    """Keep a text from being taken for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "@", "+"):
        return f" {value}"
    return "" if value is None else value


# ---- the registers -------------------------------------------------------------------------------


def _divisions(units, user: User) -> Iterator[Cells]:
    rows = units.in_force().filter(kind=Kind.AREA, level__in=[Level.TOWNSHIP, Level.COMMUNITY])
    for unit in rows.select_related("parent").order_by("code"):
        yield unit.code, unit.name, unit.parent.short_name if unit.parent else "", unit.phone


def _grids(units, user: User) -> Iterator[Cells]:
    rows = units.in_force().filter(kind=Kind.AREA, level=Level.GRID)
    for unit in rows.select_related("parent__parent").order_by("code"):
        community = unit.parent
        yield unit.code, unit.short_name, community.short_name, _above(community), unit.phone


def _above(unit: Unit) -> str:
    return unit.parent.short_name if unit.parent else ""


def _compounds(units, user: User) -> Iterator[Cells]:
    rows = Compound.objects.filter(community__in=units)
    for row in rows.select_related("community__parent", "property_company").order_by("pk"):
        yield (
            row.name,
            row.community.short_name,
            _above(row.community),
            row.built_year,
            row.n_lifts,
            row.property_company.name if row.property_company else "无",
            "有" if row.has_owners_committee else "无",
            "有" if row.has_own_meters else "无",
            *_position(row),
        )


def _position(row: Compound | Building) -> tuple[float | None, float | None]:
    return (round(row.lon, 7), round(row.lat, 7)) if row.is_placed else (None, None)


def _buildings(units, user: User) -> Iterator[Cells]:
    chiefs = {
        pk: (name, phone)
        for pk, name, phone in BuildingChief.objects.filter(
            until=None, building__grid__unit__in=units
        ).values_list("building_id", "name", "phone")
    }
    rows = Building.objects.filter(grid__unit__in=units).order_by("pk").defer("search")
    related = rows.select_related("grid__unit__parent__parent", "compound")
    for row in related.defer("search", "grid__boundary").iterator(CHUNK):
        community = row.grid.unit.parent
        chief = chiefs.get(row.pk, ("", ""))
        yield (
            community.short_name,
            _above(community),
            row.grid.unit.short_name,
            row.compound.name if row.compound else "",
            row.name,
            row.address,
            row.n_floors,
            row.built_year,
            *chief,
            *_position(row),
        )


def _households(units, user: User) -> Iterator[Cells]:
    needs: dict[int, list[str]] = defaultdict(list)
    for pk, tag in Need.objects.visible_to(user).order_by("tag").values_list("household_id", "tag"):
        needs[pk].append(NEED_LABELS[tag])
    names = (
        "building__grid__unit__parent__short_name",
        "building__grid__unit__parent__parent__short_name",
        "building__grid__unit__short_name",
        "building__compound__name",
        "building__name",
        "number",
        "n_people",
        "n_over_60",
        "n_under_18",
    )
    rows = Household.objects.filter(building__grid__unit__in=units).order_by("pk")
    for pk, *row in rows.values_list("pk", *names).iterator(CHUNK):
        yield *row, "、".join(needs.get(pk, ()))


def _units(units, user: User) -> Iterator[Cells]:
    kinds = (Kind.DEPARTMENT, Kind.COMPANY, Kind.INSTITUTION)
    rows = units.in_force().filter(kind__in=kinds).select_related("parent").order_by("path")
    for unit in rows:
        kind = KIND_LABELS[Kind(unit.kind)]
        above = (unit.parent.code or unit.parent.name) if unit.parent else ""
        yield unit.name, unit.short_name, kind, above, unit.phone, unit.office_hours


def _staff(units, user: User) -> Iterator[Cells]:
    posted = Post.objects.in_force().filter(unit__in=units).select_related("unit")
    homes: dict[int, Unit] = {}
    for post in posted.order_by("pk"):
        homes.setdefault(post.user_id, post.unit)
    rows = User.objects.filter(Q(pk__in=list(homes)) | Q(kept_by__in=units), is_active=True)
    for person in rows.exclude(phone=None).select_related("kept_by").order_by("username"):
        home = person.kept_by or homes[person.pk]
        member = "是" if person.is_party_member else "否"
        place = home.code or home.name
        yield person.name, person.phone, person.username, person.work_phone, place, member


def _posts(units, user: User) -> Iterator[Cells]:
    rows = Post.objects.in_force().filter(unit__in=units, until=None).exclude(user=user)
    rows = rows.exclude(role__in=[Role.ADMIN, Role.SECURITY, Role.AUDITOR])
    for post in rows.select_related("user", "unit__parent").order_by("pk"):
        yield (
            post.user.name,
            post.user.phone or post.user.username,
            post.unit.code or post.unit.name,
            _above(post.unit),
            ROLE_LABELS[Role(post.role)],
            "是" if post.is_head else "否",
            post.since.isoformat(),
        )


_ROWS: dict[str, Callable[..., Iterator[Cells]]] = {
    "divisions": _divisions,
    "grids": _grids,
    "compounds": _compounds,
    "buildings": _buildings,
    "households": _households,
    "units": _units,
    "staff": _staff,
    "posts": _posts,
}
