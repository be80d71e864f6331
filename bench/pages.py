"""How long pages take with few cases and with many: p50 and p95, and how they grow.

Run by `bin/bench pages [--cases 1000000] [--base 10000] [--requests 40]`. Both databases hold the
same county and lie in one cluster; requests alternate between them, so that what else the machine
does falls on both alike. `ratio` is p50 with many by p50 with few. The last line is the result.
`--keep` leaves the databases in var/bench and takes over those left so; any bench without it
removes them.
"""

import argparse
from datetime import UTC, datetime
from statistics import median

from bench.ground.cases import make_cases
from bench.ground.county import write_county
from bench.ground.pages import alternately, draw_pages, p95
from bench.ground.sayings import read_sayings
from bench.ground.site import cloned, databases, own_cluster, roomy_log, use
from django.core.management import call_command

from shaodao.people.models import Unit

OPEN_SHARE = 0.02
LIMIT_MS, LIMIT_RATIO = 100.0, 1.5


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench pages", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--base", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--only", help="kinds of pages whose names begin so")
    parser.add_argument("--keep", action="store_true", help="leave the databases for another run")
    options = parser.parse_args()
    sizes = [options.base, options.cases]
    names = [f"cases_{n}" for n in sizes]
    with own_cluster(keep=options.keep) as cluster:
        if not Unit.objects.exists():
            write_county()
        pages = {}
        for name, n in zip(names, sizes, strict=True):
            if name in databases(cluster):
                use(cluster, name)
                call_command("migrate", verbosity=0, interactive=False)
            else:
                with cloned(cluster, name), roomy_log(cluster):
                    made = make_cases(n, n_open=round(OPEN_SHARE * n), at=datetime.now(UTC))
                print(f"{n} cases made in {made.seconds:.0f} s", flush=True)
                use(cluster, name)
            pages[name] = draw_pages(read_sayings(), n=options.requests, seed=n)
        measure(cluster, names, pages, only=options.only or "", n=options.requests)


def measure(cluster, names: list[str], pages, *, only: str, n: int) -> None:
    """Time the pages on two databases in turn and print how they compare."""
    kinds = [kind for kind in pages[names[0]].asked if kind.startswith(only)]
    slowest, steepest, uneven = ("", 0.0), ("", 0.0), []
    print(f"{'':18} {'few p50':>8} {'p95':>7} {'many p50':>9} {'p95':>7} {'ratio':>6}  queries")
    for kind in kinds:
        (few, many), counts = alternately(cluster, names, pages, kind, n)
        ratio = median(many) / median(few)
        slowest = max(slowest, (kind, p95(many)), key=lambda pair: pair[1])
        steepest = max(steepest, (kind, ratio), key=lambda pair: pair[1])
        uneven += [kind] if counts[1] > counts[0] else []
        print(
            f"{kind:18} {median(few):8.1f} {p95(few):7.1f} {median(many):9.1f} {p95(many):7.1f}"
            f" {ratio:6.2f}  {counts[0]}/{counts[1]}",
            flush=True,
        )
    print(
        f"pages={len(kinds)} slowest={slowest[0]} p95_ms={slowest[1]:.1f} steepest={steepest[0]}"
        f" ratio={steepest[1]:.2f} uneven={','.join(uneven) or 'none'}"
    )


if __name__ == "__main__":
    main()
