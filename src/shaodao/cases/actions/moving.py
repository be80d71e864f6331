"""Making a move on a case: lock, check, write, journal, notify."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from shaodao.cases import policy
from shaodao.cases.models import Case, CoHandler, Evidence, Funding, Outcome
from shaodao.cases.queries import Known, is_handler, routing_of, seats_of, standing_of
from shaodao.cores.geodesy import metres_between
from shaodao.cores.wording import N_
from shaodao.people.holders import Holders
from shaodao.people.models import Post, Unit, posts_of
from shaodao.people.policy import Kind, Role
from shaodao.people.queries import units_by_id

from . import laddering, tagging
from .casefile import CaseFile, open_file, remark
from .telling import tell_office, tell_skipped, tell_with

M = policy.MoveRefused


@transaction.atomic
def move(
    *, case: Case, name: str, actor, at: datetime, seen: int | None = None, **evidence
) -> Case:
    """Make the move `name` on `case` and return the case as it now stands.

    seen : how many entries the case had when the actor looked at it; where they have made this
           move since, it is the same tap twice and nothing more is done

    :raises policy.MoveRefused: if the policy does not allow it; nothing is changed then.
    """
    file = open_file(case.pk)
    if seen is not None:
        since = file.case.journal.filter(name=name, actor=actor, seq__gt=seen)
        if since.exists():
            return file.case
    step = policy.MOVES[name]
    given = {key for key, value in evidence.items() if value not in (None, "", [], ())}
    policy.check(
        step,
        status=policy.Status(file.case.status),
        seats=seats_of(actor, file.case, file.helpers, [tag.office for tag in file.tags]),
        given=given,
        needs=policy.needs_of(step, needs_after_photo=file.case.category.needs_after_photo),
        is_handler=is_handler(actor, file.case),
        standing=standing_of(file.case, at=at, rules=file.rules),
    )
    if file.case.approvals.filter(decided_at=None).exists() and step.target is not None:
        raise M(N_("有一项申请正在等待审批，先审批再继续"))
    return make(file, step, actor=actor, at=at, evidence=evidence)


@transaction.atomic
def move_by_link(*, case: Case, name: str, report, at: datetime, **evidence) -> Case:
    """Make a reporter's move: whoever holds the tracking link of `report` stands behind it.

    :raises policy.MoveRefused: if it is not a reporter's move, or not now.
    """
    file = open_file(case.pk)
    step = policy.MOVES[name]
    policy.check(
        step,
        status=policy.Status(file.case.status),
        seats=policy.LINK_HOLDER,
        given={key for key, value in evidence.items() if value},
    )
    return make(file, step, actor=None, at=at, evidence={**evidence, "report": report})


@transaction.atomic
def move_by_system(*, case: Case, name: str, at: datetime, **evidence) -> Case:
    """Make a move of the system's own: a time-out, a direct dispatch.

    :raises policy.MoveRefused: if the table does not give it to the system.
    """
    file = open_file(case.pk)
    step = policy.MOVES[name]
    policy.check(
        step,
        status=policy.Status(file.case.status),
        seats=policy.SYSTEM,
        given=evidence.keys(),
        standing=standing_of(file.case, at=at, rules=file.rules),
    )
    return make(file, step, actor=None, at=at, evidence=evidence)


def make(file: CaseFile, step: policy.Move, *, actor, at: datetime, evidence: Mapping) -> Case:
    """Carry out a move that has been checked; the caller holds the lock and the transaction.

    :raises policy.MoveRefused: if units were summoned to the case and it goes where that leads.
    """
    policy.check_led(step, acceptor=acceptor_of(file.case))
    return carry_out(file, step, actor=actor, at=at, evidence=evidence)


def carry_out(file: CaseFile, step: policy.Move, *, actor, at: datetime, evidence: Mapping) -> Case:
    """Carry out a move, whoever leads the case; the caller holds the lock and the transaction."""
    enact(file, step, actor=actor, at=at, evidence=evidence)
    return file.save()


def enact(file: CaseFile, step: policy.Move, *, actor, at: datetime, evidence: Mapping) -> None:
    """Let a move happen to a case in hand, with what follows and whom it is told.

    Words, pictures and what else stands beside the case are written here; the case itself, its
    clocks, entries and notices with `write_all`.
    """
    facts = prepare(file, step, actor=actor, at=at, evidence=evidence)
    if step.name in _BESIDES:
        facts |= _BESIDES[step.name](file, actor=actor, at=at, evidence=evidence) or {}
    entry = file.make(step, at=at, actor_id=actor.pk if actor else None, facts=facts)
    if step.name in {"pass_back", "time_out"}:
        send_on(file, at=at)
    tell_with(file, entry, at=at)
    if "skipped" in entry.facts:
        tell_skipped(file, entry, at=at)
    if step.name in {"tag", "hand_over"}:
        tell_office(file, entry, at=at)


def acceptor_of(case: Case) -> str | None:
    """Return what the unit is called that summoned others to the case and accepts their work."""
    return case.acceptor.short_name if case.acceptor else None


def prepare(file: CaseFile, step: policy.Move, *, actor, at: datetime, evidence: Mapping) -> dict:
    """Write the words and pictures that come with a move and return the journal's facts."""
    facts: dict[str, object] = {}
    for key, kind in _WORDS.items():
        if text := evidence.get(key):
            spoken = policy.RemarkKind.REPORTER if actor is None and key != "system" else kind
            _, digest = remark(file.case, kind=spoken, text=text)
            facts |= (
                digest if "remark" not in facts else {f"{key}_{k}": v for k, v in digest.items()}
            )
    for key, kind in _PICTURES.items():
        for picture in evidence.get(key) or ():
            row = Evidence.objects.create(
                case=file.case,
                kind=kind or _PICTURE_OF[step.name],
                file=picture.file,
                width=picture.width,
                height=picture.height,
                at=at,
                by=actor,
            )
            facts.setdefault("pictures", []).append(row.pk)
    for key in ("unit", "primary", "report", "grid_unit"):
        if value := evidence.get(key):
            facts[key] = value.pk
    for key in ("solved_by", "quantity", "n_households", "source", "ground"):
        if value := evidence.get(key):
            facts[key] = value if isinstance(value, int) else str(value)
    if review_on := evidence.get("review_on"):
        facts["review_on"] = review_on.isoformat()
    return facts


