"""The report page through the client: what is typed is kept, what is sent is sent once."""

import io
import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from shaodao.cases import actions
from shaodao.cases.models import Case, CaseReport
from shaodao.cores.geodesy import metres_between, unproject, wgs84_to_gcj02
from shaodao.kit.versions import bump
from shaodao.people.models import Parameter
from shaodao.reports.models import Photo, Report
from shaodao.reports.tokens import token_of
from tests.town import CITY

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


def jpeg(name="现场.jpg", size=(80, 60), gps=None):
    exif = Image.Exif()
    if gps:
        exif[0x8825] = {1: "N", 2: (gps[1], 0.0, 0.0), 3: "E", 4: (gps[0], 0.0, 0.0)}
    handle = io.BytesIO()
    Image.new("RGB", size, "teal").save(handle, "JPEG", exif=exif)
    handle.seek(0)
    handle.name = name
    return handle


def filled(town, **given):
    """A form a resident has filled: a point in `grid`, unless another place is given."""
    values = {"key": str(uuid4()), "text": "路口的地砖松了，老人走路容易绊倒", "datum": "WGS84"}
    if not {"lon", "line", "address", "spot", "building", "community"} & set(given):
        lon, lat = town.inside()
        values |= {"lon": lon, "lat": lat, "by": "MAP"}
    return values | given


def send(client, town, url="/report/", **given):
    return client.post(url, filled(town, **given))


def text_of(response) -> str:
    return re.sub(r"<[^>]+>|\s+", "", response.content.decode())


def the_only_report() -> Report:
    return Report.objects.get()


def publish(case, town, title="路口地砖松动", **files):
    given = {"actor": town.chief, "at": timezone.now(), **files}
    return actions.release(case=case, title=title, text="", **given)


# ---- sending -----------------------------------------------------------------------------------


def test_a_report_becomes_a_case_and_a_private_link(client, town):
    response = send(client, town, category="LIGHTING", name="小李", phone="139 0000 1234")
    report = the_only_report()
    assert response.status_code == 302
    assert response["Location"] == f"/track/{token_of(report)}/?sent=1"
    assert (report.channel, report.place, report.phone) == ("WEB", "MAP", "13900001234")
    assert report.category_id == "LIGHTING"
    assert report.area == town.grid
    assert report.case_link.case.area == town.grid
    page = client.get(response["Location"])
    assert report.number in page.content.decode()
    assert "收到了，谢谢您" in text_of(page)


@pytest.mark.requirement("Z33")
def test_a_danger_ticked_by_the_sender_shortens_the_clock(client, town):
    send(client, town, category="LIGHTING", text="路口的灯照不到斑马线")
    send(client, town, category="LIGHTING", text="路口的灯照不到斑马线", is_hazard="on")
    plain, hazard = Case.objects.order_by("pk")
    assert (plain.is_hazard, hazard.is_hazard) == (False, True)
    assert hazard.due_at < plain.due_at


@pytest.mark.requirement("Z39")
def test_one_matter_by_two_doors_is_one_case_that_knows_both(client, town):
    send(client, town, url=f"/g/{town.grid.code}/", text="路灯不亮")
    case = Case.objects.get()
    publish(case, town)
    send(client, town, text="路灯不亮", join=str(case.pk))
    assert Case.objects.count() == 1
    assert {link.report.channel for link in case.reports.select_related("report")} == {"QR", "WEB"}


def test_five_repeats_of_a_key_make_one_report_and_one_picture(client, town):
    key = str(uuid4())
    answers = {send(client, town, key=key, photos=jpeg())["Location"] for _ in range(5)}
    assert len(answers) == 1
    assert Report.objects.count() == Case.objects.count() == Photo.objects.count() == 1


def test_a_phone_with_a_script_is_answered_in_json(client, town):
    answer = client.post("/report/", filled(town), **JSON)
    report = the_only_report()
    assert answer.json() == {"number": report.number, "url": f"/track/{token_of(report)}/?sent=1"}
    refused = client.post("/report/", filled(town, text=" "), **JSON)
    assert refused.status_code == 422
    assert list(refused.json()["errors"]) == ["text"]


