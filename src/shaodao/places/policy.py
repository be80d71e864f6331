"""The rules of places: codes, names, layers, and who may change what."""

import re
from collections.abc import Collection
from enum import StrEnum

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Role


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
