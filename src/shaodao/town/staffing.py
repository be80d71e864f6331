"""The sample town's workforce: posts held, portraits, promises, a public notice, a period."""

import secrets
from datetime import date, datetime, timedelta

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.random import Generator
from PIL import Image, ImageDraw

from shaodao.kit.images import thumb_of
from shaodao.people.models import Post, Unit, User
from shaodao.people.policy import Level, Role
from shaodao.places.models import Building, Grid
from shaodao.workforce.models import (
    Candidate,
    Card,
    Comment,
    Disclosure,
    Excuse,
    Holding,
    Home,
    Mark,
    Period,
    Promise,
    Score,
    Selection,
)
from shaodao.workforce.queries.appraisal import standings
from shaodao.workforce.queries.candidates import ranking_of
from shaodao.workforce.queries.cards import doors_of
from shaodao.workforce.queries.charges import charges_on

SEED = 9_204
COMPLETE = 0.85  # share of workers whose card lacks nothing
_PROMISES = (
    "有事随叫随到，当天回话",
    "每月走访联系户一遍",
    "政策通知当天送到",
    "看到隐患马上报、盯到底",
    "老人办事我来跑",
    "邻里有疙瘩先上门",
)
_DUTIES = (
    "政策宣传、走访联系户、巡查隐患、代办小事",
    "收集诉求、调解纠纷、环境卫生巡查、上门服务",
)
_SAID = ("走访时老人都认得他", "防汛时守了三个晚上", "邻里纠纷常请他去说和", "退休后一直帮村里记账")
_OFFICE = "在社区值班办公，不分联系户"


def staff(*, at: datetime) -> dict[str, int]:
    """Write the workforce of the town as it stands and return how many rows of each there are."""
    rng, today = np.random.default_rng(SEED), timezone.localdate(at)
    grids = list(Grid.objects.select_related("unit__parent").defer("boundary").order_by("code"))
    posts: dict[int, list[Post]] = {}
    rows = Post.objects.in_force().filter(role=Role.GRID_WORKER).select_related("user")
    for post in rows.order_by("unit__path", "-is_head", "pk"):
        posts.setdefault(post.unit_id, []).append(post)
    written = {
        "holdings": _hold(grids, posts, rng, at=at),
        "disclosures": _disclose(posts, rng, at=at),
        "excuses": _excuse(today),
        "homes": _house(grids, posts, rng),
    }
    written["selections"] = _choose(grids, posts, at=at)
    written["cards"] = _hang(today)
    written["scores"] = _appraise(today, at=at)
    return written


def _hold(grids: list[Grid], posts, rng: Generator, *, at: datetime) -> int:
    """Let the workers of each grid hold some of its six posts; a few claims wait for the desk."""
    found = []
    codes = [charge.code for charge in charges_on(timezone.localdate(at), [])]
    for grid in grids:
        workers = [post.user_id for post in posts.get(grid.unit_id, [])]
        slots = [worker for worker in workers for _ in range(2)]
        for code, worker in zip(codes, slots, strict=False):
            draw = rng.random()
            status = "PUBLISHED" if draw < 0.86 else "CONFIRMED" if draw < 0.9 else "CLAIMED"
            if draw < 0.95:
                found.append(_holding(grid, code, worker, status, rng, at=at))
    return len(Holding.objects.bulk_create(found))


def _holding(grid, code, worker, status, rng, *, at: datetime) -> Holding:
    claimed_at = at - timedelta(days=int(rng.integers(3, 200)))
    row = Holding(
        grid=grid, charge_code=code, person_id=worker, status=status, claimed_at=claimed_at
    )
    if status != "CLAIMED":
        row.decided_at = claimed_at + timedelta(days=1)
    return row


# ---- portraits: drawn, of nobody ----------------------------------------------------------------

