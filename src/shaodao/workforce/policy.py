"""The rules of the people in the grids: six posts, lists, candidates, cards, appraisal. Tables only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Role

N_CHARGES = 6  # 六岗六员: a grid has exactly six


class WorkforceRefused(Refusal):
    """It is not allowed. The message is fit to show to the user."""


# Whose posts over a grid decide there, by what is decided.
DESK = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF, Role.SECRETARY})
CHIEFS = frozenset({Role.DUTY_CHIEF})
# fmt: off
MAY: dict[str, tuple[str, frozenset[Role]]] = {
    # what               label                        whose
    "decide_claim":     (N_("办理认领"),              DESK),
    "excuse":           (N_("登记免予分配"),          DESK),
    "cover":            (N_("安排代管"),              DESK),
    "propose_lists":    (N_("分配联系户名单"),        DESK),
    "note_wish":        (N_("登记住户意愿"),          DESK),
    "select":           (N_("选配网格员"),            DESK),
    "count_members":    (N_("登记党员人数"),          DESK),
    "print_cards":      (N_("制发连心牌"),            DESK),
    "mark_promise":     (N_("评议承诺"),              DESK),
    "open_period":      (N_("开设考核期"),            CHIEFS),
    "freeze_period":    (N_("锁定考核结果"),          CHIEFS),
    "decide_appeal":    (N_("裁定申诉"),              CHIEFS | {Role.LEADER}),
    "appoint":          (N_("任命网格员"),            frozenset({Role.SECURITY})),
    "configure":        (N_("修改规则"),              frozenset({Role.SECURITY})),
}
# fmt: on


def check_may(name: str, roles: Collection[Role]) -> None:
    """Test that a holder of `roles` over a place may do `name` there.

    :raises WorkforceRefused: if they may not.
    """
    label, held_by = MAY[name]
    if not held_by & set(roles):
        raise WorkforceRefused(N_("您的岗位没有{what}的权限"), what=label)


def check_why(why: str) -> None:
    """Test that a reason is given.

    :raises WorkforceRefused: if none is.
    """
    if not why.strip():
        raise WorkforceRefused(N_("请写明原因"))


# ---- the six posts: claimed, confirmed, published, withdrawn ---------------------------------


class HoldingStatus(StrEnum):
    CLAIMED = "CLAIMED"
    CONFIRMED = "CONFIRMED"
    PUBLISHED = "PUBLISHED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


H = HoldingStatus
HOLDING_LABELS: dict[HoldingStatus, tuple[str, str]] = {
    # status: label, tone of the kit
    H.CLAIMED: (N_("已认领，待确认"), "new"),
    H.CONFIRMED: (N_("已确认，待公布"), "active"),
    H.PUBLISHED: (N_("已公布"), "done"),
    H.DECLINED: (N_("未确认"), "void"),
    H.WITHDRAWN: (N_("已撤回"), "void"),
}
HELD = frozenset({H.CONFIRMED, H.PUBLISHED})  # somebody holds the post: no second one may
STANDING = HELD | {H.CLAIMED}


class HoldingMove(NamedTuple):
    """One move of a claim: `by_self` whoever claimed may make it, `needs_why` with a reason."""

    name: str
    label: str
    from_: frozenset[HoldingStatus]
    to: HoldingStatus
    by_desk: bool
    by_self: bool
    needs_why: bool


# fmt: off
_HOLDING_ROWS = (
    #            name        label          from                     to           desk   self   why
    HoldingMove("confirm",  N_("确认"),     frozenset({H.CLAIMED}),  H.CONFIRMED, True,  False, False),
    HoldingMove("decline",  N_("不予确认"), frozenset({H.CLAIMED}),  H.DECLINED,  True,  False, True),
    HoldingMove("publish",  N_("公布"),     frozenset({H.CONFIRMED}), H.PUBLISHED, True, False, False),
    HoldingMove("withdraw", N_("撤回"),     STANDING,                H.WITHDRAWN, True,  True,  True),
)
# fmt: on
HOLDING_MOVES = {row.name: row for row in _HOLDING_ROWS}


def holding_moves(
    status: HoldingStatus, *, roles: Collection[Role], is_own: bool
) -> list[HoldingMove]:
    """Return the moves somebody with `roles` over the grid may make on a claim."""
    is_desk = bool(MAY["decide_claim"][1] & set(roles))
    return [
        row
        for row in _HOLDING_ROWS
        if status in row.from_ and ((row.by_desk and is_desk) or (row.by_self and is_own))
    ]


def check_holding_move(
    row: HoldingMove, *, status: HoldingStatus, roles: Collection[Role], is_own: bool, why: str
) -> None:
    """Test that a move may be made on a claim.

    :raises WorkforceRefused: wrong status, not theirs to make, or no reason.
    """
    if status not in row.from_:
        raise WorkforceRefused(
            N_("现在是“{status}”，不能{move}"), status=HOLDING_LABELS[status][0], move=row.label
        )
    if row not in holding_moves(status, roles=roles, is_own=is_own):
        raise WorkforceRefused(N_("您的岗位没有{what}的权限"), what=MAY["decide_claim"][0])
    if row.needs_why:
        check_why(why)


def check_claim(*, is_of_grid: bool, holder: str, n_own: int, most: int) -> None:
    """Test that somebody may claim a post of a grid.

    is_of_grid : has a post in the grid or its community; holder : who holds it, '' nobody;
    n_own : how many posts of the grid they hold or have claimed; most : the county's limit

    :raises WorkforceRefused: if they may not.
    """
    if not is_of_grid:
        raise WorkforceRefused(N_("只有本网格、本社区（村）的人员可以认领"))
    if holder:
        raise WorkforceRefused(N_("一岗一员：这个岗已由{who}担任"), who=holder)
    if n_own >= most:
        raise WorkforceRefused(N_("一人最多认领 {most} 个岗"), most=most)


# ---- everyone on the roster, and lists of 15 to 25 --------------------------------------------


class Standing(StrEnum):
    """Where somebody on the roster stands."""

    ASSIGNED = "ASSIGNED"
    FEW = "FEW"
    MANY = "MANY"
    EXCUSED = "EXCUSED"
    MISSING = "MISSING"


STANDING_LABELS: dict[Standing, tuple[str, str]] = {
    Standing.ASSIGNED: (N_("已分配"), "done"),
    Standing.FEW: (N_("户数偏少"), "warn"),
    Standing.MANY: (N_("户数过多"), "late"),
    Standing.EXCUSED: (N_("免予分配"), "plain"),
    Standing.MISSING: (N_("未分配"), "late"),
}
VIOLATIONS = frozenset({Standing.FEW, Standing.MANY, Standing.MISSING})


def standing_of(n: int, *, is_excused: bool, least: int, most: int) -> Standing:
    """Return where somebody with `n` households stands; the band binds each contact list."""
    if n > most:
        return Standing.MANY
    if is_excused:
        return Standing.EXCUSED
    if n == 0:
        return Standing.MISSING
    return Standing.ASSIGNED if n >= least else Standing.FEW


# ---- the party form a grid is due --------------------------------------------------------------


class PartyForm(StrEnum):
    COMMITTEE = "COMMITTEE"
    GENERAL_BRANCH = "GENERAL_BRANCH"
    BRANCH = "BRANCH"
    GROUP = "GROUP"
    JOINT = "JOINT"


F = PartyForm
PARTY_LABELS = {
    F.COMMITTEE: N_("党委"),
    F.GENERAL_BRANCH: N_("党总支"),
    F.BRANCH: N_("党支部"),
    F.GROUP: N_("党小组"),
    F.JOINT: N_("联合党支部"),
}


class Thresholds(NamedTuple):
    """From how many full members on a form is due."""

    group: int
    branch: int
    general_branch: int
    committee: int


def form_due(n_members: int, limits: Thresholds) -> PartyForm:
    """Return the party form due for `n_members` full members: 应建必建, there is always one."""
    for least, form in (
        (limits.committee, F.COMMITTEE),
        (limits.general_branch, F.GENERAL_BRANCH),
        (limits.branch, F.BRANCH),
        (limits.group, F.GROUP),
    ):
        if n_members >= least:
            return form
    return F.JOINT


def is_form_met(due: PartyForm, *, has_branch: bool, has_group: bool) -> bool:
    """Tell whether what stands in a grid is at least what is due there."""
    return has_branch or (due == F.GROUP and has_group)


# ---- candidates ---------------------------------------------------------------------------------


class SelectionStatus(StrEnum):
    OPEN = "OPEN"
    NOTICE = "NOTICE"
    APPOINTED = "APPOINTED"
    CLOSED = "CLOSED"


SELECTION_LABELS: dict[SelectionStatus, tuple[str, str]] = {
    SelectionStatus.OPEN: (N_("征集打分"), "new"),
    SelectionStatus.NOTICE: (N_("公示中"), "active"),
    SelectionStatus.APPOINTED: (N_("已任命"), "done"),
    SelectionStatus.CLOSED: (N_("已终止"), "void"),
}


class Basis(StrEnum):
    """Where the mark under a criterion comes from."""

    PARTY_MEMBER = "PARTY_MEMBER"  # 党员
    CADRE = "CADRE"  # 村组干部: a post at the community or above
    LIVES_HERE = "LIVES_HERE"  # a home in the grid
    EXPERIENCE = "EXPERIENCE"  # years of posts, full marks at five
    JUDGED = "JUDGED"  # marked 0 to 10 by the desk, with a sentence


BASIS_LABELS = {
    Basis.PARTY_MEMBER: N_("是否党员，系统核对"),
    Basis.CADRE: N_("是否村组干部，系统核对"),
    Basis.LIVES_HERE: N_("是否住在本网格，系统核对"),
    Basis.EXPERIENCE: N_("任职年限，满 5 年得满分"),
    Basis.JUDGED: N_("由社区（村）打分，须写理由"),
}
FULL_YEARS = 5  # years of posts that count as full experience, our proposal
MOST_MARK = 10


class Criterion(NamedTuple):
    """A published criterion with its weight in points."""

    code: str
    label: str
    weight: int
    basis: Basis


class Facts(NamedTuple):
    """What is known of a candidate."""

    is_party_member: bool
    is_cadre: bool
    lives_here: bool
    years: float


class Line(NamedTuple):
    """One line of how points came about."""

    label: str
    weight: float
    points: float | None  # None: not marked yet, or nothing to count
    said: str
    values: Mapping[str, object] = {}


def lines_of(
    criteria: Iterable[Criterion], facts: Facts, marks: Mapping[str, tuple[int, str]]
) -> list[Line]:
    """Return a candidate's points, criterion by criterion.

    marks : code of a judged criterion → (0 to 10, the sentence given with it)
    """
    return [_line_of(row, facts, marks) for row in criteria]


def _line_of(row: Criterion, facts: Facts, marks: Mapping[str, tuple[int, str]]) -> Line:
    if row.basis == Basis.JUDGED:
        if row.code not in marks:
            return Line(row.label, row.weight, None, N_("还没有打分"))
        mark, said = marks[row.code]
        points = round(row.weight * mark / MOST_MARK, 1)
        return Line(
            row.label, row.weight, points, N_("{mark} 分：{said}"), {"mark": mark, "said": said}
        )
    if row.basis == Basis.EXPERIENCE:
        share = min(facts.years / FULL_YEARS, 1.0)
        points = round(row.weight * share, 1)
        return Line(
            row.label, row.weight, points, N_("任职 {years} 年"), {"years": round(facts.years, 1)}
        )
    holds = {
        Basis.PARTY_MEMBER: facts.is_party_member,
        Basis.CADRE: facts.is_cadre,
        Basis.LIVES_HERE: facts.lives_here,
    }[row.basis]
    return Line(
        row.label, row.weight, float(row.weight) if holds else 0.0, N_("是") if holds else N_("否")
    )


def total_of(lines: Iterable[Line]) -> float:
    """Return the sum of the points there are."""
    return round(sum(line.points or 0.0 for line in lines), 1)


def ranked(totals: Sequence[tuple[float, bool, int]]) -> list[int]:
    """Return the order of candidates: most points first, then party member or cadre, then earlier.

    totals : points, whether party member or cadre (优先考虑), number in the order of nomination
    """
    return sorted(range(len(totals)), key=lambda n: (-totals[n][0], not totals[n][1], totals[n][2]))


def check_publish(*, status: SelectionStatus, n_candidates: int, n_unmarked: int) -> None:
    """Test that a selection may go on public notice.

    :raises WorkforceRefused: if it is not open, has nobody, or marks are missing.
    """
    if status != SelectionStatus.OPEN:
        raise WorkforceRefused(N_("只有征集打分中的选配可以公示"))
    if not n_candidates:
        raise WorkforceRefused(N_("还没有人选"))
    if n_unmarked:
        raise WorkforceRefused(N_("还有 {n} 项没有打分"), n=n_unmarked)


def check_appoint(*, status: SelectionStatus, is_over: bool, n_unanswered: int) -> None:
    """Test that whoever was chosen may be appointed.

    :raises WorkforceRefused: before the notice is over, or while a comment waits for an answer.
    """
    if status != SelectionStatus.NOTICE:
        raise WorkforceRefused(N_("公示以后才能任命"))
    if not is_over:
        raise WorkforceRefused(N_("公示期还没有结束"))
    if n_unanswered:
        raise WorkforceRefused(N_("还有 {n} 条意见没有答复"), n=n_unanswered)


# ---- what hangs on the door ---------------------------------------------------------------------


class Item(StrEnum):
    """What a card must show: 亮身份 亮职责 亮承诺, and where to reach the worker."""

    PHOTO = "PHOTO"
    NAME = "NAME"
    WORK_PHONE = "WORK_PHONE"
    DUTY = "DUTY"
    PROMISES = "PROMISES"


ITEM_LABELS: dict[Item, str] = {
    Item.PHOTO: N_("照片（亮身份）"),
    Item.NAME: N_("姓名（亮身份）"),
    Item.WORK_PHONE: N_("工作电话"),
    Item.DUTY: N_("职责（亮职责）"),
    Item.PROMISES: N_("承诺（亮承诺）"),
}


def missing_items(
    *, photo: str, name: str, work_phone: str, duties: str, n_promises: int
) -> list[Item]:
    """Return what a card still lacks, in the order it is shown; a card lacking anything stays back."""
    has = {
        Item.PHOTO: bool(photo),
        Item.NAME: bool(name.strip()),
        Item.WORK_PHONE: bool(work_phone.strip()),
        Item.DUTY: bool(duties.strip()),
        Item.PROMISES: n_promises > 0,
    }
    return [item for item in Item if not has[item]]


class PromiseMark(StrEnum):
    OPEN = "OPEN"
    KEPT = "KEPT"
    PARTLY = "PARTLY"
    BROKEN = "BROKEN"


PROMISE_LABELS: dict[PromiseMark, tuple[str, str]] = {
    PromiseMark.OPEN: (N_("践诺中"), "active"),
    PromiseMark.KEPT: (N_("已兑现"), "done"),
    PromiseMark.PARTLY: (N_("部分兑现"), "warn"),
    PromiseMark.BROKEN: (N_("未兑现"), "late"),
}
MOST_PROMISES = 5  # that fit on a card


class Paper(StrEnum):
    A6 = "A6"
    A4 = "A4"
    FOUR_UP = "X4"


PAPER_LABELS = {
    Paper.A6: N_("A6 一户一张"),
    Paper.A4: N_("A4 一户一张"),
    Paper.FOUR_UP: N_("A4 四张拼版，裁开后为 A6"),
}


class BoardKind(StrEnum):
    ROADSIDE = "ROADSIDE"
    PROMISES = "PROMISES"


BOARD_LABELS = {
    BoardKind.ROADSIDE: N_("路边网格牌"),
    BoardKind.PROMISES: N_("承诺公示栏"),
}


class BatchStatus(StrEnum):
    WAITING = "WAITING"
    SETTING = "SETTING"
    READY = "READY"
    FAILED = "FAILED"


BATCH_LABELS: dict[BatchStatus, tuple[str, str]] = {
    BatchStatus.WAITING: (N_("排队中"), "wait"),
    BatchStatus.SETTING: (N_("正在排版"), "active"),
    BatchStatus.READY: (N_("可以下载"), "done"),
    BatchStatus.FAILED: (N_("没有做成"), "late"),
}


# ---- appraisal: staff only, never residents ------------------------------------------------------


class Figure(StrEnum):
    """What is counted of a worker's work, each as a share of something."""

    ROUNDS = "ROUNDS"
    REPORTS = "REPORTS"
    IN_TIME = "IN_TIME"
    SATISFACTION = "SATISFACTION"
    ACCURACY = "ACCURACY"
    VISITS = "VISITS"
    CALLS = "CALLS"


