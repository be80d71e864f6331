"""The pages of sites: the register, drawing, one site, and what a case page offers."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.policy import Status
from shaodao.sites import actions
from shaodao.sites.models import Site
from tests.sessions import sign_in

from .ground import known, rectangle

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def registered(town, corners=None, **given):
    return actions.register(known=known(corners, **given), actor=town.chief, at=timezone.now())


def url(name, *args):
    return reverse(name, args=args)


def form(corners, **given):
    values = {"name": "桥头空地", "kind": "LAND", "since": "2023-03-01", "boundary": corners}
    return values | given


@pytest.mark.requirement("Z07")
def test_the_register_shows_ground_area_and_age(client, town):
    site = registered(town)
    page = sign_in(client, town.chief).get(url("sites"))
    text = page.content.decode()
    assert "3,000 平方米" in text
    days = (timezone.localdate() - site.since).days
    assert f"{days:,} 天" in text
    shapes = [one["geometry"]["type"] for one in page.context["drawn"]["features"]]
    assert shapes == ["Polygon", "Point"]
    one = client.get(url("site", site.pk)).content.decode()
    assert "3,000 平方米" in one
    assert f"{days:,} 天" in one
    assert 'id="site-shapes"' in one


RING = [list(corner) for corner in rectangle(60, 50)]
POLYGON = {"type": "Polygon", "coordinates": [[*RING, RING[0]]]}
FEATURE = {"type": "Feature", "properties": {}, "geometry": POLYGON}


@pytest.mark.parametrize(
    "given",
    [RING, POLYGON, FEATURE, {"type": "FeatureCollection", "features": [FEATURE]}],
    ids=["drawn", "polygon", "feature", "collection"],
)
def test_a_ground_is_drawn_or_pasted(client, town, given):
    answer = sign_in(client, town.chief).post(url("site_new"), form(json.dumps(given)))
    site = Site.objects.get()
    assert answer["Location"] == url("site", site.pk)
    assert site.area_m2 == pytest.approx(3000, rel=1e-4)


HOLE = [[lon * 1.0, lat] for lon, lat in rectangle(10, 10, east=160, north=110)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("not json", "看不懂"),
        ('{"type": "Point", "coordinates": [1, 2]}', "看不懂"),
        (json.dumps({"type": "Polygon", "coordinates": [RING, HOLE]}), "看不懂"),
        ("[" * 5000, "看不懂"),
        ("7", "看不懂"),
        (json.dumps([RING[0], RING[2], RING[1], RING[3]]), "自己交叉"),
        (json.dumps([[1e400, 3], [2, 2], [3, 1]]), "经度"),
    ],
)
def test_what_is_no_ground_is_refused_on_the_form(client, town, given, words):
    answer = sign_in(client, town.chief).post(url("site_new"), form(given))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Site.objects.exists()


def test_a_case_page_offers_the_site_and_links_it(client, town):
    site = registered(town, rectangle(400, 400, east=0, north=0))
    case = town.case(Status.HANDLING, at=timezone.now() - HOUR)
    sign_in(client, town.chief)
    page = client.get(url("case", case.pk)).content.decode()
    assert "这件案件就在“桥头空地”范围内" in page
    sent = {"number": case.number, "to_case": "1"}
    assert client.post(url("site_link", site.pk), sent)["Location"] == url("case", case.pk)
    page = client.get(url("case", case.pk)).content.decode()
    assert url("site", site.pk) in page
    assert "范围内" not in page
    assert case.number in client.get(url("site", site.pk)).content.decode()


def test_a_handler_sees_the_site_of_a_case_and_no_button(client, town):
    site = registered(town)
    case = town.case(Status.HANDLING, at=timezone.now() - HOUR)
    actions.link(site=site, case=case, actor=town.chief, at=timezone.now())
    sign_in(client, town.handler)
    page = client.get(url("site", site.pk)).content.decode()
    assert url("case", case.pk) in page
    assert url("site_solve", site.pk) not in page


def test_a_number_nobody_here_sees_is_not_linked(client, town):
    site = registered(town)
    sign_in(client, town.chief)
    answer = client.post(url("site_link", site.pk), {"number": "360722-2026-000001"}, follow=True)
    assert "没有找到这个案件号" in answer.content.decode()


def test_a_site_is_solved_by_its_form_with_compounds(client, town):
    site = registered(town)
    sign_in(client, town.chief)
    page = client.get(url("site_solve", site.pk)).content.decode()
    assert town.compound.name in page
    sent = {
        "became": "临时停车场", "outcome": "PARKING", "quantity": "120", "n_households": "800",
        "compounds": [str(town.compound.pk)],
    }  # fmt: skip
    client.post(url("site_solve", site.pk), sent)
    page = client.get(url("site", site.pk)).content.decode()
    assert "临时停车场" in page
    assert town.compound.name in page


def test_editing_asks_why(client, town):
    site = registered(town)
    sign_in(client, town.chief)
    assert "桥头空地" in client.get(url("site_edit", site.pk)).content.decode()
    assert client.post(url("site_edit", site.pk), form(json.dumps(RING))).status_code == 422
    client.post(url("site_edit", site.pk), form(json.dumps(RING), name="西侧地块", why="更名"))
    site.refresh_from_db()
    assert site.name == "西侧地块"


def test_a_stranger_gets_404(client, town):
    site = registered(town)
    sign_in(client, town.stranger)
    names = ("site", "site_edit", "site_solve")
    assert [client.get(url(name, site.pk)).status_code for name in names] == [404] * 3
    assert client.post(url("site_link", site.pk), {"number": "1"}).status_code == 404


def test_the_register_takes_a_fixed_number_of_queries(client, town):
    sign_in(client, town.chief)

    def n_queries():
        client.get(url("sites"))
        with CaptureQueriesContext(connection) as read:
            client.get(url("sites"))
        return len(read)

    registered(town)
    few = n_queries()
    for _ in range(4):
        registered(town)
    assert n_queries() == few
