"""Both tables whole, and what follows from what, without a database."""

from collections import deque
from itertools import combinations_with_replacement, product

import pytest

from shaodao.cases.policy import OTHER_ENTRIES
from shaodao.people.policy import HELD_AT, Role
from shaodao.whistles import policy
from shaodao.whistles.policy import (
    ENDED,
    LIVE,
    MOVES,
    SUMMONS_MOVES,
    Aspect,
    Band,
    Kind,
    One,
    Origin,
    Over,
    Presence,
    Stage,
    State,
    Step,
    WhistleRefused,
    after,
    arbiters,
    band_of,
    check,
    check_summons,
    needs_of,
    score_of,
    stage_of,
)

ALL_ROLES = {over: frozenset(Role) for over in Over}


def kind_for(move):
    return Kind.EMERGENCY if move.name in {"blow_now", "confirm"} else Kind.ROUTINE


def try_whistle(move, stage, seats=ALL_ROLES, given=None, **more):
    needed = move.needs if given is None else given
    options = {"is_confirmed": move.name != "confirm", "kind": kind_for(move)} | more
    check(move, stage=stage, seats=seats, given=needed, **options)


def try_summons(move, state, seats=ALL_ROLES, given=None, *, is_lead=False, **more):
    ones = [One(state, is_lead), One(State.HANDED_IN, not is_lead)]
    needed = needs_of(move, is_lead=is_lead) if given is None else given
    options = {"is_late": True, "stage": Stage.HANDLING} | more
    check_summons(move, 0, ones, seats=seats, given=needed, **options)


# ---- every move, every state, every role -----------------------------------------------------


@pytest.mark.requirement("Z16")
@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("move", MOVES.values(), ids=lambda m: m.name)
def test_a_whistles_move_is_refused_from_every_stage_not_in_its_row(move, stage):
    if stage in move.sources:
        try_whistle(move, stage)
    else:
        with pytest.raises(WhistleRefused, match="不能"):
            try_whistle(move, stage)


@pytest.mark.requirement("Z16")
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", SUMMONS_MOVES.values(), ids=lambda m: m.name)
def test_a_summons_move_is_refused_from_every_state_not_in_its_row(move, state):
    if state in move.sources:
        try_summons(move, state)
    else:
        with pytest.raises(WhistleRefused, match="不能"):
            try_summons(move, state)


@pytest.mark.parametrize("stage", sorted(set(Stage) - LIVE))
@pytest.mark.parametrize("move", SUMMONS_MOVES.values(), ids=lambda m: m.name)
def test_no_summons_moves_before_the_whistle_is_blown_or_after_its_end(move, stage):
    with pytest.raises(WhistleRefused, match="不能"):
        try_summons(move, State(min(move.sources)), stage=stage)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", MOVES.values(), ids=lambda m: m.name)
def test_a_whistles_move_is_made_only_by_the_roles_of_its_row(move, role):
    for over in Over:
        if any(by.over == over and role in by.roles for by in move.by):
            try_whistle(move, min(move.sources), seats={over: {role}})
        else:
            with pytest.raises(WhistleRefused, match="权限"):
                try_whistle(move, min(move.sources), seats={over: {role}})


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", SUMMONS_MOVES.values(), ids=lambda m: m.name)
def test_a_summons_move_is_made_only_by_the_roles_of_its_row(move, role):
    for over in Over:
        state = State(min(move.sources))
        if any(by.over == over and role in by.roles for by in move.by):
            try_summons(move, state, seats={over: {role}})
        else:
            with pytest.raises(WhistleRefused, match="权限"):
                try_summons(move, state, seats={over: {role}})


@pytest.mark.requirement("Z14")
def test_nobody_but_the_whistler_accepts_scores_closes_or_sends_back():
    for move in (MOVES["close"], SUMMONS_MOVES["accept"], SUMMONS_MOVES["rework"]):
        assert {by.over for by in move.by} == {Over.WHISTLER}
    others = {over: frozenset(Role) for over in set(Over) - {Over.WHISTLER}}
    with pytest.raises(WhistleRefused, match="权限"):
        try_whistle(MOVES["close"], Stage.AWAITING, seats=others)


@pytest.mark.requirement("Z14")
@pytest.mark.parametrize("name", sorted(policy.NOT_BY_SUMMONED))
def test_whoever_works_in_a_summoned_unit_passes_no_judgement_on_it(name):
    move = MOVES.get(name) or SUMMONS_MOVES[name]
    make = try_whistle if name in MOVES else try_summons
    start = Stage.AWAITING if name in MOVES else State(min(move.sources))
    with pytest.raises(WhistleRefused, match="报到单位不能给自己"):
        make(move, start, is_summoned=True)


