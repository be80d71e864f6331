"""Boundaries out of a file: GeoJSON, a zipped Shapefile or a GeoPackage, held against the grids."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError
from pyogrio.raw import read as read_features
from shapely import Polygon, from_wkb
from shapely.geometry.base import BaseGeometry

from shaodao.cores.geodesy import gcj02_to_wgs84
from shaodao.cores.sheets import text_of
from shaodao.cores.topology import Flaw, Found, examine
from shaodao.cores.wording import N_
from shaodao.people.models import Unit, User, posts_of
from shaodao.people.policy import Kind, Level
from shaodao.places.models import Building, Grid
from shaodao.places.policy import MAY, Datum, PlaceRefused, serial_of

from .knowing import Row

BOUNDARIES = "boundaries"
MOST_FEATURES = 20_000
MOST_UNPACKED = 500_000_000  # bytes
_CODES = ("网格编码", "网格代码", "编码", "代码", "grid_code", "gridcode", "wgbm", "wgdm", "code")
_NAMES = ("网格名称", "网格", "名称", "grid_name", "gridname", "wgmc", "name")
_GEOGRAPHIC = re.compile(r"4326|4490|CRS84|WGS.?84|CGCS2000|China Geodetic", re.IGNORECASE)

FLAW_LABELS = {
    Flaw.SELF_CROSSING: N_("边界自交"),
    Flaw.PARTS: N_("分成几块"),
    Flaw.OVERLAP: N_("重叠"),
    Flaw.GAP: N_("空洞"),
    Flaw.SLIVER: N_("细缝"),
}


def decide_boundaries(path: Path, actor: User, *, datum: str) -> tuple[list[Row], dict]:
    """Return the rows of a file of boundaries and what is wrong between them.

    :raises PlaceRefused: if the file cannot be read, or its coordinates are no degrees.
    """
    shapes, fields = _features(path)
    roles = MAY["draw_grid"][1]
    tops = [post.unit for post in posts_of(actor) if post.role in roles]
    grids = _grids_by_name(tops)
    rows: list[Row] = []
    seen: dict[int, int] = {}
    for index, shape in enumerate(shapes):
        said = {key: text_of(values[index]) for key, values in fields.items()}
        row = Row(index + 1, said)
        unit = _unit_of(row, grids)
        area = _plain(row, shape, datum)
        if unit is not None:
            row.label, row.rank = unit.short_name, 0
            row.values["unit_id"] = unit.pk
            if (first := seen.setdefault(unit.pk, row.n)) != row.n:
                row.fault("", N_("与第 {n} 个图形是同一个网格"), n=first)
        if area is not None:
            row.values["boundary"] = shapely.to_wkb(area, hex=True)
        rows.append(row)
    return rows, judge(rows)


def judge(rows: list[Row]) -> dict:
    """Find out what becomes of each boundary, and return what is wrong between them, to be shown.

    Faults between areas, and buildings left outside, are written into the rows.
    """
    by_unit = {row.values["unit_id"]: row for row in rows if not row.faults}
    here = {row.label: from_wkb(row.values["boundary"]) for row in by_unit.values()}
    standing = {
        grid.unit_id: grid for grid in Grid.objects.filter(valid_to=None).select_related("unit")
    }
    beside = neighbours(here, {pk: grid for pk, grid in standing.items() if pk not in by_unit})
    found = examine(here, beside)
    _mark(rows, found)
    outside = _outside(by_unit, standing)
    for pk, row in by_unit.items():
        grid = standing.get(pk)
        row.target = grid.pk if grid else None
        row.before = {"boundary": bytes(grid.boundary).hex().upper()} if grid else {}
        if pk in outside:
            row.fault("", N_("有 {n} 栋楼会落在网格外"), n=outside[pk])
        if grid and not row.faults:
            same = shapely.equals_exact(
                from_wkb(row.values["boundary"]),
                from_wkb(bytes(grid.boundary)),
                1e-7,
                normalize=True,
            )
            if same:
                row.values = {}
    return {"flaws": [shown(one) for one in found[:300]], "n_flaws": len(found)}


def neighbours(areas: Mapping[str, BaseGeometry], grids: Mapping[int, Grid]) -> dict[str, Polygon]:
    """Return the grids that lie about some areas, by name."""
    if not areas:
        return {}
    west, south, east, north = shapely.total_bounds(list(areas.values()))
    return {
        f"{grid.unit.short_name} {grid.code}": from_wkb(bytes(grid.boundary))
        for grid in grids.values()
        if grid.west < east and grid.east > west and grid.south < north and grid.north > south
    }


def _mark(rows: list[Row], found: list[Found]) -> None:
    by_label = {row.label: row for row in rows if row.label and not row.faults}
    worst: dict[str, set[str]] = defaultdict(set)
    for one in found:
        for key in one.keys:
            worst[key].add(one.flaw)
    for key, flaws in worst.items():
        # A gap is no fault of a grid: it may be a lake. It is shown, and mended on request.
        for flaw in sorted(flaws - {Flaw.GAP}):
            if key in by_label:
                by_label[key].fault("", FLAW_LABELS[Flaw(flaw)])


def _outside(by_unit: Mapping[int, Row], standing: Mapping[int, Grid]) -> dict[int, int]:
    """Return how many buildings of a grid would lie outside its new boundary."""
    grids = {standing[pk].pk: pk for pk in by_unit if pk in standing}
    places: dict[int, list[tuple[float, float]]] = defaultdict(list)
    rows = Building.objects.filter(grid__in=list(grids), is_placed=True)
    for grid, lon, lat in rows.values_list("grid_id", "lon", "lat"):
        places[grids[grid]].append((lon, lat))
    found = {}
    for pk, points in places.items():
        area = from_wkb(by_unit[pk].values["boundary"])
        if area.is_valid:
            n = int((~shapely.intersects(area, shapely.points(points))).sum())
            if n:
                found[pk] = n
    return found


def shown(one: Found) -> dict[str, object]:
    """Return a flaw as the page and its map show it."""
    line = one.shape
    if line.geom_type == "Polygon":
        line = line.exterior
    elif line.geom_type == "MultiPolygon":
        line = max(line.geoms, key=lambda part: part.area).exterior
    return {
        "flaw": one.flaw.value,
        "keys": list(one.keys),
        "area": round(one.area_m2, 1),
        "width": round(one.width_m, 2),
        "line": np.round(shapely.get_coordinates(line)[:200], 6).tolist(),
    }


# ---- reading ---------------------------------------------------------------------------------


def _features(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    _check_content(path)
    try:
        meta, _, geometry, data = read_features(path, force_2d=True)
    except (DataSourceError, DataLayerError, FeatureError, UnicodeDecodeError) as error:
        raise PlaceRefused(N_("这个文件打不开，请核对是否完整")) from error
    if geometry is None or not len(geometry):
        raise PlaceRefused(N_("文件里没有图形"))
    if len(geometry) > MOST_FEATURES:
        raise PlaceRefused(N_("一次最多导入 {n} 个边界"), n=MOST_FEATURES)
    shapes = from_wkb(geometry)
    west, south, east, north = shapely.total_bounds(shapes)
    crs = str(meta.get("crs") or "")
    is_named = not crs or _GEOGRAPHIC.search(crs)
    if not is_named or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise PlaceRefused(N_("坐标不是经纬度：请先转成 WGS 84 或 CGCS2000 的经纬度再导出"))
    fields = dict(zip((str(name) for name in meta["fields"]), data, strict=True))
    return shapes, fields


_SHAPEFILE = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".xml", ".qix"})


def _check_content(path: Path) -> None:
    """Test that a file is what its name says, before a reader of many formats guesses.

    :raises PlaceRefused: if it is not.
    """
    wrong = PlaceRefused(N_("文件内容与扩展名不符"))
    with path.open("rb") as file:
        head = file.read(64)
    ending = path.suffix.lower()
    if ending == ".gpkg" and not head.startswith(b"SQLite format 3\x00"):
        raise wrong
    if ending in (".json", ".geojson") and not head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        raise wrong
    if ending == ".zip":
        try:
            with ZipFile(path) as pack:
                inside = [one for one in pack.infolist() if not one.is_dir()]
        except BadZipFile as error:
            raise wrong from error
        endings = {Path(one.filename).suffix.lower() for one in inside}
        if ".shp" not in endings or endings - _SHAPEFILE:
            raise PlaceRefused(N_("压缩包里应只有一个 Shapefile（.shp .shx .dbf .prj）"))
        if sum(one.file_size for one in inside) > MOST_UNPACKED:
            raise PlaceRefused(N_("文件太大，最多 {n} MB"), n=MOST_UNPACKED // 1_000_000)


def _plain(row: Row, shape: BaseGeometry | None, datum: str) -> BaseGeometry | None:
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        row.fault("", N_("不是一个面"))
        return None
    if shape.geom_type == "MultiPolygon" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if datum == Datum.GCJ02:
        shape = shapely.transform(
            shape, lambda places: np.array([gcj02_to_wgs84(*place) for place in places.tolist()])
        )
    west, south, east, north = shape.bounds
    if not (west > 70 and east < 140 and south > 0 and north < 60):
        row.fault("", N_("坐标不在国内"))
        return None
    return shape


def _grids_by_name(tops: list[Unit]) -> dict[str, list[Unit]]:
    """Return the grids, as units, that an administrator draws: by code and by name."""
    rows = Unit.objects.under(tops).in_force().filter(kind=Kind.AREA, level=Level.GRID)
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in rows.select_related("parent"):
        for name in {unit.code, unit.name, unit.short_name}:
            found[name].append(unit)
        if (told := serial_of(unit.short_name)) is not None:
            found[f"{told[0]}第{told[1]}网格"].append(unit)
    return found


def _unit_of(row: Row, grids: Mapping[str, list[Unit]]) -> Unit | None:
    by_lower = {key.lower(): text for key, text in row.said.items() if text}
    code = next((by_lower[name] for name in _CODES if name in by_lower), "")
    name = next((by_lower[name] for name in _NAMES if name in by_lower), "")
    row.said = {"code": code, "name": name}
    told = serial_of(name) if name else None
    found = grids.get(code) or grids.get(name) or []
    if not found and told is not None:
        found = grids.get(f"{told[0]}第{told[1]}网格", [])
    if len(found) == 1:
        return found[0]
    if not code and not name:
        row.fault("", N_("没有写明是哪个网格：要有“网格编码”或“网格名称”字段"))
    elif found:
        row.fault("name", N_("有 {n} 个网格叫“{name}”，请写网格编码"), n=len(found), name=name)
    else:
        row.fault("code", N_("没有登记网格“{name}”，请先导入网格"), name=code or name)
    return None
