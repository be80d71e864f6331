"""A requirement counts as proven only by tests that passed, all of them, in a full run here."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings

from shaodao.config import requirements
from shaodao.config.requirements import Run, ids, standing, write

pytest_plugins = ["pytester"]
COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def _var(tmp_path):
    with override_settings(VAR=tmp_path):
        yield


def stand(tests, commit=COMMIT, here=COMMIT):
    rows = standing(Run(commit, "2026-09-07T09:00:00+00:00", tests), commit=here)
    return {row.id: row.is_proven for row in rows}


def test_the_list_has_ids_capabilities_and_conditions_and_no_quotation():
    header = requirements.LIST.read_text().splitlines()[0]
    assert header == "id,capability,works_if"
    assert len(ids()) == len(set(ids())) == 165


def test_a_row_is_proven_when_all_its_tests_passed():
    tests = {"a": (["X09", "X10"], "passed"), "b": (["X09"], "passed")}
    assert stand(tests)["X09"]
    assert stand(tests)["X10"]
    assert not stand(tests)["X11"]


@pytest.mark.parametrize("outcome", ["failed", "skipped", "left out"])
def test_one_test_that_did_not_pass_leaves_the_row_open(outcome):
    assert not stand({"a": (["X09"], "passed"), "b": (["X09"], outcome)})["X09"]


def test_a_run_of_another_commit_or_of_changed_files_proves_nothing_here():
    tests = {"a": (["X09"], "passed")}
    assert not stand(tests, commit="b" * 40)["X09"]
    assert not stand(tests, commit=COMMIT + "+", here=COMMIT + "+")["X09"]


def test_the_command_prints_a_line_a_row(monkeypatch):
    monkeypatch.setattr(
        "shaodao.config.management.commands.requirements.present_commit", lambda: COMMIT
    )
    write(Run(COMMIT, "2026-09-07", {"a": (["X09"], "passed"), "b": (["X10"], "failed")}))
    shown = printed()
    assert "X09 proven tests=1 " in shown
    assert "X10 open tests=1 passed=0 " in shown
    assert "X11 open tests=0 " in shown
    assert "rows=165 proven=1 open=164" in shown


def test_the_command_says_when_the_run_is_of_another_commit_or_there_was_none():
    assert "no full run" in printed()
    write(Run("b" * 40, "2026-09-07", {"a": (["X09"], "passed")}))
    assert "is of another commit" in printed()
    assert "X09 open" in printed()


def printed():
    out = StringIO()
    call_command("requirements", stdout=out)
    return out.getvalue()


SUITE = """
import pytest

@pytest.mark.requirement("X09")
def test_one(): pass

@pytest.mark.requirement("X09", "X10")
def test_two(): assert False

@pytest.mark.requirement("X11")
def test_three(): pytest.skip("not today")

@pytest.mark.requirement("X12")
def test_left_out(): pass

def test_without_a_mark(): pass
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_full_run_is_written_down_and_a_part_of_one_is_not(pytester, monkeypatch, processes):
    """Starts pytest, once or twice with processes of its own: some seconds."""
    monkeypatch.setenv("SHAODAO_VAR", str(pytester.path))
    pytester.makeini("[pytest]\nmarkers =\n    requirement(id): x\ntestpaths = tests\n")
    (pytester.path / "tests").mkdir()
    (pytester.path / "tests" / "test_it.py").write_text(SUITE)
    options = ["-p", "tests.requirement_marks", "-p", "no:cacheprovider", "-n", processes]
    pytester.runpytest_subprocess(*options, "tests/test_it.py")
    with override_settings(VAR=pytester.path):
        assert requirements.last_run() is None
        pytester.runpytest_subprocess(*options, "--deselect", "tests/test_it.py::test_left_out")
        run = requirements.last_run()
    short = {name.partition("::")[2]: test for name, test in run.tests.items()}
    assert short == {
        "test_one": (["X09"], "passed"),
        "test_two": (["X09", "X10"], "failed"),
        "test_three": (["X11"], "skipped"),
        "test_left_out": (["X12"], "left out"),
    }


def test_a_mark_for_a_row_that_is_not_there_stops_the_run(pytester):
    pytester.makeini("[pytest]\nmarkers =\n    requirement(id): x\n")
    pytester.makepyfile('import pytest\n@pytest.mark.requirement("X99")\ndef test_it(): pass\n')
    done = pytester.runpytest_subprocess("-p", "tests.requirement_marks", "-p", "no:cacheprovider")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert "has no ['X99']" in done.stderr.str() + done.stdout.str()
