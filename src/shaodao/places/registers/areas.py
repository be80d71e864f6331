"""Rows of the registers of divisions, grids and units."""

import re

from shaodao.cores.wording import N_
from shaodao.people.models import Unit
from shaodao.people.policy import (
    Kind,
    Level,
)
from shaodao.places.policy import (
    LEVEL_BY_LENGTH,
    division_fault,
    grid_code,
    grid_name,
    screen_name,
    serial_of,
)

from .knowing import Known, Row, short_code


def decide_division(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    name = row.text("name", most=80, is_needed=True)
    phone = row.text("phone", most=40)
    code = short_code(row.said.get("code", ""))
    row.label = name
    if not code:
        return _division_by_name(row, known, name, phone)
    fault = division_fault(code)
    if not fault and len(code) not in (9, 12):
        fault = N_("这里只登记乡镇街道（9 位）和社区村（12 位）")
    if fault:
        row.fault("code", fault)
        return None
    row.rank = len(code)
    found = known.by_code.get(code)
    if found is not None:
        if not known.is_kept(found):
            row.fault("code", N_("“{name}”不在您负责的范围内"), name=found.short_name)
        return _unit_row(row, found, known, name, phone)
    _check_above(row, known, code)
    row.values = _new_unit(name, screen_name(name), phone, known, parent_code=code[:-3]) | {
        "code": code,
        "kind": Kind.AREA.value,
        "level": LEVEL_BY_LENGTH[len(code)].value,
    }
    return code


def _division_by_name(row: Row, known: Known, name: str, phone: str) -> object:
    """Find a division that is there by its name; a new one must have a code."""
    if name and not known.by_name.get(name):
        row.fault("code", N_("新的区划要有编码"))
        return None
    levels = {Level.TOWNSHIP.value, Level.COMMUNITY.value}
    found = known.unit_of(row, "name", above="parent", levels=levels, kinds={Kind.AREA.value})
    return _unit_row(row, found, known, name, phone) if found is not None else None


def _check_above(row: Row, known: Known, code: str) -> None:
    """Test that the division above a new one is there, or comes in the same file."""
    above = known.by_code.get(code[:-3])
    if above is None:
        if code[:-3] not in known.codes_in_file:
            row.fault("code", N_("上级 {code} 还没有登记"), code=code[:-3])
        return
    if not known.is_kept(above):
        row.fault("code", N_("“{name}”不在您负责的范围内"), name=above.short_name)
    said = row.said.get("parent", "")
    if said and screen_name(said) not in (above.name, above.short_name, above.code):
        values = {"code": code[:-3], "name": above.short_name}
        row.fault("parent", N_("编码 {code} 是{name}，与这里写的上级不符"), **values)


def _new_unit(name: str, short: str, phone: str, known: Known, *, parent_code: str) -> dict:
    return {
        "name": name,
        "short_name": short[:40],
        "phone": phone,
        "area_code": "",
        "n_members": 0,
        "office_hours": "",
        "valid_from": known.today.isoformat(),
        "parent_code": parent_code,
    }


def _unit_row(row: Row, unit: Unit, known: Known, name: str, phone: str) -> object:
    if unit.pk not in known.units:
        row.fault("code", N_("这个编码已停用，不能再用"))
    wanted: dict[str, object] = {"phone": phone or None}
    if name and name not in (unit.name, unit.short_name):
        wanted |= {"name": name, "short_name": screen_name(name)[:40]}
    present = {key: getattr(unit, key) for key in ("name", "short_name", "phone")}
    row.compare(unit.pk, present, wanted)
    return unit.code or unit.pk


def decide_grid(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    code, name = row.text("code", most=15), row.text("name", most=40)
    phone = row.text("phone", most=40)
    told = serial_of(name) if name else None
    if not code and told is None:
        row.fault("name" if name else "code", N_("请写编码，或带序号的名称，如“古陂村第六网格”"))
        return None
    if code and (fault := division_fault(code) or _not_of_a_grid(code)):
        row.fault("code", fault)
        return None
    community = _community_of_grid(row, known, code, told)
    if community is None:
        return None
    if code and told and told[1] != int(code[12:]):
        row.fault("name", N_("名称里的序号与编码末三位不符"))
        return None
    code = code or grid_code(community.code, told[1])
    plain = grid_name(community.short_name, int(code[12:]))
    if not name or (told and told[0] in ("", community.short_name)):
        name = plain  # 第6网格 and 古陂村第六网格 are one name
    row.label = name
    found = known.by_code.get(code)
    if found is not None:
        return _unit_row(row, found, known, row.said.get("name", "") and name, phone)
    row.values = _new_unit(name, name, phone, known, parent_code=community.code) | {
        "code": code,
        "kind": Kind.AREA.value,
        "level": Level.GRID.value,
    }
    return code


def _not_of_a_grid(code: str) -> str:
    return "" if len(code) == 15 else N_("网格编码是 15 位")


def _community_of_grid(
    row: Row, known: Known, code: str, told: tuple[str, int] | None
) -> Unit | None:
    """Return the community of a grid, by its cell, its code or its own name; all must agree."""
    if not row.said.get("community") and not code and told and told[0]:
        row.said = {**row.said, "community": told[0]}
    if row.said.get("community") or not code:
        community = known.community_of(row)
    else:
        community = known.by_code.get(code[:12])
        if community is None:
            row.fault("code", N_("社区村 {code} 还没有登记"), code=code[:12])
    if community is None:
        return None
    if not known.is_kept(community):
        row.fault("community", N_("“{name}”不在您负责的范围内"), name=community.short_name)
        return None
    if code and code[:12] != community.code:
        values = {"name": community.short_name, "code": community.code}
        row.fault("code", N_("编码前 12 位应是{name}的 {code}"), **values)
        return None
    return community


_KINDS = {
    "职能部门": Kind.DEPARTMENT, "部门": Kind.DEPARTMENT, "机关": Kind.DEPARTMENT,
    "行政单位": Kind.DEPARTMENT,
    "企业": Kind.COMPANY, "公司": Kind.COMPANY, "物业公司": Kind.COMPANY, "国企": Kind.COMPANY,
    "事业单位": Kind.INSTITUTION, "学校": Kind.INSTITUTION, "医院": Kind.INSTITUTION,
}  # fmt: skip
_HOURS = re.compile(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}(,\d{1,2}:\d{2}-\d{1,2}:\d{2})*")


def decide_unit(row: Row, known: Known) -> object:
    """Decide what becomes of a row; return what tells it apart, None while that is unknown."""
    name = row.text("name", most=80, is_needed=True)
    short = row.text("short_name", most=40)
    phone = row.text("phone", most=40)
    hours = row.text("office_hours", most=80).replace("，", ",").replace("：", ":")
    if hours and not _HOURS.fullmatch(hours):
        row.fault("office_hours", N_("应写成 08:30-12:00,14:00-17:30"))
    kind = _KINDS.get(row.text("kind", most=20, is_needed=True))
    if kind is None and row.said.get("kind"):
        row.fault("kind", N_("应填职能部门、企业或事业单位"))
    parent = known.unit_of(row, "parent", kinds={Kind.AREA.value})
    row.label = name
    if parent is None or kind is None:
        return None
    same = [
        unit
        for unit in known.by_name.get(name, ())
        if unit.parent_id == parent.pk and unit.kind in {k.value for k in set(_KINDS.values())}
    ]
    if same:
        unit = same[0]
        present = {
            key: getattr(unit, key) for key in ("short_name", "kind", "phone", "office_hours")
        }
        wanted = {"short_name": short or None, "kind": kind.value, "phone": phone or None, "office_hours": hours or None}  # fmt: skip # noqa: E501
        row.compare(unit.pk, present, wanted)
    else:
        row.values = _new_unit(name, short or name, phone, known, parent_code=parent.code or "") | {
            "kind": kind.value,
            "level": parent.level,
            "office_hours": hours,
        }
    return parent.pk, name
