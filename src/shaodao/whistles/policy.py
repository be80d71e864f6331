"""The rules of 吹哨报到 (a street whistles, departments report): two tables and pure functions.

A whistle lives by `MOVES`, the summons of each unit it calls by `SUMMONS_MOVES`. From the moment it
is blown a whistle's stage is not set by anybody: it follows from its summonses (`stage_of`), and so
does the case (`CASE_OF`). Buttons, refusals, tests and docs/mechanisms/whistle.md are read from here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from shaodao.cases.policy import Status
from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Level, Role


class Kind(StrEnum):
    """Why somebody whistles (三种哨)."""

    ROUTINE = "ROUTINE"
    HARD = "HARD"
    EMERGENCY = "EMERGENCY"


class Origin(StrEnum):
    """Who whistles; which of them may is configured for each area."""

    STREET = "STREET"
    COMMUNITY = "COMMUNITY"
    GRID = "GRID"
    RESIDENT = "RESIDENT"


class Stage(StrEnum):
    DRAFT = "DRAFT"
    REVIEW = "REVIEW"
    BLOWN = "BLOWN"
    CONFERRING = "CONFERRING"
    HANDLING = "HANDLING"
    AWAITING = "AWAITING"
    CLOSED = "CLOSED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


class State(StrEnum):
    """Where the summons of one unit stands."""

    SENT = "SENT"
    SIGNED = "SIGNED"
    REFUSED = "REFUSED"
    REPORTED = "REPORTED"
    HANDLING = "HANDLING"
    SHELVED = "SHELVED"
    HANDED_IN = "HANDED_IN"
    ACCEPTED = "ACCEPTED"
    RELEASED = "RELEASED"
    ABSENT = "ABSENT"


class Step(StrEnum):
    """What a clock of a whistle measures."""

    REVIEW = "REVIEW"
    CONFIRM = "CONFIRM"
    SIGN = "SIGN"
    REPORT_IN = "REPORT_IN"
    ARBITRATE = "ARBITRATE"
    CONFER = "CONFER"
    HANDLE = "HANDLE"
    RECHECK = "RECHECK"
    ACCEPT = "ACCEPT"


class Aspect(StrEnum):
    """What a whistler scores of each unit."""

    TIMELINESS = "TIMELINESS"
    QUALITY = "QUALITY"
    ATTITUDE = "ATTITUDE"


class Presence(StrEnum):
    """How it is known that somebody was there."""

    POSITION = "POSITION"
    CODE = "CODE"
    VOUCHED = "VOUCHED"


KIND_LABELS = {Kind.ROUTINE: N_("日常哨"), Kind.HARD: N_("攻坚哨"), Kind.EMERGENCY: N_("应急哨")}
KIND_MEANT = {
    Kind.ROUTINE: N_("需要几家单位一起来的日常事、综合执法"),
    Kind.HARD: N_("群众反映突出、街道一家解决不了的老大难"),
    Kind.EMERGENCY: N_("爆管、塌陷、断电等，先发哨再补办审核"),
}
ORIGIN_LABELS = {
    Origin.STREET: N_("街道乡镇吹哨"),
    Origin.COMMUNITY: N_("社区村吹哨"),
    Origin.GRID: N_("网格吹哨"),
    Origin.RESIDENT: N_("群众吹哨"),
}
# The tier whose unit stands behind a whistle. Residents whistle, their village sees it through.
ORIGIN_LEVEL = {
    Origin.STREET: Level.TOWNSHIP,
    Origin.COMMUNITY: Level.COMMUNITY,
    Origin.GRID: Level.GRID,
    Origin.RESIDENT: Level.COMMUNITY,
}
STAGE_LABELS = {
    Stage.DRAFT: N_("拟哨"),
    Stage.REVIEW: N_("待审核"),
    Stage.BLOWN: N_("已发哨"),
    Stage.CONFERRING: N_("待会商"),
    Stage.HANDLING: N_("处置中"),
    Stage.AWAITING: N_("待验收"),
    Stage.CLOSED: N_("已销哨"),
    Stage.DECLINED: N_("未发哨"),
    Stage.WITHDRAWN: N_("已撤哨"),
}
# The line a whistle's page shows.
LINE = (
    Stage.DRAFT, Stage.REVIEW, Stage.BLOWN, Stage.CONFERRING, Stage.HANDLING, Stage.AWAITING,
    Stage.CLOSED,
)  # fmt: skip
STATE_LABELS = {
    State.SENT: N_("待签收"),
    State.SIGNED: N_("已签收"),
    State.REFUSED: N_("拒签待裁"),
    State.REPORTED: N_("已报到"),
    State.HANDLING: N_("处置中"),
    State.SHELVED: N_("挂账"),
    State.HANDED_IN: N_("已交结果"),
    State.ACCEPTED: N_("已验收"),
    State.RELEASED: N_("已解除"),
    State.ABSENT: N_("缺席"),
}
STEP_LABELS = {
    Step.REVIEW: N_("审核"),
    Step.CONFIRM: N_("补办审核"),
    Step.SIGN: N_("签收"),
    Step.REPORT_IN: N_("报到"),
    Step.ARBITRATE: N_("裁定"),
    Step.CONFER: N_("会商"),
    Step.HANDLE: N_("处置"),
    Step.RECHECK: N_("挂账复核"),
    Step.ACCEPT: N_("验收"),
}
ASPECT_LABELS = {
    Aspect.TIMELINESS: N_("及时"),
    Aspect.QUALITY: N_("质量"),
    Aspect.ATTITUDE: N_("态度"),
}
PRESENCE_LABELS = {
    Presence.POSITION: N_("手机定位"),
    Presence.CODE: N_("扫现场码"),
    Presence.VOUCHED: N_("吹哨方证明"),
}

TIER_LABELS = {
    Level.PREFECTURE: N_("市级"),
    Level.COUNTY: N_("区县"),
    Level.TOWNSHIP: N_("街道乡镇"),
    Level.COMMUNITY: N_("社区村"),
    Level.GRID: N_("网格"),
}

G, S, R = Stage, State, Role
LIVE = frozenset({G.BLOWN, G.CONFERRING, G.HANDLING, G.AWAITING})
ENDED = frozenset({G.CLOSED, G.DECLINED, G.WITHDRAWN})
OUT = frozenset({S.RELEASED, S.ABSENT})  # no longer expected
OVER = OUT | {S.ACCEPTED}
ABSENT_YET = frozenset({S.SENT, S.SIGNED, S.REFUSED})  # not there so far
SILENT_AT = frozenset({Step.SIGN, Step.REPORT_IN})  # a limit past which silence passes up by itself

# What each stage and each state has running; a paused clock is kept and gets its time back.
STAGE_CLOCKS: dict[Stage, tuple[Step, ...]] = {
    G.REVIEW: (Step.REVIEW,),
    G.CONFERRING: (Step.CONFER,),
    G.AWAITING: (Step.ACCEPT,),
}
STATE_CLOCKS: dict[State, tuple[Step, ...]] = {
    S.SENT: (Step.SIGN, Step.REPORT_IN),
    S.SIGNED: (Step.REPORT_IN,),
    S.REFUSED: (Step.ARBITRATE,),
    S.HANDLING: (Step.HANDLE,),
    S.SHELVED: (Step.RECHECK,),
}
PAUSED: dict[State, tuple[Step, ...]] = {S.SHELVED: (Step.HANDLE,)}
# Where the lead's summons brings the case.
CASE_OF: dict[State, Status] = {
    S.SENT: Status.DISPATCHED,
    S.REFUSED: Status.DISPATCHED,
    S.SIGNED: Status.HANDLING,
    S.REPORTED: Status.HANDLING,
    S.HANDLING: Status.HANDLING,
    S.SHELVED: Status.SHELVED,
    S.HANDED_IN: Status.HANDLED,
    S.ACCEPTED: Status.CLOSED,
}
# A case somebody may whistle on: filed or on its way, and not yet handled.
WHISTLED_ON = frozenset(
    {Status.RECEIVED, Status.FILED, Status.DISPATCHED, Status.HANDLING, Status.SHELVED}
)


class Over(StrEnum):
    """Over which unit of a whistle a post counts; it must be held in that very unit."""

    WHISTLER = "WHISTLER"
    REVIEWER = "REVIEWER"  # the street or township of the whistler
    ARBITER = "ARBITER"  # 区级指定: above the whistler and the unit summoned
    SUMMONED = "SUMMONED"
    SYSTEM = "SYSTEM"


OVER_LABELS = {
    Over.WHISTLER: N_("吹哨单位"),
    Over.REVIEWER: N_("所属街道乡镇"),
    Over.ARBITER: N_("共同上级"),
    Over.SUMMONED: N_("报到单位"),
    Over.SYSTEM: N_("系统"),
}
Seats = Mapping[Over, Collection[Role]]
SYSTEM: Seats = {Over.SYSTEM: frozenset({R.SYSTEM})}


class By(NamedTuple):
    """Who makes a move: roles held in a unit of the whistle."""

    over: Over
    roles: frozenset[Role]


@dataclass(frozen=True)
class Move:
    """A move of a whistle (sources are stages) or of a summons (sources are states)."""

    name: str
    label: str
    sources: frozenset[str]
    target: str | None  # None: it stays, or follows
    by: tuple[By, ...]
    needs: tuple[str, ...] = ()


_WHISTLE_ROLES = frozenset({R.INTAKE, R.DISPATCHER, R.DUTY_CHIEF, R.LEADER, R.GRID_WORKER})
_DRAFT = (By(Over.WHISTLER, _WHISTLE_ROLES),)
_DRAFT_OR_SYSTEM = (*_DRAFT, By(Over.SYSTEM, frozenset({R.SYSTEM})))
_REVIEW = (By(Over.REVIEWER, frozenset({R.DUTY_CHIEF, R.LEADER})),)
_ACCEPT = (By(Over.WHISTLER, _WHISTLE_ROLES | {R.VERIFIER}),)
_ARBITRATE = (By(Over.ARBITER, frozenset({R.DISPATCHER, R.DUTY_CHIEF, R.LEADER})),)
_SUPERIOR = (By(Over.ARBITER, frozenset({R.DUTY_CHIEF, R.LEADER})),)
_SUMMONED = (
    By(
        Over.SUMMONED,
        frozenset({R.HANDLER, R.GRID_WORKER, R.DISPATCHER, R.DUTY_CHIEF, R.LEADER}),
    ),
)
_SYSTEM = (By(Over.SYSTEM, frozenset({R.SYSTEM})),)
_AT_WORK = frozenset({G.BLOWN, G.CONFERRING, G.HANDLING})
_EXPECTED = frozenset({S.SENT, S.SIGNED, S.REPORTED, S.HANDLING, S.SHELVED})

# fmt: off
_ROWS: tuple[tuple[str, str, frozenset[str], str | None, tuple[By, ...], tuple[str, ...]], ...] = (
    # name         label             from                    to            by                needs
    ("submit",    N_("提交审核"),   frozenset({G.DRAFT}),    G.REVIEW,     _DRAFT,           ()),
    ("blow_now",  N_("立即发哨"),   frozenset({G.DRAFT}),    G.BLOWN,      _DRAFT_OR_SYSTEM, ()),
    ("blow",      N_("审核发哨"),   frozenset({G.REVIEW}),   G.BLOWN,      _REVIEW,          ()),
    ("send_back", N_("退回修改"),   frozenset({G.REVIEW}),   G.DRAFT,      _REVIEW,          ("note",)),
    ("decline",   N_("不予发哨"),   frozenset({G.REVIEW}),   G.DECLINED,   _REVIEW,          ("note",)),
    ("confirm",   N_("补办审核"),   LIVE,                    None,         _REVIEW,          ()),
    ("confer",    N_("会商定责"),   frozenset({G.CONFERRING, G.HANDLING}), None, _DRAFT,     ("measures", "due_on")),
    ("add_unit",  N_("加派单位"),   _AT_WORK,                None,         _DRAFT,           ("unit", "note")),
    ("name_lead", N_("改定主办"),   _AT_WORK,                None,         _DRAFT,           ("lead", "note")),
    ("close",     N_("验收销哨"),   frozenset({G.AWAITING}), None,         _ACCEPT,          ("scores", "note")),
    ("withdraw",  N_("撤回拟哨"),   frozenset({G.DRAFT, G.REVIEW}), G.WITHDRAWN, _DRAFT,     ()),
    ("call_off",  N_("撤哨"),       _AT_WORK,                G.WITHDRAWN,  _REVIEW,          ("note",)),
)
_SUMMONS_ROWS: tuple[tuple[str, str, frozenset[str], str | None, tuple[By, ...], tuple[str, ...]], ...] = (
    ("sign",        N_("签收"),           frozenset({S.SENT}),           S.SIGNED,    _SUMMONED,  ()),
    ("report_in",   N_("报到"),           frozenset({S.SENT, S.SIGNED}), S.REPORTED,  _SUMMONED,  ("photo",)),
    ("refuse",      N_("拒签"),           frozenset({S.SENT}),           S.REFUSED,   _SUMMONED,  ("note",)),
    ("overrule",    N_("裁定必须报到"),   frozenset({S.REFUSED}),        S.SIGNED,    _ARBITRATE, ("note",)),
    ("uphold",      N_("裁定不用报到"),   frozenset({S.REFUSED}),        S.RELEASED,  _ARBITRATE, ("note",)),
    ("vouch",       N_("证明到场"),       frozenset({S.SENT, S.SIGNED}), S.REPORTED,  _DRAFT,     ("note",)),
    ("begin",       N_("着手处置"),       frozenset({S.REPORTED}),       S.HANDLING,  _SYSTEM,    ()),
    ("hand_in",     N_("交办结果"),       frozenset({S.HANDLING}),       S.HANDED_IN, _SUMMONED,  ("note",)),
    ("rework",      N_("返工"),           frozenset({S.HANDED_IN}),      S.HANDLING,  _ACCEPT,    ("note",)),
    ("accept",      N_("验收"),           frozenset({S.HANDED_IN}),      S.ACCEPTED,  _ACCEPT,    ("scores",)),
    ("supervise",   N_("督办"),           _EXPECTED,                     None,        _DRAFT,     ("note",)),
    ("pass_up",     N_("升级"),           frozenset({S.SENT, S.SIGNED}), None,        (*_DRAFT, *_SYSTEM), ("note",)),
    ("reassign",    N_("改派"),           _EXPECTED,                     S.RELEASED,  _DRAFT,     ("unit", "note")),
    ("stand_down",  N_("解除报到"),       _EXPECTED,                     S.RELEASED,  (*_DRAFT, *_SYSTEM), ("note",)),
    ("mark_absent", N_("记为缺席"),       frozenset({S.SENT, S.SIGNED}), S.ABSENT,    _DRAFT,     ("note",)),
    ("shelve",      N_("挂账"),           frozenset({S.HANDLING}),       S.SHELVED,   _SUPERIOR,  ("note", "review_on")),
    ("resume",      N_("恢复处置"),       frozenset({S.SHELVED}),        S.HANDLING,  (*_SUPERIOR, *_DRAFT, *_SUMMONED), ()),
)
# fmt: on
MOVES: dict[str, Move] = {row[0]: Move(*row) for row in _ROWS}
SUMMONS_MOVES: dict[str, Move] = {row[0]: Move(*row) for row in _SUMMONS_ROWS}
# What the lead brings when it hands in for all: the case's own move of handling.
LEAD_HANDS_IN = ("reply", "solved_by", "outcome", "quantity")
# Nobody passes judgement on their own unit's work.
NOT_BY_SUMMONED = frozenset({"close", "accept", "rework", "vouch", "mark_absent"})
# The lead can only leave for another one.
NOT_OF_LEAD = frozenset({"stand_down", "mark_absent"})
# Not offered as a button: made by another move or by the system.
MADE_BY_OTHERS = frozenset({"accept", "begin"})
EVIDENCE_LABELS = {
    "note": N_("说明"),
    "unit": N_("单位"),
    "lead": N_("主办单位"),
    "measures": N_("会商措施"),
    "due_on": N_("处置期限"),
    "review_on": N_("复核日期"),
    "scores": N_("评分"),
    "photo": N_("现场照片"),
    "reply": N_("公开答复"),
    "solved_by": N_("由谁解决"),
    "outcome": N_("处置成果"),
    "quantity": N_("数量"),
}


class WhistleRefused(Refusal):
    """It is not allowed. The message is fit to show to the user."""


# ---- who may whistle, on what, and whom ------------------------------------------------------


def check_area(*, whistler_path: str, area_path: str) -> None:
    """Test that a matter lies in the whistler's own area: beyond it nobody coordinates (Z17).

    :raises WhistleRefused: if it lies elsewhere.
    """
    if not area_path.startswith(whistler_path):
        raise WhistleRefused(N_("只能就本辖区的事吹哨、协调和督办"))


def check_origin(origin: Origin, *, level: Level, is_enabled: bool) -> None:
    """Test that a unit of this tier may whistle here.

    :raises WhistleRefused: if the tier is wrong or the area has not enabled it.
    """
    if ORIGIN_LEVEL[origin] != level or not is_enabled:
        raise WhistleRefused(N_("本地没有开通{origin}"), origin=ORIGIN_LABELS[origin])


def check_summoned(
    units: Sequence[int], *, lead: int | None, whistler: int, known: Collection[int] = ()
) -> None:
    """Test whom a whistle calls: somebody, nobody twice, not the whistler, one lead among them.

    known : units called already

    :raises WhistleRefused: naming what is wrong.
    """
    if not units:
        raise WhistleRefused(N_("请至少选一个报到单位"))
    if whistler in units:
        raise WhistleRefused(N_("吹哨单位不用给自己发哨"))
    if len(set(units)) != len(units) or set(units) & set(known):
        raise WhistleRefused(N_("同一个单位不能重复通知"))
    if lead not in units:
        raise WhistleRefused(N_("请在报到单位里定一个主办"))


def arbiters(whistler: Sequence[int], summoned: Sequence[int]) -> list[int]:
    """Return the units that may arbitrate, first the lowest above both, then down the whistler's.

    whistler, summoned : ids from the root down to the unit itself

    Where nobody holds a post in the first (a prefecture may not work here), the next one decides.
    """
    above = list(whistler[:-1])
    common = [pk for pk in above if pk in summoned]
    return [*common[-1:], *(pk for pk in above if pk not in common)]


def confers(kind: Kind, n_expected: int) -> bool:
    """Tell whether a conference comes before work: not in an emergency, not with one unit."""
    return kind != Kind.EMERGENCY and n_expected > 1


def needs_review(kind: Kind, origin: Origin) -> bool:
    """Tell whether somebody must approve before it is blown (应急哨 afterwards, residents never)."""
    return kind != Kind.EMERGENCY and origin != Origin.RESIDENT


# ---- what follows from what ------------------------------------------------------------------


class One(NamedTuple):
    """A summons as the rules look at it."""

    state: State
    is_lead: bool


def stage_of(summonses: Iterable[One]) -> Stage:
    """Return the stage of a blown whistle: what its lead and its helpers have come to."""
    ones = list(summonses)
    expected = [one for one in ones if one.state not in OUT]
    lead = next((one.state for one in expected if one.is_lead), None)
    if not expected:
        return G.WITHDRAWN
    if lead is None or lead in ABSENT_YET:
        return G.BLOWN
    if lead == S.REPORTED:
        return G.CONFERRING
    states = {one.state for one in expected}
    if states <= {S.ACCEPTED}:
        return G.CLOSED
    return G.AWAITING if states <= {S.HANDED_IN, S.ACCEPTED} else G.HANDLING


def after(
    name: str, place: int | None, ones: Sequence[One], *, begins: bool, is_replaced: bool = False
) -> list[One]:
    """Return the summonses as they stand after a move, new ones at the end.

    place       : which summons the move is of, or which becomes lead; None for all
    begins      : whoever reports sets to work at once: conferred already, or no conference
    is_replaced : another unit takes the place of the one that goes
    """
    found = list(ones)
    if name == "add_unit":
        return [*found, One(S.SENT, is_lead=False)]
    if name in _FOR_ALL:
        of, to = _FOR_ALL[name]
        return [_at(one, to) if one.state in of else one for one in found]
    if place is None:
        return found
    mine = found[place]
    if name == "name_lead":
        state = S.HANDLING if mine.state == S.HANDED_IN else mine.state
        found = [one._replace(is_lead=False) for one in found]
        found[place] = One(state, is_lead=True)
        return found
    target = SUMMONS_MOVES[name].target
    found[place] = _at(mine, State(target)) if target else mine
    if name in {"report_in", "vouch"} and begins:
        found[place] = _at(mine, S.HANDLING)
    if name == "rework":  # the lead answers for all, and hands in again at the end
        found = [_at(o, S.HANDLING) if o.is_lead and o.state == S.HANDED_IN else o for o in found]
    if is_replaced:
        found.append(One(S.SENT, mine.is_lead))
        found[place] = found[place]._replace(is_lead=False)
    return found


# Moves of the whistle that move every summons in certain states.
_FOR_ALL: dict[str, tuple[frozenset[State], State]] = {
    "confer": (frozenset({S.REPORTED}), S.HANDLING),
    "close": (frozenset({S.HANDED_IN}), S.ACCEPTED),
    "call_off": (frozenset(State) - OVER, S.RELEASED),
}


def _at(one: One, state: State) -> One:
    return one._replace(state=state)


# ---- checks ----------------------------------------------------------------------------------


def may_make(move: Move, seats: Seats) -> bool:
    """Tell whether a holder of `seats` has the role a move is given to."""
    return any(set(seats.get(by.over, ())) & by.roles for by in move.by)


def check(
    move: Move,
    *,
    stage: Stage,
    seats: Seats,
    given: Collection[str],
    kind: Kind,
    origin: Origin = Origin.STREET,
    is_confirmed: bool = True,
    is_own: bool = False,
    is_summoned: bool = False,
) -> None:
    """Test that a move of a whistle may be made now.

    is_confirmed : an emergency's review was made up for, or none was needed
    is_own       : whether the person drafted this very whistle
    is_summoned  : whether the person works in a unit that is summoned

    :raises WhistleRefused: wrong stage, missing role, own work, or missing evidence.
    """
    if stage not in move.sources:
        raise WhistleRefused(
            N_("当前是“{stage}”，不能{move}"), stage=STAGE_LABELS[stage], move=move.label
        )
    _check_maker(move, seats, is_summoned=is_summoned)
    if move.name == "blow_now" and needs_review(kind, origin):
        raise WhistleRefused(N_("只有应急哨可以先发哨，其他的请提交审核"))
    if move.name in {"blow", "confirm"} and is_own:
        raise WhistleRefused(N_("不能审核自己拟的哨"))
    if move.name == "confirm" and is_confirmed:
        raise WhistleRefused(N_("这一哨不用补办审核"))
    if move.name == "close" and not is_confirmed:
        raise WhistleRefused(N_("应急哨还没有补办审核，不能销哨"))
    _check_given(move, given, move.needs)


def check_summons(
    move: Move,
    place: int,
    ones: Sequence[One],
    *,
    stage: Stage,
    seats: Seats,
    given: Collection[str],
    is_late: bool = False,
    is_named: bool = True,
    is_summoned: bool = False,
) -> None:
    """Test that a move of the summons at `place` may be made now.

    is_late     : whether its time to report in has run out
    is_named    : whether the person is the one named, or nobody is
    is_summoned : whether the person works in a unit that is summoned

    :raises WhistleRefused: wrong state, missing role, own work, or missing evidence.
    """
    mine = ones[place]
    if stage not in LIVE or mine.state not in move.sources:
        label = STATE_LABELS[mine.state] if stage in LIVE else STAGE_LABELS[stage]
        raise WhistleRefused(N_("当前是“{stage}”，不能{move}"), stage=label, move=move.label)
    only_summoned = all(by.over == Over.SUMMONED for by in move.by)
    _check_maker(move, seats, is_summoned=is_summoned)
    if only_summoned and not is_named:
        raise WhistleRefused(N_("这一哨点名叫的是另一位，请由本人{move}"), move=move.label)
    if mine.is_lead and move.name in NOT_OF_LEAD:
        raise WhistleRefused(N_("主办单位不能直接{move}，请先改定主办或改派"), move=move.label)
    if move.name == "mark_absent" and not is_late:
        raise WhistleRefused(N_("报到时限还没有过，不能记为缺席"))
    if move.name == "hand_in" and mine.is_lead:
        left = [o for n, o in enumerate(ones) if n != place and o.state not in OUT]
        if n_open := sum(one.state != S.HANDED_IN for one in left):
            raise WhistleRefused(N_("还有 {n} 家协办单位没有交结果，主办最后汇总交办"), n=n_open)
    _check_given(move, given, needs_of(move, is_lead=mine.is_lead))


def needs_of(move: Move, *, is_lead: bool) -> tuple[str, ...]:
    """Return what a move of a summons needs of a lead or a helper."""
    if move.name == "hand_in" and is_lead:
        return (*move.needs, *LEAD_HANDS_IN)
    if move.name == "uphold" and is_lead:
        return (*move.needs, "unit")  # a case without a lead would stand still
    return move.needs


def may_lead(state: State) -> bool:
    """Tell whether a unit in this state can be made the lead."""
    return state in {S.SENT, S.SIGNED, S.REPORTED, S.HANDLING, S.HANDED_IN}


def _check_maker(move: Move, seats: Seats, *, is_summoned: bool) -> None:
    if not may_make(move, seats):
        raise WhistleRefused(N_("您的岗位没有{move}的权限"), move=move.label)
    if is_summoned and move.name in NOT_BY_SUMMONED:
        raise WhistleRefused(N_("报到单位不能给自己的事{move}"), move=move.label)


def _check_given(move: Move, given: Collection[str], needs: Sequence[str]) -> None:
    if missing := [name for name in needs if name not in given]:
        raise WhistleRefused(
            N_("{move}还缺少：{missing}"),
            move=move.label,
            missing="、".join(EVIDENCE_LABELS[name] for name in missing),
        )


def check_presence(*, distance_m: float | None, has_code: bool, most_m: int) -> Presence:
    """Return how somebody is known to be there.

    distance_m : from the matter's place by the phone's position; None without one
    has_code   : whether they scanned the code at the place
    most_m     : how far off still counts as there

    :raises WhistleRefused: if neither shows it.
    """
    if has_code:
        return Presence.CODE
    if distance_m is None:
        raise WhistleRefused(N_("请带上手机定位，或者扫现场的报到码"))
    if distance_m > most_m:
        raise WhistleRefused(
            N_("您离现场 {distance} 米，超过 {most} 米，不能报到；到了现场再报，或者扫现场的报到码"),
            distance=round(distance_m),
            most=most_m,
        )  # fmt: skip
    return Presence.POSITION


# ---- scores and the band ---------------------------------------------------------------------

LOWEST, HIGHEST = 1, 5


def check_scores(scores: Mapping[Aspect, int]) -> None:
    """Test that every aspect has a score of 1 to 5.

    :raises WhistleRefused: if one has not.
    """
    if any(not LOWEST <= scores.get(aspect, 0) <= HIGHEST for aspect in Aspect):
        raise WhistleRefused(N_("及时、质量、态度都要打 1 到 5 分"))


def score_of(scores: Mapping[Aspect, int], weights: Mapping[Aspect, int]) -> float:
    """Return the weighted score of one unit, 1 to 5, with two decimals."""
    total = sum(weights.values())
    if not total:
        raise ValueError("the weights of a score are all zero")
    return round(sum(scores[a] * weights[a] for a in Aspect) / total, 2)


class Band(StrEnum):
    """Where a whistle rate lies: neither much nor little is better."""

    UNUSED = "UNUSED"  # fewer than the band: the mechanism lies idle
    WITHIN = "WITHIN"
    OVERUSED = "OVERUSED"  # more: the daily work is not done otherwise
    UNKNOWN = "UNKNOWN"


BAND_LABELS = {
    Band.UNUSED: N_("低于区间：机制可能没用起来"),
    Band.WITHIN: N_("在区间内"),
    Band.OVERUSED: N_("高于区间：日常处置可能没做好"),
    Band.UNKNOWN: N_("案件太少，不作判断"),
}


def rate_of(n_whistles: int, n_cases: int) -> float | None:
    """Return whistles per thousand cases; None without cases."""
    return 1000 * n_whistles / n_cases if n_cases else None


def band_of(n_whistles: int, n_cases: int, *, low: int, high: int, least: int) -> Band:
    """Return where a rate lies.

    low, high : whistles per thousand cases between which all is well, both included
    least     : fewer cases than this say nothing
    """
    rate = rate_of(n_whistles, n_cases)
    if rate is None or n_cases < least:
        return Band.UNKNOWN
    if rate < low:
        return Band.UNUSED
    return Band.OVERUSED if rate > high else Band.WITHIN


# ---- configured rows -------------------------------------------------------------------------


class LimitRow(NamedTuple):
    """One row of the limits of whistles."""

    pk: int
    kind: str
    step: str
    unit_id: int | None  # the area it is for; None: everywhere
    amount: int
    time_unit: str
    valid_from: date
    valid_to: date | None


def pick_limit(
    rows: Iterable[LimitRow], *, kind: str, step: str, unit_ids: Sequence[int], on: date
) -> LimitRow | None:
    """Return the row in force for a kind of whistle and a step, the nearest area's first."""
    fitting = [
        row
        for row in rows
        if (row.kind, row.step) == (kind, step)
        and row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
        and (row.unit_id is None or row.unit_id in unit_ids)
    ]

    def rank(row: LimitRow) -> tuple[int, date]:
        return (unit_ids.index(row.unit_id) + 1 if row.unit_id else 0, row.valid_from)

    return max(fitting, key=rank, default=None)