def test_photos_are_kept_when_something_else_is_missing(client, town):
    key = str(uuid4())
    refused = send(client, town, key=key, phone="不告诉你", photos=[jpeg("a.jpg"), jpeg("b.jpg")])
    assert refused.status_code == 422
    kept = re.findall(r'name="kept" value="([^"]+)"', refused.content.decode())
    assert len(kept) == 2
    assert Report.objects.count() == 0
    shown = client.get(reverse("kept_photo", args=[kept[0]]))
    assert shown["Content-Type"] == "image/jpeg"
    assert b"".join(shown.streaming_content)[:2] == b"\xff\xd8"
    assert send(client, town, key=key, kept=kept, photos=jpeg("c.jpg")).status_code == 302
    assert the_only_report().photos.count() == 3


def test_a_kept_photo_goes_with_its_own_report_only(client, town):
    refused = send(client, town, phone="?", photos=jpeg())
    kept = re.findall(r'name="kept" value="([^"]+)"', refused.content.decode())
    send(client, town, kept=kept)
    assert the_only_report().photos.count() == 0


def test_what_is_wrong_with_a_photo_names_the_photo_and_loses_nothing(client, town):
    text = io.BytesIO(b"not a picture")
    text.name = "合同.jpg"
    refused = send(client, town, text="井盖不见了", photos=[jpeg("好的.jpg"), text])
    assert refused.status_code == 422
    assert "“合同.jpg”不是照片" in text_of(refused)
    assert "井盖不见了" in text_of(refused)
    assert refused.content.decode().count('name="kept"') == 1


def test_bad_input_keeps_everything_that_was_typed(client, town):
    typed = {
        "text": "楼道灯不亮", "category": "LIGHTING", "address": "翠竹小区", "name": "老张",
        "phone": "abc", "is_hazard": "on", "lon": "114.93", "lat": "25.85", "by": "MAP",
        "spot": "", "township": str(town.street.pk), "community": str(town.community.pk),
    }  # fmt: skip
    page = send(client, town, **typed).content.decode()
    for shown in (
        "楼道灯不亮",
        'value="翠竹小区"',
        'value="老张"',
        'value="abc"',
        'value="114.93"',
    ):
        assert shown in page
    assert re.search(r'value="LIGHTING" checked', page)
    assert re.search(r'name="is_hazard"[^>]*checked', page)
    assert re.search(rf'value="{town.community.pk}" selected', page)
    assert 'aria-invalid="true"' in page
    assert 'href="#id_phone"' in page


def test_a_report_without_a_place_is_asked_for_one(client, town):
    refused = send(client, town, address="")
    assert refused.status_code == 422
    assert "请说明地点" in text_of(refused)
    assert Report.objects.count() == 0


# ---- places ------------------------------------------------------------------------------------


def test_a_place_from_a_chinese_map_service_is_turned_into_wgs84(client, town):
    lon, lat = wgs84_to_gcj02(*town.inside())
    send(client, town, lon=lon, lat=lat, datum="GCJ02", by="POSITION")
    report = the_only_report()
    assert metres_between(report.lon, report.lat, *town.inside()) < 0.1
    assert report.place == "POSITION"


@pytest.mark.requirement("X09")
def test_a_line_along_a_road_keeps_its_length_and_is_shown_with_it(client, town):
    road = town.dark_road
    pairs = [list(pair) for pair in zip(road[::2], road[1::2], strict=True)]
    middle = pairs[2]
    send(
        client,
        town,
        text="两公里没有路灯",
        line=str(pairs),
        lon=middle[0],
        lat=middle[1],
        by="LINE",
    )
    report = the_only_report()
    assert report.place == "LINE"
    assert report.length_m == pytest.approx(2000, rel=0.01)
    assert report.area == town.village_grid


@pytest.mark.parametrize("line", ["[[1", '{"a": 1}', "[[114.9, NaN], [1, 2]]", "[true, false]"])
def test_a_line_that_does_not_read_is_refused(client, town, line):
    assert send(client, town, line=line, by="LINE").status_code == 422


