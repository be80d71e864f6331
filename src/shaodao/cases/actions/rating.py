"""What a reporter says of the result. No office can say it for them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from shaodao.cases import policy
from shaodao.cases.models import Case, Rating
from shaodao.cores.wording import N_
from shaodao.people.queries import number
from shaodao.reports.models import Report

from .casefile import open_file, remark
from .moving import make


@transaction.atomic
def rate(
    *, case: Case, report: Report, score: int, is_solved: bool, text: str, at: datetime
) -> Rating:
    """Write down a reporter's rating of a closed case; a second one replaces nothing.

    :raises policy.MoveRefused: if the case is not closed, or this report has rated it.
    """
    file = open_file(case.pk)
    if file.case.status != policy.Status.CLOSED:
        raise policy.MoveRefused(N_("结案以后才能评价"))
    if Rating.objects.filter(report=report).exists():
        raise policy.MoveRefused(N_("您已经评价过了，谢谢"))
    if not 1 <= score <= 5:
        raise policy.MoveRefused(N_("请选一到五颗星"))
    words, facts = None, {}
    if text.strip():
        words, facts = remark(file.case, kind=policy.RemarkKind.REPORTER, text=text.strip())
    rating = Rating.objects.create(
        case=file.case, report=report, score=score, is_solved=is_solved, remark=words, at=at
    )
    facts |= {"report": report.pk, "score": score, "solved": is_solved}
    file.record("rate", at=at, actor_id=None, facts=facts)
    file.save()
    return rating


@transaction.atomic
def reject(*, case: Case, report: Report, note: str, at: datetime) -> Case:
    """Reopen a case whose closing its reporter does not accept.

    :raises policy.MoveRefused: if it is not closed, too long ago, or no reason is given.
    """
    file = open_file(case.pk)
    step = policy.MOVES["reopen"]
    status = policy.Status(file.case.status)
    policy.check(
        step, status=status, seats=policy.LINK_HOLDER, given=["note"] if note.strip() else []
    )
    days = number("reopen_days", on=timezone.localdate(at), unit_ids=file.case.area.ancestor_ids)
    if at > file.case.ended_at + timedelta(days=days):
        raise policy.MoveRefused(N_("办结超过 {days} 天，请重新上报"), days=days)
    return make(file, step, actor=None, at=at, evidence={"note": note, "report": report})
