from enum import StrEnum

import mapbox_vector_tile
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import GeometryCollection, LineString, MultiPoint, Point, Polygon, box
from shapely.geometry import shape

from shaodao.cores import morton
from shaodao.cores.tiles import BUFFER, EXTENT, encode, encode_points

# The tile of zoom 14 that holds the middle of Zhanggong.
LON, LAT = 114.93, 25.85
Z = 14
X, Y = morton.tile_of(LON, LAT, Z)


def lonlat(right, down):
    """Return the place at a tile's units."""
    n_tiles = 1 << Z
    return (
        (X + right / EXTENT) / n_tiles * 360 - 180,
        morton.lat_of((Y + down / EXTENT) / n_tiles),
    )


def ground(*corners):
    return [lonlat(*corner) for corner in corners]


def decoded(tile, name):
    read = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True, "geojson": False})
    return read[name]["features"] if name in read else []


def shapes(tile, name):
    """Return the decoded geometries of a layer, in units."""
    read = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    return [shape(feature["geometry"]) for feature in read[name]["features"]]


class TestByHand:
    def test_a_point_comes_back_in_its_units_with_what_it_carries(self):
        tile = encode(
            {"cases": [(lonlat(1000, 2000), {"id": 7, "title": "路灯", "late": True, "n": -3})]},
            Z,
            X,
            Y,
        )
        (feature,) = decoded(tile, "cases")
        assert feature["geometry"]["coordinates"] == [1000, 2000]
        assert feature["id"] == 7
        assert feature["properties"] == {"id": 7, "title": "路灯", "late": True, "n": -3}

    def test_an_area_comes_back_with_its_hole(self):
        outer = ground((100, 100), (900, 100), (900, 900), (100, 900))
        hole = ground((300, 300), (600, 300), (600, 600), (300, 600))
        tile = encode({"grids": [(Polygon(outer, [hole]), {})]}, Z, X, Y)
        (area,) = shapes(tile, "grids")
        assert area.equals(box(100, 100, 900, 900).difference(box(300, 300, 600, 600)))

    def test_an_area_over_the_whole_tile_is_clipped_to_its_buffer(self):
        around = Polygon(ground((-9000, -9000), (9000, -9000), (9000, 9000), (-9000, 9000)))
        (area,) = shapes(encode({"grids": [(around, {})]}, Z, X, Y), "grids")
        assert area.bounds == (-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)

    def test_a_road_through_the_tile_is_cut_at_the_buffer_and_keeps_its_direction(self):
        road = LineString(ground((6000, 500), (2000, 500), (-6000, 500)))
        (line,) = shapes(encode({"roads": [(road, {})]}, Z, X, Y), "roads")
        assert line.coords[0] == (EXTENT + BUFFER, 500)
        assert line.coords[-1] == (-BUFFER, 500)

    def test_what_lies_elsewhere_or_is_too_small_is_left_out(self):
        far = Point(lonlat(9000, 9000))
        speck = Polygon(ground((100, 100), (100.2, 100), (100.1, 100.2)))
        nothing = [(far, {}), (speck, {}), (Polygon(), {}), (Point(), {})]
        assert decoded(encode({"grids": nothing}, Z, X, Y), "grids") == []

    def test_corners_finer_than_a_unit_are_left_out(self):
        wavy = [(n, 0.2 * (n % 2)) for n in range(0, 1000, 2)]
        road = LineString(ground(*wavy))
        (line,) = shapes(encode({"roads": [(road, {})]}, Z, X, Y), "roads")
        assert len(line.coords) == 2

    def test_points_in_a_bunch_stay_a_bunch(self):
        bunch = MultiPoint(ground((10, 20), (30, 40)))
        (points,) = shapes(encode({"trees": [(bunch, {})]}, Z, X, Y), "trees")
        assert [point.coords[0] for point in points.geoms] == [(10, 20), (30, 40)]

    def test_layers_keep_their_names_and_tiles_add_up(self):
        one = encode({"grids": [(lonlat(1, 1), {})], "roads": [(lonlat(2, 2), {})]}, Z, X, Y)
        two = encode_points("cases", *np.array([lonlat(3, 3)]).T, [{}], Z, X, Y)
        assert set(mapbox_vector_tile.decode(one + two)) == {"grids", "roads", "cases"}

    def test_numbers_of_numpy_and_codes_are_carried_and_nothing_is_left_out(self):
        class Status(StrEnum):
            OPEN = "OPEN"

        carried = {"n": np.int64(3), "share": np.float64(0.5), "status": Status.OPEN, "none": None}
        expected = {"n": 3, "share": 0.5, "status": "OPEN"}
        plain = encode({"cases": [(lonlat(1, 1), carried)]}, Z, X, Y)
        fast = encode_points("cases", *np.array([lonlat(1, 1)]).T, [carried], Z, X, Y)
        for tile in (plain, fast):
            (feature,) = decoded(tile, "cases")
            assert feature["properties"] == expected

    def test_true_one_and_one_point_nought_are_three_values(self):
        rows = [{"v": True}, {"v": 1}, {"v": 1.0}]
        tile = encode_points("cases", [LON] * 3, [LAT] * 3, rows, Z, X, Y)
        values = [feature["properties"]["v"] for feature in decoded(tile, "cases")]
        assert [type(value) for value in values] == [bool, int, float]

    def test_a_tile_of_nothing_is_still_a_tile(self):
        assert encode({}, Z, X, Y) == b""
        assert mapbox_vector_tile.decode(encode({"grids": []}, Z, X, Y))["grids"]["features"] == []
        assert decoded(encode_points("cases", [], [], [], Z, X, Y), "cases") == []


