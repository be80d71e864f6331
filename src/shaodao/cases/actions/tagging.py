"""Lines of work a case belongs to (条线): tagged by rule or by hand, handed over."""

from datetime import datetime

from django.utils import timezone

from shaodao.cases import policy
from shaodao.cases.models import CaseSector
from shaodao.cores.wording import N_
from shaodao.people.models import posts_of
from shaodao.people.queries import units_by_id

from .casefile import CaseFile


def tag_by_rule(file: CaseFile, *, at: datetime) -> list[str]:
    """Tag a case in hand with the lines of work of its category; return the codes of new tags."""
    rows = policy.sectors_for(
        file.rules.sectors,
        categories=file.rules.lineage(file.case.category_id),
        unit_ids=file.case.area.ancestor_ids,
        on=timezone.localdate(at),
    )
    held = {tag.code for tag in file.tags}
    fresh = [row for row in rows if row.code not in held]
    for row in fresh:
        _add(file, row, at=at, is_by_rule=True)
    return [row.code for row in fresh]


def tag(file: CaseFile, code: str, *, at: datetime) -> dict:
    """Tag a case in hand with a line of work; return what the journal keeps of it.

    :raises policy.MoveRefused: if the place has no such line of work, or the case has it already.
    """
    row = _row(file, code, at=at)
    _add(file, row, at=at, is_by_rule=False)
    return {"sector": row.code, "office": row.office_id}


def untag(file: CaseFile, code: str, *, at: datetime) -> dict:
    """End a tag; return what the journal keeps of it.

    :raises policy.MoveRefused: if the case has no such tag.
    """
    held = next((tag for tag in file.tags if tag.code == code), None)
    if held is None:
        raise policy.MoveRefused(N_("本案没有归到这条线"))
    _end(file, held, at=at)
    return {"sector": code, "office": held.office_id}


def hand_over(file: CaseFile, code: str, *, actor, at: datetime) -> dict:
    """Hand a case from the actor's office to that of another line of work.

    :raises policy.MoveRefused: if it is with none of the actor's offices, or there is no such line.
    """
    mine = {post.unit_id for post in posts_of(actor)}
    held = next((tag for tag in file.tags if mine & set(tag.office.ancestor_ids)), None)
    if held is None:
        raise policy.MoveRefused(N_("本案不在您单位的条线上"))
    row = _row(file, code, at=at)
    _end(file, held, at=at)
    _add(file, row, at=at, is_by_rule=False)
    return {"tagged": held.code, "sector": row.code, "office": row.office_id}


def _row(file: CaseFile, code: str, *, at: datetime) -> policy.SectorRow:
    known = policy.sectors_on(
        file.rules.sectors, unit_ids=file.case.area.ancestor_ids, on=timezone.localdate(at)
    )
    if code not in known:
        raise policy.MoveRefused(N_("本地没有设这条线"))
    if any(tag.code == code for tag in file.tags):
        raise policy.MoveRefused(N_("本案已经归在{sector}"), sector=known[code].name)
    return known[code]


def _add(file: CaseFile, row: policy.SectorRow, *, at: datetime, is_by_rule: bool) -> None:
    office = units_by_id()[row.office_id]
    fresh = CaseSector(
        case=file.case, code=row.code, office=office, is_by_rule=is_by_rule, added_at=at
    )
    file.tags.append(fresh)
    file.retagged.append(fresh)


def _end(file: CaseFile, held: CaseSector, *, at: datetime) -> None:
    held.ended_at = at
    file.tags.remove(held)
    file.retagged.append(held)
