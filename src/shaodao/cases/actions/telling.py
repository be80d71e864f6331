"""Telling people what happened: notice rows in the transaction of what they tell about.

What is told of a case in hand is put down with it and written when the case is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from shaodao.cases import policy
from shaodao.cases.models import Case, Clock, JournalEntry
from shaodao.cases.queries import Known, Reporter
from shaodao.notices.actions import Matter, Told, Words, compose_all, post_all
from shaodao.notices.models import Notice
from shaodao.people.holders import Holders
from shaodao.people.models import Unit
from shaodao.people.policy import Role
from shaodao.people.queries import at_level
from shaodao.reports.models import Report
from shaodao.reports.tokens import token_of

from .casefile import CaseFile

# Which posts of the unit a case waits for are told.
_TOLD = {
    policy.Holder.DESK: (Role.INTAKE, Role.DISPATCHER),
    policy.Holder.LEAD: (Role.HANDLER, Role.GRID_WORKER),
    policy.Holder.CHECKER: (Role.GRID_WORKER,),
}
_WARNED = (Role.HANDLER, Role.GRID_WORKER, Role.DISPATCHER, Role.INTAKE)
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
    post_all([_step(case, entry, Known(), at=at, reporters=reporters)])


def told_of(
    case: Case,
    entry: JournalEntry,
    *,
    reporters: Sequence[Report],
    holders: Holders,
    at: datetime,
) -> list[Notice]:
    """Return the notices of a step, not written yet."""
    known = Known(holders=holders)
    return compose_all([_step(case, entry, known, at=at, reporters=reporters)])


def tell_with(file: CaseFile, entry: JournalEntry, *, at: datetime) -> None:
    """Put down with a case in hand what `tell` would write at once."""
    file.matters.append(_step(file.case, entry, file.known, at=at))


def _step(
    case: Case,
    entry: JournalEntry,
    known: Known,
    *,
    at: datetime,
    reporters: Sequence[Report | Reporter] | None = None,
) -> Matter:
    key = _about(case, entry)
    label = policy.label_of(entry.name)
    words, link = _words("case_step", case, label), f"/cases/{case.pk}/"
    told: list[Told] = [
        (f"{key}:{user}", user, "", words, link) for user in _whom(case, entry, known.holders)
    ]
    if entry.name in policy.PUBLIC:
        told += [
            (f"{key}:r{r.pk}", None, r.phone, _public(r, label), f"/track/{token_of(r)}/")
            for r in (known.reporters[case.pk] if reporters is None else reporters)
        ]
    return Matter(key, at, told, case.is_hazard, case.area_id)


def _about(case: Case, entry: JournalEntry) -> str:
    return f"case:{case.pk}:{entry.seq}"


def _words(kind: str, case: Case, step: str) -> Words:
    return Words(kind, {"number": case.number, "title": case.title, "step": step})


def _public(report: Report | Reporter, label: str) -> Words:
    return Words("report_step", {"report": report.number, "step": label})


def _whom(case: Case, entry: JournalEntry, holders: Holders) -> list[int]:
    holder = policy.PLACES[policy.Status(case.status)].holder
    if holder is None or "to" not in entry.facts:
        return []
    if case.holder_person_id:
        return [] if case.holder_person_id == entry.actor_id else [case.holder_person_id]
    return _others(entry, holders.of_any([case.holder_id], _TOLD[holder]))


def _others(entry: JournalEntry, people: Iterable[int]) -> list[int]:
    """Return the first of the people, without who did it."""
    return [user for user in people if user != entry.actor_id][:_MOST]


def leaders_of(desk: Unit, holders: Holders) -> list[int]:
    """Return the leaders of the government a desk belongs to."""
    return holders.of_any([desk.pk], (Role.LEADER,))[:_MOST]


def tell_skipped(file: CaseFile, entry: JournalEntry, *, at: datetime) -> None:
    """Tell the desks that an emergency was passed over their heads."""
    desks = [at_level(file.case.area, level) for level in entry.facts["skipped"]]
    units = [desk.pk for desk in desks if desk]
    people = file.known.holders.of_any(units, _TOLD[policy.Holder.DESK])
    _tell_people(file, entry, people, "skipped", at=at)


def tell_office(file: CaseFile, entry: JournalEntry, *, at: datetime) -> None:
    """Tell the office of a line of work that a case is on its list."""
    people = file.known.holders.of_any([entry.facts["office"]], (Role.HANDLER,))
    _tell_people(file, entry, people, "office", at=at)


def _tell_people(
    file: CaseFile, entry: JournalEntry, people: Iterable[int], word: str, *, at: datetime
) -> None:
    case, key = file.case, _about(file.case, entry)
    words, link = _words("case_step", case, policy.label_of(entry.name)), f"/cases/{case.pk}/"
    told = [(f"{key}:{word}:{user}", user, "", words, link) for user in _others(entry, people)]
    file.matters.append(Matter(key, at, told, case.is_hazard, case.area_id))


def warn_holder(
    file: CaseFile, entry: JournalEntry, clock: Clock, *, at: datetime, also: Sequence[int] = ()
) -> None:
    """Tell the holder and the chiefs above, and whoever else, that a limit is near or past."""
    case, holders, key = file.case, file.known.holders, _about(file.case, entry)
    step = policy.STEP_LABELS[policy.Step(clock.step)]
    kind = "case_late" if entry.name == "late" else "case_warn"
    words, link = _words(kind, case, step), f"/cases/{case.pk}/"
    people = [case.holder_person_id] if case.holder_person_id else []
    if not people:
        people = holders.of_any([case.holder_id], _WARNED)
    if entry.name == "late":
        people = people + holders.of_any(case.desk.ancestor_ids, (Role.DUTY_CHIEF,))
    told = [
        (f"{key}:{user}", user, "", words, link)
        for user in list(dict.fromkeys([*also, *people]))[:_MOST]
    ]
    file.matters.append(Matter(key, at, told, case.is_hazard, case.area_id))