_SHIRTS = ("#35648f", "#47724b", "#8a4a3c", "#5b5590", "#2f7a7a", "#7d6a2f")
_HAIR = ("#1d1a18", "#2e2622", "#4a423c", "#6f6a66")
_SKIN = ("#e8c4a0", "#dcb38d", "#f0cfae")


def portrait(rng: Generator) -> Image.Image:
    """Draw the head and shoulders of nobody in particular."""
    image = Image.new("RGB", (360, 480), "#c9dbe6")
    pen = ImageDraw.Draw(image)
    shirt, hair, skin = (str(rng.choice(colours)) for colours in (_SHIRTS, _HAIR, _SKIN))
    pen.ellipse((20, 330, 340, 640), fill=shirt)
    pen.rectangle((150, 270, 210, 350), fill=skin)
    pen.ellipse((98, 92, 262, 300), fill=hair)
    pen.ellipse((110, 120, 250, 305), fill=skin)
    pen.pieslice((98, 84, 262, 260), 180, 360, fill=hair)
    for x in (148, 212):
        pen.ellipse((x - 7, 200, x + 7, 214), fill="#2b211c")
    pen.arc((150, 220, 210, 268), 20, 160, fill="#9a5a48", width=4)
    pen.polygon([(150, 345), (180, 385), (210, 345)], fill="white")
    return image


def _portraits(rng: Generator, on: date, n: int = 12) -> list[str]:
    folder = f"{on:%Y/%m/%d}"
    (settings.MEDIA_ROOT / folder).mkdir(parents=True, exist_ok=True)
    names = []
    for _ in range(n):
        name = f"{folder}/{secrets.token_hex(16)}.jpg"
        drawn = portrait(rng)
        drawn.save(settings.MEDIA_ROOT / name, "JPEG", quality=82)
        drawn.save(settings.MEDIA_ROOT / thumb_of(name), "JPEG", quality=76)
        names.append(name)
    return names


def _disclose(posts, rng: Generator, *, at: datetime) -> int:
    photos = _portraits(rng, timezone.localdate(at))
    shown, promised, seen = [], [], set()
    for workers in posts.values():
        for post in workers:
            if post.user_id in seen:
                continue
            seen.add(post.user_id)
            photo = str(rng.choice(photos)) if rng.random() < COMPLETE or post.is_head else ""
            duties = str(rng.choice(_DUTIES))
            shown.append(
                Disclosure(person_id=post.user_id, photo=photo, duties=duties, updated_at=at)
            )
            said = rng.choice(_PROMISES, size=int(rng.integers(2, 4)), replace=False)
            promised += [_promise(post.user_id, str(text), rng, at=at) for text in said]
    Disclosure.objects.bulk_create(shown)
    Promise.objects.bulk_create(promised)
    return len(shown)


def _promise(person: int, text: str, rng: Generator, *, at: datetime) -> Promise:
    today = timezone.localdate(at)
    row = Promise(
        person_id=person, text=text, made_on=today - timedelta(days=int(rng.integers(30, 200)))
    )
    draw = rng.random()
    if draw < 0.5:
        row.mark, row.marked_on = ("KEPT" if draw < 0.4 else "PARTLY"), today - timedelta(days=9)
        row.remark = "" if row.mark == "KEPT" else "这个月有几户没走到"
    return row


def _excuse(today: date) -> int:
    posts = Post.objects.in_force().filter(unit__level=Level.COMMUNITY, unit__kind="AREA")
    people = dict(posts.values_list("user", "unit"))
    given = User.objects.filter(username="chief").first()
    rows = [
        Excuse(
            person_id=person,
            unit_id=unit,
            why=_OFFICE,
            since=today - timedelta(days=90),
            given_by=given,
        )
        for person, unit in people.items()
    ]
    return len(Excuse.objects.bulk_create(rows)) if given else 0


