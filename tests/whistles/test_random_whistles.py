"""Whatever is done in whatever order, a whistle, its summonses, its clocks and its case agree."""

import random
from datetime import timedelta

import pytest

from shaodao.cases.actions.casefile import entry_fields
from shaodao.cases.models import Case, OutcomeKind
from shaodao.cases.policy import Status
from shaodao.cores import chaining
from shaodao.cores.wording import Refusal
from shaodao.whistles import actions, policy
from shaodao.whistles.models import Whistle
from shaodao.whistles.policy import Kind, Stage, State
from shaodao.whistles.queries import arbiter_of, is_summoned, ones_of, seats_of
from tests.town import MONDAY

pytestmark = pytest.mark.django_db
MOVES_A_HISTORY = 200
# Ends would make short histories; waiting states long ones.
RARE = {"withdraw": 0.1, "decline": 0.1, "call_off": 0.05, "remark": 0.1, "submit": 5, "close": 3}


def people_of(town):
    names = (
        "dispatcher", "chief", "verifier", "county_chief", "county_dispatcher", "company_handler",
        "city_handler", "handler", "lamp_handler", "water_handler", "worker", "stranger",
    )  # fmt: skip
    return [getattr(town, name) for name in names]


def offers(whistle, people):
    """Return every (person, summons or None, move) that the tables allow with all it needs."""
    rows = list(whistle.summonses.select_related("unit", "arbiter").order_by("pk"))
    for row in rows:  # asked once a row, not once a person
        row.arbiter = row.arbiter or arbiter_of(whistle.whistler, row.unit)
    stage, ones = Stage(whistle.stage), ones_of(rows)
    for person in people:
        is_own = is_summoned(person, rows)
        for move in policy.MOVES.values():
            seats = seats_of(person, whistle)
            given = {
                "stage": stage, "seats": seats, "given": move.needs, "is_summoned": is_own,
                "kind": Kind(whistle.kind), "is_own": whistle.drafted_by_id == person.pk,
                "is_confirmed": whistle.confirmed_at is not None,
            }  # fmt: skip
            if allowed(policy.check, move, **given):
                yield person, None, move
        for place, row in enumerate(rows):
            seats = seats_of(person, whistle, row)
            for move in policy.SUMMONS_MOVES.values():
                needs = policy.needs_of(move, is_lead=row.is_lead)
                given = {"stage": stage, "seats": seats, "given": needs, "is_summoned": is_own}
                if move.name not in policy.MADE_BY_OTHERS and allowed(
                    policy.check_summons, move, place, ones, is_late=True, **given
                ):
                    yield person, row, move


def allowed(check, *args, **given):
    try:
        check(*args, **given)
    except Refusal:
        return False
    return True


def evidence_for(town, whistle, row, move, at, rng, kind):
    units = [town.city_company, town.city_bureau, town.housing, town.lighting, town.water]
    called = [s.unit for s in whistle.summonses.exclude(state__in=["RELEASED", "ABSENT"])]
    day = (at + timedelta(days=rng.randint(1, 30))).date()
    values = {
        "note": "说明", "measures": "分头去办", "due_on": day, "review_on": day,
        "unit": rng.choice(units), "lead": rng.choice(called) if called else None,
        "photo": [town.photo], "has_code": rng.random() < 0.8, "reply": "办好了",
        "solved_by": "CADRE", "outcome": kind, "quantity": 1, "n_households": 9,
        "after_photo": [town.photo],
        "scores": {
            s.pk: {a: rng.randint(1, 5) for a in policy.Aspect} for s in whistle.summonses.all()
        },
    }  # fmt: skip
    wanted = set(policy.needs_of(move, is_lead=True) if row is not None else move.needs)
    if move.name == "hand_in":
        wanted |= {"n_households", "after_photo"} if row.is_lead else set()
    if move.name == "report_in":
        wanted.add("has_code")
    if move.name == "confer":
        wanted.discard("lead")
    if move.name == "uphold" and not row.is_lead:
        wanted.discard("unit")
    return {name: values[name] for name in wanted}


