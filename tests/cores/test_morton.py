from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores import morton

lons = st.floats(-180, 180)
lats = st.floats(-90, 90)
zooms = st.integers(0, 26)


def is_covered(key, ranges):
    return any(low <= key < high for low, high in ranges)


class TestByHand:
    def test_the_four_quarters_of_the_map_are_counted_like_a_z(self):
        quarter = 1 << 50
        assert morton.key(-90, 45) // quarter == 0
        assert morton.key(90, 45) // quarter == 1
        assert morton.key(-90, -45) // quarter == 2
        assert morton.key(90, -45) // quarter == 3

    def test_the_middle_of_the_map_lies_in_the_south_eastern_quarter(self):
        assert morton.key(0, 0) == 3 << 50

    def test_the_bits_of_x_and_y_alternate(self):
        # x = 5 = 101, y = 3 = 011 at zoom 3: 0 1, 1 0, 1 1
        assert morton.tile_range(3, 5, 3) == (0b011011 << 46, 0b011100 << 46)

    def test_a_known_tile_zhanggong_at_zoom_12(self):
        # x: (114.93 + 180) / 360 * 4096 = 3355.6
        # y: ln((1 + sin 25.85) / (1 - sin 25.85)) / 4 pi = 0.07438; (0.5 - that) * 4096 = 1743.3
        assert morton.tile_of(114.93, 25.85, 12) == (3355, 1743)

    def test_the_whole_map_is_one_range(self):
        assert morton.tile_range(0, 0, 0) == (0, 1 << 52)
        assert morton.bbox_ranges(-180, -90, 180, 90, 1) == [(0, 1 << 52)]

    def test_beyond_the_map_is_its_edge(self):
        assert morton.key(-181, 90) == 0
        assert morton.key(181, -90) == (1 << 52) - 1

    def test_a_point_is_covered_by_its_own_cell(self):
        low, high = morton.bbox_ranges(114.9, 25.8, 114.9, 25.8)[0]
        assert (low, high) == (morton.key(114.9, 25.8), morton.key(114.9, 25.8) + 1)

    @pytest.mark.parametrize("tile", [(-1, 0, 0), (27, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)])
    def test_a_tile_that_does_not_exist_is_refused(self, tile):
        with pytest.raises(ValueError, match="no tile"):
            morton.tile_range(*tile)

    @pytest.mark.parametrize("place", [(nan, 0), (0, nan), (inf, 0), (0, -inf)])
    def test_a_place_must_be_finite(self, place):
        with pytest.raises(ValueError, match="finite"):
            morton.key(*place)
        with pytest.raises(ValueError, match="finite"):
            morton.keys([place[0]], [place[1]])

    def test_a_box_the_wrong_way_round_is_refused(self):
        with pytest.raises(ValueError, match="not a box"):
            morton.bbox_ranges(115, 25, 114, 26)
        with pytest.raises(ValueError, match="one range"):
            morton.bbox_ranges(114, 25, 115, 26, 0)

    def test_as_many_longitudes_as_latitudes(self):
        with pytest.raises(ValueError, match="2 longitudes"):
            morton.keys([1, 2], [1])


class TestWhatAlwaysHolds:
    @given(lons, lats)
    def test_a_key_fits_a_signed_bigint(self, lon, lat):
        assert 0 <= morton.key(lon, lat) < 1 << 52

    @given(lons, lats, zooms)
    def test_a_place_is_in_the_range_of_its_tile_and_of_no_other(self, lon, lat, z):
        key = morton.key(lon, lat)
        x, y = morton.tile_of(lon, lat, z)
        low, high = morton.tile_range(z, x, y)
        assert low <= key < high
        assert morton.cell_at(key, z) == (x, y)

    @given(zooms, st.data())
    def test_the_centre_of_a_tile_lies_in_it(self, z, data):
        tile = st.integers(0, (1 << z) - 1)
        x, y = data.draw(tile), data.draw(tile)
        low, _ = morton.tile_range(z, x, y)
        assert morton.tile_of(*morton.centre(low, z), z) == (x, y)

    @given(st.lists(st.tuples(lons, lats), min_size=1))
    def test_many_at_once_are_the_same_as_one_by_one(self, places):
        many = morton.keys(*zip(*places, strict=True))
        assert many.dtype == np.int64
        assert many.tolist() == [morton.key(*place) for place in places]

    @given(st.integers(0, (1 << 26) - 2), st.integers(0, (1 << 26) - 2))
    def test_on_the_border_of_a_cell_too(self, x, y):
        lon, lat = x / (1 << 26) * 360 - 180, morton.lat_of(y / (1 << 26))
        assert morton.keys([lon], [lat])[0] == morton.key(lon, lat)

    @given(
        st.tuples(lons, lons).map(sorted),
        st.tuples(lats, lats).map(sorted),
        st.floats(0, 1),
        st.floats(0, 1),
        st.integers(1, 40),
    )
    def test_every_place_in_a_viewport_is_covered(self, sides, ends, right, up, max_ranges):
        ranges = morton.bbox_ranges(sides[0], ends[0], sides[1], ends[1], max_ranges)
        assert len(ranges) <= max_ranges
        edges = [edge for one in ranges for edge in one]
        assert edges == sorted(set(edges))
        inside = (
            sides[0] * (1 - right) + sides[1] * right,
            ends[0] * (1 - up) + ends[1] * up,
        )
        corners = [(lon, lat) for lon in sides for lat in ends]
        for lon, lat in [*corners, inside]:
            lon = min(max(lon, sides[0]), sides[1])
            lat = min(max(lat, ends[0]), ends[1])
            assert is_covered(morton.key(lon, lat), ranges)

    @pytest.mark.parametrize("seed", range(6))
    def test_a_phones_viewport_is_covered_without_much_around_it(self, seed):
        rng = np.random.default_rng(seed)
        west, south = rng.uniform((114.8, 25.7), (115.0, 25.9))
        width = 0.36 / 2 ** rng.integers(0, 8)
        ranges = morton.bbox_ranges(west, south, west + width, south + width * 1.6)
        left, top = morton.tile_of(west, south + width * 1.6, 26)
        right, bottom = morton.tile_of(west + width, south, 26)
        asked = (right - left + 1) * (bottom - top + 1)
        assert sum(high - low for low, high in ranges) < 2.2 * asked
