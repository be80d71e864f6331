"""Whether closed cases slow the open ones: the same pages beside ever more that is done.

Run by `bin/bench grow [--closed 10000 100000 1000000] [--open 20000] [--requests 20]`. The rate of
new cases is the same at every size (a million in three years), so a larger size is a longer past.
Pages of the sizes alternate. Disk is given per case, by what takes it. The last line is the result.
"""

import argparse
from datetime import UTC, datetime
from statistics import median

from bench.ground.cases import TABLES, make_cases
from bench.ground.county import write_county
from bench.ground.pages import alternately, draw_pages, p95
from bench.ground.sayings import read_sayings
from bench.ground.site import clone, own_cluster, roomy_log, use
from django.db import connection

DAYS_OF_A_MILLION = 3 * 365
KINDS = (
    "queue_first", "queue_of_street", "queue_mine", "by_street", "by_class", "by_lateness",
    "search_open_2", "case", "worker_day", "tile_z12", "home", "board", "track",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench grow", description=__doc__)
    parser.add_argument("--closed", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--open", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=20)
    options = parser.parse_args()
    names, pages = [], {}
    with own_cluster() as cluster:
        write_county()
        for n_closed in options.closed:
            name = f"closed_{n_closed}"
            clone(cluster, name)
            use(cluster, name)
            n = n_closed + options.open
            with roomy_log(cluster):
                make_cases(
                    n, n_open=options.open, at=datetime.now(UTC),
                    span_days=max(20.0, n * DAYS_OF_A_MILLION / 1e6),
                )  # fmt: skip
            names.append(name)
            pages[name] = draw_pages(read_sayings(), n=options.requests, seed=n)
        steepest = ("", 0.0)
        print(f"{'p50 ms':18}" + "".join(f"{n:>12}" for n in options.closed) + "   p95 at most")
        for kind in KINDS:
            took, _ = alternately(cluster, names, pages, kind, options.requests)
            ratio = median(took[-1]) / median(took[0])
            steepest = max(steepest, (kind, ratio), key=lambda pair: pair[1])
            print(
                f"{kind:18}" + "".join(f"{median(times):12.1f}" for times in took)
                + f"   {p95(took[-1]):8.1f}",
                flush=True,
            )  # fmt: skip
        use(cluster, names[-1])
        each = _bytes_per_case()
    for name, size in each.items():
        print(f"{name:24} {size:8.0f} bytes a case")
    print(
        f"closed={options.closed[-1]} open={options.open} steepest={steepest[0]}"
        f" ratio={steepest[1]:.2f} bytes_per_case={sum(each.values()):.0f}"
    )


def _bytes_per_case() -> dict[str, float]:
    """Return what a case takes on disk, by table, and what of it are indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case")
        n = cursor.fetchone()[0]
        each = {}
        for model in TABLES:
            table = model._meta.db_table
            cursor.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", [table, table])
            rows, indexes = cursor.fetchone()
            each[table], each[f"{table} indexes"] = rows / n, indexes / n
    return each


if __name__ == "__main__":
    main()
