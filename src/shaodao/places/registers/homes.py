"""Rows of the registers of compounds, buildings and households."""

import re

from shaodao.cores import morton
from shaodao.cores.sheets import building_key, parse_room
from shaodao.cores.wording import N_
from shaodao.cores.words import terms
from shaodao.people.models import Unit
from shaodao.people.policy import (
    Kind,
)
from shaodao.places.models import Grid
from shaodao.places.policy import (
    NEED_LABELS,
)
from shaodao.places.queries import locate

from .columns import NOTHING
from .knowing import CLEARED, Known, Row

MOST_PEOPLE = 99  # in one household; a dormitory is no household


def decide_compound(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    name = row.text("name", most=60, is_needed=True)
    community = known.community_of(row)
    row.label = name
    wanted: dict[str, object] = {
        "built_year": row.year("built_year"),
        "n_lifts": row.count("n_lifts", most=999),
        "has_owners_committee": row.yes("has_committee"),
        "has_own_meters": row.yes("has_meters"),
    }
    place = row.position(known.datum)
    if community is None:
        return None
    wanted["property_company_id"] = _company(row, known, community)
    if place is not None:
        _check_place(row, known, place, community=community)
        wanted |= {"lon": place[0], "lat": place[1]}
    found = known.compounds.get((community.pk, name))
    if found is not None:
        row.compare(found.pk, vars(found), wanted)
        if "lon" in row.values or "lat" in row.values:
            row.values["is_placed"], row.before["is_placed"] = True, found.is_placed
        return community.pk, name
    if place is None:
        place = known.middle_of(community)
        if place is None:
            row.fault(
                "community",
                N_("{name}还没有画网格，请先导入边界或填写坐标"),
                name=community.short_name,
            )
            return None
    company = wanted["property_company_id"]
    row.values = {
        "name": name,
        "community_id": community.pk,
        "lon": place[0],
        "lat": place[1],
        "is_placed": "lon" in wanted,
        "built_year": wanted["built_year"],
        "n_lifts": wanted["n_lifts"] or 0,
        "property_company_id": None if company is CLEARED else company,
        "has_owners_committee": bool(wanted["has_owners_committee"]),
        "has_own_meters": bool(wanted["has_own_meters"]),
    }
    return community.pk, name


def _company(row: Row, known: Known, community: Unit) -> object:
    """Return the id of the property company; CLEARED for none, None where nothing is said."""
    text = row.said.get("company", "")
    if not text:
        return None
    if text in NOTHING or text in ("无物业", "没有物业", "社区兜底"):
        return CLEARED
    found = [
        unit
        for unit in known.by_name.get(text, ())
        if unit.kind == Kind.COMPANY and unit.parent_id in community.ancestor_ids
    ]
    if len(found) != 1:
        row.fault("company", N_("单位台账里没有“{name}”，请先导入单位"), name=text[:40])
        return None
    return found[0].pk


def _check_place(
    row: Row,
    known: Known,
    place: tuple[float, float],
    *,
    community: Unit,
    grid: Grid | None = None,
) -> Grid | None:
    """Return the grid a place lies in; a fault where that is not the one the row names."""
    found = locate(*place)
    there = known.grids_by_id.get(found[0]) if found else None
    if there is None:
        row.fault("lon", N_("坐标不在任何网格内，请核对坐标系"))
    elif there.unit.parent_id != community.pk or (grid is not None and there.pk != grid.pk):
        row.fault("lon", N_("坐标落在{grid}"), grid=there.unit.short_name)
    return there


def decide_building(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    text = row.text("building", most=60, is_needed=True)
    address = row.text("address", most=160)
    wanted: dict[str, object] = {
        "n_floors": row.count("n_floors", most=150),
        "built_year": row.year("built_year"),
    }
    place = row.position(known.datum)
    community = known.community_of(row)
    key = building_key(text)
    row.label = key
    if community is None:
        return None
    compound = known.compound_of(row, community)
    row.label = f"{compound.name if compound else ''}{key}"
    grid = known.grid_of(row, community)
    chief = _chief(row)
    if row.faults:
        return None
    same = known.buildings_called(community, key, compound, None)
    if len(same) > 1 and grid is not None:
        same = [one for one in same if one.grid_id == grid.pk]
    if len(same) > 1:
        row.fault("building", N_("有 {n} 栋叫“{name}”，请写明小区和网格"), n=len(same), name=key)
        return None
    if place is not None:
        there = _check_place(row, known, place, community=community, grid=grid)
        grid = grid or there
        wanted |= {"lon": place[0], "lat": place[1]}
    if same:
        return _standing_building(row, known, same[0].pk, wanted, address, grid, compound, chief)
    if grid is None:
        row.fault("grid", N_("请写明网格，或填写坐标"))
        return None
    place = place or (round(grid.lon, 7), round(grid.lat, 7))
    address = address or f"{community.short_name}{row.label}"
    row.values = {
        "grid_id": grid.pk,
        "compound_id": compound.pk if compound else None,
        "name": key[:60],
        "address": address,
        "lon": place[0],
        "lat": place[1],
        "zkey": morton.key(*place),
        "n_floors": wanted["n_floors"] or 1,
        "built_year": wanted["built_year"],
        "is_placed": "lon" in wanted,
        "search": _lexemes(address),
    }
    if chief and chief[0]:
        row.values["chief"] = chief
    return community.pk, compound.pk if compound else 0, grid.pk, key


def _standing_building(row, known, pk, wanted, address, grid, compound, chief) -> object:
    present = known.building_rows[pk]
    wanted["address"] = address or None
    wanted["grid_id"] = grid.pk if grid and row.said.get("grid") else None
    row.compare(pk, present, wanted)
    if "lon" in row.values or "lat" in row.values:
        lon, lat = (row.values.get(k, present[k]) for k in ("lon", "lat"))
        row.values["zkey"], row.before["zkey"] = morton.key(lon, lat), morton.key(present["lon"], present["lat"])  # fmt: skip # noqa: E501
        row.values["is_placed"] = True
    if "address" in row.values:
        row.values["search"] = _lexemes(address)
        row.before["search"] = _lexemes(present["address"])
    if chief is not None and chief != known.chiefs.get(pk, ["", ""]):
        row.values["chief"], row.before["chief"] = chief, known.chiefs.get(pk, ["", ""])
    return pk


_PHONE = re.compile(r"\+?\d[\d-]{4,18}")


def _chief(row: Row) -> list[str] | None:
    """Return name and phone of the chief, empty for none; None where nothing is said."""
    name, phone = row.text("chief", most=40), row.text("chief_phone", most=20)
    if name in NOTHING or name == "空缺":
        return ["", ""]
    if phone and not _PHONE.fullmatch(phone):
        row.fault("chief_phone", N_("电话认不出来"))
    if phone and not name:
        row.fault("chief", N_("请写明楼栋长的姓名"))
    return [name, phone] if name else None


def _lexemes(text: str) -> str:
    """Write the terms of a text as a tsvector is written."""
    doubled = (term.replace("\\", "\\\\").replace("'", "''") for term in terms(text))
    return " ".join(f"'{term}'" for term in doubled)


def decide_household(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    community = known.community_of(row)
    n_people = row.count("n_people", most=MOST_PEOPLE)
    if n_people is None and not row.faults:
        row.fault("n_people", N_("必填"))
    old = row.count("n_over_60", most=MOST_PEOPLE)
    young = row.count("n_under_18", most=MOST_PEOPLE)
    needs = _needs(row)
    if community is None:
        return None
    compound = known.compound_of(row, community)
    grid = known.grid_of(row, community) if row.said.get("grid") else None
    if row.faults:
        return None
    found = _home_of(row, known, community, compound, grid)
    if found is None:
        return None
    building, number, name = found
    row.label = f"{compound.name if compound else ''}{name}{number}"
    key = (building, number)
    there = known.households.get(key)
    present = dict(zip(_COUNTS, there[1:], strict=True)) if there else {}
    wanted = {"n_people": n_people, "n_over_60": old, "n_under_18": young}
    after = {k: present.get(k, 0) if v is None else v for k, v in wanted.items()}
    if after["n_over_60"] + after["n_under_18"] > after["n_people"]:
        row.fault("n_people", N_("老人和孩子加起来比总人数多"))
        return None
    if there is None:
        row.values = {"building_id": building, "number": number, **after}
        if needs:
            row.values["needs"] = needs
        return key
    row.compare(there[0], present, wanted)
    has = known.needs.get(there[0], [])
    if needs is not None and needs != has:
        row.values["needs"], row.before["needs"] = needs, has
    return key


_COUNTS = ("n_people", "n_over_60", "n_under_18")


def _home_of(row, known, community, compound, grid) -> tuple[int, str, str] | None:
    """Return the building's id, the number inside it, and the building's name."""
    text, said = row.text("building", most=60), row.text("number", most=40)
    number = ""
    name = building_key(text) if text else ""
    try:
        room = parse_room(said, is_inside=bool(text)) if said and said not in NOTHING else None
    except ValueError:
        row.fault("number", N_("房号认不出来，请写成 2单元301"))
        return None
    if room is not None:
        number = room.number
        if room.building and name and room.building != name:
            values = {"one": name, "two": room.building}
            row.fault("number", N_("楼栋写的是{one}，房号里是{two}"), **values)
            return None
        name = name or room.building
    if not name and said:
        name, number = building_key(said), ""  # a farmhouse goes by its number
    if not name:
        row.fault("building", N_("请写明楼栋"))
        return None
    found = known.buildings_called(community, name, compound, grid)
    if not found:
        row.fault("building" if text else "number", N_("没有楼栋“{name}”，请先导入楼栋"), name=name)
        return None
    if len(found) > 1:
        row.fault(
            "building" if text else "number",
            N_("有 {n} 栋叫“{name}”，请写明小区和网格"),
            n=len(found),
            name=name,
        )
        return None
    if len(number) > 20:
        row.fault("number", N_("房号太长"))
        return None
    return found[0].pk, number, found[0].name


_NEED_WORDS = {
    **{label: tag for tag, label in NEED_LABELS.items()},
    "腿脚不便": "WALKING", "失能": "WALKING", "半失能": "WALKING", "卧床": "WALKING",
    "独居": "ALONE", "空巢": "ALONE", "空巢老人": "ALONE",
    "视力障碍": "SEEING", "失明": "SEEING", "听说障碍": "SIGN", "聋哑": "SIGN", "听力障碍": "SIGN",
}  # fmt: skip
# What a need is not: lists of kinds of people are not kept here.
_KINDS_OF_PEOPLE = frozenset(
    {
        "残疾",
        "残疾人",
        "低保",
        "低保户",
        "留守",
        "留守儿童",
        "重点人员",
        "特殊人群",
        "信访",
        "精神障碍",
    }
)


def _needs(row: Row) -> list[str] | None:
    """Return the tags of a cell, sorted; None for an empty one."""
    text = row.said.get("needs", "")
    if not text:
        return None
    if text in NOTHING:
        return []
    words = [word for word in re.split(r"[、,，;；/\s]+", text) if word]
    unknown = [word for word in words if word not in _NEED_WORDS]
    kinds = [word for word in unknown if word in _KINDS_OF_PEOPLE]
    if kinds:
        row.fault(
            "needs",
            N_("“{word}”是人群类别，这里不登记；请写需要什么照顾，如“行动不便”"),
            word=kinds[0],
        )
    elif unknown:
        row.fault("needs", N_("不认识“{word}”"), word=unknown[0][:20])
    return sorted({_NEED_WORDS[word] for word in words if word in _NEED_WORDS})
