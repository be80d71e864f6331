from math import asin, cos, hypot, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaodao.cores import geodesy

# Zhanggong and Xinfeng with room around them.
lons = st.floats(114.5, 115.5)
lats = st.floats(24.5, 26.5)
china_lons = st.floats(75, 134)
china_lats = st.floats(18, 53)


def great_circle_m(lon1, lat1, lon2, lat2):
    half_lat, half_lon = radians(lat2 - lat1) / 2, radians(lon2 - lon1) / 2
    chord2 = sin(half_lat) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(half_lon) ** 2
    return 2 * 6_371_008.8 * asin(sqrt(min(1, chord2)))


class TestDistances:
    def test_the_surveyors_line_from_flinders_peak_to_buninyong(self):
        # The worked example of Geoscience Australia's GDA technical manual: 54,972.271 m.
        flinders = (144 + 25 / 60 + 29.52440 / 3600, -(37 + 57 / 60 + 3.72030 / 3600))
        buninyong = (143 + 55 / 60 + 35.38390 / 3600, -(37 + 39 / 60 + 10.15610 / 3600))
        assert geodesy.metres_between(*flinders, *buninyong) == pytest.approx(54972.271, abs=0.1)

    def test_a_degree_of_longitude_on_the_equator(self):
        assert geodesy.metres_between(0, 0, 1, 0) == pytest.approx(111_319.491, abs=0.01)

    def test_a_degree_of_latitude_in_the_middle(self):
        assert geodesy.metres_between(0, 44.5, 0, 45.5) == pytest.approx(111_131.8, abs=0.5)

    def test_a_quarter_of_the_meridian(self):
        assert geodesy.metres_between(0, 0, 0, 90) == pytest.approx(10_001_965.7, rel=2e-5)

    @given(lons, lats)
    def test_a_place_is_no_way_from_itself(self, lon, lat):
        assert geodesy.metres_between(lon, lat, lon, lat) == 0

    @given(china_lons, china_lats, china_lons, china_lats)
    def test_the_way_back_is_as_long_and_near_the_great_circle(self, lon1, lat1, lon2, lat2):
        there = geodesy.metres_between(lon1, lat1, lon2, lat2)
        assert there == pytest.approx(geodesy.metres_between(lon2, lat2, lon1, lat1))
        assert there == pytest.approx(great_circle_m(lon1, lat1, lon2, lat2), rel=0.006, abs=1e-6)

    @given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))
    def test_any_two_places_have_a_distance(self, lon1, lat1, lon2, lat2):
        assert 0 <= geodesy.metres_between(lon1, lat1, lon2, lat2) <= 2.01e7

    @given(lons, lats, st.floats(-1e-7, 1e-7), st.floats(-1e-7, 1e-7))
    def test_a_centimetre_is_still_measured(self, lon, lat, east, north):
        measured = geodesy.metres_between(lon, lat, lon + east, lat + north)
        x, y = geodesy.project(lon + east, lat + north, (lon, lat))
        assert measured == pytest.approx(hypot(x, y), abs=1e-7)


class TestLines:
    ROAD = [(114.90, 25.80), (114.91, 25.80), (114.91, 25.81)]

    def test_a_line_is_as_long_as_its_pieces(self):
        there = geodesy.metres_between(*self.ROAD[0], *self.ROAD[1])
        up = geodesy.metres_between(*self.ROAD[1], *self.ROAD[2])
        assert geodesy.line_length_m(self.ROAD) == there + up
        assert geodesy.line_length_m(self.ROAD[:1]) == geodesy.line_length_m([]) == 0

    def test_ninety_lamps_stand_on_two_kilometres_of_road(self):
        east_m, _ = geodesy.metres_per_degree(25.8)
        road = [(114.9, 25.8), (114.9 + 2000 / east_m, 25.8)]
        lamps = geodesy.along(road, geodesy.line_length_m(road) / 89.001)
        assert len(lamps) == 90
        assert lamps[0] == road[0]
        assert geodesy.metres_between(*lamps[-1], *road[1]) < 1

    @given(st.floats(5, 3000))
    def test_points_stand_at_even_spaces_on_the_line(self, spacing):
        points = geodesy.along(self.ROAD, spacing)
        length = geodesy.line_length_m(self.ROAD)
        assert len(points) == int(length / spacing) + 1
        for point in points:
            assert point[1] == 25.80 or point[0] == 114.91
        for n, (lon, lat) in enumerate(points):
            walked = (
                geodesy.metres_between(*self.ROAD[0], lon, lat)
                if lat == 25.80
                else geodesy.line_length_m([*self.ROAD[:2], (lon, lat)])
            )
            assert walked == pytest.approx(n * spacing, abs=0.01)

    def test_a_line_may_stand_still(self):
        assert geodesy.along([self.ROAD[0]] * 3, 10) == [self.ROAD[0]]

    def test_a_spacing_must_be_positive_and_a_line_have_a_point(self):
        with pytest.raises(ValueError, match="positive"):
            geodesy.along(self.ROAD, 0)
        with pytest.raises(ValueError, match="point"):
            geodesy.along([], 10)


