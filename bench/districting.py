"""How good and how fast households are divided into contact lists, on folders of instances.

Run by `bin/bench districting --instances DIR --out DIR [--setting fast|standard|deep]
[--balance 0.03] [--seed N] [--reference FILE] [--prove]`. DIR is a folder of
instances or an instance itself: households.csv (id,village,building,x,y,weight; metres, people) and
edges.csv (i,j). Writes <instance>.csv (id,list) and prints a line for each; seconds are of wall
time from reading to writing, without the compiling of the inner loops, which happens once after an
installation; cpu is processor time of all threads; peak_mb is the most up to then. At the end all
of it as a table.
--prove: how many villages are proven to be divided as compactly as can be, by what share of the
objective all of them could at most be better, and the processor time of finding that out.
"""

import argparse
import csv
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from shaodao.cores import districting
from shaodao.cores.districting import Division, Village


@dataclass(frozen=True)
class Instance:
    name: str
    ids: list[str]
    villages: list[tuple[str, np.ndarray, Village]]  # label, rows, village


def folders(path: Path) -> Iterator[Path]:
    if (path / "households.csv").exists():
        yield path
    else:
        yield from sorted(found.parent for found in path.glob("*/households.csv"))


def read(folder: Path) -> Instance:
    ids, village_of, building, xs, ys, weights = [], [], [], [], [], []
    labels: dict[tuple[str, str], int] = {}
    with (folder / "households.csv").open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            ids.append(row["id"])
            village_of.append(row["village"])
            key = (row["village"], row.get("building") or f"-{len(ids)}")
            building.append(labels.setdefault(key, len(labels)))
            xs.append(float(row["x"]))
            ys.append(float(row["y"]))
            weights.append(float(row.get("weight") or 1))
    edges = read_edges(folder / "edges.csv", ids)
    found = districting.villages(xs, ys, village_of, edges, weight=weights, building=building)
    return Instance(folder.name, ids, list(found))


def read_edges(path: Path, ids: list[str]) -> np.ndarray:
    number = {id_: i for i, id_ in enumerate(ids)}
    with path.open(newline="", encoding="utf-8-sig") as lines:
        header = next(lines).strip().split(",")
        i, j = header.index("i"), header.index("j")
        flat = [number[cells[c].strip()] for cells in csv.reader(lines) if cells for c in (i, j)]
    return np.array(flat, np.int64).reshape(-1, 2)


def write(path: Path, instance: Instance, divisions: list[Division]) -> int:
    label = np.empty(len(instance.ids), np.int64)
    free = 0
    for (_, rows, _), division in zip(instance.villages, divisions, strict=True):
        label[rows] = division.lot + free
        free += division.sizes.k
    with path.open("w", newline="", encoding="utf-8") as out:
        out.write("id,list\n")
        out.writelines(f"{i},{a}\n" for i, a in zip(instance.ids, label.tolist(), strict=True))
    return free


def references(path: Path | None) -> dict[str, float]:
    if path is None:
        return {}
    with path.open(newline="", encoding="utf-8") as lines:
        return {row["instance"]: float(row["wcss"]) for row in csv.DictReader(lines)}


def draw(options: argparse.Namespace) -> None:
    known = references(options.reference)
    options.out.mkdir(parents=True, exist_ok=True)
    begin = perf_counter()
    districting.ready()
    print(f"ready={perf_counter() - begin:.1f}s", file=sys.stderr)
    found = list(folders(options.instances))
    if not found:
        sys.exit(f"no households.csv in {options.instances} nor in a folder of it")
    rows = [draw_one(folder, options, known) for folder in found]
    print(table(rows))


def draw_one(
    folder: Path, options: argparse.Namespace, known: dict[str, float]
) -> dict[str, object]:
    begin, begin_cpu = perf_counter(), process_time()
    instance = read(folder)

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{instance.name}: {done:,} of {total:,}", end="", file=sys.stderr)

    places = [place for _, _, place in instance.villages]
    divisions = districting.divide_all(
        places, options.setting, seed=options.seed, balance=options.balance, progress=progress
    )
    n_lists = write(options.out / f"{instance.name}.csv", instance, divisions)
    seconds = perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wcss = sum(division.spread for division in divisions)
    feasible = all(
        division.is_feasible and districting.fits(place, division.lot, division.sizes)
        for place, division in zip(places, divisions, strict=True)
    )
    figures = {
        "instance": instance.name,
        "households": len(instance.ids),
        "villages": len(places),
        "lists": n_lists,
        "seconds": f"{seconds:.1f}",
        "cpu": f"{process_time() - begin_cpu:.1f}",
        "peak_mb": f"{peak:.0f}",
        "wcss": f"{wcss:.0f}",
        "feasible": int(feasible),
    }
    if instance.name in known:
        figures["ratio"] = f"{wcss / known[instance.name]:.4f}"
    if options.balance:
        figures["cv_before"] = people_cv(places, [division.unbalanced for division in divisions])
    figures["cv"] = people_cv(places, [division.lot for division in divisions])
    if options.prove:
        figures |= prove(instance, divisions)
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()), flush=True)
    for (label, _, _), division in zip(instance.villages, divisions, strict=True):
        for fault in division.faults:
            reason = districting.REASONS[fault.reason]
            print(f"  village {label}: {len(fault.households)} households: {reason} {fault.detail}")
    return figures


def prove(instance: Instance, divisions: list[Division]) -> dict[str, object]:
    begin, proofs = process_time(), []
    for (label, rows, place), division in zip(instance.villages, divisions, strict=True):
        proof = districting.prove(place, division.lot, division.sizes)
        print(
            f"  village {label}: households={len(rows)} proven={int(proof.proven)}"
            f" gap={proof.gap:.4f} nodes={proof.nodes}",
            flush=True,
        )
        proofs.append(proof)
    spread = sum(proof.spread for proof in proofs)
    return {
        "proven": f"{sum(proof.proven for proof in proofs)}/{len(proofs)}",
        "gap": f"{1 - sum(proof.lower_bound for proof in proofs) / spread:.4f}" if spread else "0",
        "proof_cpu": f"{process_time() - begin:.1f}",
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the figures of all instances, a line each, in columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    lines = (
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )
    return "\n".join(lines)


def people_cv(places: list[Village], lots: list[np.ndarray]) -> str:
    """Return the coefficient of variation of people per list over all villages."""
    people = [np.bincount(lot, place.ws) for place, lot in zip(places, lots, strict=True)]
    sums = np.concatenate(people)
    return f"{sums.std() / sums.mean():.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench districting")
    parser.add_argument("--instances", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--setting", choices=("fast", "standard", "deep"), default="standard")
    parser.add_argument("--balance", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference", type=Path, help="a CSV instance,wcss to compare with")
    parser.add_argument("--prove", action="store_true", help="a lower bound of each village")
    draw(parser.parse_args())


if __name__ == "__main__":
    main()
