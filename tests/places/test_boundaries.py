"""Boundaries out of files: what is wrong is shown, mended on request, written and taken back."""

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import shapely
from pyogrio.raw import write
from shapely import Polygon, box, from_wkb

from shaodao.cores.geodesy import wgs84_to_gcj02
from shaodao.cores.topology import Flaw, examine, mend
from shaodao.people.models import User
from shaodao.places import actions
from shaodao.places.models import Grid, Import
from shaodao.places.policy import Datum, PlaceRefused
from tests.places.test_imports import undone, written
from tests.town import GRIDS, MONDAY, Town

# ---- the core --------------------------------------------------------------------------------

SIDE = 0.004  # degrees, some 400 m


def square(x: float, y: float = 0.0, *, side: float = SIDE) -> Polygon:
    return box(114.9 + x * SIDE, 25.8 + y * SIDE, 114.9 + x * SIDE + side, 25.8 + y * SIDE + side)


def kinds(areas, beside=None) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.flaw, one.keys) for one in examine(areas, beside)]


def test_squares_side_by_side_have_no_flaw():
    assert kinds({"a": square(0), "b": square(1), "c": square(0, 1)}) == []


def test_an_overlap_a_sliver_a_gap_and_a_crossing_are_told_apart():
    ring = {f"{x}{y}": square(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)}
    assert [flaw for flaw, _ in kinds(ring)] == [Flaw.GAP]
    assert kinds({"a": square(0), "b": square(0.5)}) == [(Flaw.OVERLAP, ("a", "b"))]
    assert kinds({"a": square(0), "b": square(1 - 1 / 400)}) == [(Flaw.SLIVER, ("a", "b"))]
    bow = Polygon([(114.9, 25.8), (114.904, 25.804), (114.904, 25.8), (114.9, 25.804)])
    found = examine({"a": bow})
    assert found[0].flaw == Flaw.SELF_CROSSING
    assert found[0].shape.distance(shapely.Point(114.902, 25.802)) < 1e-9


def test_what_is_mended_has_no_flaw_and_loses_nothing():
    ring = {f"{x}{y}": square(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)}
    ring["00"] = square(0, 0, side=SIDE * 1.1)
    assert {flaw for flaw, _ in kinds(ring)} == {Flaw.OVERLAP, Flaw.GAP}
    mended = mend(ring, list(Flaw))
    assert kinds(mended) == []
    assert shapely.union_all(list(mended.values())).area == pytest.approx(9 * SIDE**2, rel=1e-6)


def test_an_overlap_with_what_is_there_stays_with_what_is_there():
    there = {"there": square(0)}
    mended = mend({"new": square(0.9)}, [Flaw.OVERLAP], there)
    assert kinds(mended, there) == []
    assert mended["new"].area == pytest.approx(0.9 * SIDE**2, rel=1e-6)


def test_only_what_was_asked_for_is_mended():
    areas = {"a": square(0), "b": square(0.5)}
    assert mend(areas, [Flaw.GAP]) == areas


# ---- files -----------------------------------------------------------------------------------


def features(shapes: dict[str, Polygon]) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {"网格编码": code},
                    "geometry": shapely.geometry.mapping(shape),
                }
                for code, shape in shapes.items()
            ],
        }
    ).encode()


def brought(path: Path, actor: User, *, datum=Datum.WGS84) -> Import:
    batch = actions.bring_in(
        register="boundaries",
        file_name=path.name,
        content=[path.read_bytes()],
        datum=datum,
        actor=actor,
        at=MONDAY,
    )
    actions.read(batch_id=batch.pk, at=MONDAY)
    batch.refresh_from_db()
    return batch


def shape_of(grid: Grid) -> Polygon:
    return from_wkb(bytes(Grid.objects.get(pk=grid.pk).boundary))


def southwards(grid: Grid, degrees: float = 0.002) -> Polygon:
    """The boundary of a grid, reaching further to the south, where no other lies."""
    return box(grid.west, grid.south - degrees, grid.east, grid.north)


