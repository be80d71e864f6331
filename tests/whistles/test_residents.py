"""X13: a resident whistles, the right post-holder of the grid comes, the village accepts."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from shaodao.kit.versions import bump
from shaodao.people.models import Parameter
from shaodao.places.models import Grid
from shaodao.reports.policy import Channel, PlaceBy
from shaodao.whistles import actions
from shaodao.whistles.models import Whistle
from shaodao.whistles.policy import Stage, WhistleRefused
from shaodao.whistles.queries import responder_of
from shaodao.workforce.models import Holding
from tests.sessions import sign_in
from tests.town import MINUTE, MONDAY

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("X13")]


@pytest.fixture
def enabled(town):
    Parameter.objects.create(
        name="may_whistle", subject="RESIDENT", value="1", unit=town.other_county,
        valid_from=MONDAY.date().replace(year=2024), source="县办法",
    )  # fmt: skip
    bump("parameters")
    return town


def hold(town, code, person):
    grid = Grid.objects.get(unit=town.village_grid)
    Holding.objects.create(
        grid=grid, charge_code=code, person=person, status="PUBLISHED", claimed_at=MONDAY
    )


def reported(town, channel=Channel.QR, category="RUBBISH_HEAP"):
    lon, lat = town.inside(town.village_grid)
    return town.taken(channel=channel, category=category, lon=lon, lat=lat)


@pytest.mark.parametrize(
    ("category", "code", "title"),
    [("RUBBISH_HEAP", "SANITATION", "环境卫生员"), ("DISPUTE", "MEDIATION", "矛盾调解员")],
)
def test_the_holder_of_the_post_its_class_names_is_called(enabled, category, code, title):
    other = enabled.person("grid.5.b")
    hold(enabled, code, other)
    taken = reported(enabled, category=category)
    whistle = actions.whistle_for_resident(case=taken.case, report=taken.report, at=MONDAY)
    row = whistle.summonses.get()
    assert (row.person, row.title, row.unit) == (other, title, enabled.village_grid)
    assert (whistle.stage, whistle.whistler, whistle.origin) == (
        Stage.BLOWN, enabled.village, "RESIDENT",
    )  # fmt: skip
    assert whistle.confirmed_at == MONDAY  # nobody stands between a resident and their grid
    case = Case.objects.get(pk=taken.case.pk)
    assert (case.lead, case.lead_person) == (enabled.village_grid, other)


def test_where_nobody_holds_the_post_the_grids_head_worker_is_called(enabled):
    taken = reported(enabled)
    assert responder_of(taken.case, at=MONDAY) == (
        enabled.village_grid, enabled.village_worker, "",
    )  # fmt: skip


def test_the_one_who_is_called_comes_and_the_village_accepts(enabled):
    taken, at = reported(enabled), MONDAY
    whistle = actions.whistle_for_resident(case=taken.case, report=taken.report, at=at)
    row, worker = whistle.summonses.get(), enabled.village_worker
    with pytest.raises(WhistleRefused, match="另一位"):
        actions.answer(summons=row, name="sign", actor=enabled.person("grid.5.b"), at=at)
    given = {"photo": [enabled.picture()], "position": enabled.inside(enabled.village_grid)}
    actions.answer(summons=row, name="report_in", actor=worker, at=at + MINUTE, **given)
    outcome = {
        "note": "清了", "reply": "已清走。", "solved_by": "GRID_WORKER", "quantity": 1,
        "outcome": enabled.outcome("CLEARED"), "n_households": 12,
        "after_photo": [enabled.picture()],
    }  # fmt: skip
    actions.answer(summons=row, name="hand_in", actor=worker, at=at + 2 * MINUTE, **outcome)
    fives = {row.pk: dict.fromkeys(["TIMELINESS", "QUALITY", "ATTITUDE"], 5)}
    with pytest.raises(WhistleRefused):
        actions.move(
            whistle=whistle, name="close", actor=worker, at=at + 3 * MINUTE, scores=fives, note="好"
        )
    village = enabled.person("village.desk")
    actions.move(
        whistle=whistle, name="close", actor=village, at=at + 3 * MINUTE, scores=fives, note="好"
    )
    assert Case.objects.get(pk=taken.case.pk).status == Status.CLOSED


def test_where_it_is_not_enabled_the_report_goes_its_ordinary_way(town):
    taken = town.taken()
    assert (
        actions.whistle_for_resident(case=taken.case, report=taken.report, at=MONDAY) is None
    )  # fmt: skip
    page = Client().get(reverse("report")).content.decode()
    assert "吹哨：请网格里" not in page


def test_a_desk_or_a_worker_whistles_for_who_calls_or_comes(enabled):
    taken = reported(enabled, channel=Channel.PHONE)
    with pytest.raises(WhistleRefused, match="权限"):
        actions.whistle_for_resident(
            case=taken.case, report=taken.report, at=MONDAY, actor=enabled.other_worker
        )
    client = sign_in(Client(), enabled.stranger)  # the desk of that county
    page = client.get(reverse("case", args=[taken.case.pk])).content.decode()
    assert "替群众吹哨" in page
    made = client.post(reverse("whistle_for", args=[taken.case.pk]))
    whistle = Whistle.objects.get()
    assert made.url == reverse("whistle", args=[whistle.pk])
    assert whistle.drafted_by == enabled.stranger
    again = client.post(reverse("whistle_for", args=[taken.case.pk]))
    assert again.url == reverse("case", args=[taken.case.pk])


def test_a_resident_ticks_it_by_qr_and_follows_who_came(enabled):
    code = enabled.grids[enabled.village_grid.code].code
    client = Client()
    page = client.get(reverse("report_here", args=[code])).content.decode()
    assert "吹哨：请网格里" in page
    key = page.split('name="key" value="')[1].split('"')[0]
    sent = {"key": key, "text": "路口一堆垃圾没人管", "category": "SANITATION", "whistle": "on",
            "looked": "1", "by": PlaceBy.GRID}  # fmt: skip
    made = client.post(reverse("report_here", args=[code]), sent)
    whistle = Whistle.objects.get()
    assert whistle.report.channel == Channel.QR
    shown = client.get(made.url.partition("?")[0]).content.decode()
    for words in ("请了谁，谁来了", enabled.village_grid.short_name, "还没到时限"):
        assert words in shown
    row = whistle.summonses.get()
    actions.answer(
        summons=row, name="report_in", actor=enabled.village_worker, at=timezone.now(),
        photo=[enabled.picture()], has_code=True,
    )  # fmt: skip
    assert "已到" in client.get(made.url.partition("?")[0]).content.decode()
