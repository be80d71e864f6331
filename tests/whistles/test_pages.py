"""The pages of whistles: what each side sees, sends and is refused."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from shaodao.whistles import board
from shaodao.whistles.models import Whistle
from shaodao.whistles.place_code import code_of, whistle_id_of
from shaodao.whistles.policy import Band, Kind, Stage, State
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(whistling):
    """Whistles of today: the pages look at the clock."""
    whistling.at = timezone.now() - timedelta(hours=1)
    return whistling


def signed_in(user):
    return sign_in(Client(), user)


def text_of(client, name, *args, status=200):
    response = client.get(reverse(name, args=args))
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.requirement("Z16")
def test_a_street_drafts_finds_units_of_every_tier_and_hands_in(now):
    town, case = now.town, now.case()
    client = signed_in(town.dispatcher)
    assert reverse("whistle_new", args=[case.pk]) in text_of(client, "case", case.pk)
    page = text_of(client, "whistle_new", case.pk)
    for name in ("市城建投公司", "区城管局", "应急哨"):
        assert name in page
    url = reverse("whistle_new", args=[case.pk])
    typed = {"kind": "HARD", "origin": "STREET", "reason": "", "q": "大公路", "find": "1"}
    found = client.post(url, typed | {"units": [town.housing.pk]}).content.decode()
    assert "大公路" in found
    assert re.search(rf'value="{town.housing.pk}" checked', found)
    assert "还不能提交" not in found
    refused = client.post(url, {k: v for k, v in typed.items() if k != "find"} | {"reason": "草"})
    assert refused.status_code == 422
    assert "至少选一个" in refused.content.decode()
    units = [town.city_company.pk, town.housing.pk]
    sent = {"kind": "HARD", "origin": "STREET", "reason": "草太高", "units": units}
    assert "定一个主办" in client.post(url, sent).content.decode()
    made = client.post(url, sent | {"lead": town.city_company.pk})
    whistle = Whistle.objects.get()
    assert made.url == reverse("whistle", args=[whistle.pk])
    assert whistle.summonses.get(is_lead=True).unit == town.city_company
    page = text_of(client, "whistle", whistle.pk)
    assert "提交审核" in page
    assert "立即发哨" not in page
    client.post(reverse("whistle_move", args=[whistle.pk, "submit"]))
    assert Whistle.objects.get().stage == Stage.REVIEW
    chief = signed_in(town.chief)
    assert "审核发哨" in text_of(chief, "whistles")
    chief.post(reverse("whistle_move", args=[whistle.pk, "blow"]))
    assert Whistle.objects.get().stage == Stage.BLOWN


def test_a_called_unit_signs_and_reports_in_from_its_phone(now, settings):
    town, (company, _b, _h) = now.town, now.units
    whistle = now.blown()
    row = now.of(whistle, company)
    client = signed_in(town.company_handler)
    page = text_of(client, "whistles")
    for words in ("叫我们报到的", "签收", "报到", "主办"):
        assert words in page
    client.post(reverse("summons_move", args=[whistle.pk, row.pk, "sign"]))
    assert now.of(whistle, company).state == State.SIGNED
    url = reverse("summons_move", args=[whistle.pk, row.pk, "report_in"])
    assert "data-here" in client.get(url).content.decode()
    with (settings.MEDIA_ROOT / town.picture().file).open("rb") as file:
        far = client.post(url, {"photo": file, "position": "114.5,25.0"})
    assert far.status_code == 422
    assert "离现场" in far.content.decode()
    kept = re.search(r'name="photo_kept" value="([^"]+)"', far.content.decode())[1]
    here = client.get(reverse("whistle_here", args=[code_of(whistle)]))
    assert here.url.startswith(url + "?code=")
    assert "已扫现场报到码" in client.get(here.url).content.decode()
    client.post(url, {"photo_kept": kept, "code": code_of(whistle)})
    row = now.of(whistle, company)
    assert (row.state, row.presence) == (State.REPORTED, "CODE")
    assert whistle_id_of("forged") is None
    assert client.get(reverse("whistle_here", args=["forged"])).status_code == 404


@pytest.mark.requirement("Z08")
def test_the_wall_tells_at_a_glance_who_came_late_refused_or_is_missing(now):
    town, (company, bureau, housing) = now.town, now.units
    now.at = timezone.now() - timedelta(hours=3)
    whistle = now.blown(kind=Kind.EMERGENCY, units=[*now.units, town.lighting, town.water])
    now.arrive(whistle, company)
    now.answer(whistle, housing, "refuse", note="不归我们")
    now.wait(hours=2, minutes=20)
    now.arrive(whistle, bureau)
    client = signed_in(town.dispatcher)
    page = text_of(client, "whistle_wall", whistle.pk)
    shown = board.read(whistle, user=town.dispatcher, at=timezone.now())
    coming = {row.summons.unit: row.coming for row in shown.rows}
    assert coming == {
        company: "CAME", bureau: "LATE", housing: "REFUSED", town.lighting: "MISSING",
        town.water: "MISSING",
    }  # fmt: skip
    for words in ("已到", "迟到", "未到", "拒签", "区路灯所"):
        assert words in page
    area = text_of(client, "whistle_area")
    assert "未到" in area
    assert "到时限还没到的单位" in area
    assert "裁定" in text_of(signed_in(town.county_chief), "arbitration")
    assert "没有等您裁定" in text_of(client, "arbitration")


def test_conferring_and_closing_are_forms_with_what_they_need(now):
    town, (company, bureau, housing) = now.town, now.units
    whistle = now.blown()
    for unit in now.units:
        now.arrive(whistle, unit)
    client = signed_in(town.dispatcher)
    url = reverse("whistle_move", args=[whistle.pk, "confer"])
    assert client.post(url, {}).status_code == 422
    day = timezone.localdate() + timedelta(days=9)
    sent = {"measures": "城投清场", "due_on": day, f"due_{bureau.pk}": day - timedelta(days=5)}
    assert client.post(url, sent | {"lead": company.pk}).status_code == 302
    assert now.of(whistle, bureau).due_on == day - timedelta(days=5)
    now.at = timezone.now()
    for unit in (housing, bureau):
        now.hand_in(whistle, unit)
    lead = signed_in(town.company_handler)
    row = now.of(whistle, company)
    form = lead.get(reverse("summons_move", args=[whistle.pk, row.pk, "hand_in"])).content.decode()
    for words in ("受益小区", town.compound.name, "处置成果", "公开答复"):
        assert words in form
    now.hand_in(whistle, company, compounds=[town.compound])
    url = reverse("whistle_move", args=[whistle.pk, "close"])
    assert "打分" in client.get(url).content.decode()
    assert client.post(url, {"note": "验过"}).status_code == 422
    scores = {
        f"score_{s.pk}_{aspect}": 4
        for s in whistle.summonses.all()
        for aspect in ("TIMELINESS", "QUALITY", "ATTITUDE")
    }
    assert client.post(url, scores | {"note": "验过"}).status_code == 302
    assert Whistle.objects.get(pk=whistle.pk).stage == Stage.CLOSED
    page = text_of(client, "whistle", whistle.pk)
    assert "验收评分" in page
    assert "4.00" in page
    assert Case.objects.get(pk=whistle.case_id).status == Status.CLOSED


def test_moves_nobody_may_make_are_refused_in_words_and_unknown_ones_not_there(now):
    whistle, town = now.blown(), now.town
    client = signed_in(town.handler)
    row = now.of(whistle, town.housing)
    for name in ("call_off", "close", "add_unit"):
        url = reverse("whistle_move", args=[whistle.pk, name])
        assert client.post(url, {"note": "x"}).status_code == 422
    url = reverse("summons_move", args=[whistle.pk, row.pk, "vouch"])
    assert "没有证明到场的权限" in client.post(url, {"note": "x"}).content.decode()
    for args in ([whistle.pk, "fly"], [whistle.pk, row.pk, "fly"]):
        name = "whistle_move" if len(args) == 2 else "summons_move"
        assert client.get(reverse(name, args=args)).status_code == 404


def test_a_draft_is_the_whistlers_own_until_it_is_blown(now):
    whistle, town = now.draft(), now.town
    for user, status in ((town.dispatcher, 200), (town.county_chief, 200), (town.handler, 404)):
        text_of(signed_in(user), "whistle", whistle.pk, status=status)
    client = signed_in(town.dispatcher)
    page = text_of(client, "whistle_edit", whistle.pk)
    assert re.search(rf'value="{town.city_company.pk}" checked', page)
    sent = {"kind": "ROUTINE", "origin": "STREET", "reason": "改了", "units": [town.water.pk]}
    url = reverse("whistle_edit", args=[whistle.pk])
    client.post(url, sent | {"lead": town.water.pk})
    assert [row.unit for row in whistle.summonses.all()] == [town.water]


@pytest.mark.requirement("Z16")
def test_the_area_shows_the_whistle_rate_as_a_band(now):
    for _ in range(3):
        now.blown()
    since, until = now.at - timedelta(days=9), now.at + timedelta(days=9)
    (rate,) = board.rates([now.town.street], since=since, until=until)
    assert (rate.n_whistles, rate.n_cases, rate.band) == (3, 3, Band.UNKNOWN)
    assert rate.rate == 1000.0
    assert "吹哨率" in text_of(signed_in(now.town.dispatcher), "whistle_area")


def test_pages_ask_the_same_number_of_questions_however_many_whistles(
    now, django_assert_max_num_queries
):
    client = signed_in(now.town.company_handler)
    now.blown()
    client.get(reverse("whistles"))
    for _ in range(3):
        now.blown()
    with django_assert_max_num_queries(30):
        client.get(reverse("whistle_area"))
    with django_assert_max_num_queries(60):
        client.get(reverse("whistles"))


def test_security_sets_limits_and_responders_from_a_day_on(now):
    client = signed_in(now.town.security)
    # Everywhere is for whoever stands at the root; a county sets its own.
    today = timezone.localdate()
    base = {"unit": "章贡区", "valid_from": today, "source": "区办发 3 号", "why": "试行"}
    sent = {"kind": "EMERGENCY", "step": "SIGN", "amount": 20, "time_unit": "NATURAL_MINUTES"}
    assert client.post(reverse("whistle_limit_new"), sent | base).status_code == 302
    sent = {"category": "SANITATION", "title": "环卫专员"}
    assert client.post(reverse("responder_new"), sent | base).status_code == 302
    page = text_of(client, "whistle_rules")
    assert "环卫专员" in page
    assert "20 分钟" in page
    wrong = {"kind": "EMERGENCY", "step": "SIGN", "amount": 5000, "time_unit": "NATURAL_MINUTES"}
    refused = client.post(reverse("whistle_limit_new"), wrong | base)
    assert refused.status_code == 422
    assert "时限须在" in refused.content.decode()
    assert text_of(client, "parameters")
