"""What workers and desks see of places: their households, their grids, a card to hang up."""

import pytest
from django.test import Client
from django.urls import reverse

from shaodao.people.models import Post
from shaodao.places.models import Contact, Household
from shaodao.places.queries import round_of
from tests.town import GRIDS, Town


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(user, name: str, *args) -> str:
    return client_of(user).get(reverse(name, args=args)).content.decode()


# ---- my households ----------------------------------------------------------------------------


def test_a_worker_sees_their_households_building_by_building_and_counted(town: Town):
    walk = round_of(town.worker)
    mine = Household.objects.of_worker(town.worker)
    assert {home.pk for home in walk.homes} == set(mine.values_list("pk", flat=True))
    assert len(walk.houses) == 5
    assert walk.total("n_people") == sum(home.n_people for home in mine)
    page = shown(town.worker, "my_households")
    for house in walk.houses:
        assert house.building.address in page


def test_each_household_is_one_tap_from_reporting_on_its_behalf(town: Town):
    page = shown(town.worker, "my_households")
    for home in Household.objects.of_worker(town.worker):
        assert f"{reverse('new_case')}?household={home.pk}" in page


def test_other_workers_households_are_not_shown(town: Town):
    page = shown(town.worker, "my_households")
    for home in Household.objects.of_worker(town.worker2):
        assert f"household={home.pk}&" not in page
        assert f'household={home.pk}"' not in page


def test_whoever_has_no_household_is_told_so(town: Town):
    assert "还没有分给您的联系户" in shown(town.intake, "my_households")


def test_a_contact_that_has_ended_is_gone_from_the_page(town: Town):
    contact = Contact.objects.in_force().filter(worker=town.worker).first()
    contact.until = contact.since.replace(year=contact.since.year + 1)
    contact.since = contact.since.replace(year=contact.since.year - 1)
    contact.save()
    assert contact.household_id not in {home.pk for home in round_of(town.worker).homes}


# ---- grids ------------------------------------------------------------------------------------


def test_the_list_shows_the_grids_under_ones_posts_with_their_people(town: Town):
    page = shown(town.chief, "grids")
    for code in GRIDS[:3]:
        assert code in page
    assert GRIDS[3] not in page
    assert town.worker.name in page
    homes = Household.objects.filter(building__grid__code=GRIDS[0])
    assert f">{homes.count()}<" in page


def test_a_grid_is_found_by_name_and_by_the_beginning_of_its_code(town: Town):
    chief = client_of(town.county_chief)
    assert GRIDS[3] in chief.get("/places/grids/", {"q": GRIDS[3][:12]}).content.decode()
    by_name = chief.get("/places/grids/", {"q": town.other_community.short_name}).content.decode()
    assert GRIDS[2] in by_name
    assert GRIDS[3] not in by_name
    assert "没有找到网格" in chief.get("/places/grids/", {"q": "没有这个"}).content.decode()


def test_a_grids_page_tells_who_works_there_and_what_stands_there(town: Town):
    page = shown(town.chief, "grid", GRIDS[0])
    assert town.worker.name in page
    assert town.worker.work_phone in page
    assert town.worker.phone not in page
    assert "联系 5 户" in page
    assert "路灯" in page
    assert reverse("grid_figures", args=[GRIDS[0]]) in page


@pytest.mark.parametrize("name", ["grid", "grid_card_sheet", "grid_card", "grid_card_png"])
def test_a_grid_outside_ones_posts_is_not_found(town: Town, name):
    for user in (town.stranger, town.next_worker, town.handler):
        assert client_of(user).get(reverse(name, args=[GRIDS[0]])).status_code == 404
    assert client_of(town.worker).get(reverse(name, args=[GRIDS[0]])).status_code == 200
    assert Client().get(reverse(name, args=[GRIDS[0]])).status_code == 302


def test_a_grids_card_has_the_code_that_opens_the_report_page_there(town: Town):
    address = f"http://testserver/g/{GRIDS[0]}/"
    assert reverse("report_here", args=[GRIDS[0]]) == f"/g/{GRIDS[0]}/"
    sheet = shown(town.worker, "grid_card_sheet", GRIDS[0])
    assert address in sheet
    assert reverse("grid_card", args=[GRIDS[0]]) in sheet
    assert town.worker.name in sheet
    assert town.worker.phone not in sheet
    drawing = client_of(town.worker).get(reverse("grid_card", args=[GRIDS[0]]))
    assert drawing["Content-Type"] == "image/svg+xml"
    assert b"<svg" in drawing.content
    picture = client_of(town.worker).get(reverse("grid_card_png", args=[GRIDS[0]]))
    assert picture.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["my_households", "grids"])
def test_lists_take_as_many_queries_for_many_as_for_few(
    town: Town, name, django_assert_num_queries, django_assert_max_num_queries
):
    client = client_of(town.worker)
    client.get(reverse(name))
    with django_assert_max_num_queries(10) as few:
        client.get(reverse(name))
    n = len(few.captured_queries)
    for contact in Contact.objects.filter(worker=town.worker2):
        contact.worker = town.worker
        contact.save()
    post = Post.objects.get(user=town.next_worker)
    post.user = town.worker
    post.save()
    client.get(reverse(name))
    with django_assert_num_queries(n):
        client.get(reverse(name))
