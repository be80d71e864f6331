"""When, where and about what people report, and in which words: drawn from public samples.

The samples lie in the folder SHAODAO_SHARED names and are read there, never copied. Without them
times, places and words are made up, which is said on standard error: the benches still run.
"""

import csv
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LONGEST = 60  # characters of what is said: about a text message
_DAY = 86_400
_MADE_WORDS = (
    "路灯晚上不亮",
    "垃圾堆在楼下没人清",
    "下水道堵了污水往外冒",
    "电动车占了消防通道",
    "楼上装修太吵睡不着",
    "井盖松了走过去很响",
    "小区停水两天了",
    "广场舞声音太大",
)


@dataclass(frozen=True)
class Sayings:
    """What cases are drawn from.

    received : seconds of the year at which reports came
    took     : seconds until each was closed
    xs, ys   : where, as shares of the width and height of the area, in [0, 1]
    kinds    : the number of the class of each, 0 the most frequent
    texts    : what is said, each once
    is_drawn : whether all this comes from the samples
    """

    received: NDArray[np.int64]
    took: NDArray[np.int64]
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    kinds: NDArray[np.int64]
    texts: list[str]
    is_drawn: bool


def read_sayings() -> Sayings:
    """Return what the samples give, or something made up where they are missing."""
    shared = os.environ.get("SHAODAO_SHARED", "")
    folder = Path(shared) / "data"
    if shared and (folder / "la311/requests.csv").exists() and (folder / "messages").is_dir():
        return _drawn(folder)
    print(
        "Times, places and words are made up: SHAODAO_SHARED names no folder with "
        "data/la311/requests.csv and data/messages.",
        file=sys.stderr,
        flush=True,
    )
    return _made()


def _drawn(folder: Path) -> Sayings:
    rows = []
    with (folder / "la311/requests.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            try:
                opened = datetime.fromisoformat(row["createddate"])
                closed = datetime.fromisoformat(row["closeddate"])
                lon, lat = float(row["longitude"]), float(row["latitude"])
            except ValueError:
                continue
            if closed > opened and lon and lat:
                second = int((opened - datetime(opened.year, 1, 1)).total_seconds())
                took = int((closed - opened).total_seconds())
                rows.append((second % (365 * _DAY), took, lon, lat, row["requesttype"]))
    received, took, lons, lats, types = (np.array(column) for column in zip(*rows, strict=True))
    names, kinds, counts = np.unique(types, return_inverse=True, return_counts=True)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(-counts)] = np.arange(len(names))
    xs, ys = _shares(lons.astype(float)), _shares(lats.astype(float))
    texts = sorted(set(_texts(folder / "messages")))
    return Sayings(
        received, np.clip(took, 7200, 60 * _DAY), xs, ys, rank[kinds], texts, is_drawn=True
    )


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values as shares of the range that holds 98 % of them."""
    low, high = np.quantile(values, [0.01, 0.99])
    return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                said = " ".join((row.get("text") or row.get("subject") or "").split())
                if len(said) >= 10:
                    yield said[:LONGEST]


def _made() -> Sayings:
    rng, n = np.random.default_rng(311), 40_000
    middles = rng.uniform(0.1, 0.9, (60, 2))
    places = np.clip(middles[rng.integers(60, size=n)] + rng.normal(0, 0.05, (n, 2)), 0, 1)
    texts = [f"{place}号楼{words}" for place in range(400) for words in _MADE_WORDS]
    return Sayings(
        received=rng.integers(365 * _DAY, size=n),
        took=np.clip(rng.lognormal(12, 1.2, n).astype(np.int64), 7200, 60 * _DAY),
        xs=places[:, 0],
        ys=places[:, 1],
        kinds=np.minimum(rng.geometric(0.25, n) - 1, 11),
        texts=texts,
        is_drawn=False,
    )
