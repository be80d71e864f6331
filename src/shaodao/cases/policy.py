"""The rules of case handling, as tables and pure functions. No database, no framework, no clock.

A case lives by *moves*. `MOVES` is its whole life: from where, to where, by whom, with what evidence
and with what effect on the clocks. The buttons, permissions, refusals, tests and the diagram in
docs/mechanisms/case.md are all read from it.

Terms follow GB/T 30428 (数字化城市管理): 采集 collect, 立案 file, 派遣 dispatch, 处置 handle, 反馈
report back, 核查结案 verify and close, 综合评价 evaluate (computed from the journal, so no move).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Level, Role, Seat


class Status(StrEnum):
    RECEIVED = "RECEIVED"
    CHECKING = "CHECKING"
    FILED = "FILED"
    DISPATCHED = "DISPATCHED"
    HANDLING = "HANDLING"
    SHELVED = "SHELVED"
    HANDLED = "HANDLED"
    VERIFIED = "VERIFIED"
    CLOSED = "CLOSED"
    DECLINED = "DECLINED"
    VOIDED = "VOIDED"
    MERGED = "MERGED"
    WITHDRAWN = "WITHDRAWN"


class Step(StrEnum):
    """What a clock measures."""

    FILE = "FILE"
    CHECK = "CHECK"
    DISPATCH = "DISPATCH"
    ACCEPT = "ACCEPT"
    ARRIVE = "ARRIVE"
    HANDLE = "HANDLE"
    REVIEW = "REVIEW"
    VERIFY = "VERIFY"
    CLOSE = "CLOSE"
    APPROVE = "APPROVE"
    RUNG = "RUNG"  # the whole time one level has, from the case's arrival at its desk on


class Holder(StrEnum):
    """Who must act next in a status."""

    DESK = "DESK"  # the unit that files and dispatches
    LEAD = "LEAD"  # 主办
    CHECKER = "CHECKER"  # whoever was sent to look


class RemarkKind(StrEnum):
    """Whose words a remark is, and so who reads it."""

    INTERNAL = "INTERNAL"  # 内部备注: staff
    REPLY = "REPLY"  # 公开答复: every reporter
    REPORTER = "REPORTER"  # a reporter's: staff and that reporter


class Clock(StrEnum):
    """What a move does to the clocks beyond starting and stopping those of the two statuses."""

    KEEP = "KEEP"
    PAUSE = "PAUSE"  # the handling clock stands still and keeps what is left
    RESUME = "RESUME"
    RESTART = "RESTART"  # the clocks of the target status begin anew
    EXTEND = "EXTEND"  # the handling limit once more, from the present deadline
    ARRIVED = "ARRIVED"  # stops the arrival clock


@dataclass(frozen=True)
class Place:
    """Where a case stands in one status."""

    label: str
    stage: int  # of STAGES; 0 = left the line
    holder: Holder | None  # None: nobody waits, the case is at an end
    starts: tuple[Step, ...]  # clocks that start on entering
    keeps: tuple[Step, ...] = ()  # clocks that go on if they run


STAGES = (N_("采集"), N_("立案"), N_("派遣"), N_("处置"), N_("反馈"), N_("核查结案"), N_("评价"))

S, T, H, C, R, L = Status, Step, Holder, Clock, Role, Level
# fmt: off
PLACES: dict[Status, Place] = {
    S.RECEIVED:   Place(N_("待受理"),   1, H.DESK,    (T.FILE,)),
    S.CHECKING:   Place(N_("待核实"),   1, H.CHECKER, (T.CHECK,)),
    S.FILED:      Place(N_("待派遣"),   2, H.DESK,    (T.DISPATCH,)),
    S.DISPATCHED: Place(N_("待接单"),   3, H.LEAD,    (T.ACCEPT, T.ARRIVE, T.HANDLE)),
    S.HANDLING:   Place(N_("处置中"),   4, H.LEAD,    (T.HANDLE,), (T.ARRIVE,)),
    S.SHELVED:    Place(N_("挂账"),     4, H.DESK,    (T.REVIEW,), (T.HANDLE,)),
    S.HANDLED:    Place(N_("待核查"),   5, H.DESK,    (T.VERIFY,)),
    S.VERIFIED:   Place(N_("待结案"),   6, H.DESK,    (T.CLOSE,)),
    S.CLOSED:     Place(N_("已结案"),   7, None, ()),
    S.DECLINED:   Place(N_("不予立案"), 0, None, ()),
    S.VOIDED:     Place(N_("已作废"),   0, None, ()),
    S.MERGED:     Place(N_("已并案"),   0, None, ()),
    S.WITHDRAWN:  Place(N_("已撤回"),   0, None, ()),
}
# fmt: on
OPEN = frozenset(s for s, p in PLACES.items() if p.holder is not None)
ENDED = frozenset(Status) - OPEN

STEP_LABELS = {
    T.FILE: N_("受理立案"),
    T.CHECK: N_("现场核实"),
    T.DISPATCH: N_("派遣"),
    T.ACCEPT: N_("响应"),
    T.ARRIVE: N_("到场"),
    T.HANDLE: N_("处置"),
    T.REVIEW: N_("挂账复核"),
    T.VERIFY: N_("核查"),
    T.CLOSE: N_("结案"),
    T.APPROVE: N_("审批"),
    T.RUNG: N_("本级解决"),
}


class Over(StrEnum):
    """Over which unit of the case a seat counts."""

    DESK = "DESK"
    LEAD = "LEAD"
    CHECKER = "CHECKER"
    HELPER = "HELPER"
    SECTOR = "SECTOR"  # the offices of the lines of work the case is tagged with
    LINK = "LINK"  # whoever holds the tracking link
    SYSTEM = "SYSTEM"


Seats = Mapping[Over, Collection[Seat]]
_OVER = {
    R.HANDLER: Over.LEAD,
    R.GRID_WORKER: Over.LEAD,
    R.REPORTER: Over.LINK,
    R.SYSTEM: Over.SYSTEM,
}
# What stands in for posts where a resident or a sweep acts.
LINK_HOLDER: Seats = {Over.LINK: frozenset({Seat(R.REPORTER, L.HOME)})}
SYSTEM: Seats = {Over.SYSTEM: frozenset({Seat(R.SYSTEM, L.COUNTY)})}


@dataclass(frozen=True)
class By:
    """Who makes a move: a role over a unit of the case, at which tiers (None: wherever held).

    `askers` may apply for the move; a holder of `role` then grants or refuses it.
    """

    role: Role
    over: Over
    tiers: frozenset[Level] | None = None
    askers: tuple[Role, ...] = ()

    def covers(self, seats: Seats) -> bool:
        return any(
            s.role == self.role and (self.tiers is None or s.level in self.tiers)
            for s in seats.get(self.over, ())
        )


def by(role: Role, *tiers: Level, askers: tuple[Role, ...] = (), over: Over | None = None) -> By:
    """Return a line of the column "by whom"; the unit it counts over follows from the role."""
    return By(role, over or _OVER.get(role, Over.DESK), frozenset(tiers) or None, askers)


@dataclass(frozen=True)
class Move:
    name: str
    label: str
    sources: frozenset[Status]
    target: Status | None  # None: the case stays where it is
    by: tuple[By, ...]
    needs: tuple[str, ...]
    clock: Clock

    @property
    def askers(self) -> tuple[Role, ...]:
        return next((b.askers for b in self.by if b.askers), ())


_DESK = (by(R.INTAKE),)
_FILE = (by(R.INTAKE), by(R.SYSTEM))  # the system: direct routes
_DISPATCH = (by(R.DISPATCHER),)
_SEND = (by(R.DISPATCHER), by(R.SYSTEM))
_WORK = (by(R.HANDLER), by(R.GRID_WORKER))
_HELP = (by(R.HANDLER, over=Over.HELPER), by(R.GRID_WORKER, over=Over.HELPER))
_CHIEF_ASKED = (by(R.DUTY_CHIEF, askers=(R.HANDLER,)),)
_COUNTY_CHIEF_ASKED = (by(R.DUTY_CHIEF, L.COUNTY, askers=(R.HANDLER,)),)
_VOID = (by(R.DUTY_CHIEF, L.COUNTY, askers=(R.INTAKE,)),)
# The desk passes up what its level cannot solve; who works on it asks the desk to.
_PASS_UP = (by(R.DISPATCHER, L.COMMUNITY, L.TOWNSHIP, askers=(R.HANDLER, R.GRID_WORKER)),)
_URGENT = (by(R.DISPATCHER, L.COMMUNITY), by(R.GRID_WORKER))
_PASS_DOWN = (by(R.DISPATCHER, L.TOWNSHIP, L.COUNTY),)
_SYSTEM = (by(R.SYSTEM),)
_SECTORS = (by(R.INTAKE), by(R.DISPATCHER), by(R.DUTY_CHIEF))
_OFFICE = (by(R.HANDLER, over=Over.SECTOR),)
_STAFF = (
    *(by(r) for r in (R.INTAKE, R.DISPATCHER, R.DUTY_CHIEF, R.VERIFIER, R.HANDLER, R.GRID_WORKER)),
    *_HELP,
)
_BEFORE_WORK = frozenset({S.RECEIVED, S.CHECKING, S.FILED, S.DISPATCHED})
_IN_WORK = frozenset({S.DISPATCHED, S.HANDLING})
_ON_A_RUNG = frozenset({S.FILED, S.DISPATCHED, S.HANDLING})
_ALL = frozenset(Status)

# fmt: off
_ROWS: tuple[tuple[str, str, frozenset[Status], Status | None, tuple[By, ...], tuple[str, ...], Clock], ...] = (
    # name           label          from                          to            by           needs                                         clocks
    ("file",         N_("立案"),     frozenset({S.RECEIVED}),      S.FILED,      _FILE,       ("category",),                                C.KEEP),
    ("send_check",   N_("派核实"),   frozenset({S.RECEIVED}),      S.CHECKING,   _DESK,       ("grid_unit",),                               C.KEEP),
    ("report_check", N_("核实回报"), frozenset({S.CHECKING}),      S.RECEIVED,   (by(R.GRID_WORKER, over=Over.CHECKER),), ("note",),        C.KEEP),
    ("decline",      N_("不予立案"), frozenset({S.RECEIVED}),      S.DECLINED,   (by(R.INTAKE, L.COUNTY, L.TOWNSHIP),), ("reply",),         C.KEEP),
    ("dispatch",     N_("派遣"),     frozenset({S.FILED}),         S.DISPATCHED, _SEND,       ("unit",),                                    C.KEEP),
    ("escalate",     N_("上报"),     _ON_A_RUNG,                   S.FILED,      _PASS_UP,    ("ground", "note"),                           C.RESTART),
    ("escalate_urgent", N_("越级上报"), _ON_A_RUNG,                S.FILED,      _URGENT,     ("note",),                                    C.RESTART),
    ("climb",        N_("超时上报"), _ON_A_RUNG,                   S.FILED,      _SYSTEM,     (),                                           C.RESTART),
    ("climb_unfiled", N_("未立案超时上报"), frozenset({S.RECEIVED, S.CHECKING}), S.RECEIVED, _SYSTEM, (),                                    C.RESTART),
    ("hand_down",    N_("退回下级"), frozenset({S.FILED}),         S.FILED,      _PASS_DOWN,  ("note",),                                    C.RESTART),
    ("refuse_duty",  N_("职责外退回"), frozenset({S.DISPATCHED}),  S.FILED,      (by(R.HANDLER),), ("note",),                               C.KEEP),
    ("accept",       N_("接单"),     frozenset({S.DISPATCHED}),    S.HANDLING,   _WORK,       (),                                           C.KEEP),
    ("pass_back",    N_("拒单"),     frozenset({S.DISPATCHED}),    S.FILED,      (by(R.GRID_WORKER),), ("note",),                           C.KEEP),
    ("time_out",     N_("超时改派"), frozenset({S.DISPATCHED}),    S.FILED,      (by(R.SYSTEM),), (),                                       C.KEEP),
    ("arrive",       N_("到场"),     frozenset({S.HANDLING}),      None,         _WORK,       (),                                           C.ARRIVED),
    ("handle",       N_("处置反馈"), frozenset({S.HANDLING}),      S.HANDLED,    _WORK,       ("reply", "solved_by", "outcome", "quantity"), C.KEEP),
    ("return",       N_("退回"),     _IN_WORK,                     S.FILED,      _CHIEF_ASKED, ("note",),                                   C.KEEP),
    ("transfer",     N_("转派"),     _IN_WORK,                     S.DISPATCHED, _DISPATCH,   ("unit", "note"),                             C.RESTART),
    ("extend",       N_("延期"),     frozenset({S.HANDLING}),      None,         _CHIEF_ASKED, ("note",),                                   C.EXTEND),
    ("shelve",       N_("挂账"),     frozenset({S.HANDLING}),      S.SHELVED,    _COUNTY_CHIEF_ASKED, ("note", "review_on"),                C.PAUSE),
    ("keep_shelved", N_("续挂"),     frozenset({S.SHELVED}),       S.SHELVED,    (by(R.DUTY_CHIEF, L.COUNTY),), ("note", "review_on"),      C.RESTART),
    ("resume",       N_("恢复处置"), frozenset({S.SHELVED}),       S.HANDLING,   (by(R.DUTY_CHIEF), by(R.HANDLER)), (),                     C.RESUME),
    ("verify",       N_("核查通过"), frozenset({S.HANDLED}),       S.VERIFIED,   (by(R.VERIFIER),), ("note",),                              C.KEEP),
    ("rework",       N_("返工"),     frozenset({S.HANDLED, S.VERIFIED}), S.HANDLING, (by(R.VERIFIER), by(R.DUTY_CHIEF)), ("note",),       C.RESTART),
    ("close",        N_("结案"),     frozenset({S.VERIFIED}),      S.CLOSED,     (by(R.DUTY_CHIEF), by(R.INTAKE)), (),                      C.KEEP),
    ("void",         N_("作废"),     _BEFORE_WORK | {S.HANDLING, S.SHELVED}, S.VOIDED, _VOID, ("note",),                                   C.KEEP),
    ("merge",        N_("并案"),     _BEFORE_WORK | {S.HANDLING},  S.MERGED,     (by(R.INTAKE), by(R.DISPATCHER)), ("primary",),            C.KEEP),
    ("separate",     N_("拆分"),     frozenset({S.MERGED}),        S.FILED,      (by(R.INTAKE), by(R.DISPATCHER)), ("note",),               C.KEEP),
    ("withdraw",     N_("撤回"),     _BEFORE_WORK,                 S.WITHDRAWN,  (by(R.REPORTER),), (),                                     C.KEEP),
    ("reopen",       N_("重开"),     frozenset({S.CLOSED, S.DECLINED}), S.FILED, (by(R.REPORTER), by(R.DUTY_CHIEF)), ("note",),             C.KEEP),
    ("confirm",      N_("认可结案"), frozenset({S.CLOSED}),        None,         (by(R.REPORTER),), (),                                     C.KEEP),
    ("add_facts",    N_("补充情况"), OPEN,                         None,         (by(R.REPORTER),), ("reply",),                             C.KEEP),
    ("answer",       N_("公开答复"), _ALL,                         None,         _STAFF,      ("reply",),                                   C.KEEP),
    ("remark",       N_("内部备注"), _ALL,                         None,         _STAFF,      ("note",),                                    C.KEEP),
    ("add_helper",   N_("加派协办"), _IN_WORK,                     None,         _DISPATCH,   ("unit",),                                    C.KEEP),
    ("contribute",   N_("协办反馈"), _IN_WORK,                     None,         _HELP,       ("note",),                                    C.KEEP),
    ("tag",          N_("归口条线"), OPEN,                         None,         _SECTORS,    ("sector",),                                  C.KEEP),
    ("untag",        N_("取消归口"), OPEN,                         None,         _SECTORS,    ("tagged", "note"),                           C.KEEP),
    ("hand_over",    N_("移交条线"), OPEN,                         None,         _OFFICE,     ("sector", "note"),                           C.KEEP),
    ("raise_funds",  N_("登记资金"), frozenset({S.HANDLING, S.HANDLED, S.VERIFIED}), None, (*_WORK, by(R.DISPATCHER)), ("source", "yuan"), C.KEEP),
)
# fmt: on
MOVES: dict[str, Move] = {row[0]: Move(*row) for row in _ROWS}

# Moves the public timeline shows; the others are the office's own business.
PUBLIC = frozenset(
    {
        "receive", "join", "file", "decline", "dispatch", "escalate", "accept", "arrive", "handle",
        "transfer", "extend", "shelve", "keep_shelved", "resume", "verify", "rework", "close", "void",
        "merge", "separate", "withdraw", "reopen", "confirm", "add_facts", "answer", "raise_funds",
        "time_out", "return", "rate", "unmask", "late", "whistle_blow",
        "whistle_blow_now", "summons_report_in", "summons_vouch",
        "escalate_urgent", "climb", "climb_unfiled", "hand_down", "refuse_duty",
    }
)  # fmt: skip
# Nobody checks or closes their own work.
NOT_BY_HANDLER = frozenset({"verify", "rework", "close"})
# Entries of the journal that are not moves, with the label histories show.
OTHER_ENTRIES = {
    "receive": N_("收到诉求"),
    "join": N_("又有人反映"),
    "leave": N_("一位反映人退出"),
    "rate": N_("评价"),
    "unmask": N_("查看个人信息"),
    "release": N_("公开"),
    "conceal": N_("撤下公开"),
    "warn": N_("临期提醒"),
    "late": N_("超期"),
    "ask": N_("提出申请"),
    "grant": N_("同意申请"),
    "deny": N_("不同意申请"),
    "revoke": N_("停用查询链接"),
    "erase": N_("个人信息到期清除"),
    # 吹哨报到: the whistle's moves, then those of one unit's summons
    "whistle_draft": N_("拟哨"),
    "whistle_submit": N_("提交审核"),
    "whistle_send_back": N_("退回修改"),
    "whistle_decline": N_("不予发哨"),
    "whistle_blow": N_("发哨"),
    "whistle_confirm": N_("补办审核"),
    "whistle_confer": N_("会商定责"),
    "whistle_add_unit": N_("加派单位"),
    "whistle_name_lead": N_("改定主办"),
    "whistle_withdraw": N_("撤回拟哨"),
    "whistle_call_off": N_("撤哨"),
    "whistle_blow_now": N_("应急发哨"),
    "whistle_close": N_("验收销哨"),
    "whistle_warn": N_("吹哨临期提醒"),
    "whistle_late": N_("吹哨超时"),
    "summons_sign": N_("签收"),
    "summons_refuse": N_("拒签"),
    "summons_uphold": N_("裁定不用报到"),
    "summons_overrule": N_("裁定必须报到"),
    "summons_report_in": N_("报到"),
    "summons_vouch": N_("吹哨方证明到场"),
    "summons_begin": N_("着手处置"),
    "summons_pass_up": N_("升级"),
    "summons_reassign": N_("改派"),
    "summons_stand_down": N_("解除报到"),
    "summons_mark_absent": N_("记为缺席"),
    "summons_shelve": N_("报到单位挂账"),
    "summons_resume": N_("报到单位恢复处置"),
    "summons_hand_in": N_("报到单位交办结果"),
    "summons_rework": N_("报到单位返工"),
    "summons_accept": N_("验收"),
    # What mechanisms above write into the chain: each names its own in its policy.
    "urge": N_("催办"),
    "yellow_card": N_("黄牌督办"),
    "red_card": N_("红牌督办"),
    "supervision_reply": N_("督办答复"),
    "supervision_return": N_("退回督办答复"),
    "supervision_sign_off": N_("督办销号"),
    "supervision_withdraw": N_("撤销督办"),
    "supervision_raise": N_("督办升格"),
    "supervision_late": N_("红牌督办到期未答复"),
    "site_link": N_("归入积案点位"),
    "site_unlink": N_("移出积案点位"),
}


class MoveRefused(Refusal):
    """The move is not allowed. The message is fit to show to the user."""


def label_of(name: str) -> str:
    """Return the label of a journal entry."""
    return MOVES[name].label if name in MOVES else OTHER_ENTRIES[name]


def may_make(move: Move, seats: Seats) -> bool:
    """Tell whether a holder of `seats` may make `move` without asking."""
    return any(b.covers(seats) for b in move.by)


def may_ask(move: Move, seats: Seats) -> bool:
    """Tell whether a holder of `seats` may apply for `move`."""
    return any(by(role).covers(seats) for role in move.askers)


def check(
    move: Move,
    *,
    status: Status,
    seats: Seats,
    given: Collection[str],
    needs: Sequence[str] | None = None,
    is_handler: bool = False,
    standing: "Standing | None" = None,
) -> None:
    """Test that `move` may be made now, by a holder of `seats`, with the evidence `given`.

    needs      : the evidence this case asks for; the move's own where None
    is_handler : whether the person handled this very case
    standing   : where the case stands on the ladder; not looked at where None

    :raises MoveRefused: wrong status, missing role, own work, missing evidence, or no such rung.
    """
    if status not in move.sources:
        raise MoveRefused(
            N_("当前是“{status}”，不能{move}"), status=PLACES[status].label, move=move.label
        )
    if not may_make(move, seats):
        raise MoveRefused(N_("您的岗位没有{move}的权限"), move=move.label)
    if is_handler and move.name in NOT_BY_HANDLER:
        raise MoveRefused(N_("处置人不能给自己的案件{move}"), move=move.label)
    if standing is not None:
        check_standing(move, standing)
    check_given(move, given=given, needs=needs)


def check_given(move: Move, *, given: Collection[str], needs: Sequence[str] | None = None) -> None:
    """Test that nothing `move` needs is missing.

    :raises MoveRefused: naming what is missing.
    """
    missing = [name for name in (move.needs if needs is None else needs) if name not in given]
    if missing:
        raise MoveRefused(
            N_("{move}还缺少：{missing}"),
            move=move.label,
            missing="、".join(EVIDENCE_LABELS[n] for n in missing),
        )


def check_led(move: Move, *, acceptor: str | None) -> None:
    """Test that `move` is the case's own: one that units were summoned to goes where that leads.

    acceptor : the unit that summoned them and that accepts their work, None where nobody did

    :raises MoveRefused: if the move would lead elsewhere.
    """
    if acceptor and move.target is not None:
        raise MoveRefused(
            N_("本案由{unit}吹哨协调、负责验收，{move}请在吹哨里办理"),
            unit=acceptor, move=move.label,
        )  # fmt: skip


def moves_open_to(
    *,
    status: Status,
    seats: Seats,
    is_handler: bool = False,
    is_led: bool = False,
    standing: "Standing | None" = None,
) -> list[Move]:
    """Return the moves a holder of `seats` may make on a case in `status`, in table order.

    is_led : whether units were summoned to it, and somebody accepts their work
    """
    return [
        m
        for m in MOVES.values()
        if status in m.sources
        and not (is_led and m.target is not None)
        and may_make(m, seats)
        and not (is_handler and m.name in NOT_BY_HANDLER)
        and (standing is None or fits(m, standing))
    ]


def moves_to_ask(*, status: Status, seats: Seats, standing: "Standing | None" = None) -> list[Move]:
    """Return the moves a holder of `seats` may apply for but not make."""
    return [
        m
        for m in MOVES.values()
        if status in m.sources
        and may_ask(m, seats)
        and not may_make(m, seats)
        and (standing is None or fits(m, standing))
    ]


# What may come with a move beyond what it needs.
OPTIONAL: dict[str, tuple[str, ...]] = {
    "file": ("is_hazard", "publish"),
    "dispatch": ("helpers", "note"),
    "arrive": ("photo", "position"),
    "handle": ("after_photo", "n_households", "compounds", "cost_yuan", "note"),
    "verify": ("photo",),
    "close": ("publish",),
    "reopen": (),
}
EVIDENCE_LABELS = {
    "category": N_("事项类别"),
    "grid_unit": N_("核实网格"),
    "note": N_("说明"),
    "reply": N_("公开答复"),
    "unit": N_("责任单位"),
    "ground": N_("上报原因"),
    "sector": N_("工作条线"),
    "tagged": N_("取消哪条线"),
    "solved_by": N_("由谁解决"),
    "outcome": N_("处置成果"),
    "quantity": N_("数量"),
    "after_photo": N_("处置后照片"),
    "review_on": N_("复核日期"),
    "primary": N_("并入的案件号"),
    "source": N_("资金来源"),
    "yuan": N_("金额（元）"),
    "is_hazard": N_("存在安全隐患（时限缩短）"),
    "publish": N_("隐去个人信息后公开"),
    "helpers": N_("协办单位"),
    "photo": N_("现场照片"),
    "position": N_("我的位置"),
    "n_households": N_("受益户数"),
    "compounds": N_("受益小区"),
    "cost_yuan": N_("总支出（元）"),
}


def needs_of(move: Move, *, needs_after_photo: bool) -> tuple[str, ...]:
    """Return the evidence `move` needs on a case of a category that may want an after-photo."""
    return (
        (*move.needs, "after_photo") if move.name == "handle" and needs_after_photo else move.needs
    )


class SolvedBy(StrEnum):
    """Who solved it: Z30 asks for the share of others than cadres."""

    CADRE = "CADRE"
    GRID_WORKER = "GRID_WORKER"
    PARTY_MEMBER = "PARTY_MEMBER"
    RESIDENT = "RESIDENT"
    VOLUNTEER = "VOLUNTEER"
    COMPANY = "COMPANY"
    PROPERTY = "PROPERTY"


SOLVED_BY_LABELS = {
    SolvedBy.CADRE: N_("机关干部"),
    SolvedBy.GRID_WORKER: N_("网格员"),
    SolvedBy.PARTY_MEMBER: N_("党员群众"),
    SolvedBy.RESIDENT: N_("居民自治"),
    SolvedBy.VOLUNTEER: N_("志愿者"),
    SolvedBy.COMPANY: N_("企业单位"),
    SolvedBy.PROPERTY: N_("物业公司"),
}


class FundSource(StrEnum):
    BUDGET = "BUDGET"
    PROJECT = "PROJECT"
    DONATION = "DONATION"
    COLLECTIVE = "COLLECTIVE"


FUND_LABELS = {
    FundSource.BUDGET: N_("财政资金"),
    FundSource.PROJECT: N_("争取项目资金"),
    FundSource.DONATION: N_("党员群众捐款"),
    FundSource.COLLECTIVE: N_("村集体资金"),
}


def check_closing(*, has_outcome: bool, cost_fen: int | None, raised_fen: int) -> None:
    """Test that a case may be closed: something came of it, and the money adds up.

    cost_fen   : what it cost in fen, None where no money was raised
    raised_fen : the sum of the funding sources in fen

    :raises MoveRefused: if there is no outcome, or funding and cost differ.
    """
    if not has_outcome:
        raise MoveRefused(N_("还没有登记处置成果，不能结案"))
    if (cost_fen or raised_fen) and cost_fen != raised_fen:
        difference = abs((cost_fen or 0) - raised_fen) / 100
        raise MoveRefused(
            N_("资金来源与支出相差 {yuan} 元，对上后才能结案"), yuan=f"{difference:,.2f}"
        )


# ---- the ladder 村 → 乡镇 → 县 (社区 → 街道 → 区) --------------------------------------------

# The rungs from below: whose desk has the case. A level that cannot solve it passes it up by one.
RUNGS = (L.COMMUNITY, L.TOWNSHIP, L.COUNTY)


class Passed(StrEnum):
    """How a case came to the rung where it is."""

    ASKED = "ASKED"  # the level below said that it cannot
    TIME = "TIME"  # the time of the level below was over
    URGENT = "URGENT"  # past a level, in an emergency
    DOWN = "DOWN"  # back from the level above


PASSED_LABELS = {
    Passed.ASKED: N_("下级上报"),
    Passed.TIME: N_("超时自动上报"),
    Passed.URGENT: N_("紧急越级"),
    Passed.DOWN: N_("上级退回"),
}
PASSED_BY: dict[str, Passed] = {
    "escalate": Passed.ASKED,
    "climb": Passed.TIME,
    "climb_unfiled": Passed.TIME,
    "escalate_urgent": Passed.URGENT,
    "hand_down": Passed.DOWN,
}
PASSED_UP = frozenset(Passed) - {Passed.DOWN}


class Ground(StrEnum):
    """Why a level cannot solve a case; shown to its reporters, unlike the note beside it."""

    NO_POWER = "NO_POWER"
    NO_FUNDS = "NO_FUNDS"
    MANY_UNITS = "MANY_UNITS"
    NO_SKILL = "NO_SKILL"
    ACROSS = "ACROSS"
    OTHER = "OTHER"


GROUND_LABELS = {
    Ground.NO_POWER: N_("超出本级职权"),
    Ground.NO_FUNDS: N_("需要上级资金"),
    Ground.MANY_UNITS: N_("需要多个部门协调"),
    Ground.NO_SKILL: N_("需要专业力量"),
    Ground.ACROSS: N_("跨辖区"),
    Ground.OTHER: N_("其他原因"),
}


def rung_above(level: str) -> Level | None:
    """Return the next rung up, or None at the top or off the ladder."""
    here = [rung.value for rung in RUNGS]
    place = here.index(level) + 1 if level in here else len(here)
    return RUNGS[place] if place < len(RUNGS) else None


def rung_below(level: str) -> Level | None:
    """Return the next rung down, or None at the foot or off the ladder."""
    here = [rung.value for rung in RUNGS]
    return RUNGS[here.index(level) - 1] if level in here[1:] else None


class RungClock(StrEnum):
    """What the clock of the rung does in a status."""

    RUNS = "RUNS"
    STANDS = "STANDS"  # the work's own limit is counted; one past its end does not stand still
    NONE = "NONE"  # the level has brought a result, or the case is at an end


_RUNG_RUNS = frozenset({S.RECEIVED, S.CHECKING, S.FILED, S.DISPATCHED})


def rung_clock(status: Status, *, is_handling_late: bool) -> RungClock:
    """Return what the rung's clock does in `status`; late work is time of the level again."""
    if status in _RUNG_RUNS or (status == S.HANDLING and is_handling_late):
        return RungClock.RUNS
    return RungClock.STANDS if status in {S.HANDLING, S.SHELVED} else RungClock.NONE


