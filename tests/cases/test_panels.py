"""What other mechanisms show on the page of a case, and what they do not."""

import pytest
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.policy import Status
from shaodao.kit.panels import Panel
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db


def of_the_viewer(case, viewer):
    """A panel that says whose page it is on; nothing on a case that is only received."""
    if case.status == Status.RECEIVED:
        return None
    return Panel("kit/empty.html", {"title": f"{case.number} {viewer.name}"})


def beside(case, viewer):
    return Panel("kit/empty.html", {"title": "旁边的一栏"}, is_aside=True)


@override_settings(CASE_PANELS=[f"{__name__}.of_the_viewer", f"{__name__}.beside"])
def test_a_mechanism_shows_its_panel_on_the_case_page(client, town):
    case = town.case(Status.HANDLING, at=timezone.now())
    page = sign_in(client, town.intake).get(reverse("case", args=[case.pk])).content.decode()
    assert f"{case.number} {town.intake.name}" in page
    inside = page.index(f"{case.number} {town.intake.name}", page.index("case-main"))
    assert inside < page.index("<aside") < page.index("旁边的一栏")


@override_settings(CASE_PANELS=[f"{__name__}.of_the_viewer"])
def test_a_mechanism_with_nothing_to_say_leaves_no_panel(client, town):
    case = town.case(Status.RECEIVED, at=timezone.now())
    page = sign_in(client, town.intake).get(reverse("case", args=[case.pk])).content.decode()
    assert f"{case.number} {town.intake.name}" not in page
