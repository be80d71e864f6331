"""Bringing workbooks in: every row's fate before anything is written, and all of it taken back."""

from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter

from shaodao.people.models import AccountEntry, Post, Unit, User
from shaodao.places import actions
from shaodao.places.models import (
    Building,
    BuildingChief,
    Compound,
    Contact,
    Household,
    Import,
    ImportRow,
    Need,
)
from shaodao.places.policy import Datum, PlaceRefused
from shaodao.places.registers.columns import REGISTERS
from shaodao.places.registers.exporting import rows_of, write_csv, write_workbook
from tests.places.old_excel import write_xls
from tests.town import GRIDS, MONDAY, Town

WHY = "村里报来的台账"


def sheet_of(path: Path, rows, *, merged=()) -> Path:
    """Write a workbook as somebody typed it; merged: (row, column, last row, last column, text)."""
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("Sheet1")
    covered = {(top, left) for top, left, *_ in merged}
    for n, row in enumerate(rows):
        for k, value in enumerate(row):
            if value != "" and (n, k) not in covered:
                sheet.write(n, k, value)
    for top, left, bottom, right, text in merged:
        sheet.merge_range(top, left, bottom, right, text)
    book.close()
    return path


def brought(path: Path, register: str, actor: User, *, datum=Datum.WGS84, at=MONDAY) -> Import:
    """Return an import that has been read."""
    batch = actions.bring_in(
        register=register,
        file_name=path.name,
        content=[path.read_bytes()],
        datum=datum,
        actor=actor,
        at=at,
    )
    actions.read(batch_id=batch.pk, at=at)
    batch.refresh_from_db()
    return batch


def written(batch: Import, actor: User, *, at=MONDAY) -> Import:
    """Return an import that has been confirmed and written."""
    assert batch.status == "READY", batch.message
    actions.confirm(batch=batch, actor=actor, at=at, why=WHY)
    actions.write(batch_id=batch.pk, at=at)
    batch.refresh_from_db()
    return batch


def undone(batch: Import, actor: User) -> Import:
    actions.undo(batch=batch, actor=actor, at=MONDAY + timedelta(hours=1), why="导错了")
    actions.take_back(batch_id=batch.pk)
    batch.refresh_from_db()
    return batch


def fates(batch: Import) -> dict[int, str]:
    return dict(batch.rows.order_by("n").values_list("n", "fate"))


def faults(batch: Import) -> dict[int, tuple[str, str]]:
    return {
        row.n: (row.faults[0][0], row.faults[0][1].format(**row.faults[0][2]))
        for row in batch.rows.filter(fate="REFUSED")
    }


@pytest.fixture
def clerk(town: Town) -> User:
    """The village's desk, which keeps the village's registers and no other's."""
    return town.person("village.desk")


def messy_rows(town: Town) -> tuple[list[list], list[tuple[int, int, int, int]]]:
    """What a village clerk has: a title, two heading rows, merged cells, a sum."""
    names = [b.name for b in town.buildings_of(town.village_grid)[:3]]
    rows = [
        ["古陂村二〇二六年常住人口登记表"],
        ["社区村", "网格", "楼栋", "户内情况"],
        ["", "", "", "人口", "老人", "18岁以下"],
        ["古陂村", "第一网格", names[0], "４", "１", 0],
        ["", "", names[1], "3人", "", ""],
        ["", "", names[2], 2.0, "二", ""],
        ["", "", "不存在的楼", 2, "", ""],
        ["", "", names[0], "5", "", ""],
        [],
        ["合计", "", "", 16],
        ["填表人：某某"],
    ]
    merged = [(0, 0, 0, 5), (1, 3, 1, 5), (1, 0, 2, 0), (1, 1, 2, 1), (1, 2, 2, 2)]
    merged += [(3, 0, 7, 0), (3, 1, 7, 1)]
    return rows, merged