@dataclass(frozen=True)
class Standing:
    """Where a case stands on the ladder, as far as moves ask for it."""

    desk: Level
    tiers: frozenset[Level]  # the levels of government its area lies in
    is_hazard: bool = False
    is_off_list: bool = False  # a street leads it for another desk, and has no such duty


def check_standing(move: Move, standing: Standing) -> None:
    """Test that a move of the ladder has a rung to lead to.

    :raises MoveRefused: at the top or the foot, without an emergency, or for a listed duty.
    """
    above, below = rung_above(standing.desk), rung_below(standing.desk)
    if move.name in {"escalate", "climb", "climb_unfiled"} and above is None:
        raise MoveRefused(N_("已经在最高一级，不能再上报"))
    if move.name == "escalate_urgent":
        if not standing.is_hazard:
            raise MoveRefused(N_("只有存在安全隐患的紧急案件才能越级上报"))
        if above is None or rung_above(above) is None:
            raise MoveRefused(N_("上一级就是最高一级，请用“上报”"))
    if move.name == "hand_down" and (below is None or below not in standing.tiers):
        raise MoveRefused(N_("没有可以退回的下级"))
    if move.name == "refuse_duty" and not standing.is_off_list:
        raise MoveRefused(N_("这类事项在职责清单上，或者清单还没有公布，不能按职责外退回"))


