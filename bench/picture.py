"""Draw a division as a picture: every household a dot, every list a colour.

Run by `bin/bench picture --instance DIR --drawn FILE --out FILE.png [--village LABEL]`.
Neighbouring lists get different colours; lines join neighbours of one list.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from bench.districting import read
from PIL import Image, ImageDraw

WIDTH, EDGE, SCALE = 1200, 40, 2  # drawn at twice the size and reduced, for smooth lines
COLOURS = ("#c8161d", "#1f6f8b", "#e0a030", "#3a7d44", "#7b4b94", "#d9673a", "#4a5a9c", "#8a8d3b")


def colours_of(lot: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return a colour for each list, other than those of the lists it touches where possible."""
    k = int(lot.max()) + 1
    beside: list[set[int]] = [set() for _ in range(k)]
    for a, b in lot[pairs].tolist():
        if a != b:
            beside[a].add(b)
    colour = np.full(k, -1)
    for a in sorted(range(k), key=lambda a: -len(beside[a])):
        used = {int(colour[b]) for b in beside[a]}
        free = [c for c in range(len(COLOURS)) if c not in used]
        colour[a] = free[a % len(free)] if free else a % len(COLOURS)
    return colour


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench picture")
    parser.add_argument("--instance", type=Path, required=True)
    parser.add_argument("--drawn", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--village")
    options = parser.parse_args()
    instance = read(options.instance)
    with options.drawn.open(newline="", encoding="utf-8") as lines:
        label = {row["id"]: row["list"] for row in csv.DictReader(lines)}
    names = np.array([label[id_] for id_ in instance.ids])
    largest = max(instance.villages, key=lambda each: len(each[2]))[0]
    wanted = options.village or str(largest)
    rows, place = next((r, p) for name, r, p in instance.villages if str(name) == wanted)
    lot = np.unique(names[rows], return_inverse=True)[1]
    tails = np.repeat(np.arange(len(place)), np.diff(place.start))
    pairs = np.column_stack([tails, place.near])
    colour = colours_of(lot, pairs)
    spots = np.column_stack([place.xs, -place.ys])
    spots -= spots.min(axis=0)
    zoom = (WIDTH - 2 * EDGE) * SCALE / spots[:, 0].max()
    spots = spots * zoom + EDGE * SCALE
    height = int(spots[:, 1].max() + EDGE * SCALE)
    image = Image.new("RGB", (WIDTH * SCALE, height), "#fbfaf7")
    draw = ImageDraw.Draw(image)
    for a, b in pairs[pairs[:, 0] < pairs[:, 1]].tolist():
        same = lot[a] == lot[b]
        ink = COLOURS[colour[lot[a]]] if same else "#d8d5cd"
        draw.line([*spots[a], *spots[b]], fill=ink, width=4 if same else 2)
    for v, (x, y) in enumerate(spots.tolist()):
        ink = COLOURS[colour[lot[v]]]
        draw.ellipse([x - 7, y - 7, x + 7, y + 7], fill=ink, outline="white", width=1)
    reduced = image.resize((WIDTH, height // SCALE), Image.Resampling.LANCZOS)
    reduced.quantize(128).save(options.out, optimize=True)
    print(f"village={wanted} households={len(place)} lists={lot.max() + 1} {options.out}")


if __name__ == "__main__":
    main()