FIGURES: dict[Figure, tuple[str, str]] = {
    # figure: label, how it is counted; {n} of {of}
    Figure.ROUNDS: (N_("巡查走访"), N_("应走 {of} 次，走完 {n} 次")),
    Figure.REPORTS: (N_("主动发现"), N_("{weeks} 周里主动上报 {n} 件，每周 {per_week} 件得满分")),
    Figure.IN_TIME: (N_("按时办理"), N_("办理环节 {of} 个，按时 {n} 个")),
    Figure.SATISFACTION: (N_("群众满意"), N_("群众评价 {of} 次，满意 {n} 次")),
    Figure.ACCURACY: (N_("信息准确"), N_("上报 {of} 件，属实 {n} 件")),
    Figure.VISITS: (N_("上门走访"), N_("要走访 {of} 户，去过 {n} 户")),
    Figure.CALLS: (N_("通知到户"), N_("要通知 {of} 户，联系过 {n} 户")),
}


class Counted(NamedTuple):
    """What was counted under a figure; of = 0: nothing happened that could be counted."""

    n: int
    of: int


class Weighed(NamedTuple):
    """An indicator in force: code of what is counted, and its weight in points."""

    figure: Figure
    weight: int


def score_lines(
    weights: Sequence[Weighed], counted: Mapping[Figure, Counted], *, weeks: int, per_week: int
) -> list[Line]:
    """Return the points of one worker, line by line.

    Where nothing could be counted, the line has no points and its weight is spread over the others
    in `score_of`: nobody loses points for what did not happen.
    """
    lines = []
    for row in weights:
        n, of = counted.get(row.figure, Counted(0, 0))
        label, said = FIGURES[row.figure]
        values = {"n": n, "of": of, "weeks": weeks, "per_week": per_week}
        if not of:
            lines.append(Line(label, row.weight, None, N_("这一期没有可计的事，权重分给其他项")))
            continue
        lines.append(Line(label, row.weight, round(row.weight * min(n / of, 1.0), 2), said, values))
    return lines


def score_of(lines: Iterable[Line], *, corrections: float = 0.0) -> float | None:
    """Return the score out of 100; None where nothing at all could be counted."""
    counted = [line for line in lines if line.points is not None]
    weight = sum(line.weight for line in counted)
    if not weight:
        return None
    points = sum(line.points or 0.0 for line in counted)
    return round(min(max(100 * points / weight + corrections, 0.0), 100.0), 1)


def check_weights(weights: Collection[int]) -> None:
    """Test that the weights of a set of indicators or criteria come to 100.

    :raises WorkforceRefused: if they do not.
    """
    if sum(weights) != 100:
        raise WorkforceRefused(N_("各项权重合计须为 100，现在是 {n}"), n=sum(weights))