def test_a_grid_is_chosen_from_lists_in_steps_without_a_script(client, town):
    page = client.get("/report/")
    key = re.search(r'name="key" value="([^"]+)"', page.content.decode()).group(1)
    typed = {"key": key, "text": "垃圾没人收", "step": "1", "township": str(town.street.pk)}
    page = client.post("/report/", typed).content.decode()
    assert f'<option value="{town.community.pk}">西津路社区' in page
    assert "垃圾没人收" in page
    assert "还不能提交" not in page
    page = client.post("/report/", typed | {"community": str(town.community.pk)}).content.decode()
    grid = town.grid.grid
    assert f'<option value="g{grid.pk}">' in page
    assert f'<option value="c{town.compound.pk}">翠竹小区' in page
    del typed["step"]
    client.post(
        "/report/", typed | {"community": str(town.community.pk), "spot_pick": f"g{grid.pk}"}
    )
    report = the_only_report()
    assert (report.key.hex, report.place) == (key.replace("-", ""), "GRID")
    assert report.area == town.grid


def test_a_compound_stands_for_a_place_too(client, town):
    send(client, town, spot=f"c{town.compound.pk}")
    report = the_only_report()
    assert report.place == "ADDRESS"
    assert "翠竹小区" in report.address
    assert report.area.parent == town.community


def test_a_building_that_was_typed_in_full_is_found(client, town):
    send(client, town, address=town.building.address)
    report = the_only_report()
    assert report.building == town.building
    assert report.area == town.grid


def test_an_address_that_may_mean_several_is_asked_about_once(client, town):
    asked = send(client, town, address="翠竹小区")
    assert asked.status_code == 200
    assert Report.objects.count() == 0
    assert "发送前请看一眼" in text_of(asked)
    assert f'name="building" id="id_building_{town.building.pk}"' in asked.content.decode()
    send(client, town, address="翠竹小区", building=str(town.building.pk), looked="1")
    assert the_only_report().building == town.building


def test_an_address_nobody_knows_goes_to_the_county(client, town):
    response = send(client, town, address="老供销社后面的巷子", looked="1")
    report = the_only_report()
    assert (report.place, report.area) == ("ADDRESS", None)
    assert report.case_link.case.desk == town.county
    assert "由县里的受理台办理" in text_of(client.get(response["Location"]))


def test_a_place_outside_every_grid_says_so_and_goes_to_the_county(client, town):
    lon, lat = town.outside
    look = client.post("/report/around/", filled(town, lon=lon, lat=lat))
    assert "不在已划好的网格里" in text_of(look)
    send(client, town, lon=lon, lat=lat)
    assert the_only_report().case_link.case.desk == town.county


def test_a_scanned_grid_card_presets_the_place(client, town):
    url = f"/g/{town.grid.code}/"
    assert "西津路社区" in text_of(client.get(url))
    assert send(client, town, url=url, address="").status_code == 302
    report = the_only_report()
    assert (report.channel, report.place) == ("QR", "GRID")
    assert report.area == town.grid
    assert client.get("/g/360702001001999/").status_code == 404


def test_a_position_beats_the_card_that_was_scanned(client, town):
    lon, lat = town.inside(town.next_grid)
    send(client, town, url=f"/g/{town.grid.code}/", lon=lon, lat=lat)
    assert the_only_report().area == town.next_grid


def test_the_place_in_a_photo_is_offered_where_none_was_given(client, town):
    lon, lat = CITY
    refused = send(client, town, address="", photos=jpeg(gps=(lon, lat)))
    assert 'name="photo_place"' in refused.content.decode()
    send(client, town, address="", photo_place=f"{lon},{lat}")
    assert the_only_report().lon == lon


# ---- before sending ----------------------------------------------------------------------------


def test_words_of_an_emergency_bring_up_whom_to_call_before_sending(client, town):
    asked = send(client, town, text="三楼着火了，有人受伤")
    assert asked.status_code == 200
    assert 'href="tel:119"' in asked.content.decode()
    assert "您写到了“着火”" in text_of(asked)
    assert "您写到了“受伤”" in text_of(asked)
    assert Report.objects.count() == 0
    response = send(client, town, text="三楼着火了，有人受伤", looked="1")
    assert response.status_code == 302
    assert "请马上打电话" in text_of(client.get(response["Location"]))


def test_a_phone_that_sends_later_is_not_held_up_by_the_question(client, town):
    answer = client.post("/report/", filled(town, text="有人触电"), **JSON)
    assert answer.status_code == 200


