"""The ladder of one case as people read it: each stay at a rung with its clock and why it ended.

Read from the clocks of the rungs and the journal, so that what is shown is what happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from shaodao.cores.wording import N_
from shaodao.people.models import Unit
from shaodao.people.policy import LEVEL_LABELS, Level
from shaodao.people.queries import at_level

from . import policy
from .models import Case, Clock, JournalEntry
from .templatetags.cases import amount_label

# What a stay at a rung comes to, with the tone and the icon of the kit.
_LOOKS = {
    "met": ("done", "check"),
    "over": ("late", "late"),
    "running": ("active", "clock"),
    "warning": ("warn", "warn"),
    "late": ("late", "late"),
    "paused": ("wait", "pause"),
    "skipped": ("warn", "urgent"),
    "ahead": ("plain", "ring"),
}
_STATES = {
    "met": N_("在时限内"),
    "over": N_("超过时限"),
    "running": N_("正在这一级"),
    "warning": N_("快到时限"),
    "late": N_("已超时限"),
    "paused": N_("处置中"),
    "skipped": N_("越过"),
    "ahead": N_("还没到"),
}


@dataclass(frozen=True)
class Stay:
    """A case's time at one rung: when it came, how long it may stay, why it went on."""

    level: str
    label: str
    unit: str
    state: str  # met, over, running, warning, late, paused, skipped, ahead
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    limit: str = ""
    due_at: datetime | None = None
    warn_at: datetime | None = None
    time_left: timedelta | None = None  # while it stands still
    why: str = ""  # how it ended
    is_up: bool = False

    @property
    def tone(self) -> str:
        return _LOOKS[self.state][0]

    @property
    def state_label(self) -> str:
        return _(_STATES[self.state])

    @property
    def icon(self) -> str:
        return _LOOKS[self.state][1]

    @property
    def is_over(self) -> bool:
        """Tell whether it left this rung visibly later than it should have."""
        if self.due_at is None or self.left_at is None:
            return False
        return self.left_at - self.due_at > timedelta(minutes=1)

    @property
    def is_here(self) -> bool:
        return self.state in {"running", "warning", "late", "paused"}


@dataclass(frozen=True)
class Ladder:
    """All rungs of a case: those it has been at, the one where it is, those above."""

    stays: list[Stay]

    @property
    def was_passed(self) -> bool:
        """Tell whether the case has ever changed its rung."""
        return sum(stay.arrived_at is not None for stay in self.stays) > 1


def ladder_of(
    case: Case, clocks: Sequence[Clock], entries: Sequence[JournalEntry], *, at: datetime
) -> Ladder:
    """Return the ladder of a case from its clocks and its journal, both oldest first."""
    passes = {e.at: e for e in entries if e.name in policy.PASSED_BY}
    stays: list[Stay] = []
    for clock in clocks:
        if clock.step != policy.Step.RUNG:
            continue
        entry = passes.get(clock.stopped_at) if clock.stopped_at else None
        stays.append(_stay(clock, entry, case, at=at))
        for level in entry.facts.get("skipped", ()) if entry else ():
            stays.append(_empty(case.area, level, "skipped"))
    here = case.desk.level
    if policy.Status(case.status) in policy.OPEN:
        while (above := policy.rung_above(here)) is not None:
            here = above
            stays.append(_empty(case.area, here, "ahead"))
    return Ladder(stays)


def _empty(area: Unit, level: str, state: str) -> Stay:
    unit = at_level(area, level)
    why = _("紧急案件，越过这一级") if state == "skipped" else ""
    return Stay(
        level, _(LEVEL_LABELS[Level(level)]), unit.short_name if unit else "", state, why=why
    )


def _stay(clock: Clock, entry: JournalEntry | None, case: Case, *, at: datetime) -> Stay:
    return Stay(
        level=clock.level,
        label=_(LEVEL_LABELS[Level(clock.level)]),
        unit=clock.unit.short_name,
        state=_state(clock, at),
        arrived_at=clock.started_at,
        left_at=clock.stopped_at,
        limit=amount_label(clock.amount, clock.time_unit),
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        time_left=clock.left,
        why=_why(clock, entry, case),
        is_up=entry is not None and entry.name != "hand_down",
    )


def _state(clock: Clock, at: datetime) -> str:
    if clock.stopped_at is not None:
        return "met" if clock.late_at is None and clock.stopped_at <= clock.due_at else "over"
    if clock.paused_at is not None:
        return "paused"
    if clock.due_at <= at:
        return "late"
    return "warning" if clock.warn_at <= at else "running"


def _why(clock: Clock, entry: JournalEntry | None, case: Case) -> str:
    if clock.stopped_at is None:
        return _("处置期间暂停计时") if clock.paused_at is not None else ""
    if entry is None:
        return _("本级办出结果") if case.handled_at else _("在本级了结")
    if entry.name == "escalate":
        ground = policy.GROUND_LABELS.get(entry.facts.get("ground", ""), "")
        said = _("本级办不了，上报上一级")
        return f"{said}：{_(ground)}" if ground else said
    if entry.name == "hand_down":
        return _("退回下一级办理")
    if entry.name == "escalate_urgent":
        return _("紧急案件，越级上报")
    return _("本级超时，自动上报上一级")
