"""What stands in the registers already, in memory, to hold the rows of an import against it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from shaodao.cores.geodesy import gcj02_to_wgs84
from shaodao.cores.sheets import building_key, day_of, degrees_of, is_yes, whole
from shaodao.cores.wording import N_
from shaodao.people.models import Post, Unit, User, posts_of
from shaodao.people.policy import Kind, Level, Role
from shaodao.places.models import Building, BuildingChief, Compound, Grid, Household, Need
from shaodao.places.policy import MAY, Datum, Fate, screen_name, serial_of

from .columns import NOTHING, REGISTERS, Register


@dataclass
class Row:
    """A row on its way: what it says, what is wrong with it, what it would write."""

    n: int
    said: dict[str, str]
    faults: list[list] = field(default_factory=list)
    values: dict[str, object] = field(default_factory=dict)
    before: dict[str, object] = field(default_factory=dict)
    target: int | None = None
    label: str = ""
    rank: int = 0

    def fault(self, key: str, message: str, **values: object) -> None:
        """Write down what is wrong with a cell."""
        self.faults.append([key, message, values])

    def text(self, key: str, *, most: int, is_needed: bool = False) -> str:
        """Return a cell's text, '' for an empty one."""
        said = self.said.get(key, "")
        if is_needed and not said:
            self.fault(key, N_("必填"))
        if len(said) > most:
            self.fault(key, N_("最多 {n} 个字"), n=most)
        return said

    def read(self, key: str, how: Callable[[str], object], message: str, **values: object):
        """Return a cell as `how` reads it; None for an empty one or one that cannot be read."""
        said = self.said.get(key, "")
        if not said:
            return None
        try:
            return how(said)
        except ValueError:
            self.fault(key, message, **values)
            return None

    def count(self, key: str, *, most: int) -> int | None:
        """Return a count; None for an empty cell."""
        if self.said.get(key, "") in NOTHING:
            return 0
        found = self.read(key, whole, N_("应为整数"))
        if isinstance(found, int) and found > most:
            self.fault(key, N_("不会超过 {n}"), n=most)
            return None
        return found

    def year(self, key: str) -> int | None:
        """Return a year; None for an empty cell."""
        said = self.said.get(key, "").removesuffix("年").removesuffix("年代")
        if not said or said in NOTHING:
            return None
        if not (said.isdigit() and 1800 <= int(said) <= 2100):
            self.fault(key, N_("应为四位年份"))
            return None
        return int(said)

    def yes(self, key: str) -> bool | None:
        """Return yes or no; None for an empty cell."""
        return self.read(key, is_yes, N_("应填有或无、是或否"))

    def day(self, key: str):
        """Return a day; None for an empty cell."""
        return self.read(key, day_of, N_("日期认不出来，请写成 2026-01-31"))

    def position(self, datum: str) -> tuple[float, float] | None:
        """Return lon and lat, WGS 84; None where they are not given."""
        found = [self.read(key, degrees_of, N_("应为小数的度数")) for key in ("lon", "lat")]
        if (found[0] is None) != (found[1] is None) and not self.faults:
            self.fault("lat" if found[1] is None else "lon", N_("经度和纬度要一起填"))
        if None in found:
            return None
        lon, lat = found
        if not (70 < lon < 140 and 0 < lat < 60):
            is_swapped = 70 < lat < 140 and 0 < lon < 60
            self.fault("lon", N_("经度和纬度填反了") if is_swapped else N_("坐标不在国内"))
            return None
        if datum == Datum.GCJ02:
            lon, lat = gcj02_to_wgs84(lon, lat)
        return round(lon, 7), round(lat, 7)

    def compare(self, target: int, present: dict[str, object], wanted: dict[str, object]) -> None:
        """Keep of what is wanted that which differs from what is there; None stays as it is."""
        self.target = target
        changed = {
            key: value
            for key, value in wanted.items()
            if value is not None and not _same(present.get(key), value)
        }
        self.values |= changed
        self.before |= {key: present.get(key) for key in changed}

    @property
    def fate(self) -> Fate:
        """What becomes of the row."""
        if self.faults:
            return Fate.REFUSED
        if self.target is None:
            return Fate.NEW
        return Fate.CHANGED if self.values else Fate.UNCHANGED


