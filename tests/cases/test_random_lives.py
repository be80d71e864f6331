"""Whatever is done in whatever order, a case keeps a holder, a deadline and a whole record."""

import itertools
import random
from datetime import timedelta

import pytest

from shaodao.cases import actions, policy
from shaodao.cases.actions.casefile import entry_fields
from shaodao.cases.queries import is_handler, seats_of, standing_of
from shaodao.cases.verifying import verify_cases
from shaodao.cores import chaining
from tests.town import MONDAY

MOVES_A_LIFE = 200
# Ends and mere words would make short or dull lives.
RARE = {"void": 0.01, "decline": 0.02, "answer": 0.05, "remark": 0.05, "reopen": 9.0}


def somebody_who_may(town, case, at, rng):
    """Return a person and a move they may make on the case now."""
    people = [
        town.intake,
        town.dispatcher,
        town.chief,
        town.verifier,
        town.handler,
        town.worker,
        town.worker2,
        town.community_desk,
        town.county_dispatcher,
        town.county_chief,
        town.county_intake,
        town.county_verifier,
        town.city_handler,
    ]
    helpers = [c.unit for c in case.co_handlers.select_related("unit")]
    offices = [tag.office for tag in case.sectors.filter(ended_at=None).select_related("office")]
    offers = [
        (person, move)
        for person in people
        for move in policy.moves_open_to(
            status=policy.Status(case.status),
            seats=seats_of(person, case, helpers, offices),
            is_handler=is_handler(person, case),
            standing=standing_of(case, at=at),
        )
        if move.name not in {"merge", "separate"}
    ]
    weights = [RARE.get(move.name, 1.0) for _, move in offers]
    return rng.choices(offers, weights)[0] if offers else None


def evidence_for(town, case, move, at, rng):
    units = [town.grid, town.next_grid, town.housing, town.lighting, town.city_bureau]
    values = {
        "note": "说明一下情况",
        "reply": "情况已经了解",
        "category": town.category(rng.choice(["ROAD_DAMAGE", "RUBBISH_HEAP", "NOISE"])),
        "grid_unit": town.grid,
        "unit": rng.choice(units),
        "solved_by": rng.choice(list(policy.SolvedBy)),
        "outcome": town.outcome(),
        "quantity": rng.randint(1, 9),
        "after_photo": [town.picture()],
        "review_on": (at + timedelta(days=20)).date(),
        "source": "BUDGET",
        "yuan": 100,
        "ground": rng.choice(list(policy.Ground)),
        "sector": "ENVIRONMENT",
        "tagged": "ENVIRONMENT",
    }
    needs = policy.needs_of(move, needs_after_photo=case.category.needs_after_photo)
    given = {name: values[name] for name in needs}
    return given | ({"cost_yuan": 100} if move.name == "handle" and case.funding.exists() else {})


def check_whole(case):
    case = (
        type(case)
        .objects.select_related("category", "area", "desk", "lead", "checker")
        .get(pk=case.pk)
    )
    status = policy.Status(case.status)
    running = [c for c in case.clocks.filter(stopped_at=None)]
    going = [c.due_at for c in running if c.paused_at is None]
    if status in policy.OPEN:
        assert case.holder is not None
        assert case.due_at == min(going)
        place = policy.PLACES[status]
        assert {c.step for c in running} <= {*place.starts, *place.keeps, policy.Step.RUNG}
        assert set(place.starts) <= {c.step for c in running} | {policy.Step.ARRIVE}
        assert case.ended_at is None
    else:
        assert not running
        assert (case.holder, case.due_at) == (None, None)
        assert case.ended_at is not None
    for clock in case.clocks.all():
        assert clock.started_at <= clock.warn_at <= clock.due_at
        assert clock.stopped_at is None or clock.started_at <= clock.stopped_at
    rungs = [c for c in case.clocks.filter(step="RUNG").order_by("started_at", "pk")]
    for clock, following in itertools.pairwise(rungs):
        assert clock.stopped_at is not None
        assert clock.stopped_at <= following.started_at
    if any(c.stopped_at is None for c in rungs):
        assert (rungs[-1].unit, rungs[-1].level) == (case.desk, case.desk.level)
    offices = [tag.office for tag in case.sectors.filter(ended_at=None).select_related("office")]
    near = (case.area, case.desk, case.lead, case.checker, *offices)
    units = {pk for u in near if u for pk in u.ancestor_ids}
    assert units <= set(case.unit_ids)
    entries = list(case.journal.order_by("seq"))
    assert [e.seq for e in entries] == list(range(1, case.n_entries + 1))
    head = chaining.GENESIS
    for e in entries:
        fields = entry_fields(case.pk, e.seq, e.name, e.at, e.actor_id, e.facts)
        head = chaining.entry_hash(head, fields)
        assert bytes(e.hash) == head
    assert bytes(case.head) == head
    return case


@pytest.mark.requirement("X34")
@pytest.mark.parametrize("seed", range(4))
def test_a_life_of_random_moves_and_sweeps_stays_whole(town, seed):
    rng = random.Random(seed)
    case, at = town.case(status="RECEIVED"), MONDAY
    for _ in range(MOVES_A_LIFE):
        at += timedelta(hours=rng.choice([1, 3, 9, 30, 100]))
        if rng.random() < 0.3:
            actions.run_sweeps(at=at)
            case.refresh_from_db()
        offer = somebody_who_may(town, case, at, rng)
        if offer is None:
            break
        person, move = offer
        try:
            evidence = evidence_for(town, case, move, at, rng)
            actions.move(case=case, name=move.name, actor=person, at=at, **evidence)
        except policy.MoveRefused:
            pass
        case = check_whole(case)
    assert case.n_entries > MOVES_A_LIFE / 4
    assert len(set(case.journal.values_list("name", flat=True))) >= 8
    check_ladder(case)
    assert verify_cases().faults == []


def check_ladder(case):
    """No rung is skipped but in an emergency; a return goes down by one; all is journalled."""
    levels = [rung.value for rung in policy.RUNGS]
    passes = case.journal.filter(name__in=list(policy.PASSED_BY)).order_by("seq")
    stands = None
    for entry in passes:
        start, end = (levels.index(entry.facts[key]) for key in ("rung", "to_rung"))
        assert stands in (None, start)
        step = {"hand_down": -1, "escalate_urgent": 2}.get(entry.name, 1)
        assert end - start == step
        assert entry.name != "escalate_urgent" or case.is_hazard
        assert entry.actor_id is None or "digest" in entry.facts  # a person gives a reason
        stands = end
    assert stands in (None, levels.index(case.desk.level))
