"""立案单 and 结案单: what stands on paper about a case, personal details masked."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cores.redaction import mask_address, mask_name, mask_phone, redact
from shaodao.cores.wording import N_
from shaodao.kit import pdf
from shaodao.kit.images import thumb_of
from shaodao.kit.templatetags.kit import duration, metres, yuan
from shaodao.people.policy import LEVEL_LABELS
from shaodao.reports.policy import CHANNEL_LABELS

from . import policy
from .models import Case, Evidence, JournalEntry
from .templatetags.cases import amount_label, status_label

FOLDER = Path(__file__).parent / "sheets"
KINDS = {"filing": N_("立案单"), "closing": N_("结案单")}
MOST_PICTURES = {"filing": 3, "closing": 2}  # of each side
_SITE = {"ARRIVE", "BEFORE"}


class SheetMissing(Exception):
    """The case has not come so far that there is such a sheet."""


def sheet_of(case: Case, kind: str, *, at: datetime) -> bytes:
    """Return the sheet `kind` of a case as PDF.

    :raises SheetMissing: if the case has not been filed, or not ended.
    :raises shaodao.kit.pdf.NoFont: if there is no Chinese font.
    """
    entries = list(case.journal.select_related("actor").order_by("seq"))
    filed = _last(entries, "file")
    if filed is None or (kind == "closing" and case.ended_at is None):
        raise SheetMissing
    links = list(case.reports.select_related("report").order_by("joined_at", "pk"))
    evidence = list(case.evidence.exclude(file="").order_by("at", "pk"))
    photos = [p for link in links for p in link.report.photos.all() if p.file]
    before = [*((p.file, _("反映人提供")) for p in photos), *_taken(evidence, _SITE)]
    after = list(_taken(evidence, {"AFTER", "VERIFY"}))
    files: dict[str, Path] = {}
    made = _filing if kind == "filing" else _closing
    data = _common(case, kind, at=at) | made(case, entries, [link.report for link in links])
    most = MOST_PICTURES[kind]
    data["before"] = _placed(before[:most], "before", files)
    data["after"] = _placed(after[-most:], "after", files) if kind == "closing" else []
    return pdf.sheet(FOLDER / f"{kind}.typ", data=data, pictures=files)


def _last(entries: Iterable[JournalEntry], *names: str) -> JournalEntry | None:
    found = [entry for entry in entries if entry.name in names]
    return found[-1] if found else None


def _taken(evidence: Iterable[Evidence], kinds: set[str]) -> Iterable[tuple[str, str]]:
    return ((row.file, _day(row.at)) for row in evidence if row.kind in kinds)


def _placed(pictures: list[tuple[str, str]], name: str, files: dict[str, Path]) -> list[dict]:
    """Name the pictures as the sheet will find them, the small ones where there are."""
    shown = []
    for number, (file, said) in enumerate(pictures, start=1):
        small = settings.MEDIA_ROOT / thumb_of(file)
        path = small if small.is_file() else settings.MEDIA_ROOT / file
        if path.is_file():
            own = f"{name}-{number}.jpg"
            files[own] = path
            shown.append({"file": own, "said": said})
    return shown


def _day(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "—"


def _common(case: Case, kind: str, *, at: datetime) -> dict[str, Any]:
    return {
        "title": _(KINDS[kind]),
        "number": case.number,
        "office": case.desk.name,
        "printed": _day(at),
        "qr": pdf.qr_svg(case.number),
        "footer": _("哨到 · 个人信息已隐去，仅供存档"),
        "labels": {
            "number": _("案件号"),
            "printed": _("打印时间"),
            "before": _("处置前照片"),
            "after": _("处置后照片"),
            "money": _("资金来源与支出"),
            "stamp": _("（盖章）"),
            "date": _("年　　月　　日"),
        },
    }


def _matter(case: Case, reports: list) -> list[tuple[str, ...]]:
    first = reports[0] if reports else None
    name = mask_name(first.name) if first and first.name else _("匿名")
    phone = mask_phone(first.phone) if first and first.phone else "—"
    text = redact(first.text).text if first and first.text else _("内容已到期清除，或只有照片")
    place = mask_address(case.address) if case.address else case.area.name
    length = _("（沿路 %(length)s）") % {"length": metres(case.length_m)} if case.length_m else ""
    return [
        (_("事项"), case.title),
        (_("类别"), case.category.name, _("安全隐患"), _("是") if case.is_hazard else _("否")),
        (_("来源"), _(CHANNEL_LABELS[case.channel]), _("反映次数"), str(case.n_reports)),
        (_("收到时间"), _day(case.received_at), _("反映人"), f"{name}　{phone}"),
        (_("地点"), f"{place}{length}", _("所属"), case.area.name),
        (_("反映内容"), text),
    ]


def _filing(case: Case, entries: list[JournalEntry], reports: list) -> dict[str, Any]:
    filed, sent = _last(entries, "file"), _last(entries, "dispatch", "transfer")
    handle = case.clocks.filter(step=policy.Step.HANDLE).order_by("-started_at").first()
    limit = amount_label(handle.amount, handle.time_unit) if handle else "—"
    helpers = [row.unit.short_name for row in case.co_handlers.select_related("unit")]
    lead = case.lead.name if case.lead else "—"
    return {
        "rows": [
            *_matter(case, reports),
            (_("受理单位"), case.desk.name, _("立案时间"), _day(filed.at)),
            (_("主办单位"), lead, _("派遣时间"), _day(sent and sent.at)),
            (_("协办单位"), _("、").join(helpers) or "—", _("处置时限"), limit),
            (_("应办结时间"), _day(case.promised_at), _("立案人"), _actor(filed)),
        ],
        "signatures": [
            {"said": _("受理人"), "name": _actor(filed)},
            {"said": _("值班长意见"), "name": ""},
            {"said": _("主办单位签收"), "name": ""},
        ],
    }  # fmt: skip


def _actor(entry: JournalEntry | None) -> str:
    if entry is None:
        return "—"
    return entry.actor.name if entry.actor else _("系统按规则自动办理")


def _closing(case: Case, entries: list[JournalEntry], reports: list) -> dict[str, Any]:
    arrived, handled = _last(entries, "arrive"), _last(entries, "handle")
    verified, closed = _last(entries, "verify"), _last(entries, "close", "decline", "void", "merge")
    reply = case.remarks.filter(kind=policy.RemarkKind.REPLY.value).order_by("-pk").first()
    ratings = list(case.ratings.all())
    score = sum(r.score for r in ratings) / len(ratings) if ratings else None
    took = duration(case.handled_at - case.received_at) if case.handled_at else "—"
    is_late = case.clocks.filter(late_at__isnull=False).exists()
    solver = _(policy.SOLVED_BY_LABELS[policy.SolvedBy(case.solved_by)]) if case.solved_by else "—"
    tier = _(LEVEL_LABELS[case.solved_level]) if case.solved_level else "—"
    return {
        "rows": [
            *_matter(case, reports),
            (_("主办单位"), case.lead.name if case.lead else "—", _("处置人"), _actor(handled)),
            (_("到场时间"), _day(arrived and arrived.at), _("处置时间"), _day(case.handled_at)),
            (_("办理结果"), redact(reply.text).text if reply and reply.text else "—"),
            (_("处置成果"), _outcomes(case), _("由谁解决"), f"{solver}（{tier}）"),
            (_("核查人"), _actor(verified), _("核查时间"), _day(verified and verified.at)),
            (_("结果"), status_label(case.status), _("结束时间"), _day(case.ended_at)),
            (_("办理用时"), took, _("各环节时限"), _("有超期") if is_late else _("全部按时")),
            (_("反映人评价"), _("%(n)s 星") % {"n": f"{score:.1f}"} if score else _("未评价"),
             _("重开次数"), str(case.n_reopened)),
        ],
        "money": _money(case),
        "signatures": [
            {"said": _("处置人"), "name": _actor(handled)},
            {"said": _("核查人"), "name": _actor(verified)},
            {"said": _("结案人"), "name": _actor(closed)},
        ],
    }  # fmt: skip


def _outcomes(case: Case) -> str:
    said = []
    for outcome in case.outcomes.select_related("kind"):
        one = f"{outcome.kind.name} {outcome.quantity} {outcome.kind.measure}"
        if outcome.spacing_m:
            one += _("，间距 %(gap)s") % {"gap": metres(outcome.spacing_m)}
        if outcome.n_households:
            one += _("，受益 %(n)s 户") % {"n": outcome.n_households}
        said.append(one)
    return _("；").join(said) or "—"


def _money(case: Case) -> list[list[str]]:
    rows = list(case.funding.order_by("pk"))
    if not rows and not case.cost_fen:
        return []
    raised = sum(row.amount_fen for row in rows)
    labels = policy.FUND_LABELS
    return [
        *([_(labels[policy.FundSource(r.source)]), r.note, yuan(r.amount_fen)] for r in rows),
        [_("筹得合计"), "", yuan(raised)],
        [_("支出"), "", yuan(case.cost_fen or 0)],
        [_("差额"), "", yuan(raised - (case.cost_fen or 0))],
    ]
