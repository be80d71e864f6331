"""Looking at personal details on record, and letting go of them when their time is over."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases import policy
from shaodao.cases.models import Case, Release, Remark
from shaodao.cores.wording import N_
from shaodao.kit.images import delete
from shaodao.notices.actions import forget
from shaodao.reports import actions as reports
from shaodao.reports.models import Report

from .casefile import open_file

PURPOSES = {
    "CALL": N_("联系反映人核实情况"),
    "VISIT": N_("上门处置"),
    "CALLBACK": N_("办结回访"),
    "AUDIT": N_("投诉与审计调查"),
}
BATCH = 100


@transaction.atomic
def unmask(*, case: Case, report: Report, purpose: str, actor, at: datetime) -> dict[str, str]:
    """Return a reporter's name, phone and address; that it was looked at, and why, is journalled.

    :raises policy.MoveRefused: if no purpose is given, or the details have been erased.
    """
    if purpose not in PURPOSES:
        raise policy.MoveRefused(N_("请选择查看目的"))
    file = open_file(case.pk)
    if not file.case.reports.filter(report=report).exists():
        raise policy.MoveRefused(N_("这条诉求不属于本案"))
    if report.erased_at is not None:
        raise policy.MoveRefused(N_("个人信息已到期清除"))
    facts = {"report": report.pk, "purpose": purpose}
    file.record("unmask", at=at, actor_id=actor.pk, facts=facts)
    file.save()
    return {"name": report.name, "phone": report.phone, "address": report.address}


@transaction.atomic
def revoke_link(*, case: Case, report: Report, actor, at: datetime) -> None:
    """Stop a tracking link from opening anything; on the reporter's own word or a desk's."""
    file = open_file(case.pk)
    reports.revoke_link(report=report)
    facts = {"report": report.pk}
    file.record("revoke", at=at, actor_id=actor.pk if actor else None, facts=facts)
    file.save()


@app.periodic(cron="20 2 * * *")
@app.task(queueing_lock="cases.erase_due", queue="sweeps")
def erase_due(timestamp: int = 0) -> int:
    """Anonymise the cases whose time of keeping is over, and return how many."""
    at, n = timezone.now(), 0
    due = Case.objects.filter(
        ended_at__lte=at - timedelta(days=1) * F("category__keep_days"),
        reports__report__erased_at=None,
    )
    while batch := list(due.order_by("ended_at", "pk").distinct()[:BATCH]):
        for case in batch:
            erase(case=case, at=at)
        n += len(batch)
    return n


def erase(*, case: Case, at: datetime) -> None:
    """Take every person out of a case: words, names, phones, pictures; the journal stays whole."""
    with transaction.atomic():
        file = open_file(case.pk)
        files = []
        for link in file.case.reports.filter(report__erased_at=None).select_related("report"):
            files += reports.erase(report=link.report, at=at)
        files += file.case.evidence.exclude(file="").values_list("file", flat=True)
        file.case.evidence.update(file="")
        Release.objects.filter(case=file.case).update(before="", after="")
        Remark.objects.filter(case=file.case).update(text="", salt=b"", erased_at=at)
        forget(about=f"case:{case.pk}:")
        file.case.household, file.case.address = None, ""
        file.record("erase", at=at, actor_id=None, facts={})
        file.save()
        Case.objects.filter(pk=case.pk).update(search=None, title=file.case.category.name)
    delete(files)  # after the commit: a picture lost twice is no harm, one kept is
