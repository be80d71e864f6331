"""The tiles of our own base map and of the grids, encoded once for each version of their rows."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from shapely import STRtree, box, from_wkb

from shaodao.cores.morton import lat_of
from shaodao.cores.tiles import BUFFER, EXTENT, encode
from shaodao.kit.tiles import Packed, TileShelf
from shaodao.kit.versions import Versioned

from .models import BaseFeature, Grid
from .policy import Layer

_NAMES_FROM = 12  # the zoom from which a grid has room for its name


def bounds_of(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return the box a tile draws from, its buffer included: west, south, east, north."""
    side, rim = 1 << z, BUFFER / EXTENT
    west, east = ((x + share) / side * 360 - 180 for share in (-rim, 1 + rim))
    north, south = (lat_of((y + share) / side) for share in (-rim, 1 + rim))
    return west, south, east, north


# ---- the base map --------------------------------------------------------------------------

# The version row is bumped by whoever writes base features.
_base: Versioned[TileShelf] = Versioned("basemap", TileShelf)


def base_tile(z: int, x: int, y: int) -> Packed:
    """Return a tile of the base map: layers of policy.Layer with kind and name."""
    return _base.get().get(z, x, y, lambda: _draw_base(z, x, y))


def _draw_base(z: int, x: int, y: int) -> bytes:
    west, south, east, north = bounds_of(z, x, y)
    found = BaseFeature.objects.filter(
        west__lte=east, east__gte=west, south__lte=north, north__gte=south, min_zoom__lte=z
    )
    rows = list(found.order_by("pk").values_list("layer", "kind", "name", "shape"))
    shapes = from_wkb(np.array([bytes(shape) for *_, shape in rows], dtype=object))
    layers: dict[str, list] = defaultdict(list)
    for (layer, kind, name, _), shape in zip(rows, shapes, strict=True):
        layers[layer].append((shape, {"kind": kind or None, "name": name or None}))
    return encode({layer.value: layers[layer] for layer in Layer if layers[layer]}, z, x, y)


# ---- the grids -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Grids:
    shapes: np.ndarray
    facts: list[dict]
    tree: STRtree
    shelf: TileShelf = field(default_factory=TileShelf)


def _load_grids() -> _Grids:
    rows = list(
        Grid.objects.filter(valid_to=None)
        .order_by("code")
        .values_list("code", "unit__short_name", "lon", "lat", "boundary")
    )
    shapes = from_wkb(np.array([bytes(boundary) for *_, boundary in rows], dtype=object))
    facts = [
        {"code": code, "name": name, "lon": lon, "lat": lat} for code, name, lon, lat, _ in rows
    ]
    return _Grids(shapes, facts, STRtree(shapes))


_grids: Versioned[_Grids] = Versioned("grids", _load_grids)


def grid_tile(z: int, x: int, y: int) -> Packed:
    """Return a tile of the grids.

    Layer `grids` has the areas, with code, name and the point for a label; layer `grid_labels` has
    that point itself, once for each grid, since an area is cut by tiles and would be named twice.
    """
    grids = _grids.get()
    return grids.shelf.get(z, x, y, lambda: _draw_grids(grids, z, x, y))


def _draw_grids(grids: _Grids, z: int, x: int, y: int) -> bytes:
    west, south, east, north = bounds_of(z, x, y)
    near = sorted(grids.tree.query(box(west, south, east, north)).tolist())
    areas = [(grids.shapes[index], grids.facts[index]) for index in near]
    here = [grids.facts[index] for index in near] if z >= _NAMES_FROM else []
    labels = [
        ((grid["lon"], grid["lat"]), {"code": grid["code"], "name": grid["name"]})
        for grid in here
        if west <= grid["lon"] <= east and south <= grid["lat"] <= north
    ]
    layers = {"grids": areas, "grid_labels": labels}
    return encode({name: shapes for name, shapes in layers.items() if shapes}, z, x, y)
