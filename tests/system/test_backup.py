"""A backup is one file, restored on another machine it is the same installation, and proves it."""

import os
import shutil
import stat
import tarfile
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from shaodao.cases.actions.exporting import export
from shaodao.cases.models import Case, JournalEntry
from shaodao.cases.policy import Status
from shaodao.config.backing_up import BackupRefused, restore
from shaodao.people.models import User
from tests.database import cloned_database
from tests.town import MONDAY

DAY = timedelta(days=1)


@pytest.fixture
def made(town_committed, tmp_path) -> Path:
    """The file of an installation that has lived for a day."""
    with override_settings(VAR=tmp_path / "one", MEDIA_ROOT=tmp_path / "one" / "media"):
        town_committed.case(Status.CLOSED, pictures=[town_committed.picture()])
        town_committed.case(Status.HANDLING)
        export(at=MONDAY + DAY)
        photo = next((tmp_path / "one" / "media").rglob("*.jpg"))
        os.link(photo, photo.with_name("second-name.jpg"))  # as a sample town's pictures are
        path = tmp_path / "backup.tar"
        call_command("backup", str(path), stdout=StringIO())
        yield path


@pytest.fixture
def elsewhere(tmp_path):
    """Another machine: an empty database and an empty folder."""
    folder = tmp_path / "two"
    folder.mkdir()
    with (
        cloned_database(is_settled=False),
        override_settings(VAR=folder, MEDIA_ROOT=folder / "media"),
    ):
        yield folder


def test_what_is_restored_elsewhere_is_the_same_and_proves_it(made, elsewhere):
    assert not Case.objects.exists()
    out = StringIO()
    call_command("restore", str(made), stdout=out)
    assert out.getvalue().count("faults=0") == 2
    assert Case.objects.filter(status=Status.CLOSED).count() == 1
    assert JournalEntry.objects.count() > 5
    photo = Case.objects.get(status=Status.CLOSED).reports.get().report.photos.get()
    first = Path(settings.MEDIA_ROOT) / photo.file
    assert first.stat().st_size > 0
    second = next(Path(settings.MEDIA_ROOT).rglob("second-name.jpg"))
    assert second.read_bytes() in {
        p.read_bytes() for p in first.parent.glob("*.jpg") if p != second
    }
    assert len(list((elsewhere / "heads").glob("*.txt"))) == 1
    assert (elsewhere / "secret").read_text() == settings.SECRET_KEY


def test_what_is_restored_goes_on_living(made, elsewhere):
    restore(made)
    case = Case.objects.get(status=Status.HANDLING)
    assert User.objects.visible_to(User.objects.get(username="admin")).exists()
    case.save()  # sequences, constraints and triggers came along
    with pytest.raises(Exception, match="append-only"):
        JournalEntry.objects.filter(case=case).delete()


def test_the_file_is_its_owners_alone(made):
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert not list(made.parent.glob("*.unfinished"))


def test_an_installation_with_something_in_it_is_not_overwritten_unasked(made, elsewhere):
    restore(made)
    Case.objects.filter(status=Status.HANDLING).update(title="改过")
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", str(made), stdout=StringIO())
    assert Case.objects.filter(title="改过").exists()
    call_command("restore", str(made), replace=True, stdout=StringIO())
    assert not Case.objects.filter(title="改过").exists()


@pytest.mark.parametrize("harm", ["changed", "missing", "added", "cut"])
def test_a_file_that_is_not_whole_changes_nothing(made, elsewhere, harm):
    broken = made.with_name("broken.tar")
    if harm == "cut":
        broken.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    else:
        _repack(made, broken, harm)
    with pytest.raises(BackupRefused):
        restore(broken)
    assert not Case.objects.exists()
    assert not (elsewhere / "media").exists()


def _repack(source: Path, target: Path, harm: str) -> None:
    folder = source.with_name("unpacked")
    with tarfile.open(source) as tar:
        tar.extractall(folder, filter="data")
    photo = next((folder / "media").rglob("*.jpg"))
    if harm == "changed":
        photo.write_bytes(photo.read_bytes()[::-1])
    elif harm == "missing":
        photo.unlink()
    else:
        shutil.copy(photo, photo.with_name("more.jpg"))
    with tarfile.open(target, "w") as tar:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                tar.add(path, arcname=str(path.relative_to(folder)))


def test_a_database_that_will_not_restore_is_left_as_it_was(made, elsewhere, monkeypatch):
    restore(made)
    before = Case.objects.count()
    monkeypatch.setenv("PG_BIN", str(_failing(made.parent)))
    with pytest.raises(BackupRefused):
        restore(made, is_replacing=True)
    assert Case.objects.count() == before


def _failing(folder: Path) -> Path:
    """Return a folder of PostgreSQL programs of which pg_restore fails."""
    for name in ("postgres", "pg_restore"):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\necho no >&2; exit 1\n")
        program.chmod(0o755)
    return folder / "bin"
