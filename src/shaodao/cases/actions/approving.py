"""Applying for a move that needs another's consent, and deciding on it."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cases import policy
from shaodao.cases.models import Approval, Case
from shaodao.cases.queries import seats_of, standing_of
from shaodao.cases.rules import calendar_of
from shaodao.cores import worktime
from shaodao.cores.wording import N_

from .casefile import open_file, remark
from .moving import acceptor_of, make
from .telling import tell


@transaction.atomic
def ask(
    *,
    case: Case,
    name: str,
    actor,
    at: datetime,
    note: str = "",
    review_on: date | None = None,
    ground: str = "",
):
    """Apply for the move `name` and return the application; the clock goes on meanwhile.

    :raises policy.MoveRefused: if the actor may not apply for it, or another one waits.
    """
    file = open_file(case.pk)
    step, status = policy.MOVES[name], policy.Status(file.case.status)
    if status not in step.sources:
        raise policy.MoveRefused(
            N_("当前是“{status}”，不能申请{move}"),
            status=policy.PLACES[status].label,
            move=step.label,
        )
    if not policy.may_ask(step, seats_of(actor, file.case, file.helpers)):
        raise policy.MoveRefused(N_("您的岗位不能申请{move}"), move=step.label)
    policy.check_led(step, acceptor=acceptor_of(file.case))
    policy.check_standing(step, standing_of(file.case, at=at, rules=file.rules))
    given = {"note": note, "review_on": review_on, "ground": ground}
    policy.check_given(step, given=[key for key, value in given.items() if value])
    if file.case.approvals.filter(decided_at=None).exists():
        raise policy.MoveRefused(N_("已经有一项申请在等待审批"))
    row = file.rules.limit(
        policy.Step.APPROVE,
        category=file.case.category_id,
        unit=file.case.area,
        is_hazard=file.case.is_hazard,
        on=timezone.localdate(at),
    )
    words, facts = remark(file.case, kind=policy.RemarkKind.INTERNAL, text=note)
    approval = Approval.objects.create(
        case=file.case,
        move=name,
        asked_by=actor,
        asked_at=at,
        remark=words,
        evidence={
            **({"review_on": review_on.isoformat()} if review_on else {}),
            **({"ground": str(ground)} if ground else {}),
        },
        due_at=worktime.due_at(
            at, row.amount, worktime.TimeUnit(row.time_unit), calendar_of(file.case.desk)
        ),
    )
    facts |= {"move": name, "ground": str(ground)}
    entry = file.record("ask", at=at, actor_id=actor.pk, facts=facts)
    file.save()
    tell(file.case, entry, at=at)
    return approval


@transaction.atomic
def decide(*, approval: Approval, is_granted: bool, actor, at: datetime, note: str = "") -> Case:
    """Grant or refuse an application; granting makes the move.

    :raises policy.MoveRefused: if the actor may not make the move, asked for it, or it is decided.
    """
    file = open_file(approval.case_id)
    approval = Approval.objects.select_for_update().select_related("remark").get(pk=approval.pk)
    step = policy.MOVES[approval.move]
    if approval.decided_at is not None:
        raise policy.MoveRefused(N_("这项申请已经审批过了"))
    if approval.asked_by_id == actor.pk:
        raise policy.MoveRefused(N_("不能审批自己提出的申请"))
    evidence = {"note": note or approval.remark.text}
    if day := approval.evidence.get("review_on"):
        evidence["review_on"] = date.fromisoformat(day)
    if ground := approval.evidence.get("ground"):
        evidence["ground"] = ground
    seats = seats_of(actor, file.case, file.helpers)
    if not policy.may_make(step, seats):
        raise policy.MoveRefused(N_("您的岗位没有审批{move}的权限"), move=step.label)
    approval.decided_by, approval.decided_at, approval.granted = actor, at, is_granted
    approval.save()
    name = "grant" if is_granted else "deny"
    facts = {"move": step.name, "approval": approval.pk}
    if note:
        facts |= remark(file.case, kind=policy.RemarkKind.INTERNAL, text=note)[1]
    entry = file.record(name, at=at, actor_id=actor.pk, facts=facts)
    if not is_granted:
        case = file.save()
        tell(case, entry, at=at)
        return case
    policy.check(
        step,
        status=policy.Status(file.case.status),
        seats=seats,
        given=[*evidence, *approval.evidence],
        standing=standing_of(file.case, at=at, rules=file.rules),
    )
    return make(file, step, actor=actor, at=at, evidence=evidence)
