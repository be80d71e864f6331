"""How fast and how exactly a place finds its grid, on a made-up city of 5,000 grids.

Run by `bin/bench locate`. The grids are Voronoi cells with winding borders, 76 corners each on
average, which share every corner with their neighbours. The last line is the result; rates are
points a second.
"""

from collections.abc import Callable
from time import perf_counter

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Point, STRtree

from shaodao.cores.locating import Locator

N_GRIDS = 5_000
N_SINGLE = 20_000
N_BULK = 200_000
SEED = 1
SOUTH_WEST, NORTH_EAST = (114.75, 25.65), (115.15, 26.05)


def winding_mosaic(rng: np.random.Generator) -> NDArray[np.object_]:
    """Return cells that cover the city; a border winds the same way on both of its sides."""
    seeds = rng.uniform(SOUTH_WEST, NORTH_EAST, (N_GRIDS, 2))
    cells = np.array(shapely.voronoi_polygons(shapely.multipoints(seeds)).geoms)
    cells = shapely.set_precision(cells, 1e-7)
    cells = shapely.set_precision(shapely.segmentize(cells, 0.0005), 1e-7)
    return np.asarray(shapely.transform(cells, _wind))


def _wind(places: NDArray[np.float64]) -> NDArray[np.float64]:
    wave = np.sin(places[:, ::-1] * 20_000) * 2e-5
    return np.asarray(places + wave)


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
    cells = winding_mosaic(rng)
    cells = cells[shapely.is_valid(cells)]
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
