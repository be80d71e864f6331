"""What a resident's page looks out for before a report is sent: words that mean somebody must call."""

from collections.abc import Sequence
from dataclasses import dataclass

from shaodao.cores.wording import N_


@dataclass(frozen=True)
class Emergency:
    """A number to call at once, for whom it is, and the word that made us think of it."""

    number: str
    label: str
    word: str


# Words are looked for as they stand: a false alarm costs one line on the page, a missed one more.
_CALLS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("119", N_("火警"), (
        "着火", "起火", "失火", "火灾", "冒烟", "爆炸", "煤气泄漏", "煤气味", "燃气泄漏", "燃气味",
        "天然气泄漏", "漏煤气", "漏燃气", "液化气泄漏", "被困", "困在电梯", "电梯困人", "房子塌", "墙塌", "坍塌",
        "掉进井", "马蜂",
    )),
    ("120", N_("急救"), (
        "受伤", "流血", "出血", "昏迷", "昏倒", "晕倒", "不省人事", "没有呼吸", "触电", "溺水", "落水",
        "中毒", "心脏病", "骨折", "摔伤", "烧伤", "烫伤", "快不行了",
    )),
    ("110", N_("报警"), (
        "打人", "打架", "持刀", "拿刀", "砍人", "抢劫", "抢东西", "入室", "小偷", "家暴", "绑架", "强奸",
        "失踪", "走失", "走丢", "跳楼", "自杀", "轻生", "威胁要", "杀人",
    )),
)  # fmt: skip


def emergencies(text: str) -> list[Emergency]:
    """Return whom to call for what `text` says, one entry a number, by the first word that fits."""
    found = (
        Emergency(number, label, next((word for word in words if word in text), ""))
        for number, label, words in _CALLS
    )
    return [call for call in found if call.word]


def n_stages_done(status: str, *, is_rated: bool) -> int:
    """Return how many of the seven stages (cases.policy.STAGES) lie behind a case in `status`.

    The line shows what the resident waits for, so a case waiting to be filed has one behind it.
    """
    if status == "CLOSED":
        return 7 if is_rated else 6
    return _DONE.get(status, 0)


_DONE = {
    "RECEIVED": 1,
    "CHECKING": 1,
    "FILED": 2,
    "DISPATCHED": 3,
    "HANDLING": 3,
    "SHELVED": 3,
    "HANDLED": 5,
    "VERIFIED": 5,
}

# Steps after which later stages are ahead again: the move, and how many stages then lie behind.
STEPS_BACK: dict[str, int] = {
    "reopen": 2,
    "return": 2,
    "pass_back": 2,
    "time_out": 2,
    "separate": 2,
    "escalate": 2,
    "escalate_urgent": 2,
    "climb": 2,
    "climb_unfiled": 1,
    "hand_down": 2,
    "refuse_duty": 2,
    "transfer": 3,
    "rework": 3,
}
# Which stages (by index) a move completes.
COMPLETES: dict[str, Sequence[int]] = {
    "receive": (0,),
    "file": (1,),
    "dispatch": (2,),
    "transfer": (2,),
    "handle": (3, 4),
    "close": (5,),
    "rate": (6,),
}

STATUS_TONES: dict[str, str] = {  # of a status; an open one not named here is "active"
    "RECEIVED": "new",
    "CHECKING": "new",
    "SHELVED": "wait",
    "CLOSED": "done",
    "DECLINED": "plain",
    "VOIDED": "plain",
    "MERGED": "wait",
    "WITHDRAWN": "plain",
}
TONES: dict[str, tuple[str, str]] = {  # of a journal entry: tone and icon of the kit
    "receive": ("new", "inbox"),
    "join": ("new", "people"),
    "file": ("active", "report"),
    "decline": ("void", "cross"),
    "dispatch": ("active", "send"),
    "escalate": ("active", "up"),
    "escalate_urgent": ("warn", "urgent"),
    "climb": ("late", "up"),
    "climb_unfiled": ("late", "up"),
    "hand_down": ("wait", "down"),
    "refuse_duty": ("wait", "return"),
    "accept": ("active", "check"),
    "arrive": ("active", "pin"),
    "handle": ("active", "message"),
    "transfer": ("wait", "send"),
    "return": ("wait", "return"),
    "time_out": ("wait", "refresh"),
    "extend": ("wait", "calendar"),
    "shelve": ("wait", "pause"),
    "keep_shelved": ("wait", "pause"),
    "resume": ("active", "play"),
    "verify": ("done", "eye"),
    "rework": ("warn", "refresh"),
    "close": ("done", "seal"),
    "void": ("void", "cross"),
    "merge": ("wait", "merge"),
    "separate": ("wait", "split"),
    "withdraw": ("void", "return"),
    "reopen": ("warn", "refresh"),
    "confirm": ("done", "check"),
    "add_facts": ("new", "edit"),
    "answer": ("active", "message"),
    "raise_funds": ("active", "money"),
    "rate": ("done", "star"),
    "late": ("late", "late"),
}
