"""How long the exact assignment of workers to lists takes.

Run by `bin/bench assigning [--workers 2000] [--seed N]`: as many lists as workers in a square of 20
km, with posts held, households looked after and wishes to keep a worker. Seconds are of processor.
"""

import argparse
from time import process_time

import numpy as np

from shaodao.cores.assigning import assign, price_table


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench assigning")
    parser.add_argument("--workers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    n, rng = options.workers, np.random.default_rng(options.seed)
    homes, lists = rng.uniform(0, 20_000, (n, 2)), rng.uniform(0, 20_000, (n, 2))
    wishes = rng.random((n, n)) * (rng.random((n, n)) < 0.01)
    begin = process_time()
    table = price_table(
        homes, lists, posts=rng.integers(0, 3, n), load=rng.integers(0, 25, n), wishes=wishes
    )
    found = assign(table)
    filled = int((found.worker_of >= 0).sum())
    print(f"workers={n} lists={n} filled={filled} cpu={process_time() - begin:.2f}")


if __name__ == "__main__":
    main()
