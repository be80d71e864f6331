"""The pages lists are drawn on: what they show, what they answer, how much they ask."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.drawing import actions, policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries import drafts
from shaodao.places.models import Contact
from tests.drawing.ground import begun, drawn, settle
from tests.drawing.test_drawing import border
from tests.sessions import sign_in


def desk(town) -> Client:
    return sign_in(Client(), town.community_desk)


def sent(client, row, verb, **values):
    return client.post(
        reverse("change_drawing", args=[row.pk, verb]), values, headers={"HX-Request": "true"}
    )


def test_a_village_shows_its_lists_and_a_draft_is_asked_for(town):
    settle(town)
    client = desk(town)
    url = reverse("draw_village", args=[town.community.pk])
    page = client.get(url).content.decode()
    assert "15 到 25 户" in page
    assert town.worker.name in page
    form = {"kind": "FRESH", "within": "GRID", "setting": "fast", "seed": "3"}
    answer = client.post(url, form)
    row = Drawing.objects.get()
    assert answer["Location"] == reverse("drawing", args=[row.pk])
    page = client.get(answer["Location"])
    assert "排队中" in page.content.decode()
    part = client.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith("<section")
    actions.compute(drawing=row.pk, at=timezone.now())
    done = client.get(answer["Location"], headers={"HX-Request": "true"})
    assert done["HX-Refresh"] == "true"
    assert "采用这份名单" in client.get(answer["Location"]).content.decode()


def test_a_small_village_is_said_to_be_proven_until_a_household_is_moved(town):
    settle(town)
    row = drawn(town)
    client = desk(town)
    assert row.found["is_proven"]
    assert "已证明最紧凑" in client.get(reverse("drawing", args=[row.pk])).content.decode()
    i, to = border(drafts.Sheet(row))
    answer = sent(client, row, "move", homes=i, to=to)
    assert "已证明最紧凑" not in answer.content.decode()


def test_the_first_computation_says_that_it_prepares(town):
    row = begun(town)
    Drawing.objects.update(status="AT_WORK", message="首次使用要先准备计算程序，约一分钟")
    page = desk(town).get(reverse("drawing", args=[row.pk])).content.decode()
    assert "首次使用要先准备计算程序" in page


def test_a_move_comes_back_as_the_changed_part_or_as_a_refusal(town):
    settle(town)
    row, client = drawn(town), desk(town)
    home, to = border(drafts.Sheet(row))
    url = reverse("drawing_effect", args=[row.pk])
    told = client.get(url, {"homes": home, "to": to}).json()
    assert not told["refused"]
    assert "人数变异系数" in told["text"]
    answer = sent(client, row, "move", homes=str(home), to=to)
    assert answer.status_code == 200
    assert answer.content.decode().strip().startswith('<div id="state"')
    again = sent(client, row, "move", homes=str(home), to=to)
    assert again.status_code == 422
    assert "已经在这份名单里" in again.content.decode()
    assert client.get(url, {"homes": "x", "to": to}).status_code == 422
    assert sent(client, row, "undo").status_code == 200
    assert sent(client, row, "even", n=3).status_code == 200
    assert sent(client, row, "pin-list", list=to).status_code == 200
    assert sent(client, row, "nonsense").status_code == 404


def test_the_same_is_done_without_scripts(town):
    settle(town)
    row, client = drawn(town), desk(town)
    home, to = border(drafts.Sheet(row))
    page = client.get(reverse("drawing_homes", args=[row.pk, row.lot[home] + 1])).content.decode()
    assert f'value="{home}"' in page
    url = reverse("change_drawing", args=[row.pk, "move"])
    assert client.post(url, {"homes": [home], "to": to}).status_code == 302
    row.refresh_from_db()
    assert row.lot[home] == to


def test_a_proposal_of_grids_shows_its_formula_and_a_draft_given_up_is_empty(town):
    settle(town)
    row, client = drawn(town, within=policy.Within.COMMUNITY), desk(town)
    url = reverse("drawing", args=[row.pk])
    answer = sent(client, row, "group", households=35)
    assert answer["HX-Redirect"] == url
    actions.compute(drawing=row.pk, at=timezone.now())
    page = client.get(url).content.decode()
    assert "网格建议和人手" in page
    assert "÷ 75" in page
    client.post(reverse("change_drawing", args=[row.pk, "drop"]))
    assert "这份草稿没有名单" in client.get(url).content.decode()
    row.refresh_from_db()
    assert row.ground == {}


def test_the_standing_lists_as_a_draft_have_no_slider(town):
    settle(town)
    row = drawn(town, policy.Kind.BY_HAND)
    page = desk(town).get(reverse("drawing", args=[row.pk])).content.decode()
    assert "手工调整" in page
    assert "data-even=" not in page


def test_who_changes_hands_is_listed_before_it_is_adopted(town):
    settle(town)
    row, client = drawn(town), desk(town)
    page = client.get(reverse("drawing_changes", args=[row.pk]))
    assert len(page.context["changes"]) == len(drafts.Sheet(row).changed()) > 0
    assert "西津路后山" in page.content.decode()


def test_adopting_from_the_page_needs_a_reason(town):
    settle(town)
    row, client = drawn(town), desk(town)
    url = reverse("adopt_drawing", args=[row.pk])
    assert client.post(url, {"cards": "on"}).status_code == 422
    answer = client.post(url, {"cards": "on", "why": "年初重划"})
    assert answer["Location"] == reverse("draw_village", args=[town.community.pk])
    row.refresh_from_db()
    assert row.status == policy.Status.ADOPTED
    assert "已采用" in client.get(reverse("drawing", args=[row.pk])).content.decode()


def queries(client, url) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url).status_code == 200
    return len(found)


@pytest.mark.requirement("X03")
def test_the_net_is_counted_level_by_level(town):
    settle(town)
    client = sign_in(Client(), town.county_chief)
    county = client.get(reverse("net_area", args=[town.county.pk])).content.decode()
    assert town.street.short_name in county
    community = client.get(reverse("net_area", args=[town.community.pk]) + "?show=vacancies")
    areas = {one.unit.pk: one for one in community.context["areas"]}
    first = areas[town.grid.pk]
    assert (first.n_homes, first.n_workers, first.n_unlisted, first.n_flaws) == (60, 3, 0, 0)
    Contact.objects.filter(household=town.household).delete()
    community = client.get(reverse("net_area", args=[town.community.pk]) + "?show=cover")
    areas = {one.unit.pk: one for one in community.context["areas"]}
    assert (areas[town.grid.pk].n_unlisted, areas[town.grid.pk].tone) == (1, "late")
    assert areas[town.next_grid.pk].tone == "done"
    features = community.context["points"]["features"]
    assert {one["properties"]["id"] for one in features} == set(areas)


def test_a_worker_sees_their_own_households_and_of_other_lists_the_middle(town):
    settle(town)
    client = sign_in(Client(), town.worker)
    page = client.get(reverse("net_area", args=[town.grid.pk]))
    net = page.context["net"]
    own = next(one for one in net.lists if one.worker == town.worker)
    assert net.is_masked
    assert net.lot.count(own.n) == own.n_homes
    assert all(net.lot.count(one.n) == 1 for one in net.lists if one is not own)
    chief = sign_in(Client(), town.chief).get(reverse("net_area", args=[town.grid.pk]))
    assert len(chief.context["net"].dots) == 60
    assert not chief.context["net"].is_masked


def test_pages_ask_the_same_number_of_questions_however_much_there_is(town):
    client = sign_in(Client(), town.chief)
    urls = [reverse("net_area", args=[unit.pk]) for unit in (town.street, town.community)]
    urls += [reverse("net_area", args=[town.grid.pk]), reverse("drawings")]
    urls += [reverse("draw_village", args=[town.community.pk])]
    for url in urls:
        client.get(url)
    before = [queries(client, url) for url in urls]
    settle(town)
    assert [queries(client, url) for url in urls] == before
    assert max(before) <= 30
    row = drawn(town)
    assert queries(client, reverse("drawing", args=[row.pk])) <= 20