def saved(folder: Path, kind: str, shapes: dict[str, Polygon]) -> Path:
    if kind == "geojson":
        path = folder / "grids.geojson"
        path.write_bytes(features(shapes))
        return path
    path = folder / ("grids.gpkg" if kind == "gpkg" else "grids.shp")
    geometry = np.array([shapely.to_wkb(shape) for shape in shapes.values()], dtype=object)
    codes = np.array(list(shapes), dtype=object)
    options = {"encoding": "UTF-8"} if kind == "zip" else {}
    write(
        path, geometry, [codes], ["grid_code"], geometry_type="Polygon", crs="EPSG:4326", **options
    )
    if kind == "gpkg":
        return path
    with ZipFile(folder / "grids.zip", "w") as pack:
        for part in folder.glob("grids.*"):
            if part.suffix != ".zip":
                pack.write(part, part.name)
    return folder / "grids.zip"


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "zip"])
def test_boundaries_are_read_written_and_taken_back(town: Town, tmp_path, kind):
    one, two = town.grids[GRIDS[0]], town.grids[GRIDS[1]]
    before = shape_of(one)
    path = saved(tmp_path, kind, {one.code: southwards(one), two.code: shape_of(two)})
    batch = brought(path, town.admin)
    assert batch.counts == {"CHANGED": 1, "UNCHANGED": 1}, batch.message
    assert shape_of(one).equals(before)
    batch = written(batch, town.admin)
    assert shape_of(one).equals(southwards(one))
    assert undone(batch, town.admin).status == "UNDONE"
    assert shape_of(one).equals(before)


def test_the_datum_is_what_the_uploader_says(town: Town, tmp_path):
    grid = town.grids[GRIDS[0]]
    shifted = shapely.transform(
        southwards(grid), lambda places: np.array([wgs84_to_gcj02(*p) for p in places.tolist()])
    )
    path = saved(tmp_path, "geojson", {grid.code: shifted})
    batch = brought(path, town.admin, datum=Datum.GCJ02)
    assert batch.counts == {"CHANGED": 1}
    written(batch, town.admin)
    assert shape_of(grid).hausdorff_distance(southwards(grid)) < 1e-6
    other = brought(path, town.admin, datum=Datum.WGS84)  # 500 m off: over its neighbour
    assert other.counts == {"REFUSED": 1}


def test_flaws_are_shown_and_mended_on_request(town: Town, tmp_path):
    one, two = town.grids[GRIDS[0]], town.grids[GRIDS[1]]
    wide = box(one.west, one.south, one.east + 0.0003, one.north)
    batch = brought(saved(tmp_path, "geojson", {one.code: wide}), town.admin)
    assert batch.counts == {"REFUSED": 1}
    assert batch.facts["flaws"][0]["flaw"] == "OVERLAP"
    with pytest.raises(PlaceRefused):
        actions.confirm(batch=batch, actor=town.admin, at=MONDAY, why="x")
    batch = actions.mend_boundaries(batch=batch, flaws=[Flaw.OVERLAP], actor=town.admin)
    assert batch.facts["flaws"] == []
    assert batch.counts == {"UNCHANGED": 1}  # what was cut off was all that was new
    assert shape_of(one).intersection(shape_of(two)).area < 1e-12


def test_a_boundary_that_leaves_a_building_outside_is_refused(town: Town, tmp_path):
    grid = town.grids[GRIDS[0]]
    small = box(grid.west, grid.south, grid.west + 0.0002, grid.south + 0.0002)
    batch = brought(saved(tmp_path, "geojson", {grid.code: small}), town.admin)
    assert "栋楼会落在网格外" in batch.rows.get().faults[0][1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.geojson", b"<xml>", "文件内容与扩展名不符"),
        ("a.gpkg", b"{}", "文件内容与扩展名不符"),
        ("a.zip", b"PK", "文件内容与扩展名不符"),
        ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "文件里没有图形"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(town: Town, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    batch = brought(path, town.admin)
    assert (batch.status, batch.message) == ("FAILED", message)
