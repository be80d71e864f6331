"""What notices there are, what carries them and when each may go: tables and pure functions."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from string import Formatter
from typing import NamedTuple
from uuid import UUID, uuid5

from shaodao.cores.wording import N_, Refusal

NAMESPACE = UUID("6d0c8f1e-6f0b-5d0a-9a3e-3c1f2b7a9e54")  # of message ids; never to be changed


class Channel(StrEnum):
    """What carries a notice."""

    IN_APP = "IN_APP"
    EMAIL = "EMAIL"
    SMS = "SMS"
    WECOM = "WECOM"
    DINGTALK = "DINGTALK"
    FEISHU = "FEISHU"


CHANNEL_LABELS = {
    Channel.IN_APP: N_("站内消息"),
    Channel.EMAIL: N_("电子邮件"),
    Channel.SMS: N_("短信"),
    Channel.WECOM: N_("企业微信群"),
    Channel.DINGTALK: N_("钉钉群"),
    Channel.FEISHU: N_("飞书群"),
}
OUTSIDE = tuple(channel for channel in Channel if channel is not Channel.IN_APP)
BOTS = frozenset({Channel.WECOM, Channel.DINGTALK, Channel.FEISHU})  # one group, people named in it
# Which configured number says whether staff hear by a channel who have not chosen for themselves.
USUAL = {
    Channel.EMAIL: "notice_by_email",
    Channel.SMS: "notice_by_sms",
    Channel.WECOM: "notice_by_wecom",
    Channel.DINGTALK: "notice_by_dingtalk",
    Channel.FEISHU: "notice_by_feishu",
}
# Characters one message may hold: the bots take 2,048 bytes or more, a gateway some 500 characters.
LONGEST = {
    Channel.IN_APP: 2000,
    Channel.EMAIL: 20_000,
    Channel.SMS: 480,
    Channel.WECOM: 640,
    Channel.DINGTALK: 2000,
    Channel.FEISHU: 2000,
}


class Topic(StrEnum):
    """What a person chooses channels for."""

    ORDER = "ORDER"
    LIMIT = "LIMIT"
    CALL = "CALL"
    OTHER = "OTHER"
    PROGRESS = "PROGRESS"


TOPIC_LABELS = {
    Topic.ORDER: N_("派给我的、等我办的"),
    Topic.LIMIT: N_("快到期和已超期的"),
    Topic.CALL: N_("督办我的、吹哨叫我的"),
    Topic.OTHER: N_("其他通知"),
    Topic.PROGRESS: N_("告诉反映人的进展"),
}
CHOSEN = (
    Topic.ORDER,
    Topic.LIMIT,
    Topic.CALL,
    Topic.OTHER,
)  # what staff choose for; residents get text messages


class State(StrEnum):
    WAITING = "WAITING"
    SENDING = "SENDING"  # claimed by a sender until `claimed_until`
    SENT = "SENT"
    FAILED = "FAILED"  # refused, tried too often, too old, or nowhere to send it
    GATHERED = "GATHERED"  # told within a digest
    ERASED = "ERASED"


STATE_LABELS = {
    State.WAITING: (N_("等待发送"), "wait"),
    State.SENDING: (N_("正在发送"), "active"),
    State.SENT: (N_("已发"), "done"),
    State.FAILED: (N_("没发出去"), "late"),
    State.GATHERED: (N_("并入汇总"), "plain"),
    State.ERASED: (N_("内容已清除"), "void"),
}


class Outcome(StrEnum):
    """What came of one attempt."""

    TAKEN = "TAKEN"  # the channel has it
    REFUSED = "REFUSED"  # for good: this message will never be taken
    LATER = "LATER"  # throttled: the whole channel slows
    FAILED = "FAILED"  # no answer, or an error that may pass
    BROKEN = "BROKEN"  # the channel's own key, address or signature is wrong
    LOST = "LOST"  # the sender died before it wrote the answer down


OUTCOME_LABELS = {
    Outcome.TAKEN: N_("已送出"),
    Outcome.REFUSED: N_("被拒收"),
    Outcome.LATER: N_("对方要求放慢"),
    Outcome.FAILED: N_("没有送到"),
    Outcome.BROKEN: N_("渠道设置有误"),
    Outcome.LOST: N_("结果没有记下"),
}

# Why a message failed without anybody being asked.
NO_CHANNEL = N_("这个渠道没有接通")
NO_ADDRESS = N_("收件人没有留地址")
TOO_OLD = N_("放置过久，不再发送")
TRIED_ENOUGH = N_("多次发送不成功")


class Kind(NamedTuple):
    """A kind of notice: what it says until a county says it otherwise, and what may stand in it.

    places : name of a place -> what it stands for and an example; words : places that hold a marked
    word of ours, which is translated
    """

    label: str
    topic: Topic
    text: str
    places: Mapping[str, tuple[str, str]]
    words: frozenset[str] = frozenset()


_CASE = {
    "number": (N_("案件编号"), "360702-20260907-0012"),
    "title": (N_("案件标题"), N_("西津路路灯不亮")),
    "step": (N_("环节"), N_("处置")),
}
_CALL = {**_CASE, "unit": (N_("单位"), N_("区城管局"))}
_PERIOD = {"period": (N_("考核周期"), N_("九月"))}
PLAIN = "plain"
DIGEST, DIGEST_PUBLIC = "digest", "digest_public"
# fmt: off
KINDS: dict[str, Kind] = {
    "case_step":     Kind(N_("案件到了新的一步"), Topic.ORDER, N_("{number} {title}：{step}"), _CASE, frozenset({"step"})),
    "case_warn":     Kind(N_("时限即将到期"), Topic.LIMIT, N_("{number} {title}：{step}即将到期"), _CASE, frozenset({"step"})),
    "case_late":     Kind(N_("时限已超期"), Topic.LIMIT, N_("{number} {title}：{step}已超期"), _CASE, frozenset({"step"})),
    "supervision":   Kind(N_("督办"), Topic.CALL, N_("{number} {title}：{step}（{unit}）"), _CALL, frozenset({"step"})),
    "whistle":       Kind(N_("吹哨报到"), Topic.CALL, N_("{number} {title}：{step} {unit}"), _CALL, frozenset({"step"})),
    "scores_frozen": Kind(N_("考核结果锁定"), Topic.OTHER, N_("{period}：考核结果已锁定，可以查看每一项怎么算的，有不对的可以申诉"), _PERIOD),
    "appeal_decided": Kind(N_("考核申诉裁定"), Topic.OTHER, N_("{period}：您的考核申诉已裁定"), _PERIOD),
    "report_step":   Kind(N_("诉求有新进展（发给反映人）"), Topic.PROGRESS, N_("您反映的 {report} 有新进展：{step}。点开查看："),
                          {"report": (N_("诉求编号"), "R202609070012"), "step": (N_("进展"), N_("派遣"))}, frozenset({"step"})),
    DIGEST:          Kind(N_("多条消息的汇总"), Topic.OTHER, N_("您有 {n} 条新消息：{list}"),
                          {"n": (N_("条数"), "23"), "list": (N_("各条内容"), N_("西津路路灯不亮：处置；翠竹小区垃圾堆放：即将到期"))}),
    DIGEST_PUBLIC:   Kind(N_("多条进展的汇总（发给反映人）"), Topic.PROGRESS, N_("您反映的事项有 {n} 条新进展：{list}"),
                          {"n": (N_("条数"), "3"), "list": (N_("各条内容"), N_("R202609070012 派遣；R202609070015 结案"))}),
    PLAIN:           Kind(N_("其他通知"), Topic.OTHER, N_("{text}"), {"text": (N_("内容"), N_("今天下午三点在街道开会"))}),
}
# fmt: on
FIXED = frozenset({PLAIN})  # what others wrote: passed on as it is, no county rewrites it


def kind_of(name: str) -> Kind:
    """Return a kind of notice; one nobody knows any more is a plain one."""
    return KINDS.get(name, KINDS[PLAIN])


def message_id(*, about: str, key: str, recipient: str, channel: Channel) -> UUID:
    """Return the id of a message, the same whenever the same is told to the same by the same way.

    recipient : 'user:7', or '' where the key names the one it is for
    """
    return uuid5(NAMESPACE, "\n".join((about, key, recipient, channel.value)))


# ---- texts -------------------------------------------------------------------------------------


class TextRefused(Refusal):
    """A text cannot be used. The message is fit to show to the user."""


_PLACE = re.compile(r"\{(\w+)\}")
MOST_CHARACTERS = 400


def check_text(kind: str, text: str) -> None:
    """Test that a county may say a kind of notice with `text`.

    :raises TextRefused: if it is empty, too long, fixed, or names a place the kind has not.
    """
    if kind not in KINDS or kind in FIXED:
        raise TextRefused(N_("这种消息的文字不能改"))
    if not text.strip():
        raise TextRefused(N_("请填写消息文字"))
    if len(text) > MOST_CHARACTERS:
        raise TextRefused(N_("消息文字最多 {most} 字"), most=MOST_CHARACTERS)
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise TextRefused(N_("花括号没有成对；占位写成 {example}"), example="{number}") from error
    for _, place, form, conversion in parts:
        if place is None:
            continue
        if place not in KINDS[kind].places or form or conversion:
            raise TextRefused(
                N_("没有叫 {place} 的占位；可用的有 {known}"),
                place="{" + place + "}",
                known=" ".join("{" + name + "}" for name in KINDS[kind].places),
            )
    if "{{" in text or "}}" in text:
        raise TextRefused(N_("花括号没有成对；占位写成 {example}"), example="{number}")
    missing = [name for name in _DEMANDED.get(kind, ()) if "{" + name + "}" not in text]
    if missing:
        raise TextRefused(N_("这种消息必须写上 {place}"), place="{" + missing[0] + "}")


# What a reader could not do without: which matter it is, or the matters of a digest.
_DEMANDED = {
    "case_step": ("number",),
    "case_warn": ("number",),
    "case_late": ("number",),
    "supervision": ("number",),
    "whistle": ("number",),
    "report_step": ("report",),
    DIGEST: ("n", "list"),
    DIGEST_PUBLIC: ("n", "list"),
}


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with its places filled in; a place without a value stays empty."""
    return _PLACE.sub(lambda found: values.get(found.group(1), ""), text)


