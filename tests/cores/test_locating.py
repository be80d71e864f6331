from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from math import inf, nan, nextafter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from shaodao.cores.geodesy import metres_per_degree
from shaodao.cores.locating import Locator

# Four grids round one corner, numbered like rows of text.
CORNER = (114.9, 25.8)
WEST, SOUTH, EAST, NORTH = 114.8, 25.7, 115.0, 25.9
FOUR = [
    (4, box(CORNER[0], SOUTH, EAST, CORNER[1])),
    (1, box(WEST, CORNER[1], CORNER[0], NORTH)),
    (3, box(WEST, SOUTH, CORNER[0], CORNER[1])),
    (2, box(CORNER[0], CORNER[1], EAST, NORTH)),
]
GRIDS = Locator(FOUR)


def holds(ring, lon, lat):
    """Say whether a ring holds a point, edges included, in exact arithmetic."""
    x, y = Fraction(lon), Fraction(lat)
    points = [(Fraction(px), Fraction(py)) for px, py in ring]
    inside = False
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
        side = (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
        if side == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return True
        if (y1 > y) != (y2 > y) and (side > 0) == (y2 > y1):
            inside = not inside
    return inside


def brute_force(polygons, lon, lat):
    """Return the smallest key of the polygons without holes that hold the point, exactly."""
    keys = [key for key, shape in polygons if holds(shape.exterior.coords[:-1], lon, lat)]
    return min(keys, default=None)


def mosaic(seed, n):
    """Return n cells round random points that share their borders exactly."""
    rng = np.random.default_rng(seed)
    seeds = np.column_stack([rng.uniform(WEST, EAST, n), rng.uniform(SOUTH, NORTH, n)])
    cells = shapely.voronoi_polygons(shapely.multipoints(seeds)).geoms
    return [(f"36070200100{n:04d}", cell) for n, cell in enumerate(cells)]


class TestByHand:
    def test_a_point_lies_in_its_grid(self):
        assert GRIDS.locate(114.85, 25.85) == 1
        assert GRIDS.locate(114.95, 25.85) == 2
        assert GRIDS.locate(114.85, 25.75) == 3
        assert GRIDS.locate(114.95, 25.75) == 4

    def test_a_point_on_a_shared_edge_goes_to_the_smaller_key(self):
        assert GRIDS.locate(CORNER[0], 25.85) == 1
        assert GRIDS.locate(CORNER[0], 25.75) == 3
        assert GRIDS.locate(114.95, CORNER[1]) == 2

    def test_the_corner_of_four_grids_goes_to_the_first(self):
        assert GRIDS.locate(*CORNER) == 1

    def test_the_outer_edge_belongs_to_its_grid_and_the_next_float_to_none(self):
        assert GRIDS.locate(WEST, 25.85) == 1
        assert GRIDS.locate(nextafter(WEST, -inf), 25.85) is None
        assert GRIDS.locate(114.85, NORTH) == 1
        assert GRIDS.locate(114.85, nextafter(NORTH, inf)) is None

    def test_the_next_float_beyond_a_shared_edge_is_in_the_other_grid(self):
        assert GRIDS.locate(nextafter(CORNER[0], inf), 25.85) == 2
        assert GRIDS.locate(nextafter(CORNER[0], -inf), 25.75) == 3

    def test_a_point_in_a_hole_is_outside_and_on_its_rim_inside(self):
        ring = box(0, 0, 9, 9).difference(box(3, 3, 6, 6))
        locator = Locator([("ring", ring)])
        assert locator.locate(4, 4) is None
        assert locator.locate(3, 4) == locator.locate(1, 1) == "ring"
        filled = Locator([("ring", ring), ("pond", box(3, 3, 6, 6))])
        assert filled.locate(4, 4) == filled.locate(3, 4) == "pond"

    def test_a_grid_of_two_parts_is_one_grid(self):
        locator = Locator([(7, MultiPolygon([box(0, 0, 1, 1), box(5, 5, 6, 6)]))])
        assert [locator.locate(0.5, 0.5), locator.locate(5.5, 5.5), locator.locate(3, 3)] == [
            7,
            7,
            None,
        ]

    def test_many_points_at_once(self):
        lons = [114.85, 114.95, CORNER[0], 0, nan, inf]
        lats = [25.85, 25.85, CORNER[1], 0, 25.85, 25.85]
        assert GRIDS.locate_many(lons, lats) == [1, 2, 1, None, None, None]
        assert GRIDS.locate_many([], []) == []

    @pytest.mark.parametrize("point", [(nan, 25.8), (114.9, inf), (-inf, nan)])
    def test_a_point_that_is_nowhere_is_in_no_grid(self, point):
        assert GRIDS.locate(*point) is None
        assert GRIDS.nearest(*point, 1e9) is None

    def test_an_empty_area_holds_nothing(self):
        empty = Locator([])
        assert len(empty) == 0
        assert empty.locate(0, 0) is None
        assert empty.nearest(0, 0, 1000) is None
        assert empty.locate_many([0, 1], [0, 1]) == [None, None]


class TestRefusals:
    @pytest.mark.parametrize(
        "shape",
        [Polygon(), Point(0, 0), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), None],
    )
    def test_what_is_no_valid_polygon_is_refused_by_its_key(self, shape):
        with pytest.raises(ValueError, match="360702001001001"):
            Locator([("360702001001000", box(0, 0, 1, 1)), ("360702001001001", shape)])

    def test_as_many_longitudes_as_latitudes(self):
        with pytest.raises(ValueError, match="2 longitudes but 1"):
            GRIDS.locate_many([1, 2], [1])


class TestNearest:
    def test_a_point_inside_is_nearest_to_its_own_grid(self):
        assert GRIDS.nearest(114.85, 25.85, 0) == 1
        assert GRIDS.nearest(*CORNER, 100) == 1

    def test_a_point_outside_is_nearest_to_the_grid_within_reach(self):
        east_m, _ = metres_per_degree(25.85)
        thirty_metres_west = WEST - 30 / east_m
        assert GRIDS.nearest(thirty_metres_west, 25.85, 31) == 1
        assert GRIDS.nearest(thirty_metres_west, 25.85, 29) is None

    def test_nearness_is_in_metres_and_not_in_degrees(self):
        # 0.00100 degrees of longitude are 0.00090 of latitude here.
        locator = Locator(
            [("north", box(0, 26.00095, 1, 27)), ("east", box(0.50100, 25, 1, 25.9999999))]
        )
        assert locator.nearest(0.5, 25.9999, 500) == "east"

    @given(st.floats(WEST - 0.05, EAST + 0.05), st.floats(SOUTH - 0.05, NORTH + 0.05))
    def test_nearest_within_nothing_is_locate(self, lon, lat):
        assert GRIDS.nearest(lon, lat, 0) == GRIDS.locate(lon, lat)


class TestAgainstBruteForce:
    @given(st.integers(0, 50), st.floats(WEST, EAST), st.floats(SOUTH, NORTH))
    def test_any_point(self, seed, lon, lat):
        polygons = mosaic(seed, 12)
        assert Locator(polygons).locate(lon, lat) == brute_force(polygons, lon, lat)

    @given(st.integers(0, 50), st.data())
    def test_corners_edges_and_the_floats_beside_them(self, seed, data):
        polygons = mosaic(seed, 12)
        locator = Locator(polygons)
        _, cell = data.draw(st.sampled_from(polygons))
        corners = cell.exterior.coords
        place = data.draw(st.integers(0, len(corners) - 2))
        (x1, y1), (x2, y2) = corners[place], corners[place + 1]
        share = data.draw(st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1))
        lon, lat = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
        for _ in range(data.draw(st.integers(0, 2))):
            lon = nextafter(lon, data.draw(st.sampled_from([-inf, inf])))
            lat = nextafter(lat, data.draw(st.sampled_from([-inf, inf])))
        assert locator.locate(lon, lat) == brute_force(polygons, lon, lat)

    @given(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=8), st.data()
    )
    def test_odd_shapes_on_few_coordinates(self, corners, data):
        shape = Polygon(corners)
        if not shape.is_valid or shape.is_empty:
            return
        lon, lat = data.draw(st.integers(-1, 7)), data.draw(st.integers(-1, 7))
        assert Locator([(1, shape)]).locate(lon, lat) == brute_force([(1, shape)], lon, lat)

    @pytest.mark.parametrize("seed", range(5))
    def test_in_bulk_it_is_the_same_as_one_by_one(self, seed):
        rng = np.random.default_rng(seed)
        polygons = mosaic(seed, 200)
        locator = Locator(polygons)
        corners = shapely.get_coordinates([shape for _, shape in polygons])
        points = np.vstack(
            [
                rng.uniform((WEST, SOUTH), (EAST, NORTH), (500, 2)),
                corners[:500],
                np.nextafter(corners[:200], inf),
                (corners[:300] + corners[1:301]) / 2,
            ]
        )
        many = locator.locate_many(points[:, 0], points[:, 1])
        assert many == [locator.locate(lon, lat) for lon, lat in points.tolist()]

    def test_a_mosaic_leaves_no_gap_and_gives_every_corner_to_one(self):
        polygons = mosaic(3, 300)
        locator = Locator(polygons)
        corners = shapely.get_coordinates([shape for _, shape in polygons])
        holders = [
            min(key for key, shape in polygons if shape.covers(Point(corner)))
            for corner in corners[::7]
        ]
        assert locator.locate_many(corners[::7, 0], corners[::7, 1]) == holders

    def test_eight_threads_asking_at_once_are_answered_right(self):
        polygons = mosaic(4, 300)
        locator = Locator(polygons)
        rng = np.random.default_rng(4)
        points = rng.uniform((WEST, SOUTH), (EAST, NORTH), (400, 2)).tolist()
        alone = [locator.locate(lon, lat) for lon, lat in points]
        fresh = Locator(polygons)
        with ThreadPoolExecutor(8) as pool:
            rounds = pool.map(lambda _: [fresh.locate(lon, lat) for lon, lat in points], range(16))
            assert all(found == alone for found in rounds)