_WORDS = {"note": policy.RemarkKind.INTERNAL, "reply": policy.RemarkKind.REPLY}
_PICTURES = {"photo": "", "after_photo": "AFTER"}
_PICTURE_OF = {"arrive": "ARRIVE", "verify": "VERIFY", "handle": "AFTER", "accept": "ARRIVE"}


# ---- what single moves do beyond their row ---------------------------------------------------


def _file(file, *, actor, at, evidence):
    case = file.case
    case.category = evidence["category"]
    case.is_hazard = bool(evidence.get("is_hazard")) or case.is_hazard or case.category.is_hazard
    if evidence.get("title"):
        case.title = evidence["title"]
    tagged = tagging.tag_by_rule(file, at=at)
    return {"category": case.category_id, "hazard": case.is_hazard, "sectors": tagged}


def _dispatch(file, *, actor, at, evidence):
    case, unit = file.case, evidence["unit"]
    if actor is not None:
        check_reach(file, unit, actor=actor, at=at, person=evidence.get("person"))
    case.lead, case.lead_person = unit, evidence.get("person")
    if case.lead_person is None and unit.level == "GRID" and case.household_id:
        found = routing_of(case, at=at).candidates
        case.lead_person_id = next((c.person_id for c in found if c.unit_id == unit.pk), None)
    for helper in evidence.get("helpers") or ():
        _add_helper(file, actor=actor, at=at, evidence={"unit": helper})
    return {"person": case.lead_person_id, "helpers": [u.pk for u in evidence.get("helpers") or ()]}


