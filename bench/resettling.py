"""How few households change hands when some leave, come and move, and at what price.

Run by `bin/bench resettling --instance DIR --drawn FILE [--events 1000] [--share 0.01] [--seed N]
[--setting standard]`. DIR holds households.csv and edges.csv, FILE the lists drawn for them
(id,list). First single events, one after the other; then a share of every village's households
leaves and as many appear, some lists pinned, and the villages are settled again and, to compare,
divided afresh; milliseconds are of CPU time. Who comes lives near somebody and has his neighbours.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import thread_time

import numpy as np
from bench.districting import read

from shaodao.cores import districting
from shaodao.cores.districting import Resettlement, Village


@dataclass
class Settled:
    """A village and the list of each household, -1 for one who is new."""

    place: Village
    lot: np.ndarray


def edges_of(place: Village) -> np.ndarray:
    tails = np.repeat(np.arange(len(place)), np.diff(place.start))
    return np.column_stack([tails, place.near]).astype(np.int64)


def leave(now: Settled, gone: np.ndarray) -> Settled:
    """Take households away; the neighbours of one that left become each other's."""
    place, pairs = now.place, edges_of(now.place)
    more = []
    for v in gone:
        around = place.near[place.start[v] : place.start[v + 1]]
        more.extend((int(a), int(b)) for a, b in pairwise(around))
    pairs = np.vstack([pairs, np.array(more, np.int64).reshape(-1, 2)])
    kept = np.setdiff1d(np.arange(len(place)), gone)
    index = np.full(len(place), -1)
    index[kept] = np.arange(len(kept))
    pairs = index[pairs]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    after = districting.village(
        place.xs[kept], place.ys[kept], pairs, weight=place.ws[kept], building=kept
    )
    return Settled(after, now.lot[kept])


def come(now: Settled, n: int, rng: np.random.Generator) -> Settled:
    """Add households, each within 20 m or so of another, beside it and its neighbours."""
    place, size = now.place, len(now.place)
    hosts = rng.integers(0, size, n)
    more = [(size + i, int(host)) for i, host in enumerate(hosts)]
    for i, host in enumerate(hosts):
        around = place.near[place.start[host] : place.start[host + 1]][:3]
        more.extend((size + i, int(u)) for u in around)
    after = districting.village(
        np.append(place.xs, place.xs[hosts] + rng.normal(0, 10, n)),
        np.append(place.ys, place.ys[hosts] + rng.normal(0, 10, n)),
        np.vstack([edges_of(place), np.array(more, np.int64).reshape(-1, 2)]),
        weight=np.append(place.ws, np.full(n, 3.0)),
    )
    return Settled(after, np.append(now.lot, np.full(n, -1)))


def timed(now: Settled, pinned: np.ndarray | None = None) -> tuple[Resettlement, float]:
    begin = thread_time()
    found = districting.resettle(now.place, now.lot, pinned=pinned)
    return found, (thread_time() - begin) * 1000


def holds(now: Settled, found: Resettlement) -> bool:
    sizes = districting.sizes_for(len(now.place))
    held = np.unique(found.lot, return_counts=True)[1]
    fits = sizes.low <= held.min() and held.max() <= sizes.high
    return fits and not districting.unconnected(now.place, found.lot) and not found.faults


def named(found: list[Resettlement]) -> int:
    """Count the households missing in, or too many for, lists that pins leave no way of mending."""
    sizes = [fault.detail["size"] for new in found for fault in new.faults if fault.detail]
    return int(sum(max(size - 25, 15 - size) for size in sizes))


def pins(now: Settled) -> np.ndarray:
    """Pin one list in ten of those that are not full: a full one cannot take who moves into it."""
    size = np.bincount(now.lot[now.lot >= 0], minlength=now.lot.max() + 1)
    lists = np.flatnonzero(size <= 22)[::10]
    return np.asarray(np.isin(now.lot, lists))


def many(villages: list[Settled], share: float, setting: str, seed: int) -> dict[str, str]:
    rng = np.random.default_rng(seed)
    after, found, times, pins_kept, n_old, good = [], [], [], True, 0, 0
    for village in villages:
        n = max(1, round(share * len(village.place)))
        now = come(leave(village, rng.choice(len(village.place), n, replace=False)), n, rng)
        pinned = pins(now)
        new, ms = timed(now, pinned)
        pins_kept &= bool((new.lot[pinned] == now.lot[pinned]).all())
        good += holds(now, new)
        n_old += int((now.lot >= 0).sum())
        after.append(now)
        found.append(new)
        times.append(ms)
    fresh = districting.divide_all([now.place for now in after], setting, seed=seed)
    cost, best = sum(new.spread for new in found), sum(division.spread for division in fresh)
    changed = sum(len(new.changed) for new in found)
    return {
        "changed": f"{changed / n_old:.4%}",
        "ratio_to_full": f"{cost / best:.4f}",
        "pins_kept": str(int(pins_kept)),
        "villages": str(len(villages)),
        "feasible_villages": str(good),
        "households_named": str(named(found)),
        "ms_mean": f"{np.mean(times):.1f}",
        "ms_max": f"{max(times):.1f}",
    }


def events(villages: list[Settled], n_events: int, seed: int) -> dict[str, str]:
    rng = np.random.default_rng(seed + 1)
    changed, times, good = [], [], 0
    for i in range(n_events):
        at = int(rng.integers(len(villages)))
        now = villages[at]
        if i % 3 != 0:  # 1: one leaves, 2: one moves within the village
            now = leave(now, rng.integers(0, len(now.place), 1))
        if i % 3 != 1:
            now = come(now, 1, rng)
        new, ms = timed(now)
        good += holds(now, new)
        changed.append(len(new.changed))
        times.append(ms)
        villages[at] = Settled(now.place, new.lot.astype(np.int64))
    return {
        "events": str(n_events),
        "feasible_events": str(good),
        "changed_mean": f"{np.mean(changed):.2f}",
        "changed_none": str(changed.count(0)),
        "changed_max": str(max(changed)),
        "event_ms_mean": f"{np.mean(times):.1f}",
        "event_ms_max": f"{max(times):.1f}",
    }


def settled(folder: Path, drawn: Path) -> Iterator[Settled]:
    instance = read(folder)
    with drawn.open(newline="", encoding="utf-8") as lines:
        label = {row["id"]: row["list"] for row in csv.DictReader(lines)}
    names = np.array([label[id_] for id_ in instance.ids])
    for _, rows, place in instance.villages:
        yield Settled(place, np.unique(names[rows], return_inverse=True)[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench resettling")
    parser.add_argument("--instance", type=Path, required=True)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--setting", choices=("fast", "standard", "deep"), default="standard")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    districting.ready()
    villages = list(settled(options.instance, options.drawn))
    figures = events(list(villages), options.events, options.seed)
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()), flush=True)
    if options.share <= 0:
        return
    figures = many(villages, options.share, options.setting, options.seed)
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