@pytest.mark.parametrize("move", [*MOVES.values(), *SUMMONS_MOVES.values()], ids=lambda m: m.name)
def test_a_move_without_what_it_needs_names_it(move):
    make = try_whistle if move.name in MOVES else try_summons
    kinds = Stage if move.name in MOVES else State
    for left_out in move.needs:
        given = [name for name in move.needs if name != left_out]
        with pytest.raises(WhistleRefused, match="还缺少") as refusal:
            make(move, kinds(min(move.sources)), given=given)
        assert policy.EVIDENCE_LABELS[left_out] in str(refusal.value)


def test_every_role_of_the_tables_can_be_held_where_its_units_stand():
    for move in [*MOVES.values(), *SUMMONS_MOVES.values()]:
        for by in move.by:
            assert by.over == Over.SYSTEM or all(HELD_AT[role] for role in by.roles)


def test_every_move_has_its_entry_in_the_journal_of_the_case():
    for name in MOVES:
        assert f"whistle_{name}" in OTHER_ENTRIES
    for name in set(SUMMONS_MOVES) - {"supervise"}:  # a supervision is its own entry
        assert f"summons_{name}" in OTHER_ENTRIES


# ---- single rules ------------------------------------------------------------------------------


@pytest.mark.requirement("Z16")
def test_only_an_emergency_is_blown_before_review_and_none_is_closed_without_it():
    for kind in (Kind.ROUTINE, Kind.HARD):
        with pytest.raises(WhistleRefused, match="只有应急哨"):
            try_whistle(MOVES["blow_now"], Stage.DRAFT, kind=kind)
    try_whistle(MOVES["blow_now"], Stage.DRAFT, kind=Kind.EMERGENCY)
    with pytest.raises(WhistleRefused, match="补办审核"):
        try_whistle(MOVES["close"], Stage.AWAITING, is_confirmed=False)
    with pytest.raises(WhistleRefused, match="不用补办"):
        try_whistle(MOVES["confirm"], Stage.HANDLING, is_confirmed=True)


def test_a_residents_whistle_waits_for_no_review():
    try_whistle(
        MOVES["blow_now"], Stage.DRAFT, kind=Kind.ROUTINE, origin=Origin.RESIDENT,
        seats=policy.SYSTEM,
    )  # fmt: skip


def test_nobody_approves_the_whistle_they_drafted():
    for name, stage in (("blow", Stage.REVIEW), ("confirm", Stage.HANDLING)):
        with pytest.raises(WhistleRefused, match="自己拟的哨"):
            try_whistle(MOVES[name], stage, is_own=True)


def test_the_lead_only_leaves_for_another_one():
    for name in policy.NOT_OF_LEAD:
        with pytest.raises(WhistleRefused, match="主办单位"):
            try_summons(SUMMONS_MOVES[name], State.SENT, is_lead=True)
    with pytest.raises(WhistleRefused, match="单位"):
        try_summons(SUMMONS_MOVES["uphold"], State.REFUSED, given=["note"], is_lead=True)
    try_summons(SUMMONS_MOVES["uphold"], State.REFUSED, given=["note", "unit"], is_lead=True)


def test_nobody_is_absent_before_the_time_to_come_has_run_out():
    with pytest.raises(WhistleRefused, match="时限还没有过"):
        try_summons(SUMMONS_MOVES["mark_absent"], State.SENT, is_late=False)


def test_the_lead_hands_in_last():
    step = SUMMONS_MOVES["hand_in"]
    ones = [One(State.HANDLING, is_lead=True), One(State.HANDLING, is_lead=False)]
    given = needs_of(step, is_lead=True)
    with pytest.raises(WhistleRefused, match="还有 1 家"):
        check_summons(step, 0, ones, stage=Stage.HANDLING, seats=ALL_ROLES, given=given)
    ones[1] = One(State.ABSENT, is_lead=False)
    check_summons(step, 0, ones, stage=Stage.HANDLING, seats=ALL_ROLES, given=given)


def test_whoever_was_not_named_does_not_sign_for_who_was():
    with pytest.raises(WhistleRefused, match="另一位"):
        try_summons(SUMMONS_MOVES["sign"], State.SENT, is_named=False)
    try_summons(SUMMONS_MOVES["refuse"], State.SENT, is_named=True)


@pytest.mark.requirement("Z17")
def test_coordination_ends_at_the_border_of_the_whistlers_own_area():
    policy.check_area(whistler_path="/1/2/3/", area_path="/1/2/3/9/11/")
    for elsewhere in ("/1/2/4/9/", "/1/2/", "/7/"):
        with pytest.raises(WhistleRefused, match="本辖区"):
            policy.check_area(whistler_path="/1/2/3/", area_path=elsewhere)