def check_reach(file: CaseFile, unit: Unit, *, actor, at: datetime, person=None) -> None:
    """Test that `actor` may send the case to `unit`: below a desk of theirs, or named by a route.

    person : an officer of `unit`, whom it may have posted to a street of theirs

    :raises policy.MoveRefused: if it is neither, or no such officer.
    """
    if unit.kind not in {Kind.AREA, Kind.DEPARTMENT, Kind.COMPANY, Kind.INSTITUTION}:
        raise M(N_("{unit}不承办案件"), unit=unit.short_name)
    desks = [p.unit for p in posts_of(actor) if p.role == Role.DISPATCHER]
    if person is not None and not person.posts.in_force().filter(unit=unit).exists():
        raise M(N_("{person}不在{unit}任职"), person=person.name, unit=unit.short_name)
    if any(unit.path.startswith(desk.path) for desk in desks):
        return
    if person is not None:
        streets = Unit.objects.under(desks).filter(level="TOWNSHIP")
        if Post.objects.filter(user=person, unit=unit).posted_to(streets).exists():
            return
    routed = {c.unit_id for c in routing_of(file.case, at=at).candidates}
    if unit.pk not in routed:
        raise M(N_("{unit}不在您的派遣范围内，请先上报上一级派遣"), unit=unit.short_name)


def _add_helper(file, *, actor, at, evidence):
    unit = evidence["unit"]
    if unit == file.case.lead:
        raise M(N_("主办单位不能同时协办"))
    CoHandler.objects.get_or_create(case=file.case, unit=unit, defaults={"added_at": at})
    if unit not in file.helpers:
        file.helpers.append(unit)


def _contribute(file, *, actor, at, evidence):
    mine = [p.unit_id for p in posts_of(actor)]
    file.case.co_handlers.filter(unit__in=mine, contributed_at=None).update(contributed_at=at)


def _escalate(file, *, actor, at, evidence):
    return laddering.rise(file, "escalate", at=at)


def _escalate_urgent(file, *, actor, at, evidence):
    return laddering.rise(file, "escalate_urgent", at=at)


def _climb(file, *, actor, at, evidence):
    _drop_applications(file, at=at)
    return laddering.rise(file, "climb", at=at, clock=evidence.get("clock"))


def _drop_applications(file, *, at):
    """End what waits for consent at a level the case leaves: nobody there decides on it now."""
    for approval in file.known.applications[file.case.pk]:
        approval.decided_at, approval.granted = at, False
        file.decided.append(approval)
        facts = {"move": approval.move, "approval": approval.pk}
        file.record("deny", at=at, actor_id=None, facts=facts)


def _hand_down(file, *, actor, at, evidence):
    return laddering.descend(file, at=at)


def _refuse_duty(file, *, actor, at, evidence):
    return laddering.refuse(file, at=at)


def _tag(file, *, actor, at, evidence):
    return tagging.tag(file, str(evidence["sector"]), at=at)


def _untag(file, *, actor, at, evidence):
    return tagging.untag(file, str(evidence["tagged"]), at=at)


def _hand_over(file, *, actor, at, evidence):
    return tagging.hand_over(file, str(evidence["sector"]), actor=actor, at=at)


def _send_check(file, *, actor, at, evidence):
    unit = evidence["grid_unit"]
    if not unit.path.startswith(file.case.desk.path):
        raise M(N_("{unit}不在本级辖区内"), unit=unit.short_name)
    file.case.checker = unit


def _handle(file, *, actor, at, evidence):
    case, quantity = file.case, evidence["quantity"]
    case.handled_by, case.handled_at = actor, at
    case.solved_by, case.solved_level = str(evidence["solved_by"]), case.lead.level
    if evidence.get("cost_yuan") is not None:
        case.cost_fen = round(evidence["cost_yuan"] * 100)
    case.outcomes.all().delete()  # handled again: what came of it is counted once
    outcome = Outcome.objects.create(
        case=case,
        kind=evidence["outcome"],
        quantity=quantity,
        spacing_m=case.length_m / (quantity - 1) if case.length_m and quantity > 1 else None,
        n_households=evidence.get("n_households") or 0,
        at=at,
    )
    outcome.compounds.set(evidence.get("compounds") or ())


