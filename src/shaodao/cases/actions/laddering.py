"""Up and down the ladder 村 → 乡镇 → 县: the desk changes by one rung, and the case says why.

What is done here is done in memory, on a case in hand; the moves that do it are in the table.
"""

from datetime import datetime

from django.utils import timezone

from shaodao.cases import policy
from shaodao.cases.models import Clock
from shaodao.cores.wording import N_
from shaodao.people.models import Unit
from shaodao.people.queries import at_level

from .casefile import CaseFile, desk_of


def rise(file: CaseFile, name: str, *, at: datetime, clock: Clock | None = None) -> dict:
    """Put a case on the desk of the next rung up and return what the journal keeps of it.

    name  : the move it is done by; only `escalate_urgent` passes a rung over
    clock : the rung's clock that ran out, where that is why

    :raises policy.MoveRefused: at the top.
    """
    case, start = file.case, file.case.desk
    above = policy.rung_above(start.level)
    if above is None:
        raise policy.MoveRefused(N_("已经在最高一级，不能再上报"))
    skipped = []
    if name == "escalate_urgent" and (top := policy.rung_above(above)) is not None:
        skipped, above = [above.value], top
    _settle(file, desk_of(case.area, level=above), name, at=at)
    facts: dict[str, object] = {
        "rung": start.level,
        "to_rung": case.desk.level,
        "desk": case.desk.pk,
        "skipped": skipped,
    }
    if clock is not None:
        facts |= {"clock": clock.pk, "lapsed": clock.due_at.isoformat()}
    return facts


def descend(file: CaseFile, *, at: datetime) -> dict:
    """Put a case back on the desk of the next rung down and return what the journal keeps of it.

    :raises policy.MoveRefused: where the area has no such rung.
    """
    case, start = file.case, file.case.desk
    below = policy.rung_below(start.level)
    desk = at_level(case.area, below) if below is not None else None
    if desk is None:
        raise policy.MoveRefused(N_("没有可以退回的下级"))
    _settle(file, desk, "hand_down", at=at)
    return {"rung": start.level, "to_rung": desk.level, "desk": desk.pk}


def _settle(file: CaseFile, desk: Unit, name: str, *, at: datetime) -> None:
    case = file.case
    case.passed_from, case.passed_at = case.desk.level, at
    case.passed_why = policy.PASSED_BY[name].value
    case.desk = desk


def refuse(file: CaseFile, *, at: datetime) -> dict:
    """Return what the journal keeps of a refusal: the list as it stood on that day."""
    case, on = file.case, timezone.localdate(at)
    listed = policy.duties_on(file.rules.duties, unit_id=case.lead.pk, on=on)
    return {
        "unit": case.lead.pk,
        "category": case.category_id,
        "listed": [item.pk for item in listed],
        "on": on.isoformat(),
    }