def test_a_released_case_nearby_is_offered_and_joined(client, town):
    case = town.case("DISPATCHED", at=timezone.now())
    publish(case, town)
    asked = send(client, town)
    assert "是不是同一件事" in text_of(asked)
    assert f'name="join" value="{case.pk}"' in asked.content.decode()
    before = Report.objects.count()
    send(client, town, join=str(case.pk), phone="13900005678")
    case.refresh_from_db()
    assert case.n_reports == 2
    assert Report.objects.count() == before + 1
    joined = CaseReport.objects.get(case=case, report__phone="13900005678")
    assert case.journal.filter(name="join", facts__report=joined.report_id).exists()


def test_what_was_not_released_is_neither_offered_nor_joined(client, town):
    case = town.case("DISPATCHED", at=timezone.now())
    publish(case, town)
    actions.conceal(case=case, actor=town.chief, at=timezone.now())
    send(client, town, join=str(case.pk))
    case.refresh_from_db()
    assert case.n_reports == 1
    assert Case.objects.count() == 2


def test_me_too_needs_no_place_of_its_own(client, town):
    case = town.case("DISPATCHED", at=timezone.now())
    publish(case, town)
    page = client.get(f"/report/?join={case.pk}").content.decode()
    assert re.search(rf'name="join" value="{case.pk}" checked', page)
    assert send(client, town, text="我也遇到了", address="", join=str(case.pk)).status_code == 302
    case.refresh_from_db()
    assert case.n_reports == 2


def test_a_matter_far_away_is_not_offered(client, town):
    case = town.case("DISPATCHED", at=timezone.now())
    publish(case, town)
    lon, lat = unproject(600.0, 0.0, town.inside())
    assert "是不是同一件事" not in text_of(
        client.post("/report/around/", filled(town, lon=lon, lat=lat))
    )


# ---- too much ----------------------------------------------------------------------------------


def limit(name: str, value: int) -> None:
    Parameter.objects.filter(name=name).update(value=str(value))
    bump("parameters")


def test_one_device_may_send_so_many_an_hour_and_is_told_to_wait(client, town):
    limit("device_reports_an_hour", 2)
    assert [send(client, town).status_code for _ in range(3)] == [302, 302, 429]
    assert Report.objects.count() == 2
    answer = client.post("/report/", filled(town), **JSON)
    assert answer.status_code == 429
    assert "110" in answer.json()["errors"][""][0]


def test_a_village_behind_one_address_is_not_punished_for_one_device(client, client_factory, town):
    limit("device_reports_an_hour", 1)
    send(client, town)
    assert send(client, town).status_code == 429
    assert all(send(client_factory(), town).status_code == 302 for _ in range(4))


def test_one_address_has_a_limit_too(client_factory, town):
    limit("address_reports_an_hour", 2)
    assert [send(client_factory(), town).status_code for _ in range(3)] == [302, 302, 429]


def test_too_much_text_is_refused_with_the_number(client, town):
    refused = send(client, town, text="啊" * 2001)
    assert "文字最多2000字，现在是2001字" in text_of(refused)


def test_seven_photos_are_one_too_many(client, town):
    refused = send(client, town, photos=[jpeg(f"{n}.jpg") for n in range(7)])
    assert "照片最多6张" in text_of(refused)
    assert refused.content.decode().count('name="kept"') == 6


# ---- the page ----------------------------------------------------------------------------------


def test_the_page_costs_the_same_however_much_is_near(client, town):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.post("/report/around/", filled(town))
        return len(queries)

    publish(town.case("DISPATCHED", at=timezone.now()), town)
    cost()
    one = cost()
    for _ in range(6):
        publish(town.case("DISPATCHED", at=timezone.now()), town)
    assert cost() == one


def test_addresses_are_suggested(client, town):
    found = client.get("/suggest.json", {"q": "翠竹小区"}).json()["buildings"]
    assert town.building.pk in {row["id"] for row in found}
    assert set(found[0]) == {"id", "address", "lon", "lat"}
    assert client.get("/suggest.json", {"q": "'; drop & | !"}).json() == {"buildings": []}
    assert client.get("/suggest.json").json() == {"buildings": []}
    with_flat = client.get("/suggest.json", {"q": f"{town.building.address}302室"}).json()
    assert [row["id"] for row in with_flat["buildings"]] == [town.building.pk]