class ResponderRow(NamedTuple):
    """Which post of a grid answers for a class of matters (六员)."""

    pk: int
    category: str | None  # None: any
    unit_id: int | None
    title: str  # of the post
    valid_from: date
    valid_to: date | None


def pick_responder(
    rows: Iterable[ResponderRow], *, categories: Sequence[str], unit_ids: Sequence[int], on: date
) -> ResponderRow | None:
    """Return the row in force: the nearest class first, then the nearest area.

    categories : the case's category and its ancestors, nearest first
    """
    fitting = [
        row
        for row in rows
        if row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
        and (row.category is None or row.category in categories)
        and (row.unit_id is None or row.unit_id in unit_ids)
    ]

    def rank(row: ResponderRow) -> tuple[int, int, date]:
        near = len(categories) - categories.index(row.category) if row.category else 0
        return (near, unit_ids.index(row.unit_id) + 1 if row.unit_id else 0, row.valid_from)

    return max(fitting, key=rank, default=None)


# ---- who came --------------------------------------------------------------------------------


class Coming(StrEnum):
    """Whether a unit that was called is there, as a wall shows it."""

    EXPECTED = "EXPECTED"
    CAME = "CAME"
    LATE = "LATE"
    MISSING = "MISSING"
    REFUSED = "REFUSED"
    RELEASED = "RELEASED"


COMING_LABELS = {
    Coming.EXPECTED: N_("在路上，还没到时限"),
    Coming.CAME: N_("已到"),
    Coming.LATE: N_("迟到"),
    Coming.MISSING: N_("未到"),
    Coming.REFUSED: N_("拒签"),
    Coming.RELEASED: N_("不用到"),
}


def coming_of(state: State, *, is_there: bool, is_in_time: bool) -> Coming:
    """Return whether a unit came.

    is_there   : somebody of it reported in
    is_in_time : within the limit to report in; of one that has not come, the limit still runs
    """
    if state == S.RELEASED:
        return Coming.RELEASED
    if state == S.REFUSED:
        return Coming.REFUSED
    if is_there:
        return Coming.CAME if is_in_time else Coming.LATE
    return Coming.EXPECTED if is_in_time and state != S.ABSENT else Coming.MISSING