def messy(path: Path, town: Town) -> Path:
    """A workbook as a village clerk has it; an old one where its name ends in .xls."""
    rows, merged = messy_rows(town)
    if path.suffix == ".xls":
        return write_xls(path, rows, merged)
    return sheet_of(path, rows, merged=[(*box, rows[box[0]][box[1]]) for box in merged])


@pytest.mark.parametrize("name", ["登记表.xlsx", "登记表.xls"])
def test_a_messy_workbook_is_read_and_every_row_has_its_fate(town, clerk, tmp_path, name):
    before = list(Household.objects.order_by("pk").values())
    batch = brought(messy(tmp_path / name, town), "households", clerk)
    assert batch.status == "READY"
    assert batch.columns == {
        "community": "A", "grid": "B", "building": "C",
        "n_people": "D", "n_over_60": "E", "n_under_18": "F",
    }  # fmt: skip
    assert batch.facts["n_skipped"] == 2  # the sum and the signature
    assert set(fates(batch)) == {4, 5, 6, 7, 8}
    assert faults(batch)[7] == ("building", "没有楼栋“不存在的楼”，请先导入楼栋")
    assert faults(batch)[8][1] == "与第 4 行是同一条"
    assert list(Household.objects.order_by("pk").values()) == before  # nothing is written yet


def test_a_workbook_is_read_by_what_it_is_not_by_what_it_is_called(town, clerk, tmp_path):
    old = messy(tmp_path / "旧表.xls", town)
    called = tmp_path / "新表.xlsx"
    called.write_bytes(old.read_bytes())
    read = fates(brought(called, "households", clerk))
    assert len(read) == 5
    rows, _merged = messy_rows(town)
    heads = ["社区村", "网格", "楼栋", "人口"]
    lines = ["\t".join(heads), *("\t".join(map(str, row[:4])) for row in rows[3:4])]
    text = tmp_path / "导出.xls"  # what many systems call Excel
    text.write_bytes("\r\n".join(lines).encode("gb18030"))
    assert fates(brought(text, "households", clerk)) == {2: read[4]}


def test_what_was_confirmed_is_written_and_journalled_and_taken_back_as_a_whole(
    town, clerk, tmp_path
):
    before = list(Household.objects.order_by("pk").values())
    batch = written(brought(messy(tmp_path / "户.xlsx", town), "households", clerk), clerk)
    assert batch.status == "DONE"
    home = Household.objects.get(building=town.buildings_of(town.village_grid)[0], number="")
    assert (home.n_people, home.n_over_60, home.n_under_18) == (4, 1, 0)
    entry = AccountEntry.objects.filter(name="import").get()
    assert entry.subject == f"import:{batch.pk}"
    assert entry.facts["file"] == batch.sha256
    assert undone(batch, clerk).status == "UNDONE"
    assert list(Household.objects.order_by("pk").values()) == before


def test_an_import_whose_rows_were_used_since_is_not_taken_back_at_all(town, clerk, tmp_path):
    building = town.buildings_of(town.village_grid)[0]
    rows = [
        ["网格", "楼栋", "房号", "人数"],
        ["第1网格", building.name, "9单元101", 2],
        ["第1网格", building.name, "9单元102", 3],
    ]
    batch = written(brought(sheet_of(tmp_path / "a.xlsx", rows), "households", clerk), clerk)
    used = Household.objects.get(building=building, number="9单元102")
    Contact.objects.create(household=used, worker=town.village_worker, since=MONDAY.date())
    batch = undone(batch, clerk)
    assert batch.status == "DONE"
    assert batch.used == [[3, f"{building.name}9单元102", "已经用到"]]
    assert Household.objects.filter(building=building, number="9单元101").exists()


def test_a_row_changed_since_the_import_stands_in_the_way_of_taking_it_back(town, clerk, tmp_path):
    batch = written(brought(messy(tmp_path / "户.xlsx", town), "households", clerk), clerk)
    home = Household.objects.get(building=town.buildings_of(town.village_grid)[1], number="")
    Household.objects.filter(pk=home.pk).update(n_people=9)
    batch = undone(batch, clerk)
    assert batch.used == [[5, town.buildings_of(town.village_grid)[1].name, "导入以后又改过"]]


