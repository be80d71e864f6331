"""The whole table, every move against every status, without a database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cases import policy
from shaodao.cases.policy import (
    ENDED,
    MOVES,
    OPEN,
    PLACES,
    By,
    Clock,
    Holder,
    LimitRow,
    MoveRefused,
    Over,
    RouteRow,
    Status,
    Step,
    Target,
    check,
    duty_matrix,
    may_ask,
    may_make,
    moves_open_to,
    moves_to_ask,
    needs_of,
    pick_limit,
    route,
)
from shaodao.people.policy import HELD_AT, Level, Role, Seat

EVERY_TIER = frozenset(Level)


def seat_for(by: By) -> policy.Seats:
    """Return the seats of one person who may make what `by` says."""
    tier = min(by.tiers or EVERY_TIER)
    return {by.over: {Seat(by.role, tier)}}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("move", MOVES.values(), ids=lambda m: m.name)
def test_a_move_is_refused_from_every_status_not_in_its_row(move, status):
    seats = seat_for(move.by[0])
    if status in move.sources:
        check(move, status=status, seats=seats, given=move.needs)
    else:
        with pytest.raises(MoveRefused, match="不能"):
            check(move, status=status, seats=seats, given=move.needs)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", MOVES.values(), ids=lambda m: m.name)
def test_a_move_is_made_only_by_the_roles_of_its_row(move, role):
    seats = {over: {Seat(role, tier) for tier in Level} for over in Over}
    status = min(move.sources)
    if any(by.role == role for by in move.by):
        check(move, status=status, seats=seats, given=move.needs)
    else:
        with pytest.raises(MoveRefused, match="权限"):
            check(move, status=status, seats=seats, given=move.needs)


@pytest.mark.parametrize("move", [m for m in MOVES.values() if m.needs], ids=lambda m: m.name)
def test_a_move_without_its_evidence_names_what_is_missing(move):
    for left_out in move.needs:
        given_rest = [name for name in move.needs if name != left_out]
        with pytest.raises(MoveRefused, match="还缺少") as refusal:
            check(move, status=min(move.sources), seats=seat_for(move.by[0]), given=given_rest)
        assert policy.EVIDENCE_LABELS[left_out] in str(refusal.value)


@pytest.mark.requirement("X34")
def test_from_every_status_an_end_is_reachable():
    def reachable(start):
        seen, todo = set(), [start]
        while todo:
            status = todo.pop()
            if status not in seen:
                seen.add(status)
                todo += [m.target for m in MOVES.values() if status in m.sources and m.target]
        return seen

    for status in Status:
        assert reachable(status) & ENDED, f"{status} is a trap"
    assert reachable(Status.RECEIVED) == set(Status)


@pytest.mark.requirement("X34")
def test_every_open_status_has_a_holder_and_a_clock_and_no_ended_one_has():
    for status in OPEN:
        assert PLACES[status].holder in Holder
        assert PLACES[status].starts
    for status in ENDED:
        assert PLACES[status].holder is None
        assert not PLACES[status].starts


def test_every_role_a_move_names_can_be_held_at_its_tiers():
    for move in MOVES.values():
        for by in move.by:
            if by.role in HELD_AT:
                assert (by.tiers or HELD_AT[by.role]) <= HELD_AT[by.role], move.name


def test_whoever_handled_a_case_is_not_offered_to_check_or_close_it():
    seats = {
        Over.DESK: {Seat(Role.VERIFIER, Level.TOWNSHIP), Seat(Role.DUTY_CHIEF, Level.TOWNSHIP)}
    }
    offered = {m.name for m in moves_open_to(status=Status.HANDLED, seats=seats)}
    own = {m.name for m in moves_open_to(status=Status.HANDLED, seats=seats, is_handler=True)}
    assert {"verify", "rework"} <= offered
    assert not own & policy.NOT_BY_HANDLER
    with pytest.raises(MoveRefused, match="处置人"):
        check(MOVES["verify"], status=Status.HANDLED, seats=seats, given=["note"], is_handler=True)


def test_a_move_with_an_approver_can_be_asked_for_but_not_made_by_the_asker():
    seats = {Over.LEAD: {Seat(Role.HANDLER, Level.COUNTY)}}
    for name in ("return", "extend", "shelve"):
        assert may_ask(MOVES[name], seats)
        assert not may_make(MOVES[name], seats)
    asked = {m.name for m in moves_to_ask(status=Status.HANDLING, seats=seats)}
    assert asked == {"return", "extend", "shelve", "escalate"}


@pytest.mark.requirement("Z02")
def test_what_one_tier_may_do_another_may_not():
    """Command at the county, coordination at the street, execution in the community and grid."""
    rows = {row.move.name: row.cells for row in duty_matrix(HELD_AT)}
    assert rows["void"] == {
        Level.COUNTY: "make",
        Level.TOWNSHIP: "ask",
        Level.COMMUNITY: "ask",
        Level.GRID: "",
    }
    assert rows["decline"][Level.TOWNSHIP] == "make"
    assert rows["decline"][Level.COMMUNITY] == ""
    assert rows["accept"][Level.GRID] == "make"
    assert rows["dispatch"][Level.GRID] == ""
    assert rows["escalate"] == {
        Level.COUNTY: "ask",  # a bureau that works for a street's desk
        Level.TOWNSHIP: "make",
        Level.COMMUNITY: "make",
        Level.GRID: "ask",
    }
    for tier, other in ((Level.COUNTY, Level.TOWNSHIP), (Level.TOWNSHIP, Level.COMMUNITY)):
        assert any(cells[tier] == "make" != cells[other] for cells in rows.values())


def test_an_after_photo_is_needed_only_where_the_category_says_so():
    assert "after_photo" in needs_of(MOVES["handle"], needs_after_photo=True)
    assert "after_photo" not in needs_of(MOVES["handle"], needs_after_photo=False)
    assert needs_of(MOVES["close"], needs_after_photo=True) == MOVES["close"].needs


def test_a_pause_has_a_way_back_that_gives_the_time_back():
    paused = [m for m in MOVES.values() if m.clock == Clock.PAUSE]
    resumed = [m for m in MOVES.values() if m.clock == Clock.RESUME]
    assert {m.target for m in paused} == {Status.SHELVED}
    assert {s for m in resumed for s in m.sources} == {Status.SHELVED}
    assert Step.HANDLE in PLACES[Status.SHELVED].keeps


def test_closing_wants_an_outcome_and_money_that_adds_up():
    policy.check_closing(has_outcome=True, cost_fen=None, raised_fen=0)
    policy.check_closing(has_outcome=True, cost_fen=1000, raised_fen=1000)
    with pytest.raises(MoveRefused, match="成果"):
        policy.check_closing(has_outcome=False, cost_fen=None, raised_fen=0)
    with pytest.raises(MoveRefused, match=r"5\.00 元"):
        policy.check_closing(has_outcome=True, cost_fen=1000, raised_fen=500)
    with pytest.raises(MoveRefused, match=r"5\.00 元"):
        policy.check_closing(has_outcome=True, cost_fen=None, raised_fen=500)


# ---- limits ----------------------------------------------------------------------------------

DAY = date(2026, 9, 7)


def limit(pk, *, category=None, unit=None, hazard=False, since=date(2020, 1, 1), until=None):
    return LimitRow(pk, "HANDLE", category, unit, hazard, 5, "WORKING_DAYS", since, until)


def picked(rows, *, categories=("LAMP", "LIGHTING"), hazard=False, on=DAY):
    row = pick_limit(
        rows, step="HANDLE", categories=categories, unit_ids=[1, 4, 9], is_hazard=hazard, on=on
    )
    return row.pk if row else None


def test_the_most_specific_limit_in_force_counts():
    rows = [limit(1), limit(2, unit=4), limit(3, category="LIGHTING"), limit(4, category="LAMP")]
    assert picked(rows) == 4
    assert picked(rows[:3]) == 3
    assert picked(rows[:2]) == 2
    assert picked([limit(5, category="NOISE"), limit(6, unit=7)]) is None


@pytest.mark.requirement("Z33")
def test_a_hazard_row_goes_before_every_other_and_counts_for_hazards_only():
    rows = [limit(1), limit(2, hazard=True), limit(3, category="LAMP", unit=9)]
    assert picked(rows, hazard=True) == 2
    assert picked(rows, hazard=False) == 3


def test_a_limit_counts_from_its_first_day_and_not_on_the_day_it_ends():
    rows = [limit(1, until=DAY), limit(2, since=DAY)]
    assert picked(rows, on=date(2026, 9, 6)) == 1
    assert picked(rows, on=DAY) == 2


# ---- routing ---------------------------------------------------------------------------------


def row(pk, target, *, category=None, unit=None, to=None, direct=False, rank=0):
    return RouteRow(pk, category, unit, target, to, direct, rank, date(2020, 1, 1), None)


FOUND = {
    Target.ASSET_OWNER: [(50, None)],
    Target.CONTACT_WORKER: [(9, 77)],
    Target.GRID: [(9, 78)],
    Target.COMMUNITY: [(4, None)],
}
ROWS = [
    row(1, Target.ASSET_OWNER, direct=True),
    row(2, Target.CONTACT_WORKER, direct=True),
    row(3, Target.GRID, direct=True, rank=1),
    row(4, Target.UNIT, category="LIGHTING", to=60),
]


def routed(kind, rows=ROWS, found=FOUND):
    return route(
        rows, kind=kind, categories=["LAMP", "LIGHTING"], unit_ids=[1, 4, 9], found=found, on=DAY
    )


def test_a_component_goes_to_its_owner_first_and_an_event_to_its_area_first():
    assert [c.unit_id for c in routed("COMPONENT").candidates] == [60, 50, 9, 9]
    assert [(c.unit_id, c.person_id) for c in routed("EVENT").candidates][:2] == [(9, 77), (9, 78)]


@pytest.mark.requirement("X24")
def test_a_households_case_goes_first_to_its_contact_worker():
    first = routed("EVENT").candidates[0]
    assert (first.unit_id, first.person_id, first.is_direct) == (9, 77, True)


@pytest.mark.requirement("X15")
def test_whoever_declined_is_not_asked_again():
    routing = routed("EVENT")
    assert routing.after({(9, 77)}).person_id == 78
    assert routing.after({(c.unit_id, c.person_id) for c in routing.candidates}) is None


def test_a_component_whose_owner_is_not_known_says_so():
    routing = routed("COMPONENT", rows=ROWS[:1], found={})
    assert routing.candidates == ()
    assert "没有登记" in routing.explanation[0][1]


def test_the_dry_run_names_every_row_and_whether_it_counted():
    rows = [
        *ROWS,
        row(9, Target.UNIT, category="NOISE", to=61),
        row(10, Target.UNIT, unit=99, to=62),
    ]
    explained = {
        pk: (sentence, counted) for pk, sentence, counted in routed("EVENT", rows).explanation
    }
    assert explained[9] == ("类别不符", False)
    assert explained[10] == ("不在本地", False)
    assert explained[2][1] is True
    assert set(explained) == {r.pk for r in rows}


@given(st.permutations(ROWS))
def test_the_order_of_rows_in_the_table_does_not_matter(rows):
    assert routed("EVENT", rows).candidates == routed("EVENT").candidates
