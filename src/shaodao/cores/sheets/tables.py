"""A table inside a sheet: where it begins, what its columns are, where it ends."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

Cells = list[list[object]]
Range = tuple[tuple[int, int], tuple[int, int]]  # (row, column) of the first and the last cell

LOOKED_AT = 25  # rows from the top in which a heading is looked for
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_NOISE = re.compile(r"[\s*:：、,，/]+")


@dataclass(frozen=True)
class Table:
    """Where a table lies: the column of each field, its first row, headings nobody knows."""

    columns: dict[str, int]
    first_row: int  # counted from 0
    unknown: tuple[str, ...] = ()


def fill_merged(rows: Cells, ranges: Iterable[Range]) -> set[int]:
    """Write the value of merged cells into each of their rows; return the rows that are titles.

    rows     changed in place; ranges lie within them
    Returns  rows in which one cell reaches over three columns or more: a title, no data
    """
    titles = set()
    for (top, left), (bottom, right) in ranges:
        if top >= len(rows):
            continue
        value = rows[top][left] if left < len(rows[top]) else ""
        for row in range(top, min(bottom + 1, len(rows))):
            if left < len(rows[row]):
                rows[row][left] = value
            if right - left >= 2:
                titles.add(row)
            elif right > left and top == bottom and right < len(rows[row]):
                rows[row][right] = value  # a group heading over two columns
    return titles


def heading_of(cell: object) -> str:
    """Return a heading without its brackets, stars and spaces."""
    return _NOISE.sub("", _BRACKETS.sub("", normalize("NFKC", str(cell or ""))))


def find_table(
    rows: Sequence[Sequence[object]], names: Mapping[str, Sequence[str]]
) -> Table | None:
    """Return where the table lies whose columns go by any of `names`.

    names    field → the headings it is known by
    Returns  the row with most of them, with the row below where that is a heading too; None where
             not even two columns are found (one, where only one is wanted)
    """
    by_name = {heading_of(name): field for field, known in names.items() for name in known}
    best: tuple[int, dict[str, int]] | None = None
    for at, row in enumerate(rows[:LOOKED_AT]):
        found = _matched(row, by_name)
        if best is None or len(found) > len(best[1]):
            best = (at, found)
    if best is None or len(best[1]) < min(2, len(names)):
        return None
    at, columns = best
    heads, first = {at}, at + 1
    below = _matched(rows[at + 1], by_name) if at + 1 < len(rows) else {}
    if below and _is_heading(rows[at + 1], by_name):
        heads.add(at + 1)
        columns = {**columns, **{k: c for k, c in below.items() if k not in columns}}
        first = at + 2
    elif at and (above := _matched(rows[at - 1], by_name)):
        heads.add(at - 1)
        columns = {**{k: c for k, c in above.items() if c not in columns.values()}, **columns}
    used = set(columns.values())
    unknown = [
        str(cell)
        for at in sorted(heads)
        for index, cell in enumerate(rows[at])
        if index not in used and heading_of(cell)
    ]
    return Table(columns, first, tuple(dict.fromkeys(unknown)))


def _matched(row: Sequence[object], by_name: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, cell in enumerate(row):
        field = by_name.get(heading_of(cell))
        if field is not None:
            found.setdefault(field, index)
    return found


def _is_heading(row: Sequence[object], by_name: Mapping[str, str]) -> bool:
    """Tell whether a row holds nothing but headings."""
    said = [heading_of(cell) for cell in row if heading_of(cell)]
    return bool(said) and sum(word in by_name for word in said) * 2 > len(said)


_FOOT = re.compile(
    r"(合\s*计|小\s*计|总\s*计|填\s*表|制\s*表|审\s*核|负责人签|单位盖章|填报|备\s*注\s*[:：]|说\s*明\s*[:：]|注\s*[:：])"
)


def is_foot(texts: Iterable[str]) -> bool:
    """Tell whether a row is a sum, a signature or a remark below the table."""
    first = next((text for text in texts if text), "")
    return bool(_FOOT.match(first))