def fits(move: Move, standing: Standing) -> bool:
    """Tell whether `check_standing` lets a move pass."""
    try:
        check_standing(move, standing)
    except MoveRefused:
        return False
    return True


# ---- the duty lists of streets and townships (职责清单) ------------------------------------------


@dataclass(frozen=True)
class ListedDuty:
    """One row of a duty list, as far as it decides: a class of matters, from a day to a day."""

    pk: int
    unit_id: int
    category: str
    valid_from: date
    valid_to: date | None


def duties_on(items: Iterable[ListedDuty], *, unit_id: int, on: date) -> list[ListedDuty]:
    """Return the list of a unit as it stood on a day."""
    return [
        item
        for item in items
        if item.unit_id == unit_id
        and item.valid_from <= on
        and (item.valid_to is None or on < item.valid_to)
    ]


def is_off_list(
    items: Iterable[ListedDuty], *, unit_id: int, categories: Sequence[str], on: date
) -> bool:
    """Tell whether a class is none of a unit's duties; where no list stands, nothing is off it.

    categories : the case's category and its ancestors
    """
    listed = duties_on(items, unit_id=unit_id, on=on)
    return bool(listed) and all(item.category not in categories for item in listed)


# ---- lines of work (条线) ----------------------------------------------------------------------


@dataclass(frozen=True)
class SectorRow:
    """One row of the sectors: a line of work in a county, its office and the classes it takes."""

    pk: int
    code: str
    name: str
    area_id: int | None  # None: everywhere
    office_id: int
    categories: tuple[str, ...]
    valid_from: date
    valid_to: date | None


