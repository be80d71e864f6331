"""Measure on the ground, change datums, and coarsen a place; always longitude first, degrees.

Problem   Phones and Chinese map services speak GCJ-02, official base maps CGCS2000 (WGS 84 for
          us). Distances, points along a road and a local plane are wanted in metres, and a
          place that may be shown only roughly.
Method    Distances by Lambert's correction of the great circle to the ellipsoid. GCJ-02 by its
          published offset; back by fixed-point iteration of the same offset. The local plane
          scales degrees by the ellipsoid's radii at its origin. Areas on the cylinder of equal
          area. Coarsening snaps to the centre of a fixed lattice cell, so every place in a cell
          gives the same answer.
Cost      About a microsecond a distance, ten a datum change.
Limits    Distances are good to 10 ppm, not near antipodes. The plane is for a few kilometres
          (0.1 % off at 10 km). Inside China is a box, as in every map service, so places abroad in
          the box are shifted too, and the datum cannot be told from a point. A coarsened
          place in an empty neighbourhood may still point to its only house.
Source    WGS 84: NIMA TR8350.2. Lambert's formula: P. D. Thomas, Spheroidal Geodesics, Reference
          Systems and Local Geometry, US Naval Oceanographic Office SP-138 (1970). GCJ-02 has no
          public text; the offset is the one in common use since 2010, on the ellipsoid of
          Krasovsky 1940.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import asin, atan, atanh, cos, degrees, floor, pi, radians, sin, sqrt, tan
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Degrees = TypeVar("Degrees", float, NDArray[np.float64])
LonLat = tuple[float, float]

_SEMI_MAJOR_M = 6_378_137.0
_FLATTENING = 1 / 298.257223563
_ECCENTRICITY2 = _FLATTENING * (2 - _FLATTENING)

_KRASOVSKY_M = 6_378_245.0
_KRASOVSKY_ECCENTRICITY2 = 0.00669342162296594323
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)


def metres_between(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the shortest way between two places over the WGS 84 ellipsoid.

    Returns  metres, good to 10 ppm except for places nearly opposite on the globe
    """
    if lon1 == lon2 and lat1 == lat2:
        return 0.0
    reduced1 = atan((1 - _FLATTENING) * tan(radians(lat1)))
    reduced2 = atan((1 - _FLATTENING) * tan(radians(lat2)))
    mean, half = (reduced1 + reduced2) / 2, (reduced2 - reduced1) / 2
    chord2 = sin(half) ** 2 + cos(reduced1) * cos(reduced2) * sin(radians(lon2 - lon1) / 2) ** 2
    if not 0 < chord2 < 1:
        return _SEMI_MAJOR_M * pi * (chord2 >= 1)
    angle = 2 * asin(sqrt(chord2))
    across = (angle - sin(angle)) * (sin(mean) * cos(half)) ** 2 / (1 - chord2)
    along_meridian = (angle + sin(angle)) * (cos(mean) * sin(half)) ** 2 / chord2
    return _SEMI_MAJOR_M * (angle - _FLATTENING / 2 * (across + along_meridian))


def line_length_m(line: Sequence[LonLat]) -> float:
    """Return the length of a line, as the sum of its pieces.

    line     points (lon, lat); fewer than two have no length
    Returns  metres
    """
    return sum(metres_between(*start, *end) for start, end in pairwise(line))


def along(line: Sequence[LonLat], spacing: float) -> list[LonLat]:
    """Return the points at every `spacing` metres along a line, its first point included.

    line     points (lon, lat), at least one
    spacing  metres, > 0
    Returns  floor(length / spacing) + 1 points (lon, lat) in order; the end only if it falls due
    Raises   ValueError : if the spacing is not positive or the line has no point
    """
    if not spacing > 0:
        raise ValueError(f"a spacing must be positive: {spacing}")
    if not line:
        raise ValueError("a line has at least one point")
    return list(_along(line, spacing))


def _along(line: Sequence[LonLat], spacing: float) -> Iterator[LonLat]:
    yield line[0]
    walked = 0.0
    n_placed = 1
    for start, end in pairwise(line):
        piece = metres_between(*start, *end)
        while piece and n_placed * spacing <= walked + piece:
            share = (n_placed * spacing - walked) / piece
            yield (
                start[0] + (end[0] - start[0]) * share,
                start[1] + (end[1] - start[1]) * share,
            )
            n_placed += 1
        walked += piece


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Return how many metres a degree of longitude and one of latitude are at a latitude.

    Returns  (metres per degree of longitude, metres per degree of latitude)
    """
    bulge = 1 - _ECCENTRICITY2 * sin(radians(lat)) ** 2
    east_radius = _SEMI_MAJOR_M / sqrt(bulge)
    north_radius = east_radius * (1 - _ECCENTRICITY2) / bulge
    return radians(east_radius * cos(radians(lat))), radians(north_radius)


def project(lon: Degrees, lat: Degrees, origin: LonLat) -> tuple[Degrees, Degrees]:
    """Return places as metres east and north of an origin.

    lon, lat  numbers or arrays of one shape
    origin    (lon, lat)
    Returns   (east, north), metres, of the same shape
    """
    east_m, north_m = metres_per_degree(origin[1])
    return (lon - origin[0]) * east_m, (lat - origin[1]) * north_m


def unproject(east: Degrees, north: Degrees, origin: LonLat) -> tuple[Degrees, Degrees]:
    """Return the places that lie so many metres east and north of an origin; undoes `project`.

    east, north  metres, numbers or arrays of one shape
    origin       (lon, lat)
    Returns      (lon, lat) of the same shape
    """
    east_m, north_m = metres_per_degree(origin[1])
    return east / east_m + origin[0], north / north_m + origin[1]


def ring_area_m2(ring: Sequence[LonLat]) -> float:
    """Return the area of the ground that a ring encloses, on the WGS 84 ellipsoid.

    The corners are laid on the cylinder of equal area (Lambert), where the enclosed area is that of
    the ellipsoid exactly; an edge there leaves the shortest way by less than a millimetre in 100 m.

    ring     corners (lon, lat), first repeated at the end or not; fewer than three enclose nothing
    Returns  square metres, >= 0, whichever way round; a ring that crosses itself has no meaning
    """
    if len(ring) < 3:
        return 0.0
    origin_lon, origin_up = radians(ring[0][0]), _equal_area_height(ring[0][1])
    flat = [(radians(lon) - origin_lon, _equal_area_height(lat) - origin_up) for lon, lat in ring]
    double = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise([*flat, flat[0]]))
    return abs(double) / 2 * _SEMI_MAJOR_M**2 / 2


def _equal_area_height(lat: float) -> float:
    """Return q of the authalic latitude: the ground between two q is a² / 2 · Δq · Δλ."""
    up, e = sin(radians(lat)), sqrt(_ECCENTRICITY2)
    return (1 - _ECCENTRICITY2) * (up / (1 - (e * up) ** 2) + atanh(e * up) / e)


def is_shifted_area(lon: float, lat: float) -> bool:
    """Return whether map services shift a place: a box around China."""
    west, south, east, north = _CHINA
    return west <= lon <= east and south <= lat <= north


def wgs84_to_gcj02(lon: float, lat: float) -> LonLat:
    """Return the GCJ-02 coordinates of a WGS 84 place.

    Returns  (lon, lat); unchanged outside the box around China
    """
    if not is_shifted_area(lon, lat):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    ripple = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += 2 / 3 * (ripple + 20 * sin(y * pi) + 40 * sin(y / 3 * pi))
    north += 2 / 3 * (160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += 2 / 3 * (ripple + 20 * sin(x * pi) + 40 * sin(x / 3 * pi))
    east += 2 / 3 * (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi))
    bulge = 1 - _KRASOVSKY_ECCENTRICITY2 * sin(radians(lat)) ** 2
    east_radius = _KRASOVSKY_M / sqrt(bulge)
    north_radius = east_radius * (1 - _KRASOVSKY_ECCENTRICITY2) / bulge
    return (
        lon + degrees(east / (east_radius * cos(radians(lat)))),
        lat + degrees(north / north_radius),
    )


def gcj02_to_wgs84(lon: float, lat: float) -> LonLat:
    """Return the WGS 84 place of GCJ-02 coordinates.

    Returns  (lon, lat), within a centimetre of the exact inverse; unchanged outside the box
             around China
    """
    if not is_shifted_area(lon, lat):
        return lon, lat
    guess_lon, guess_lat = lon, lat
    for _ in range(6):
        shifted_lon, shifted_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - shifted_lon, guess_lat + lat - shifted_lat
    return guess_lon, guess_lat


def coarsen(lon: float, lat: float, metres: float = 100) -> LonLat:
    """Return the centre of the lattice cell that a place lies in, to show instead of the place.

    The lattice is fixed, so asking again, or for a neighbour, tells nothing more.

    metres   the side of a cell, > 0; the answer is at most 0.71 of it away
    Returns  (lon, lat), rounded to the sixth decimal
    Raises   ValueError : if `metres` is not positive
    """
    if not metres > 0:
        raise ValueError(f"a cell has a positive side: {metres}")
    row_height = metres / 111_320
    centre_lat = (floor(lat / row_height) + 0.5) * row_height
    column_width = row_height / max(cos(radians(centre_lat)), 1e-6)
    centre_lon = (floor(lon / column_width) + 0.5) * column_width
    return round(centre_lon, 6), round(centre_lat, 6)
