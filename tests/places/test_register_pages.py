"""The pages of registers: looked at before anything is written, by those who keep them."""

import json
from io import BytesIO

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from shaodao.cases.models import Case
from shaodao.kit.versions import bump
from shaodao.people.models import Unit
from shaodao.places import actions
from shaodao.places.coverage import cover_of
from shaodao.places.models import BuildingChief, Compound, Defect, Grid, Import, Need
from tests.sessions import sign_in
from tests.town import GRIDS, MONDAY, Town

ROWS = "网格,楼栋,房号,人数,需要关照\n第一网格,1栋,9单元101,3,行动不便\n第一网格,99栋,101,2,\n"


def sent(client: Client, text: str = ROWS, register: str = "households") -> Import:
    file = SimpleUploadedFile("户.csv", text.encode())
    url = reverse("register_upload", args=[register])
    response = client.post(url, {"file": file, "datum": "WGS84"})
    assert response.status_code == 302, response.content.decode()[-2000:]
    return Import.objects.order_by("-pk").first()


def test_a_file_is_looked_at_confirmed_and_taken_back_on_its_page(town: Town):
    client = sign_in(Client(), town.person("village.desk"))
    batch = sent(client)
    url = reverse("import", args=[batch.pk])
    assert "读取中" in client.get(url).content.decode()
    actions.read(batch_id=batch.pk, at=MONDAY)
    page = client.get(url).content.decode()
    assert "B3 楼栋：没有楼栋“99栋”，请先导入楼栋" in page
    assert "确认写入 1 行" in page
    assert "行动不便" in page
    refused = client.get(f"{url}?fate=REFUSED").content.decode()
    assert "99栋" in refused
    assert "9单元101" not in refused
    client.post(reverse("import_do", args=[batch.pk, "confirm"]), {"why": "新登记"})
    response = client.get(url, headers={"HX-Request": "true"})
    assert "progressbar" in response.content.decode()
    actions.write(batch_id=batch.pk, at=MONDAY)
    assert client.get(url, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert Need.objects.filter(household__number="9单元101").exists()
    client.post(reverse("import_do", args=[batch.pk, "undo"]), {"why": "导错了"})
    actions.take_back(batch_id=batch.pk)
    assert "已撤销" in client.get(url).content.decode()
    assert not Need.objects.exists()


def test_what_a_household_needs_is_shown_to_nobody_but_who_brought_it(town: Town):
    clerk = sign_in(Client(), town.community_desk)
    batch = sent(clerk, ROWS.replace("第一网格", "西津路社区第一网格"))
    actions.read(batch_id=batch.pk, at=MONDAY)
    url = reverse("import", args=[batch.pk])
    assert "行动不便" in clerk.get(url).content.decode()
    assert "行动不便" not in sign_in(Client(), town.county_chief).get(url).content.decode()
    assert sign_in(Client(), town.stranger).get(url).status_code == 404


def test_a_template_is_a_workbook_with_an_example_and_notes(town: Town):
    client = sign_in(Client(), town.admin)
    response = client.get(reverse("register_template", args=["compounds"]))
    book = CalamineWorkbook.from_filelike(BytesIO(response.getvalue()))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][:3] == ["小区名称", "社区村", "乡镇街道"]
    assert rows[1][0] == "翠竹小区"
    assert book.sheet_names[1] == "填表说明"


@pytest.mark.requirement("Z26")
def test_the_list_of_compounds_tells_those_nobody_keeps(town: Town):
    client = sign_in(Client(), town.community_desk)
    Compound.objects.filter(pk=town.compound.pk).update(
        property_company=None, has_owners_committee=False
    )
    page = client.get(reverse("compounds"), {"only": "nobody"}).content.decode()
    assert town.compound.name in page
    Compound.objects.filter(pk=town.compound.pk).update(has_owners_committee=True)
    page = client.get(reverse("compounds"), {"only": "nobody"}).content.decode()
    assert town.compound.name not in page


@pytest.mark.requirement("Z26")
def test_a_compound_without_company_and_committee_falls_back_to_its_community(town: Town):
    client = sign_in(Client(), town.community_desk)
    url = reverse("compound", args=[town.compound.pk])
    Compound.objects.filter(pk=town.compound.pk).update(
        property_company=None, has_owners_committee=False
    )
    page = client.get(url).content.decode()
    assert "社区兜底" in page
    assert "小区里的事由西津路社区负责到底" in page
    assert "西津路社区党委" in page
    Compound.objects.filter(pk=town.compound.pk).update(has_owners_committee=True)
    assert "社区兜底" not in client.get(url).content.decode()


@pytest.mark.requirement("Z37")
def test_every_building_has_a_chief_or_is_listed_as_vacant(town: Town):
    client = sign_in(Client(), town.community_desk)
    url = reverse("compound", args=[town.compound.pk])
    n = town.compound.buildings.count()
    assert f"{n} 栋空缺" in client.get(url).content.decode()
    building = town.compound.buildings.order_by("pk").first()
    given = {"name": "乐为民", "phone": "13800000000", "why": "居民推选"}
    client.post(reverse("building_chief", args=[building.pk]), given)
    page = client.get(url).content.decode()
    assert "乐为民" in page
    assert n > 1
    assert f"{n - 1} 栋空缺" in page
    worker = sign_in(Client(), town.worker).get(url).content.decode()
    assert "乐为民" not in worker  # masked for whoever does not keep the register
    client.post(reverse("building_chief", args=[building.pk]), {"name": "", "why": "搬走了"})
    assert not BuildingChief.objects.in_force().filter(building=building).exists()


