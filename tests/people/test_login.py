"""Getting in, being kept out, and getting out again."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from shaodao.people import actions
from shaodao.people.actions import entering
from shaodao.people.models import AccountEntry, User
from shaodao.people.policy import AccountRefused
from tests.sessions import sign_in
from tests.town import MONDAY

SECRET = "lanterns-along-the-river"


@pytest.fixture
def worker(town):
    """A grid worker who can log in."""
    user = town.worker
    user.set_password(SECRET)
    user.save()
    return user


def entries(user):
    return list(AccountEntry.objects.about(user).order_by("seq").values_list("name", flat=True))


def test_staff_log_in_by_user_name_or_by_phone(worker):
    for name in (worker.username, worker.phone):
        assert actions.log_in(username=name, password=SECRET, at=MONDAY) == worker
    assert entries(worker) == ["log_in", "log_in"]


def test_a_wrong_password_or_an_unknown_name_opens_nothing(worker):
    assert actions.log_in(username=worker.username, password="wrong", at=MONDAY) is None
    assert actions.log_in(username="nobody", password=SECRET, at=MONDAY) is None
    assert entries(worker) == ["log_in_refused"]


def test_an_unknown_name_costs_the_same_hashing_as_a_known_one(worker, monkeypatch):
    hashed = []
    plain = entering.make_password
    monkeypatch.setattr(
        entering, "make_password", lambda password: hashed.append(1) or plain(password)
    )
    actions.log_in(username="nobody", password=SECRET, at=MONDAY)
    assert hashed == [1]


def test_five_failures_lock_the_account_even_for_the_right_password(worker):
    for _ in range(5):
        actions.log_in(username=worker.username, password="wrong", at=MONDAY)
    worker.refresh_from_db()
    assert worker.locked_until == MONDAY + timedelta(minutes=15)
    assert actions.log_in(username=worker.username, password=SECRET, at=MONDAY) is None
    later = MONDAY + timedelta(minutes=16)
    assert actions.log_in(username=worker.username, password=SECRET, at=later) == worker
    assert entries(worker)[-2:] == ["lock_out", "log_in"]


def test_the_lock_is_counted_in_the_account_and_not_while_it_lasts(worker):
    for _ in range(9):
        actions.log_in(username=worker.username, password="wrong", at=MONDAY)
    worker.refresh_from_db()
    assert worker.failed_logins == 0
    assert worker.locked_until == MONDAY + timedelta(minutes=15)


def test_a_success_begins_the_count_of_failures_anew(worker):
    for password in ("wrong", "wrong", "wrong", "wrong", SECRET, "wrong"):
        actions.log_in(username=worker.username, password=password, at=MONDAY)
    worker.refresh_from_db()
    assert (worker.failed_logins, worker.locked_until) == (1, None)


def test_the_number_of_tries_is_the_countys_to_set(worker, town):
    root = town.prefecture
    town.security.posts.update(unit=root)
    actions.set_parameter(
        name="login_attempts", value="3", valid_from=MONDAY.date(), source="章数〔2026〕1号",
        actor=town.security, at=MONDAY, why="等保测评要求",
    )  # fmt: skip
    for _ in range(3):
        actions.log_in(username=worker.username, password="wrong", at=MONDAY)
    worker.refresh_from_db()
    assert worker.locked_until is not None


def test_a_stopped_account_opens_nothing_and_its_session_ends(worker, town, client):
    client.force_login(worker)
    assert client.get(reverse("account")).status_code == 200
    actions.deactivate(user=worker, actor=town.admin, at=MONDAY, why="调离")
    assert client.get(reverse("account")).status_code == 302
    assert actions.log_in(username=worker.username, password=SECRET, at=MONDAY) is None


def test_the_log_in_page_lets_in_and_says_the_same_whatever_was_wrong(worker, client):
    page = reverse("login")
    wrong = client.post(page, {"username": worker.username, "password": "wrong"})
    unknown = client.post(page, {"username": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 403
    assert "用户名或密码不对" in wrong.content.decode()
    assert "用户名或密码不对" in unknown.content.decode()
    right = client.post(page, {"username": worker.username, "password": SECRET, "next": "/places/"})
    assert (right.status_code, right["Location"]) == (302, "/places/")


def test_the_log_in_page_leads_nowhere_else(worker, client):
    given = {"username": worker.username, "password": SECRET, "next": "https://example.org/"}
    assert client.post(reverse("login"), given)["Location"] == reverse("start")


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("worker", "today"),
        ("intake", "desk"),
        ("chief", "desk"),
        ("handler", "desk"),
        ("leader", "figures"),
        ("admin", "people"),
        ("security", "people"),
        ("auditor", "audit"),
    ],
)
def test_everybody_begins_on_the_page_of_their_work(town, client, who, page):
    user = getattr(town, who)
    sign_in(client, user)
    assert client.get(reverse("start"))["Location"] == reverse(page)


def test_logging_out_is_a_post_and_is_written_down(worker, client):
    client.force_login(worker)
    assert client.get(reverse("logout")).status_code == 405
    client.post(reverse("logout"))
    assert client.get(reverse("account")).status_code == 302
    assert entries(worker) == ["log_out"]


def test_a_session_ends_when_nobody_used_it(worker, client):
    client.force_login(worker)
    client.get(reverse("account"))
    age(client, seen=31 * 60)
    answer = client.get(reverse("account"))
    assert answer["Location"] == reverse("login") + "?next=" + reverse("account")
    assert "_auth_user_id" not in client.session


def test_a_session_ends_after_a_working_day_however_busy(worker, client):
    client.force_login(worker)
    client.get(reverse("account"))
    age(client, began=8 * 3600 + 1)
    assert client.get(reverse("account")).status_code == 302


def test_a_session_in_use_goes_on(worker, client):
    client.force_login(worker)
    client.get(reverse("account"))
    age(client, seen=20 * 60)
    assert client.get(reverse("account")).status_code == 200
    age(client, seen=20 * 60)
    assert client.get(reverse("account")).status_code == 200


def age(client, **seconds):
    session = client.session
    for key, ago in seconds.items():
        session[key] -= ago
    session.save()


def test_a_fragment_of_an_ended_session_sends_the_whole_page_to_the_log_in(client, db):
    answer = client.get(reverse("account"), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer["HX-Redirect"].startswith(reverse("login"))


def test_a_password_somebody_else_gave_must_be_changed_first(worker, client):
    User.objects.filter(pk=worker.pk).update(must_change_password=True)
    client.force_login(worker)
    assert client.get(reverse("account"))["Location"] == reverse("password")
    new = "new-lanterns-at-dusk"
    client.post(reverse("password"), {"old": SECRET, "new": new, "again": new})
    assert client.get(reverse("account")).status_code == 200
    assert entries(worker) == ["change_password"]


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(worker, client):
    other = Client()
    for one in (client, other):
        one.post(reverse("login"), {"username": worker.username, "password": SECRET})
    new = "new-lanterns-at-dusk"
    client.post(reverse("password"), {"old": SECRET, "new": new, "again": new})
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


@pytest.mark.parametrize("weak", ["short", "1234567890", "password123", "grid.1.a.x", SECRET])
def test_a_weak_or_an_unchanged_password_is_refused(worker, weak):
    with pytest.raises(AccountRefused):
        actions.change_password(user=worker, old=SECRET, new=weak, at=MONDAY)
    worker.refresh_from_db()
    assert worker.check_password(SECRET)


def test_an_administrator_opens_no_page_before_a_second_factor_is_set_up(town, client):
    client.force_login(town.admin)
    for name in ("people", "account", "units"):
        assert client.get(reverse(name))["Location"] == reverse("second_factor_setup")


def test_setting_up_a_second_factor_by_code_and_token(town, client):
    client.force_login(town.auditor)
    page = reverse("second_factor_setup")
    assert "<svg" not in client.get(page).content.decode().partition('class="qr"')[2]
    client.post(page)
    shown = client.get(page).content.decode()
    assert "<svg" in shown.partition('class="qr"')[2]
    assert "000000" not in shown
    client.post(page, {"token": "000000"})
    device = TOTPDevice.objects.get(user=town.auditor)
    assert not device.confirmed
    device.throttle_reset()
    answer = client.post(page, {"token": f"{totp(device.bin_key):06d}"})
    assert answer["Location"] == reverse("start")
    assert client.get(reverse("audit")).status_code == 200
    assert entries(town.auditor) == ["set_second_factor"]


def test_the_next_session_asks_for_the_token_again(town, client):
    device = TOTPDevice.objects.create(user=town.security, name="totp", confirmed=True)
    client.force_login(town.security)
    assert client.get(reverse("people"))["Location"] == reverse("second_factor")
    wrong = client.post(reverse("second_factor"), {"token": "000000"})
    assert wrong.status_code == 200
    TOTPDevice.objects.get(pk=device.pk).throttle_reset()
    answer = client.post(
        reverse("second_factor"), {"token": f"{totp(device.bin_key):06d}", "next": "/accounts/"}
    )
    assert answer["Location"] == "/accounts/"
    assert client.get(reverse("people")).status_code == 200
    assert entries(town.security) == ["second_factor_refused"]


def test_only_a_security_administrator_takes_an_authenticator_away(town):
    TOTPDevice.objects.create(user=town.auditor, name="totp", confirmed=True)
    with pytest.raises(AccountRefused):
        actions.begin_second_factor(user=town.auditor)
    with pytest.raises(AccountRefused):
        actions.forget_second_factor(user=town.auditor, actor=town.admin, at=MONDAY, why="丢失")
    actions.forget_second_factor(user=town.auditor, actor=town.security, at=MONDAY, why="丢失")
    assert not TOTPDevice.objects.filter(user=town.auditor).exists()


def test_djangos_own_door_leads_to_the_same_action(worker):
    assert authenticate(None, username=worker.username, password=SECRET) == worker
    assert authenticate(None, username=worker.username, password="") is None
