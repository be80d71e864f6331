"""Whether the installation says that it is ill, and what robots are told."""

from collections import namedtuple

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from shaodao.config import health
from shaodao.notices.actions import send_waiting

Usage = namedtuple("Usage", "free")


def checks(client):
    answer = client.get("/health")
    return answer.status_code, answer.json()["checks"]


def test_a_well_installation_says_so_without_asking_who_asks(client, db):
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert set(answer.json()["checks"]) == {"database", "migrations", "queue", "disk"}
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies


def test_a_job_nobody_works_on_makes_it_ill(client, db):
    send_waiting.defer()
    assert checks(client)[0] == 200
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '1 hour'")
    status, found = checks(client)
    assert (status, found["queue"]["ok"]) == (503, False)
    assert found["queue"]["oldest_seconds"] >= 3600


def test_a_job_for_later_does_not(client, db):
    send_waiting.configure(schedule_in={"days": 1}).defer()
    assert checks(client)[0] == 200


def test_a_migration_that_waits_makes_it_ill(client, db):
    MigrationRecorder.Migration.objects.filter(app="notices").delete()
    status, found = checks(client)
    assert (status, found["migrations"]["ok"]) == (503, False)
    assert found["migrations"]["waiting"] >= 1


def test_a_full_disk_makes_it_ill(client, db, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda path: Usage(free=1024))
    status, found = checks(client)
    assert (status, found["disk"]) == (503, {"ok": False, "free_mib": 0})


def test_a_database_that_is_gone_makes_it_ill_and_not_silent(client, empty_database):
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "nothing_of_this_name"
    try:
        status, found = checks(client)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
    assert status == 503
    assert not found["database"]["ok"]


@pytest.mark.parametrize("path", ["/accounts/", "/cases/", "/track/", "/figures/"])
def test_robots_are_kept_from_what_is_not_public(client, path):
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    assert f"Disallow: {path}" in answer.content.decode()
