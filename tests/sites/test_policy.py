"""Every move of a site from every state by everybody, and what a boundary must be: no database."""

from datetime import date
from itertools import product

import pytest

from shaodao.people.policy import Level, Role, Seat
from shaodao.sites import policy
from shaodao.sites.policy import MOVES, SiteRefused, State

WORDS = frozenset(policy.FIELD_LABELS)
CHIEF = frozenset({Seat(Role.DUTY_CHIEF, Level.TOWNSHIP)})


@pytest.mark.parametrize(("name", "state"), list(product(MOVES, State)))
def test_a_move_is_made_from_its_sources_only(name, state):
    move = MOVES[name]
    if state in move.sources:
        policy.check(move, state=state, seats=CHIEF, given=WORDS)
    else:
        with pytest.raises(SiteRefused):
            policy.check(move, state=state, seats=CHIEF, given=WORDS)


@pytest.mark.parametrize(("name", "role", "level"), list(product(MOVES, Role, Level)))
def test_desks_keep_sites_and_chiefs_decide_on_them(name, role, level):
    roles = {Role.DUTY_CHIEF, Role.LEADER}
    if name in {"register", "edit", "link", "unlink"}:
        roles |= {Role.INTAKE, Role.DISPATCHER}
    may = role in roles and level in {Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY}
    assert policy.may_make(MOVES[name], frozenset({Seat(role, level)})) == may


@pytest.mark.parametrize("name", MOVES)
def test_what_a_move_needs_is_missed(name):
    move = MOVES[name]
    state = next(iter(sorted(move.sources)), None)
    for word in move.needs:
        with pytest.raises(SiteRefused, match=policy.FIELD_LABELS[word]):
            policy.check(move, state=state, seats=CHIEF, given=WORDS - {word})


def test_an_open_site_can_end_and_a_solved_one_come_back():
    targets = {state: {m.target for m in MOVES.values() if state in m.sources} for state in State}
    assert {State.SOLVED, State.VOIDED} <= targets[State.OPEN]
    assert State.OPEN in targets[State.SOLVED]
    assert not targets[State.VOIDED]


def test_an_age_is_counted_in_days():
    assert policy.age_days(date(2024, 2, 28), date(2024, 3, 1)) == 2
    assert policy.age_days(date(2024, 3, 1), date(2024, 2, 28)) == 0


def test_every_entry_has_a_label():
    assert {f"site_{name}" for name in MOVES} == set(policy.ENTRY_LABELS)
