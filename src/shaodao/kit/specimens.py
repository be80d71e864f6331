"""Made-up material that lets the design page show every part alive."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import paging, stages

TONES = ("plain", "new", "active", "wait", "warn", "late", "done", "void")
COLOURS = (
    *("paper", "surface", "sunk", "line", "line-strong", "ink", "ink-2", "ink-3"),
    *("link", "brand", "brand-strong", "brand-soft", "bar", "seal", "focus", "star"),
)
TYPE_SIZES = ("t-1", "t0", "t1", "t2", "t3", "t4", "t5")
ICONS = (
    *("whistle", "report", "camera", "pin", "map", "route", "locate", "grid", "list", "clock"),
    *("warn", "late", "urgent", "check", "cross", "person", "people", "phone", "home", "lamp"),
    *("rubbish", "car", "parking", "water", "elevator", "road", "noise", "tree", "building"),
    *("service", "link", "search", "filter", "sort", "star", "star-full", "refresh", "pause"),
    *("play", "merge", "split", "return", "seal", "flag", "print", "download", "upload", "eye"),
    *("lock", "menu", "more", "back", "next", "up", "down", "plus", "minus", "edit", "mail"),
    *("bell", "message", "inbox", "send", "moon", "sun", "contrast", "text-size", "language"),
    *("qr", "money", "shield", "calendar", "history", "chart", "layers", "offline", "keyboard"),
    *("desk", "gear", "copy", "external", "info", "help", "logout", "dot", "ring"),
)
PICTURES = (
    ("rubbish", gettext_lazy("环境卫生")),
    ("lamp", gettext_lazy("道路路灯")),
    ("parking", gettext_lazy("车辆停放")),
    ("building", gettext_lazy("私搭乱建")),
    ("water", gettext_lazy("供水供电")),
    ("elevator", gettext_lazy("电梯物业")),
    ("noise", gettext_lazy("噪声扰民")),
    ("service", gettext_lazy("其他办事")),
)


class _Row(NamedTuple):
    number: str
    title: str
    area: str
    unit: str
    status: str
    tone: str
    due_at: datetime
    warn_at: datetime
    n_reports: int


class _Entry(NamedTuple):
    label: str
    who: str
    at: datetime
    tone: str
    icon: str
    text: str = ""
    quote: bool = False
    note: str = ""


class _Specimen(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("问题描述"),
        help_text=gettext_lazy("说清楚是什么、有多久了。不要写别人的姓名和电话。"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    phone = forms.CharField(label=gettext_lazy("联系电话"), required=False)
    unit = forms.ChoiceField(
        label=gettext_lazy("主办单位"),
        choices=[("", gettext_lazy("请选择")), ("1", gettext_lazy("市政维护中心"))],
    )
    urgency = forms.ChoiceField(
        label=gettext_lazy("紧急程度"),
        choices=[("1", gettext_lazy("一般")), ("2", gettext_lazy("紧急"))],
        widget=forms.RadioSelect,
        initial="1",
    )
    day = forms.DateField(
        label=gettext_lazy("约定日期"), widget=forms.DateInput(attrs={"type": "date"})
    )
    agreed = forms.BooleanField(label=gettext_lazy("结果可以隐去个人信息后公示"), required=False)
    photos = forms.FileField(label=gettext_lazy("现场照片"), required=False)


def _rows(at: datetime) -> list[_Row]:
    hour = timedelta(hours=1)
    return [
        _Row(
            "2025-0911-0042",
            _("主干道路灯成片不亮，约 2 公里，晚上行人和电动车看不清路面"),
            _("河头社区 第三网格"),
            _("市政维护中心"),
            _("处置中"),
            "active",
            at - 5 * hour,
            at - 20 * hour,
            7,
        ),
        _Row(
            "2025-0911-0057",
            _("单元门口堆放装修垃圾"),
            _("新桥社区 第一网格"),
            _("新桥街道城管队"),
            _("待接单"),
            "new",
            at + 2 * hour,
            at - hour,
            1,
        ),
        _Row(
            "2025-0910-0133",
            _("电梯运行有异响，多次停在两层之间"),
            _("北门社区 第二网格"),
            _("市场监管局"),
            _("挂账"),
            "wait",
            at + 200 * hour,
            at + 150 * hour,
            3,
        ),
        _Row(
            "2025-0909-0018",
            _("夜间施工噪声"),
            _("北门社区 第四网格"),
            _("住建局"),
            _("待核查"),
            "active",
            at + 51 * hour,
            at + 30 * hour,
            2,
        ),
    ]


def _entries(at: datetime) -> list[_Entry]:
    hour = timedelta(hours=1)
    return [
        _Entry(
            label=_("反馈"),
            who=_("市政维护中心"),
            at=at - 2 * hour,
            tone="active",
            icon="message",
            text=_("线路故障已排除，更换灯具 90 盏，今晚试亮。"),
            quote=True,
        ),
        _Entry(
            label=_("超期提醒"),
            who=_("系统"),
            at=at - 5 * hour,
            tone="late",
            icon="late",
            note=_("已通知值班长"),
        ),
        _Entry(
            label=_("到达现场"),
            who=_("河头社区 网格员"),
            at=at - 26 * hour,
            tone="active",
            icon="pin",
            note=_("距上报 1 小时 12 分钟"),
        ),
        _Entry(
            label=_("上报"),
            who=_("居民（扫码）"),
            at=at - 27 * hour,
            tone="new",
            icon="report",
            text=_("从桥头到学校这一段路灯全都不亮，孩子放学走夜路不安全。"),
            quote=True,
        ),
    ]


def all_parts(*, at: datetime) -> dict[str, Any]:
    """Return everything the design page shows, as of `at`."""
    labels = [_("采集"), _("立案"), _("派遣"), _("处置"), _("反馈"), _("核查结案"), _("评价")]
    times = [at - timedelta(hours=hours) for hours in (27, 26, 25, 24)]
    return {
        "at": at,
        "tones": TONES,
        "tone_labels": list(
            zip(
                TONES,
                [
                    _("待受理"),
                    _("新来"),
                    _("处置中"),
                    _("挂账"),
                    _("将到期"),
                    _("超期"),
                    _("已结案"),
                    _("作废"),
                ],
                strict=True,
            )
        ),
        "colours": COLOURS,
        "type_sizes": TYPE_SIZES,
        "icons": ICONS,
        "pictures": PICTURES,
        "stages": stages.line(labels, current=4, times=times),
        "stages_late": stages.line(labels, current=3, late=True, times=times),
        "stages_done": stages.line(labels, current=7),
        "entries": _entries(at),
        "rows": _rows(at),
        "form": _Specimen(),
        "form_wrong": _Specimen({"text": "", "urgency": "1", "unit": ""}, auto_id="wrong_%s"),
        "form_photos": _Specimen(auto_id="photos_%s"),
        "page": paging.Page(rows=[1], next="next", previous="previous"),
        "bar_rows": [
            {"label": _("环境卫生"), "share": 0.86, "value": "412"},
            {"label": _("道路路灯"), "share": 0.52, "value": "249"},
            {"label": _("电梯物业"), "share": 0.31, "value": "148", "tone": "warn"},
            {"label": _("噪声扰民"), "share": 0.09, "value": "43"},
        ],
        "chart": {
            "type": "line",
            "labels": [f"9-{day}" for day in range(1, 11)],
            "unit": _("件"),
            "series": [
                {"name": _("上报"), "values": [31, 28, 35, 40, 22, 18, 36, 41, 39, 30]},
                {"name": _("结案"), "values": [25, 30, 29, 33, 30, 20, 28, 37, 40, 35]},
            ],
        },
        "points": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"id": 1, "status": "late", "label": "0042"},
                    "geometry": {"type": "Point", "coordinates": [114.935, 25.832]},
                },
                {
                    "type": "Feature",
                    "properties": {"id": 2, "status": "active", "label": "0057"},
                    "geometry": {"type": "Point", "coordinates": [114.941, 25.829]},
                },
            ],
        },
        "deadlines": {
            "ok": at + timedelta(days=2, hours=3),
            "soon": at + timedelta(hours=1, minutes=40),
            "warn": at - timedelta(hours=1),
            "late": at - timedelta(hours=5, minutes=12),
        },
        "time_left": timedelta(days=3, hours=4),
    }