class TestRefusals:
    @pytest.mark.parametrize("tile", [(-1, 0, 0), (3, 8, 0), (3, 0, -1)])
    def test_a_tile_that_does_not_exist(self, tile):
        with pytest.raises(ValueError, match="no tile"):
            encode({}, *tile)
        with pytest.raises(ValueError, match="no tile"):
            encode_points("cases", [], [], [], *tile)

    def test_a_value_that_tiles_cannot_carry(self):
        with pytest.raises(TypeError, match="when"):
            encode({"cases": [((LON, LAT), {"when": object()})]}, Z, X, Y)
        with pytest.raises(TypeError, match="when"):
            encode_points("cases", [LON], [LAT], [{"when": []}], Z, X, Y)

    def test_as_many_properties_as_points(self):
        with pytest.raises(ValueError, match="1 points but 0"):
            encode_points("cases", [LON], [LAT], [], Z, X, Y)


rings = st.lists(
    st.tuples(st.integers(-2000, 6000), st.integers(-2000, 6000)),
    min_size=3,
    max_size=9,
    unique=True,
)


class TestWhatAlwaysHolds:
    @given(rings)
    def test_an_area_comes_back_valid_where_it_was(self, corners):
        area = Polygon(corners)
        if not area.is_valid:
            area = shapely.make_valid(area)
            if not isinstance(area, Polygon):
                return
        placed = Polygon(ground(*area.exterior.coords), [ground(*r.coords) for r in area.interiors])
        tile = encode({"grids": [(placed, {})]}, Z, X, Y)
        window = box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
        expected = area.intersection(window)
        found = shapely.union_all([part.buffer(0) for part in shapes(tile, "grids")])
        difference = found.symmetric_difference(expected)
        assert difference.area <= 1.5 * (expected.length + 4)
        assert all(part.is_valid for part in shapes(tile, "grids"))

    @given(
        st.lists(
            st.tuples(st.floats(-200, EXTENT + 200), st.floats(-200, EXTENT + 200)), max_size=20
        )
    )
    def test_points_alone_are_encoded_as_among_others(self, units):
        places = [lonlat(*unit) for unit in units]
        rows = [{"id": n, "title": f"第{n % 3}件"} for n in range(len(places))]
        fast = encode_points("cases", [p[0] for p in places], [p[1] for p in places], rows, Z, X, Y)
        plain = encode({"cases": list(zip(places, rows, strict=True))}, Z, X, Y)
        assert decoded(fast, "cases") == decoded(plain, "cases")

    @pytest.mark.parametrize("z", [0, 3, 11, 17, 22])
    def test_a_place_is_found_in_its_own_tile_at_every_zoom(self, z):
        x, y = morton.tile_of(LON, LAT, z)
        (point,) = shapes(encode({"cases": [((LON, LAT), {})]}, z, x, y), "cases")
        assert 0 <= point.x <= EXTENT
        assert 0 <= point.y <= EXTENT

    def test_a_mosaic_in_a_tile_leaves_no_visible_gap(self):
        rng = np.random.default_rng(1)
        seeds = rng.uniform((0, 0), (EXTENT, EXTENT), (60, 2))
        cells = shapely.voronoi_polygons(
            MultiPoint(seeds), extend_to=box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
        ).geoms
        placed = [
            (Polygon(ground(*cell.exterior.coords)), {"n": n}) for n, cell in enumerate(cells)
        ]
        found = shapes(encode({"grids": placed}, Z, X, Y), "grids")
        covered = shapely.union_all(found).area
        assert covered == pytest.approx((EXTENT + 2 * BUFFER) ** 2, rel=1e-3)
        assert sum(area.area for area in found) == pytest.approx(covered, rel=1e-3)


def test_a_collection_is_encoded_by_its_parts():
    mixed = GeometryCollection([Point(lonlat(5, 5)), LineString(ground((0, 0), (100, 100)))])
    tile = encode({"marks": [(mixed, {"id": 1})]}, Z, X, Y)
    assert sorted(part.geom_type for part in shapes(tile, "marks")) == ["LineString", "Point"]
