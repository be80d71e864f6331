"""Mask a field that holds one personal detail, so that its owner knows it again."""

import re

from .forms import find_doors, plain
from .names import DOUBLE_SURNAMES

_N = "[0-9一二三四五六七八九十百]"
_BUILDING = re.compile(
    rf"{_N}{{1,4}}(?:号楼|栋|幢|#)|[A-Z0-9]{{1,2}}座|{_N}{{1,4}}(?=-\d{{1,2}}-\d{{3}})", re.I
)
_UNIT = re.compile(rf"[ ,-]*{_N}{{1,3}}(?:单元|门洞)")


def mask_name(name: str) -> str:
    """Return a name with all but the surname hidden: 张三丰 as 张**."""
    name = name.strip()
    if len(name) < 2:
        return "*" * len(name)
    shown = 2 if name[:2] in DOUBLE_SURNAMES and len(name) > 2 else 1
    return name[:shown] + "*" * min(len(name) - shown, 2)


def mask_phone(phone: str) -> str:
    """Return a telephone number with its middle hidden: 138****1234, 0797-****234."""
    digits = re.sub(r"[^0-9]", "", plain(phone))
    if len(digits) > 11 and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) < 7:
        return "*" * len(digits)
    if len(digits) < 10:
        return f"****{digits[-3:]}"
    if digits.startswith("0"):
        area = 3 if digits[1] in "12" else 4
        return f"{digits[:area]}-****{digits[-3:]}"
    return f"{digits[:3]}****{digits[-4:]}"


def mask_id(number: str) -> str:
    """Return an identity number with all but its first and last four digits hidden."""
    number = number.strip()
    if len(number) < 12:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def mask_address(address: str) -> str:
    """Return an address down to its building; what leads from there to a door is left out."""
    written = plain(address)
    if building := _BUILDING.search(written):
        return address[: building.end()]
    if unit := _UNIT.search(written):
        return address[: unit.start()]
    door = min(find_doors(address), default=None)
    return address[: door[0]] if door else address
