"""What was supervised, and what came of it: known answers for a handful."""

from datetime import timedelta

import pytest

from shaodao.cases.models import Outcome, OutcomeKind
from shaodao.places.models import Compound
from shaodao.sites import actions as sites
from shaodao.supervision import actions as supervision
from tests.sites.ground import known
from tests.town import MONDAY, Town

from .test_figures import read, stats, table

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def six_compounds(town: Town) -> list[Compound]:
    return [
        Compound.objects.create(
            community=town.community, name=f"老旧小区{n}", lon=114.93, lat=25.85, built_year=1990
        )
        for n in range(6)
    ]


@pytest.mark.requirement("Z09")
def test_six_compounds_are_counted_once_over_cases_and_sites(town: Town):
    six = six_compounds(town)
    case = town.case("CLOSED")
    Outcome.objects.get(case=case).compounds.set(six[:2])
    Outcome.objects.filter(case=case).update(n_households=120)
    site = sites.register(known=known(), actor=town.chief, at=MONDAY)
    sites.solve(
        site=site,
        became="临时停车场",
        outcome=OutcomeKind.objects.get(code="PARKING"),
        quantity=120,
        n_households=800,
        compounds=six,
        actor=town.chief,
        at=MONDAY + HOUR,
    )
    page = read("effect", town.chief)
    assert stats(page) == {
        "有成果的案件": "1", "解决的积案点位": "1", "受益小区": "6", "受益户数": "920",
    }  # fmt: skip
    assert table(page, "kinds") == [("修复", 1, 1, "处", 2, 120)]
    days = (MONDAY.date() - site.since).days
    community = town.community.short_name
    assert table(page, "sites") == [("桥头空地", community, 3000, days, "临时停车场", 6, 800)]
    assert [row[2] for row in table(page, "compounds")] == [2, 2, 1, 1, 1, 1]
    assert stats(read("effect", town.stranger))["受益小区"] == "0"


@pytest.mark.requirement("Z17")
def test_supervisions_are_counted_by_unit_and_by_street(town: Town):
    case, other = town.case("HANDLING"), town.case("HANDLING")

    def issue(case, kind, unit, actor):
        return supervision.supervise(
            case=case, unit=unit, kind=kind, reason="催问", actor=actor, at=MONDAY + HOUR
        )

    answered = issue(case, "YELLOW", town.housing, town.chief)
    words = {"reply": "在办", "measures": "加人"}
    supervision.move(
        supervision=answered, name="reply", actor=town.handler, at=MONDAY + 2 * HOUR, **words
    )
    supervision.move(supervision=answered, name="sign_off", actor=town.chief, at=MONDAY + 3 * HOUR)
    late = issue(other, "URGE", town.housing, town.county_chief)
    supervision.run_sweeps(at=late.reply_by)
    page = read("supervision", town.county_chief)
    assert stats(page) == {
        "催办": "1", "黄牌督办": "2", "红牌督办": "0", "按时答复率": "50 %", "已销号": "1",
    }  # fmt: skip
    housing = town.housing.short_name
    assert table(page, "units") == [(housing, 1, 2, 0, 1, 1, 0.5, 1)]
    assert {row[0]: row[1:4] for row in table(page, "issuers")} == {
        town.street.short_name: (0, 1, 0),
        town.county.short_name: (1, 1, 0),
    }