def sectors_on(
    rows: Iterable[SectorRow], *, unit_ids: Sequence[int], on: date
) -> dict[str, SectorRow]:
    """Return the lines of work of a place on a day by code; the nearest row of each counts.

    unit_ids : the area from the root down
    """

    def rank(row: SectorRow) -> tuple[int, date]:
        return (unit_ids.index(row.area_id) + 1 if row.area_id else 0, row.valid_from)

    fitting = [
        row
        for row in rows
        if row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
        and (row.area_id is None or row.area_id in unit_ids)
    ]
    return {row.code: row for row in sorted(fitting, key=rank)}


def sectors_for(
    rows: Iterable[SectorRow], *, categories: Sequence[str], unit_ids: Sequence[int], on: date
) -> list[SectorRow]:
    """Return the lines of work that a case of a category is tagged with by rule, by code."""
    found = sectors_on(rows, unit_ids=unit_ids, on=on)
    return [row for _, row in sorted(found.items()) if set(row.categories) & set(categories)]


# ---- limits --------------------------------------------------------------------------------


@dataclass(frozen=True)
class LimitRow:
    """One row of the limits table, as the choice among rows needs it."""

    pk: int
    step: str
    category: str | None
    unit_id: int | None
    is_hazard: bool
    amount: int
    time_unit: str
    valid_from: date
    valid_to: date | None
    level: str = ""  # of the rung; '' = any


