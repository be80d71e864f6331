"""Registering a site, gathering its cases, closing it with what it became."""

from datetime import date, timedelta

import pytest

from shaodao.cases.models import OutcomeKind
from shaodao.cases.policy import Status
from shaodao.places.models import Compound
from shaodao.sites import actions
from shaodao.sites.models import Site, SiteEntry
from shaodao.sites.policy import SiteRefused, State
from shaodao.sites.queries import age_days, offered_for, sites_at
from tests.town import MONDAY

from .ground import SINCE, known, rectangle

pytestmark = pytest.mark.django_db
LATER = MONDAY + timedelta(days=1)


def registered(town, corners=None, **given):
    return actions.register(known=known(corners, **given), actor=town.chief, at=MONDAY)


@pytest.mark.requirement("Z07")
def test_a_plot_of_three_thousand_square_metres_is_kept_with_its_age(town):
    site = Site.objects.get(pk=registered(town).pk)
    assert site.area_m2 == pytest.approx(3000, rel=1e-4)
    assert site.unit == town.community
    assert age_days(site, on=MONDAY.date()) == (MONDAY.date() - SINCE).days
    assert age_days(site, on=MONDAY.date() + timedelta(days=7)) == (MONDAY.date() - SINCE).days + 7
    columns = {field.name for field in Site._meta.get_fields()}
    assert "age" not in columns
    assert "age_days" not in columns


def test_a_boundary_that_crosses_itself_is_refused_in_plain_words(town):
    a, b, c, d = rectangle(60, 50)
    with pytest.raises(SiteRefused, match="自己交叉"):
        registered(town, [a, c, b, d])


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        (rectangle(60, 50)[:2], "三个角"),
        ([(25.85, 114.93), (25.86, 114.93), (25.86, 114.94)], "经度在前"),
        (rectangle(0.1, 0.1), "不合理"),
        (rectangle(60, 50) * 200, "最多"),
    ],
)
def test_a_boundary_that_bounds_nothing_reasonable_is_refused(town, corners, words):
    with pytest.raises(SiteRefused, match=words):
        registered(town, corners)


def test_a_site_does_not_begin_in_the_future(town):
    with pytest.raises(SiteRefused, match="不能晚于今天"):
        registered(town, since=date(2027, 1, 1))


def test_only_who_looks_after_the_area_registers_there(town):
    for who in (town.stranger, town.other_intake, town.handler, town.verifier, town.worker):
        with pytest.raises(SiteRefused):
            actions.register(known=known(), actor=who, at=MONDAY)
    assert actions.register(known=known(), actor=town.community_desk, at=MONDAY).pk


def test_a_case_is_offered_the_site_it_lies_in_and_linked_once(town):
    site = registered(town, rectangle(400, 400, east=0, north=0))
    case = town.case(Status.HANDLING)
    assert sites_at(case.lon, case.lat) == [site.pk]
    assert offered_for(case) == [site]
    first = actions.link(site=site, case=case, actor=town.chief, at=LATER)
    assert actions.link(site=site, case=case, actor=town.chief, at=LATER) == first
    assert offered_for(case) == []
    entry = case.journal.order_by("seq").last()
    assert (entry.name, entry.facts["site"]) == ("site_link", site.pk)
    actions.unlink(site=site, case=case, why="归错了", actor=town.chief, at=LATER)
    assert offered_for(case) == [site]
    with pytest.raises(SiteRefused, match="不在这个点位"):
        actions.unlink(site=site, case=case, why="归错了", actor=town.chief, at=LATER)


def test_a_case_outside_is_offered_nothing(town):
    registered(town, rectangle(60, 50, east=300, north=300))
    assert offered_for(town.case(Status.HANDLING)) == []


def compounds(town, n=6):
    return [
        Compound.objects.create(
            community=town.community, name=f"老旧小区{i}", lon=114.93, lat=25.85, built_year=1990
        )
        for i in range(n)
    ]


@pytest.mark.requirement("Z09")
def test_a_site_closes_with_what_it_became_and_the_six_compounds_it_helps(town):
    site = registered(town)
    case = town.case(Status.HANDLING)
    actions.link(site=site, case=case, actor=town.chief, at=LATER)
    kind, six = OutcomeKind.objects.get(code="PARKING"), compounds(town)
    given = {"became": "临时停车场", "outcome": kind, "quantity": 120, "compounds": six}
    with pytest.raises(SiteRefused, match="没有办结"):
        actions.solve(site=site, actor=town.chief, at=LATER, **given)
    case = town.case(Status.CLOSED)
    site = registered(town)
    actions.link(site=site, case=case, actor=town.chief, at=LATER)
    for missing in ({"outcome": None}, {"became": " "}):
        with pytest.raises(SiteRefused, match="还缺少"):
            actions.solve(site=site, actor=town.chief, at=LATER, **(given | missing))
    with pytest.raises(SiteRefused, match="权限"):
        actions.solve(site=site, actor=town.intake, at=LATER, **given)
    solved = actions.solve(site=site, actor=town.chief, at=LATER, **given)
    assert solved.state == State.SOLVED
    assert solved.compounds.count() == 6
    assert age_days(solved, on=LATER.date() + timedelta(days=99)) == (LATER.date() - SINCE).days


def test_a_solved_site_can_stand_open_again_and_its_history_says_why(town):
    site = registered(town)
    kind = OutcomeKind.objects.get(code="CLEARED")
    actions.solve(site=site, became="绿地", outcome=kind, actor=town.chief, at=LATER)
    assert sites_at(*known().corners[0]) == []
    actions.reopen(site=site, why="又堆满了垃圾", actor=town.chief, at=LATER)
    assert sites_at(site.lon, site.lat) == [site.pk]
    entries = SiteEntry.objects.of_site(site).order_by("seq")
    assert [entry.name for entry in entries] == ["site_register", "site_solve", "site_reopen"]
    assert entries.last().why == "又堆满了垃圾"


def test_drawing_anew_keeps_the_reason_and_both_areas(town):
    site = registered(town)
    with pytest.raises(SiteRefused, match="说明"):
        actions.edit(site=site, known=known(), why="", actor=town.chief, at=LATER)
    larger = known(rectangle(80, 50))
    site = actions.edit(site=site, known=larger, why="补量西侧", actor=town.chief, at=LATER)
    entry = SiteEntry.objects.of_site(site).order_by("seq").last()
    assert (entry.facts["area_before"], entry.facts["area"]) == (3000, 4000)


def test_a_void_site_offers_nothing_and_stays_void(town):
    site = registered(town, rectangle(400, 400, east=0, north=0))
    actions.void(site=site, why="重复登记", actor=town.chief, at=LATER)
    assert offered_for(town.case(Status.HANDLING)) == []
    with pytest.raises(SiteRefused):
        actions.reopen(site=site, why="?", actor=town.chief, at=LATER)


def test_who_sees_a_case_of_a_site_sees_the_site(town):
    site = registered(town)
    assert not Site.objects.visible_to(town.handler).exists()
    actions.link(site=site, case=town.case(Status.HANDLING), actor=town.chief, at=LATER)
    assert Site.objects.visible_to(town.handler).get() == site
    assert not Site.objects.visible_to(town.stranger).exists()
