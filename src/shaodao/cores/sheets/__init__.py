"""Read the workbooks people really have: titles above the table, merged cells, full-width digits.

Problem   A register arrives as a sheet typed for reading: a title over the table, a heading
          in two rows, a village's name merged over forty rows, "１２栋2单元301" in one cell, a sum
          and a signature at the foot. Wanted: rows of plain values, each cell with its address.
Method    Merged cells are filled down. The heading is the row in which most of the wanted columns
          are found under one of their known names, a second heading row below is read with it.
          Text is made plain by characters; numbers, days and addresses by small grammars.
Cost      Linear; 200,000 rows of eight cells in about two seconds.
Limits    One table a sheet. A heading nobody knows is left out and said, never guessed at.
          An address is split only by its signs (栋, 单元, #, -), not by what stands there.
Source    The forms themselves; the numerals are the everyday ones below ten thousand.
"""

from .addresses import Room, building_key, parse_room
from .cells import (
    clean,
    column_letter,
    day_of,
    degrees_of,
    is_yes,
    number_of,
    numeral,
    text_of,
    whole,
)
from .tables import Table, fill_merged, find_table, is_foot

__all__ = [
    "Room",
    "Table",
    "building_key",
    "clean",
    "column_letter",
    "day_of",
    "degrees_of",
    "fill_merged",
    "find_table",
    "is_foot",
    "is_yes",
    "number_of",
    "numeral",
    "parse_room",
    "text_of",
    "whole",
]
