"""A mosaic of cells with winding borders, as grids have: neighbours share every corner."""

import numpy as np
import shapely
from numpy.typing import NDArray

SEED = 1
SOUTH_WEST, NORTH_EAST = (114.75, 25.65), (115.15, 26.05)  # WGS 84, longitude first


def mosaic(n: int) -> NDArray[np.object_]:
    """Return `n` valid cells, 76 corners each on average; a border winds the same on both sides."""
    rng = np.random.default_rng(SEED)
    seeds = rng.uniform(SOUTH_WEST, NORTH_EAST, (n + n // 50 + 10, 2))
    cells = np.array(shapely.voronoi_polygons(shapely.multipoints(seeds)).geoms)
    cells = shapely.set_precision(cells, 1e-7)
    cells = shapely.set_precision(shapely.segmentize(cells, 0.0005), 1e-7)
    cells = np.asarray(shapely.transform(cells, _wind))
    return cells[shapely.is_valid(cells)][:n]


def _wind(places: NDArray[np.float64]) -> NDArray[np.float64]:
    wave = np.sin(places[:, ::-1] * 20_000) * 2e-5
    return np.asarray(places + wave)
