"""What a page of figures is made of: stats, pictures, bars and tables, all said in numbers too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shaodao.kit.templatetags.kit import duration, share


@dataclass(frozen=True)
class Stat:
    """One figure on a card."""

    label: str
    value: str
    unit: str = ""
    hint: str = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True)
class Stats:
    items: Sequence[Stat]
    kind: str = "stats"


@dataclass(frozen=True)
class Picture:
    """A chart with the same numbers in a table under it."""

    id: str
    title: str
    head: str
    chart: dict[str, Any]
    note: str = ""
    kind: str = "picture"


@dataclass(frozen=True)
class Bar:
    label: str
    share: float
    value: str
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Bars:
    title: str
    rows: Sequence[Bar]
    note: str = ""
    kind: str = "bars"


@dataclass(frozen=True)
class Column:
    """A column of a table: how its values read. `kind` is text, count, share, span or time."""

    label: str
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        return self.kind in {"count", "share", "span", "score"}


@dataclass(frozen=True)
class Cell:
    shown: str
    label: str
    is_number: bool
    url: str = ""


@dataclass(frozen=True)
class Row:
    values: Sequence[Any]
    url: str = ""  # of the first cell
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of values; the same as a file by its slug."""

    slug: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    empty: str = ""
    most: int | None = None  # rows on the page; the file has all
    page: Any = None  # kit.paging.Page where the rows are one page of many
    folds: bool = False  # on a phone each row becomes a card; a table of numbers stays a table
    kind: str = "table"

    @property
    def shown(self) -> list[tuple[Row, list[Cell]]]:
        """The rows as people read them."""
        return [(row, self._cells(row)) for row in self.rows[: self.most]]

    @property
    def n_left_out(self) -> int:
        return max(len(self.rows) - self.most, 0) if self.most else 0

    def _cells(self, row: Row) -> list[Cell]:
        return [
            Cell(show(value, column.kind), column.label, column.is_number, "" if n else row.url)
            for n, (column, value) in enumerate(zip(self.columns, row.values, strict=True))
        ]

    def as_plain(self) -> Iterable[list[object]]:
        """Return the table for a file: headings, then values that reckon on."""
        yield [column.label for column in self.columns]
        for row in self.rows:
            yield [_plain(v, c.kind) for c, v in zip(self.columns, row.values, strict=True)]


Panel = Stats | Picture | Bars | Table


@dataclass(frozen=True)
class Page:
    """Everything a page of one figure shows."""

    panels: list[Panel] = field(default_factory=list)

    def tables(self) -> dict[str, Table]:
        return {panel.slug: panel for panel in self.panels if isinstance(panel, Table)}


# ---- how numbers read -------------------------------------------------------------------------


def span(minutes: float | None) -> str:
    """Say a length of time: 5 天, 1 小时 12 分钟; a dash of nothing."""
    return "—" if minutes is None else duration(timedelta(minutes=minutes))


def brief(label: str, minutes: float | None, hint: str = "") -> Stat:
    """Return a length of time as a figure: 3.5 天, 1.2 小时, 40 分钟."""
    if minutes is None:
        return Stat(label, "—", hint=hint)
    hour, day = 60, 24 * 60
    if minutes >= 2 * day:
        return Stat(label, _decimal(minutes / day), _("天"), hint)
    if minutes >= hour:
        return Stat(label, _decimal(minutes / hour), _("小时"), hint)
    return Stat(label, str(round(minutes)), _("分钟"), hint)


def _decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def show(value: Any, kind: str) -> str:
    """Say a value of a table's cell."""
    if value is None:
        return "—"
    if kind == "share":
        return share(value)
    if kind == "span":
        return span(value)
    if kind == "score":
        return f"{value:.1f}"
    if kind == "count":
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return str(value)


def _plain(value: Any, kind: str) -> object:
    """Return a value as a file keeps it: spans in hours, shares as numbers, no formulas."""
    if value is None:
        return ""
    if kind == "span":
        return round(value / 60, 2)
    if kind == "share":
        return round(value, 4)
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"  # a spreadsheet would reckon it out
    return value


def span_labels(edges: Sequence[int]) -> list[str]:
    """Return what the spans between coarse edges are called."""
    first, last = duration(timedelta(minutes=edges[0])), duration(timedelta(minutes=edges[-1]))
    between = [
        f"{_short(low, high)}–{duration(timedelta(minutes=high))}" for low, high in pairwise(edges)
    ]
    return [f"< {first}", *between, f"≥ {last}"]


def _short(low: int, high: int) -> str:
    """Say the lower edge of a span, its unit left out where the upper edge has the same."""
    day, hour = 24 * 60, 60
    for least, most in ((day, 10 * high), (hour, day), (1, hour)):
        if low >= least and low % least == 0 and least <= high < most:
            return str(low // least)
    return duration(timedelta(minutes=low))


def day_label(day: date) -> str:
    return f"{day.month}-{day.day}"


def bars_of(rows: Sequence[tuple[str, int, str]]) -> list[Bar]:
    """Return bars of (label, n, url), the longest full."""
    most = max((n for _, n, _ in rows), default=0)
    return [Bar(label, n / most if most else 0.0, f"{n:,}", url) for label, n, url in rows]