@pytest.mark.requirement("Z08")
def test_the_arbiter_stands_above_both_and_the_next_below_where_none_sits_there():
    street, bureau, company, community = [1, 2, 3], [1, 2, 40], [1, 50], [1, 2, 3, 7]
    assert arbiters(street, bureau) == [2]
    assert arbiters(street, community) == [2]
    assert arbiters(street, company) == [1, 2]
    assert arbiters(community, bureau) == [2, 3]


def test_whom_a_whistle_calls():
    policy.check_summoned([4, 5], lead=4, whistler=3)
    for units, lead, why in (
        ([], None, "至少"), ([3, 4], 4, "自己"), ([4, 4], 4, "重复"), ([4, 5], None, "主办"),
        ([4, 5], 6, "主办"),
    ):  # fmt: skip
        with pytest.raises(WhistleRefused, match=why):
            policy.check_summoned(units, lead=lead, whistler=3)
    with pytest.raises(WhistleRefused, match="重复"):
        policy.check_summoned([4], lead=4, whistler=3, known=[4])


@pytest.mark.requirement("Z16")
def test_presence_is_shown_by_place_or_by_code():
    shown = policy.check_presence
    assert shown(distance_m=299, has_code=False, most_m=300) == Presence.POSITION
    assert shown(distance_m=None, has_code=True, most_m=300) == Presence.CODE
    assert shown(distance_m=9000, has_code=True, most_m=300) == Presence.CODE
    with pytest.raises(WhistleRefused, match="301 米"):
        shown(distance_m=301, has_code=False, most_m=300)
    with pytest.raises(WhistleRefused, match="定位"):
        shown(distance_m=None, has_code=False, most_m=300)


@pytest.mark.requirement("Z13")
def test_a_units_score_is_weighted_by_what_the_county_set():
    scores = {Aspect.TIMELINESS: 5, Aspect.QUALITY: 3, Aspect.ATTITUDE: 4}
    even = dict.fromkeys(Aspect, 1)
    assert score_of(scores, even) == 4.0
    assert score_of(scores, {Aspect.TIMELINESS: 40, Aspect.QUALITY: 30, Aspect.ATTITUDE: 30}) == 4.1
    with pytest.raises(ValueError, match="zero"):
        score_of(scores, dict.fromkeys(Aspect, 0))
    policy.check_scores(scores)
    for wrong in ({}, scores | {Aspect.QUALITY: 0}, scores | {Aspect.QUALITY: 6}):
        with pytest.raises(WhistleRefused, match="1 到 5"):
            policy.check_scores(wrong)


@pytest.mark.requirement("Z16")
def test_the_whistle_rate_is_a_band_and_more_is_not_better():
    def band(n, cases=1000):
        return band_of(n, cases, low=5, high=50, least=100)

    assert [band(n) for n in (0, 4, 5, 30, 50, 51, 900)] == [
        Band.UNUSED, Band.UNUSED, Band.WITHIN, Band.WITHIN, Band.WITHIN, Band.OVERUSED,
        Band.OVERUSED,
    ]  # fmt: skip
    assert band(1, 99) == Band.UNKNOWN
    assert band(0, 0) == Band.UNKNOWN


# ---- the stage follows from the summonses -------------------------------------------------------

WORKING = {State.HANDLING, State.SHELVED}


def expected_stage(lead, helpers):
    """Say it once more in other words."""
    if lead in {State.SENT, State.SIGNED, State.REFUSED}:
        return Stage.BLOWN
    if lead == State.REPORTED:
        return Stage.CONFERRING
    still = [s for s in helpers if s not in {State.RELEASED, State.ABSENT}]
    if lead == State.ACCEPTED and all(s == State.ACCEPTED for s in still):
        return Stage.CLOSED
    done = {State.HANDED_IN, State.ACCEPTED}
    return Stage.AWAITING if lead in done and set(still) <= done else Stage.HANDLING


@pytest.mark.requirement("Z16")
def test_the_stage_follows_from_every_combination_of_up_to_three_helpers():
    n = 0
    for lead in set(State) - policy.OUT:
        for size in range(4):
            for helpers in combinations_with_replacement(State, size):
                ones = [One(lead, is_lead=True), *(One(s, is_lead=False) for s in helpers)]
                assert stage_of(ones) == expected_stage(lead, helpers), ones
                assert stage_of(reversed(ones)) == stage_of(ones)
                n += 1
    assert n == 8 * (1 + 10 + 55 + 220)


def test_a_whistle_nobody_is_expected_at_any_more_is_called_off():
    for states in product(policy.OUT, repeat=2):
        ones = [One(s, is_lead=not n) for n, s in enumerate(states)]
        assert stage_of(ones) == Stage.WITHDRAWN


