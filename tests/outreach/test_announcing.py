"""Telling chosen households: who is told, by whom, what came of it, and who was not reached."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from shaodao.notices.models import Notice
from shaodao.outreach import actions, policy, queries
from shaodao.outreach.actions import Words
from shaodao.outreach.models import Announcement, Call, DoorPhone, Visit
from shaodao.people.models import AccountEntry
from shaodao.places.models import Household, Need
from tests.town import MONDAY, Town

HOUR = timedelta(hours=1)
WORDS = Words(
    title="明天上午采样",
    text="请互相转告，按时间段来，不要扎堆。",
    begins_at=MONDAY + 24 * HOUR,
    ends_at=MONDAY + 27 * HOUR,
    place="农贸市场东门",
    papers="身份证、户口本",
)


def announce(town: Town, *, words: Words = WORDS, areas=None, compounds=(), **given):
    values = {"key": uuid4(), "unit": town.community, "actor": town.community_desk, "at": MONDAY}
    areas = [town.grid] if areas is None else areas
    return actions.announce(words=words, areas=areas, compounds=compounds, **(values | given))


def sent(town: Town, **given) -> Announcement:
    return actions.move(
        announcement=announce(town, **given), name="send", actor=town.community_desk, at=MONDAY
    )


def homes_in(town: Town, unit) -> int:
    return Household.objects.filter(building__grid__unit=unit).count()


@pytest.mark.requirement("X18")
def test_every_household_of_the_chosen_grid_becomes_a_call_of_its_contact_worker(town: Town):
    row = sent(town)
    calls = Call.objects.filter(announcement=row)
    assert calls.count() == homes_in(town, town.grid) > 0
    for call in calls.select_related("household"):
        assert Household.objects.of_worker(call.worker).contains(call.household)
    assert row.state == policy.State.SENT


@pytest.mark.requirement("X18")
def test_each_worker_is_told_once_how_many_doors_are_theirs(town: Town):
    row = sent(town)
    told = Notice.objects.filter(about=f"announcement:{row.pk}", channel="IN_APP")
    workers = set(Call.objects.filter(announcement=row).values_list("worker", flat=True))
    assert {notice.to_id for notice in told} == workers


def test_nobody_is_told_of_a_draft(town: Town):
    row = announce(town)
    assert row.state == policy.State.DRAFT
    assert not Call.objects.exists()
    audience = queries.audience_of(row)
    assert audience.n_households == homes_in(town, town.grid)
    assert audience.n_without_worker == 0


def test_a_second_tap_makes_no_second_announcement(town: Town):
    key = uuid4()
    assert announce(town, key=key) == announce(town, key=key)
    assert Announcement.objects.count() == 1


def test_an_announcement_is_sent_once(town: Town):
    row = sent(town)
    with pytest.raises(policy.OutreachRefused, match="不能"):
        actions.move(announcement=row, name="send", actor=town.community_desk, at=MONDAY)
    assert Call.objects.count() == homes_in(town, town.grid)


def test_a_household_chosen_twice_is_told_once(town: Town):
    row = sent(town, areas=[town.community, town.grid], compounds=[town.compound])
    homes = Household.objects.filter(building__grid__unit__path__startswith=town.community.path)
    assert Call.objects.filter(announcement=row).count() == homes.count()


@pytest.mark.parametrize("unit", ["other_street", "village"])
def test_nobody_announces_outside_their_area(town: Town, unit):
    with pytest.raises(policy.OutreachRefused):
        announce(town, areas=[getattr(town, unit)])


def test_a_worker_writes_no_announcements(town: Town):
    with pytest.raises(policy.OutreachRefused, match="没有发布通知的权限"):
        announce(town, actor=town.worker)


def test_an_announcement_to_nowhere_is_refused(town: Town):
    with pytest.raises(policy.OutreachRefused, match="请选择"):
        announce(town, areas=[])


def test_it_does_not_end_before_it_begins(town: Town):
    with pytest.raises(policy.OutreachRefused, match="结束时间"):
        announce(town, words=replace(WORDS, ends_at=MONDAY))


@pytest.mark.requirement("X18")
def test_each_household_shows_reached_or_not_and_a_later_try_overrules(town: Town):
    row = sent(town)
    call = Call.objects.filter(announcement=row, worker=town.worker).order_by("pk").first()
    call = actions.mark(call=call, result="no_answer", actor=town.worker, at=MONDAY + HOUR)
    assert (call.state, call.n_tries) == (policy.Call.UNREACHED, 1)
    assert queries.reach_of([row], town.community_desk)[row.pk].unreached == 1
    call = actions.mark(call=call, result="in_person", actor=town.worker, at=MONDAY + 2 * HOUR)
    assert (call.state, call.n_tries) == (policy.Call.REACHED, 2)
    reach = queries.reach_of([row], town.community_desk)[row.pk]
    assert (reach.reached, reach.unreached) == (1, 0)
    assert reach.waiting == reach.n - 1


def test_a_colleague_of_the_grid_may_stand_in_and_a_stranger_may_not(town: Town):
    call = Call.objects.filter(announcement=sent(town), worker=town.worker).first()
    actions.mark(call=call, result="phone", actor=town.worker2, at=MONDAY)
    with pytest.raises(policy.OutreachRefused, match="不归您"):
        actions.mark(call=call, result="phone", actor=town.other_worker, at=MONDAY)


def test_a_worker_cannot_claim_the_households_receipt(town: Town):
    call = Call.objects.filter(announcement=sent(town), worker=town.worker).first()
    with pytest.raises(policy.OutreachRefused):
        actions.mark(call=call, result="receipt", actor=town.worker, at=MONDAY)


@pytest.mark.requirement("X19")
def test_an_announcement_holds_time_place_and_papers_and_a_household_gives_a_receipt(town: Town):
    row = sent(town)
    row.refresh_from_db()
    assert (row.begins_at, row.place, row.papers) == (WORDS.begins_at, WORDS.place, WORDS.papers)
    call = Call.objects.filter(announcement=row).first()
    for later in (HOUR, 2 * HOUR):
        actions.receipt(call=call, at=MONDAY + later)
    call.refresh_from_db()
    assert (call.state, call.result, call.read_at) == ("REACHED", "receipt", MONDAY + HOUR)
    assert call.n_tries == 1


def test_after_the_end_nobody_is_called_any_more(town: Town):
    row = sent(town)
    call = Call.objects.filter(announcement=row, worker=town.worker).first()
    actions.move(announcement=row, name="close", actor=town.community_desk, at=MONDAY)
    with pytest.raises(policy.OutreachRefused, match="已经结束"):
        actions.mark(call=call, result="phone", actor=town.worker, at=MONDAY)
    assert queries.calls_of(town.worker) == []


@pytest.mark.requirement("X20")
def test_households_with_a_named_need_become_visits_by_themselves(town: Town):
    Need.objects.create(household=town.household, tag="WALKING")
    words = replace(WORDS, visit_needs=["WALKING"], visit_service="上门采样")
    assert queries.audience_of(announce(town, words=words)).n_visits == 1
    row = sent(town, words=words)
    visit = Visit.objects.get(announcement=row)
    assert (visit.household, visit.worker) == (town.household, town.worker)
    assert visit.reason == "上门采样"


@pytest.mark.requirement("X20")
def test_who_is_visited_is_not_told_to_those_who_may_not_know_of_needs(town: Town):
    Need.objects.create(household=town.household, tag="WALKING")
    sent(town, words=replace(WORDS, visit_needs=["WALKING"]))
    assert Visit.objects.visible_to(town.worker).count() == 1
    assert not Visit.objects.visible_to(town.worker2).exists()
    assert not Visit.objects.visible_to(town.other_worker).exists()


def test_withdrawing_cancels_the_visits_that_were_not_made(town: Town):
    Need.objects.create(household=town.household, tag="WALKING")
    row = sent(town, words=replace(WORDS, visit_needs=["WALKING"]))
    actions.move(announcement=row, name="withdraw", actor=town.community_desk, at=MONDAY)
    assert Visit.objects.get().state == policy.Visit.CANCELLED


def test_a_number_is_kept_with_consent_and_every_look_is_written_down(town: Town):
    home = town.household
    actions.keep_phone(household=home, phone="13900001234", actor=town.worker, at=MONDAY)
    call = Call.objects.get(announcement=sent(town), household=home)
    assert actions.look_at_phone(call=call, actor=town.worker, at=MONDAY) == "13900001234"
    looks = queries.looks_at(home.pk)
    assert [(look.actor, look.at) for look in looks] == [(town.worker, MONDAY)]
    entry = AccountEntry.objects.filter(subject=f"household:{home.pk}").first()
    assert "13900001234" not in str(entry.facts)


def test_a_number_may_be_taken_away_again(town: Town):
    home = town.household
    actions.keep_phone(household=home, phone="13900001234", actor=town.worker, at=MONDAY)
    actions.keep_phone(household=home, phone="", actor=town.worker, at=MONDAY)
    assert not DoorPhone.objects.exists()


def test_a_worker_of_another_grid_keeps_no_numbers_here(town: Town):
    with pytest.raises(policy.OutreachRefused):
        actions.keep_phone(household=town.household, phone="1", actor=town.other_worker, at=MONDAY)


def test_a_household_without_a_contact_worker_is_told_by_the_head_of_its_grid(town: Town):
    town.household.contacts.all().delete()
    call = Call.objects.get(announcement=sent(town), household=town.household)
    assert call.worker == town.worker


def test_announcements_are_seen_above_and_below_and_nowhere_else(town: Town):
    row = sent(town)
    for who in (town.community_desk, town.chief, town.worker, town.county_chief):
        assert Announcement.objects.visible_to(who).contains(row)
    for who in (town.other_worker, town.stranger, town.handler):
        assert not Announcement.objects.visible_to(who).contains(row)


@pytest.mark.parametrize("name", policy.MOVES)
@pytest.mark.parametrize("state", policy.State)
def test_every_move_is_made_from_its_state_and_by_those_who_announce(name, state):
    move = policy.MOVES[name]
    for role in policy.Role:
        allowed = state == move.source and role in policy.AUTHORS
        if allowed:
            assert policy.check_move(name, state=state, roles={role}) == move
        else:
            with pytest.raises(policy.OutreachRefused):
                policy.check_move(name, state=state, roles={role})
        assert (name in policy.moves_open(state, {role})) == allowed


def test_from_every_state_an_end_is_reachable():
    ends = {policy.State.CLOSED, policy.State.WITHDRAWN}
    left = {policy.State(s) for s in policy.State} - ends
    for state in left:
        reached, before = {state}, set()
        while reached != before:
            before = set(reached)
            reached |= {move.target for move in policy.MOVES.values() if move.source in reached}
        assert reached & ends
