import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores.chaining import (
    GENESIS,
    Entry,
    Fault,
    FaultKind,
    canonical_json,
    entry_hash,
    salted_digest,
    verify,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8"))
    | st.dates()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
facts = st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=4)


def chain(rows, *, linked):
    entries, last = [], GENESIS
    for seq, fields in enumerate(rows, start=1):
        written = entry_hash(last, fields)
        entries.append(Entry(seq, fields, written, last if linked else None))
        last = written
    return entries


def a_case(*, linked):
    moves = ("file", "dispatch", "accept", "handle", "close")
    return chain(
        [{"case": 7, "move": move, "actor": n} for n, move in enumerate(moves)], linked=linked
    )


class TestSpelling:
    def test_facts_are_spelled_with_sorted_keys_and_no_spaces(self):
        spelled = canonical_json({"b": [1, None, True], "a": "路灯不亮", "c": {"z": 1, "y": "\n"}})
        assert spelled == '{"a":"路灯不亮","b":[1,null,true],"c":{"y":"\\n","z":1}}'.encode()

    def test_an_instant_is_spelled_in_utc_to_the_microsecond(self):
        noon = datetime(2026, 10, 1, 12, tzinfo=timezone(timedelta(hours=8)))
        assert canonical_json({"at": noon}) == b'{"at":"2026-10-01T04:00:00.000000Z"}'
        assert canonical_json({"at": noon}) == canonical_json({"at": noon.astimezone(UTC)})

    def test_a_day_and_a_code_are_spelled_as_their_text(self):
        class Move(StrEnum):
            FILE = "FILE"

        assert canonical_json({"on": date(2026, 10, 1), "move": Move.FILE}) == (
            b'{"move":"FILE","on":"2026-10-01"}'
        )

    @pytest.mark.parametrize(
        "value",
        [
            1.0,
            float("nan"),
            Decimal("1.0"),
            b"x",
            {1: 2},
            {1, 2},
            datetime(2026, 1, 1),
            [0.5],
            "\ud800",
        ],
    )
    def test_what_has_no_single_spelling_is_refused(self, value):
        with pytest.raises(ValueError, match=r".+"):
            canonical_json({"value": value})

    def test_the_hash_of_a_first_row_by_hand(self):
        by_hand = hashlib.sha256(bytes(32) + b'{"case":7,"move":"file"}').digest()
        assert entry_hash(GENESIS, {"move": "file", "case": 7}) == by_hand

    def test_a_previous_hash_has_32_bytes(self):
        with pytest.raises(ValueError, match="32 bytes"):
            entry_hash(b"short", {})

    @given(facts, facts)
    def test_other_facts_have_another_hash(self, one, other):
        same = canonical_json(one) == canonical_json(other)
        assert (entry_hash(GENESIS, one) == entry_hash(GENESIS, other)) == same


@pytest.mark.parametrize("linked", [True, False], ids=["linked", "unlinked"])
class TestVerifying:
    def test_a_whole_chain_has_no_fault(self, linked):
        rows = a_case(linked=linked)
        assert verify(rows, count=5, head=rows[-1].hash) == []
        assert verify(reversed(rows), count=5, head=rows[-1].hash) == []
        assert verify([], count=0, head=GENESIS) == []

    @pytest.mark.parametrize("place", range(5))
    def test_a_changed_row_is_named(self, linked, place):
        rows = a_case(linked=linked)
        rows[place] = replace(rows[place], fields={**rows[place].fields, "actor": 99})
        assert verify(rows, count=5) == [Fault(place + 1, FaultKind.CHANGED)]

    @pytest.mark.parametrize("place", range(5))
    def test_a_row_with_another_hash_is_found(self, linked, place):
        rows = a_case(linked=linked)
        head = rows[-1].hash
        rows[place] = replace(rows[place], hash=bytes(32))
        named = {fault.seq for fault in verify(rows, count=5, head=head)}
        assert place + 1 in named
        assert named <= {place + 1, place + 2}

    @pytest.mark.parametrize("place", range(4))
    def test_a_missing_row_is_named(self, linked, place):
        rows = a_case(linked=linked)
        head = rows[-1].hash
        del rows[place]
        assert verify(rows, count=5, head=head) == [Fault(place + 1, FaultKind.MISSING)]

    def test_a_cut_off_end_is_named_by_its_first_lost_row(self, linked):
        rows = a_case(linked=linked)
        assert verify(rows[:3], count=5) == [Fault(4, FaultKind.CUT_OFF)]
        assert verify(rows[:3], head=rows[-1].hash) == [Fault(4, FaultKind.CUT_OFF)]
        assert verify([], count=5) == [Fault(1, FaultKind.CUT_OFF)]
        assert verify([], head=rows[-1].hash) == [Fault(1, FaultKind.CUT_OFF)]

    def test_a_row_too_many_is_named(self, linked):
        rows = a_case(linked=linked)
        assert verify([*rows, rows[2]], count=5) == [Fault(3, FaultKind.ADDED)]
        assert verify(rows, count=4, head=rows[3].hash) == [Fault(5, FaultKind.ADDED)]

    def test_a_history_rewritten_to_its_end_differs_from_the_head_kept_elsewhere(self, linked):
        head = a_case(linked=linked)[-1].hash
        forged = chain([{"case": 7, "move": "file"}] * 5, linked=linked)
        assert verify(forged, count=5, head=head) == [Fault(5, FaultKind.CHANGED)]

    def test_fields_that_cannot_have_been_written_are_a_change(self, linked):
        rows = a_case(linked=linked)
        rows[1] = replace(rows[1], fields={"weight": 0.5})
        assert verify(rows, count=5) == [Fault(2, FaultKind.CHANGED)]

    @given(st.lists(st.dictionaries(st.text(), st.integers()), min_size=1, max_size=5), st.data())
    def test_no_single_change_goes_unseen(self, linked, rows, data):
        entries = chain(rows, linked=linked)
        count, head = len(entries), entries[-1].hash
        assert verify(entries, count=count, head=head) == []
        place = data.draw(st.integers(0, count - 1))
        entry = entries[place]
        spoilt = data.draw(
            st.sampled_from(
                [
                    [],
                    [replace(entry, fields={**entry.fields, "forged": 1, "too": 2})],
                    [replace(entry, hash=hashlib.sha256(entry.hash).digest())],
                    [entry, entry],
                ]
            )
        )
        entries[place : place + 1] = spoilt
        assert verify(entries, count=count, head=head) != []


def test_a_row_rewritten_with_its_hash_is_named_where_rows_store_the_hash_before():
    rows = a_case(linked=True)
    forged = {**rows[1].fields, "actor": 99}
    rows[1] = replace(rows[1], fields=forged, hash=entry_hash(GENESIS, forged), previous=GENESIS)
    assert Fault(2, FaultKind.CHANGED) in verify(rows, count=5)


def test_a_row_after_a_gap_is_checked_where_rows_store_the_hash_before():
    rows = a_case(linked=True)
    rows[2] = replace(rows[2], fields={"case": 8})
    del rows[1]
    assert verify(rows, count=5) == [Fault(2, FaultKind.MISSING), Fault(3, FaultKind.CHANGED)]


class TestSalting:
    def test_the_same_words_with_another_salt_have_another_digest(self):
        one, other = salted_digest("王先生", bytes(16)), salted_digest("王先生", b"\x01" * 16)
        assert one == salted_digest("王先生", bytes(16))
        assert one != other
        assert len(one) == len(other) == 64

    def test_a_short_salt_is_refused(self):
        with pytest.raises(ValueError, match="16 bytes"):
            salted_digest("王先生", b"short")
