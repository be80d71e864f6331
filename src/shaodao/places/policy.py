"""The rules of places: codes, names, layers, and who may change what."""

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from shaodao.cores.sheets import number_of, numeral
from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Level, Role


class Layer(StrEnum):
    """The layers of our own base map, drawn in this order."""

    GREEN = "green"
    WATER = "water"
    BUILDING = "building"
    ROAD = "road"
    LABEL = "label"


# Sections of a street or town by the first digit of its three, and of a community or village
# (统计上使用的县以下行政区划代码编制规则).
_TOWNSHIP = re.compile(r"\d{6}(0\d\d|[1-5]\d\d)")
_COMMUNITY = re.compile(r"\d{9}(0\d[1-9]|0[1-9]0|1\d\d|2\d\d|3\d\d|4\d\d)")


def is_community_code(code: str) -> bool:
    """Tell whether `code` is a well-formed 12-digit code of a community or village."""
    return bool(_COMMUNITY.fullmatch(code)) and bool(_TOWNSHIP.fullmatch(code[:9]))


def grid_code(community: str, serial: int) -> str:
    """Return the 15-digit code of the `serial`-th grid of a community.

    :raises ValueError: if the community's code or the serial is out of range.
    """
    if not is_community_code(community) or not 1 <= serial <= 999:
        raise ValueError(f"no grid code for {community!r} and {serial}")
    return f"{community}{serial:03d}"


def division_fault(code: str) -> str:
    """Return what is wrong with the code of a county, town, community or grid; '' for a sound one.

    Source: GB/T 2260, GB/T 10114 and the rule for divisions below the county; grids add a serial.
    """
    if not code.isascii() or not code.isdigit():
        return N_("编码只能是数字")
    if len(code) not in LEVEL_BY_LENGTH:
        return N_("编码应为 6、9、12 或 15 位")
    if len(code) >= 9 and not _TOWNSHIP.fullmatch(code[:9]):
        return N_("第 7 位应为 0（街道）、1（镇）、2 或 3（乡）、4 或 5（其他）")
    if len(code) >= 12 and not _COMMUNITY.fullmatch(code[:12]):
        return N_("第 10 位应为 0 或 1（居委会）、2 或 3（村委会）、4（其他），且不为 000")
    if len(code) == 15 and code.endswith("000"):
        return N_("网格顺序号从 001 起")
    return ""


LEVEL_BY_LENGTH = {
    6: Level.COUNTY,
    9: Level.TOWNSHIP,
    12: Level.COMMUNITY,
    15: Level.GRID,
}


def grid_name(community: str, serial: int) -> str:
    """Return what the `serial`-th grid of a community is called: 古陂村, 6 → 古陂村第六网格."""
    return f"{community}第{numeral(serial)}网格"


_GRID_NAME = re.compile(
    r"(?P<community>.*?)第?(?P<serial>[0-9〇零一二两三四五六七八九十百]+)(?:号)?网格"
)


def serial_of(name: str) -> tuple[str, int] | None:
    """Return the community and the serial a grid's name tells; None for another kind of name.

    古陂村第六网格 → (古陂村, 6); 第6网格 → ('', 6)
    """
    found = _GRID_NAME.fullmatch(name.replace(" ", ""))
    if not found:
        return None
    try:
        serial = number_of(found["serial"])
    except ValueError:
        return None
    return (found["community"], serial) if 1 <= serial <= 999 else None


def next_serials(taken: Collection[str], n: int) -> list[int]:
    """Return the next `n` serials of a community: a code once given is never given again.

    taken : the codes of all its grids, past and present

    :raises PlaceRefused: if a community would have more than 999.
    """
    last = max((int(code[12:15]) for code in taken), default=0)
    if last + n > 999:
        raise PlaceRefused(N_("一个社区村最多 999 个网格编码"))
    return list(range(last + 1, last + n + 1))


_OFFICIAL = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("村村民委员会", "村"),
    ("居民委员会", "社区"),
    ("居委会", "社区"),
    ("村委会", "村"),
    ("村民委员会", "村"),
)


def screen_name(official: str) -> str:
    """Return the name screens use: 西津路居委会 → 西津路社区, 古陂村委会 → 古陂村."""
    for ending, shown in _OFFICIAL:
        if official.endswith(ending):
            stem = official[: -len(ending)]
            return stem if stem.endswith(shown) else stem + shown
    return official


class PlaceRefused(Refusal):
    """The change to a place is not allowed."""


