"""The rules of telling every household and of visiting it, as tables. No database, no clock.

An announcement (通知) goes to chosen grids, communities and compounds; every household there becomes
one call (联系) of its contact worker, and a household with a need that was named becomes a visit (上门).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Role


class OutreachRefused(Refusal):
    """It is not allowed. The message is fit to show to the user."""


class State(StrEnum):
    """Where an announcement stands."""

    DRAFT = "DRAFT"
    SENT = "SENT"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


STATE_LABELS = {
    State.DRAFT: N_("未发出"),
    State.SENT: N_("联系中"),
    State.CLOSED: N_("已结束"),
    State.WITHDRAWN: N_("已撤回"),
}
STATE_TONES = {
    State.DRAFT: "plain",
    State.SENT: "active",
    State.CLOSED: "done",
    State.WITHDRAWN: "void",
}

# Who writes announcements for the households below a post.
AUTHORS = frozenset({Role.INTAKE, Role.DISPATCHER, Role.DUTY_CHIEF, Role.SECRETARY, Role.LEADER})


@dataclass(frozen=True)
class Move:
    """What may be done to an announcement, from which state to which."""

    label: str
    source: State
    target: State


MOVES: dict[str, Move] = {
    "send": Move(N_("发出"), State.DRAFT, State.SENT),
    "close": Move(N_("结束"), State.SENT, State.CLOSED),
    "withdraw": Move(N_("撤回"), State.SENT, State.WITHDRAWN),
    "discard": Move(N_("作废草稿"), State.DRAFT, State.WITHDRAWN),
}


def check_move(name: str, *, state: str, roles: Collection[Role]) -> Move:
    """Return the move `name`, made now by a holder of `roles` over the announcement's unit.

    :raises OutreachRefused: wrong state, or no post that writes announcements there.
    """
    move = MOVES[name]
    if state != move.source:
        raise OutreachRefused(
            N_("这条通知“{state}”，不能{move}"), state=STATE_LABELS[State(state)], move=move.label
        )
    check_author(roles)
    return move


def check_author(roles: Collection[Role]) -> None:
    """Test that a holder of `roles` over a unit may write announcements for it.

    :raises OutreachRefused: if they may not.
    """
    if not AUTHORS & set(roles):
        raise OutreachRefused(N_("您的岗位没有发布通知的权限"))


def moves_open(state: str, roles: Collection[Role]) -> list[str]:
    """Return the names of the moves a holder of `roles` may make in `state`, in table order."""
    may = bool(AUTHORS & set(roles))
    return [name for name, move in MOVES.items() if may and move.source == state]


class Call(StrEnum):
    """How telling one household stands."""

    WAITING = "WAITING"
    REACHED = "REACHED"
    UNREACHED = "UNREACHED"


CALL_LABELS = {
    Call.WAITING: N_("待联系"),
    Call.REACHED: N_("已联系上"),
    Call.UNREACHED: N_("没联系上"),
}
CALL_TONES = {Call.WAITING: "wait", Call.REACHED: "done", Call.UNREACHED: "late"}


@dataclass(frozen=True)
class Result:
    """What came of trying to tell a household."""

    label: str
    state: Call


# What a worker writes down after a try; a later try overrules it.
RESULTS: dict[str, Result] = {
    "phone": Result(N_("电话说到了"), Call.REACHED),
    "in_person": Result(N_("当面说到了"), Call.REACHED),
    "message": Result(N_("发了消息，对方回了"), Call.REACHED),
    "receipt": Result(N_("住户点了“知道了”"), Call.REACHED),  # by the link they were sent
    "no_answer": Result(N_("没人接"), Call.UNREACHED),
    "not_home": Result(N_("家里没人"), Call.UNREACHED),
    "wrong_number": Result(N_("号码不对"), Call.UNREACHED),
    "moved": Result(N_("已搬走"), Call.UNREACHED),
}
USUAL = ("phone", "in_person", "no_answer")  # one tap each
BY_WORKER = tuple(name for name in RESULTS if name != "receipt")


class Visit(StrEnum):
    """How a visit to a household stands."""

    PLANNED = "PLANNED"
    DONE = "DONE"
    NOBODY_HOME = "NOBODY_HOME"
    CANCELLED = "CANCELLED"


VISIT_LABELS = {
    Visit.PLANNED: N_("待上门"),
    Visit.DONE: N_("已上门"),
    Visit.NOBODY_HOME: N_("上门没人"),
    Visit.CANCELLED: N_("不用去了"),
}
VISIT_TONES = {
    Visit.PLANNED: "wait",
    Visit.DONE: "done",
    Visit.NOBODY_HOME: "late",
    Visit.CANCELLED: "void",
}
# What a worker does to a visit: from which states to which.
VISIT_MOVES: dict[str, tuple[str, frozenset[Visit], Visit]] = {
    "done": (N_("已上门"), frozenset({Visit.PLANNED, Visit.NOBODY_HOME}), Visit.DONE),
    "nobody_home": (
        N_("家里没人"), frozenset({Visit.PLANNED, Visit.NOBODY_HOME}), Visit.NOBODY_HOME,
    ),
    "again": (N_("还要再去"), frozenset({Visit.DONE, Visit.CANCELLED}), Visit.PLANNED),
    "cancel": (N_("不用去了"), frozenset({Visit.PLANNED, Visit.NOBODY_HOME}), Visit.CANCELLED),
}  # fmt: skip
OPEN_VISITS = frozenset({Visit.PLANNED, Visit.NOBODY_HOME})


def check_visit(name: str, state: str) -> Visit:
    """Return the state a visit has after `name`.

    :raises OutreachRefused: if a visit in `state` does not allow it.
    """
    label, sources, target = VISIT_MOVES[name]
    if state not in sources:
        raise OutreachRefused(
            N_("这次走访“{state}”，不能改成“{move}”"), state=VISIT_LABELS[Visit(state)], move=label
        )
    return target


class Fate(StrEnum):
    """What became of a result that was written down at a door."""

    TAKEN = "TAKEN"  # the row stands as it says
    AGREED = "AGREED"  # somebody had written the same meanwhile
    ASIDE = "ASIDE"  # somebody had written another meanwhile, or it was over: kept beside


def fate_of(*, seen: str | None, stands: str, is_own: bool, is_same: bool) -> Fate:
    """Return what becomes of a result, by the stamp its page showed and the one the row has now.

    seen   : None where no page showed anything
    is_own : what stands was written by the same person, not later
    is_same : it would change nothing
    """
    if seen is None or seen == stands or is_own:
        return Fate.TAKEN
    return Fate.AGREED if is_same else Fate.ASIDE
