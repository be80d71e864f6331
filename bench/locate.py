"""How fast and how exactly a place finds its grid, on a made-up city of 5,000 grids.

Run by `bin/bench locate`. The grids are Voronoi cells with winding borders, 76 corners each on
average, which share every corner with their neighbours. Ratios are to a bare STRtree asked the same
in the same run; `wrong` counts answers that differ from brute force over points inside, on corners,
on edges and outside. The last line is the result; rates are points a second.
"""

from collections.abc import Callable
from time import perf_counter

import numpy as np
import shapely
from bench.ground.mosaic import NORTH_EAST, SEED, SOUTH_WEST, mosaic
from numpy.typing import NDArray
from shapely import Point, STRtree

from shaodao.cores.locating import Locator

N_GRIDS = 5_000
N_SINGLE = 20_000
N_BULK = 1_000_000
N_BRUTE = 10_000


def rate(work: Callable[[], object], n: int) -> int:
    """Return how many of `n` things a second `work` does, the best of three rounds."""
    rounds = []
    for _ in range(3):
        begin = perf_counter()
        work()
        rounds.append(perf_counter() - begin)
    return round(n / min(rounds))


def brute(cells: NDArray[np.object_], points: NDArray[np.float64]) -> list[int | None]:
    """Return the first cell that holds each point, every cell held against every point."""
    shapely.prepare(cells)
    found: list[int | None] = []
    for part in np.array_split(points, max(1, len(points) // 500)):
        held = shapely.intersects_xy(cells[:, None], part[None, :, 0], part[None, :, 1])
        first = held.argmax(axis=0)
        held_by_any = held.any(axis=0)
        found += [int(n) if any_ else None for n, any_ in zip(first, held_by_any, strict=True)]
    return found


def awkward(cells: NDArray[np.object_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return points inside, on corners, on edges between corners, and outside everything."""
    inside = rng.uniform(SOUTH_WEST, NORTH_EAST, (N_BRUTE // 2, 2))
    corners = shapely.get_coordinates(cells)
    some = corners[rng.integers(len(corners) - 1, size=N_BRUTE // 5)]
    picks = rng.integers(len(corners) - 1, size=N_BRUTE // 5)
    edges = (corners[picks] + corners[picks + 1]) / 2
    outside = rng.uniform((100, 10), (101, 11), (N_BRUTE // 10, 2))
    return np.vstack([inside, some, edges, outside])


def main() -> None:
    rng = np.random.default_rng(SEED)
    cells = mosaic(N_GRIDS)
    begin = perf_counter()
    locator = Locator(enumerate(cells))
    build_ms = (perf_counter() - begin) * 1000
    points = rng.uniform(SOUTH_WEST, NORTH_EAST, (N_BULK, 2))
    single = points[:N_SINGLE].tolist()
    tree = STRtree(cells)

    def bare_bulk() -> None:
        tree.query(shapely.points(points[:, 0], points[:, 1]), predicate="intersects")

    def bare_single() -> None:
        for lon, lat in single:
            tree.query(Point(lon, lat), predicate="intersects")

    singles = rate(lambda: [locator.locate(lon, lat) for lon, lat in single], N_SINGLE)
    bare_singles = rate(bare_single, N_SINGLE)
    bulk = rate(lambda: locator.locate_many(points[:, 0], points[:, 1]), N_BULK)
    bare = rate(bare_bulk, N_BULK)
    hard = awkward(cells, rng)
    truth = brute(cells, hard)
    wrong = sum(a != b for a, b in zip(locator.locate_many(*hard.T), truth, strict=True))
    wrong += sum(
        locator.locate(*point) != known for point, known in zip(hard.tolist(), truth, strict=True)
    )
    figures = {
        "grids": len(cells),
        "corners_per_grid": round(shapely.get_num_coordinates(cells).mean()),
        "build_ms": round(build_ms),
        "single_per_s": singles,
        "single_ratio": f"{singles / bare_singles:.2f}",
        "bulk_per_s": bulk,
        "bulk_ratio": f"{bulk / bare:.2f}",
        "nearest_per_s": rate(
            lambda: [locator.nearest(lon, lat, 200) for lon, lat in single[:2000]], 2000
        ),
        "checked": len(hard),
        "wrong": wrong,
    }
    for name, figure in figures.items():
        print(f"{name:20} {figure}")
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
