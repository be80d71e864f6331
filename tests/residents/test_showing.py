"""What everybody sees: released cases only, and the ways in."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions
from shaodao.cases.models import Case, Release
from shaodao.cores.geodesy import metres_between

pytestmark = pytest.mark.django_db
PAGES = ("home", "report", "find_report", "nearby", "board", "my_worker", "offline")


def now():
    return timezone.now()


def text_of(response) -> str:
    return re.sub(r"<[^>]+>|\s+", "", response.content.decode())


def case_of(town, status, *, ago=timedelta(hours=2), **said):
    return town.case(status, at=now() - ago, **said)


def publish(case, town, title="路口地砖已换新", **files):
    return actions.release(
        case=case, title=title, text="隐去后的说明", actor=town.chief, at=now(), **files
    )


def cost(client, url) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_without_a_log_in_and_points_to_emergency_numbers(client, town, name):
    page = client.get(reverse(name))
    assert page.status_code == 200
    for number in ("110", "119", "120"):
        assert f'href="tel:{number}"' in page.content.decode()


def test_the_first_page_counts_what_was_solved(client, town):
    assert "办结0件" not in text_of(client.get("/"))
    case_of(town, "CLOSED", ago=timedelta(days=3))
    assert "近30天办结1件" in text_of(client.get("/"))
    case = case_of(town, "VERIFIED")
    actions.move(case=case, name="close", actor=town.chief, at=now())
    assert "今天已经办结1件" in text_of(client.get("/"))


# ---- nearby ------------------------------------------------------------------------------------


def test_nearby_shows_open_cases_that_staff_released_and_no_others(client, town):
    shown, hidden = case_of(town, "HANDLING"), case_of(town, "HANDLING", text="没有公开的事")
    closed, concealed = case_of(town, "CLOSED"), case_of(town, "HANDLING")
    publish(shown, town, "路灯成片不亮")
    publish(closed, town, "已经办完的事")
    publish(concealed, town, "又撤下的事")
    actions.conceal(case=concealed, actor=town.chief, at=now())
    lon, lat = town.inside()
    for url in ("/nearby/", f"/nearby/?lon={lon}&lat={lat}"):
        page = text_of(client.get(url))
        assert "路灯成片不亮" in page
        for unseen in ("没有公开的事", hidden.title, "已经办完的事", "又撤下的事"):
            assert unseen not in page
    found = client.get("/nearby.json", {"lon": lon, "lat": lat}).json()["features"]
    assert [row["properties"]["id"] for row in found] == [shown.pk]


def test_nearby_can_be_kept_to_one_community(client, town):
    publish(case_of(town, "HANDLING"), town, "这边的事")
    lon, lat = town.inside(town.other_grid)
    publish(case_of(town, "HANDLING", lon=lon, lat=lat), town, "那边的事")
    page = text_of(client.get(f"/nearby/?community={town.other_community.pk}"))
    assert "那边的事" in page
    assert "这边的事" not in page


def test_a_place_nearby_is_shown_only_roughly(client, town):
    publish(case_of(town, "HANDLING"), town)
    lon, lat = town.inside()
    found = client.get("/nearby.json", {"lon": lon, "lat": lat}).json()["features"]
    shown = found[0]["geometry"]["coordinates"]
    assert shown != [lon, lat]
    assert metres_between(*shown, lon, lat) < 75
    page = client.get("/nearby/").content.decode()
    assert str(lon) not in page


@pytest.mark.parametrize("query", ["", "?lon=x&lat=1", "?lon=nan&lat=1", "?lon=1&lat=99"])
def test_nearby_bears_any_place(client, town, query):
    assert client.get(f"/nearby/{query}").status_code == 200
    assert client.get(f"/nearby.json{query}").status_code == 422


def copies(release, n: int) -> None:
    """Write `n` more cases like the one that was released, all of them public."""
    cases, releases = [], []
    for serial in range(n):
        case = Case.objects.get(pk=release.case_id)
        case.pk, case.number, case.search = None, f"copy-{release.pk}-{serial}", None
        case._state.adding = True
        cases.append(case)
    for case in Case.objects.bulk_create(cases):
        copy = Release.objects.get(pk=release.pk)
        copy.pk, copy.case, copy._state.adding = None, case, True
        copy.title = f"{release.title} {len(releases):02d}"
        releases.append(copy)
    Release.objects.bulk_create(releases)


def test_lists_cost_the_same_for_fifty_rows_as_for_one(client, town):
    going = publish(case_of(town, "HANDLING"), town)
    closed = publish(case_of(town, "CLOSED"), town)
    lon, lat = town.inside()
    urls = ("/nearby/", f"/nearby/?lon={lon}&lat={lat}", "/board/", "/")
    for url in urls:
        client.get(url)
    one = [cost(client, url) for url in urls]
    copies(going, 50)
    copies(closed, 50)
    many = [cost(client, url) for url in urls]
    assert all(later <= before for later, before in zip(many, one, strict=True))


def test_the_public_map_shows_released_cases_only(client, town):
    empty = client.get("/tiles/0/0/0.mvt").content
    case = case_of(town, "HANDLING")
    assert client.get("/tiles/0/0/0.mvt").content == empty
    publish(case, town)
    assert client.get("/tiles/0/0/0.mvt").content != empty
    assert client.get("/tiles/3/99/0.mvt").status_code == 404


# ---- the board ---------------------------------------------------------------------------------


def test_the_board_shows_closed_released_cases_with_what_came_of_them(client, town):
    before, after = town.picture("red"), None
    case = case_of(town, "CLOSED", pictures=[before])
    after = case.evidence.get(kind="AFTER").file
    publish(case, town, before=before.file, after=after)
    hidden = case_of(town, "CLOSED", text="没有公开的结案")
    page = client.get("/board/")
    assert "路口地砖已换新" in text_of(page)
    assert hidden.title not in text_of(page)
    assert "西津路社区" in text_of(page)
    one = client.get(f"/board/{case.pk}/")
    assert "隐去后的说明" in text_of(one)
    for person in (town.handler, town.chief):
        assert person.name not in text_of(one)
    for which in ("before", "after"):
        photo = client.get(f"/board/{case.pk}/{which}.jpg")
        assert b"".join(photo.streaming_content)[:2] == b"\xff\xd8"
    assert client.get(f"/board/{case.pk}/other.jpg").status_code == 404
    assert client.get(f"/board/{hidden.pk}/").status_code == 404
    assert client.get(f"/board/{hidden.pk}/before.jpg").status_code == 404


@pytest.mark.requirement("Z10")
def test_a_case_shows_how_many_complained_before_and_how_they_score_it_after(client, town):
    case = case_of(town, "HANDLED", ago=timedelta(hours=2))
    first, second = case.reports.get().report, town.taken(at=now(), join=case).report
    actions.move(case=case, name="verify", actor=town.verifier, at=now(), note="现场看过")
    actions.move(case=case, name="close", actor=town.chief, at=now())
    for report, score in ((first, 5), (second, 3)):
        actions.rate(case=case, report=report, score=score, is_solved=True, text="", at=now())
    publish(case, town)
    page = client.get(f"/board/{case.pk}/")
    assert "反映的人2人" in text_of(page)
    assert 'aria-label="4 星，满分 5 星"' in page.content.decode()
    assert "居民评分4.0分" in text_of(client.get("/board/"))


def test_a_concealed_case_and_its_pictures_are_gone_at_once(client, town):
    picture = town.picture()
    case = case_of(town, "CLOSED", pictures=[picture])
    publish(case, town, before=picture.file)
    actions.conceal(case=case, actor=town.chief, at=now())
    for url in (f"/board/{case.pk}/", f"/board/{case.pk}/before.jpg"):
        assert client.get(url).status_code == 404


def test_the_board_is_filtered_by_picture_and_by_community(client, town):
    publish(case_of(town, "CLOSED", category="ROAD_DAMAGE"), town, "路面修好")
    lon, lat = town.inside(town.other_grid)
    direct = {"lead": town.other_grid, "by": town.other_worker}
    publish(
        case_of(town, "CLOSED", category="RUBBISH_HEAP", lon=lon, lat=lat, **direct),
        town,
        "垃圾清走",
    )
    assert "路面修好" in text_of(client.get("/board/?category=LIGHTING"))
    assert "垃圾清走" not in text_of(client.get("/board/?category=LIGHTING"))
    page = text_of(client.get(f"/board/?community={town.other_community.pk}"))
    assert "垃圾清走" in page
    assert "路面修好" not in page
    for query in ("?category=NONSENSE", "?community=x", "?community=9" + "9" * 17, "?after=zzz"):
        assert client.get(f"/board/{query}").status_code == 200


def test_the_board_is_paged_by_key(client, town):
    copies(publish(case_of(town, "CLOSED"), town, "第"), 21)
    first = client.get("/board/")
    assert "第20" in text_of(first)
    assert "第00" not in text_of(first)
    following = re.search(r'rel="next" href="([^"]+)"', first.content.decode()).group(1)
    assert "第00" in text_of(client.get(f"/board/{following}".replace("&amp;", "&")))


# ---- my worker ---------------------------------------------------------------------------------


def test_a_resident_finds_their_worker_by_address(client, town):
    worker = town.worker
    worker.work_phone = "0797-8005555"
    worker.save()
    page = client.get("/worker/", {"address": town.building.address})
    assert worker.name in text_of(page)
    assert 'href="tel:0797-8005555"' in page.content.decode()
    assert not worker.phone or worker.phone not in page.content.decode()


def test_a_resident_finds_their_worker_from_lists(client, town):
    page = client.get("/worker/", {"township": town.street.pk}).content.decode()
    assert f'<option value="{town.community.pk}">' in page
    page = client.get("/worker/", {"township": town.street.pk, "community": town.community.pk})
    assert f'<option value="g{town.grid.grid.pk}">' in page.content.decode()
    page = client.get("/worker/", {"spot_pick": f"g{town.grid.grid.pk}"})
    assert town.worker.name in text_of(page)
    assert f"/g/{town.grid.code}/" in page.content.decode()


def test_an_unknown_address_is_answered_with_advice(client, town):
    assert "没有找到这个地址" in text_of(client.get("/worker/", {"address": "月亮路一号"}))
    several = client.get("/worker/", {"address": "翠竹小区"})
    assert "是下面哪一处" in text_of(several)
    assert f"?building={town.building.pk}" in several.content.decode()


# ---- on the phone's home screen ----------------------------------------------------------------


def test_the_site_can_be_put_on_a_phone(client, town):
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    found = json.loads(answer.content)
    assert found["start_url"] == found["scope"] == "/"
    assert found["icons"]
    worker = client.get("/sw.js")
    assert worker["Service-Worker-Allowed"] == "/"
    assert worker["Content-Type"].startswith("text/javascript")
    assert "addEventListener" in worker.content.decode()


def test_no_picture_of_an_erased_case_is_left_anywhere(client, town, settings):
    before = town.picture()
    case = case_of(town, "CLOSED", pictures=[before])
    after = case.evidence.get(kind="AFTER").file
    publish(case, town, before=before.file, after=after)
    actions.erase(case=case, at=now())
    for file in (before.file, after):
        assert not (settings.MEDIA_ROOT / file).exists()
    assert client.get(f"/board/{case.pk}/before.jpg").status_code == 404
    assert client.get(f"/board/{case.pk}/").status_code == 200
