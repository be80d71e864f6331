"""Log-in by an identity provider: only where configured, and only for accounts that exist."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import NoReverseMatch, reverse

from shaodao.people.models import AccountEntry, User
from shaodao.people.oidc import OIDCBackend
from tests.town import MONDAY

CONFIGURED = {
    "OIDC_CLAIM": "preferred_username",
    "OIDC_CREATE_USER": False,
    "OIDC_OP_TOKEN_ENDPOINT": "https://login.example.org/token",
    "OIDC_OP_USER_ENDPOINT": "https://login.example.org/user",
    "OIDC_OP_JWKS_ENDPOINT": "https://login.example.org/jwks",
    "OIDC_RP_CLIENT_ID": "shaodao",
    "OIDC_RP_CLIENT_SECRET": "x",
    "OIDC_RP_SIGN_ALGO": "RS256",
}


class Provider(OIDCBackend):
    """The backend with a provider that answers at once."""

    def __init__(self, claims):
        super().__init__()
        self.claims = claims

    def get_userinfo(self, access_token, id_token, payload):
        return self.claims


def let_in(claims):
    with override_settings(**CONFIGURED):
        return Provider(claims).get_or_create_user("access", "id", {})


def test_it_is_off_unless_configured():
    assert settings.AUTHENTICATION_BACKENDS == ["shaodao.people.login.StaffBackend"]
    with pytest.raises(NoReverseMatch):
        reverse("oidc_authentication_init")


def test_a_claim_opens_the_account_of_that_user_name_or_phone(town):
    assert let_in({"preferred_username": town.worker.username}) == town.worker
    assert let_in({"preferred_username": town.worker.phone}) == town.worker
    entry = AccountEntry.objects.about(town.worker).order_by("-seq").first()
    assert (entry.name, entry.facts) == ("log_in", {"by": "oidc"})


def test_an_unknown_person_is_given_no_account(town):
    before = User.objects.count()
    assert let_in({"preferred_username": "somebody", "email": "a@example.org"}) is None
    assert User.objects.count() == before


def test_a_stopped_or_a_locked_account_stays_shut(town):
    User.objects.filter(pk=town.worker.pk).update(is_active=False)
    assert let_in({"preferred_username": town.worker.username}) is None
    User.objects.filter(pk=town.intake.pk).update(locked_until=MONDAY.replace(year=2999))
    assert let_in({"preferred_username": town.intake.username}) is None


def test_configured_by_environment_the_site_starts_with_its_pages():
    """Starts Python with other settings: a second."""
    environ = os.environ | {
        "SHAODAO_OIDC_CLIENT_ID": "shaodao",
        "SHAODAO_OIDC_CLIENT_SECRET": "x",
        "SHAODAO_OIDC_AUTHORIZATION": "https://login.example.org/authorize",
        "SHAODAO_OIDC_TOKEN": "https://login.example.org/token",
        "SHAODAO_OIDC_USER": "https://login.example.org/user",
        "SHAODAO_OIDC_JWKS": "https://login.example.org/jwks",
        "DJANGO_SETTINGS_MODULE": "shaodao.config.settings",
    }
    script = (
        "import django; django.setup()\n"
        "from django.contrib.auth import get_backends\n"
        "from django.core.management import call_command\n"
        "from django.urls import reverse\n"
        "call_command('check')\n"
        "print([type(one).__name__ for one in get_backends()], reverse('oidc_authentication_init'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "['StaffBackend', 'OIDCBackend'] /accounts/oidc/authenticate/" in done.stdout