def pick_limit(
    rows: Iterable[LimitRow],
    *,
    step: str,
    categories: Sequence[str],
    unit_ids: Sequence[int],
    is_hazard: bool,
    on: date,
    level: str = "",
) -> LimitRow | None:
    """Return the most specific row in force: hazard first, then category, level, place.

    categories : the case's category and its ancestors, nearest first
    unit_ids   : the area from the root down
    level      : of the rung, where the step is that of a rung
    """

    def rank(row: LimitRow) -> tuple[int, int, bool, int, date]:
        category = len(categories) - categories.index(row.category) if row.category else 0
        place = unit_ids.index(row.unit_id) + 1 if row.unit_id else 0
        return (int(row.is_hazard), category, bool(row.level), place, row.valid_from)

    fitting = [
        row
        for row in rows
        if row.step == step
        and row.valid_from <= on
        and (row.valid_to is None or on < row.valid_to)
        and (row.category is None or row.category in categories)
        and (row.unit_id is None or row.unit_id in unit_ids)
        and (is_hazard or not row.is_hazard)
        and row.level in ("", level)
    ]
    return max(fitting, key=rank, default=None)


# ---- routing -------------------------------------------------------------------------------


class Target(StrEnum):
    """What a route points at."""

    ASSET_OWNER = "ASSET_OWNER"
    CONTACT_WORKER = "CONTACT_WORKER"
    GRID = "GRID"
    COMMUNITY = "COMMUNITY"
    TOWNSHIP = "TOWNSHIP"
    UNIT = "UNIT"


