"""Chain the rows of a journal by hash, so that a changed, missing or cut-off row is found.

Problem   A journal is evidence only if nobody, the database's owner included, can change a row,
          take one out or cut off its end without it being noticed.
Method    Every row carries SHA-256 over the hash of the row before it and the canonical JSON of
          its own facts. Checking walks the chain; the end is held against a count and a head kept
          elsewhere (on the case, and in an exported digest of all heads).
Cost      Some ten microseconds a row.
Limits    Whoever can rewrite every row after a changed one, and the head, is found only by a copy
          of the head he could not reach. Where rows do not store the hash before them, the row
          after a gap cannot be checked, and a row rewritten together with its own hash is
          named as its follower.
Source    FIPS 180-4. Linking by hash: Haber & Stornetta, J. Cryptology 3 (1991) 99-111. The form of
          the JSON follows RFC 8785 where it matters here: sorted keys, no spaces, UTF-8.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

GENESIS = bytes(32)

_SALT_BYTES = 16


class FaultKind(StrEnum):
    """What is wrong with a row."""

    CHANGED = "CHANGED"
    MISSING = "MISSING"
    CUT_OFF = "CUT_OFF"
    ADDED = "ADDED"


@dataclass(frozen=True)
class Entry:
    """A row as it stands in the journal.

    seq       its number in the chain, from 1 without gaps
    fields    its facts, as they went into `entry_hash`
    hash      32 bytes, as stored
    previous  the stored hash of the row before it, where rows store that
    """

    seq: int
    fields: Mapping[str, object]
    hash: bytes
    previous: bytes | None = None


@dataclass(frozen=True, order=True)
class Fault:
    """A row that is not as it was written: its number and what is wrong with it."""

    seq: int
    kind: FaultKind


def canonical_json(fields: Mapping[str, object]) -> bytes:
    """Return the one spelling of a row's facts that is hashed.

    fields   text, whole numbers, truth values, None, days, instants with a zone, and lists
             and mappings of these; instants are written in UTC to the microsecond
    Returns  UTF-8, keys sorted, no spaces
    Raises   ValueError : on a float, an instant without a zone, a key that is not text, or
             anything else that has no single spelling
    """
    return _SPELL(_plain(fields)).encode()


def entry_hash(previous: bytes, fields: Mapping[str, object]) -> bytes:
    """Return the hash of a row, given the hash of the row before it.

    previous  32 bytes; `GENESIS` for the first row
    fields    as for `canonical_json`
    Returns   32 bytes
    Raises    ValueError : if `previous` is no hash or the fields have no single spelling
    """
    if len(previous) != len(GENESIS):
        raise ValueError(f"a hash has {len(GENESIS)} bytes, not {len(previous)}")
    return hashlib.sha256(bytes(previous) + canonical_json(fields)).digest()


def verify(
    entries: Iterable[Entry], *, count: int | None = None, head: bytes | None = None
) -> list[Fault]:
    """Return what is wrong with a chain, in the order of its rows; nothing if it is whole.

    entries  the rows of one chain in any order
    count    how many there should be, as kept elsewhere; without it a cut-off end is found by
             the head alone
    head     the hash of the last row, as kept elsewhere
    Returns  one fault for each row that was changed, is missing or was added, and one for a
             cut-off end, numbered as the first row that is lost
    """
    faults: set[Fault] = set()
    seq = 0
    before: bytes | None = GENESIS
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.seq <= seq or (count is not None and entry.seq > count):
            faults.add(Fault(entry.seq, FaultKind.ADDED))
            continue
        if entry.seq > seq + 1:
            faults |= {Fault(lost, FaultKind.MISSING) for lost in range(seq + 1, entry.seq)}
            before = None
        stands_on = before if entry.previous is None else bytes(entry.previous)
        if stands_on is not None and not _is_intact(entry, stands_on):
            faults.add(Fault(entry.seq, FaultKind.CHANGED))
        elif before is not None and stands_on != before:
            # Sound, but standing on another hash: the row before was rewritten with its own.
            faults.add(Fault(max(seq, 1), FaultKind.CHANGED))
        seq, before = entry.seq, bytes(entry.hash)
    if count is not None and seq < count:
        faults.add(Fault(seq + 1, FaultKind.CUT_OFF))
    elif head is not None and before != bytes(head):
        rewritten = count is not None and seq > 0
        faults.add(
            Fault(seq, FaultKind.CHANGED) if rewritten else Fault(seq + 1, FaultKind.CUT_OFF)
        )
    return sorted(faults)


def salted_digest(text: str, salt: bytes) -> str:
    """Return a digest that stands in the journal for words kept, and erasable, elsewhere.

    With its salt erased too, the digest says nothing about the words, however few they were.

    salt     at least 16 random bytes, one for each text
    Returns  64 hexadecimal digits
    Raises   ValueError : if the salt is shorter
    """
    if len(salt) < _SALT_BYTES:
        raise ValueError(f"a salt has at least {_SALT_BYTES} bytes, not {len(salt)}")
    return hmac.new(bytes(salt), text.encode(), hashlib.sha256).hexdigest()


def _is_intact(entry: Entry, stands_on: bytes) -> bool:
    try:
        return hmac.compare_digest(entry_hash(stands_on, entry.fields), bytes(entry.hash))
    except ValueError:
        return False


_SPELL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def _plain(value: object) -> object:
    """Return a value as JSON has it, or refuse it."""
    if type(value) in _AS_THEY_ARE:
        return value
    match value:
        case None | bool() | int() | str():
            return value
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"an instant needs a zone: {value}")
            in_utc = value.astimezone(UTC).replace(tzinfo=None)
            return in_utc.isoformat(timespec="microseconds") + "Z"
        case date():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise ValueError(f"keys must be text: {list(value)}")
            return {key: _plain(item) for key, item in value.items()}
    raise ValueError(f"no single spelling for {type(value).__name__}: {value!r}")
