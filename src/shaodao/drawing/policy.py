"""The rules of drawing contact lists: who may, what a draft goes through, why a move is refused."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Protocol

from shaodao.cores.wording import N_, Refusal
from shaodao.people.policy import Role


class DrawingRefused(Refusal):
    """It is not allowed. The message is fit to show to the user."""


# Whose posts over a village draw its lists: those who give lists to workers, too.
DESK = frozenset({Role.DISPATCHER, Role.DUTY_CHIEF, Role.SECRETARY})
# Whose posts over a place see where its households are; others see the middle of each list.
SEES_HOMES = DESK | {Role.INTAKE, Role.VERIFIER, Role.LEADER, Role.GRID_WORKER}


class Kind(StrEnum):
    """How a draft begins."""

    FRESH = "FRESH"  # everything anew
    RESETTLED = "RESETTLED"  # from the lists as they stand, with few changing hands
    BY_HAND = "BY_HAND"  # the lists as they stand, to be changed by hand


KIND_LABELS = {
    Kind.FRESH: N_("重新划分"),
    Kind.RESETTLED: N_("补划"),
    Kind.BY_HAND: N_("手工调整"),
}
KIND_HINTS = {
    Kind.FRESH: N_("不看现在的名单，从头划出连片、紧凑的名单，再尽量交给原来的网格员。"),
    Kind.RESETTLED: N_(
        "有户搬来、搬走，或有网格员离岗：只动必须动的户，其余不换人；不连片的名单顺带理成连片。"
    ),
    Kind.BY_HAND: N_("照现在的名单开一份草稿，在地图上一户一户地挪。"),
}


class Within(StrEnum):
    """What no list may cross."""

    GRID = "GRID"
    COMMUNITY = "COMMUNITY"


WITHIN_LABELS = {
    Within.GRID: N_("名单不跨网格"),
    Within.COMMUNITY: N_("名单只是不跨村（社区），用来规划网格"),
}
SETTING_LABELS = {
    "fast": N_("快（几秒）"),
    "standard": N_("标准（一两分钟）"),
    "deep": N_("细（十几分钟）"),
}
# What nobody crosses on foot, by layer and kind of the base map.
BARRIERS: Mapping[str, tuple[str, str, str]] = {
    "river": (N_("河流"), "water", "river"),
    "major": (N_("主干道"), "road", "major"),
}


class Status(StrEnum):
    WAITING = "WAITING"
    AT_WORK = "AT_WORK"
    DRAFT = "DRAFT"
    ADOPTED = "ADOPTED"
    DROPPED = "DROPPED"
    FAILED = "FAILED"


STATUS_LABELS = {
    Status.WAITING: (N_("排队中"), "wait"),
    Status.AT_WORK: (N_("计算中"), "active"),
    Status.DRAFT: (N_("草稿"), "new"),
    Status.ADOPTED: (N_("已采用"), "done"),
    Status.DROPPED: (N_("已放弃"), "void"),
    Status.FAILED: (N_("没有算出来"), "late"),
}
RUNNING = frozenset({Status.WAITING, Status.AT_WORK})
# Each status a draft may be given up in.
OPEN = RUNNING | {Status.DRAFT, Status.FAILED}

# Shares of the objective that may be spent on evenness: the stops of the slider.
SHARES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.10)
MOST_HOMES = 6000  # of one draft; a village has some hundreds
MOST_STEPS = 200  # that can be taken back

# Why households cannot go to another list: keys of cores.districting.REFUSALS, and our own.
MOVE_REFUSALS = {
    "there_already": N_("已经在这份名单里"),
    "pinned": N_("{who}已固定，不能换名单"),
    "not_beside": N_("{who}和第 {to} 份名单不相邻，划过去就成了飞地"),
    "splits": N_("第 {of} 份名单会断成两截，不能这样划"),
    "too_few": N_("第 {of} 份名单会只剩 {n} 户，少于 {least} 户"),
    "too_many": N_("第 {to} 份名单会有 {n} 户，多于 {most} 户"),
    "other_place": N_("第 {to} 份名单在另一个网格，名单不能跨网格"),
}
# Why a village cannot be divided as wanted: keys of cores.districting.REASONS.
FAULT_LABELS = {
    "cut_off": N_(
        "{place}：有 {n} 户与其他户隔开（相距 {gap} 米），单独凑不成名单，已并到最近的名单"
    ),
    "count": N_(
        "{place}：被隔成几片，需要 {needs} 份名单，按户数只能有 {allowed} 份，最近的两片已连起来"
    ),
    "no_division": N_("{place}：找不到户数合要求又连片的划法，有 {n} 户所在的名单不连片"),
    "pinned_apart": N_("{place}：有 {n} 户固定在够不着的名单里，仍留在原名单"),
    "pinned_size": N_("{place}：有一份名单现有 {n} 户，不合规定户数；四周的户已固定，没有办法调整"),
    "few": N_("{place}：只有 {n} 户，不足 {least} 户，合为一份名单"),
    "uneven": N_("{place}：{n} 户凑不成每份 {least} 到 {most} 户，最少的一份有 {low} 户"),
}


def check_draws(roles: Collection[Role]) -> None:
    """Test that a holder of `roles` over a village may draw its lists.

    :raises DrawingRefused: if they may not.
    """
    if not DESK & set(roles):
        raise DrawingRefused(N_("您的岗位没有划分联系户名单的权限"))


def check_open(status: Status) -> None:
    """Test that a draft may still be changed.

    :raises DrawingRefused: if it is being computed, adopted or given up.
    """
    if status in RUNNING:
        raise DrawingRefused(N_("正在计算，请稍候"))
    if status != Status.DRAFT:
        raise DrawingRefused(N_("这份草稿已经结束，不能再改"))


def check_why(why: str) -> None:
    """Test that a reason is given.

    :raises DrawingRefused: if none is.
    """
    if not why.strip():
        raise DrawingRefused(N_("请写明原因"))


class Counted(Protocol):
    """A part of the net with what it holds and lacks."""

    grids: list[int]
    n_homes: int
    n_empty: int
    n_short: int
    n_unlisted: int
    n_wrong: int
    n_flaws: int

    @property
    def load(self) -> float | None:
        """Households for each worker; None where nobody works."""


def tone_of(area: Counted, show: str, *, least: int, most: int) -> str:
    """Return the tone a part of the net is drawn in: done, warn or late.

    show        : cover, vacancies, load or lists
    least, most : households of a list
    """
    if show == "vacancies":
        return "late" if area.n_empty else "warn" if area.n_short else "done"
    if show == "load":
        if area.load is None:
            return "late" if area.n_homes else "done"
        return "late" if area.load > most else "warn" if area.load < least else "done"
    if show == "lists":
        return "warn" if area.n_wrong else "done"
    return "late" if area.n_flaws or area.n_unlisted or not area.grids else "done"


def difficulty(*, n_people: int, n_old: int, n_young: int, old: int, young: int) -> float:
    """Return how hard a grid is, from 0 (ordinary) to 1: its share of old people and children.

    old, young : what each share counts, in percent
    """
    if not n_people:
        return 0.0
    return min(1.0, (n_old * old + n_young * young) / (100 * n_people))