def listed(lines: Sequence[str], *, most: int, more: str) -> str:
    """Return as many lines as fit into `most` characters, and `more` where some did not.

    more : text with a place {n} for how many are left out
    """
    whole = "；".join(lines)
    if len(whole) <= most:
        return whole
    for shown in range(len(lines) - 1, 0, -1):
        rest = fill(more, {"n": str(len(lines) - shown)})
        told = "；".join([*lines[:shown], rest])
        if len(told) <= most:
            return told
    return fill(more, {"n": str(len(lines))})


# ---- when --------------------------------------------------------------------------------------


def quiet_until(at: datetime, *, begins: int, ends: int) -> datetime | None:
    """Return when the quiet hours `at` lies in end, or None outside them.

    at : in the county's time zone; begins, ends : hours of the day, equal for no quiet hours
    """
    if begins == ends:
        return None
    is_over_midnight = begins > ends
    hour = at.hour
    inside = (hour >= begins or hour < ends) if is_over_midnight else begins <= hour < ends
    if not inside:
        return None
    end = at.replace(hour=ends, minute=0, second=0, microsecond=0)
    return end if end > at else end + timedelta(days=1)


def back_off(attempts: int, *, first: timedelta, most: timedelta) -> timedelta:
    """Return how long to wait after so many attempts: doubling, no longer than `most`."""
    doublings: int = 2 ** min(max(attempts - 1, 0), 20)
    return min(first * doublings, most)


class Share(NamedTuple):
    """What of one person's waiting messages may go now, by position."""

    alone: int  # the first so many, one by one
    gathered: int  # the next so many, as one digest
    postponed: int  # the rest


def share_of(*, waiting: int, sent: int, cap: int) -> Share:
    """Divide one person's waiting messages so that no more than `cap` reach them in an hour.

    sent : how many they had in the last hour. The last place of the hour holds a digest of all
    that would be too many; with no place left everything waits.
    """
    room = max(cap - sent, 0)
    if waiting <= room:
        return Share(waiting, 0, 0)
    if room == 0:
        return Share(0, 0, waiting)
    return Share(room - 1, waiting - room + 1, 0)


def chosen(
    topic: Topic, *, choices: Mapping[str, Collection[str]], usual: Collection[Channel]
) -> tuple[Channel, ...]:
    """Return the channels outside the product by which a person hears of a topic.

    choices : topic -> channels, as the person set them; usual : where they set none
    """
    if topic.value in choices:
        return tuple(channel for channel in OUTSIDE if channel.value in choices[topic.value])
    return tuple(channel for channel in OUTSIDE if channel in usual)
