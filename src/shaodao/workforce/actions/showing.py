"""What workers show of themselves: photo, duties, promises, and how promises were kept."""

from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.kit.images import Limits, store
from shaodao.people.actions import record
from shaodao.people.models import User
from shaodao.people.policy import Role
from shaodao.workforce import policy
from shaodao.workforce.models import Disclosure, Promise

from .rostering import check_actor


def _home_unit(person: User):
    post = person.posts.in_force().filter(role=Role.GRID_WORKER).select_related("unit")
    first = post.order_by("pk").first()
    if first is None:
        raise policy.WorkforceRefused(N_("{who}现在不是网格员"), who=person.name)
    return first.unit


def disclose(
    *, photo: UploadedFile | None, duties: str, limits: Limits, actor: User, at: datetime
) -> Disclosure:
    """Set what a worker's own card shows: a photo, if one is given, and the duties.

    :raises WorkforceRefused: if they are no grid worker.
    :raises shaodao.kit.images.PictureRefused: if the photo cannot be taken.
    """
    unit = _home_unit(actor)
    picture = store(photo, limits=limits, on=timezone.localdate(at)) if photo else None
    with transaction.atomic():
        row, _ = Disclosure.objects.select_for_update().get_or_create(
            person=actor, defaults={"updated_at": at}
        )
        row.photo = picture.file if picture else row.photo
        row.duties, row.updated_at = duties.strip(), at
        row.save()
        facts = {"photo": bool(picture)}
        record(
            subject=f"user:{actor.pk}", name="disclose", actor=actor, at=at, facts=facts, unit=unit
        )
    return row


@transaction.atomic
def promise(*, text: str, actor: User, at: datetime) -> Promise:
    """Commit to one sentence, which cards and boards then show.

    :raises WorkforceRefused: they are no grid worker, or the card is full.
    """
    unit = _home_unit(actor)
    User.objects.select_for_update().get(pk=actor.pk)
    if Promise.objects.filter(person=actor, ended_on=None).count() >= policy.MOST_PROMISES:
        raise policy.WorkforceRefused(N_("最多 {n} 句承诺，请先撤下一句"), n=policy.MOST_PROMISES)
    row = Promise.objects.create(person=actor, text=text.strip(), made_on=timezone.localdate(at))
    record(subject=f"promise:{row.pk}", name="promise", actor=actor, at=at, facts={}, unit=unit)
    return row


@transaction.atomic
def end_promise(*, row: Promise, actor: User, at: datetime) -> Promise:
    """Take one's own promise off the board; it stays in the record with its mark.

    :raises WorkforceRefused: if it is another's.
    """
    row = Promise.objects.select_for_update().get(pk=row.pk)
    if row.person_id != actor.pk:
        raise policy.WorkforceRefused(N_("只能撤下自己的承诺"))
    row.ended_on = row.ended_on or timezone.localdate(at)
    row.save(update_fields=["ended_on"])
    record(
        subject=f"promise:{row.pk}",
        name="end_promise",
        actor=actor,
        at=at,
        facts={},
        unit=_home_unit(actor),
    )
    return row


@transaction.atomic
def mark_promise(
    *, row: Promise, mark: policy.PromiseMark, remark: str, actor: User, at: datetime
) -> Promise:
    """Write down how a promise was kept; the public board shows it.

    :raises WorkforceRefused: the actor may not, it is their own, or no reason for a poor mark.
    """
    row = Promise.objects.select_for_update(of=["self"]).select_related("person").get(pk=row.pk)
    unit = _home_unit(row.person)
    check_actor("mark_promise", actor=actor, unit=unit)
    if row.person_id == actor.pk:
        raise policy.WorkforceRefused(N_("自己的承诺由别人评议"))
    if mark in {policy.PromiseMark.PARTLY, policy.PromiseMark.BROKEN}:
        policy.check_why(remark)
    row.mark, row.remark, row.marked_by = mark.value, remark.strip(), actor
    row.marked_on = timezone.localdate(at)
    row.save()
    facts = {"mark": mark.value, "person": row.person_id}
    record(
        subject=f"promise:{row.pk}", name="mark_promise", actor=actor, at=at, facts=facts, unit=unit
    )
    return row
