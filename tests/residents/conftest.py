"""What stories of residents share."""

import pytest
from django.test import Client


@pytest.fixture
def client_factory():
    """Make another browser, without the cookies of the first."""
    return Client