TARGET_LABELS = {
    Target.ASSET_OWNER: N_("设施权属单位"),
    Target.CONTACT_WORKER: N_("联系户网格员"),
    Target.GRID: N_("所在网格"),
    Target.COMMUNITY: N_("所在社区村"),
    Target.TOWNSHIP: N_("所在街道乡镇"),
    Target.UNIT: N_("指定单位"),
}
# 部件先属主、后属地; 事件先属地、后属主: owner's rows and the area's rows in which order.
_OWNER = frozenset({Target.ASSET_OWNER, Target.UNIT})
ROUTING_ORDER: dict[str, tuple[frozenset[Target], frozenset[Target]]] = {
    "COMPONENT": (_OWNER, frozenset(Target) - _OWNER),
    "EVENT": (frozenset(Target) - _OWNER, _OWNER),
    "SERVICE": (frozenset(Target) - _OWNER, _OWNER),
}


@dataclass(frozen=True)
class RouteRow:
    """One row of the routing table."""

    pk: int
    category: str | None
    unit_id: int | None  # the place it is for; None: everywhere
    target: str
    to_id: int | None  # for UNIT
    is_direct: bool
    rank: int
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Candidate:
    """A unit, or a person in it, that a case may be sent to."""

    unit_id: int
    person_id: int | None
    is_direct: bool
    row: RouteRow


