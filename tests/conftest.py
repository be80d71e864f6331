"""What every test stands on: a database with the schema, and a folder of its own for photos."""

import pytest
from django.test import override_settings

from tests.database import cloned_database


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Give this test process its own database, cloned from one that has the schema already."""
    with django_db_blocker.unblock(), cloned_database():
        yield


@pytest.fixture(scope="session", autouse=True)
def _media_folder(tmp_path_factory):
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield
