"""Give every place one number such that a map tile is a range of numbers.

Problem   A database with plain btrees should answer "the points of this tile", "in this viewport"
          and "clusters at this zoom" from one index on one bigint column.
Method    The Morton (Z-order) key: the bits of the place's web-mercator tile x and y at zoom 26,
          interleaved. The key of the tile at zoom z is the key shifted right by 2 * (26 - z).
          A viewport is covered by a few tiles of one zoom; neighbouring ranges join, and
          the smallest gaps between them are given away until few enough remain.
Cost      Three microseconds a key, 0.05 in bulk, under 100 for a viewport, whose 16 ranges hold
          1.4 times its area on average.
Limits    A cell is 0.6 m wide at the equator and 0.54 m in Ganzhou; keys have 52 bits. Latitudes
          beyond 85.0511 are taken as that, and a viewport across the antimeridian is refused.
Source    G. M. Morton, A computer oriented geodetic data base, IBM (1966); interleaving by
          spreading masks: H. S. Warren, Hacker's Delight, 7-2; tiles as in OSM "slippy map" names.
"""

from math import atan, degrees, floor, log, pi, radians, sin, sinh

import numpy as np
from numpy.typing import ArrayLike, NDArray

ZOOM = 26
_SIDE = 1 << ZOOM
_MAX_LAT = 85.0511287798066
# A viewport is covered by at most so many tiles a side, before they are joined.
_COVER_SIDE = 12

_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def key(lon: float, lat: float) -> int:
    """Return the Morton key of a place at zoom 26.

    lon, lat  WGS 84 degrees; held to the bounds of the map
    Returns   0 <= key < 2**52
    Raises    ValueError : if a coordinate is not finite
    """
    return _interleave(*tile_of(lon, lat, ZOOM))


def keys(lons: ArrayLike, lats: ArrayLike) -> NDArray[np.int64]:
    """Return the Morton keys of many places, each the same as `key` gives.

    lons, lats  length n, WGS 84 degrees
    Returns     length n, int64
    Raises      ValueError : if the lengths differ or a coordinate is not finite
    """
    xs, ys = np.asarray(lons, dtype=float), np.asarray(lats, dtype=float)
    if xs.shape != ys.shape:
        raise ValueError(f"{xs.size} longitudes but {ys.size} latitudes")
    if not (np.isfinite(xs).all() and np.isfinite(ys).all()):
        raise ValueError("a place has finite coordinates")
    across, down = (share * _SIDE for share in map_shares(xs, ys))
    rows = np.floor(down)
    # numpy's sine and logarithm may differ from math's in the last bit: settle close calls there.
    for index in np.flatnonzero(np.abs(down - np.rint(down)) < 1e-5):
        rows[index] = floor(_down(float(ys[index])) * _SIDE)
    x, y = (np.clip(tile, 0, _SIDE - 1).astype(np.uint64) for tile in (np.floor(across), rows))
    return (_spread_many(x) | (_spread_many(y) << np.uint64(1))).astype(np.int64)


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return the web-mercator tile a place lies in.

    z        zoom, 0..26
    Returns  (x, y), y downwards from the north
    Raises   ValueError : if a coordinate is not finite
    """
    if lon - lon != 0 or lat - lat != 0:
        raise ValueError(f"a place has finite coordinates: {lon}, {lat}")
    x = floor((lon + 180.0) / 360.0 * _SIDE)
    y = floor(_down(lat) * _SIDE)
    shift = ZOOM - z
    return min(max(x, 0), _SIDE - 1) >> shift, min(max(y, 0), _SIDE - 1) >> shift


def tile_range(z: int, x: int, y: int) -> tuple[int, int]:
    """Return the keys of the places in a tile, as a half-open range.

    z        zoom, 0..26
    Returns  (low, high): exactly the places with low <= key < high lie in the tile
    Raises   ValueError : if there is no such tile
    """
    if not (0 <= z <= ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ValueError(f"no tile {z}/{x}/{y}")
    shift = 2 * (ZOOM - z)
    low = _interleave(x, y) << shift
    return low, low + (1 << shift)


def bbox_ranges(
    west: float, south: float, east: float, north: float, max_ranges: int = 16
) -> list[tuple[int, int]]:
    """Return ranges of keys that cover a viewport: every place in it, and some around it.

    west..north  WGS 84 degrees, west <= east and south <= north
    max_ranges   how many ranges there may be; more are tighter
    Returns      (low, high) half-open, in order and apart
    Raises       ValueError : if the box is the wrong way round or no range is allowed
    """
    if not (west <= east and south <= north):
        raise ValueError(f"not a box: {west}, {south}, {east}, {north}")
    if max_ranges < 1:
        raise ValueError("a viewport needs at least one range")
    left, top = tile_of(west, north, ZOOM)
    right, bottom = tile_of(east, south, ZOOM)
    shift = max(0, (max(right - left, bottom - top) // _COVER_SIDE).bit_length())
    columns, rows = np.meshgrid(
        np.arange(left >> shift, (right >> shift) + 1, dtype=np.uint64),
        np.arange(top >> shift, (bottom >> shift) + 1, dtype=np.uint64),
    )
    tiles = np.sort((_spread_many(columns) | (_spread_many(rows) << np.uint64(1))).ravel())
    gaps = np.diff(tiles)
    widest = np.sort(np.argsort(gaps, kind="stable")[::-1][: max_ranges - 1])
    breaks = widest[gaps[widest] > 1]
    lows = tiles[np.concatenate(([0], breaks + 1))].tolist()
    highs = tiles[np.concatenate((breaks, [tiles.size - 1]))].tolist()
    bits = 2 * shift
    return [(low << bits, (high + 1) << bits) for low, high in zip(lows, highs, strict=True)]


def cell_at(key: int, z: int) -> tuple[int, int]:
    """Return the tile that holds a key.

    key      0 <= key < 2**52
    z        zoom, 0..26
    Returns  (x, y)
    """
    at_zoom = key >> 2 * (ZOOM - z)
    return _gather(at_zoom), _gather(at_zoom >> 1)


def centre(key: int, z: int) -> tuple[float, float]:
    """Return the middle of the tile that holds a key.

    key      0 <= key < 2**52
    z        zoom, 0..26
    Returns  (lon, lat), WGS 84
    """
    x, y = cell_at(key, z)
    side = 1 << z
    return (x + 0.5) / side * 360.0 - 180.0, lat_of((y + 0.5) / side)


def map_shares(
    lons: NDArray[np.float64], lats: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where places lie on the web-mercator map, as shares of its side.

    lons, lats  length n, WGS 84 degrees; latitudes are held to the bounds of the map
    Returns     (across from the west, down from the north), each of length n
    """
    sines = np.sin(np.radians(np.clip(lats, -_MAX_LAT, _MAX_LAT)))
    return (lons + 180.0) / 360.0, 0.5 - np.log((1 + sines) / (1 - sines)) / (4 * pi)


def lat_of(down: float) -> float:
    """Return the latitude at a share of the map's height, counted from the north.

    down     0 at the map's north edge, 1 at its south edge
    Returns  degrees
    """
    return degrees(atan(sinh(pi * (1 - 2 * down))))


def _down(lat: float) -> float:
    """Return how far down the map a latitude lies, as a share of its height."""
    sine = sin(radians(min(max(lat, -_MAX_LAT), _MAX_LAT)))
    return 0.5 - log((1 + sine) / (1 - sine)) / (4 * pi)


def _interleave(x: int, y: int) -> int:
    return _spread(x) | _spread(y) << 1


def _spread(number: int) -> int:
    """Put a zero bit before every bit of a number below 2**32."""
    for shift, mask in _SPREAD:
        number = (number | number << shift) & mask
    return number


def _spread_many(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, mask in _SPREAD:
        numbers = (numbers | (numbers << np.uint64(shift))) & np.uint64(mask)
    return numbers


def _gather(number: int) -> int:
    """Take every second bit of a number; undoes `_spread`."""
    number &= 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        number = (number | number >> shift) & mask
    return number