@dataclass(frozen=True)
class Routing:
    """Whom a case goes to, in order, and why."""

    candidates: tuple[Candidate, ...]
    explanation: tuple[tuple[int, str, bool], ...]  # row, sentence, whether it counted

    def after(self, tried: Collection[tuple[int, int | None]]) -> Candidate | None:
        """Return the first candidate that has not been tried."""
        left = (c for c in self.candidates if (c.unit_id, c.person_id) not in tried)
        return next(left, None)


def route(
    rows: Iterable[RouteRow],
    *,
    kind: str,
    categories: Sequence[str],
    unit_ids: Sequence[int],
    found: Mapping[str, Sequence[tuple[int, int | None]]],
    on: date,
) -> Routing:
    """Return whom a case goes to, in order, with a sentence on every row that was looked at.

    kind       : EVENT, COMPONENT or SERVICE
    categories : the case's category and its ancestors, nearest first
    unit_ids   : the area from the root down
    found      : for each target, the (unit, person) it means here; nothing where it is unknown
    """
    order = ROUTING_ORDER[kind]
    explanation: list[tuple[int, str, bool]] = []
    fitting: list[RouteRow] = []
    for row in rows:
        reason = _misfit(row, categories=categories, unit_ids=unit_ids, on=on)
        if reason:
            explanation.append((row.pk, reason, False))
        else:
            fitting.append(row)

    def rank(row: RouteRow) -> tuple[int, int, int, int]:
        group = 0 if row.target in order[0] else 1
        category = categories.index(row.category) if row.category else len(categories)
        place = -unit_ids.index(row.unit_id) - 1 if row.unit_id else 0
        return (group, category, place, row.rank)

    candidates: list[Candidate] = []
    for row in sorted(fitting, key=rank):
        label = TARGET_LABELS[Target(row.target)]
        here = (
            [(row.to_id, None)]
            if row.target == Target.UNIT and row.to_id
            else found.get(row.target, ())
        )
        if not here:
            explanation.append((row.pk, f"{label}：此处没有登记，跳过", False))
            continue
        explanation.append(
            (row.pk, f"{label}：{'直接派单' if row.is_direct else '建议派遣'}", True)
        )
        for unit_id, person_id in here:
            if unit_id is not None and (unit_id, person_id) not in {
                (c.unit_id, c.person_id) for c in candidates
            }:
                candidates.append(Candidate(unit_id, person_id, row.is_direct, row))
    return Routing(tuple(candidates), tuple(explanation))


