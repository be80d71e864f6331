"""The fate of each row of an import: new, changed, unchanged or refused, and why, in which cell."""

from collections.abc import Callable, Iterable, Iterator

from shaodao.cores.wording import N_

from .areas import decide_division, decide_grid, decide_unit
from .holders import decide_person, decide_post
from .homes import decide_building, decide_compound, decide_household
from .knowing import CLEARED, Known, Row


def decide(rows: Iterable[tuple[int, dict[str, str]]], known: Known) -> Iterator[Row]:
    """Yield each row with its fate; a row that says again what an earlier one said is refused.

    rows : number in the sheet, field → text; in the order of the sheet
    """
    how = _DECIDE[known.register.code]
    seen: dict[object, int] = {}
    for n, said in rows:
        row = Row(n, said)
        key = how(row, known)
        if key is not None and not row.faults:
            first = seen.setdefault(key, n)
            if first != n:
                row.fault("", N_("与第 {n} 行是同一条"), n=first)
        for name, value in list(row.values.items()):
            if value is CLEARED:
                row.values[name] = None
        yield row


_DECIDE: dict[str, Callable[[Row, Known], object]] = {
    "divisions": decide_division,
    "grids": decide_grid,
    "compounds": decide_compound,
    "buildings": decide_building,
    "households": decide_household,
    "units": decide_unit,
    "staff": decide_person,
    "posts": decide_post,
}
