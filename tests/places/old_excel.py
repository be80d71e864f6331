"""A writer of .xls (BIFF8 in a compound file), just enough for a village's old workbook."""

import struct
from collections.abc import Sequence
from pathlib import Path

FREE, END, TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
SECTOR, LEAST = 512, 4096  # bytes; a shorter stream would need another table
NAME = "Sheet1"

Merged = tuple[int, int, int, int]  # first row, first column, last row, last column


def write_xls(path: Path, rows: Sequence[Sequence[object]], merged: Sequence[Merged] = ()) -> Path:
    """Write rows of text and numbers as the one sheet of an old workbook."""
    book = _book(rows, merged)
    book = book.ljust(max(LEAST, -(-len(book) // SECTOR) * SECTOR), b"\0")
    n = len(book) // SECTOR
    chain = [TABLE, END, *range(3, n + 2), END]  # this table, the folder, then the book
    head = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), bytes(16), 0x3E, 3, 0xFFFE,
        9, 6, 0, 1, 1, 0, LEAST, END, 0, END, 0,
    )  # fmt: skip
    head += struct.pack("<109I", 0, *[FREE] * 108)
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(SECTOR, b"\xff")
    folder = _entry("Root Entry", 5, END, 0, 1) + _entry("Workbook", 2, 2, len(book))
    path.write_bytes(head + table + folder.ljust(SECTOR, b"\0") + book)
    return path


def _book(rows: Sequence[Sequence[object]], merged: Sequence[Merged]) -> bytes:
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    said = struct.pack("<BB", len(NAME), 1) + NAME.encode("utf-16-le")
    begins = len(head) + 4 + 6 + len(said) + 4
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for r, row in enumerate(rows):
        sheet += b"".join(_cell(r, c, value) for c, value in enumerate(row) if value != "")
    boxes = b"".join(struct.pack("<HHHH", top, last, left, right)
                     for top, left, last, right in merged)  # fmt: skip
    sheet += _record(0x00E5, struct.pack("<H", len(merged)) + boxes)
    end = _record(0x000A)
    return head + _record(0x0085, struct.pack("<IBB", begins, 0, 0) + said) + end + sheet + end


def _cell(row: int, column: int, value: object) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
        return _record(0x0204, place + text)
    return _record(0x0203, place + struct.pack("<d", value))


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _entry(name: str, kind: int, first: int, size: int, child: int = FREE) -> bytes:
    said = (name + "\0").encode("utf-16-le")
    body = said.ljust(64, b"\0") + struct.pack("<HBBIII", len(said), kind, 1, FREE, FREE, child)
    return body + bytes(36) + struct.pack("<IQ", first, size)