@pytest.mark.requirement("Z27")
def test_a_defect_becomes_a_case_and_stands_on_the_renovation_list(town: Town):
    client = sign_in(Client(), town.worker)
    url = reverse("compound_defects", args=[town.compound.pk])
    key = str(client.get(url).context["form"].initial["key"])
    given = {"key": key, "category": "DRAIN_BLOCKED", "text": "一楼下水道返水", "building": ""}
    for _ in range(2):  # pressed twice
        assert client.post(url, given).status_code == 302
    defect = Defect.objects.get()
    case = Case.objects.get(reports__report__key=defect.key)
    assert (case.category_id, case.channel) == ("DRAIN_BLOCKED", "PATROL")
    page = client.get(url).content.decode()
    assert case.number in page
    response = sign_in(Client(), town.county_chief).get(reverse("renovation_list"))
    rows = CalamineWorkbook.from_filelike(BytesIO(response.getvalue())).get_sheet_by_index(0)
    line = rows.to_python()[1]
    assert (line[1], line[5], line[7]) == (town.compound.name, "一楼下水道返水", case.number)


@pytest.mark.requirement("Z25")
def test_the_profile_of_a_community_is_counted(town: Town):
    client = sign_in(Client(), town.community_desk)
    response = client.get(reverse("community", args=[town.community.code]))
    profile = response.context["profile"]
    homes = [h for g in (town.grid, town.next_grid) for b in town.buildings_of(g) for h in b.households.all()]  # fmt: skip # noqa: E501
    assert profile.n_households == len(homes)
    assert profile.n_people == sum(home.n_people for home in homes)
    assert profile.n_compounds == Compound.objects.filter(community=town.community).count()
    Compound.objects.filter(pk=town.compound.pk).update(built_year=1980)
    page = client.get(reverse("community", args=[town.community.code])).content.decode()
    assert "楼龄超过 40 年的" in page
    assert town.compound.name in page


@pytest.mark.requirement("X02", "X03")
def test_the_cover_is_whole_and_tells_where_it_is_not(town: Town):
    everywhere = Unit.objects.all()
    cover = cover_of(everywhere, on=MONDAY.date())
    assert (cover.overlaps, cover.gaps, cover.n_outside, cover.n_unlisted) == ([], [], 0, 0)
    assert cover.n_uncovered == 0
    assert {n for _, n in cover.short_lists} == {5}  # the small town's lists are short
    town.household.contacts.update(until=MONDAY.date())
    building = town.buildings_of(town.grid)[0]
    type(building).objects.filter(pk=building.pk).update(lon=114.5, lat=25.0)
    cover = cover_of(everywhere, on=MONDAY.date())
    assert [row.pk for row in cover.outside] == [building.pk]
    assert (cover.n_unlisted, cover.unlisted[0][0].code) == (1, GRIDS[0])
    page = sign_in(Client(), town.admin).get(reverse("coverage")).content.decode()
    assert building.address in page


@pytest.mark.requirement("X03")
def test_grids_that_overlap_or_leave_a_community_out_are_seen(town: Town):
    one, two = (town.grids[code] for code in GRIDS[:2])
    wide = shapely.box(one.west, one.south, one.east + 0.0003, one.north)
    Grid.objects.filter(pk=one.pk).update(boundary=shapely.to_wkb(wide))
    bump("grids")
    cover = cover_of(Unit.objects.all(), on=MONDAY.date())
    (found,) = cover.overlaps
    assert set(found.keys) == {one.code, two.code}
    assert found.area_m2 > 1000
    assert cover.faults
    village = town.grids[town.village_grid.code]
    Unit.objects.filter(parent=village.unit.parent, level="GRID").update(valid_to=MONDAY.date())
    cover = cover_of(Unit.objects.all(), on=MONDAY.date())
    assert village.unit.parent in cover.without_grids
    assert cover.n_uncovered >= 1


def test_a_grid_is_split_on_its_page_and_its_history_is_shown(town: Town):
    admin = sign_in(Client(), town.admin)
    grid = town.grids[GRIDS[0]]
    url = reverse("grid_change", args=[grid.code])
    assert "拆分" in admin.get(url).content.decode()
    line = json.dumps([[grid.lon, grid.north + 0.001], [grid.lon, grid.south - 0.001]])
    since = admin.get(url).context["forms"]["SPLIT"].initial["since"]
    given = {"kind": "SPLIT", "split-line": line, "split-since": since, "split-why": "户数太多"}
    refused = admin.post(url, {**given, "split-line": "[[1,2]]"})
    assert refused.status_code == 422
    assert admin.post(url, given).status_code == 302
    new = Grid.objects.filter(origins__before=grid).order_by("code").first()
    office = sign_in(Client(), town.dispatcher)
    old = office.get(reverse("grid", args=[grid.code])).content.decode()
    assert "起停用" in old
    assert new.unit.short_name in old
    assert grid.unit.short_name in office.get(reverse("grid", args=[new.code])).content.decode()
    assert "已生效" in admin.get(reverse("grid_changes")).content.decode()
