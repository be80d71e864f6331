"""The rules of long-standing sites (积案点位): kinds, moves, what a boundary must be. No framework."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Level, Role, Seat


class Kind(StrEnum):
    """What a site is."""

    LAND = "LAND"
    BUILDING = "BUILDING"
    ROAD = "ROAD"
    WATER = "WATER"
    FACILITY = "FACILITY"
    OTHER = "OTHER"


KIND_LABELS = {
    Kind.LAND: N_("闲置地块"),
    Kind.BUILDING: N_("危旧房屋"),
    Kind.ROAD: N_("道路街巷"),
    Kind.WATER: N_("沟渠水塘"),
    Kind.FACILITY: N_("公共设施"),
    Kind.OTHER: N_("其他点位"),
}


class State(StrEnum):
    OPEN = "OPEN"
    SOLVED = "SOLVED"
    VOIDED = "VOIDED"


STATE_LABELS = {State.OPEN: N_("未解决"), State.SOLVED: N_("已解决"), State.VOIDED: N_("已作废")}

KEEPERS = frozenset({Role.INTAKE, Role.DISPATCHER, Role.DUTY_CHIEF, Role.LEADER})
DECIDERS = frozenset({Role.DUTY_CHIEF, Role.LEADER})
TIERS = frozenset({Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY})


@dataclass(frozen=True)
class Move:
    """One thing done to a site. `sources` empty: there is no site yet."""

    name: str
    label: str
    sources: frozenset[State]
    target: State
    by: frozenset[Role]
    needs: tuple[str, ...]


_O, _S = State.OPEN, State.SOLVED
# fmt: off
_ROWS: tuple[tuple[str, str, frozenset[State], State, frozenset[Role], tuple[str, ...]], ...] = (
    # name       label            from                   to            by        needs
    ("register", N_("登记点位"),  frozenset(),           _O,           KEEPERS,  ("name", "boundary", "since")),
    ("edit",     N_("修改"),      frozenset({_O}),       _O,           KEEPERS,  ("name", "boundary", "since", "note")),
    ("link",     N_("归入案件"),  frozenset({_O, _S}),   _O,           KEEPERS,  ()),
    ("unlink",   N_("移出案件"),  frozenset({_O}),       _O,           KEEPERS,  ("note",)),
    ("solve",    N_("登记成果并办结"), frozenset({_O}),  _S,           DECIDERS, ("became", "outcome")),
    ("reopen",   N_("重新列为积案"), frozenset({_S}),    _O,           DECIDERS, ("note",)),
    ("void",     N_("作废"),      frozenset({_O}),       State.VOIDED, DECIDERS, ("note",)),
)
# fmt: on
MOVES: dict[str, Move] = {row[0]: Move(*row) for row in _ROWS}
# What the chain of places calls each.
ENTRY_LABELS = {f"site_{name}": move.label for name, move in MOVES.items()}
BUTTONS = ("solve", "edit", "reopen", "void")
# A solved site takes a late case without being opened again.
STAYS = frozenset({"link"})
FIELD_LABELS = {
    "name": N_("点位名称"),
    "boundary": N_("范围"),
    "since": N_("自何时起"),
    "note": N_("说明"),
    "became": N_("变成了什么"),
    "outcome": N_("成果类型"),
}
MOST_CORNERS = 500
LEAST_M2, MOST_M2 = 1.0, 20_000_000.0  # a drain cover; a whole township


class SiteRefused(Refusal):
    """The move is not allowed. The message is fit to show to the user."""


def may_make(move: Move, seats: Collection[Seat]) -> bool:
    """Tell whether a holder of `seats` over the site's unit may make `move`."""
    return any(seat.role in move.by and seat.level in TIERS for seat in seats)


def moves_open_to(*, state: State, seats: Collection[Seat]) -> list[Move]:
    """Return the moves with a button that a holder of `seats` may make, in table order."""
    named = (MOVES[name] for name in BUTTONS)
    return [move for move in named if state in move.sources and may_make(move, seats)]


def check(
    move: Move, *, state: State | None, seats: Collection[Seat], given: Collection[str]
) -> None:
    """Test that `move` may be made now by a holder of `seats`, with what is `given`.

    state : None before the site is registered

    :raises SiteRefused: wrong state, missing role, or something missing.
    """
    if state is not None and state not in move.sources:
        raise SiteRefused(
            N_("这个点位“{state}”，不能{move}"), state=STATE_LABELS[state], move=move.label
        )
    if not may_make(move, seats):
        raise SiteRefused(N_("您的岗位没有{move}的权限"), move=move.label)
    if missing := [name for name in move.needs if name not in given]:
        raise SiteRefused(
            N_("{move}还缺少：{missing}"),
            move=move.label,
            missing="、".join(FIELD_LABELS[name] for name in missing),
        )


def target_of(move: Move, state: State | None) -> State:
    """Return the state after `move`: a solved site that gets a late case stays solved."""
    return state if state is not None and move.name in STAYS else move.target


def age_days(since: date, on: date) -> int:
    """Return how many days a problem that began on one day is old on another; 0 before it."""
    return max((on - since).days, 0)


def check_since(since: date, *, today: date) -> None:
    """Test that a problem does not begin in the future.

    :raises SiteRefused: if it does.
    """
    if since > today:
        raise SiteRefused(N_("“自何时起”不能晚于今天"))


def check_corners(corners: Sequence[tuple[float, float]]) -> None:
    """Test that corners (lon, lat, WGS 84) can bound a site: at least three, on the globe.

    :raises SiteRefused: saying what is wrong.
    """
    if len(set(corners)) < 3:
        raise SiteRefused(N_("范围至少要有三个角"))
    if len(corners) > MOST_CORNERS:
        raise SiteRefused(N_("范围最多 {most} 个角，请简化后再存"), most=MOST_CORNERS)
    if not all(-180 <= lon <= 180 and -85 <= lat <= 85 for lon, lat in corners):
        raise SiteRefused(N_("坐标应为经度、纬度（WGS 84），经度在前"))


def check_shape(*, is_simple: bool, area_m2: float) -> None:
    """Test that a boundary does not cross itself and bounds a reasonable ground.

    :raises SiteRefused: saying what is wrong.
    """
    if not is_simple:
        raise SiteRefused(N_("范围的边线自己交叉了，请调整各个角的顺序"))
    if not LEAST_M2 <= area_m2 <= MOST_M2:
        raise SiteRefused(N_("面积 {area} 平方米不合理，请检查各个角"), area=f"{area_m2:,.1f}")
