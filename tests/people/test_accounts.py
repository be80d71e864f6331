"""Who makes accounts, who arms them, who reads what was done; and numbers from a day on."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from shaodao.kit.versions import number_of
from shaodao.people import actions
from shaodao.people.models import AccountEntry, Parameter, Post, User, posts_of
from shaodao.people.policy import (
    DUTIES,
    HELD_AT,
    MEASURES,
    THREE_ADMINISTRATORS,
    AccountRefused,
    Duty,
    Level,
    PostRefused,
    Role,
    check_duty,
    check_post,
    check_together,
    check_value,
    entry_label,
)
from shaodao.people.queries import number
from tests.sessions import sign_in
from tests.town import MONDAY

TODAY = MONDAY.date()


def last():
    return AccountEntry.objects.order_by("-seq").first()


# ---- the tables ----------------------------------------------------------------------------


@pytest.mark.requirement("Z02")
@pytest.mark.parametrize("role", list(HELD_AT))
@pytest.mark.parametrize("level", list(Level))
def test_a_role_is_held_only_at_the_tiers_the_table_names(role, level):
    if level in HELD_AT[role]:
        check_post(role, level)
    else:
        with pytest.raises(PostRefused):
            check_post(role, level)


@pytest.mark.parametrize("duty", list(Duty))
@pytest.mark.parametrize("role", list(Role))
def test_each_duty_is_one_administrators_and_nobody_elses(duty, role):
    if DUTIES[duty][1] == role:
        check_duty(duty, {role})
    else:
        with pytest.raises(AccountRefused):
            check_duty(duty, {role})


@pytest.mark.parametrize("one", sorted(THREE_ADMINISTRATORS))
def test_an_administrator_holds_no_other_role(one):
    for other in set(HELD_AT) - {one}:
        with pytest.raises(AccountRefused):
            check_together(one, {other})
        with pytest.raises(AccountRefused):
            check_together(other, {one})
    check_together(one, {one})
    check_together(Role.INTAKE, {Role.DISPATCHER, Role.VERIFIER})


def test_every_entry_of_the_journal_has_a_label():
    assert all(entry_label(duty) for duty in Duty)


@pytest.mark.parametrize("value", ["", "-1", "2", "11", "fünf", "5.0", "٥"])
def test_a_number_out_of_its_bounds_is_refused(value):
    assert MEASURES["login_attempts"].least == 3
    with pytest.raises(AccountRefused):
        check_value("login_attempts", value)


def test_a_parameter_in_words_is_only_not_empty():
    check_value("patrol_subjects", "环境卫生、消防通道")
    with pytest.raises(AccountRefused):
        check_value("patrol_subjects", " ")


# ---- accounts ------------------------------------------------------------------------------


def test_an_administrator_makes_an_account_that_must_change_its_password(town):
    user, secret = actions.create_user(
        username="new.worker", name="温如玉", unit=town.street, phone="13700001111",
        actor=town.admin, at=MONDAY, why="新招录",
    )  # fmt: skip
    assert user.check_password(secret)
    assert user.must_change_password
    assert User.objects.visible_to(town.admin).filter(pk=user.pk).exists()
    entry = last()
    assert (entry.name, entry.subject, entry.why) == ("create", f"user:{user.pk}", "新招录")
    assert "温如玉" not in str(entry.facts)


@pytest.mark.parametrize("who", ["security", "auditor", "chief", "worker"])
def test_nobody_else_makes_accounts(town, who):
    with pytest.raises(AccountRefused):
        actions.create_user(
            username="x.y", name="甲", unit=town.street, actor=getattr(town, who),
            at=MONDAY, why="试",
        )  # fmt: skip
    assert not User.objects.filter(username="x.y").exists()


def test_an_administrator_of_one_county_touches_no_account_of_another(town):
    with pytest.raises(AccountRefused):
        actions.create_user(
            username="x.y", name="甲", unit=town.village, actor=town.admin, at=MONDAY, why="试"
        )
    with pytest.raises(AccountRefused):
        actions.deactivate(user=town.stranger, actor=town.admin, at=MONDAY, why="试")


def test_a_user_name_or_phone_opens_one_account_only(town):
    for given in ({"username": "worker.n", "phone": town.worker.phone}, {"username": "grid.1.a"}):
        with pytest.raises(AccountRefused):
            actions.create_user(
                name="甲", unit=town.street, actor=town.admin, at=MONDAY, why="试", **given
            )


def test_a_reason_must_be_given_for_everything(town):
    for act in (actions.deactivate, actions.reset_password):
        with pytest.raises(AccountRefused):
            act(user=town.worker, actor=town.admin, at=MONDAY, why=" ")
    assert User.objects.get(pk=town.worker.pk).is_active


def test_nobody_deals_with_their_own_account(town):
    with pytest.raises(AccountRefused):
        actions.reset_password(user=town.admin, actor=town.admin, at=MONDAY, why="忘了")
    with pytest.raises(AccountRefused):
        actions.appoint(
            user=town.security, unit=town.county, role=Role.DUTY_CHIEF, since=TODAY,
            actor=town.security, at=MONDAY, why="试",
        )  # fmt: skip


def test_correcting_an_account_names_the_fields_and_not_what_they_held(town):
    actions.change_user(
        user=town.worker, name="改名", phone="13700002222", work_phone="", is_party_member=True,
        actor=town.admin, at=MONDAY, why="换了手机",
    )  # fmt: skip
    assert last().facts == {"fields": ["name", "phone", "work_phone"]}
    assert "13700002222" not in str(AccountEntry.objects.values_list("facts", "why"))


def test_a_lock_out_is_ended_by_the_security_administrator(town):
    User.objects.filter(pk=town.worker.pk).update(locked_until=MONDAY + timedelta(hours=1))
    with pytest.raises(AccountRefused):
        actions.unlock(user=town.worker, actor=town.admin, at=MONDAY, why="本人申请")
    actions.unlock(user=town.worker, actor=town.security, at=MONDAY, why="本人申请")
    assert town.worker.locked_until is None


# ---- posts ---------------------------------------------------------------------------------


def test_the_security_administrator_appoints_and_the_administrator_does_not(town):
    given = {
        "user": town.worker, "unit": town.community, "role": Role.INTAKE, "since": TODAY,
        "at": MONDAY, "why": "分工调整",
    }  # fmt: skip
    with pytest.raises(AccountRefused):
        actions.appoint(actor=town.admin, **given)
    post = actions.appoint(actor=town.security, **given)
    assert post in posts_of(town.worker)
    assert last().facts["role"] == "INTAKE"
    with pytest.raises(AccountRefused):
        actions.appoint(actor=town.security, **given)


@pytest.mark.requirement("Z02")
def test_a_post_is_refused_at_a_tier_that_does_not_have_it(town):
    for role, unit in (
        (Role.GRID_WORKER, town.community),
        (Role.DUTY_CHIEF, town.community),
        (Role.INTAKE, town.grid),
    ):
        with pytest.raises(PostRefused):
            actions.appoint(
                user=town.worker, unit=unit, role=role, since=TODAY, actor=town.security,
                at=MONDAY, why="试",
            )  # fmt: skip


def test_an_ended_post_sees_nothing_any_more_and_stays_in_the_record(town):
    post = town.worker.posts.get()
    Post.objects.filter(pk=post.pk).update(since=date(2020, 1, 1))
    actions.end_post(post=post, until=TODAY, actor=town.security, at=MONDAY, why="调岗")
    assert Post.objects.get(pk=post.pk).until == TODAY
    with pytest.raises(AccountRefused):
        actions.end_post(post=post, until=TODAY, actor=town.security, at=MONDAY, why="再来")


def test_a_post_cannot_be_ended_in_the_past(town):
    with pytest.raises(AccountRefused):
        actions.end_post(
            post=town.worker.posts.get(), until=TODAY - timedelta(days=1), actor=town.security,
            at=MONDAY, why="试",
        )  # fmt: skip


# ---- numbers from a day on -----------------------------------------------------------------


def set_photos(town, value, **given):
    values = {
        "name": "report_photos", "value": value, "valid_from": TODAY, "source": "章数〔2026〕1号",
        "actor": town.security, "at": MONDAY, "why": "试点", "unit": town.county,
    }  # fmt: skip
    return actions.set_parameter(**{**values, **given})


def test_a_number_is_set_from_a_day_on_and_the_old_one_stays_as_it_was(town):
    old = Parameter.objects.get(name="report_photos")
    tomorrow = TODAY + timedelta(days=1)
    set_photos(town, "3", valid_from=tomorrow)
    path = town.street.ancestor_ids
    assert number("report_photos", on=TODAY, unit_ids=path) == int(old.value)
    assert number("report_photos", on=tomorrow, unit_ids=path) == 3
    assert number("report_photos", on=tomorrow, unit_ids=town.village.ancestor_ids) == 6
    old.refresh_from_db()
    assert (old.value, old.valid_to) == (
        "6",
        None,
    )  # the whole county's row closes its own kind only


def test_a_second_change_closes_the_first(town):
    first = set_photos(town, "3")
    later = TODAY + timedelta(days=10)
    second = set_photos(town, "4", valid_from=later)
    first.refresh_from_db()
    assert first.valid_to == later
    assert last().facts["closed"] == [first.pk]
    third = set_photos(town, "5", valid_from=TODAY + timedelta(days=5))
    second.refresh_from_db()
    assert second.valid_to == second.valid_from  # it never came to hold
    assert number("report_photos", on=later, unit_ids=town.county.ancestor_ids) == 5
    assert third.valid_to is None


def test_what_is_past_is_not_changed(town):
    with pytest.raises(AccountRefused):
        set_photos(town, "3", valid_from=TODAY - timedelta(days=1))


def test_a_county_sets_no_number_for_everybody_nor_for_its_neighbour(town):
    for unit in (None, town.other_county, town.prefecture):
        with pytest.raises(AccountRefused):
            set_photos(town, "3", unit=unit)


# ---- the chain -----------------------------------------------------------------------------


def test_everything_is_one_chain_that_counts_itself(town):
    before = number_of(actions.CHAIN)
    for n in range(3):
        actions.record(subject="user:1", name="log_out", actor=None, at=MONDAY, facts={"n": n})
    assert number_of(actions.CHAIN) == before + 3
    assert last().seq == before + 3


@pytest.mark.parametrize(
    "change", ["UPDATE people_accountentry SET why = 'x'", "DELETE FROM people_accountentry"]
)
def test_an_entry_can_be_neither_changed_nor_deleted(town, change):
    actions.record(subject="user:1", name="log_out", actor=None, at=MONDAY, facts={})
    with pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute(change)


# ---- the pages -----------------------------------------------------------------------------


def test_an_administrator_finds_makes_and_stops_an_account_on_the_pages(town, client):
    sign_in(client, town.admin)
    shown = client.get(reverse("people"), {"q": town.worker.name}).content.decode()
    assert town.worker.username in shown
    assert town.stranger.username not in client.get(reverse("people")).content.decode()
    given = {"username": "new.worker", "name": "温如玉", "unit": "解放街道", "why": "新招录"}
    made = client.post(reverse("person_new"), given)
    user = User.objects.get(username="new.worker")
    assert user.check_password(made.content.decode().partition("<code>")[2].partition("</code>")[0])
    page = reverse("person_do", args=[user.pk, "deactivate"])
    assert client.post(page, {"why": ""}).status_code == 200
    assert client.post(page, {"why": "未到岗"})["Location"] == reverse("person", args=[user.pk])
    assert "未到岗" in client.get(reverse("person", args=[user.pk])).content.decode()


def test_the_administrator_sees_no_button_for_posts_and_is_refused_the_page(town, client):
    sign_in(client, town.admin)
    shown = client.get(reverse("person", args=[town.worker.pk])).content.decode()
    assert reverse("appoint", args=[town.worker.pk]) not in shown
    assert client.get(reverse("appoint", args=[town.worker.pk])).status_code == 403


def test_the_security_administrator_appoints_on_the_page(town, client):
    sign_in(client, town.security)
    page = reverse("appoint", args=[town.worker.pk])
    given = {"role": "INTAKE", "since": "2026-09-07", "why": "分工"}
    nowhere = client.post(page, given | {"unit": "没有这个单位"})
    assert "没有找到这个单位" in nowhere.content.decode()
    assert "不能设在" in client.post(page, given | {"unit": town.grid.code}).content.decode()
    done = client.post(page, given | {"unit": town.community.code})
    assert done["Location"] == reverse("person", args=[town.worker.pk])
    post = town.worker.posts.get(role="INTAKE")
    end = client.post(reverse("post_end", args=[post.pk]), {"until": "2099-01-01", "why": "期满"})
    assert end.status_code == 302


def test_the_auditor_reads_who_did_what_and_why(town, client):
    actions.deactivate(user=town.worker, actor=town.admin, at=MONDAY, why="长期请假")
    sign_in(client, town.auditor)
    shown = client.get(reverse("audit"), {"name": "deactivate"}).content.decode()
    assert "长期请假" in shown
    assert town.admin.name in shown
    assert "长期请假" not in client.get(reverse("audit"), {"name": "appoint"}).content.decode()


def test_units_are_changed_by_the_administrator_with_a_reason(town, client):
    sign_in(client, town.admin)
    page = reverse("unit", args=[town.street.pk])
    given = {"short_name": "解放街道办", "phone": "0797-1", "office_hours": "9-5", "why": "搬迁"}
    assert client.post(page, given).status_code == 200
    assert client.post(page, given | {"office_hours": "09:00-12:00"}).status_code == 302
    assert town.units["360702001"].pk == town.street.pk
    assert last().facts["office_hours"] == "09:00-12:00"


def test_the_lists_cost_the_same_number_of_questions_however_long(
    town, client, django_assert_max_num_queries
):
    sign_in(client, town.admin)
    client.get(reverse("people"))
    with django_assert_max_num_queries(12):
        client.get(reverse("people"))


# ---- the first administrators --------------------------------------------------------------


def test_the_first_administrators_of_an_area_are_made_by_command(town):
    out = StringIO()
    given = {"name": "温如玉", "unit": "360722", "role": "SECURITY", "stdout": out}
    call_command("administrator", "xinfeng.security", **given)
    user = User.objects.get(username="xinfeng.security")
    assert user.check_password(out.getvalue().split()[1])
    assert user.must_change_password
    assert [post.role for post in posts_of(user)] == ["SECURITY"]
    assert (last().name, last().actor, last().unit) == ("appoint", None, town.other_county)


@pytest.mark.parametrize(
    ("unit", "role"),
    [("360702", "ADMIN"), ("360722102200", "ADMIN"), ("999999", "ADMIN")],
)
def test_a_second_one_or_one_in_the_wrong_place_is_not(town, unit, role):
    with pytest.raises(CommandError):
        call_command("administrator", "x.y", name="甲", unit=unit, role=role, stdout=StringIO())
    assert not User.objects.filter(username="x.y").exists()
