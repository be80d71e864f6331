"""The address inside a compound: building, entrance, room, out of one cell or several."""

import re
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from .cells import number_of


class Room(NamedTuple):
    """Where somebody lives inside a compound; '' where it is not said."""

    building: str  # 12栋
    entrance: str  # 2单元
    room: str  # 301

    @property
    def number(self) -> str:
        """The number inside the building: 2单元301."""
        return self.entrance + self.room


_N = r"[0-9A-Za-z一二三四五六七八九十百零〇]+"
_BUILDING = re.compile(rf"(?P<n>{_N})\s*(?:栋|幢|座|号楼|#楼|#|楼栋)")
_ENTRANCE = re.compile(rf"(?P<n>{_N})\s*(?:单元|门洞|门)")
_ROOM = re.compile(r"(?P<n>[0-9]{1,5}[A-Za-z]?)\s*(?:室|房|号|户)?")
_DASHED = re.compile(r"(\d{1,4})[-—–](?:(\d{1,3})[-—–])?(\d{1,5}[A-Za-z]?)(?:室|房)?")
_SPACES = re.compile(r"\s+")


def parse_room(text: str, *, is_inside: bool = False) -> Room:
    """Split an address inside a compound by its signs.

    text     12栋2单元301, １２幢二单元301室, 12#2-301, 12-2-301, 301, 2单元301, 12栋
    is_inside  the building is said elsewhere, so that 2-301 is an entrance and a room
    Returns  building and entrance in one spelling; what has no sign of a building is the room
    Raises   ValueError : if something is left that is neither
    """
    rest = _SPACES.sub("", normalize("NFKC", text))
    building = entrance = ""
    if dashed := _DASHED.fullmatch(rest):
        first, middle, last = dashed.groups()
        if is_inside and not middle:
            return Room("", f"{int(first)}单元", last)
        return Room(f"{int(first)}栋", f"{int(middle)}单元" if middle else "", last)
    if found := _BUILDING.match(rest):
        building, rest = _one(found["n"], "栋"), rest[found.end() :].lstrip("-—–")
    if found := _ENTRANCE.match(rest):
        entrance, rest = _one(found["n"], "单元"), rest[found.end() :].lstrip("-—–")
    elif found := re.match(r"(\d{1,2})[-—–](?=\d)", rest):
        entrance, rest = f"{int(found[1])}单元", rest[found.end() :]
    if not rest:
        return Room(building, entrance, "")
    found = _ROOM.fullmatch(rest)
    if not found:
        raise ValueError(f"no room: {text!r}")
    return Room(building, entrance, found["n"])


def _one(number: str, sign: str) -> str:
    """Return a numbered thing in one spelling: 十二 → 12栋, 03 → 3栋, A → A栋."""
    try:
        return f"{number_of(number)}{sign}"
    except ValueError:
        return f"{number.upper()}{sign}"


@lru_cache(maxsize=100_000)
def building_key(name: str) -> str:
    """Return what tells buildings apart whatever sign was used: 12幢, 12#, 十二号楼 → 12栋."""
    plain = _SPACES.sub("", normalize("NFKC", name))
    found = _BUILDING.fullmatch(plain) or re.fullmatch(r"(?P<n>\d{1,4})", plain)
    return _one(found["n"], "栋") if found else plain
