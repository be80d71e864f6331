"""The rules of supervision (督办), as tables and pure functions. No database, no framework.

A supervision is a record with an author, a reason, a limit for the reply and a sign-off: 催办 urge,
黄牌 yellow, 红牌 red. It lives by the moves of `MOVES`. Only a street or a county supervises, only in
its own area, never itself and never a government above it; the unit supervised answers and never
signs off; what is not answered in time rises one step by itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import CASE_ROLES, Level, Role, Seat


class Kind(StrEnum):
    """How severe a supervision is, from the mildest."""

    URGE = "URGE"
    YELLOW = "YELLOW"
    RED = "RED"


KINDS = tuple(Kind)
KIND_LABELS = {Kind.URGE: N_("催办"), Kind.YELLOW: N_("黄牌督办"), Kind.RED: N_("红牌督办")}
# What the case's journal calls the issuing of each.
ENTRY_OF_KIND = {Kind.URGE: "urge", Kind.YELLOW: "yellow_card", Kind.RED: "red_card"}
# The dated number of working hours a reply may take (of hours, for a hazard).
LIMIT_OF_KIND = {
    Kind.URGE: "urge_reply_hours",
    Kind.YELLOW: "yellow_reply_hours",
    Kind.RED: "red_reply_hours",
}
NEEDS_MEASURES = frozenset({Kind.YELLOW, Kind.RED})


class State(StrEnum):
    ISSUED = "ISSUED"
    REPLIED = "REPLIED"
    SIGNED_OFF = "SIGNED_OFF"
    WITHDRAWN = "WITHDRAWN"
    RAISED = "RAISED"


STATE_LABELS = {
    State.ISSUED: N_("待答复"),
    State.REPLIED: N_("待销号"),
    State.SIGNED_OFF: N_("已销号"),
    State.WITHDRAWN: N_("已撤销"),
    State.RAISED: N_("已升格"),
}
OPEN = frozenset({State.ISSUED, State.REPLIED})


class Side(StrEnum):
    """On which side of a supervision somebody acts."""

    AUTHOR = "AUTHOR"  # whoever supervises, and the governments above them
    SUPERVISED = "SUPERVISED"
    SYSTEM = "SYSTEM"


SUPERVISING = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF, Role.LEADER})
TIERS = frozenset({Level.TOWNSHIP, Level.COUNTY})
Seats = Mapping[Side, Collection[Seat]]
SYSTEM: Seats = {Side.SYSTEM: frozenset({Seat(Role.SYSTEM, Level.COUNTY)})}


@dataclass(frozen=True)
class Move:
    """One thing done to a supervision. `entry` is its name in the case's journal, '' by kind."""

    name: str
    label: str
    sources: frozenset[State]
    target: State
    by: frozenset[Side]
    needs: tuple[str, ...]
    entry: str


_A, _U, _S = Side.AUTHOR, Side.SUPERVISED, Side.SYSTEM
# fmt: off
_ROWS: tuple[tuple[str, str, frozenset[State], State, frozenset[Side], tuple[str, ...], str], ...] = (
    # name          label            from                        to                by                   needs       in the journal
    ("issue",       N_("发出督办"), frozenset(),                  State.ISSUED,     frozenset({_A, _S}), ("reason",), ""),
    ("reply",       N_("答复"),     frozenset({State.ISSUED}),    State.REPLIED,    frozenset({_U}),     ("reply",),  "supervision_reply"),
    ("return_reply", N_("退回答复"), frozenset({State.REPLIED}),  State.ISSUED,     frozenset({_A}),     ("note",),   "supervision_return"),
    ("sign_off",    N_("销号"),     frozenset({State.REPLIED}),   State.SIGNED_OFF, frozenset({_A}),     (),          "supervision_sign_off"),
    ("withdraw",    N_("撤销督办"), OPEN,                         State.WITHDRAWN,  frozenset({_A}),     ("note",),   "supervision_withdraw"),
    ("raise",       N_("升格"),     frozenset({State.ISSUED}),    State.RAISED,     frozenset({_A, _S}), (),          "supervision_raise"),
)
# fmt: on
MOVES: dict[str, Move] = {row[0]: Move(*row) for row in _ROWS}
# Moves with a button of their own; a supervision is raised by a sweep, or by a severer one.
BUTTONS = ("reply", "sign_off", "return_reply", "withdraw")
FIELD_LABELS = {
    "reason": N_("督办事由"),
    "reply": N_("答复"),
    "measures": N_("整改措施"),
    "note": N_("说明"),
}


