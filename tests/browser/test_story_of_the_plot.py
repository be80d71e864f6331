"""The plot: 3,000 m² of weeds, three units called, one above the district, and a car park after."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from shaodao.cores.geodesy import unproject
from shaodao.places.models import Compound
from shaodao.sites import actions as sites
from shaodao.sites.policy import Kind as SiteKind
from shaodao.supervision.models import Supervision
from shaodao.whistles import actions
from shaodao.whistles.models import Whistle, WhistleClock
from tests.browser.test_story_of_the_dark_road import sign_in
from tests.whistles.conftest import Whistling

pytestmark = pytest.mark.browser
SIDES_M = (60.0, 50.0)  # 3,000 m²


def plot_of(town):
    """Return the site of the story with its corners around the case's place."""
    lon, lat = town.inside()
    half = (SIDES_M[0] / 2, SIDES_M[1] / 2)
    corners = [
        unproject(x * half[0], y * half[1], (lon, lat))
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    known = sites.Known(
        name="桥头空地", kind=SiteKind(min(SiteKind)), corners=corners, since=date(2023, 4, 1),
        declared_m2=3000.0, note="荒草比人高，到处倒垃圾",
    )  # fmt: skip
    return sites.register(known=known, actor=town.dispatcher, at=timezone.now())


def send(page, **values):
    """Fill the form of a whistle's page and send it."""
    for name, value in values.items():
        field = page.locator(f"[name='{name}']")
        kind = field.first.get_attribute("type")
        if kind == "file":
            field.set_input_files(value)
        elif kind == "radio":
            page.locator(f"[name='{name}'][value='{value}']").check(force=True)
        elif kind == "checkbox":
            for one in value:
                page.locator(f"[name='{name}'][value='{one}']").check(force=True)
        elif field.first.evaluate("e => e.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))
    with page.expect_navigation():
        page.locator("main form .actions button.primary").last.click()


def run_out(whistle, unit):
    """Let a unit's time to sign and to report in have ended a while ago: the clock is moved."""
    ended = timezone.now() - timedelta(minutes=7)
    clocks = WhistleClock.objects.filter(whistle=whistle, summons__unit=unit, stopped_at=None)
    clocks.update(started_at=ended - timedelta(days=2), warn_at=ended, due_at=ended)


@pytest.mark.requirement("Z07")
@pytest.mark.requirement("Z08")
@pytest.mark.requirement("Z09")
@pytest.mark.requirement("Z14")
@pytest.mark.requirement("Z16")
def test_the_plot_becomes_a_car_park_for_six_compounds(browser_page, live_town, snapshot, settings):
    town = live_town.town
    whistling = Whistling(town)
    whistling.at = timezone.now() - timedelta(hours=1)
    case = whistling.case(Status.FILED, text="桥头空地荒草比人高，到处倒垃圾，夏天不敢开窗")
    plot = plot_of(town)
    sites.link(site=plot, case=case, actor=town.dispatcher, at=timezone.now())
    assert plot.area_m2 == pytest.approx(3000, rel=0.02)
    lon, lat = case.lon, case.lat
    names = ("翠竹东", "翠竹西", "章江苑", "老粮站", "灯泡厂", "运输公司")
    for n, name in enumerate(names):
        Compound.objects.create(
            community=town.community, name=f"{name}宿舍", lon=lon + n / 9000, lat=lat
        )
    photo = f"{settings.MEDIA_ROOT}/{town.picture('#5d7a3a').file}"
    company, bureau, housing = whistling.units

    # The street drafts the whistle on the case; its chief approves and blows it.
    desk = browser_page(width=1440)
    sign_in(desk, town.dispatcher)
    desk.goto(f"/cases/{case.pk}/")
    with desk.expect_navigation():
        desk.locator(f"a[href='/whistles/new/{case.pk}/']").click()
    desk.locator("[name=kind][value=HARD]").check(force=True)
    snapshot(desk, "whistle-1-draft-1440")
    send(
        desk,
        reason="地块三千平方米，三年没人管。请城投清场改建，城管清运，住建把关。",
        units=[unit.pk for unit in whistling.units],
        lead=company.pk,
    )
    whistle = Whistle.objects.get()
    with desk.expect_navigation():
        desk.locator("a.button:text-is('提交审核')").click()
    send(desk)
    chief = browser_page(width=390)
    sign_in(chief, town.chief)
    chief.goto(f"/whistles/{whistle.pk}/blow/")
    send(chief)
    whistle.refresh_from_db()
    assert whistle.stage == "BLOWN"

    # The city's company, which stands above the district, reports in from its phone.
    here = {"longitude": lon, "latitude": lat}
    phone = browser_page(width=390, geolocation=here, permissions=["geolocation"])
    sign_in(phone, town.company_handler)
    phone.goto("/whistles/")
    expect(phone.locator("text=叫我们报到的")).to_be_visible()
    snapshot(phone, "whistle-2-called-390")
    row = whistling.of(whistle, company)
    phone.goto(f"/whistles/{whistle.pk}/units/{row.pk}/report_in/")
    phone.click("[data-here]")
    expect(phone.locator("[name=position]")).not_to_have_value("")
    phone.set_input_files("[name=photo]", photo)
    snapshot(phone, "whistle-3-report-in-390")
    send(phone)
    row.refresh_from_db()
    assert (row.state, row.presence) == ("REPORTED", "POSITION")

    # The bureau comes late; the housing bureau is silent and supervised by itself.
    for unit in (bureau, housing):
        run_out(whistle, unit)
    actions.run_sweeps(at=timezone.now())
    assert set(Supervision.objects.values_list("unit", flat=True)) == {bureau.pk, housing.pk}
    whistling.at = timezone.now()
    whistling.arrive(whistle, bureau)
    desk.goto(f"/whistles/{whistle.pk}/wall/")
    for words in ("已到", "迟到", "未到"):
        expect(desk.locator(f".wall-units >> text={words}").first).to_be_visible()
    snapshot(desk, "whistle-4-wall-1440")
    desk.goto("/whistles/area/")
    snapshot(desk, "whistle-5-area-1440")

    # Who came confers: lead, measures, the last day.
    due = timezone.localdate() + timedelta(days=20)
    desk.goto(f"/whistles/{whistle.pk}/confer/")
    send(desk, measures="城投清场硬化画线，城管清运，住建验收；先停一百辆。", due_on=due)
    snapshot(desk, "whistle-6-conferred-1440")
    whistling.at = timezone.now()
    whistling.arrive(whistle, housing)
    whistling.hand_in(whistle, housing)
    whistling.hand_in(whistle, bureau)

    # The lead hands in for all: a car park, and who benefits.
    phone.goto(f"/whistles/{whistle.pk}/units/{row.pk}/hand_in/")
    places = list(Compound.objects.filter(name__endswith="宿舍").values_list("pk", flat=True))
    send(
        phone,
        after_photo=f"{settings.MEDIA_ROOT}/{town.picture('#9aa7b0').file}",
        reply="桥头空地已改建成临时停车场，周边六个老旧小区都可以停。",
        solved_by="CADRE",
        outcome="CONVERTED",
        quantity=3000,
        compounds=places,
        note="清场、硬化、画线，共一百零六个车位",
    )
    whistle.refresh_from_db()
    assert whistle.stage == "AWAITING"

    # Nobody but the street accepts and scores.
    assert "验收销哨" not in phone.content()
    desk.goto(f"/whistles/{whistle.pk}/close/")
    scores = {
        f"score_{whistling.of(whistle, unit).pk}_{aspect}": n
        for unit, n in ((company, 5), (bureau, 4), (housing, 2))
        for aspect in ("TIMELINESS", "QUALITY", "ATTITUDE")
    }
    send(desk, **scores, note="到现场看过，停车场已经开放")
    expect(desk.locator("text=验收评分")).to_be_visible()
    snapshot(desk, "whistle-7-closed-1440")
    case = Case.objects.get(pk=case.pk)
    assert case.status == "CLOSED"
    assert case.outcomes.get().compounds.count() == 6
    assert [whistling.of(whistle, unit).score for unit in whistling.units] == [5.0, 4.0, 2.0]

    # The resident sees who was called and who came.
    phone.goto(f"/track/{town.link(case.reports.get().report)}/")
    expect(phone.locator("#called")).to_contain_text("迟到")
    snapshot(phone, "whistle-8-tracking-390")
    for page, width in ((phone, 390), (desk, 1440)):
        page.goto(f"/whistles/{whistle.pk}/")
        snapshot(page, f"whistle-9-page-{width}")
