"""Which units the sample town has: its areas, its departments and companies, its desks.

Areas carry their official codes and names; which of them the town contains is ours.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

from shaodao.people.policy import Kind, Level, Role

from .drafts import AreaDraft, BodyDraft

CITY_COUNTY, VALLEY_COUNTY = "360702", "360722"
OFFICE_HOURS = "08:30-12:00,14:00-17:30"


class District(NamedTuple):
    """A community as it is drawn: its code, into how many grids, and what it looks like."""

    code: str
    n_grids: int
    character: str


# West of the river row by row from the north-west, then east of it from the north.
CITY = (
    District("360702001001", 4, "old"),  # 西津路
    District("360702002003", 3, "old"),  # 南市街
    District("360702003002", 4, "mixed"),  # 三康庙
    District("360702001003", 3, "mixed"),  # 八境路
    District("360702002004", 4, "old"),  # 大公路
    District("360702003009", 3, "new"),  # 滨江
    District("360702001010", 4, "new"),  # 健康路
    District("360702002006", 3, "mixed"),  # 东郊路
    District("360702003015", 4, "new"),  # 章江路
    District("360702004007", 4, "east"),  # 渡口路
    District("360702004013", 3, "east"),  # 泥湾里
    District("360702004014", 3, "new"),  # 嘉苑
)
# The market town, then the villages in the order the valley is drawn in.
VALLEY = ("360722102001", "360722102200", "360722102201", "360722102202")
LIT_VILLAGE = "360722102201"  # where ninety lamps stand already


@cache
def official_names() -> dict[str, str]:
    """Return the official name of every division we know, by code."""
    path = Path(__file__).parent / "divisions" / "divisions.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


def areas() -> list[AreaDraft]:
    """Return the town's areas from the prefecture down to communities and villages."""
    names = official_names()
    communities = [*(district.code for district in CITY), *VALLEY]
    codes = {code[:length] for code in communities for length in _LEVELS}
    return [
        AreaDraft(
            code,
            names[code],
            _LEVELS[len(code)],
            office_hours=OFFICE_HOURS if len(code) == 4 else "",
            phone=f"0797-03{int(code) % 100_000:05d}" if len(code) > 4 else "12345",
        )
        for code in sorted(codes)
    ]


_LEVELS = {4: Level.PREFECTURE, 6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.COMMUNITY}
_D, _I, _C = Kind.DEPARTMENT, Kind.INSTITUTION, Kind.COMPANY
# Companies that keep a watch day and night.
_ROUND_THE_CLOCK = "00:00-00:00"
# fmt: off
# key's end, name, short name, kind, sectors it answers for, office hours
_CITY_BODIES = (
    ("CITY",      "章贡区城市管理局",           "区城管局",   _D, ("CITY",), ""),
    ("LIGHTING",  "章贡区市政路灯管理所",       "区路灯所",   _I, ("LIGHTING",), ""),
    ("HOUSING",   "章贡区住房和城乡建设局",     "区住建局",   _D, ("HOUSING",), ""),
    ("TRANSPORT", "章贡区交通运输局",           "区交通局",   _D, ("TRANSPORT",), ""),
    ("HEALTH",    "章贡区卫生健康委员会",       "区卫健委",   _D, ("HEALTH",), ""),
    ("TRAFFIC",   "章贡区公安交警大队",         "区交警大队", _D, ("TRAFFIC",), ""),
    ("POLICE",    "章贡区公安分局治安大队",     "区治安大队", _D, ("POLICE",), ""),
    ("FIRE",      "章贡区消防救援大队",         "区消防大队", _D, ("FIRE",), ""),
    ("ECOLOGY",   "章贡区生态环境局",           "区环境局",   _D, ("ECOLOGY",), ""),
    ("MARKET",    "章贡区市场监督管理局",       "区市监局",   _D, ("MARKET",), ""),
    ("CIVIL",     "章贡区民政局",               "区民政局",   _D, ("CIVIL",), ""),
    ("JUSTICE",   "章贡区司法局",               "区司法局",   _D, ("JUSTICE",), ""),
    ("WATER",     "章贡清泉供水有限公司",       "清泉供水",   _C, ("WATER",), _ROUND_THE_CLOCK),
    ("POWER",     "章贡供电服务中心",           "章贡供电",   _C, ("POWER",), _ROUND_THE_CLOCK),
    ("TELECOM",   "章贡通信线路维护中心",       "通信维护",   _C, ("TELECOM",), ""),
    ("PROPERTY1", "安居物业服务有限公司",       "安居物业",   _C, (), ""),
    ("PROPERTY2", "邻里物业服务有限公司",       "邻里物业",   _C, (), ""),
)
_VALLEY_BODIES = (
    ("CITY",      "信丰县城市管理局",           "县城管局",   _D, ("CITY", "LIGHTING"), ""),
    ("HOUSING",   "信丰县住房和城乡建设局",     "县住建局",   _D, ("HOUSING",), ""),
    ("TRANSPORT", "信丰县交通运输局",           "县交通局",   _D, ("TRANSPORT", "TRAFFIC"), ""),
    ("FARMING",   "信丰县农业农村局",           "县农业局",   _D, (), ""),
    ("CIVIL",     "信丰县民政局",               "县民政局",   _D, ("CIVIL",), ""),
    ("WATER",     "信丰桃江供水有限公司",       "桃江供水",   _C, ("WATER",), _ROUND_THE_CLOCK),
    ("POWER",     "信丰供电服务中心",           "信丰供电",   _C, ("POWER",), _ROUND_THE_CLOCK),
)
# Companies of the prefecture: a county may call on them to help.
_PREFECTURE_BODIES = (
    ("INVEST",    "赣州市城建投资公司",         "市城建投",   _C, (), ""),
    ("PARKS",     "赣州市停车设施运营公司",     "市停车公司", _C, (), ""),
)
# fmt: on
_BODIES = (
    (CITY_COUNTY, _CITY_BODIES),
    (VALLEY_COUNTY, _VALLEY_BODIES),
    ("3607", _PREFECTURE_BODIES),
)


def bodies() -> list[BodyDraft]:
    """Return the departments, institutions and companies."""
    return [
        BodyDraft(f"{area}.{key}", name, short, kind, area, office_hours=hours)
        for area, rows in _BODIES
        for key, name, short, kind, _, hours in rows
    ]


def sectors() -> dict[tuple[str, str], str]:
    """Return which of its own units a county sends a sector's matters to."""
    return {
        (county, sector): f"{county}.{key}"
        for county, rows in _BODIES[:2]
        for key, _, _, _, answers_for, _ in rows
        for sector in answers_for
    }


R = Role
_DESK = (R.INTAKE, R.DISPATCHER)
# Which desks stand at each tier, one person a row.
DESKS: dict[int, tuple[tuple[Role, ...], ...]] = {
    6: ((R.INTAKE,), _DESK, (R.DUTY_CHIEF,), (R.VERIFIER,), (R.LEADER,)),
    9: (_DESK, (R.DUTY_CHIEF,), (R.VERIFIER,)),
    12: ((R.INTAKE, R.DISPATCHER, R.VERIFIER), (R.INTAKE, R.HANDLER)),
}
# Officers a bureau has posted to a street (下沉执法), one a row.
POSTED: tuple[tuple[str, str], ...] = (
    ("360702.CITY", "360702001"),
    ("360702.CITY", "360702002"),
    ("360702.MARKET", "360702001"),
    ("360702.FIRE", "360702001"),
    ("360722.CITY", "360722102"),
)
ADMINISTRATORS = (("admin", R.ADMIN), ("security", R.SECURITY), ("auditor", R.AUDITOR))
