"""Issuing, answering, signing off: what is written, journalled and told, and what is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from shaodao.cases.actions.casefile import entry_fields
from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from shaodao.cores import chaining
from shaodao.notices.models import Notice
from shaodao.people.models import Post
from shaodao.supervision import actions, policy
from shaodao.supervision.models import Supervision
from shaodao.supervision.policy import Kind, State, SupervisionRefused
from shaodao.supervision.queries import standing_of
from tests.town import MONDAY

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def urge(town, case=None, *, kind=Kind.URGE, unit=None, actor=None, at=MONDAY + HOUR, **given):
    """Supervise the housing bureau over a case it handles, by the street's chief."""
    return actions.supervise(
        case=case or town.case(Status.HANDLING),
        unit=unit or town.housing,
        kind=kind,
        reason="居民多次催问",
        actor=actor or town.chief,
        at=at,
        **given,
    )


def reply(town, row, *, at=MONDAY + 2 * HOUR, **words):
    given = {"reply": "已经安排人去修", "measures": "增派两名工人，本周修完"} | words
    return actions.move(supervision=row, name="reply", actor=town.handler, at=at, **given)


def by_system(town, case, kind=Kind.URGE, *, at=MONDAY + HOUR, unit=None):
    return actions.supervise(
        case=case, unit=unit or town.housing, kind=kind, reason="到期未签收", actor=None, at=at
    )


@pytest.mark.requirement("Z17")
def test_a_street_supervises_in_its_area_and_the_effect_is_logged(town):
    row = urge(town, kind=Kind.YELLOW)
    assert (row.author, row.author_unit, row.unit) == (town.chief, town.street, town.housing)
    assert row.state == State.ISSUED
    assert row.number == f"{row.case.number}-S1"
    entry = row.case.journal.last()
    assert entry.name == "yellow_card"
    assert entry.actor == town.chief
    assert entry.facts["supervision"] == row.pk
    assert entry.facts["remark"] == row.reason_id
    assert "居民" not in str(entry.facts)


@pytest.mark.requirement("Z17")
def test_nobody_supervises_outside_their_area(town):
    case = town.case(Status.HANDLING)
    for outsider in (town.stranger, town.other_intake, town.intake, town.handler, town.worker):
        with pytest.raises(SupervisionRefused):
            urge(town, case, actor=outsider)
    assert not Supervision.objects.exists()
    assert urge(town, case, actor=town.county_chief).author_unit == town.county


def test_no_government_supervises_itself_or_the_one_above(town):
    case = town.case(Status.HANDLING)
    for above in (town.street, town.county, town.prefecture):
        with pytest.raises(SupervisionRefused, match="本单位或者上级"):
            urge(town, case, unit=above)
    assert urge(town, case, unit=town.community).unit == town.community
    assert urge(town, case, unit=town.city_company).unit == town.city_company


def test_a_supervision_needs_a_reason(town):
    with pytest.raises(SupervisionRefused, match="督办事由"):
        actions.supervise(
            case=town.case(Status.HANDLING),
            unit=town.housing,
            kind=Kind.RED,
            reason="  ",
            actor=town.chief,
            at=MONDAY,
        )


def test_a_card_is_answered_with_measures_and_an_urge_with_a_word(town):
    card = urge(town, kind=Kind.YELLOW)
    with pytest.raises(SupervisionRefused, match="整改措施"):
        reply(town, card, measures="")
    assert reply(town, card).measures.text == "增派两名工人，本周修完"
    mild = urge(town)
    assert reply(town, mild, measures="").state == State.REPLIED


def test_the_unit_supervised_never_signs_off(town):
    row = reply(town, urge(town))
    with pytest.raises(SupervisionRefused):
        actions.move(supervision=row, name="sign_off", actor=town.handler, at=MONDAY + 3 * HOUR)
    Post.objects.create(
        user=town.chief, unit=town.housing, role="HANDLER", since=MONDAY.date() - timedelta(days=9)
    )
    both = town.person("street.chief")
    with pytest.raises(SupervisionRefused, match="被督办单位"):
        actions.move(supervision=row, name="sign_off", actor=both, at=MONDAY + 3 * HOUR)
    done = actions.move(
        supervision=row, name="sign_off", actor=town.dispatcher, at=MONDAY + 3 * HOUR
    )
    assert done.state == State.SIGNED_OFF
    assert done.signed_off_by == town.dispatcher


def test_a_returned_reply_is_due_again(town):
    row = reply(town, urge(town, kind=Kind.RED))
    back = actions.move(
        supervision=row, name="return_reply", actor=town.chief, at=MONDAY + 5 * HOUR, note="太空泛"
    )
    assert back.state == State.ISSUED
    assert back.reply is None
    assert back.n_returned == 1
    assert back.reply_by > MONDAY + 5 * HOUR
    names = list(row.case.journal.values_list("name", flat=True))
    assert names[-3:] == ["red_card", "supervision_reply", "supervision_return"]


def test_withdrawing_needs_a_reason_and_the_authors_side(town):
    row = urge(town)
    with pytest.raises(SupervisionRefused, match="说明"):
        actions.move(supervision=row, name="withdraw", actor=town.chief, at=MONDAY + 2 * HOUR)
    with pytest.raises(SupervisionRefused):
        actions.move(
            supervision=row, name="withdraw", actor=town.handler, at=MONDAY + 2 * HOUR, note="不认"
        )
    done = actions.move(
        supervision=row, name="withdraw", actor=town.county_chief, at=MONDAY + 2 * HOUR, note="已办"
    )
    assert done.state == State.WITHDRAWN


