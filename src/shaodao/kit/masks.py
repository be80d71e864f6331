"""What is left of a personal datum on a screen that has not asked for it."""

from collections.abc import Callable


def _name(value: str) -> str:
    return value[:1] + "*" * max(len(value) - 1, 1)


def _phone(value: str) -> str:
    if len(value) < 8:
        return "*" * len(value)
    return value[:3] + "****" + value[-4:]


def _identity(value: str) -> str:
    if len(value) < 12:
        return "*" * len(value)
    return value[:4] + "*" * (len(value) - 8) + value[-4:]


def _address(value: str) -> str:
    """Keep an address down to the building: everything after 栋, 幢 or 号楼 goes."""
    for end in ("号楼", "栋", "幢", "座"):
        head, found, _rest = value.partition(end)
        if found:
            return f"{head}{found}***"
    return value[: max(len(value) // 2, 1)] + "***"


MASKS: dict[str, Callable[[str], str]] = {
    "name": _name,
    "phone": _phone,
    "id": _identity,
    "address": _address,
}


def mask(value: str, kind: str) -> str:
    """Hide what identifies a person in `value`; an unknown kind hides everything."""
    if not value:
        return ""
    return MASKS.get(kind, lambda text: "*" * len(text))(value)
