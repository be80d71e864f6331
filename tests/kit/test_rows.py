"""Rows of several tables written in one statement are the rows the ORM would have written."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from shaodao.cases.models import Case, Clock, JournalEntry
from shaodao.kit import rows
from shaodao.reports.models import Report


def again(row, **changed):
    """Return the same row once more, not written, with a few values changed."""
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    del values[row._meta.pk.attname]
    return type(row)(**{**values, **changed})


def test_every_kind_of_value_comes_back_as_it_went(town):
    taken = town.taken(text='两公里“没有路灯”\\ {"a": 1}', line=town.dark_road)
    clock = taken.case.clocks.first()
    clock.paused_at, clock.left = clock.started_at, timedelta(days=2, hours=3, microseconds=5)
    case_id, report_id = rows.next_ids(Case, 1)[0], rows.next_ids(Report, 1)[0]
    key, number = "0192e4a0-0000-7000-8000-000000000001", "A-1"
    report = again(taken.report, pk=report_id, key=key, number=number, token_digest=b"\x00\xffd")
    case = again(taken.case, pk=case_id, number=number, search=["路灯", "公里"])
    held = again(clock, case_id=case_id)
    entry = again(taken.case.journal.first(), case_id=case_id, facts={"b": [1, {"c": "“\\”"}]})
    with CaptureQueriesContext(connection) as asked:
        rows.insert([case, report, held, entry])
    assert len(asked) == 1
    assert not case._state.adding
    stored = Report.objects.get(pk=report_id)
    assert (str(stored.key), bytes(stored.token_digest)) == (key, b"\x00\xffd")
    assert (stored.text, stored.line) == (taken.report.text, taken.report.line)
    assert stored.received_at == taken.report.received_at
    written = Case.objects.get(pk=case_id)
    assert written.search == "'公里' '路灯'"
    assert bytes(written.head) == bytes(taken.case.head)
    same = {"id", "number", "search", "head"}
    assert {k: v for k, v in model_to_dict(written).items() if k not in same} == {
        k: v for k, v in model_to_dict(taken.case).items() if k not in same
    }
    assert Clock.objects.get(case=case_id).left == clock.left
    assert JournalEntry.objects.get(case=case_id).facts == entry.facts


def test_constraints_hold_and_nothing_is_written_in_part(town):
    taken = town.taken()
    fresh = again(taken.report, pk=rows.next_ids(Report, 1)[0], number="A-2")  # the key is known
    case = again(taken.case, pk=rows.next_ids(Case, 1)[0], number="A-2", search=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert([case, fresh])
    assert not Case.objects.filter(number="A-2").exists()


def test_ids_are_given_to_nobody_else(town):
    assert len({*rows.next_ids(Case, 5), *rows.next_ids(Case, 5), town.taken().case.pk}) == 11


def test_rows_read_without_a_constructor_are_those_of_the_orm_and_write_what_changed(town):
    case = town.taken(category="RUBBISH_HEAP", household=town.household).case
    Clock.objects.filter(case=case, step="HANDLE").update(left=timedelta(days=3, microseconds=7))
    plain = list(Clock.objects.filter(case__among=[case.pk]).order_by("pk"))
    clocks = rows.read(Clock.objects.filter(case=case).order_by("pk"), later=["amount"])
    names = [f.attname for f in Clock._meta.concrete_fields if f.attname != "amount"]
    assert [[c.__dict__[n] for n in names] for c in clocks] == [
        [c.__dict__[n] for n in names] for c in plain
    ]
    with CaptureQueriesContext(connection) as asked:
        rows.write_changes(clocks)
    assert len(asked) == 0
    clocks[0].late_at, clocks[1].left = clocks[0].due_at, timedelta(hours=-2)
    with CaptureQueriesContext(connection) as asked:
        rows.write_changes(clocks)
        rows.write_changes(clocks)
    assert len(asked) == 1
    assert '"late_at"' in asked[0]["sql"]
    assert '"due_at"' not in asked[0]["sql"]
    stored = list(Clock.objects.filter(case=case).order_by("pk"))
    assert (stored[0].late_at, stored[1].left) == (clocks[0].due_at, timedelta(hours=-2))
    assert [c.amount for c in clocks] == [c.amount for c in plain]


@pytest.mark.parametrize("n", [3, 60])
def test_many_new_rows_are_written_in_order_with_what_a_row_has_of_itself(town, n):
    case = town.case()
    made = [
        rows.new(
            JournalEntry, case_id=case.pk, seq=100 + k, name="x", at=case.received_at, hash=b"x"
        )
        for k in range(n)
    ]
    rows.add(JournalEntry, [vars(row) for row in made])
    stored = list(case.journal.filter(name="x").order_by("pk"))
    assert [e.seq for e in stored] == [100 + k for k in range(n)]
    assert {(e.actor_id, str(e.facts), bytes(e.hash)) for e in stored} == {(None, "{}", b"x")}
    assert made[0].facts is not made[1].facts
