"""The rules of places: codes, and what a household's members share of it."""

import re
from enum import StrEnum


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