def test_a_row_changed_between_preview_and_confirmation_is_not_overwritten(town, clerk, tmp_path):
    building = town.buildings_of(town.village_grid)[0]
    home = building.households.get(number="1单元101")
    rows = [
        ["网格", "楼栋", "房号", "人数"],
        ["第1网格", building.name, "1-101", home.n_people + 3],
    ]
    batch = brought(sheet_of(tmp_path / "a.xlsx", rows), "households", clerk)
    Household.objects.filter(pk=home.pk).update(n_people=9)
    batch = written(batch, clerk)
    assert faults(batch)[2][1] == "预览之后又有人改过，没有写入"
    assert Household.objects.get(pk=home.pk).n_people == 9


def test_writing_goes_on_where_it_was_stopped(town, clerk, tmp_path, monkeypatch):
    building = town.buildings_of(town.village_grid)[0]
    rows = [
        ["网格", "楼栋", "房号", "人数"],
        *(["第1网格", building.name, f"{n}单元101", 2] for n in range(11, 41)),
    ]
    batch = brought(sheet_of(tmp_path / "a.xlsx", rows), "households", clerk)
    actions.confirm(batch=batch, actor=clerk, at=MONDAY, why=WHY)
    monkeypatch.setattr(actions.applying, "SIZE", 10)
    actions.write(batch_id=batch.pk, at=MONDAY, most_batches=2)
    batch.refresh_from_db()
    assert (batch.status, batch.n_done) == ("APPLYING", 20)
    Import.objects.update(touched_at=MONDAY)
    assert actions.resume(at=MONDAY + timedelta(minutes=1)) == 0
    assert actions.resume(at=MONDAY + timedelta(minutes=3)) == 1
    actions.write(batch_id=batch.pk, at=MONDAY)
    batch.refresh_from_db()
    assert (batch.status, batch.n_done, batch.counts) == ("DONE", 30, {"NEW": 30})
    assert (
        Household.objects.filter(building=building).filter(number__endswith="单元101").count() == 32
    )


@pytest.mark.parametrize("register", list(REGISTERS))
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_export_brought_in_again_changes_nothing(town, tmp_path, register, kind):
    actor = {"posts": town.security}.get(register, town.admin)
    Need.objects.create(household=town.household, tag="WALKING")
    BuildingChief.objects.create(
        building=town.building, name="乐为", phone="13800000000", since=MONDAY.date()
    )
    path = tmp_path / f"out.{kind}"
    rows = rows_of(REGISTERS[register], actor)
    n = (write_csv if kind == "csv" else write_workbook)(path, REGISTERS[register], rows)
    assert n
    batch = brought(path, register, actor)
    assert batch.counts == {"UNCHANGED": n}, list(faults(batch).values())[:3]


