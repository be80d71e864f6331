"""What can be done to supervisions. The only code that writes them.

Each is written into the journal of its case, in one transaction with the row and its notices.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from shaodao.cases.actions.casefile import CaseFile, open_file, remark
from shaodao.cases.models import Case
from shaodao.cases.policy import OPEN as OPEN_CASES
from shaodao.cases.policy import RemarkKind, label_of
from shaodao.cases.rules import calendar_of
from shaodao.cores import worktime
from shaodao.cores.wording import N_
from shaodao.notices.actions import Words, post
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import CASE_ROLES, Role
from shaodao.people.queries import number

from . import policy
from .models import Supervision
from .policy import Kind, State, SupervisionRefused
from .queries import author_unit_of, seats_of, system_author_of

BATCH = 500
_MOST = 20  # people told of one thing


@transaction.atomic
def supervise(
    *,
    case: Case,
    unit: Unit,
    kind: Kind | str,
    reason: str,
    actor: User | None,
    at: datetime,
    reply_by: datetime | None = None,
) -> Supervision:
    """Supervise a unit over a case and return the supervision; actor None: by the system.

    A milder one that stands open for the same unit is raised into it. By the system, one that is
    as severe already is returned as it stands, so that a sweep may call again. The case is locked
    and journalled: whoever holds a CaseFile of it saves that first and reads the case again after.

    reply_by : the county's limit for the kind where None

    :raises SupervisionRefused: outside the author's area, not severer than what stands, no reason.
    """
    kind = Kind(kind)
    file = open_file(case.pk)
    author_unit = _author_unit(file.case, unit, actor)
    standing = _standing(file.case, unit)
    if actor is None and standing is not None and not _is_severer(kind, standing):
        return standing
    policy.check_severer(kind, standing=Kind(standing.kind) if standing else None)
    if reply_by is not None and reply_by <= at:
        raise SupervisionRefused(N_("答复时限要晚于现在"))
    seats = seats_of(actor, unit=unit, author_unit=author_unit) if actor else policy.SYSTEM
    given = {"reason"} if reason.strip() else set()
    policy.check(policy.MOVES["issue"], state=None, seats=seats, kind=kind, given=given)
    if standing is not None:
        _mark_raised(file, standing, kind, actor=actor, at=at)
    made = _issue(
        file, unit, kind, reason, author_unit, actor=actor, at=at, reply_by=reply_by, after=standing
    )
    file.save()
    return made


@transaction.atomic
def move(
    *, supervision: Supervision, name: str, actor: User, at: datetime, **words: str
) -> Supervision:
    """Make the move `name` of policy.BUTTONS and return the supervision as it now stands.

    words : reply, measures or note, as the move needs

    :raises SupervisionRefused: if the table does not allow it.
    """
    file = open_file(supervision.case_id)
    row = _locked(supervision.pk)
    step = policy.MOVES[name]
    seats = seats_of(actor, unit=row.unit, author_unit=row.author_unit)
    said = {key: text.strip() for key, text in words.items() if text and text.strip()}
    policy.check(step, state=State(row.state), seats=seats, kind=Kind(row.kind), given=said)
    written = {
        key: remark(file.case, kind=RemarkKind.INTERNAL, text=text) for key, text in said.items()
    }
    _BESIDES[name](row, {key: one for key, (one, _) in written.items()}, actor, at)
    row.state = step.target.value
    row.save()
    facts = _facts(row) | _word_facts(written)
    file.record(step.entry, at=at, actor_id=actor.pk, facts=facts)
    _tell(file, row, people=_concerned(row, name), at=at)
    file.save()
    return row


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="supervision.sweep", queue="sweeps")
def sweep(timestamp: int = 0) -> None:
    """Raise what was not answered in time."""
    run_sweeps(at=timezone.now())


def run_sweeps(*, at: datetime) -> int:
    """Raise, or mark late, every supervision not answered by an instant; return how many.

    Once more changes nothing: what is raised has its own limit, red is marked late only once.
    """
    n, due = 0, Supervision.objects.to_raise(at).order_by("reply_by", "pk")
    while batch := list(due.values_list("pk", "case")[:BATCH]):
        acted = sum(_overdue(pk, case, at=at) for pk, case in batch)
        n += acted
        if not acted:
            break
    return n


@transaction.atomic
def _overdue(pk: int, case_id: int, *, at: datetime) -> bool:
    file = open_file(case_id)
    row = _locked(pk)
    if row.state != State.ISSUED or row.late_at is not None or row.reply_by > at:
        return False
    severer = policy.next_kind(Kind(row.kind))
    if severer is None or file.case.status not in OPEN_CASES:
        row.late_at = at
        row.save(update_fields=["late_at"])
        file.record("supervision_late", at=at, actor_id=None, facts=_facts(row))
        _tell(file, row, people=[*_answering(row.unit), *_above(row)], at=at)
        file.save()
        return True
    reason = _("%(kind)s（%(number)s）到期没有答复，自动升格") % {
        "kind": _(policy.KIND_LABELS[Kind(row.kind)]),
        "number": row.number,
    }
    _mark_raised(file, row, severer, actor=None, at=at)
    _issue(
        file, row.unit, severer, reason, row.author_unit,
        actor=None, at=at, reply_by=None, after=row,
    )  # fmt: skip
    file.save()
    return True


# ---- writing ----------------------------------------------------------------------------------


def _author_unit(case: Case, unit: Unit, actor: User | None) -> Unit:
    """Return the government in whose name it is done.

    :raises SupervisionRefused: if no post of the actor's allows it here.
    """
    if actor is None:
        return system_author_of(case.area, unit)
    author_unit = author_unit_of(actor, case.area)
    if author_unit is None:
        raise SupervisionRefused(
            N_("只有街道乡镇和县区的派遣员、值班长、分管领导可以在本辖区内督办")
        )
    policy.check_area(
        author_unit=author_unit.pk,
        author_path=author_unit.ancestor_ids,
        area=case.area.ancestor_ids,
        unit=unit.pk,
    )
    return author_unit


def _standing(case: Case, unit: Unit) -> Supervision | None:
    rows = Supervision.objects.open().select_for_update(of=["self"])
    return rows.select_related("unit", "author_unit").filter(case=case, unit=unit).first()


def _is_severer(kind: Kind, standing: Supervision) -> bool:
    return policy.KINDS.index(kind) > policy.KINDS.index(Kind(standing.kind))


def _locked(pk: int) -> Supervision:
    rows = Supervision.objects.select_for_update(of=["self"])
    return rows.select_related("unit", "author_unit", "author").get(pk=pk)


def _issue(
    file: CaseFile,
    unit: Unit,
    kind: Kind,
    reason: str,
    author_unit: Unit,
    *,
    actor: User | None,
    at: datetime,
    reply_by: datetime | None,
    after: Supervision | None,
) -> Supervision:
    case = file.case
    words, facts = remark(case, kind=RemarkKind.INTERNAL, text=reason.strip())
    nth = Supervision.objects.filter(case=case).count() + 1
    paths = (unit.ancestor_ids, author_unit.ancestor_ids, case.area.ancestor_ids)
    row = Supervision.objects.create(
        number=f"{case.number}-S{nth}",
        case=case,
        unit=unit,
        kind=kind.value,
        state=State.ISSUED.value,
        author=actor,
        author_unit=author_unit,
        unit_ids=sorted({pk for path in paths for pk in path}),
        reason=words,
        issued_at=at,
        reply_by=reply_by or reply_limit(case, unit, kind, at=at),
        raised_from=after,
    )
    entry = policy.ENTRY_OF_KIND[kind]
    file.record(entry, at=at, actor_id=actor.pk if actor else None, facts=_facts(row) | facts)
    people = [*_answering(unit), *_leaders(unit)]
    people += _above(row) if after is not None else []
    _tell(file, row, people=people, at=at)
    return row


def reply_limit(case: Case, unit: Unit, kind: Kind, *, at: datetime) -> datetime:
    """Return until when `unit` has to reply: working hours of its own, or hours for a hazard."""
    name = policy.LIMIT_OF_KIND[kind]
    hours = number(name, on=timezone.localdate(at), unit_ids=case.area.ancestor_ids)
    is_hazard = case.is_hazard
    time_unit = worktime.TimeUnit.NATURAL_HOURS if is_hazard else worktime.TimeUnit.WORKING_HOURS
    return worktime.due_at(at, hours, time_unit, calendar_of(unit))


def _mark_raised(
    file: CaseFile, row: Supervision, kind: Kind, *, actor: User | None, at: datetime
) -> None:
    if row.state == State.ISSUED and row.reply_by <= at and row.late_at is None:
        row.late_at = at
    row.state = State.RAISED.value
    row.save(update_fields=["state", "late_at"])
    facts = _facts(row) | {"raised_to": kind.value}
    entry = policy.MOVES["raise"].entry
    file.record(entry, at=at, actor_id=actor.pk if actor else None, facts=facts)


def _facts(row: Supervision) -> dict[str, object]:
    return {"supervision": row.pk, "unit": row.unit_id, "kind": row.kind}


def _word_facts(written: Mapping[str, tuple[object, dict[str, object]]]) -> dict[str, object]:
    """Return what the journal keeps of the words: first as remark, second as note_remark."""
    keys = zip(("", "note_"), written.values(), strict=False)
    return {f"{prefix}{key}": value for prefix, (_, facts) in keys for key, value in facts.items()}


def _replied(row: Supervision, words: Mapping, actor: User, at: datetime) -> None:
    row.reply, row.measures = words["reply"], words.get("measures")
    row.replied_at, row.replied_by = at, actor
    if at > row.reply_by and row.late_at is None:
        row.late_at = at


def _returned(row: Supervision, words: Mapping, actor: User, at: datetime) -> None:
    case = Case.objects.select_related("area").defer("search").get(pk=row.case_id)
    row.reply_by = reply_limit(case, row.unit, Kind(row.kind), at=at)
    row.n_returned += 1
    row.reply = row.measures = row.replied_at = row.replied_by = None


def _signed_off(row: Supervision, words: Mapping, actor: User, at: datetime) -> None:
    row.signed_off_at, row.signed_off_by = at, actor


def _withdrawn(row: Supervision, words: Mapping, actor: User, at: datetime) -> None:
    """The state says it all."""


_BESIDES = {
    "reply": _replied,
    "return_reply": _returned,
    "sign_off": _signed_off,
    "withdraw": _withdrawn,
}


# ---- telling ----------------------------------------------------------------------------------


def _tell(file: CaseFile, row: Supervision, *, people: Iterable[int], at: datetime) -> None:
    """Tell people of the move made last; whoever made it knows."""
    case, entry = file.case, file.last
    key = f"case:{case.pk}:{entry.seq}"
    step, unit = label_of(entry.name), row.unit.short_name
    facts = {"number": case.number, "title": case.title, "step": step, "unit": unit}
    told = [user for user in dict.fromkeys(people) if user != entry.actor_id][:_MOST]
    link = f"/supervision/{row.pk}/"
    messages = [(f"{key}:{user}", user, "", Words("supervision", facts), link) for user in told]
    post(messages, about=key, at=at, is_urgent=case.is_hazard, unit_id=case.area_id)


def _answering(unit: Unit) -> list[int]:
    roles = sorted(CASE_ROLES)
    posts = Post.objects.in_force().filter(unit=unit, role__in=roles).order_by("-is_head", "user")
    return list(posts.values_list("user", flat=True))


def _leaders(unit: Unit) -> list[int]:
    """Return the leaders of `unit`, or of the nearest unit above that has one."""
    posts = Post.objects.in_force().filter(unit__in=unit.ancestor_ids, role=Role.LEADER)
    found = list(posts.select_related("unit").order_by("user"))
    nearest = max((len(p.unit.ancestor_ids) for p in found), default=0)
    return [p.user_id for p in found if len(p.unit.ancestor_ids) == nearest]


def _above(row: Supervision) -> list[int]:
    """Return the author, and the chiefs and leaders of the author's government."""
    roles = (Role.DUTY_CHIEF, Role.LEADER)
    posts = Post.objects.in_force().filter(unit=row.author_unit_id, role__in=roles)
    own = [row.author_id] if row.author_id else []
    return own + list(posts.order_by("user").values_list("user", flat=True))


def _concerned(row: Supervision, name: str) -> list[int]:
    return _above(row) if name == "reply" else _answering(row.unit)
