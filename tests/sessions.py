"""Signing people in without their passwords."""

from django.conf import settings
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from shaodao.people.actions import needs_second_factor


def sign_in(client: Client, user) -> Client:
    """Open a complete session for `user`: with a second factor where their posts demand one."""
    client.force_login(user, backend="shaodao.people.login.StaffBackend")
    if needs_second_factor(user):
        device, _ = TOTPDevice.objects.get_or_create(user=user, name="totp", confirmed=True)
        session = client.session
        session["otp_device_id"] = device.persistent_id
        session.save()
    return client


def enter(page, live_town, user):
    """Let the browser of a page be signed in as `user`."""
    client = sign_in(Client(), user)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_town.url}
    page.context.add_cookies([cookie])