def _house(grids: list[Grid], posts, rng: Generator) -> int:
    by_grid: dict[int, list[int]] = {}
    for pk, grid in Building.objects.order_by("pk").values_list("pk", "grid"):
        by_grid.setdefault(grid, []).append(pk)
    homes: dict[int, int] = {}
    for grid in grids:
        for post in posts.get(grid.unit_id, []):
            if buildings := by_grid.get(grid.pk):
                homes.setdefault(post.user_id, int(rng.choice(buildings)))
    rows = [Home(person_id=person, building_id=building) for person, building in homes.items()]
    return len(Home.objects.bulk_create(rows))


def _choose(grids: list[Grid], posts, *, at: datetime) -> int:
    """Put one grid's candidates on public notice, with a comment answered and one waiting."""
    today, desk = timezone.localdate(at), User.objects.filter(username="community.desk").first()
    own = [grid for grid in grids if grid.code.startswith("360702001001")]
    if desk is None or len(own) < 2:
        return 0
    grid, beside = own[1], own[0]
    row = Selection.objects.create(
        grid=grid, status="OPEN", opened_at=at - timedelta(days=4), opened_by=desk
    )
    people = [post.user for post in posts.get(beside.unit_id, [])[:2]]
    for n, person in enumerate([*people, desk]):
        candidate = Candidate.objects.create(selection=row, person=person)
        for k, code in enumerate(("DEVOTION", "ROOTS", "COURAGE")):
            said = _SAID[(n + k) % len(_SAID)]
            Mark.objects.create(
                candidate=candidate, code=code, mark=9 - n - k % 2, said=said, given_by=desk
            )
    for one in ranking_of(row, on=today):
        one.candidate.published = [line._asdict() for line in one.lines]
        one.candidate.save(update_fields=["published"])
    row.status, row.notice_from = "NOTICE", today - timedelta(days=2)
    row.notice_until = today + timedelta(days=3)
    row.save()
    Comment.objects.create(
        selection=row, text="他白天要上班，叫得到人吗？", at=at - timedelta(days=1),
        answer="已与本人和单位商定，工作日午间和晚上在岗，紧急的事由网格长先到。",
        answered_at=at - timedelta(hours=5), answered_by=desk,
    )  # fmt: skip
    Comment.objects.create(selection=row, text="支持，人很热心。", at=at - timedelta(hours=2))
    return 1


def _hang(today: date) -> int:
    """Hang cards at the doors of the city's communities whose workers show all there is to show."""
    n = 0
    for unit in Unit.objects.filter(kind="AREA", level=Level.COMMUNITY, code__startswith="360702"):
        doors = [door for door in doors_of(unit, on=today) if door.face.is_complete]
        on = today - timedelta(days=60)
        rows = [
            Card(household_id=d.household_id, worker=d.face.person, digest=d.digest, issued_on=on)
            for d in doors[: len(doors) * 9 // 10]
        ]
        n += len(Card.objects.bulk_create(rows))
    return n


def _appraise(today: date, *, at: datetime) -> int:
    """Freeze the last three months of the city district and open the next ones."""
    county = Unit.objects.filter(code="360702").first()
    chief = User.objects.filter(username="chief").first()
    if county is None or chief is None:
        return 0
    first = today.replace(day=1)
    since = (first - timedelta(days=80)).replace(day=1)
    past = Period.objects.create(
        unit=county, name=f"{since:%Y年%m月}起的季度", since=since, until=first, opened_by=chief
    )
    Period.objects.create(
        unit=county, name=f"{first:%Y年%m月}起的季度", since=first,
        until=(first + timedelta(days=95)).replace(day=1), opened_by=chief,
    )  # fmt: skip
    found = standings(past, on=first)
    rows = [
        Score(
            period=past, worker=one.worker, unit=one.unit, total=one.total,
            lines=[line._asdict() for line in one.lines],
        )
        for one in found
    ]  # fmt: skip
    Score.objects.bulk_create(rows)
    past.frozen_at, past.frozen_by = at - timedelta(days=1), chief
    past.save(update_fields=["frozen_at", "frozen_by"])
    return len(rows)
