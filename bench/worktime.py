"""How long a question about a deadline takes, over a year of instants.

Run by `bin/bench worktime`. The last line is the result; times are microseconds per call.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo

from shaodao.cores.worktime import (
    TimeUnit,
    china,
    due_at,
    left_at,
    resume,
    spent_share,
    warn_at,
    worked_between,
)

N = 20_000
SEED = 1


def microseconds_each(question: Callable[[int], object]) -> float:
    """Return the time one call takes, the best of three rounds of N."""
    rounds = []
    for _ in range(3):
        begin = perf_counter()
        for n in range(N):
            question(n)
        rounds.append(perf_counter() - begin)
    return min(rounds) / N * 1e6


def main() -> None:
    rng = Random(SEED)
    zone = ZoneInfo("Asia/Shanghai")
    new_year = datetime(2026, 1, 1, tzinfo=zone)
    starts = [new_year + timedelta(seconds=rng.randrange(365 * 86400)) for _ in range(N)]
    later = [start + timedelta(seconds=rng.randrange(400 * 86400)) for start in starts]
    calendar = china()
    figures = {"instants": str(N)}
    for unit in TimeUnit:
        dues = [due_at(start, 5, unit, calendar) for start in starts]
        kept = [
            left_at(start, due, unit, calendar) for start, due in zip(starts, dues, strict=True)
        ]
        questions: dict[str, Callable[[int], object]] = {
            "due": lambda n, u=unit: due_at(starts[n], 5, u, calendar),
            "warn": lambda n, u=unit, d=dues: warn_at(starts[n], d[n], 0.7, u, calendar),
            "share": lambda n, u=unit, d=dues: spent_share(starts[n], d[n], later[n], u, calendar),
            "between": lambda n, u=unit: worked_between(starts[n], later[n], calendar, u),
            "resume": lambda n, u=unit, k=kept: resume(later[n], k[n], u, calendar),
        }
        for name, question in questions.items():
            figures[f"{unit.lower()}_{name}_us"] = f"{microseconds_each(question):.1f}"
    for name, figure in figures.items():
        print(f"{name:28} {figure}")
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
