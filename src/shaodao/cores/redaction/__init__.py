"""Take personal details out of Chinese text, and mask them in fields.

Problem   What a resident wrote may be shown to others only without telephone numbers, identity
          numbers, cards, plates, accounts, the door behind the building, and names.
Method    Numbers by their form (a check digit where there is one), full-width forms and Chinese
          numerals read as digits, every occurrence and not the first. Doors from the unit or
          the floor on. Names by evidence: a surname after "我叫" or "联系人", before "先生" or
          "大爷", with 某, or in a word that the segmenter takes for a name, that no dictionary
          knows and that no place or firm begins with.
Cost      About half a millisecond for 200 characters, half of it the segmenter's.
Limits    Measured in docs/mechanisms/redaction.md. A help to whoever releases a text, and no
          replacement for reading it: a name without evidence, a nickname, a description that
          fits one person only are not seen. An office's telephone and rooms are taken too.
Source    Identity numbers: GB 11643. Cards: ISO/IEC 7812-1, the Luhn digit. Plates: GA 36.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .forms import Kind, find_doors, find_numbers
from .masking import mask_address, mask_id, mask_name, mask_phone
from .names import find_names

__all__ = [
    "Kind",
    "Redacted",
    "Span",
    "mask_address",
    "mask_id",
    "mask_name",
    "mask_phone",
    "redact",
]

_SHOWN_AS = {
    Kind.EMAIL: "[邮箱]",
    Kind.ID_NUMBER: "[身份证号]",
    Kind.PHONE: "[电话]",
    Kind.BANK_CARD: "[银行卡号]",
    Kind.QQ: "[QQ号]",
    Kind.WECHAT: "[微信号]",
    Kind.PLATE: "[车牌]",
    Kind.DOOR: "",
    Kind.NAME: "某某",
}


class Span(NamedTuple):
    """Where a detail stood in the text as it was given: characters, end exclusive."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Redacted:
    """A text without its personal details, and where they were."""

    text: str
    spans: tuple[Span, ...] = ()


def redact(text: str) -> Redacted:
    """Return a text without the personal details that show by their form or by evidence.

    Returns  the text with a word in place of each detail (nothing in place of a door), and the
             spans of the details in the text as given, in order and apart
    """
    found: list[Span] = []
    taken = bytearray(len(text))
    for span in _candidates(text):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\x01" * (span.end - span.start)
            found.append(span)
    found.sort()
    pieces, end = [], 0
    for span in found:
        pieces += [text[end : span.start], _SHOWN_AS[span.kind]]
        end = span.end
    return Redacted("".join([*pieces, text[end:]]), tuple(found))


def _candidates(text: str) -> Iterator[Span]:
    """Yield what may be a detail; where two overlap the first counts."""
    for kind, start, end in find_numbers(text):
        yield Span(start, end, kind)
    for start, end in find_doors(text):
        yield Span(start, end, Kind.DOOR)
    for start, end in find_names(text):
        yield Span(start, end, Kind.NAME)
