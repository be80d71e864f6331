"""What every test stands on: a database with the small town, and a folder of its own for photos."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from shaodao.kit.versions import Versioned
from tests.database import cloned_database, committed_database
from tests.town import Town

pytest_plugins = ["tests.requirement_marks"]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Give this test process its own database, cloned from one that has the town already."""
    with django_db_blocker.unblock(), cloned_database():
        yield


@pytest.fixture(scope="session", autouse=True)
def _media_folder(tmp_path_factory):
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(autouse=True)
def _rolled_back_versions():
    """Forget what a test made a cache read: its version rows were rolled back with the rest."""
    yield
    Versioned.forget_all()


@pytest.fixture
def town(db) -> Town:
    """The small town, inside the test's transaction."""
    return Town()


@pytest.fixture
def town_committed(django_db_setup, django_db_blocker) -> Iterator[Town]:
    """The small town in a database of the test's own, where commits are real."""
    with django_db_blocker.unblock(), committed_database():
        yield Town()


@pytest.fixture
def empty_database(django_db_setup, django_db_blocker) -> Iterator[None]:
    """A database with nothing but the schema, where commits are real."""
    with django_db_blocker.unblock(), cloned_database(is_settled=False):
        yield
