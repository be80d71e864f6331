"""Every move from every state by everybody who could try: the whole table, no database."""

from itertools import product

import pytest

from shaodao.people.policy import Level, Role, Seat
from shaodao.supervision import policy
from shaodao.supervision.policy import MOVES, Kind, Side, State, SupervisionRefused

WORDS = frozenset(policy.FIELD_LABELS)
POSTS = sorted(set(Role) - {Role.REPORTER, Role.SYSTEM})


def seats(side, role, level=Level.TOWNSHIP):
    return {side: frozenset({Seat(role, level)})}


AUTHOR = seats(Side.AUTHOR, Role.DUTY_CHIEF)
UNIT = seats(Side.SUPERVISED, Role.HANDLER)
BY = {Side.AUTHOR: AUTHOR, Side.SUPERVISED: UNIT, Side.SYSTEM: policy.SYSTEM}


@pytest.mark.parametrize(("name", "state"), list(product(MOVES, State)))
def test_a_move_is_made_from_its_sources_only(name, state):
    move = MOVES[name]
    held = BY[sorted(move.by)[0]]
    given = {"state": state, "seats": held, "kind": Kind.RED, "given": WORDS}
    if state in move.sources:
        policy.check(move, **given)
    else:
        with pytest.raises(SupervisionRefused):
            policy.check(move, **given)


@pytest.mark.parametrize(("name", "role", "level"), list(product(MOVES, POSTS, Level)))
def test_the_authors_side_is_three_roles_of_street_and_county(name, role, level):
    may = (
        Side.AUTHOR in MOVES[name].by
        and role in {Role.DISPATCHER, Role.DUTY_CHIEF, Role.LEADER}
        and level in {Level.TOWNSHIP, Level.COUNTY}
    )
    assert policy.may_make(MOVES[name], seats(Side.AUTHOR, role, level)) == may


@pytest.mark.parametrize(("name", "role"), list(product(MOVES, POSTS)))
def test_the_unit_supervised_answers_and_does_nothing_else(name, role):
    without = {Role.ADMIN, Role.SECURITY, Role.AUDITOR, Role.SECRETARY}
    may = name == "reply" and role not in without
    assert policy.may_make(MOVES[name], seats(Side.SUPERVISED, role)) == may


@pytest.mark.parametrize("name", MOVES)
def test_who_sits_on_both_sides_acts_for_the_unit_supervised_only(name):
    assert policy.may_make(MOVES[name], AUTHOR | UNIT) == (name == "reply")


@pytest.mark.parametrize("name", MOVES)
def test_the_system_issues_and_raises_and_signs_nothing_off(name):
    assert policy.may_make(MOVES[name], policy.SYSTEM) == (name in {"issue", "raise"})


@pytest.mark.parametrize(("name", "kind"), list(product(MOVES, Kind)))
def test_what_a_move_needs_is_missed_word_by_word(name, kind):
    move = MOVES[name]
    state = next(iter(sorted(move.sources)), None)
    held = BY[sorted(move.by)[0]]
    needs = policy.needs_of(move, kind)
    for word in needs:
        with pytest.raises(SupervisionRefused, match=policy.FIELD_LABELS[word]):
            policy.check(move, state=state, seats=held, kind=kind, given=WORDS - {word})
    policy.check(move, state=state, seats=held, kind=kind, given=needs)


def test_from_every_open_state_an_end_is_reachable():
    free = set(State) - policy.OPEN
    while more := {
        source for move in MOVES.values() for source in move.sources - free if move.target in free
    }:
        free |= more
    assert free == set(State)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("standing", [None, *Kind])
def test_a_new_one_is_severer_than_what_stands(kind, standing):
    order = list(Kind)
    if standing is None or order.index(kind) > order.index(standing):
        policy.check_severer(kind, standing=standing)
    else:
        with pytest.raises(SupervisionRefused):
            policy.check_severer(kind, standing=standing)


def test_red_is_the_last_step():
    assert [policy.next_kind(kind) for kind in Kind] == [Kind.YELLOW, Kind.RED, None]


def test_an_area_is_ones_own_and_nobody_looks_up():
    own = {"author_unit": 3, "author_path": [1, 2, 3], "area": [1, 2, 3, 4, 5]}
    policy.check_area(**own, unit=9)
    policy.check_area(**own, unit=4)
    for above in (1, 2, 3):
        with pytest.raises(SupervisionRefused):
            policy.check_area(**own, unit=above)
    with pytest.raises(SupervisionRefused, match="本辖区"):
        policy.check_area(author_unit=7, author_path=[1, 2, 7], area=[1, 2, 3, 4], unit=9)