def _misfit(
    row: RouteRow, *, categories: Sequence[str], unit_ids: Sequence[int], on: date
) -> str | None:
    if row.category is not None and row.category not in categories:
        return "类别不符"
    if row.unit_id is not None and row.unit_id not in unit_ids:
        return "不在本地"
    if on < row.valid_from or (row.valid_to is not None and on >= row.valid_to):
        return "不在有效期"
    return None


# ---- the duty matrix (Z02) -----------------------------------------------------------------

TIERS = (Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY, Level.GRID)


@dataclass(frozen=True)
class DutyRow:
    """What the holders at each tier may do with one move: 'make', 'ask' or ''."""

    move: Move
    cells: Mapping[Level, str] = field(default_factory=dict)


def duty_matrix(held_at: Mapping[Role, Collection[Level]]) -> list[DutyRow]:
    """Return, for each move, the tiers whose posts may make it or apply for it."""

    def cell(move: Move, tier: Level) -> str:
        held = [Seat(role, tier) for role, tiers in held_at.items() if tier in tiers]
        seats = {over: held for over in Over}
        if may_make(move, seats):
            return "make"
        return "ask" if may_ask(move, seats) else ""

    return [DutyRow(m, {tier: cell(m, tier) for tier in TIERS}) for m in MOVES.values()]


# ---- figures over all cases that are kept ------------------------------------------------------


class Kept(StrEnum):
    """What is counted every so often, where pages would otherwise count many cases."""

    OPEN_MAP = "OPEN_MAP"  # open cases by cell of the map, for each unit that sees many
    RELEASED_MAP = "RELEASED_MAP"  # released ones by cell
    SOLVED = "SOLVED"  # what was solved in thirty days


# How long a count may stand for the present; older, pages count for themselves.
KEPT_FOR = {
    Kept.OPEN_MAP: timedelta(minutes=5),
    Kept.RELEASED_MAP: timedelta(minutes=30),
    Kept.SOLVED: timedelta(minutes=5),
}
FEW = 500  # cases a page counts faster than it would look up what was kept
KEPT_LEVELS = (8, 16)  # zooms of the cells that are kept: widest, finest
