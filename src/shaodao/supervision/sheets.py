"""督办单: a supervision on paper, with its reason, limit, reply and sign-off."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.cases.models import Remark
from shaodao.cases.sheets import FOLDER as CASE_SHEETS
from shaodao.cores.redaction import redact
from shaodao.kit import pdf
from shaodao.people.models import User

from . import policy
from .models import Supervision

SOURCE = Path(__file__).parent / "sheets" / "supervision.typ"


def sheet_of(row: Supervision, *, at: datetime) -> bytes:
    """Return the sheet of a supervision as PDF, numbers and names in its words masked.

    :raises shaodao.kit.pdf.NoFont: if there is no Chinese font.
    """
    kind = _(policy.KIND_LABELS[policy.Kind(row.kind)])
    data: dict[str, Any] = {
        "title": _("督办单"),
        "number": row.number,
        "office": row.author_unit.name,
        "printed": _moment(at),
        "qr": pdf.qr_svg(row.number),
        "footer": _("哨到 · 个人信息已隐去，仅供存档"),
        "labels": {
            "number": _("督办号"),
            "printed": _("打印时间"),
            "stamp": _("（盖章）"),
            "date": _("年　　月　　日"),
        },
        "rows": _rows(row, kind),
        "signatures": [
            {"said": _("签发"), "name": row.author.name if row.author else _("系统自动发出")},
            {"said": _("被督办单位签收"), "name": ""},
            {"said": _("销号"), "name": row.signed_off_by.name if row.signed_off_by else ""},
        ],
    }
    return pdf.sheet(SOURCE, data=data, imports=[CASE_SHEETS / "sheet.typ"])


def _rows(row: Supervision, kind: str) -> list[tuple[str, ...]]:
    state = _(policy.STATE_LABELS[policy.State(row.state)])
    late = _("逾期未答复") if row.late_at else _("未逾期")
    answered = _moment(row.replied_at)
    return [
        (_("督办方式"), kind, _("状态"), state),
        (_("案件号"), row.case.number, _("所属"), row.case.area.name),
        (_("事项"), row.case.title),
        (_("被督办单位"), row.unit.name, _("督办单位"), row.author_unit.name),
        (_("发出时间"), _moment(row.issued_at), _("答复时限"), _moment(row.reply_by)),
        (_("督办事由"), _words(row.reason)),
        (_("答复"), _words(row.reply)),
        (_("整改措施"), _words(row.measures)),
        (_("答复人"), _name(row.replied_by), _("答复时间"), f"{answered}　{late}"),
        (_("销号人"), _name(row.signed_off_by), _("销号时间"), _moment(row.signed_off_at)),
    ]


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else "—"


def _name(user: User | None) -> str:
    return user.name if user else "—"


def _words(remark: Remark | None) -> str:
    return redact(remark.text).text if remark and remark.text else "—"
