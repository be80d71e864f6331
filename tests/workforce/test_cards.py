"""连心牌 and boards: complete or held back, set in bulk, replaced, and codes that outlive grids."""

import re
import subprocess
from datetime import timedelta
from shutil import which

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from shapely import from_wkb, to_wkb

from shaodao.cores.wording import Refusal
from shaodao.kit.versions import bump
from shaodao.people.models import AccountEntry
from shaodao.places.actions import assign_contact
from shaodao.places.models import Contact, Grid
from shaodao.residents.actions import named_by_rows
from shaodao.workforce import policy
from shaodao.workforce.actions.holding import claim, move_holding
from shaodao.workforce.actions.printing import ask_cards, print_board, set_batch, tidy
from shaodao.workforce.actions.showing import disclose, end_promise, mark_promise, promise
from shaodao.workforce.models import Batch, Card, Disclosure
from shaodao.workforce.queries.cards import boards_of, doors_of, faces_of, state_of, team_of
from shaodao.workforce.queries.charges import places_of
from shaodao.workforce.sheets import card_sheet, door_address, role_of
from tests.sessions import sign_in
from tests.town import GRIDS, MINUTE

PAPER = policy.Paper
SITE = "https://county.example/"


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def grid(town):
    return town.grids[GRIDS[0]]


def complete(town, at, *people):
    """Let some workers show all that a card must show."""
    for person in people:
        Disclosure.objects.create(
            person=person, photo=town.picture().file, duties="走访、巡查", updated_at=at
        )
        promise(text="有事随叫随到", actor=person, at=at)


def printed(town, at, **changed):
    values = {"unit": town.community, "paper": PAPER.A6, "only_due": True, "site": SITE}
    batch = ask_cards(**values | changed, actor=town.community_desk, at=at)
    return set_batch(batch=batch, at=at)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.requirement("X28")
@pytest.mark.parametrize("item", list(policy.Item))
def test_a_card_that_lacks_anything_names_it_and_stays_back(item):
    shown = {
        "photo": "a.jpg",
        "name": "甲",
        "work_phone": "0797-1",
        "duties": "走访",
        "n_promises": 1,
    }
    key = {"PHOTO": "photo", "DUTY": "duties", "PROMISES": "n_promises"}.get(item, item.lower())
    assert policy.missing_items(**shown) == []
    assert policy.missing_items(**shown | {key: type(shown[key])()}) == [item]


@pytest.mark.requirement("X28")
def test_incomplete_cards_are_not_printed_and_the_page_says_what_is_missing(town, at):
    complete(town, at, town.worker)
    Disclosure.objects.create(person=town.worker2, photo="", duties="巡查", updated_at=at)
    batch = printed(town, at)
    assert (batch.status, batch.n_done, batch.n_held_back) == ("READY", 5, 15)
    assert set(Card.objects.values_list("worker", flat=True)) == {town.worker.pk}
    page = sign_in(Client(), town.community_desk).get(
        reverse("area_cards", args=[town.community.pk])
    )
    text = page.content.decode()
    assert town.worker2.name in text
    assert "照片（亮身份）" in text
    assert "承诺（亮承诺）" in text
    mine = sign_in(Client(), town.worker2).get(reverse("workforce_mine")).content.decode()
    assert "还缺这些" in mine


@pytest.mark.requirement("X26")
def test_cards_are_set_in_bulk_on_each_paper_with_a_work_number_only(town, at):
    complete(town, at, town.worker, town.worker2)
    sizes = {PAPER.A6: (10, (298, 420)), PAPER.A4: (10, (595, 842)), PAPER.FOUR_UP: (3, (595, 842))}
    for paper, (n, (width, height)) in sizes.items():
        batch = printed(town, at, paper=paper, only_due=False)
        pdf = (settings.MEDIA_ROOT / batch.file).read_bytes()
        assert pages(pdf) == n
        box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups()
        assert [round(float(side)) for side in box] == [width, height]
    if which("pdftotext"):
        file = settings.MEDIA_ROOT / batch.file
        text = subprocess.run(["pdftotext", str(file), "-"], capture_output=True, check=True)
        said = text.stdout.decode().replace(" ", "")
        assert town.worker.work_phone in said
        assert town.worker.phone not in said