class SupervisionRefused(Refusal):
    """The move is not allowed. The message is fit to show to the user."""


def needs_of(move: Move, kind: Kind) -> tuple[str, ...]:
    """Return what `move` needs: a card is answered with measures, an urge with a word."""
    with_measures = move.name == "reply" and kind in NEEDS_MEASURES
    return (*move.needs, "measures") if with_measures else move.needs


def _sits(side: Side, seats: Seats) -> bool:
    held = seats.get(side, ())
    if side == Side.AUTHOR:
        return any(seat.role in SUPERVISING and seat.level in TIERS for seat in held)
    if side == Side.SUPERVISED:
        return any(seat.role in CASE_ROLES for seat in held)
    return any(seat.role == Role.SYSTEM for seat in held)


def may_make(move: Move, seats: Seats) -> bool:
    """Tell whether a holder of `seats` may make `move`: nobody supervised acts for the author."""
    sides = [side for side in move.by if _sits(side, seats)]
    return bool(sides) and not (sides == [Side.AUTHOR] and _sits(Side.SUPERVISED, seats))


def moves_open_to(*, state: State, seats: Seats) -> list[Move]:
    """Return the moves with a button that a holder of `seats` may make, in table order."""
    return [
        MOVES[name]
        for name in BUTTONS
        if state in MOVES[name].sources and may_make(MOVES[name], seats)
    ]


def check(
    move: Move, *, state: State | None, seats: Seats, kind: Kind, given: Collection[str]
) -> None:
    """Test that `move` may be made now by a holder of `seats`, with the words `given`.

    state : None before the supervision is issued

    :raises SupervisionRefused: wrong state, wrong side, or something missing.
    """
    if state is not None and state not in move.sources:
        raise SupervisionRefused(
            N_("这份督办“{state}”，不能{move}"), state=STATE_LABELS[state], move=move.label
        )
    if not may_make(move, seats):
        if Side.AUTHOR in move.by and _sits(Side.SUPERVISED, seats):
            raise SupervisionRefused(N_("被督办单位不能给自己{move}"), move=move.label)
        raise SupervisionRefused(N_("您的岗位没有{move}的权限"), move=move.label)
    missing = [name for name in needs_of(move, kind) if name not in given]
    if missing:
        raise SupervisionRefused(
            N_("{move}还缺少：{missing}"),
            move=move.label,
            missing="、".join(FIELD_LABELS[name] for name in missing),
        )


def check_area(
    *, author_unit: int, author_path: Sequence[int], area: Sequence[int], unit: int
) -> None:
    """Test that a government may supervise a unit over a case: in its area, not itself or above.

    author_unit : the government that supervises; author_path : its ids from the root down
    area        : the ids of the case's area, from the root down; unit : whom it supervises

    :raises SupervisionRefused: if it may not.
    """
    if author_unit not in area:
        raise SupervisionRefused(N_("只能督办本辖区内的案件"))
    if unit in author_path:
        raise SupervisionRefused(N_("不能督办本单位或者上级政府"))


def check_severer(kind: Kind, *, standing: Kind | None) -> None:
    """Test that a supervision is severer than the one that stands open for the same unit.

    :raises SupervisionRefused: if it is not.
    """
    if standing is not None and KINDS.index(kind) <= KINDS.index(standing):
        raise SupervisionRefused(
            N_("对这个单位的{kind}还没有销号，只能升格，不能重复发"), kind=KIND_LABELS[standing]
        )


def next_kind(kind: Kind) -> Kind | None:
    """Return the kind one step severer; None above red."""
    rank = KINDS.index(kind) + 1
    return KINDS[rank] if rank < len(KINDS) else None
