"""An import as its pages show it: each row with its cells, its fate, and what is wrong where."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from shaodao.people.models import User
from shaodao.places.models import Import, ImportRow
from shaodao.places.policy import FATE_LABELS, Fate

from .boundaries import BOUNDARIES
from .columns import REGISTERS

# Columns of a table that go by another name in the register.
_KEYS = {
    "property_company_id": "company",
    "has_owners_committee": "has_committee",
    "has_own_meters": "has_meters",
    "grid_id": "grid",
    "is_party_member": "is_member",
}
_IDS = frozenset({"property_company_id", "grid_id"})


@dataclass(frozen=True)
class Cell:
    """A cell as it was typed."""

    label: str
    text: str
    is_wrong: bool


@dataclass(frozen=True)
class ShownRow:
    """A row as the preview shows it."""

    n: int
    label: str
    fate: str
    tone: str
    cells: list[Cell]
    notes: list[str]


def shown_rows(batch: Import, rows: list[ImportRow], reader: User) -> list[ShownRow]:
    """Return rows of an import in the reader's language.

    What a household needs is shown to nobody but who brought the file.
    """
    hidden = set() if reader.pk == batch.uploaded_by_id else {"needs"}
    labels = labels_of(batch.register)
    return [_shown(batch, row, labels, hidden) for row in rows]


def labels_of(register: str) -> dict[str, str]:
    """Return what the columns of a register are called, in the reader's language."""
    if register == BOUNDARIES:
        return {"code": _("网格编码"), "name": _("网格名称")}
    return {column.key: _(column.label) for column in REGISTERS[register].columns}


def _shown(batch: Import, row: ImportRow, labels: dict[str, str], hidden: set[str]) -> ShownRow:
    label, tone = FATE_LABELS[Fate(row.fate)]
    wrong = {key for key, _message, _values in row.faults}
    cells = [
        Cell(labels[key], row.cells.get(key, ""), key in wrong)
        for key in labels
        if (row.cells.get(key) or key in wrong) and key not in hidden
    ]
    notes = [_fault(batch, row, labels, *fault) for fault in row.faults]
    if row.fate == Fate.CHANGED:
        notes += _differences(row, labels, hidden)
    return ShownRow(row.n, row.label, _(label), tone, cells, notes)


def _fault(
    batch: Import, row: ImportRow, labels: dict[str, str], key: str, message: str, values: dict
) -> str:
    """Return what is wrong, with the address of its cell: C12 人数：应为整数."""
    told = {
        name: _(value) if isinstance(value, str) and value else value
        for name, value in values.items()
    }
    text = _(message).format(**told)
    if key not in labels:
        return text
    where = f"{batch.columns[key]}{row.n} " if key in batch.columns else ""
    return f"{where}{labels[key]}{_('：')}{text}"


def _differences(row: ImportRow, labels: dict[str, str], hidden: set[str]) -> list[str]:
    found = []
    for name, before in row.before.items():
        key = _KEYS.get(name, name)
        if key not in labels or key in hidden:
            continue
        was = _said(before) if name not in _IDS else ""
        found.append(f"{labels[key]}{_('：')}{was} → {row.cells.get(key, '')}")
    return found


def _said(value: object) -> str:
    if value is None or value == "":
        return _("空")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return "、".join(str(one) for one in value if one) or _("空")
    return str(value)
