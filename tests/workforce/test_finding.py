"""Who is my worker: by address in two steps at most, whoever asks."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from shaodao.places.models import Building, Contact
from tests.town import GRIDS


@pytest.mark.requirement("X29")
def test_an_address_leads_to_the_worker_in_two_steps_at_most(town):
    visitor = Client()
    first = visitor.get(reverse("my_worker"), {"address": town.building.address}).content.decode()
    assert town.worker.name in first  # one step: the address can only mean one building
    assert town.worker.work_phone in first
    assert town.worker.phone not in first
    several = visitor.get(reverse("my_worker"), {"address": "翠竹小区"}).content.decode()
    picks = re.findall(r'href="(\?building=\d+)"', several)
    assert picks
    for pick in picks:  # two steps: choose one of those it may mean
        building = Building.objects.get(pk=pick.removeprefix("?building="))
        page = visitor.get(reverse("my_worker") + pick).content.decode()
        rows = Contact.objects.in_force().filter(household__building=building)
        for row in rows.select_related("worker"):
            assert row.worker.name in page
            assert row.worker.work_phone in page
            assert row.worker.phone not in page


@pytest.mark.requirement("X29")
def test_the_workers_page_leads_on_to_the_whole_team_of_the_grid(town):
    page = Client().get(reverse("my_worker"), {"address": town.building.address}).content.decode()
    assert reverse("team", args=[GRIDS[0]]) in page
    team = Client().get(reverse("team", args=[GRIDS[0]])).content.decode()
    assert town.worker.name in team
    assert "政策宣传员" in team


def test_a_grid_that_is_not_there_has_no_team(town):
    assert Client().get(reverse("team", args=["000000000000000"])).status_code == 404