class TestThePlane:
    @given(lons, lats, st.floats(-3000, 3000), st.floats(-3000, 3000))
    def test_metres_and_back_and_true_to_the_ground(self, lon, lat, east, north):
        origin = (lon, lat)
        place = geodesy.unproject(east, north, origin)
        assert geodesy.project(*place, origin) == pytest.approx((east, north), abs=1e-6)
        ground = geodesy.metres_between(*origin, *place)
        assert ground == pytest.approx(hypot(east, north), rel=5e-4, abs=1e-6)

    def test_arrays_go_through_like_numbers(self):
        east, north = np.array([0.0, 100.0]), np.array([50.0, -50.0])
        lon, lat = geodesy.unproject(east, north, (114.9, 25.8))
        assert (lon[1], lat[1]) == geodesy.unproject(100.0, -50.0, (114.9, 25.8))
        back = geodesy.project(lon, lat, (114.9, 25.8))
        np.testing.assert_allclose(back, (east, north), atol=1e-6)


class TestDatums:
    @pytest.mark.parametrize(
        ("wgs84", "gcj02"),
        [
            ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
            ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
            ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        ],
    )
    def test_known_places_in_three_cities(self, wgs84, gcj02):
        assert geodesy.wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-9)
        assert geodesy.gcj02_to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-7)

    @given(china_lons, china_lats)
    def test_there_and_back_is_within_a_centimetre(self, lon, lat):
        back = geodesy.gcj02_to_wgs84(*geodesy.wgs84_to_gcj02(lon, lat))
        assert geodesy.metres_between(lon, lat, *back) < 0.01

    @given(lons, lats)
    def test_around_ganzhou_the_shift_is_some_hundred_metres(self, lon, lat):
        assert 200 < geodesy.metres_between(lon, lat, *geodesy.wgs84_to_gcj02(lon, lat)) < 800

    @pytest.mark.parametrize("place", [(2.35, 48.86), (-74.0, 40.7), (151.2, -33.9), (180, 90)])
    def test_a_place_outside_china_passes_unchanged(self, place):
        assert geodesy.wgs84_to_gcj02(*place) == place
        assert geodesy.gcj02_to_wgs84(*place) == place


class TestCoarsening:
    def test_a_house_is_shown_as_the_middle_of_its_cell(self):
        # 25.8000 / (100 / 111320) = 28720.56: row 28720, whose middle is 28720.5 cells north.
        lon, lat = geodesy.coarsen(114.9, 25.8)
        assert lat == pytest.approx(28720.5 * 100 / 111_320, abs=1e-6)
        width = 100 / 111_320 / cos(radians(lat))
        assert lon == pytest.approx((int(114.9 / width) + 0.5) * width, abs=1e-6)

    @given(st.floats(-179, 179), st.floats(-85, 85), st.sampled_from([20, 100, 500, 1000]))
    def test_coarsening_again_tells_nothing_more(self, lon, lat, metres):
        once = geodesy.coarsen(lon, lat, metres)
        assert geodesy.coarsen(*once, metres) == once

    @given(lons, lats, st.sampled_from([100, 500]))
    def test_the_shown_place_is_within_the_cell(self, lon, lat, metres):
        shown = geodesy.coarsen(lon, lat, metres)
        assert geodesy.metres_between(lon, lat, *shown) <= metres * 0.72

    def test_a_block_of_a_hundred_places_shows_as_one_or_few(self):
        shown = {
            geodesy.coarsen(114.9 + x * 1e-5, 25.8 + y * 1e-5) for x in range(10) for y in range(10)
        }
        assert len(shown) <= 2

    def test_a_cell_must_have_a_side(self):
        with pytest.raises(ValueError, match="positive"):
            geodesy.coarsen(114.9, 25.8, 0)


class TestGround:
    EARTH_M2 = 510_065_621_724_088  # the surface of WGS 84

    def test_an_eighth_of_the_earth(self):
        corners = [(0, 0), (90, 0), (90, 90), (0, 90)]
        assert geodesy.ring_area_m2(corners) == pytest.approx(self.EARTH_M2 / 8, rel=1e-9)

    def test_a_plot_of_three_thousand_square_metres(self):
        here = (114.93, 25.85)
        plot = [geodesy.unproject(x, y, here) for x, y in ((0, 0), (60, 0), (60, 50), (0, 50))]
        assert geodesy.ring_area_m2(plot) == pytest.approx(3000, rel=2e-5)

    def test_a_line_or_nothing_encloses_nothing(self):
        assert geodesy.ring_area_m2([(1, 1), (2, 2)]) == geodesy.ring_area_m2([]) == 0

    @given(lons, lats, st.floats(1, 2000), st.floats(1, 2000), st.integers(0, 3))
    def test_it_agrees_with_the_local_plane_whichever_way_round(self, lon, lat, wide, high, turn):
        sides = [(0, 0), (wide, 0), (wide, high), (0, high)]
        plot = [geodesy.unproject(x, y, (lon, lat)) for x, y in sides[turn:] + sides[:turn]]
        measured = geodesy.ring_area_m2(plot)
        assert measured == pytest.approx(wide * high, rel=3e-4)
        assert geodesy.ring_area_m2(plot[::-1]) == pytest.approx(measured, rel=1e-9)
        assert geodesy.ring_area_m2([*plot, plot[0]]) == pytest.approx(measured, rel=1e-9)

    @given(lons, lats, st.floats(10, 500), st.floats(10, 500))
    def test_two_halves_are_as_large_as_the_whole(self, lon, lat, wide, high):
        def ground(x1, x2):
            sides = ((x1, 0), (x2, 0), (x2, high), (x1, high))
            return geodesy.ring_area_m2([geodesy.unproject(x, y, (lon, lat)) for x, y in sides])

        assert ground(0, wide) + ground(wide, 2 * wide) == pytest.approx(
            ground(0, 2 * wide), rel=1e-6
        )
