"""How many divisions of generated villages are proven to be the best there is, and at what cost.

Run by `bin/bench proving [--villages 30] [--smallest 30] [--largest 60] [--setting standard]
[--nodes N] [--seed N]`. Villages are hamlets, roads, scatters and a core with lone farms, by turns;
neighbours are those of the product. Prints a line for each village and one for all; seconds are
processor time, without the compiling of the inner loops.
"""

import argparse
from statistics import median
from time import process_time

import numpy as np

from shaodao.cores import districting
from shaodao.cores.districting import Trial, Village

KINDS = ("hamlets", "road", "scatter", "farms")


def made_up(n: int, kind: str, seed: int) -> Village:
    rng = np.random.default_rng(seed)
    if kind == "hamlets":
        n_hamlets = int(rng.integers(2, 6))
        of = rng.integers(0, n_hamlets, n)
        centres = rng.uniform(0, 800, (n_hamlets, 2))
        spots = centres[of] + rng.normal(0, 40, (n, 2)) * rng.uniform(0.5, 2, n_hamlets)[of, None]
    elif kind == "road":
        along = rng.uniform(0, 20 * n, n)
        spots = np.column_stack([along, 60 * np.sin(along / 200) + rng.normal(0, 15, n)])
    elif kind == "scatter":
        spots = rng.uniform(0, 500, (n, 2))
    else:
        core = 2 * n // 3
        spots = np.vstack([rng.normal(0, 60, (core, 2)), rng.uniform(-1500, 1500, (n - core, 2))])
    xs, ys = spots.T
    return districting.village(xs, ys, districting.neighbours(xs, ys).pairs)


def measure(options: argparse.Namespace) -> None:
    districting.ready()
    proven, nodes, gaps, drawing, proving = 0, [], [], [], []
    for i in range(options.villages):
        span = options.largest - options.smallest + 1
        n = options.smallest + (options.seed + i) * 7 % span
        kind = KINDS[i % len(KINDS)]
        place = made_up(n, kind, options.seed + i)
        begin = process_time()
        effort = districting.effort_for(options.setting, n)
        division = districting.divide(place, effort)
        drawn = process_time()
        trial = Trial(nodes=options.nodes) if options.nodes else None
        proof = districting.prove(place, division.lot, division.sizes, trial)
        done = process_time()
        proven += proof.proven
        nodes.append(proof.nodes)
        gaps.append(proof.gap)
        drawing.append(drawn - begin)
        proving.append(done - drawn)
        print(
            f"kind={kind} households={n} lists={division.sizes.k} proven={int(proof.proven)}"
            f" gap={proof.gap:.4%} bettered={1 - proof.spread / division.spread:.4%}"
            f" nodes={proof.nodes} cpu={done - drawn:.2f} drawn_cpu={drawn - begin:.2f}",
            flush=True,
        )
    print(
        f"villages={options.villages} households={options.smallest}-{options.largest}"
        f" proven={proven} of {options.villages} gap_median={median(gaps):.4%}"
        f" gap_worst={max(gaps):.4%} nodes_median={median(nodes):.0f} nodes_worst={max(nodes)}"
        f" cpu_median={median(proving):.2f} cpu_worst={max(proving):.2f}"
        f" drawn_cpu_median={median(drawing):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench proving")
    parser.add_argument("--villages", type=int, default=30)
    parser.add_argument("--smallest", type=int, default=30)
    parser.add_argument("--largest", type=int, default=60)
    parser.add_argument("--setting", choices=("fast", "standard", "deep"), default="standard")
    parser.add_argument("--nodes", type=int, default=0, help="of a search, at most")
    parser.add_argument("--seed", type=int, default=0)
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
