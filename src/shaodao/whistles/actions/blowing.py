"""Drafting, approving, blowing, conferring on, accepting and calling off a whistle."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cases import policy as case_policy
from shaodao.cases.actions.casefile import CaseFile, open_file, remark
from shaodao.cases.actions.moving import carry_out
from shaodao.cases.models import Case
from shaodao.cores.wording import N_
from shaodao.people.models import Unit, User
from shaodao.people.policy import Level
from shaodao.people.queries import at_level
from shaodao.reports.models import Report
from shaodao.whistles import policy
from shaodao.whistles.models import Summons, Whistle
from shaodao.whistles.queries import is_summoned, may_write_down, responder_of, roles_in, seats_of
from shaodao.whistles.rules import may_whistle, weights

from .telling import called, reviewers, tell, whistlers
from .whistlefile import WhistleFile, open_whistle, read_whistle

Kind, Origin, Stage, State = policy.Kind, policy.Origin, policy.Stage, policy.State
R = policy.WhistleRefused


@transaction.atomic
def draft(
    *,
    case: Case,
    kind: Kind,
    origin: Origin,
    units: Sequence[Unit],
    lead: Unit | None,
    reason: str,
    actor: User,
    at: datetime,
) -> Whistle:
    """Draft a whistle on a case and return it; nobody is called yet.

    :raises policy.WhistleRefused: outside the area, not enabled, an ended case, or nobody to call.
    """
    file = open_file(case.pk)
    whistler = _whistler(file.case, origin, at=at)
    step = policy.MOVES["submit"]
    if not policy.may_make(step, {policy.Over.WHISTLER: roles_in(actor, whistler)}):
        raise R(N_("您的岗位没有{move}的权限"), move=N_("拟哨"))
    whistle = _new(file, kind, origin, whistler, reason=reason, actor=actor, at=at)
    _call(whistle, units, lead=lead, at=at)
    book = read_whistle(file, whistle.pk, actor=actor, at=at)
    _write_draft(book)
    return book.whistle


@transaction.atomic
def revise(
    *,
    whistle: Whistle,
    kind: Kind,
    units: Sequence[Unit],
    lead: Unit | None,
    reason: str,
    actor: User,
    at: datetime,
) -> Whistle:
    """Change a draft that has not been handed in for approval.

    :raises policy.WhistleRefused: if it is no draft, not the actor's to change, or calls nobody.
    """
    book = open_whistle(whistle.pk, actor=actor, at=at)
    step, seats = policy.MOVES["submit"], seats_of(actor, book.whistle)
    policy.check(step, stage=book.stage, seats=seats, given=(), kind=kind)
    book.whistle.kind = kind.value
    book.whistle.reason = _reason(book.file, reason)
    Summons.objects.filter(whistle=book.whistle).delete()
    _call(book.whistle, units, lead=lead, at=at)
    rows = book.whistle.summonses.select_related("unit", "person", "arbiter").order_by("pk")
    book.summonses = list(rows)
    _write_draft(book)
    return book.whistle


def _whistler(case: Case, origin: Origin, *, at: datetime) -> Unit:
    level = policy.ORIGIN_LEVEL[origin]
    unit = at_level(case.area, level)
    if unit is None:
        raise R(N_("只能就本辖区的事吹哨、协调和督办"))
    on = timezone.localdate(at)
    policy.check_origin(
        origin, level=Level(unit.level), is_enabled=may_whistle(origin, area=unit, on=on)
    )
    policy.check_area(whistler_path=unit.path, area_path=case.area.path)
    return unit


def _new(file: CaseFile, kind, origin, whistler, *, reason: str, actor, at) -> Whistle:
    case = file.case
    if case_policy.Status(case.status) not in policy.WHISTLED_ON:
        label = case_policy.PLACES[case_policy.Status(case.status)].label
        raise R(N_("案件当前是“{status}”，不能吹哨"), status=label)
    if case.whistles.exclude(stage__in=[s.value for s in policy.ENDED]).exists():
        raise R(N_("本案已经有一哨在办"))
    return Whistle.objects.create(
        case=case,
        kind=kind.value,
        origin=origin.value,
        whistler=whistler,
        stage=Stage.DRAFT.value,
        reason=_reason(file, reason),
        drafted_by=actor,
        drafted_at=at,
        unit_ids=whistler.ancestor_ids,
    )


def _reason(file: CaseFile, reason: str):
    if not reason.strip():
        raise R(N_("请写明为什么吹哨"))
    row, _facts = remark(
        file.case, kind=case_policy.RemarkKind.INTERNAL, text=reason.strip()
    )  # fmt: skip
    return row


def _call(whistle: Whistle, units: Sequence[Unit], *, lead: Unit | None, at: datetime) -> None:
    policy.check_summoned(
        [unit.pk for unit in units], lead=lead.pk if lead else None, whistler=whistle.whistler_id
    )
    Summons.objects.bulk_create(
        Summons(
            whistle=whistle, unit=unit, is_lead=unit == lead, state=State.SENT.value, sent_at=at
        )
        for unit in units
    )


def _write_draft(book: WhistleFile) -> None:
    facts = {
        "kind": book.whistle.kind,
        "origin": book.whistle.origin,
        "units": [row.unit_id for row in book.summonses],
        "lead": book.lead.unit_id,
        "remark": book.whistle.reason_id,
    }
    book.record("whistle_draft", facts)
    book.settle()


# ---- residents --------------------------------------------------------------------------------


@transaction.atomic
def whistle_for_resident(
    *, case: Case, report: Report, at: datetime, actor: User | None = None
) -> Whistle | None:
    """Let a resident's whistle call the right post of the grid at once, and return it.

    actor : who wrote it down for a resident who called or came; None where they did so themselves

    None where the area has not enabled it, the place lies in no grid, or a whistle is open already:
    the report goes its ordinary way then.

    :raises policy.WhistleRefused: if the actor takes no reports there.
    """
    file = open_file(case.pk)
    if actor is not None and not may_write_down(actor, file.case):
        raise R(N_("您的岗位没有{move}的权限"), move=N_("替群众吹哨"))
    found, village = responder_of(file.case, at=at), at_level(file.case.area, Level.COMMUNITY)
    if found is None or village is None:
        return None
    on = timezone.localdate(at)
    is_open = case_policy.Status(file.case.status) in policy.WHISTLED_ON
    standing = file.case.whistles.exclude(stage__in=[s.value for s in policy.ENDED])
    if not may_whistle(Origin.RESIDENT, area=village, on=on) or not is_open or standing.exists():
        return None
    grid, person, title = found
    whistle = _new(
        file, Kind.ROUTINE, Origin.RESIDENT, village,
        reason=file.case.title, actor=actor, at=at,
    )  # fmt: skip
    whistle.report = report
    whistle.save(update_fields=["report"])
    Summons.objects.create(
        whistle=whistle, unit=grid, person=person, title=title, is_lead=True,
        state=State.SENT.value, sent_at=at,
    )  # fmt: skip
    book = read_whistle(file, whistle.pk, actor=actor, at=at)
    _write_draft(book)
    step = policy.MOVES["blow_now"]
    policy.check(
        step, stage=book.stage, seats=policy.SYSTEM, given=(), kind=Kind.ROUTINE,
        origin=Origin.RESIDENT,
    )  # fmt: skip
    return _make(book, step, actor=actor, evidence={})


# ---- the moves --------------------------------------------------------------------------------


@transaction.atomic
def move(*, whistle: Whistle, name: str, actor: User, at: datetime, **evidence: object) -> Whistle:
    """Make the move `name` on a whistle and return it as it now stands.

    evidence : note, unit, lead (a unit), measures, due_on, due (unit id → day), scores (summons
               id → aspect → 1 to 5), as the move needs

    :raises policy.WhistleRefused: if the policy does not allow it; nothing is changed then.
    :raises shaodao.cases.policy.MoveRefused: if the case cannot be closed yet.
    """
    book = open_whistle(whistle.pk, actor=actor, at=at)
    step = policy.MOVES[name]
    policy.check(
        step,
        stage=book.stage,
        seats=seats_of(actor, book.whistle),
        given={key for key, value in evidence.items() if value not in (None, "", {}, [])},
        kind=Kind(book.whistle.kind),
        origin=Origin(book.whistle.origin),
        is_confirmed=book.whistle.confirmed_at is not None,
        is_own=book.whistle.drafted_by_id == actor.pk,
        is_summoned=is_summoned(actor, book.summonses),
    )
    return _make(book, step, actor=actor, evidence=evidence)


def _make(book: WhistleFile, step: policy.Move, *, actor, evidence: Mapping) -> Whistle:
    facts: dict[str, object] = {}
    if text := evidence.get("note"):
        facts |= book.remark(str(text))[1]
    if step.target is not None:
        book.whistle.stage = step.target
    facts |= _BESIDES[step.name](book, actor=actor, evidence=evidence) or {}
    entry = book.record(f"whistle_{step.name}", facts)
    book.settle()
    if step.name == "confer":
        book.agree()
    tell(book, entry, _TOLD[step.name](book))
    return book.whistle


def _nothing(book: WhistleFile, *, actor, evidence) -> None:
    return None


def _release_all(book: WhistleFile, *, actor, evidence) -> None:
    book.turn("call_off")


def _blow(book: WhistleFile, *, actor, evidence):
    whistle, case = book.whistle, book.file.case
    status = case_policy.Status(case.status)
    if status not in policy.WHISTLED_ON:
        raise R(
            N_("案件当前是“{status}”，不能吹哨"), status=case_policy.PLACES[status].label
        )  # fmt: skip
    if case.approvals.filter(decided_at=None).exists():
        raise R(N_("案件有一项申请正在等待审批，先审批再吹哨"))
    whistle.blown_at = whistle.confirmed_at = book.at
    for row in book.summonses:
        row.sent_at = book.at
    return {
        "kind": whistle.kind,
        "units": [row.unit_id for row in book.summonses],
        "lead": book.lead.unit_id,
    }


def _blow_now(book: WhistleFile, *, actor, evidence):
    facts = _blow(book, actor=actor, evidence=evidence)
    if book.whistle.kind == Kind.EMERGENCY:
        book.whistle.confirmed_at = None  # somebody else reviews it afterwards
    return facts


def _confirm(book: WhistleFile, *, actor, evidence):
    book.whistle.confirmed_at = book.at


def _confer(book: WhistleFile, *, actor, evidence):
    lead: Unit | None = evidence.get("lead")
    if lead is not None and lead.pk != book.lead.unit_id:
        row = _named(book, lead)
        if row.state not in {State.REPORTED, State.HANDLING}:
            raise R(N_("{unit}还没有报到，不能定为主办"), unit=lead.short_name)
        book.turn("name_lead", book.place_of(row))
    words, facts = book.remark(str(evidence["measures"]))
    book.whistle.measures, book.whistle.due_on = words, evidence["due_on"]
    book.whistle.conferred_at = book.at
    for row in book.summonses:
        row.due_on = (evidence.get("due") or {}).get(row.unit_id)
    book.turn("confer")
    return {**facts, "lead": book.lead.unit_id, "due_on": evidence["due_on"].isoformat()}


def _named(book: WhistleFile, unit: Unit) -> Summons:
    rows = (r for r in book.summonses if r.unit_id == unit.pk and r.state not in policy.OUT)
    row = next(rows, None)
    if row is None:
        raise R(N_("{unit}不在这一哨的报到单位里"), unit=unit.short_name)
    return row


def _add_unit(book: WhistleFile, *, actor, evidence):
    unit: Unit = evidence["unit"]
    check_new(book, unit)
    book.turn("add_unit", instead=unit)
    return {"unit": unit.pk}


def check_new(book: WhistleFile, unit: Unit) -> None:
    """Test that a unit may be called besides those that are.

    :raises policy.WhistleRefused: if it is called already, or whistles itself.
    """
    known = [row.unit_id for row in book.summonses if row.state != State.RELEASED]
    policy.check_summoned([unit.pk], lead=unit.pk, whistler=book.whistle.whistler_id, known=known)


def _name_lead(book: WhistleFile, *, actor, evidence):
    row = _named(book, evidence["lead"])
    if row.is_lead:
        raise R(N_("{unit}已经是主办"), unit=row.unit.short_name)
    if not policy.may_lead(State(row.state)):
        raise R(N_("{unit}现在不能做主办"), unit=row.unit.short_name)
    book.turn("name_lead", book.place_of(row))
    return {"unit": row.unit_id}


def _call_off(book: WhistleFile, *, actor, evidence):
    book.turn("call_off")
    return {"units": [row.unit_id for row in book.summonses]}


def _close(book: WhistleFile, *, actor, evidence):
    scores: Mapping[int, Mapping[policy.Aspect, int]] = evidence["scores"]
    case, on = book.file.case, timezone.localdate(book.at)
    counted = weights(area=book.whistle.whistler, on=on)
    lowest = dict.fromkeys(policy.Aspect, policy.LOWEST)
    given = {}
    for row in book.summonses:
        if row.state not in {State.HANDED_IN, State.ABSENT}:
            continue
        # A unit that never came has nothing to be judged by but that.
        said = lowest if row.state == State.ABSENT else dict(scores.get(row.pk, {}))
        policy.check_scores(said)
        row.timeliness = said[policy.Aspect.TIMELINESS]
        row.quality = said[policy.Aspect.QUALITY]
        row.attitude = said[policy.Aspect.ATTITUDE]
        row.score = policy.score_of(said, counted)
        given[str(row.unit_id)] = [said[aspect] for aspect in policy.Aspect]
    outcome = case.outcomes.first()
    if outcome is None or not (outcome.n_households or outcome.compounds.exists()):
        raise R(N_("销哨要有处置成果和受益的小区或户数，请退回主办单位补上"))
    book.turn("close")
    note = {"note": str(evidence["note"])}
    for name in ("verify", "close"):
        carry_out(
            book.file, case_policy.MOVES[name], actor=actor, at=book.at,
            evidence=note if name == "verify" else {},
        )  # fmt: skip
    return {"scores": given, "weights": [counted[aspect] for aspect in policy.Aspect]}


_BESIDES = {
    "submit": _nothing,
    "blow": _blow,
    "blow_now": _blow_now,
    "send_back": _nothing,
    "decline": _release_all,
    "confirm": _confirm,
    "confer": _confer,
    "add_unit": _add_unit,
    "name_lead": _name_lead,
    "close": _close,
    "withdraw": _release_all,
    "call_off": _call_off,
}


def _units(book: WhistleFile) -> list[int]:
    rows = (row for row in book.summonses if row.state != State.RELEASED)
    return [user for row in rows for user in called(row)]


def _everybody(book: WhistleFile) -> list[int]:
    return [user for row in book.summonses for user in called(row)]


_TOLD = {
    "submit": reviewers,
    "blow": _units,
    "blow_now": lambda book: [*_units(book), *reviewers(book)],
    "send_back": whistlers,
    "decline": whistlers,
    "confirm": whistlers,
    "confer": _units,
    "add_unit": lambda book: called(book.summonses[-1]),
    "name_lead": _units,
    "close": _units,
    "withdraw": reviewers,
    "call_off": _everybody,
}
