"""Two web nodes and two workers against one database give the same answers, also after a change."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection
from django.utils import timezone

from shaodao.cases.actions.configuring import NewLimit, set_limit
from shaodao.cases.policy import Step
from shaodao.cores.worktime import TimeUnit
from shaodao.people.actions import change_unit, set_parameter

N_PROCESSES = 4  # two of the web, two of the queue: their caches are the same code


@pytest.fixture
def nodes(town_committed) -> Iterator[list[subprocess.Popen]]:
    """Processes of their own on the test's database."""
    where = connection.settings_dict
    url = f"postgresql:///{where['NAME']}?host={where['HOST']}&user={where['USER']}"
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-P", "-m", "tests.system.node"],
                    env=os.environ | {"DATABASE_URL": url},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(N_PROCESSES)
        ]


def test_every_process_answers_by_what_the_county_set_last(town_committed, nodes):
    """Four processes start: some seconds."""
    town, at = town_committed, timezone.now()
    today = timezone.localdate(at)

    def answers() -> list[dict]:
        units = town.street.ancestor_ids
        question = json.dumps({"on": today.isoformat(), "place": town.inside(), "units": units})
        for node in nodes:
            print(question, file=node.stdin, flush=True)
        return [json.loads(node.stdout.readline()) for node in nodes]

    before = answers()
    assert all(answer == before[0] for answer in before)

    why = {"at": at, "why": "试行"}
    set_parameter(
        name="report_photos", value="9", valid_from=today, source="试行", unit=town.county,
        actor=town.security, **why,
    )  # fmt: skip
    new = NewLimit(
        step=Step.HANDLE, amount=7, time_unit=TimeUnit.WORKING_DAYS, valid_from=today,
        source="试行", category=town.category("ROAD_DAMAGE"), unit=town.street,
    )  # fmt: skip
    set_limit(new=new, actor=town.security, **why)
    change_unit(
        unit=town.community,
        short_name="西津里社区",
        phone="",
        office_hours="",
        actor=town.admin,
        **why,
    )

    after = answers()
    assert all(answer == after[0] for answer in after)
    assert after[0]["number"] == 9
    assert after[0]["limits"] > before[0]["limits"]
    assert "西津里社区" in after[0]["names"]
    for node in nodes:
        node.stdin.close()
        assert node.wait(timeout=30) == 0


def test_a_connection_waits_and_idles_no_longer_than_it_may(town):
    with connection.cursor() as cursor:
        limits = {}
        for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            limits[name] = cursor.fetchone()[0]
    assert limits == {
        "lock_timeout": "4s",
        "statement_timeout": "30s",
        "idle_in_transaction_session_timeout": "5min",
    }
