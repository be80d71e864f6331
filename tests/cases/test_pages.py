"""The page of one case: what it shows to whom, and every move made from it."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from shaodao.cases import actions, policy
from shaodao.cases.models import Case
from shaodao.cases.policy import Status
from shaodao.cases.queries import routing_of
from tests.sessions import sign_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def now():
    return timezone.now()


def text_of(response) -> str:
    return re.sub(r"<[^>]+>|\s+", "", response.content.decode())


def a_case(town, status, *, ago=2 * HOUR, **said):
    return town.case(status, at=now() - ago, **said)


def page_of(client, case):
    return client.get(reverse("case", args=[case.pk]))


def move_url(case, name):
    return reverse("case_move", args=[case.pk, name])


def photo_file(town, settings, colour="olive"):
    picture = town.picture(colour)
    return SimpleUploadedFile("现场.jpg", (settings.MEDIA_ROOT / picture.file).read_bytes())


def as_status(town, status):
    return a_case(town, Status(status), name="邓小华", phone="13812345678")


# ---- who sees it -----------------------------------------------------------------------------


def test_a_stranger_gets_404_on_every_page_of_a_case(client, town):
    case = a_case(town, Status.HANDLING)
    report = case.reports.get().report
    sign_in(client, town.stranger)
    urls = [
        reverse("case", args=[case.pk]),
        move_url(case, "remark"),
        reverse("case_ask", args=[case.pk, "extend"]),
        reverse("unmask", args=[case.pk, report.pk]),
        reverse("release", args=[case.pk]),
        reverse("case_sheet", args=[case.pk, "filing"]),
        reverse("routing") + f"?case={case.pk}",
    ]
    assert [client.get(url).status_code for url in urls] == [404] * len(urls)


def test_without_signing_in_a_case_leads_to_the_door(client, town):
    case = a_case(town, Status.RECEIVED)
    answer = page_of(client, case)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("status", list(Status))
def test_the_page_opens_in_every_status(client, town, status):
    case = as_status(town, status)
    sign_in(client, town.county_chief)
    page = page_of(client, case)
    assert page.status_code == 200
    said = text_of(page)
    assert case.number in said
    assert policy.PLACES[status].label in said


def test_who_reported_is_masked_and_so_are_numbers_in_what_they_said(client, town):
    case = a_case(
        town,
        Status.RECEIVED,
        name="邓小华",
        phone="13812345678",
        text="地砖松了，打我电话13812345678",
    )
    sign_in(client, town.intake)
    page = page_of(client, case).content.decode()
    assert "13812345678" not in page
    assert "邓小华" not in page
    assert "138****5678" in page


def test_unmasking_asks_why_shows_and_is_in_the_history(client, town):
    case = a_case(town, Status.RECEIVED, name="邓小华", phone="13812345678")
    report = case.reports.get().report
    url = reverse("unmask", args=[case.pk, report.pk])
    sign_in(client, town.intake)
    assert "13812345678" not in client.get(url).content.decode()
    refused = client.post(url, {})
    assert refused.status_code == 422
    assert "13812345678" not in refused.content.decode()
    shown = client.post(url, {"purpose": "CALL"})
    assert "13812345678" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    said = text_of(page_of(client, case))
    assert "查看个人信息" in said
    assert "联系反映人核实情况" in said


def test_internal_remarks_and_public_replies_stand_apart(client, town):
    case = a_case(town, Status.HANDLING)
    at = now()
    actions.move(case=case, name="remark", actor=town.handler, at=at, note="等配件")
    actions.move(case=case, name="answer", actor=town.handler, at=at, reply="明天来修")
    sign_in(client, town.handler)
    page = page_of(client, case).content.decode()
    replies, internal = re.findall(r'<section class="card"><h2>(公开答复|内部备注)', page)
    assert (replies, internal) == ("公开答复", "内部备注")
    voices = page[page.index('id="voices"') : page.index('id="clocks"')]
    half = voices.index("内部备注")
    assert "明天来修" in voices[:half]
    assert "等配件" not in voices[:half]
    assert "等配件" in voices[half:]


def test_a_case_costs_as_many_queries_with_one_report_as_with_many(client, town):
    plain, busy = a_case(town, Status.HANDLING), a_case(town, Status.HANDLING)
    for number in range(6):
        town.taken(at=now(), join=busy, name=f"邻居{number}", pictures=[town.picture()])
        actions.move(case=busy, name="remark", actor=town.handler, at=now(), note=str(number))
    sign_in(client, town.chief)
    page_of(client, plain)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page_of(client, plain)
    with CaptureQueriesContext(connection) as many:
        page_of(client, busy)
    # What a case names at all (people, cases, pictures) may take a look-up each, never one a row.
    assert len(many) <= len(few) + 2
    assert len(many) < 45


@pytest.mark.requirement("Z10")
def test_the_page_tells_complaints_before_and_the_score_after(client, town):
    case = a_case(town, Status.CLOSED)
    report = case.reports.get().report
    actions.rate(case=case, report=report, score=5, is_solved=True, text="很快", at=now())
    sign_in(client, town.leader)
    assert "办前反映→办后评分1次→5.0星" in text_of(page_of(client, case))


@pytest.mark.requirement("X12")
def test_the_page_tells_how_long_it_took_from_report_to_solution(client, town):
    case = a_case(town, Status.CLOSED, ago=5 * HOUR)
    Case.objects.filter(pk=case.pk).update(received_at=case.handled_at - timedelta(days=5))
    sign_in(client, town.leader)
    assert "从反映到解决5天" in text_of(page_of(client, case))


@pytest.mark.requirement("X14")
def test_response_and_arrival_are_shown_against_their_limits(client, town):
    case = a_case(town, Status.HANDLING)
    actions.move(case=case, name="arrive", actor=town.handler, at=now())
    sign_in(client, town.chief)
    clocks = page_of(client, case).content.decode().split('id="clocks"')[1]
    for step in ("响应", "到场"):
        row = clocks[clocks.index(f">{step}<") :].split("</tr>")[0]
        assert "按时" in row


@pytest.mark.requirement("X10")
def test_the_page_says_whether_money_raised_and_cost_agree(client, town):
    case = a_case(town, Status.HANDLING)
    at = now()
    actions.move(
        case=case, name="raise_funds", actor=town.handler, at=at, source="DONATION", yuan=300
    )
    Case.objects.filter(pk=case.pk).update(cost_fen=50_000)
    sign_in(client, town.chief)
    assert "差额-200元" in text_of(page_of(client, case))
    actions.move(
        case=case, name="raise_funds", actor=town.handler, at=at, source="PROJECT", yuan=200
    )
    assert "收支相符" in text_of(page_of(client, case))


# ---- moves -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(Status))
def test_buttons_are_what_the_table_gives(client, town, status):
    case = as_status(town, status)
    sign_in(client, town.chief)
    moves = page_of(client, case).content.decode().split('id="moves"')[1].split("</section>")[0]
    offered = set(re.findall(rf"/cases/{case.pk}/(\w+)/\"", moves)) - {"release"}
    seats = {over: [policy.Seat("DUTY_CHIEF", "TOWNSHIP")] for over in [policy.Over.DESK]}
    expected = {m.name for m in policy.moves_open_to(status=status, seats=seats)}
    assert offered == expected


def test_a_form_asks_for_what_the_move_needs_and_may_bring(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    page = client.get(move_url(case, "handle")).content.decode()
    move = policy.MOVES["handle"]
    wanted = {*policy.needs_of(move, needs_after_photo=True), *policy.OPTIONAL["handle"]}
    for name in wanted:
        assert f'name="{name}"' in page
    assert 'capture="environment"' in page


def test_htmx_gets_the_form_alone_and_a_browser_the_whole_page(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    url = move_url(case, "remark")
    whole, part = client.get(url), client.get(url, headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert 'name="note"' in part.content.decode()


def test_a_move_made_goes_back_to_the_case(client, town):
    case = a_case(town, Status.RECEIVED)
    sign_in(client, town.intake)
    done = client.post(move_url(case, "file"), {"category": "ROAD_DAMAGE"})
    assert done.status_code == 302
    assert done["Location"] == reverse("case", args=[case.pk])
    case.refresh_from_db()
    assert case.status == Status.FILED


def test_after_htmx_made_a_move_the_browser_is_sent_to_the_case(client, town):
    case = a_case(town, Status.RECEIVED)
    sign_in(client, town.intake)
    done = client.post(
        move_url(case, "file"), {"category": "ROAD_DAMAGE"}, headers={"HX-Request": "true"}
    )
    assert done["HX-Redirect"] == reverse("case", args=[case.pk])


def test_a_refusal_is_shown_and_nothing_typed_is_lost(client, town, settings):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    said = {
        "reply": "已经铺平",
        "solved_by": "CADRE",
        "outcome": "REPAIRED",
        "quantity": "",
        "after_photo": photo_file(town, settings),
    }
    refused = client.post(move_url(case, "handle"), said)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "已经铺平" in page
    assert "已收下 1 张照片" in page
    kept = re.search(r'name="after_photo_kept" value="([^"]+)"', page)[1]
    # The picture need not be chosen again.
    done = client.post(
        move_url(case, "handle"),
        {**said, "quantity": 3, "after_photo": [], "after_photo_kept": kept},
    )
    assert done.status_code == 302
    case.refresh_from_db()
    assert case.status == Status.HANDLED
    assert case.evidence.filter(kind="AFTER").count() == 1


def test_a_forged_word_for_kept_pictures_brings_none(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    refused = client.post(
        move_url(case, "handle"),
        {"reply": "好了", "solved_by": "CADRE", "outcome": "REPAIRED", "quantity": 1,
         "after_photo_kept": "eyJhIjoxfQ:forged"},
    )  # fmt: skip
    assert refused.status_code == 422
    case.refresh_from_db()
    assert case.status == Status.HANDLING


def test_what_is_no_picture_is_refused_by_name(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    bad = SimpleUploadedFile("工资表.jpg", b"not a picture")
    refused = client.post(move_url(case, "arrive"), {"photo": bad})
    assert refused.status_code == 422
    assert "工资表.jpg" in refused.content.decode()


def test_a_double_tap_makes_one_move_and_shows_the_present_state(client, town):
    case = a_case(town, Status.DISPATCHED)
    sign_in(client, town.handler)
    seen = {"seen": case.n_entries}
    first, second = (client.post(move_url(case, "accept"), seen) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert case.journal.filter(name="accept").count() == 1


def test_the_same_remark_tapped_twice_is_said_once(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    for _ in range(2):
        client.post(move_url(case, "remark"), {"note": "等配件", "seen": case.n_entries})
    assert case.remarks.filter(text="等配件").count() == 1


def test_a_move_no_longer_possible_says_why(client, town):
    case = a_case(town, Status.DISPATCHED)
    sign_in(client, town.handler)
    actions.move(case=case, name="accept", actor=town.handler, at=now())
    refused = client.post(move_url(case, "accept"), {"seen": case.n_entries + 1})
    assert refused.status_code == 422
    assert "当前是“处置中”" in refused.content.decode()


def test_a_move_that_is_none_is_404(client, town):
    case = a_case(town, Status.RECEIVED)
    sign_in(client, town.intake)
    assert client.get(move_url(case, "explode")).status_code == 404


def test_after_a_move_the_way_back_stays_on_this_site(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    url = move_url(case, "remark")
    home = client.post(url, {"note": "一", "next": reverse("today")})
    away = client.post(url, {"note": "二", "next": "https://example.org/"})
    assert home["Location"] == reverse("today")
    assert away["Location"] == reverse("case", args=[case.pk])


def test_the_units_on_the_routes_stand_first_when_dispatching(client, town):
    case = a_case(town, Status.FILED)
    sign_in(client, town.dispatcher)
    page = client.get(move_url(case, "dispatch")).content.decode()
    groups = re.findall(r'<optgroup label="([^"]+)"', page)
    assert groups[0] == "按派遣规则"
    first = routing_of(case, at=now()).candidates[0]
    assert f'<option value="{first.unit_id}" selected>' in page
    assert town.housing.short_name in page.split("</optgroup>")[0]


def test_arriving_with_a_position_keeps_the_distance_and_not_the_place(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    client.post(move_url(case, "arrive"), {"position": f"{case.lon},{case.lat + 0.001}"})
    facts = case.journal.get(name="arrive").facts
    assert 100 < facts["distance_m"] < 120
    assert set(facts) == {"distance_m"}
    assert "手机定位离现场111米" in text_of(page_of(client, case))


def test_arriving_without_a_position_is_no_worse(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    for position in ("", "nowhere", "nan,nan", "1,2,3"):
        assert client.post(move_url(case, "arrive"), {"position": position}).status_code == 302
    assert all("distance_m" not in e.facts for e in case.journal.filter(name="arrive"))


# ---- merging ---------------------------------------------------------------------------------


def test_likely_duplicates_nearby_are_offered_for_merging(client, town):
    lon, lat = town.inside()
    first = a_case(town, Status.RECEIVED, lon=lon, lat=lat, text="翠竹小区门口地砖松了")
    same = a_case(town, Status.RECEIVED, lon=lon + 0.0003, lat=lat, text="小区门口的地砖松动")
    far_lon, far_lat = town.inside(town.far_grid)
    far = a_case(town, Status.RECEIVED, lon=far_lon, lat=far_lat, text="门口地砖松了")
    sign_in(client, town.intake)
    page = client.get(move_url(same, "merge")).content.decode()
    assert first.number in page
    assert far.number not in page
    done = client.post(move_url(same, "merge"), {"primary_likely": first.pk})
    assert done.status_code == 302
    same.refresh_from_db()
    assert (same.status, same.primary_id) == (Status.MERGED, first.pk)
    sign_in(client, town.intake)
    assert same.number in page_of(client, first).content.decode()


def test_merging_by_number_finds_only_what_the_reader_may_see(client, town):
    mine = a_case(town, Status.RECEIVED)
    lon, lat = town.inside(town.village_grid)
    theirs = a_case(town, Status.RECEIVED, lon=lon, lat=lat)
    sign_in(client, town.intake)
    refused = client.post(move_url(mine, "merge"), {"primary": theirs.number})
    assert refused.status_code == 422
    assert "没有这个案件号" in refused.content.decode()


def test_merging_into_nothing_is_refused(client, town):
    case = a_case(town, Status.RECEIVED)
    sign_in(client, town.intake)
    refused = client.post(move_url(case, "merge"), {"primary": ""})
    assert "请选一件" in refused.content.decode()


# ---- applications ----------------------------------------------------------------------------


def test_an_application_waits_is_shown_and_is_granted_by_another(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    asked = client.post(reverse("case_ask", args=[case.pk, "extend"]), {"note": "雨太大"})
    assert asked.status_code == 302
    approval = case.approvals.get()
    url = reverse("approval_decide", args=[case.pk, approval.pk])
    mine = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "申请延期" in mine
    assert url not in mine  # nobody decides on their own application
    sign_in(client, town.chief)
    assert url in page_of(client, case).content.decode()
    assert client.post(url, {"granted": "1", "note": "同意"}).status_code == 302
    approval.refresh_from_db()
    assert approval.granted
    assert case.clocks.get(step="HANDLE").extended == 1


def test_an_application_refused_leaves_the_case_as_it_was(client, town):
    case = a_case(town, Status.HANDLING)
    approval = actions.ask(
        case=case, name="return", actor=town.handler, at=now(), note="不归我们管"
    )
    sign_in(client, town.chief)
    client.post(reverse("approval_decide", args=[case.pk, approval.pk]), {"granted": "0"})
    case.refresh_from_db()
    assert case.status == Status.HANDLING
    assert "不同意" in text_of(page_of(client, case))


def test_the_asker_cannot_decide(client, town):
    case = a_case(town, Status.HANDLING)
    approval = actions.ask(case=case, name="extend", actor=town.handler, at=now(), note="等料")
    sign_in(client, town.handler)
    url = reverse("approval_decide", args=[case.pk, approval.pk])
    refused = client.post(url, {"granted": "1"})
    assert refused.status_code == 422
    assert "不能审批自己提出的申请" in refused.content.decode()


# ---- pictures, release -----------------------------------------------------------------------


def test_a_picture_is_sent_only_to_who_may_see_the_case(client, town):
    case = a_case(town, Status.RECEIVED, pictures=[town.picture("red")])
    photo = case.reports.get().report.photos.get()
    url = reverse("case_photo", args=[case.pk, "report", photo.pk])
    sign_in(client, town.intake)
    shown = client.get(url + "?small=1")
    assert shown["Content-Type"] == "image/jpeg"
    assert b"".join(shown.streaming_content)[:2] == b"\xff\xd8"
    other = a_case(town, Status.RECEIVED)
    assert client.get(reverse("case_photo", args=[other.pk, "report", photo.pk])).status_code == 404
    assert client.get(reverse("case_photo", args=[case.pk, "other", photo.pk])).status_code == 404
    sign_in(client, town.stranger)
    assert client.get(url).status_code == 404


def test_the_release_form_begins_with_names_and_numbers_taken_out(client, town):
    case = a_case(
        town, Status.CLOSED, text="张小明家门口地砖松了，电话13812345678", pictures=[town.picture()]
    )
    url = reverse("release", args=[case.pk])
    sign_in(client, town.chief)
    page = client.get(url).content.decode()
    assert "13812345678" not in page
    done = client.post(
        url, {"title": "门口地砖修好了", "text": "已铺平", "before": "", "after": ""}
    )
    assert done.status_code == 302
    assert case.release.concealed_at is None
    client.post(reverse("conceal", args=[case.pk]))
    case.release.refresh_from_db()
    assert case.release.concealed_at is not None


def test_a_picture_of_another_case_cannot_be_released(client, town):
    case = a_case(town, Status.CLOSED)
    sign_in(client, town.chief)
    url = reverse("release", args=[case.pk])
    assert client.post(url, {"title": "x", "before": "etc/passwd"}).status_code == 422


def test_a_worker_has_no_release_page(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.handler)
    assert client.get(reverse("release", args=[case.pk])).status_code == 404


def test_ticking_publish_leads_to_the_release_form(client, town):
    case = a_case(town, Status.VERIFIED)
    sign_in(client, town.chief)
    done = client.post(move_url(case, "close"), {"publish": "on"})
    assert done["Location"] == reverse("release", args=[case.pk])


# ---- the rules, readable ---------------------------------------------------------------------


@pytest.mark.requirement("Z02")
def test_the_duty_matrix_says_per_tier_what_the_table_says(client, town):
    sign_in(client, town.leader)
    page = client.get(reverse("duties")).content.decode()
    for duty in ("指挥协调", "统筹推进", "具体落实"):
        assert duty in page
    row = page[page.index(">不予立案<") :].split("</tr>")[0]
    cells = [re.sub(r"<[^>]+>|\s", "", cell) for cell in row.split("<td>")[1:]]
    assert cells == ["可办", "可办", "—", "—"]


def test_a_dry_run_says_where_and_why_and_writes_nothing(client, town):
    sign_in(client, town.county_dispatcher)
    grid = town.grids[town.grid.code]
    before = Case.objects.count()
    page = client.get(reverse("routing"), {"category": "LAMP_OUT", "grid": grid.pk})
    said = text_of(page)
    assert town.lighting.short_name in said
    assert "条规则不适用" in said
    assert Case.objects.count() == before


def test_a_dry_run_with_an_asset_goes_to_its_owner(client, town):
    sign_in(client, town.county_dispatcher)
    lamp = town.asset("LAMP")
    page = client.get(reverse("routing"), {"category": "LAMP_OUT", "asset": lamp.code})
    first = page.content.decode().split("<ol>")[1].split("</li>")[0]
    assert lamp.owner.short_name in first


def test_a_dry_run_outside_every_grid_says_so(client, town):
    sign_in(client, town.county_dispatcher)
    lon, lat = town.outside
    page = client.get(reverse("routing"), {"category": "LAMP_OUT", "lon": lon, "lat": lat})
    assert "不在任何网格里" in page.content.decode()


def test_a_case_says_why_it_went_where_it_went(client, town):
    case = a_case(town, Status.DISPATCHED)
    sign_in(client, town.dispatcher)
    page = client.get(reverse("routing"), {"case": case.pk})
    assert town.housing.short_name in text_of(page)


def test_a_case_many_report_shows_the_first_and_says_how_many_more(client, town):
    case = a_case(town, Status.RECEIVED)
    for _ in range(21):
        town.taken(at=now(), join=case)
    sign_in(client, town.intake)
    page = page_of(client, case)
    assert page.content.decode().count('<article class="said') == 20
    assert "看全部22条反映" in text_of(page)
    whole = client.get(reverse("case", args=[case.pk]) + "?all=1").content.decode()
    assert whole.count('<article class="said') == 22


def test_a_transfer_does_not_begin_with_who_has_the_case_already(client, town):
    case = a_case(town, Status.HANDLING)
    sign_in(client, town.county_dispatcher)
    page = client.get(move_url(case, "transfer")).content.decode()
    assert f'<option value="{town.housing.pk}" selected>' not in page
    assert "selected" in page.split('name="unit"')[1].split("</select>")[0]
