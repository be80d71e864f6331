"""How long `journal verify` takes: chains of eight entries in a database of its own.

Run by `bin/bench journal [ENTRIES]`. The last line is the result; seconds are for a million rows.
"""

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import django

django.setup()

from django.db import connection  # noqa: E402 - Django first
from tests.database import cloned_database  # noqa: E402
from tests.town import MONDAY, Town  # noqa: E402

from shaodao.cases.actions.casefile import entry_fields  # noqa: E402
from shaodao.cases.verifying import verify_journals  # noqa: E402
from shaodao.cores import chaining  # noqa: E402

NAMES = ("receive", "file", "dispatch", "accept", "arrive", "handle", "verify", "close")
FACTS = {
    "from": "FILED", "to": "DISPATCHED", "unit": 12, "person": 44, "route": 3,
    "due": {"ACCEPT": "2026-09-07T10:00:00+08:00", "HANDLE": "2026-09-14T10:00:00+08:00"},
}  # fmt: skip
CASE = "id, number, title, status, category_id, is_hazard, channel, received_at, ended_at"
CASE += ", address, area_id, desk_id, unit_ids, solved_by, solved_level, n_reports, n_reopened"
ENTRY = "case_id, seq, name, at, actor_id, facts, hash"


def fill(n_cases: int) -> None:
    """Write closed cases with a chain of eight entries each."""
    case = Town().case()
    first, actor = case.pk + 1, Town().intake.pk
    facts = json.dumps(FACTS)
    plain = (
        "t", "CLOSED", case.category_id, False, "WEB", MONDAY, MONDAY, "", case.area_id,
        case.desk_id, case.unit_ids, "", "", 1, 0, len(NAMES),
    )  # fmt: skip
    heads = {}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        entries = []
        for pk in range(first, first + n_cases):
            head = chaining.GENESIS
            for seq, name in enumerate(NAMES, start=1):
                at = MONDAY + timedelta(minutes=seq)
                head = chaining.entry_hash(head, entry_fields(pk, seq, name, at, actor, FACTS))
                entries.append((pk, seq, name, at, actor, facts, head))
            heads[pk] = head
        with cursor.copy(f"COPY cases_case ({CASE}, n_entries, head) FROM STDIN") as copy:
            for pk, head in heads.items():
                copy.write_row((pk, f"bench-{pk}", *plain, head))
        with cursor.copy(f"COPY cases_journalentry ({ENTRY}) FROM STDIN") as copy:
            for entry in entries:
                copy.write_row(entry)
        cursor.execute("ANALYZE cases_journalentry")


def main() -> None:
    n_entries = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    figures = {"entries": str(n_entries)}
    with cloned_database(), tempfile.TemporaryDirectory() as heads:
        fill(n_entries // len(NAMES))
        for n_processes in (1, 2):
            begin = perf_counter()
            found = verify_journals(Path(heads), n_processes=n_processes)
            seconds = (perf_counter() - begin) * 1e6 / found.counts["entries"]
            figures[f"million_{n_processes}_s"] = f"{seconds:.1f}"
            figures["faults"] = str(len(found.faults))
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
