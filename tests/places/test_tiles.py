"""Our own map: tiles of streets and grids that hold what lies there, made once a version."""

import gzip

import pytest
from django.db import connection
from django.test import Client
from mapbox_vector_tile import decode
from shapely import box, from_wkb, to_wkb
from shapely.geometry import shape

from shaodao.cores.morton import tile_of
from shaodao.kit.tiles import Packed, TileShelf
from shaodao.kit.versions import bump
from shaodao.places import tiles
from shaodao.places.models import BaseFeature, Grid
from tests.town import CITY, GRIDS, Town

Z = 15


def place(z: int = Z) -> tuple[int, int, int]:
    return z, *tile_of(CITY[0] + 0.002, CITY[1] + 0.002, z)


def get(url_name: str, z: int, x: int, y: int, **headers):
    return Client().get(f"/places/tiles/{url_name}/{z}/{x}/{y}.mvt", headers=headers)


def unpacked(packed: Packed) -> bytes:
    return gzip.decompress(packed.body) if packed.is_compressed else packed.body


def names(decoded: dict, layer: str, key: str = "name") -> set:
    return {f["properties"].get(key) for f in decoded.get(layer, {}).get("features", ())}


@pytest.mark.parametrize("z", [10, 13, 15, 17])
def test_a_grid_tile_holds_the_grids_that_lie_in_it_and_no_others(town: Town, z):
    z, x, y = place(z)
    west, south, east, north = tiles.bounds_of(z, x, y)
    inside = {
        grid.code
        for grid in Grid.objects.all()
        if from_wkb(bytes(grid.boundary)).intersects(box(west, south, east, north))
    }
    decoded = decode(unpacked(tiles.grid_tile(z, x, y)))
    assert inside
    assert names(decoded, "grids", "code") == inside


def test_a_grid_is_named_once_however_many_tiles_it_is_cut_by(town: Town):
    seen = []
    z, x, y = place(16)
    for dx in range(-2, 12):
        for dy in range(-4, 4):
            decoded = decode(unpacked(tiles.grid_tile(z, x + dx, y + dy)))
            for feature in decoded.get("grid_labels", {}).get("features", ()):
                east, down = feature["geometry"]["coordinates"]
                if 0 <= east < 4096 and 0 < down <= 4096:  # not from the buffer around a tile
                    seen.append(feature["properties"]["code"])
    assert sorted(seen) == sorted(GRIDS[:4])


def test_a_grids_name_and_label_point_come_with_its_area(town: Town):
    z, x, y = place()
    decoded = decode(unpacked(tiles.grid_tile(z, x, y)))
    facts = {f["properties"]["code"]: f["properties"] for f in decoded["grids"]["features"]}
    grid = town.grids[GRIDS[0]]
    assert facts[GRIDS[0]] == {
        "code": grid.code,
        "name": grid.unit.short_name,
        "lon": grid.lon,
        "lat": grid.lat,
    }


def test_the_base_tile_holds_our_own_streets_with_kind_and_name(town: Town):
    z, x, y = place()
    decoded = decode(unpacked(tiles.base_tile(z, x, y)))
    assert "西津路" in names(decoded, "road")
    assert names(decoded, "road", "kind") == {"minor"}
    assert "翠竹小区" in names(decoded, "label")


def test_what_is_drawn_from_a_deeper_zoom_is_left_out_before(town: Town):
    z, x, y = place(12)
    assert "road" not in decode(unpacked(tiles.base_tile(z, x, y)))


def test_areas_lines_and_points_come_out_where_they_went_in(town: Town):
    z, x, y = place()
    west, south, east, north = tiles.bounds_of(z, x, y)
    middle = box(
        west + (east - west) * 0.4,
        south + (north - south) * 0.4,
        west + (east - west) * 0.6,
        south + (north - south) * 0.6,
    )
    BaseFeature.objects.create(
        layer="green",
        kind="park",
        name="江边公园",
        shape=to_wkb(middle),
        west=middle.bounds[0],
        south=middle.bounds[1],
        east=middle.bounds[2],
        north=middle.bounds[3],
    )
    bump("basemap")
    decoded = decode(unpacked(tiles.base_tile(z, x, y)))
    (park,) = decoded["green"]["features"]
    assert park["properties"] == {"kind": "park", "name": "江边公园"}
    drawn = shape(park["geometry"]).bounds
    wide = 4096 * (1 + 2 * 64 / 4096)
    wanted = (-64 + 0.4 * wide, -64 + 0.6 * wide)
    assert drawn[0] == pytest.approx(wanted[0], abs=2)
    assert drawn[2] == pytest.approx(wanted[1], abs=2)


def test_a_tile_is_made_once_and_again_after_its_rows_changed(
    town: Town, django_assert_num_queries
):
    z, x, y = place()
    first = tiles.base_tile(z, x, y)
    with django_assert_num_queries(0):  # the transaction knows its versions
        assert tiles.base_tile(z, x, y) is first
    BaseFeature.objects.filter(layer="road").delete()
    assert tiles.base_tile(z, x, y) is first
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_version SET number = number + 1 WHERE name = 'basemap'")
    connection._version_numbers = None
    assert tiles.base_tile(z, x, y).etag != first.etag


def test_anybody_gets_a_compressed_tile_and_need_not_fetch_it_twice(town: Town):
    z, x, y = place()
    plain = get("grids", z, x, y)
    assert plain.status_code == 200
    assert plain["Content-Type"] == "application/vnd.mapbox-vector-tile"
    assert "Content-Encoding" not in plain
    packed = get("grids", z, x, y, accept_encoding="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "public" in packed["Cache-Control"]
    again = get("grids", z, x, y, if_none_match=packed["ETag"])
    assert again.status_code == 304
    assert not again.content
    assert get("base", z, x, y).status_code == 200


@pytest.mark.parametrize("kind", ["base", "grids"])
def test_a_tile_off_the_map_is_not_found_and_an_empty_place_is_empty(town: Town, kind):
    assert get(kind, 3, 8, 0).status_code == 404
    assert get(kind, 23, 0, 0).status_code == 404
    assert get(kind, 10, 0, 0).content == b""


def test_a_shelf_keeps_what_was_asked_for_last():
    shelf, made = TileShelf(most=2), []

    def make(name: str):
        return lambda: made.append(name) or name.encode()

    for name, x in (("a", 0), ("b", 1), ("a", 0), ("c", 2), ("a", 0), ("b", 1)):
        shelf.get(3, x, 0, make(name))
    assert made == ["a", "b", "c", "b"]
