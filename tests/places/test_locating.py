"""Point to grid is exact: one grid on a shared edge, none outside, no place in two."""

import random
from itertools import combinations

import pytest
from shapely import Point, from_wkb, unary_union

from shaodao.places.models import Grid
from shaodao.places.queries import locate
from tests.town import CITY, GRIDS, Town


def shapes() -> dict[str, object]:
    return {g.code: from_wkb(bytes(g.boundary)) for g in Grid.objects.order_by("code")}


def test_every_grid_holds_its_own_label_point(town: Town):
    for grid in town.grids.values():
        assert locate(grid.lon, grid.lat) == (grid.pk, grid.unit_id)


def test_a_point_on_a_shared_edge_lies_in_exactly_one_grid(town: Town):
    lon, lat = town.shared_edge()
    found = locate(lon, lat)
    touching = [
        g for g in town.grids.values() if from_wkb(bytes(g.boundary)).covers(Point(lon, lat))
    ]
    assert len(touching) == 2
    assert found in {(g.pk, g.unit_id) for g in touching}
    assert {locate(lon, lat) for _ in range(20)} == {found}


def test_every_corner_and_edge_of_the_grids_lies_in_exactly_one(town: Town):
    by_code = shapes()
    pks = {grid.pk: code for code, grid in town.grids.items()}
    for shape in by_code.values():
        for lon, lat in shape.exterior.coords:
            holding = sorted(c for c, other in by_code.items() if other.covers(Point(lon, lat)))
            assert pks[locate(lon, lat)[0]] == holding[0]


def test_a_place_outside_lies_in_none_and_says_so(town: Town):
    assert locate(*town.outside) is None
    grid = town.grids[GRIDS[0]]
    assert locate(grid.west - 1e-9, grid.lat) is None
    assert locate(grid.lon, grid.south - 1e-9) is None


def test_no_two_grids_overlap_and_neighbours_leave_no_gap(town: Town):
    by_code = shapes()
    for one, other in combinations(by_code.values(), 2):
        assert one.intersection(other).area == 0
    city = [by_code[code] for code in GRIDS[:4]]
    assert unary_union(city).geom_type == "Polygon"
    assert unary_union(city).area == pytest.approx(sum(shape.area for shape in city), rel=1e-12)


def test_a_thousand_places_are_found_as_by_looking_at_every_grid(town: Town):
    by_code, rng = shapes(), random.Random(11)
    pks = {grid.pk: code for code, grid in town.grids.items()}
    for _ in range(1000):
        lon, lat = CITY[0] + rng.uniform(-0.005, 0.02), CITY[1] + rng.uniform(-0.002, 0.006)
        holding = sorted(c for c, shape in by_code.items() if shape.covers(Point(lon, lat)))
        found = locate(lon, lat)
        assert (pks[found[0]] if found else None) == (holding[0] if holding else None)