# What is done to places, and which posts over them do it.
MAY: dict[str, tuple[str, frozenset[Role]]] = {
    "assign_contact": (
        N_("调整联系户"),
        frozenset({Role.ADMIN, Role.DUTY_CHIEF, Role.DISPATCHER, Role.SECRETARY}),
    ),
    "draw_grid": (N_("调整网格边界"), frozenset({Role.ADMIN})),
    "change_grid": (N_("拆分、合并、更名网格"), frozenset({Role.ADMIN})),
    "keep_divisions": (N_("导入区划、网格和单位"), frozenset({Role.ADMIN})),
    "keep_accounts": (N_("导入人员账号"), frozenset({Role.ADMIN})),
    "keep_posts": (N_("导入岗位"), frozenset({Role.SECURITY})),
    "keep_places": (
        N_("登记小区、楼栋和户"),
        frozenset({Role.ADMIN, Role.DUTY_CHIEF, Role.DISPATCHER, Role.SECRETARY}),
    ),
    "read_registers": (
        N_("查看台账"),
        frozenset(
            {
                Role.ADMIN,
                Role.DUTY_CHIEF,
                Role.DISPATCHER,
                Role.INTAKE,
                Role.VERIFIER,
                Role.LEADER,
                Role.SECRETARY,
            }
        ),
    ),
    "set_asset_owner": (
        N_("登记设施权属"),
        frozenset({Role.ADMIN, Role.DUTY_CHIEF, Role.DISPATCHER}),
    ),
}


def check_may(name: str, roles: Collection[Role]) -> None:
    """Test that a holder of `roles` over a place may do `name` to it.

    :raises PlaceRefused: if they may not.
    """
    label, held_by = MAY[name]
    if not held_by & set(roles):
        raise PlaceRefused(N_("您的岗位没有{what}的权限"), what=label)


# 部件: the kinds of public assets, by their code.
ASSET_LABELS = {
    "LAMP": N_("路灯"),
    "MANHOLE": N_("井盖"),
    "BIN": N_("垃圾桶"),
    "LIFT": N_("电梯"),
    "HYDRANT": N_("消火栓"),
    "TREE": N_("行道树"),
    "METER": N_("水电表"),
    "PIPE": N_("管道"),
    "CABLE": N_("线缆"),
}


# ---- what a household needs --------------------------------------------------------------------

# Seen by the household's contact worker and by posts of the community and above, nobody else.
NEED_LABELS = {
    "WALKING": N_("行动不便"),
    "ALONE": N_("独居老人"),
    "SEEING": N_("看不清楚"),
    "SIGN": N_("听说不便"),
}
NEEDS_FROM = frozenset({Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY})
NEEDS_FOR = frozenset(
    {Role.DUTY_CHIEF, Role.DISPATCHER, Role.INTAKE, Role.VERIFIER, Role.LEADER, Role.SECRETARY}
)


# ---- imports -----------------------------------------------------------------------------------


class ImportStatus(StrEnum):
    READING = "READING"  # the file is being read into its staging rows
    READY = "READY"  # every row's fate is known, nothing is written
    APPLYING = "APPLYING"
    DONE = "DONE"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"  # the file could not be read; `message` says why


IMPORT_LABELS = {
    ImportStatus.READING: (N_("读取中"), "active"),
    ImportStatus.READY: (N_("待确认"), "wait"),
    ImportStatus.APPLYING: (N_("写入中"), "active"),
    ImportStatus.DONE: (N_("已导入"), "done"),
    ImportStatus.UNDOING: (N_("撤销中"), "active"),
    ImportStatus.UNDONE: (N_("已撤销"), "void"),
    ImportStatus.CANCELLED: (N_("已放弃"), "void"),
    ImportStatus.FAILED: (N_("读不了"), "late"),
}
AT_WORK = frozenset({ImportStatus.READING, ImportStatus.APPLYING, ImportStatus.UNDOING})


class Fate(StrEnum):
    """What becomes of a row of an import."""

    NEW = "NEW"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


FATE_LABELS = {
    Fate.NEW: (N_("新增"), "new"),
    Fate.CHANGED: (N_("变更"), "wait"),
    Fate.UNCHANGED: (N_("没有变化"), "plain"),
    Fate.REFUSED: (N_("不能导入"), "late"),
}


class Datum(StrEnum):
    WGS84 = "WGS84"
    GCJ02 = "GCJ02"


DATUM_LABELS = {
    Datum.WGS84: N_("WGS 84 或 CGCS2000（测绘成果、手机原始定位、天地图）"),
    Datum.GCJ02: N_("GCJ-02（高德、腾讯地图上量的）"),
}


# ---- grids that change -------------------------------------------------------------------------


class ChangeKind(StrEnum):
    SPLIT = "SPLIT"
    MERGE = "MERGE"
    RENAME = "RENAME"


CHANGE_LABELS = {
    ChangeKind.SPLIT: N_("拆分"),
    ChangeKind.MERGE: N_("合并"),
    ChangeKind.RENAME: N_("更名"),
}


def institutions(
    *, has_party: bool, has_committee: bool, has_company: bool
) -> Sequence[tuple[str, bool]]:
    """Return the institutions that keep a compound (1+3), each with whether it is there.

    Without an owners' committee and a property company the community itself answers (社区兜底).
    """
    return (
        (N_("社区党组织"), has_party),
        (N_("社区居委会"), True),
        (N_("业委会"), has_committee),
        (N_("物业公司"), has_company),
    )
