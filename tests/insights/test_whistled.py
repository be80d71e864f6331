"""The whistlers' scores in the departments' result, and the band of each street."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.insights.figures import whistled
from shaodao.insights.scope import read_scope
from shaodao.whistles.policy import Aspect, Coming
from tests.sessions import sign_in
from tests.whistles.conftest import Whistling

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("Z13")
@pytest.mark.requirement("Z16")
def test_the_streets_scores_enter_each_departments_result(town):
    whistling = Whistling(town)
    whistling.at = timezone.now() - timedelta(hours=4)
    whistle = whistling.handled()
    scores = {
        whistling.of(whistle, unit).pk: dict.fromkeys(Aspect, n)
        for n, unit in zip((5, 4, 2), whistling.units, strict=True)
    }
    whistling.move(whistle, "close", actor=town.verifier, scores=scores, note="验过")
    scope = read_scope(town.county_chief, {}, at=timezone.now())
    results = {one.unit: one for one in whistled.results_of(scope)}
    assert [results[u].mean(3) for u in whistling.units] == [5.0, 4.0, 2.0]
    company, bureau, _housing = (results[unit] for unit in whistling.units)
    assert company.came == {Coming.CAME: 1}
    assert (company.kept, company.due) == (1, 1)
    # 60 % of handling in time, 40 % of the whistlers' scores; a helper has the scores alone.
    assert company.points(40) == pytest.approx(100.0)
    assert bureau.points(40) == pytest.approx(80.0)
    page = sign_in(Client(), town.county_chief).get(reverse("figure", args=["whistles"]))
    shown = page.content.decode()
    for words in ("各部门结果", "合理区间", "案件太少，不作判断", "市城建投公司"):
        assert words in shown


def test_a_result_without_scores_or_cases_says_nothing(town):
    assert whistled.Result(town.housing).points(40) is None
    scored = whistled.Result(town.housing, scores=[(3, 3, 3, 3.0)])
    assert scored.points(40) == pytest.approx(60.0)
    assert scored.points(0) is None
    handled = whistled.Result(town.housing, kept=1, due=2)
    assert handled.points(40) == pytest.approx(50.0)