def test_compounds_and_buildings_are_made_and_unmade(town, tmp_path):
    compounds = [
        ["小区名称", "社区村", "建成年代", "电梯", "物业", "业委会", "一户一表"],
        ["西津新苑", "西津路社区", "1986年", "2部", "无", "未成立", "有"],
        ["翠竹小区", "西津路", "", "", "不存在的物业", "", ""],
    ]
    batch = brought(sheet_of(tmp_path / "c.xlsx", compounds), "compounds", town.community_desk)
    assert faults(batch) == {3: ("company", "单位台账里没有“不存在的物业”，请先导入单位")}
    batch = written(batch, town.community_desk)
    made = Compound.objects.get(name="西津新苑")
    assert (made.built_year, made.n_lifts, made.has_owners_committee) == (1986, 2, False)
    assert (made.has_own_meters, made.is_placed) == (True, False)
    buildings = [
        ["社区", "网格", "小区", "楼栋号", "层数", "楼栋长", "楼长电话"],
        ["西津路社区", "第一网格", "西津新苑", "１２幢", "7层", "乐为", "13800000000"],
        ["西津路社区", "", "西津新苑", "13号楼", 6, "", ""],
    ]
    built = brought(sheet_of(tmp_path / "b.xlsx", buildings), "buildings", town.community_desk)
    assert faults(built) == {3: ("grid", "请写明网格，或填写坐标")}
    built = written(built, town.community_desk)
    house = Building.objects.get(compound=made)
    assert (house.name, house.n_floors, house.grid.code) == ("12栋", 7, GRIDS[0])
    assert house.chiefs.get().name == "乐为"
    homes = [
        ["社区", "小区", "住址", "人数", "需求"],
        ["西津路", "西津新苑", "12#2-301", 3, "独居、卧床"],
    ]
    lived = brought(sheet_of(tmp_path / "h.xlsx", homes), "households", town.community_desk)
    lived = written(lived, town.community_desk)
    kinds = [homes[0], ["西津路", "西津新苑", "12#2-302", 3, "低保户"]]
    refused = brought(sheet_of(tmp_path / "k.xlsx", kinds), "households", town.community_desk)
    assert "人群类别，这里不登记" in faults(refused)[2][1]
    home = Household.objects.get(building=house)
    assert home.number == "2单元301"
    assert set(home.needs.values_list("tag", flat=True)) == {"ALONE", "WALKING"}
    # The building is used by a household now: neither it nor its compound can be taken back first.
    assert undone(built, town.community_desk).used == [[2, "西津新苑12栋", "已经用到"]]
    assert undone(batch, town.community_desk).used == [[2, "西津新苑", "已经用到"]]
    for one in (lived, built, batch):
        assert undone(one, town.community_desk).status == "UNDONE"
    assert not Compound.objects.filter(name="西津新苑").exists()


def test_names_that_occur_several_times_need_their_parent(town, tmp_path):
    rows = [
        ["区划编码", "名称", "所属乡镇", "联系电话"],
        ["360702001000", "解放街道", "", ""],
        ["360702001201", "大塘村委会", "解放街道", ""],
        ["360702002201", "大塘村委会", "赣江街道", ""],
        ["360702002501", "大塘村委会", "赣江街道", ""],
        ["360702001202", "小塘村委会", "赣江街道", ""],
        ["", "新塘村", "解放街道", ""],
        ["360722102209", "外县村委会", "", ""],
    ]
    batch = brought(sheet_of(tmp_path / "d.xlsx", rows), "divisions", town.admin)
    assert fates(batch)[2] == "UNCHANGED"
    told = faults(batch)
    assert told[5] == (
        "code",
        "第 10 位应为 0 或 1（居委会）、2 或 3（村委会）、4（其他），且不为 000",
    )
    assert told[6] == ("parent", "编码 360702001 是解放街道，与这里写的上级不符")
    assert told[7] == ("code", "新的区划要有编码")
    assert told[8] == ("code", "“古陂镇”不在您负责的范围内")
    batch = written(batch, town.admin)
    assert Unit.objects.filter(short_name="大塘村").count() == 2
    grids = [
        ["网格名称", "社区村", "乡镇"],
        ["第一网格", "大塘村", ""],
        ["大塘村第2网格", "大塘村", "赣江街道"],
        ["大塘村第二网格", "大塘", "赣江"],
    ]
    named = brought(sheet_of(tmp_path / "g.xlsx", grids), "grids", town.admin)
    assert faults(named) == {
        2: ("community", "有 2 个“大塘村”（解放街道、赣江街道），请在“乡镇街道”一列写明是哪一个"),
        4: ("", "与第 3 行是同一条"),
    }
    named = written(named, town.admin)
    grid = Unit.objects.get(code="360702002201002")
    assert (grid.short_name, grid.parent.short_name) == ("大塘村第二网格", "大塘村")
    assert undone(batch, town.admin).used[0][2] == "已经用到"
    assert undone(named, town.admin).status == "UNDONE"
    assert undone(batch, town.admin).status == "UNDONE"


