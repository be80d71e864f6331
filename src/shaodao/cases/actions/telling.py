"""Telling people what happened: notice rows in the transaction of what they tell about."""

from collections.abc import Sequence
from datetime import datetime

from shaodao.cases import policy
from shaodao.cases.models import Case, CaseReport, JournalEntry
from shaodao.cases.queries import with_merged
from shaodao.notices.actions import Words, compose, post, write
from shaodao.notices.models import Notice
from shaodao.people.holders import Holders
from shaodao.people.models import Post, Unit
from shaodao.people.policy import Role
from shaodao.people.queries import at_level
from shaodao.reports.models import Report
from shaodao.reports.tokens import token_of

# Which posts of the unit a case waits for are told.
_TOLD = {
    policy.Holder.DESK: (Role.INTAKE, Role.DISPATCHER),
    policy.Holder.LEAD: (Role.HANDLER, Role.GRID_WORKER),
    policy.Holder.CHECKER: (Role.GRID_WORKER,),
}
_MOST = 20  # people of one unit told of one thing


def tell(
    case: Case,
    entry: JournalEntry,
    *,
    at: datetime,
    reporters: Sequence[Report] | None = None,
) -> None:
    """Tell the one the case now waits for, and on public steps every reporter who left a phone.

    reporters : their reports, where the caller knows that there are no others
    """
    found = _reporters(case) if reporters is None and entry.name in policy.PUBLIC else reporters
    write(told_of(case, entry, reporters=found or (), holders=Holders(), at=at))


def told_of(
    case: Case,
    entry: JournalEntry,
    *,
    reporters: Sequence[Report],
    holders: Holders,
    at: datetime,
) -> list[Notice]:
    """Return the notices of a step, not written yet."""
    key = f"case:{case.pk}:{entry.seq}"
    label = policy.label_of(entry.name)
    words = Words("case_step", {"number": case.number, "title": case.title, "step": label})
    link = f"/cases/{case.pk}/"
    told = [(f"{key}:{user}", user, "", words, link) for user in _whom(case, entry, holders)]
    if entry.name in policy.PUBLIC:
        told += [
            (f"{key}:r{r.pk}", None, r.phone, _public(r, label), f"/track/{token_of(r)}/")
            for r in reporters
        ]
    return compose(told, about=key, at=at, is_urgent=case.is_hazard, unit_id=case.area_id)


def _whom(case: Case, entry: JournalEntry, holders: Holders) -> list[int]:
    holder = policy.PLACES[policy.Status(case.status)].holder
    if holder is None or "to" not in entry.facts:
        return []
    if case.holder_person_id:
        return [] if case.holder_person_id == entry.actor_id else [case.holder_person_id]
    users = holders.of(case.holder_id, _TOLD[holder])
    return [user for user in users if user != entry.actor_id][:_MOST]


def _reporters(case: Case):
    """Return the reports of the whole family whose reporters left a phone and still follow it."""
    links = CaseReport.objects.filter(case__in=with_merged([case.pk]), withdrawn_at=None)
    links = links.filter(report__token_digest__isnull=False).exclude(report__phone="")
    return [link.report for link in links.select_related("report").order_by("pk")]


def _public(report: Report, label: str) -> Words:
    return Words("report_step", {"report": report.number, "step": label})


def leaders_of(desk: Unit) -> list[int]:
    """Return the leaders of the government a desk belongs to."""
    posts = Post.objects.in_force().filter(unit=desk, role=Role.LEADER)
    return list(posts.order_by("user").values_list("user", flat=True).distinct()[:_MOST])


def tell_skipped(case: Case, entry: JournalEntry, *, at: datetime) -> None:
    """Tell the desks that an emergency was passed over their heads."""
    desks = [at_level(case.area, level) for level in entry.facts["skipped"]]
    _tell_posts(
        case, entry, [desk.pk for desk in desks if desk], _TOLD[policy.Holder.DESK], "skipped", at
    )


def tell_office(case: Case, entry: JournalEntry, *, at: datetime) -> None:
    """Tell the office of a line of work that a case is on its list."""
    _tell_posts(case, entry, [entry.facts["office"]], (Role.HANDLER,), "office", at)


def _tell_posts(case: Case, entry: JournalEntry, units, roles, word: str, at: datetime) -> None:
    posts = Post.objects.in_force().filter(unit__in=units, role__in=roles)
    users = posts.exclude(user=entry.actor_id).order_by("user").values_list("user", flat=True)
    about, link = f"case:{case.pk}:{entry.seq}", f"/cases/{case.pk}/"
    label = policy.label_of(entry.name)
    words = Words("case_step", {"number": case.number, "title": case.title, "step": label})
    told = list(users.distinct()[:_MOST])
    post(
        [(f"{about}:{word}:{user}", user, "", words, link) for user in told],
        about=about,
        at=at,
        is_urgent=case.is_hazard,
        unit_id=case.area_id,
    )


def warn_holder(
    case: Case, entry: JournalEntry, clock, *, at: datetime, also: Sequence[int] = ()
) -> None:
    """Tell the holder and the chiefs above, and whoever else, that a limit is near or past."""
    step = policy.STEP_LABELS[policy.Step(clock.step)]
    kind = "case_late" if entry.name == "late" else "case_warn"
    words = Words(kind, {"number": case.number, "title": case.title, "step": step})
    key, link = f"case:{case.pk}:{entry.seq}", f"/cases/{case.pk}/"
    people = [case.holder_person_id] if case.holder_person_id else []
    posts = Post.objects.in_force()
    if not people:
        roles = (Role.HANDLER, Role.GRID_WORKER, Role.DISPATCHER, Role.INTAKE)
        people += posts.filter(unit=case.holder_id, role__in=roles).values_list("user", flat=True)
    if entry.name == "late":
        chiefs = posts.filter(unit__in=case.desk.ancestor_ids, role=Role.DUTY_CHIEF)
        people += chiefs.values_list("user", flat=True)
    people = [*also, *people]
    told = list(dict.fromkeys(people))[:_MOST]
    post(
        [(f"{key}:{user}", user, "", words, link) for user in told],
        about=key,
        at=at,
        is_urgent=case.is_hazard,
        unit_id=case.area_id,
    )
