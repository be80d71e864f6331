"""The stages of a case as a line of done, current, late and to come."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple


class Stage(NamedTuple):
    """One stop on the line. `state` is done, current, late, skipped or todo."""

    label: str
    state: str
    at: datetime | None = None
    note: str = ""


def line(
    labels: Sequence[str],
    *,
    current: int,
    late: bool = False,
    times: Sequence[datetime | None] = (),
    notes: Sequence[str] = (),
) -> list[Stage]:
    """Return one Stage a label: before `current` done, after it to come; len(labels) = all done."""

    def state(index: int) -> str:
        if index < current:
            return "done"
        if index > current:
            return "todo"
        return "late" if late else "current"

    return [
        Stage(
            label=label,
            state=state(index),
            at=times[index] if index < len(times) else None,
            note=notes[index] if index < len(notes) else "",
        )
        for index, label in enumerate(labels)
    ]