def test_a_long_run_tells_how_far_it_is_every_hundred_cards(town, at):
    complete(town, at, town.worker, town.worker2)
    on, told = timezone.localdate(at), []
    rows = [door for door in doors_of(town.community, on=on) if door.face.is_complete] * 20
    made = card_sheet(rows, paper=PAPER.FOUR_UP, site=SITE, on=on, told=told.append)
    assert told == [100, 200]
    assert pages(made) == 50


@pytest.mark.requirement("X21")
def test_a_card_calls_its_worker_by_the_post_of_the_six_they_hold(town, at, grid):
    on = timezone.localdate(at)
    assert role_of(faces_of([town.worker], on=on)[town.worker.pk]) == "联系户网格员"
    row = claim(grid=grid, code="POLICY", actor=town.worker, at=at)
    for name in ("confirm", "publish"):
        row = move_holding(holding=row, name=name, actor=town.community_desk, at=at)
    shown = role_of(faces_of([town.worker], on=on)[town.worker.pk])
    assert shown == "政策宣传员"
    assert shown in {place.charge.holder_name for place in places_of(grid, on=on)}


@pytest.mark.requirement("X26")
def test_a_card_is_replaced_when_the_worker_changes_and_only_then(town, at):
    complete(town, at, town.worker, town.worker2)
    printed(town, at)
    again = printed(town, at + MINUTE)
    assert (again.n_doors, Card.objects.count()) == (0, 10)
    home = town.household
    Contact.objects.filter(household=home).update(since=timezone.localdate(at) - timedelta(days=9))
    assign_contact(household=home, worker=town.worker2, actor=town.dispatcher, at=at, why="调整")
    state = state_of(town.grid, doors_of(town.grid, on=timezone.localdate(at)))
    assert (state.n_doors, state.n_hanging, state.n_due) == (10, 9, 1)
    after = printed(town, at + timedelta(days=1))
    assert after.n_done == 1
    old, new = Card.objects.filter(household=home).order_by("pk")
    assert (old.worker, new.worker) == (town.worker, town.worker2)
    assert old.replaced_on == new.issued_on
    assert new.replaced_on is None
    promise(text="再加一句", actor=town.worker2, at=at)
    assert state_of(town.grid, doors_of(town.grid, on=timezone.localdate(at))).n_due == 6


@pytest.mark.requirement("X26")
def test_an_old_code_still_leads_to_the_grid_the_door_lies_in(town, grid):
    code = door_address("/", town.household.pk)
    page = Client().get(code)
    assert page["Location"] == reverse("report_here", args=[grid.code])
    # The grid is merged away: its neighbour now reaches over both.
    other = Grid.objects.get(code=GRIDS[1])
    other.boundary, other.west = _union(grid, other), grid.west
    other.save()
    ended = Grid.objects.get(pk=grid.pk)
    ended.valid_to = timezone.localdate()
    ended.save()
    bump("grids")
    for scanned in (code, f"/d/g{GRIDS[0]}/"):
        assert Client().get(scanned)["Location"] == reverse("report_here", args=[other.code])
    assert Client().get("/d/h999999999/")["Location"] == reverse("report")
    assert Client().get("/d/nonsense/")["Location"] == reverse("report")


def _union(one, two):
    shapes = [from_wkb(bytes(Grid.objects.get(pk=row.pk).boundary)) for row in (one, two)]
    return to_wkb(shapes[0].union(shapes[1]))