def test_every_stage_and_state_has_its_words_and_every_waiting_one_a_clock():
    for enum, labels in (
        (Stage, policy.STAGE_LABELS), (State, policy.STATE_LABELS), (Step, policy.STEP_LABELS),
        (Kind, policy.KIND_LABELS), (Origin, policy.ORIGIN_LABELS), (Band, policy.BAND_LABELS),
        (Aspect, policy.ASPECT_LABELS), (Presence, policy.PRESENCE_LABELS),
    ):  # fmt: skip
        assert set(labels) == set(enum)
    waiting = set(State) - policy.OVER - {State.REPORTED, State.HANDED_IN}
    assert set(policy.STATE_CLOCKS) == waiting  # the two left out wait for the whistler's clocks
    assert {Stage.REVIEW, Stage.CONFERRING, Stage.AWAITING} == set(policy.STAGE_CLOCKS)


# ---- no dead end --------------------------------------------------------------------------------


def neighbours(whistle):
    """Yield what every move leads to: (stage, confirmed, conferred, summonses); three at most."""
    stage, kind, confirmed, conferred, ones = whistle
    begins = conferred or not policy.confers(kind, sum(o.state not in policy.OUT for o in ones))
    for move in MOVES.values():
        if move.name in {"submit", "blow_now", "add_unit"} and len(ones) > 3:
            continue
        try:
            try_whistle(move, stage, kind=kind, is_confirmed=confirmed)
        except WhistleRefused:
            continue
        places = [
            n for n, o in enumerate(ones) if policy.may_lead(o.state) and not o.is_lead
        ] if move.name == "name_lead" else [None]  # fmt: skip
        if move.name == "add_unit" and len(ones) >= 3:
            continue
        name = "call_off" if move.name in {"withdraw", "decline"} else move.name
        for place in places:
            now = tuple(after(name, place, ones, begins=begins))
            is_blown = stage in LIVE or move.name in {"blow", "blow_now"}
            set_stage = Stage(move.target) if move.target else stage
            yield (
                move.name,
                (
                    stage_of(now) if is_blown and set_stage not in ENDED else set_stage,
                    kind,
                    confirmed or move.name in {"blow", "confirm"},
                    conferred or move.name == "confer",
                    now,
                ),
            )
    for move, place in product(SUMMONS_MOVES.values(), range(len(ones))):
        is_replaced = move.name == "reassign" or (move.name == "uphold" and ones[place].is_lead)
        if move.name == "accept" or (is_replaced and len(ones) >= 4):
            continue
        try:
            check_summons(
                move, place, ones, stage=stage, seats=ALL_ROLES,
                given=needs_of(move, is_lead=ones[place].is_lead), is_late=True,
            )  # fmt: skip
        except WhistleRefused:
            continue
        now = after(move.name, place, ones, begins=begins, is_replaced=is_replaced)
        yield move.name, (stage_of(now), kind, confirmed, conferred, tuple(now))


@pytest.mark.requirement("Z16")
@pytest.mark.requirement("X34")
@pytest.mark.parametrize("kind", Kind)
def test_from_every_reachable_whistle_an_end_is_reachable(kind):
    """Some thousands of states of up to four summonses: a second or two."""
    ones = (One(State.SENT, is_lead=True), One(State.SENT, is_lead=False))
    start = (Stage.DRAFT, kind, kind != Kind.EMERGENCY, False, ones)
    backwards, todo, seen, made = {}, deque([start]), {start}, set()
    while todo:
        whistle = todo.popleft()
        assert sum(one.is_lead for one in whistle[4]) == 1
        for name, now in neighbours(whistle):
            made.add(name)
            backwards.setdefault(now, set()).add(whistle)
            if now not in seen:
                seen.add(now)
                todo.append(now)
    unseen = {w[0] for w in seen} ^ set(Stage), {o.state for w in seen for o in w[4]} ^ set(State)
    # In an emergency whoever comes sets to work: nobody waits for a conference.
    waits = {Stage.CONFERRING}, {State.REPORTED}
    assert unseen == (waits if kind == Kind.EMERGENCY else (set(), set()))
    todo = deque(w for w in seen if w[0] == Stage.CLOSED or w[0] in ENDED)
    ending = set(todo)
    while todo:
        for before in backwards.get(todo.popleft(), ()):
            if before not in ending:
                ending.add(before)
                todo.append(before)
    assert seen == ending
    # … and without calling off: whatever was blown can be accepted and closed.
    todo = deque(w for w in seen if w[0] == Stage.CLOSED)
    closing = set(todo)
    while todo:
        for before in backwards.get(todo.popleft(), ()):
            if before not in closing:
                closing.add(before)
                todo.append(before)
    assert {w for w in seen if w[0] in LIVE} <= closing
    missing = {*MOVES, *SUMMONS_MOVES} - made - {"accept", "begin"}
    assert missing <= {"blow_now", "confirm"}
    assert kind != Kind.EMERGENCY or not missing
