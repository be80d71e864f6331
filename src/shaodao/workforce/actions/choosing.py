"""Choosing a grid worker: names, marks, public notice, comments, and the appointment."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.people.actions import appoint, record
from shaodao.people.models import Post, User
from shaodao.people.policy import THREE_ADMINISTRATORS, Role
from shaodao.people.queries import number
from shaodao.places.models import Grid
from shaodao.reports.actions import count_try
from shaodao.workforce import policy
from shaodao.workforce.models import Candidate, Comment, Mark, Selection
from shaodao.workforce.queries.candidates import criteria_on, ranking_of

from .rostering import check_actor

S = policy.SelectionStatus
COMMENTS_AN_HOUR = 5  # from one address, like tries at a report's number


def _locked(selection: Selection) -> Selection:
    rows = Selection.objects.select_for_update(of=["self"]).select_related("grid__unit")
    return rows.get(pk=selection.pk)


def _record(
    row: Selection, name: str, *, actor: User | None, at: datetime, why: str = "", **facts
) -> None:
    record(
        subject=f"selection:{row.pk}", name=name, actor=actor, at=at,
        facts={"grid": row.grid.code, **facts}, why=why, unit=row.grid.unit,
    )  # fmt: skip


@transaction.atomic
def open_selection(*, grid: Grid, is_head: bool, actor: User, at: datetime) -> Selection:
    """Begin to choose a worker, or the head, of a grid.

    :raises WorkforceRefused: the actor may not, or one is open already.
    """
    check_actor("select", actor=actor, unit=grid.unit)
    Grid.objects.select_for_update().get(pk=grid.pk)
    if Selection.objects.filter(grid=grid, status__in=[S.OPEN, S.NOTICE]).exists():
        raise policy.WorkforceRefused(N_("这个网格已有一项选配在进行"))
    row = Selection.objects.create(
        grid=grid, status=S.OPEN.value, is_head=is_head, opened_at=at, opened_by=actor
    )
    _record(row, "open_selection", actor=actor, at=at)
    return row


@transaction.atomic
def nominate(*, selection: Selection, person: User, actor: User, at: datetime) -> Candidate:
    """Name somebody for a selection.

    :raises WorkforceRefused: the actor may not, it is not open, or they are an administrator.
    """
    row = _locked(selection)
    check_actor("select", actor=actor, unit=row.grid.unit)
    _check_open(row)
    roles = set(Post.objects.in_force().filter(user=person).values_list("role", flat=True))
    if roles & THREE_ADMINISTRATORS:
        raise policy.WorkforceRefused(N_("管理员不能兼任网格员"))
    found, is_new = Candidate.objects.get_or_create(selection=row, person=person)
    if is_new:
        _record(row, "nominate", actor=actor, at=at, person=person.pk)
    return found


def _check_open(row: Selection) -> None:
    if row.status != S.OPEN:
        raise policy.WorkforceRefused(N_("已经公示，不能再改"))


@transaction.atomic
def mark_candidate(
    *, candidate: Candidate, code: str, mark: int, said: str, actor: User, at: datetime
) -> Mark:
    """Mark a candidate under a judged criterion, with a sentence that is published.

    :raises WorkforceRefused: the actor may not, it is not open, their own, or no such criterion.
    """
    row = _locked(candidate.selection)
    check_actor("select", actor=actor, unit=row.grid.unit)
    _check_open(row)
    if candidate.person_id == actor.pk:
        raise policy.WorkforceRefused(N_("不能给自己打分"))
    criteria = criteria_on(timezone.localdate(at), row.grid.unit.ancestor_ids)
    if code not in {one.code for one in criteria if one.basis == policy.Basis.JUDGED}:
        raise policy.WorkforceRefused(N_("没有这一项"))
    policy.check_why(said)
    values = {"mark": mark, "said": said.strip(), "given_by": actor}
    found, _ = Mark.objects.update_or_create(candidate=candidate, code=code, defaults=values)
    _record(
        row, "mark_candidate", actor=actor, at=at, person=candidate.person_id, code=code, mark=mark
    )
    return found


@transaction.atomic
def publish_selection(*, selection: Selection, actor: User, at: datetime) -> Selection:
    """Put the candidates with their points on public notice; from then on nothing of it changes.

    :raises WorkforceRefused: the actor may not, nobody is named, or marks are missing.
    """
    row, today = _locked(selection), timezone.localdate(at)
    check_actor("select", actor=actor, unit=row.grid.unit)
    ranking = ranking_of(row, on=today)
    policy.check_publish(
        status=S(row.status),
        n_candidates=len(ranking),
        n_unmarked=sum(one.n_unmarked for one in ranking),
    )
    for one in ranking:
        one.candidate.published = [line._asdict() for line in one.lines]
        one.candidate.save(update_fields=["published"])
    days = number("notice_days", on=today, unit_ids=row.grid.unit.ancestor_ids)
    row.status, row.notice_from, row.notice_until = (
        S.NOTICE.value,
        today,
        today + timedelta(days=days),
    )
    row.save()
    _record(row, "publish_selection", actor=actor, at=at, until=row.notice_until.isoformat())
    return row


@transaction.atomic
def comment(*, selection: Selection, text: str, phone: str, sender: str, at: datetime) -> Comment:
    """Take a comment on a public notice, from anybody.

    sender : a digest of where it comes from, for the rate limit

    :raises WorkforceRefused: if the notice is over, or the text is empty.
    :raises shaodao.reports.policy.TooManyReports: after too many in an hour.
    """
    count_try(sender=f"c{sender}"[:80], most=COMMENTS_AN_HOUR, at=at)
    row, today = _locked(selection), timezone.localdate(at)
    is_on = row.status == S.NOTICE and row.notice_from <= today < row.notice_until
    if not is_on:
        raise policy.WorkforceRefused(N_("公示期已经结束"))
    if not text.strip():
        raise policy.WorkforceRefused(N_("请写下您的意见"))
    return Comment.objects.create(selection=row, text=text.strip(), phone=phone, at=at)


@transaction.atomic
def answer_comment(*, comment: Comment, answer: str, actor: User, at: datetime) -> Comment:
    """Answer a comment; everybody can read the answer.

    :raises WorkforceRefused: the actor may not, or no answer is given.
    """
    row = _locked(comment.selection)
    check_actor("select", actor=actor, unit=row.grid.unit)
    if not answer.strip():
        raise policy.WorkforceRefused(N_("请写下答复"))
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    comment.answer, comment.answered_at, comment.answered_by = answer.strip(), at, actor
    comment.save()
    _record(row, "answer_comment", actor=actor, at=at, comment=comment.pk)
    return comment


@transaction.atomic
def close_selection(*, selection: Selection, actor: User, at: datetime, why: str) -> Selection:
    """End a selection without an appointment.

    :raises WorkforceRefused: the actor may not, no reason, or it has ended.
    """
    row = _locked(selection)
    check_actor("select", actor=actor, unit=row.grid.unit)
    policy.check_why(why)
    if row.status not in {S.OPEN, S.NOTICE}:
        raise policy.WorkforceRefused(N_("这项选配已经结束"))
    row.status = S.CLOSED.value
    row.save(update_fields=["status"])
    _record(row, "close_selection", actor=actor, at=at, why=why)
    return row


@transaction.atomic
def appoint_chosen(
    *, selection: Selection, person: User, since: date, actor: User, at: datetime, why: str
) -> Post:
    """Appoint a candidate of a notice that is over and whose every comment is answered.

    :raises WorkforceRefused: before that, or if they are no candidate.
    :raises AccountRefused: if the actor may not appoint: 三员分立.
    """
    row = _locked(selection)
    n_unanswered = row.comments.filter(answered_at=None).count()
    is_over = row.notice_until is not None and row.notice_until <= timezone.localdate(at)
    policy.check_appoint(status=S(row.status), is_over=is_over, n_unanswered=n_unanswered)
    if not row.candidates.filter(person=person).exists():
        raise policy.WorkforceRefused(N_("{who}不在公示的人选里"), who=person.name)
    made = appoint(
        user=person, unit=row.grid.unit, role=Role.GRID_WORKER, since=since, is_head=row.is_head,
        actor=actor, at=at, why=why,
    )  # fmt: skip
    row.status, row.chosen, row.post = S.APPOINTED.value, person, made
    row.save()
    _record(row, "appoint_chosen", actor=actor, at=at, why=why, person=person.pk, post=made.pk)
    return made
