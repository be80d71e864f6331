"""Where people can go, one row a page; a row whose page does not exist is not shown."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext


def N_(text: str) -> str:
    """Mark `text` for translation; whoever shows it translates."""
    return text


class Place(NamedTuple):
    """A page of the navigation. `needs` are roles, any of which will do; empty: everybody."""

    url_name: str
    label: str
    icon: str
    needs: frozenset[str] = frozenset()


class Link(NamedTuple):
    """A page of the navigation as one user sees it now."""

    url: str
    label: str
    icon: str
    is_current: bool


_OFFICE = frozenset({"INTAKE", "DISPATCHER", "DUTY_CHIEF", "VERIFIER", "LEADER"})
_ON_SITE = frozenset({"HANDLER", "GRID_WORKER", "VERIFIER", "SECRETARY"})
_DRAWING = frozenset({"DISPATCHER", "DUTY_CHIEF", "SECRETARY"})

STAFF = (  # the first six one may open stand in the bar, the others behind it
    Place("desk", N_("工作台"), "desk", _OFFICE | {"HANDLER"}),
    Place("today", N_("今日任务"), "list", _ON_SITE),
    Place("command", N_("指挥中心"), "up", _OFFICE),
    Place("whistles", N_("吹哨报到"), "whistle", _OFFICE | _ON_SITE),
    Place("supervisions", N_("督办"), "flag", _OFFICE | {"HANDLER"}),
    Place("new_case", N_("登记诉求"), "report", frozenset({"INTAKE"})),
    Place("figures", N_("运行情况"), "chart", _OFFICE | _ON_SITE),
    Place("sites", N_("积案点位"), "layers", _OFFICE | {"HANDLER"}),
    Place("sectors", N_("工作条线"), "flag", _OFFICE | {"HANDLER"}),
    Place("announcements", N_("通知"), "send", _OFFICE | {"SECRETARY"}),
    Place("grids", N_("网格"), "grid", _OFFICE | _ON_SITE),
    Place("net", N_("网格图"), "map", _OFFICE | _ON_SITE),
    Place("drawings", N_("划分名单"), "split", _DRAWING),
    Place("compounds", N_("小区"), "building", _OFFICE | _ON_SITE),
    Place("charges", N_("队伍"), "people", _OFFICE | {"SECRETARY", "GRID_WORKER"}),
    Place("workload", N_("工作量"), "people", _OFFICE),
    Place("people", N_("账号岗位"), "people", frozenset({"ADMIN", "SECURITY"})),
    Place("channels", N_("消息渠道"), "send", frozenset({"ADMIN"})),
    Place("appointments", N_("按公示任命"), "person", frozenset({"SECURITY"})),
    Place(
        "registers",
        N_("台账"),
        "copy",
        frozenset({"ADMIN", "SECURITY", "DUTY_CHIEF", "DISPATCHER", "SECRETARY"}),
    ),
    Place("parameters", N_("规则参数"), "gear", frozenset({"SECURITY", "DUTY_CHIEF"})),
    Place("audit", N_("审计"), "shield", frozenset({"AUDITOR"})),
)
RESIDENT = (
    Place("report", N_("我要反映"), "report"),
    Place("nearby", N_("附近的事"), "map"),
    Place("find_report", N_("查进度"), "search"),
    Place("my_worker", N_("我的网格员"), "person"),
    Place("board", N_("办结公示"), "check"),
)
# The bar at the foot of a worker's phone: five at most.
WORKER = (
    Place("today", N_("今天"), "list"),
    Place("new_case", N_("上报"), "camera", frozenset({"GRID_WORKER", "INTAKE", "VERIFIER"})),
    Place("my_households", N_("我的户"), "home"),
    Place("mailbox", N_("消息"), "bell"),
    Place("account", N_("我的"), "person"),
)


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def roles_of() -> Callable[[object], Collection[str]] | None:
    """Return the function that tells a user's roles (setting ROLES_OF), where one is set."""
    path = getattr(settings, "ROLES_OF", "")
    return import_string(path) if path else None


def links(table: tuple[Place, ...], *, user: object, path: str) -> list[Link]:
    """Return the rows of `table` that `user` may open, the deepest that holds `path` as current."""
    roles = roles_of()
    held = frozenset(roles(user)) if roles and user is not None else None
    found = [
        (place, url)
        for place in table
        if (held is None or not place.needs or place.needs & held) and (url := _url(place.url_name))
    ]
    within = [url for _place, url in found if path.startswith(url)]
    current = max(within, key=len, default=None)
    return [
        Link(url=url, label=gettext(place.label), icon=place.icon, is_current=url == current)
        for place, url in found
    ]