def _arrive(file, *, actor, at, evidence):
    case, position = file.case, evidence.get("position")
    if case.lead_person_id is None:
        case.lead_person = actor
    if position is None or case.lon is None:
        return {}
    # How far off is kept, where they stood is not.
    return {"distance_m": round(metres_between(*position, case.lon, case.lat))}


def _close(file, *, actor, at, evidence):
    case = file.case
    raised = sum(case.funding.values_list("amount_fen", flat=True))
    policy.check_closing(
        has_outcome=case.outcomes.exists(), cost_fen=case.cost_fen, raised_fen=raised
    )


def _raise_funds(file, *, actor, at, evidence):
    row = Funding.objects.create(
        case=file.case,
        source=str(evidence["source"]),
        amount_fen=round(evidence["yuan"] * 100),
        note=evidence.get("note") or "",
        at=at,
    )
    return {"fen": row.amount_fen}


def _merge(file, *, actor, at, evidence):
    primary = Case.objects.select_for_update().defer("search").get(pk=evidence["primary"].pk)
    if primary.pk == file.case.pk:
        raise M(N_("案件不能并入自己"))
    if policy.Status(primary.status) not in policy.OPEN:
        raise M(N_("{number} 已经办完，不能再并入"), number=primary.number)
    file.case.primary = primary
    primary.n_reports += file.case.n_reports
    other = CaseFile(case=primary, running=[], rules=file.rules)
    other.record("join", at=at, actor_id=actor.pk, facts={"case": file.case.pk})
    Case.objects.filter(pk=primary.pk).update(
        n_reports=primary.n_reports, n_entries=primary.n_entries, head=primary.head
    )
    for entry in other.entries:
        entry.save()


def _separate(file, *, actor, at, evidence):
    case = file.case
    primary = Case.objects.select_for_update().get(pk=case.primary_id)
    Case.objects.filter(pk=primary.pk).update(n_reports=max(primary.n_reports - case.n_reports, 1))
    case.primary = None


def _reopen(file, *, actor, at, evidence):
    case = file.case
    case.n_reopened += 1
    case.lead = case.lead_person = case.handled_by = case.handled_at = None
    case.solved_by = case.solved_level = ""


_BESIDES = {
    "file": _file,
    "dispatch": _dispatch,
    "transfer": _dispatch,
    "add_helper": _add_helper,
    "contribute": _contribute,
    "escalate": _escalate,
    "escalate_urgent": _escalate_urgent,
    "climb": _climb,
    "climb_unfiled": _climb,
    "hand_down": _hand_down,
    "refuse_duty": _refuse_duty,
    "tag": _tag,
    "untag": _untag,
    "hand_over": _hand_over,
    "send_check": _send_check,
    "handle": _handle,
    "arrive": _arrive,
    "close": _close,
    "raise_funds": _raise_funds,
    "merge": _merge,
    "separate": _separate,
    "reopen": _reopen,
}


def send_on(file: CaseFile, *, at: datetime, asset=None, holders: Holders | None = None) -> bool:
    """Dispatch a filed case straight to the next candidate that takes direct orders, if any."""
    case = file.case
    tried = _tried(file)
    known = file.known if holders is None else Known(holders=holders)
    routing = routing_of(case, at=at, rules=file.rules, asset=asset, known=known)
    candidate = routing.after(tried)
    if candidate is None or not candidate.is_direct:
        return False
    case.lead, case.lead_person_id = units_by_id()[candidate.unit_id], candidate.person_id
    facts = {"unit": candidate.unit_id, "person": candidate.person_id, "route": candidate.row.pk}
    file.make(policy.MOVES["dispatch"], at=at, actor_id=None, facts=facts)
    return True


def _tried(file: CaseFile) -> set[tuple[int, int | None]]:
    """Return the (unit, person) pairs the case has been sent to."""
    written = [] if file.case._state.adding else file.known.sent_to[file.case.pk]
    pending = [e.facts for e in file.entries if e.name == "dispatch"]
    return {(f["unit"], f.get("person")) for f in [*written, *pending] if "unit" in f}