class Cleared:
    """A value that empties a column: None would leave it as it is."""

    def __repr__(self) -> str:
        return "CLEARED"


CLEARED = Cleared()


def _same(present: object, wanted: object) -> bool:
    if wanted is CLEARED:
        return present is None
    if isinstance(wanted, float) and isinstance(present, float):
        return abs(present - wanted) < 1e-6
    return present == wanted


class Standing(NamedTuple):
    """A building that is there."""

    pk: int
    grid_id: int
    compound_id: int | None
    name: str


class Known:
    """The registers as they stand, for one actor; everything is read once and lazily."""

    def __init__(self, actor: User, register: Register, *, datum: str, today) -> None:
        self.actor, self.register, self.datum, self.today = actor, register, datum, today
        self.codes_in_file: set[str] = set()  # of divisions, which may come with their parents
        keepers = MAY[register.may][1]
        self.tops = [post.unit for post in posts_of(actor) if post.role in keepers]
        self._areas: dict[tuple, tuple[Unit | None, tuple | None]] = {}

    # ---- units -----------------------------------------------------------------------------

    @cached_property
    def units(self) -> dict[int, Unit]:
        """Every unit that is in force."""
        return {unit.pk: unit for unit in Unit.objects.in_force()}

    @cached_property
    def by_code(self) -> dict[str, Unit]:
        """Units by code, those that ended too: a code is never given twice."""
        return {unit.code: unit for unit in Unit.objects.exclude(code=None)}

    @cached_property
    def by_name(self) -> dict[str, list[Unit]]:
        """Units by any of their names."""
        names: dict[str, list[Unit]] = defaultdict(list)
        for unit in self.units.values():
            for name in {unit.name, unit.short_name, screen_name(unit.name), *_stems(unit)}:
                names[name].append(unit)
        return names

    @cached_property
    def only_community(self) -> Unit | None:
        """The one community the actor keeps registers of; None for none or several."""
        found = [
            unit
            for unit in self.units.values()
            if unit.kind == Kind.AREA and unit.level == Level.COMMUNITY and self.is_kept(unit)
        ]
        return found[0] if len(found) == 1 else None

    def is_kept(self, unit: Unit) -> bool:
        """Tell whether the actor keeps this register for a unit."""
        return any(unit.path.startswith(top.path) for top in self.tops)

    def unit_of(
        self,
        row: Row,
        key: str,
        *,
        above: str = "",
        levels: Iterable[str] = (),
        kinds: Iterable[str] = (),
    ) -> Unit | None:
        """Return the unit a cell names by code or name, with the cell `above` where names repeat.

        What stands in the way is written down as the row's fault.
        """
        text, parent = row.said.get(key, ""), row.said.get(above, "") if above else ""
        asked = (key, text, parent)
        if asked not in self._areas:
            self._areas[asked] = self._find(text, parent, above, frozenset(levels), set(kinds))
        found, fault = self._areas[asked]
        if fault is not None:
            where, message, values = fault
            row.fault(where or key, message, **values)
        return found

    def _find(
        self, text: str, parent: str, above: str, levels: frozenset[str], kinds: set[str]
    ) -> tuple[Unit | None, tuple | None]:
        if not text:
            return None, ("", N_("必填"), {})
        code = short_code(text)
        if code.isdigit() and len(code) >= 4:
            unit = self.by_code.get(code)
            found = [unit] if unit is not None and unit.pk in self.units else []
        else:
            found = self.by_name.get(text.replace(" ", "")) or self.by_name.get(text) or []
        found = [
            unit
            for unit in dict.fromkeys(found)
            if (not levels or unit.level in levels) and (not kinds or unit.kind in kinds)
        ]
        if not found:
            return None, ("", N_("没有找到“{name}”"), {"name": text[:40]})
        if parent:
            found = [unit for unit in found if self._is_under(unit, parent)]
            if not found:
                values = {"parent": parent[:40], "name": text[:40]}
                return None, ("", N_("“{parent}”没有叫“{name}”的"), values)
        kept = [unit for unit in found if self.is_kept(unit)]
        if not kept:
            return None, ("", N_("“{name}”不在您负责的范围内"), {"name": text[:40]})
        if len(kept) > 1:
            where = "、".join(self.units[unit.parent_id].short_name for unit in kept[:6])
            values = {"n": len(kept), "name": text[:40], "where": where}
            if not above:
                return None, ("", N_("有 {n} 个“{name}”（{where}），请改写编码"), values)
            values["column"] = self.register.column(above).label
            message = N_("有 {n} 个“{name}”（{where}），请在“{column}”一列写明是哪一个")
            return None, ("", message, values)
        return kept[0], None

    def _is_under(self, unit: Unit, parent: str) -> bool:
        above = [self.units[pk] for pk in unit.ancestor_ids[:-1] if pk in self.units]
        code = short_code(parent)
        return any(
            parent in (one.name, one.short_name, *_stems(one)) or code == one.code for one in above
        )

    def community_of(self, row: Row) -> Unit | None:
        """Return the community a row names, or the only one the actor keeps."""
        if not row.said.get("community") and self.only_community is not None:
            return self.only_community
        kinds, levels = {Kind.AREA.value}, {Level.COMMUNITY.value}
        return self.unit_of(row, "community", above="town", levels=levels, kinds=kinds)

    # ---- grids -----------------------------------------------------------------------------

    @cached_property
    def grids(self) -> dict[int, dict[str, Grid]]:
        """The grids in force of each community, by code and by name."""
        found: dict[int, dict[str, Grid]] = defaultdict(dict)
        rows = Grid.objects.filter(valid_to=None).select_related("unit").defer("boundary")
        for grid in rows.order_by("-code"):
            own = found[grid.unit.parent_id]
            for name in (grid.code, grid.unit.short_name, grid.unit.name):
                own[name] = grid
        return found

    @cached_property
    def grids_by_id(self) -> dict[int, Grid]:
        """The grids in force."""
        return {grid.pk: grid for own in self.grids.values() for grid in own.values()}

    def grid_of(self, row: Row, community: Unit) -> Grid | None:
        """Return the grid a row names, or the only one there is; None where it cannot be told."""
        text = row.said.get("grid", "")
        own = self.grids.get(community.pk, {})
        if not text:
            only = {grid.pk: grid for grid in own.values()}
            return next(iter(only.values())) if len(only) == 1 else None
        found = own.get(text)
        if found is None and (told := serial_of(text)) is not None:
            found = own.get(f"{community.code}{told[1]:03d}")
        if found is None:
            unit = self.by_code.get(text)
            if unit is not None and unit.parent_id == community.pk:
                row.fault("grid", N_("网格“{name}”还没有边界，请先导入边界"), name=text[:40])
            else:
                values = {"name": text[:40], "community": community.short_name}
                row.fault("grid", N_("{community}没有叫“{name}”的网格"), **values)
        return found

    def middle_of(self, community: Unit) -> tuple[float, float] | None:
        """Return a place amid a community's grids; None where none is drawn."""
        own = {grid.pk: grid for grid in self.grids.get(community.pk, {}).values()}.values()
        if not own:
            return None
        lon = sum(grid.lon for grid in own) / len(own)
        lat = sum(grid.lat for grid in own) / len(own)
        return round(lon, 7), round(lat, 7)

    # ---- compounds, buildings, households ----------------------------------------------------

    @cached_property
    def compounds(self) -> dict[tuple[int, str], Compound]:
        """Compounds by community and name."""
        rows = Compound.objects.filter(community__in=Unit.objects.under(self.tops))
        return {(row.community_id, row.name): row for row in rows}

    def compound_of(self, row: Row, community: Unit) -> Compound | None:
        """Return the compound a row names; None for none."""
        text = row.said.get("compound", "")
        if not text or text in NOTHING:
            return None
        found = self.compounds.get((community.pk, text))
        if found is None:
            row.fault("compound", N_("没有小区“{name}”，请先导入小区"), name=text[:40])
        return found

    @cached_property
    def buildings(self) -> dict[tuple[int, str], list[Standing]]:
        """Buildings by community and key of the name."""
        rows = Building.objects.filter(grid__unit__in=Unit.objects.under(self.tops))
        found: dict[tuple[int, str], list[Standing]] = defaultdict(list)
        names = ("pk", "grid_id", "compound_id", "name", "grid__unit__parent_id")
        for pk, grid, compound, name, community in rows.values_list(*names).iterator(20_000):
            found[community, building_key(name)].append(Standing(pk, grid, compound, name))
        return found

    def buildings_called(
        self, community: Unit, key: str, compound: Compound | None, grid: Grid | None
    ) -> list[Standing]:
        """Return the buildings of a community under a key, of a compound and grid where known."""
        return [
            one
            for one in self.buildings.get((community.pk, key), ())
            if (compound is None or one.compound_id == compound.pk)
            and (grid is None or one.grid_id == grid.pk)
        ]

    @cached_property
    def building_rows(self) -> dict[int, dict[str, object]]:
        """What is written of each building."""
        names = ("grid_id", "compound_id", "address", "n_floors", "built_year", "lon", "lat")
        rows = Building.objects.filter(grid__unit__in=Unit.objects.under(self.tops))
        return {
            pk: dict(zip(names, values, strict=True))
            for pk, *values in rows.values_list("pk", *names).iterator(20_000)
        }

    @cached_property
    def chiefs(self) -> dict[int, list[str]]:
        """The chief of each building: name and phone."""
        rows = BuildingChief.objects.filter(until=None)
        rows = rows.filter(building__grid__unit__in=Unit.objects.under(self.tops))
        return {
            pk: [name, phone]
            for pk, name, phone in rows.values_list("building_id", "name", "phone")
        }

    @cached_property
    def households(self) -> dict[tuple[int, str], tuple[int, int, int, int]]:
        """Households by building and number: id, people, over 60, under 18."""
        rows = Household.objects.filter(building__grid__unit__in=Unit.objects.under(self.tops))
        names = ("building_id", "number", "pk", "n_people", "n_over_60", "n_under_18")
        return {
            (building, number): tuple(rest)
            for building, number, *rest in rows.values_list(*names).iterator(20_000)
        }

    @cached_property
    def needs(self) -> dict[int, list[str]]:
        """The needs of each household that has any."""
        found: dict[int, list[str]] = defaultdict(list)
        rows = Need.objects.filter(
            household__building__grid__unit__in=Unit.objects.under(self.tops)
        )
        for pk, tag in rows.order_by("tag").values_list("household_id", "tag"):
            found[pk].append(tag)
        return found

    # ---- people ----------------------------------------------------------------------------

    @cached_property
    def users(self) -> dict[str, User]:
        """Accounts by user name and by phone."""
        rows = User.objects.all()
        return {name: user for user in rows for name in (user.phone, user.username) if name}

    @cached_property
    def visible_users(self) -> set[int]:
        """The ids of the accounts in the actor's care."""
        return set(User.objects.visible_to(self.actor).values_list("pk", flat=True))

    @cached_property
    def posts(self) -> dict[int, list[Post]]:
        """The posts each person holds or will hold."""
        found: dict[int, list[Post]] = defaultdict(list)
        for post in Post.objects.filter(until=None).order_by("pk"):
            found[post.user_id].append(post)
        return found

    @cached_property
    def roles_given(self) -> dict[int, set[Role]]:
        """The roles each person holds, those of this file included."""
        return defaultdict(
            set, {pk: {Role(post.role) for post in held} for pk, held in self.posts.items()}
        )


def _stems(unit: Unit) -> tuple[str, ...]:
    """Return what people say for short: 西津路 for 西津路社区, 古陂 for 古陂镇."""
    if unit.kind != Kind.AREA or unit.level not in (Level.TOWNSHIP, Level.COMMUNITY):
        return ()
    for ending in ("社区", "街道", "街道办事处", "村", "镇", "乡"):
        if unit.short_name.endswith(ending) and len(unit.short_name) > len(ending) + 1:
            return (unit.short_name.removesuffix(ending),)
    return ()


def short_code(text: str) -> str:
    """Return a 12-digit code of a county or town without its zeros."""
    if len(text) == 12 and text.isdigit():
        for length in (6, 9):
            if text.endswith("0" * (12 - length)):
                return text[:length]
    return text


def register_of(code: str) -> Register:
    """Return a register by its code."""
    return REGISTERS[code]