def check_whole(case_id):
    """The stage follows, one lead, the right clocks run, the case is where the lead is."""
    case = Case.objects.select_related("acceptor", "lead").get(pk=case_id)
    live = 0
    for whistle in Whistle.objects.filter(case=case):
        rows = list(whistle.summonses.select_related("unit").order_by("pk"))
        stage, ones = Stage(whistle.stage), ones_of(rows)
        assert sum(one.is_lead for one in ones) == 1
        running = list(whistle.clocks.filter(stopped_at=None))
        if stage in policy.ENDED:
            assert not running
            assert whistle.ended_at is not None
        if stage in policy.LIVE:
            live += 1
            assert stage == policy.stage_of(ones)
            lead = next(row for row in rows if row.is_lead)
            assert case.acceptor_id == whistle.whistler_id
            assert case.lead_id == lead.unit_id
            assert case.status == policy.CASE_OF[State(lead.state)]
            shown = {pk for row in rows if row.state != "RELEASED" for pk in row.unit.ancestor_ids}
            assert shown <= set(case.unit_ids) & set(whistle.unit_ids)
        wanted = {(None, step) for step in policy.STAGE_CLOCKS.get(stage, ())}
        paused = set()
        if stage in policy.LIVE:
            wanted |= {(None, "CONFIRM")} if whistle.confirmed_at is None else set()
            for row in rows:
                wanted |= {(row.pk, s) for s in policy.STATE_CLOCKS.get(State(row.state), ())}
                paused |= {(row.pk, s) for s in policy.PAUSED.get(State(row.state), ())}
        going = [clock for clock in running if clock.paused_at is None]
        assert {(c.summons_id, c.step) for c in going} == wanted
        assert {(c.summons_id, c.step) for c in running if c.paused_at} == paused
        for clock in whistle.clocks.all():
            assert clock.started_at <= clock.warn_at <= clock.due_at
            assert clock.stopped_at is None or clock.stopped_at >= clock.started_at
            assert clock.late_at is None or clock.late_at >= clock.due_at
    assert (case.acceptor_id is None) == (live == 0)
    head, entries = chaining.GENESIS, list(case.journal.order_by("seq"))
    for e in entries[-1:]:
        before = entries[-2].hash if len(entries) > 1 else head
        fields = entry_fields(case.pk, e.seq, e.name, e.at, e.actor_id, e.facts)
        assert chaining.entry_hash(bytes(before), fields) == bytes(e.hash) == bytes(case.head)
    assert [e.seq for e in entries] == list(range(1, case.n_entries + 1))


def history(whistling, rng):
    """Make 200 moves, on one case as long as it lasts, and return the names of those made."""
    town, made = whistling.town, []
    town.photo = town.picture()
    people, kind = people_of(town), OutcomeKind.objects.get(code="CONVERTED")
    whistle = None
    while len(made) < MOVES_A_HISTORY:
        if whistle is None or whistle.stage in policy.ENDED:
            case = whistle.case if whistle is not None else None
            if case is not None:
                case.refresh_from_db()
            if case is None or case.status not in policy.WHISTLED_ON:
                case = whistling.case(rng.choice([Status.FILED, Status.RECEIVED]))
            whistle = whistling.draft(kind=rng.choice(list(Kind)), case=case)
        whistling.wait(minutes=rng.choice([1, 10, 100, 700, 4000]))
        if rng.random() < 0.2:
            actions.run_sweeps(at=whistling.at)
            check_whole(whistle.case_id)
            whistle.refresh_from_db()
        found = list(offers(whistle, people))
        weights = [RARE.get(move.name, 1.0) for _, _, move in found]
        person, row, move = rng.choices(found, weights)[0]
        given = evidence_for(town, whistle, row, move, whistling.at, rng, kind)
        try:
            if row is None:
                actions.move(
                    whistle=whistle, name=move.name, actor=person, at=whistling.at, **given
                )
            else:
                actions.answer(summons=row, name=move.name, actor=person, at=whistling.at, **given)
        except Refusal:
            whistle.refresh_from_db()
        else:
            made.append(move.name)
            if len(made) % 4 == 0 or whistle.stage in policy.ENDED:
                check_whole(whistle.case_id)
        whistle.refresh_from_db()
    return made


@pytest.mark.requirement("Z16")
@pytest.mark.requirement("X34")
@pytest.mark.parametrize("seed", [0])
def test_a_history_of_two_hundred_moves_stays_consistent(whistling, seed):
    """Two hundred moves with sweeps between them, checked whole again and again: many seconds."""
    whistling.at = MONDAY
    made = history(whistling, random.Random(seed))
    assert {"blow", "report_in", "confer", "hand_in", "sign", "refuse"} <= set(made)
