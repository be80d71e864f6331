"""Which rows of docs/requirements.csv are proven: by tests that passed in a full run, here."""

import csv
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

LIST = settings.ROOT / "docs" / "requirements.csv"


@dataclass(frozen=True)
class Run:
    """The last full run of the tests: of which commit, and each marked test's rows and outcome."""

    commit: str
    at: str
    tests: Mapping[str, tuple[Sequence[str], str]]


@dataclass(frozen=True)
class Row:
    """A requirement and how it stands."""

    id: str
    capability: str
    is_proven: bool
    n_tests: int
    n_passed: int


def present_commit(root: Path = settings.ROOT) -> str:
    """Return the commit checked out, with a plus sign where files differ from it."""
    head = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--", "src", "tests", "bench", "pyproject.toml")
    return f"{head}+" if changed else head


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def path() -> Path:
    """Return where the last full run is written down."""
    return Path(settings.VAR) / "requirements.json"


def write(run: Run) -> None:
    """Write a full run down."""
    content = {
        "commit": run.commit,
        "at": run.at,
        "tests": {name: {"ids": list(i), "outcome": o} for name, (i, o) in run.tests.items()},
    }
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_text(json.dumps(content, indent=1, sort_keys=True))


def last_run() -> Run | None:
    """Return the last full run, or None if there was none."""
    if not path().exists():
        return None
    content = json.loads(path().read_text())
    tests = {name: (test["ids"], test["outcome"]) for name, test in content["tests"].items()}
    return Run(content["commit"], content["at"], tests)


def ids() -> list[str]:
    """Return the ids of all rows."""
    return [row["id"] for row in _rows()]


def _rows() -> list[dict[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def standing(run: Run | None, *, commit: str) -> list[Row]:
    """Return each row as it stands: proven if it has tests and all of them passed at `commit`."""
    rows = []
    for row in _rows():
        marked = run.tests.values() if run is not None else ()
        outcomes = [outcome for ids, outcome in marked if row["id"] in ids]
        n_passed = outcomes.count("passed")
        is_proven = bool(outcomes) and n_passed == len(outcomes)
        is_here = run is not None and run.commit == commit and not commit.endswith("+")
        rows.append(
            Row(row["id"], row["capability"], is_proven and is_here, len(outcomes), n_passed)
        )
    return rows