def test_only_something_severer_follows_what_stands(town):
    case = town.case(Status.HANDLING)
    mild = urge(town, case)
    with pytest.raises(SupervisionRefused, match="只能升格"):
        urge(town, case)
    card = urge(town, case, kind=Kind.RED)
    mild.refresh_from_db()
    assert mild.state == State.RAISED
    assert card.raised_from == mild
    with pytest.raises(IntegrityError), transaction.atomic():
        Supervision.objects.filter(pk=mild.pk).update(state=State.ISSUED)


def test_the_system_calls_twice_and_one_supervision_stands(town):
    case = town.case(Status.HANDLING)
    first = by_system(town, case)
    assert first.author is None
    assert first.author_unit == town.street
    assert by_system(town, case, at=MONDAY + 2 * HOUR) == first
    severer = by_system(town, case, Kind.YELLOW)
    assert by_system(town, case, Kind.URGE) == severer
    assert Supervision.objects.count() == 2


def test_the_system_lets_the_tier_above_sign_off_what_a_street_is_supervised_for(town):
    row = by_system(town, town.case(Status.HANDLING), unit=town.street)
    assert row.author_unit == town.county


@pytest.mark.parametrize("kind", Kind)
def test_the_limit_is_the_countys_number_in_the_units_working_hours(town, kind):
    hours = {Kind.URGE: 4, Kind.YELLOW: 8, Kind.RED: 16}[kind]
    row = urge(town, kind=kind, at=MONDAY)
    limits = {4: MONDAY + timedelta(hours=6), 8: MONDAY + timedelta(hours=24.5)}
    if hours in limits:  # Monday from nine: three and a half hours, then from two o'clock on
        assert abs(row.reply_by - limits[hours]) < 2 * HOUR
    assert row.reply_by > MONDAY + timedelta(hours=hours)


def test_a_given_limit_must_lie_ahead(town):
    with pytest.raises(SupervisionRefused, match="晚于现在"):
        urge(town, reply_by=MONDAY)
    assert urge(town, reply_by=MONDAY + 9 * HOUR).reply_by == MONDAY + 9 * HOUR


@pytest.mark.requirement("Z17")
def test_what_is_not_answered_in_time_rises_by_itself_once(town):
    case = town.case(Status.HANDLING)
    row = urge(town, case)
    assert actions.run_sweeps(at=row.reply_by - timedelta(minutes=1)) == 0
    late = row.reply_by + timedelta(minutes=1)
    assert actions.run_sweeps(at=late) == 1
    assert actions.run_sweeps(at=late) == 0
    row.refresh_from_db()
    yellow = row.raised_to
    assert row.state == State.RAISED
    assert row.late_at == late
    assert (yellow.kind, yellow.author, yellow.author_unit) == (Kind.YELLOW, None, town.street)
    assert row.number in yellow.reason.text
    assert actions.run_sweeps(at=yellow.reply_by) == 1
    red = Supervision.objects.get(kind=Kind.RED)
    assert actions.run_sweeps(at=red.reply_by) == 1  # marked late; there is nothing above red
    assert actions.run_sweeps(at=red.reply_by + timedelta(days=30)) == 0
    red.refresh_from_db()
    assert red.state == State.ISSUED
    assert red.late_at is not None
    names = list(case.journal.values_list("name", flat=True))
    assert names[-6:] == [
        "urge", "supervision_raise", "yellow_card", "supervision_raise", "red_card",
        "supervision_late",
    ]  # fmt: skip


def test_an_answered_one_does_not_rise(town):
    row = reply(town, urge(town))
    assert actions.run_sweeps(at=row.reply_by + timedelta(days=9)) == 0


def test_nothing_rises_over_a_case_that_has_ended(town):
    case = town.case(Status.HANDLING)
    row = urge(town, case)
    Case.objects.filter(pk=case.pk).update(status="CLOSED", ended_at=MONDAY, due_at=None)
    assert actions.run_sweeps(at=row.reply_by) == 1
    row.refresh_from_db()
    assert row.state == State.ISSUED
    assert row.late_at is not None
    assert actions.run_sweeps(at=row.reply_by) == 0


def test_a_late_reply_counts_as_late(town):
    row = urge(town, kind=Kind.RED)
    done = reply(town, row, at=row.reply_by + HOUR)
    assert done.late_at == row.reply_by + HOUR


def test_the_unit_its_leader_and_the_author_are_told(town):
    row = urge(town, kind=Kind.YELLOW)
    told = set(Notice.objects.filter(link=f"/supervision/{row.pk}/").values_list("to", flat=True))
    assert told == {town.handler.pk, town.leader.pk}
    reply(town, row)
    assert Notice.objects.filter(link=f"/supervision/{row.pk}/", to=town.chief).count() == 1


def test_the_journal_stays_a_chain(town):
    row = reply(town, urge(town, kind=Kind.YELLOW))
    head = b""
    for entry in row.case.journal.order_by("seq"):
        fields = entry_fields(
            row.case_id, entry.seq, entry.name, entry.at, entry.actor_id, entry.facts
        )
        head = chaining.entry_hash(head or chaining.GENESIS, fields)
        assert bytes(entry.hash) == head


def test_the_public_is_told_how_severely_and_since_when(town):
    case = town.case(Status.HANDLING)
    assert standing_of(case) is None
    row = urge(town, case)
    urge(town, case, kind=Kind.YELLOW, unit=town.community, at=MONDAY + 2 * HOUR)
    standing = standing_of(case)
    assert (standing.kind, standing.since) == (Kind.YELLOW, row.issued_at)


def test_every_entry_of_the_policy_has_a_label():
    names = {m.entry for m in policy.MOVES.values()} | set(policy.ENTRY_OF_KIND.values())
    assert all(actions.label_of(name) for name in names - {""})
