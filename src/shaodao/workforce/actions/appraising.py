"""Opening a period, freezing its scores, appeals and how they are decided."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.notices.actions import Words, post
from shaodao.people.actions import record
from shaodao.people.models import Unit, User
from shaodao.workforce import policy
from shaodao.workforce.models import Appeal, Period, Score
from shaodao.workforce.queries.appraisal import standings, weights_on

from .rostering import check_actor

LINK = "/workforce/mine/appraisal/"


@transaction.atomic
def open_period(
    *, unit: Unit, name: str, since: date, until: date, actor: User, at: datetime
) -> Period:
    """Open a period workers of an area are appraised for; all of them can watch their points.

    :raises WorkforceRefused: the actor may not, wrong days, or it overlaps another one's.
    """
    check_actor("open_period", actor=actor, unit=unit)
    Unit.objects.select_for_update().get(pk=unit.pk)
    if until <= since:
        raise policy.WorkforceRefused(N_("截止日期须晚于开始日期"))
    overlapping = Period.objects.filter(since__lt=until, until__gt=since)
    near = {*unit.ancestor_ids} | set(Unit.objects.under([unit]).values_list("pk", flat=True))
    if overlapping.filter(unit__in=near).exists():
        raise policy.WorkforceRefused(N_("与已有的考核期重叠"))
    policy.check_weights([row.weight for row in weights_on(since, unit.ancestor_ids)])
    row = Period.objects.create(unit=unit, name=name, since=since, until=until, opened_by=actor)
    facts = {"period": row.pk, "since": since.isoformat(), "until": until.isoformat()}
    record(
        subject=f"period:{row.pk}", name="open_period", actor=actor, at=at, facts=facts, unit=unit
    )
    return row


@transaction.atomic
def freeze_period(*, period: Period, actor: User, at: datetime) -> Period:
    """Freeze a period that is over: from then on its scores stand, whatever facts change.

    :raises WorkforceRefused: the actor may not, it is not over yet, or frozen already.
    """
    row = Period.objects.select_for_update(of=["self"]).select_related("unit").get(pk=period.pk)
    check_actor("freeze_period", actor=actor, unit=row.unit)
    today = timezone.localdate(at)
    if row.frozen_at is not None:
        raise policy.WorkforceRefused(N_("已经锁定"))
    if today < row.until:
        raise policy.WorkforceRefused(N_("考核期还没有结束"))
    found = standings(row, on=row.until)
    Score.objects.bulk_create(
        Score(
            period=row,
            worker=one.worker,
            unit=one.unit,
            total=one.total,
            lines=[line._asdict() for line in one.lines],
        )
        for one in found
    )
    row.frozen_at, row.frozen_by = at, actor
    row.save(update_fields=["frozen_at", "frozen_by"])
    facts = {"period": row.pk, "n": len(found)}
    record(
        subject=f"period:{row.pk}",
        name="freeze_period",
        actor=actor,
        at=at,
        facts=facts,
        unit=row.unit,
    )
    key = f"period:{row.pk}"
    words = Words("scores_frozen", {"period": row.name})
    post(
        [(f"{key}:{one.worker.pk}", one.worker.pk, "", words, LINK) for one in found],
        about=key,
        at=at,
    )
    return row


@transaction.atomic
def appeal(*, score: Score, text: str, actor: User, at: datetime) -> Appeal:
    """Appeal against one's own frozen score.

    :raises WorkforceRefused: it is another's, or an appeal waits already.
    """
    row = Score.objects.select_for_update(of=["self"]).select_related("unit").get(pk=score.pk)
    if row.worker_id != actor.pk:
        raise policy.WorkforceRefused(N_("只能对自己的考核结果申诉"))
    if row.appeals.filter(decided_at=None).exists():
        raise policy.WorkforceRefused(N_("已有一件申诉等待裁定"))
    made = Appeal.objects.create(score=row, text=text.strip(), at=at)
    record(
        subject=f"score:{row.pk}",
        name="appeal",
        actor=actor,
        at=at,
        facts={"appeal": made.pk},
        unit=row.unit,
    )
    return made


@transaction.atomic
def decide_appeal(
    *, appeal: Appeal, is_upheld: bool, points: float, answer: str, actor: User, at: datetime
) -> Appeal:
    """Decide an appeal; upheld, its points are added beside the frozen lines, which stay.

    :raises WorkforceRefused: the actor may not, it is their own, it is decided, or no answer.
    """
    rows = Appeal.objects.select_for_update(of=["self"]).select_related(
        "score__unit", "score__period"
    )
    row = rows.get(pk=appeal.pk)
    check_actor("decide_appeal", actor=actor, unit=row.score.unit)
    if row.score.worker_id == actor.pk:
        raise policy.WorkforceRefused(N_("自己的申诉由别人裁定"))
    if row.decided_at is not None:
        raise policy.WorkforceRefused(N_("这件申诉已经裁定"))
    if not answer.strip():
        raise policy.WorkforceRefused(N_("请写明裁定理由"))
    score = Score.objects.select_for_update().get(pk=row.score_id)
    row.is_upheld, row.points = is_upheld, points if is_upheld else 0.0
    row.answer, row.decided_at, row.decided_by = answer.strip(), at, actor
    row.save()
    score.correction += row.points
    score.save(update_fields=["correction"])
    facts = {"appeal": row.pk, "upheld": is_upheld, "points": f"{row.points:g}"}
    record(
        subject=f"score:{score.pk}",
        name="decide_appeal",
        actor=actor,
        at=at,
        facts=facts,
        unit=row.score.unit,
    )
    key, words = f"appeal:{row.pk}", Words("appeal_decided", {"period": row.score.period.name})
    post([(key, score.worker_id, "", words, LINK)], about=key, at=at)
    return row
