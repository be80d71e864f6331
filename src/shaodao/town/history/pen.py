"""The rows a history consists of, before they are written."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from numpy.random import Generator

from shaodao.cases.actions.casefile import CaseFile
from shaodao.cases.models import (
    Approval,
    Case,
    CaseReport,
    CaseSector,
    Clock,
    CoHandler,
    Evidence,
    Funding,
    JournalEntry,
    Outcome,
    Rating,
    Release,
    Remark,
)
from shaodao.cores import chaining
from shaodao.kit.images import Picture
from shaodao.reports.models import Photo, Report

Take = Callable[[type, int], list[int]]
Photograph = Callable[[str, int, bool, date], Picture]
AT_ONCE = 500  # ids taken from a sequence in one go


@dataclass
class Pen:
    """Rows by table, in the order they must be written in; ids are taken ahead.

    take       : takes n ids of a model's table
    photograph : stores a picture of a scene (variant, before or after) under a day
    """

    take: Take
    photograph: Photograph
    rng: Generator
    rows: dict[type, list] = field(default_factory=lambda: defaultdict(list))
    words: dict[int, str] = field(default_factory=dict)  # of a case, to be searched by
    compounds: dict[int, list[int]] = field(default_factory=dict)  # by outcome
    numbers: deque = field(default_factory=deque)
    _ids: dict[type, deque] = field(default_factory=lambda: defaultdict(deque))

    def next_id(self, model: type) -> int:
        if not self._ids[model]:
            self._ids[model].extend(self.take(model, AT_ONCE))
        return self._ids[model].popleft()

    def add(self, row):
        """Put a row down, with an id, and return it."""
        if row.pk is None:
            row.pk = self.next_id(type(row))
        self.rows[type(row)].append(row)
        return row

    def instead_of(self, earlier, row):
        """Put a row down in place of an earlier one of its table, under that one's id."""
        if earlier is None:
            return self.add(row)
        row.pk = earlier.pk
        rows = self.rows[type(row)]
        rows[next(n for n in range(len(rows) - 1, -1, -1) if rows[n] is earlier)] = row
        return row

    def remark(self, case: Case, kind: str, text: str) -> dict[str, object]:
        """Put words down and return the facts a journal keeps of them."""
        salt = self.rng.bytes(16)
        row = self.add(Remark(case=case, kind=kind, text=text, salt=salt))
        return {"remark": row.pk, "digest": chaining.salted_digest(text, salt)}

    def take_over(self, file: CaseFile) -> None:
        """Put down a whole case: itself, its clocks and its entries."""
        self.rows[Case].append(file.case)
        for clock in {id(clock): clock for clock in file.changed}.values():
            if clock.stopped_at != clock.started_at:
                self.add(clock)
        for tag in {id(tag): tag for tag in file.retagged}.values():
            self.add(tag)
        self.rows[JournalEntry] += file.entries


# The order in which the tables are written: what others point at comes first.
ORDER = (
    Report,
    Photo,
    Case,
    CaseReport,
    CaseSector,
    Clock,
    Remark,
    JournalEntry,
    Approval,
    CoHandler,
    Evidence,
    Outcome,
    Funding,
    Rating,
    Release,
)