def test_people_come_without_passwords_and_posts_by_another_administrator(town, tmp_path):
    staff = [
        ["姓名", "手机号", "单位"],
        ["安然", "139 0000 8888", "古陂村"],
        ["安然", "13900008888", "西津路社区"],
    ]
    batch = brought(sheet_of(tmp_path / "s.xlsx", staff), "staff", town.admin)
    assert faults(batch)[2] == ("unit", "“古陂村”不在您负责的范围内")
    batch = written(batch, town.admin)
    person = User.objects.get(phone="13900008888")
    assert not person.has_usable_password()
    assert AccountEntry.objects.filter(subject=f"user:{person.pk}", name="create").exists()
    posts = [
        ["手机", "单位", "岗位"],
        ["13900008888", "西津路社区第一网格", "网格员"],
        ["13900008888", "西津路社区", "网格员"],
        ["13900008888", "章贡区", "系统管理员"],
    ]
    with pytest.raises(PlaceRefused):
        brought(sheet_of(tmp_path / "p.xlsx", posts), "posts", town.admin)
    given = brought(tmp_path / "p.xlsx", "posts", town.security)
    assert faults(given)[3][1] == "网格员不能设在社区村一级"
    assert faults(given)[4][1] == "管理员岗位请逐个任命，不能批量导入"
    given = written(given, town.security)
    assert Post.objects.filter(user=person, role="GRID_WORKER").count() == 1
    assert undone(batch, town.admin).used == [[3, "安然", "已经用到"]]
    assert undone(given, town.security).status == "UNDONE"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["什么", "都没有"], ["1", "2"]], "没有找到表头"),
        ([["社区村", "楼栋"], ["古陂村", "1号"]], "缺少这些列：人数"),
        ([["楼栋", "人数"]], "表头下面没有内容"),
    ],
)
def test_a_file_that_is_no_register_is_refused_in_words(town, clerk, tmp_path, rows, message):
    batch = brought(sheet_of(tmp_path / "x.xlsx", rows), "households", clerk)
    assert batch.status == "FAILED"
    assert batch.message.startswith(message)


def test_a_clerk_reaches_no_other_village_and_a_worker_none(town, clerk, tmp_path):
    rows = [["社区村", "楼栋", "人数"], ["西津路社区", "1栋", 3]]
    batch = brought(sheet_of(tmp_path / "x.xlsx", rows), "households", clerk)
    assert faults(batch)[2] == ("community", "“西津路社区”不在您负责的范围内")
    with pytest.raises(PlaceRefused):
        brought(tmp_path / "x.xlsx", "households", town.worker)
    with pytest.raises(PlaceRefused):
        actions.confirm(batch=batch, actor=town.community_desk, at=MONDAY, why=WHY)


def test_staging_rows_are_forgotten_when_an_import_can_no_longer_be_taken_back(
    town, clerk, tmp_path
):
    batch = written(brought(messy(tmp_path / "户.xlsx", town), "households", clerk), clerk)
    actions.forget(at=MONDAY + timedelta(days=29))
    assert ImportRow.objects.filter(batch=batch).exists()
    actions.forget(at=MONDAY + timedelta(days=31))
    assert not ImportRow.objects.filter(batch=batch).exists()
    with pytest.raises(PlaceRefused, match="明细已经清除"):
        actions.undo(batch=batch, actor=clerk, at=MONDAY, why="导错了")


def test_needs_are_seen_by_the_contact_worker_and_from_above_only(town):
    Need.objects.create(household=town.household, tag="WALKING")
    sees = [town.worker, town.community_desk, town.dispatcher, town.county_chief]
    blind = [town.worker2, town.next_worker, town.other_intake, town.admin, town.handler]
    assert all(Need.objects.visible_to(user).exists() for user in sees)
    assert not any(Need.objects.visible_to(user).exists() for user in blind)
