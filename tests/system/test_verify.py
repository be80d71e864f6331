"""`cases verify` and `journal verify`: they pass on honest data, and find each kind of fault."""

import hashlib
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from shaodao.cases import actions, policy
from shaodao.cases.actions.exporting import FOLDER, export
from shaodao.cases.models import Case, CaseReport, Clock, HeadsExport, JournalEntry
from shaodao.cases.policy import Status
from shaodao.cases.verifying import trapped, verify_cases, verify_journals
from shaodao.kit.versions import number_of
from shaodao.people import actions as accounts
from shaodao.people.models import AccountEntry, Version
from tests.town import MONDAY

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _var(tmp_path):
    with override_settings(VAR=tmp_path):
        yield


@contextmanager
def triggers_off():
    """Write as a forger with the database's own password would."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = origin")


@pytest.fixture
def lived(town):
    """A closed case, an open one and a few account entries, exported at the end of Monday."""
    closed = town.case(Status.CLOSED)
    town.case(Status.HANDLING)
    accounts.deactivate(user=town.worker2, actor=town.admin, at=MONDAY, why="请假")
    accounts.reactivate(user=town.worker2, actor=town.admin, at=MONDAY, why="销假")
    export(at=MONDAY + DAY / 2)
    closed.refresh_from_db()
    return closed


def heads():
    return Path(settings.VAR) / FOLDER


def faults():
    return verify_journals(heads()).faults


# ---- journals ------------------------------------------------------------------------------


def test_an_honest_journal_has_no_faults_and_is_counted(lived):
    found = verify_journals(heads())
    assert found.faults == []
    assert found.counts["entries"] == JournalEntry.objects.count() > 8
    assert found.counts["account_entries"] == AccountEntry.objects.count()
    assert (found.counts["cases"], found.counts["exports"]) == (Case.objects.count(), 1)


def test_a_changed_row_is_found(lived):
    with triggers_off() as cursor:
        cursor.execute(
            "UPDATE cases_journalentry SET actor_id = NULL WHERE case_id = %s AND seq = 3",
            [lived.pk],
        )
    assert faults() == [f"case {lived.number} entry 3: CHANGED"]


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "name = 'void'",
        """facts = facts || '{"person": 1}'""",
        "seq = 99",
    ],
)
def test_whatever_is_changed_in_a_row_is_found(lived, change):
    with triggers_off() as cursor:
        cursor.execute(
            f"UPDATE cases_journalentry SET {change} WHERE case_id = %s AND seq = 2", [lived.pk]
        )  # fmt: skip
    assert any(line.startswith(f"case {lived.number} entry ") for line in faults())


def test_a_row_taken_out_is_found(lived):
    with triggers_off() as cursor:
        cursor.execute(
            "DELETE FROM cases_journalentry WHERE case_id = %s AND seq = 3", [lived.pk]
        )  # fmt: skip
    assert f"case {lived.number} entry 3: MISSING" in faults()


def test_an_end_cut_off_is_found_by_the_cases_own_count(lived):
    with triggers_off() as cursor:
        cursor.execute(
            "DELETE FROM cases_journalentry WHERE case_id = %s AND seq = %s",
            [lived.pk, lived.n_entries],
        )
    assert f"case {lived.number} entry {lived.n_entries}: CUT_OFF" in faults()


def test_an_end_cut_off_together_with_count_and_head_is_found_by_the_export(lived):
    _cut_neatly(lived)
    (line,) = faults()
    assert line.startswith(f"case {lived.number} entry {lived.n_entries}: CUT_OFF since export")


def _cut_neatly(case):
    """Cut the last entry off and make count and head agree: the chain alone looks whole."""
    with triggers_off() as cursor:
        cursor.execute(
            "DELETE FROM cases_journalentry WHERE case_id = %s AND seq = %s",
            [case.pk, case.n_entries],
        )
    head = JournalEntry.objects.get(case=case, seq=case.n_entries - 1).hash
    Case.objects.filter(pk=case.pk).update(n_entries=case.n_entries - 1, head=head)


def test_a_chain_rewritten_whole_is_found_by_the_export(lived):
    with triggers_off() as cursor:
        cursor.execute(
            "UPDATE cases_journalentry SET hash = sha256(hash) WHERE case_id = %s AND seq = %s",
            [lived.pk, lived.n_entries],
        )
    forged = JournalEntry.objects.get(case=lived, seq=lived.n_entries).hash
    Case.objects.filter(pk=lived.pk).update(head=forged)
    assert any("CHANGED since export" in line for line in faults())


def test_a_row_added_behind_the_cases_back_is_found(lived):
    with triggers_off() as cursor:
        cursor.execute(
            "INSERT INTO cases_journalentry (case_id, seq, name, at, facts, hash)"
            " SELECT case_id, seq + 1, name, at, facts, hash FROM cases_journalentry"
            " WHERE case_id = %s AND seq = %s",
            [lived.pk, lived.n_entries],
        )
    assert f"case {lived.number} entry {lived.n_entries + 1}: ADDED" in faults()


def test_a_case_that_is_gone_with_everything_is_found_by_the_export(lived):
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM cases_outcome_compounds")
        for relation in Case._meta.related_objects:
            table, column = relation.related_model._meta.db_table, relation.field.column
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [lived.pk])
        cursor.execute("DELETE FROM cases_case WHERE id = %s", [lived.pk])
    assert faults() == [f"case id {lived.pk}: it was exported and is gone"]


def test_a_tampered_export_is_found_by_its_digest(lived):
    path = next(heads().glob("*.txt"))
    path.write_text(path.read_text().replace(bytes(lived.head).hex(), "00" * 32))
    assert f"export {path.name}: it is not as it was written" in faults()


def test_a_missing_export_and_a_stray_one_are_found(lived):
    path = next(heads().glob("*.txt"))
    path.rename(path.with_name("2020-01-01.txt"))
    assert faults() == [
        f"export {path.name}: the file is missing",
        "export 2020-01-01.txt: the database has no row of it",
    ]


def test_each_days_digest_covers_the_day_before(lived):
    case = Case.objects.get(status=Status.HANDLING)
    actions.move(
        case=case, name="remark", actor=case.lead.posts.first().user, at=MONDAY + DAY, note="x"
    )
    second = export(at=MONDAY + DAY + DAY / 2)
    first = HeadsExport.objects.get(day=MONDAY.date())
    text = (heads() / second.file).read_bytes()
    assert bytes(second.digest) == hashlib.sha256(bytes(first.digest) + text).digest()
    assert faults() == []
    HeadsExport.objects.filter(pk=first.pk).update(digest=bytes(32))
    assert f"export {second.file}: it is not as it was written" in faults()


def test_the_chain_of_accounts_is_checked_too(lived):
    n = AccountEntry.objects.count()
    with triggers_off() as cursor:
        cursor.execute("UPDATE people_accountentry SET why = '' WHERE seq = %s", [n - 1])
    assert faults() == [f"accounts entry {n - 1}: CHANGED"]


def test_account_entries_cut_off_are_found_by_their_count_and_by_the_export(lived):
    n = number_of(accounts.CHAIN)
    with triggers_off() as cursor:
        cursor.execute("DELETE FROM people_accountentry WHERE seq = %s", [n])
    assert f"accounts entry {n}: CUT_OFF" in faults()
    Version.objects.filter(name=accounts.CHAIN).update(number=n - 1)
    connection._version_numbers = None
    (line,) = faults()
    assert line.startswith(f"accounts entry {n}: CUT_OFF since export")


@pytest.mark.requirement("X34")
def test_the_journal_proves_what_was_done_after_what_was_said_is_erased(lived, town):
    actions.erase(case=lived, at=MONDAY + DAY)
    lived.refresh_from_db()
    assert not lived.remarks.exclude(text="").exists()
    assert faults() == []
    assert verify_cases().faults == []


def test_the_commands_say_counts_and_fail_with_the_list(lived):
    assert "faults=0" in run("journal", "verify")
    assert "faults=0" in run("cases", "verify")
    with triggers_off() as cursor:
        cursor.execute("UPDATE cases_journalentry SET name = 'void' WHERE case_id = %s AND seq = 2", [lived.pk])  # fmt: skip # noqa: E501
    Case.objects.filter(pk=lived.pk).update(n_reports=7)
    for command in ("journal", "cases"):
        out = StringIO()
        with pytest.raises(CommandError):
            call_command(command, "verify", stdout=out)
        assert lived.number in out.getvalue()
        assert "faults=1" in out.getvalue()


def run(*command, **options):
    out = StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue()


def test_two_processes_find_what_one_finds(town_committed):
    lives = [town_committed.case(Status.CLOSED) for _ in range(3)]
    export(at=MONDAY + DAY)
    with triggers_off() as cursor:
        for case in lives:
            cursor.execute("UPDATE cases_journalentry SET name = 'void' WHERE case_id = %s AND seq = 2", [case.pk])  # fmt: skip # noqa: E501
    one, two = verify_journals(heads(), n_processes=1), verify_journals(heads(), n_processes=2)
    assert one.counts == two.counts
    assert sorted(one.faults) == sorted(two.faults)
    assert len(one.faults) == 3


# ---- cases ---------------------------------------------------------------------------------


@pytest.mark.requirement("X34")
@pytest.mark.parametrize("status", list(Status))
def test_a_case_in_any_status_keeps_the_promises(town, status):
    town.case(status)
    found = verify_cases()
    assert found.faults == []
    assert found.counts["cases"] == Case.objects.count()


@pytest.mark.requirement("X34")
def test_from_every_status_the_table_leads_to_an_end(monkeypatch):
    assert trapped() == []
    stuck = {name: m for name, m in policy.MOVES.items() if Status.SHELVED not in m.sources}
    monkeypatch.setattr(policy, "MOVES", stuck)
    assert trapped() == [Status.SHELVED]


def broken(case):
    return [line for line in verify_cases().faults if line.startswith(f"case {case.number}: ")]


@pytest.mark.requirement("X34")
def test_an_open_case_without_a_running_clock_is_found(town):
    case = town.case(Status.HANDLED)
    Clock.objects.filter(case=case, stopped_at=None).update(stopped_at=MONDAY + DAY)
    assert any("no clock runs for VERIFY" in line for line in broken(case))
    assert any("due_at is" in line for line in broken(case))


def test_a_clock_that_runs_on_after_the_end_is_found(town):
    case = town.case(Status.CLOSED)
    Clock.objects.filter(case=case, step="CLOSE").update(stopped_at=None)
    assert any("a clock still runs for CLOSE" in line for line in broken(case))


def test_a_deadline_that_is_not_its_clocks_is_found(town):
    case = town.case(Status.HANDLING)
    Case.objects.filter(pk=case.pk).update(due_at=case.due_at + DAY)
    (line,) = broken(case)
    assert "due_at is" in line


@pytest.mark.requirement("X34")
def test_a_holder_who_is_not_the_one_that_must_act_is_found(town):
    case = town.case(Status.HANDLING)
    Case.objects.filter(pk=case.pk).update(holder=town.city_bureau)
    (line,) = broken(case)
    assert "its holder is not the one its status names" in line


def test_units_that_do_not_follow_from_the_case_are_found(town):
    case = town.case(Status.HANDLING)
    Case.objects.filter(pk=case.pk).update(unit_ids=[town.county.pk])
    (line,) = broken(case)
    assert "unit_ids are" in line


def test_a_wrong_count_of_reports_is_found(town):
    case = town.case(Status.HANDLING)
    CaseReport.objects.filter(case=case).update(case=town.case(Status.FILED))
    Case.objects.filter(pk=case.pk).update(n_reports=2)
    (line,) = broken(case)
    assert "n_reports is 2" in line


def test_a_reporter_who_leaves_a_merged_case_is_no_longer_counted_by_the_family(town):
    primary, other = town.case(Status.FILED), town.case(Status.FILED)
    joined = town.taken(join=other)
    actions.move(case=other, name="merge", actor=town.intake, at=MONDAY, primary=primary)
    other.refresh_from_db()
    assert not actions.leave(case=other, report=joined.report, at=MONDAY + DAY)
    primary.refresh_from_db()
    assert primary.n_reports == 2
    assert verify_cases().faults == []


def test_a_case_others_were_merged_into_does_not_end_with_its_own_reporter(town):
    primary, other = town.case(Status.FILED), town.case(Status.FILED)
    actions.move(case=other, name="merge", actor=town.intake, at=MONDAY, primary=primary)
    own = primary.reports.get().report
    assert not actions.leave(case=primary, report=own, at=MONDAY + DAY)
    assert verify_cases().faults == []
