"""One cell: plain text, whole numbers, days, degrees, yes and no, Chinese numerals."""

import re
from datetime import date, datetime
from unicodedata import normalize

# Full-width digits and letters, and the spaces of a Chinese keyboard; punctuation stays as typed.
_WIDE = {
    **{
        0xFEE0 + code: code for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B))
    },
    0x3000: 0x20,
    0xA0: 0x20,
    0x200B: None,
    0xFEFF: None,
    0: None,
}
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return text with narrow digits and letters, and single spaces."""
    if text.isascii() and text.isalnum():
        return text
    return _SPACE.sub(" ", text.translate(_WIDE)).strip()


def text_of(cell: object) -> str:
    """Return what a cell shows: 301.0 → 301, a day as 2024-05-01, nothing for an empty cell."""
    if isinstance(cell, str):
        return clean(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


_UNITS_SAID = "人户个部台块层年口只名"
_WHOLE = re.compile(rf"(\d{{1,9}})(\.0+)?\s*[{_UNITS_SAID}]?")


def whole(text: str) -> int:
    """Return a count as people write it: 3, ３人, 3.0, 三, 三口.

    Raises  ValueError : if it is none
    """
    plain = normalize("NFKC", text).replace(",", "").strip()
    found = _WHOLE.fullmatch(plain)
    if found:
        return int(found[1])
    return number_of(plain[:-1].rstrip() if plain[-1:] in tuple(_UNITS_SAID) else plain)


_DAY = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*(?:[-./月]\s*(\d{1,2})\s*日?|月)?")


def day_of(text: str) -> date:
    """Return a day as people write it: 2024-5-1, 2024.5.1, 2024年5月1日, 2024年5月 (its first).

    Raises  ValueError : if it is none
    """
    found = _DAY.fullmatch(normalize("NFKC", text).strip())
    if not found:
        raise ValueError(f"no day: {text!r}")
    return date(int(found[1]), int(found[2]), int(found[3] or 1))


def degrees_of(text: str) -> float:
    """Return decimal degrees.

    Raises  ValueError : if it is no number, or not within 180 degrees
    """
    value = float(normalize("NFKC", text).strip().rstrip("°"))
    if not -180 <= value <= 180:
        raise ValueError(f"no degrees: {text!r}")
    return value


_YES = frozenset({"是", "有", "已", "已成立", "已选举", "Y", "YES", "1", "√", "✓", "对", "TRUE"})
_NO = frozenset({"否", "无", "没有", "未", "未成立", "N", "NO", "0", "×", "X", "不是", "FALSE"})


def is_yes(text: str) -> bool:
    """Return whether a cell says yes.

    Raises  ValueError : if it says neither yes nor no
    """
    word = clean(text).upper()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"neither yes nor no: {text!r}")


def column_letter(index: int) -> str:
    """Return what a sheet calls its column: 0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


_ONES = "零一二三四五六七八九"
_UNITS = (("千", 1000), ("百", 100), ("十", 10))


def numeral(number: int) -> str:
    """Write 1 to 9999 in Chinese: 6 → 六, 12 → 十二, 110 → 一百一十.

    Raises  ValueError : beyond
    """
    if not 1 <= number <= 9999:
        raise ValueError(f"no numeral for {number}")
    said, rest, gap = "", number, False
    for sign, size in _UNITS:
        digit, rest = divmod(rest, size)
        if digit:
            said += ("零" if gap else "") + _ONES[digit] + sign
            gap = False
        elif said:
            gap = True
    if rest:
        said += ("零" if gap else "") + _ONES[rest]
    return said.removeprefix("一") if 10 <= number < 20 else said


def number_of(said: str) -> int:
    """Read a Chinese numeral or plain digits: 六 → 6, 十二 → 12, 一百一十 → 110.

    Raises  ValueError : if it is neither
    """
    text = clean(said).replace("〇", "零").replace("两", "二")
    if text.isascii() and text.isdigit():
        return int(text)
    total, digit = 0, None
    for sign in text:
        if sign in _ONES:
            digit = _ONES.index(sign)
        elif (size := dict(_UNITS).get(sign)) is not None:
            total += (1 if digit is None else digit) * size
            digit = None
        else:
            raise ValueError(f"no numeral: {said!r}")
    if not text:
        raise ValueError("no numeral: nothing")
    return total + (digit or 0)
