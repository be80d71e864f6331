"""How fast and how exactly a place finds its grid, on a made-up city of 5,000 grids.

Run by `bin/bench locate`. The grids are Voronoi cells with winding borders, 76 corners each on
average, which share every corner with their neighbours. The last line is the result; rates are
points a second.
"""

from collections.abc import Callable
from time import perf_counter

import numpy as np
import shapely
from bench.ground.mosaic import NORTH_EAST, SEED, SOUTH_WEST, mosaic
from shapely import Point, STRtree

from shaodao.cores.locating import Locator

N_GRIDS = 5_000
N_SINGLE = 20_000
N_BULK = 200_000


def rate(work: Callable[[], object], n: int) -> int:
    """Return how many of `n` things a second `work` does, the best of three rounds."""
    rounds = []
    for _ in range(3):
        begin = perf_counter()
        work()
        rounds.append(perf_counter() - begin)
    return round(n / min(rounds))


def main() -> None:
    rng = np.random.default_rng(SEED)
    cells = mosaic(N_GRIDS)
    begin = perf_counter()
    locator = Locator(enumerate(cells))
    build_ms = (perf_counter() - begin) * 1000
    points = rng.uniform(SOUTH_WEST, NORTH_EAST, (N_BULK, 2))
    single = points[:N_SINGLE].tolist()
    tree = STRtree(cells)

    found = locator.locate_many(points[:, 0], points[:, 1])
    one_by_one = [locator.locate(lon, lat) for lon, lat in single]
    # Every cell against every point, without the tree, for a slice of both kinds of points.
    corners = shapely.get_coordinates(cells)[:: len(cells) // 10][:500]
    slice_ = np.vstack([points[:500], corners])
    held = shapely.intersects_xy(cells[:, None], slice_[None, :, 0], slice_[None, :, 1])
    brute = [int(np.argmax(column)) if column.any() else None for column in held.T]
    wrong = sum(a != b for a, b in zip(locator.locate_many(*slice_.T), brute, strict=True)) + sum(
        a != b for a, b in zip(one_by_one, found[:N_SINGLE], strict=True)
    )

    figures = {
        "grids": len(cells),
        "corners_per_grid": round(shapely.get_num_coordinates(cells).mean()),
        "build_ms": round(build_ms),
        "single_per_s": rate(lambda: [locator.locate(lon, lat) for lon, lat in single], N_SINGLE),
        "bare_tree_per_s": rate(
            lambda: [tree.query(Point(p), predicate="intersects") for p in single], N_SINGLE
        ),
        "bulk_per_s": rate(lambda: locator.locate_many(points[:, 0], points[:, 1]), N_BULK),
        "nearest_per_s": rate(
            lambda: [locator.nearest(lon, lat, 200) for lon, lat in single[:2000]], 2000
        ),
        "wrong": wrong,
    }
    for name, figure in figures.items():
        print(f"{name:20} {figure}")
    print(" ".join(f"{name}={figure}" for name, figure in figures.items()))


if __name__ == "__main__":
    main()
