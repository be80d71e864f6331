"""From a file (.xlsx, .xls, .csv) to rows of plain text, each with its number in the sheet."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

from python_calamine import CalamineError, CalamineWorkbook

from shaodao.cores.sheets import (
    Table,
    column_letter,
    fill_merged,
    find_table,
    is_foot,
    text_of,
)
from shaodao.cores.wording import N_
from shaodao.places.policy import PlaceRefused

from .columns import Register

MOST_ROWS = 1_000_000


@dataclass
class Sheet:
    """A table that was found in a file."""

    name: str
    columns: dict[str, str]  # field → letter
    unknown: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # number, field → text
    skipped: list[tuple[int, str]] = field(default_factory=list)  # titles, sums, signatures


def read_sheet(path: Path, register: Register) -> Sheet:
    """Return the table of a register out of a file.

    :raises PlaceRefused: if the file cannot be read, or no sheet has the register's columns.
    """
    best: tuple[int, str, list, set[int], Table] | None = None
    for name, cells, titles in _sheets(path):
        table = find_table(cells, register.headings)
        if table and (best is None or len(table.columns) > best[0]):
            best = (len(table.columns), name, cells, titles, table)
    if best is None:
        labels = "、".join(column.label for column in register.columns if column.is_needed)
        raise PlaceRefused(N_("没有找到表头。至少要有这些列：{columns}"), columns=labels)
    _, name, cells, titles, table = best
    missing = [
        column.label
        for column in register.columns
        if column.is_needed and column.key not in table.columns
    ]
    if missing:
        raise PlaceRefused(N_("缺少这些列：{columns}"), columns="、".join(missing))
    if len(cells) - table.first_row > MOST_ROWS:
        raise PlaceRefused(N_("一次最多导入 {n} 行"), n=MOST_ROWS)
    letters = {key: column_letter(index) for key, index in table.columns.items()}
    sheet = Sheet(name, letters, table.unknown)
    _collect(sheet, cells, titles, table)
    return sheet


def _collect(sheet: Sheet, cells: list, titles: set[int], table: Table) -> None:
    wanted = list(table.columns.items())
    headings = cells[table.first_row - 1]
    for at in range(table.first_row, len(cells)):
        row = cells[at]
        plain = [text_of(cell) for cell in row]
        texts = {key: plain[index] if index < len(plain) else "" for key, index in wanted}
        said = [text for text in plain if text]
        if not said:
            continue
        is_repeated = row == headings  # a heading printed again on each page
        if at in titles or is_repeated or is_foot(said) or not any(texts.values()):
            sheet.skipped.append((at + 1, said[0][:40]))
        else:
            sheet.rows.append((at + 1, texts))


def _sheets(path: Path) -> Iterator[tuple[str, list, set[int]]]:
    """Yield each sheet's name, its cells from A1 on, and the rows that are titles."""
    if path.suffix.lower() == ".csv":
        yield path.stem, _csv_rows(path), set()
        return
    with path.open("rb") as file:
        begin = file.read(2000)
    if b"\t" in begin and b"\0" not in begin:  # an old system's "Excel" is text with tabs
        yield path.stem, _csv_rows(path), set()
        return
    try:
        with path.open("rb") as file:  # what it is, is told by what stands in it, not by its name
            book = CalamineWorkbook.from_object(file)
    except (CalamineError, BadZipFile, OSError, ValueError) as error:
        raise PlaceRefused(N_("这个文件打不开：请存成 .xlsx、.xls 或 .csv 再上传")) from error
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_height > MOST_ROWS + 100:
            raise PlaceRefused(N_("一次最多导入 {n} 行"), n=MOST_ROWS)
        cells = sheet.to_python(skip_empty_area=False)
        titles = fill_merged(cells, sheet.merged_cell_ranges or ())
        if cells:
            yield name, cells, titles


def _csv_rows(path: Path) -> list[list[object]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise PlaceRefused(N_("这个文件的文字编码认不出来，请存成 .xlsx 再上传"))
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    try:
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise PlaceRefused(N_("这个文件打不开：请存成 .xlsx、.xls 或 .csv 再上传")) from error