def test_the_batch_page_tells_how_far_it_is_and_gives_the_file(town, at):
    complete(town, at, town.worker)
    client = sign_in(Client(), town.community_desk)
    sent = client.post(
        reverse("area_cards", args=[town.community.pk]), {"paper": "A6", "only_due": "on"}
    )
    batch = Batch.objects.get()
    assert sent["Location"] == reverse("card_batch", args=[batch.pk])
    page = client.get(sent["Location"]).content.decode()
    assert "排队中" in page
    assert "hx-trigger" in page
    assert client.get(reverse("card_file", args=[batch.pk])).status_code == 404
    set_batch(batch=batch, at=at)
    page = client.get(sent["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "可以下载" in page
    assert "hx-trigger" not in page
    file = client.get(reverse("card_file", args=[batch.pk]))
    assert b"".join(file.streaming_content).startswith(b"%PDF")
    stranger = sign_in(Client(), town.stranger)
    assert stranger.get(reverse("card_file", args=[batch.pk])).status_code == 404
    assert tidy(at=at + timedelta(days=8)) == 1
    batch.refresh_from_db()
    assert client.get(reverse("card_file", args=[batch.pk])).status_code == 404


def test_only_the_desk_prints_cards(town, at):
    with pytest.raises(policy.WorkforceRefused):
        ask_cards(
            unit=town.community, paper=PAPER.A6, only_due=True, site=SITE, actor=town.worker, at=at
        )


@pytest.mark.requirement("X41")
def test_the_roadside_board_is_printed_and_known_to_be_stale(town, at, grid):
    complete(town, at, town.worker)
    pdf, team = print_board(grid=grid, kind=policy.BoardKind.ROADSIDE, site=SITE, actor=town.community_desk, at=at)  # fmt: skip # noqa: E501
    assert team.head.person == town.worker
    assert pages(pdf) == 1
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf).groups()
    assert [round(float(side)) for side in box] == [842, 1191]  # A3, upright
    assert _current(grid, at) == {"ROADSIDE": True, "PROMISES": False}
    town.worker.posts.update(is_head=False)
    disclose(photo=None, duties="新的职责", limits=None, actor=town.worker, at=at)
    assert _current(grid, at) == {"ROADSIDE": False, "PROMISES": False}
    page = sign_in(Client(), town.community_desk).get(reverse("grid_boards", args=[grid.code]))
    assert "内容变了，要换" in page.content.decode()


def _current(grid, at):
    team = team_of(grid, on=timezone.localdate(at))
    return {kind.value: is_current for kind, _, _, is_current in boards_of(grid, team)}


@pytest.mark.requirement("X27")
def test_promises_and_how_they_were_kept_stand_on_the_grids_public_page(town, at, grid):
    row = promise(text="每月走访一遍", actor=town.worker, at=at)
    team = reverse("team", args=[grid.code])
    assert "每月走访一遍" in Client().get(team).content.decode()
    with pytest.raises(policy.WorkforceRefused):
        mark_promise(row=row, mark=policy.PromiseMark.KEPT, remark="", actor=town.worker, at=at)
    with pytest.raises(policy.WorkforceRefused, match="原因"):
        mark_promise(row=row, mark=policy.PromiseMark.BROKEN, remark=" ", actor=town.community_desk, at=at)  # fmt: skip # noqa: E501
    desk = sign_in(Client(), town.community_desk)
    desk.post(reverse("mark_promise", args=[row.pk]), {"mark": "PARTLY", "remark": "有三户没走到"})
    page = Client().get(team).content.decode()
    assert "部分兑现" in page
    assert "有三户没走到" in page
    assert AccountEntry.objects.filter(name="mark_promise").count() == 1
    pdf, _team = print_board(grid=grid, kind=policy.BoardKind.PROMISES, site=SITE, actor=town.community_desk, at=at)  # fmt: skip # noqa: E501
    assert pages(pdf) == 1
    end_promise(row=row, actor=town.worker, at=at)
    assert "每月走访一遍" not in Client().get(team).content.decode()


def test_a_worker_sends_a_photo_and_the_public_sees_it_while_they_work(town, at, grid):
    path = settings.MEDIA_ROOT / town.picture("blue").file
    client = sign_in(Client(), town.worker)
    upload = SimpleUploadedFile("me.jpg", path.read_bytes(), "image/jpeg")
    sent = client.post(reverse("disclosure"), {"photo": upload, "duties": "走访"})
    assert sent.status_code == 302
    row = Disclosure.objects.get(person=town.worker)
    assert named_by_rows([row.photo, "2026/01/01/none.jpg"]) == {row.photo}
    photo = reverse("team_photo", args=[town.worker.pk])
    answer = Client().get(photo)
    assert b"".join(answer.streaming_content)
    town.worker.posts.update(
        until=timezone.localdate(), since=timezone.localdate() - timedelta(days=9)
    )
    assert Client().get(photo).status_code == 404


def test_a_card_holds_five_promises_and_no_more(town, at):
    for n in range(policy.MOST_PROMISES):
        promise(text=f"第 {n} 句", actor=town.worker, at=at)
    with pytest.raises(Refusal, match="5"):
        promise(text="第六句", actor=town.worker, at=at)
