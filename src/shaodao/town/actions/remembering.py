"""Writing the town's past in bulk: the rows a history put down, its pictures, its rounds."""

import os
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from numpy.random import Generator

from shaodao.cases.actions import plan as plan_rounds
from shaodao.cases.models import Case, Outcome, Patrol
from shaodao.cores.geodesy import LonLat
from shaodao.cores.wording import N_
from shaodao.kit.images import Picture, thumb_of
from shaodao.notices.actions import Words, post, prefer
from shaodao.people.models import Post, User
from shaodao.people.policy import Role
from shaodao.people.queries import parameter
from shaodao.places.models import Grid
from shaodao.town.history import Pen, World, live
from shaodao.town.history.pen import ORDER
from shaodao.town.history.stories import tell_of_the_lit_road
from shaodao.town.scenes import SCENES, pictures, small_of
from shaodao.town.supervising import register_sites, supervise_some

from .copying import copy, reserve

SEED = 4_711
VARIANTS = 2  # of each scene
WEEKS_OF_ROUNDS = 5
LIT_DAYS_AGO = 63


def remember(*, at: datetime, lit_road: list[LonLat]) -> dict[str, int]:
    """Write what happened up to `at` and return how many rows of each there are."""
    rng = np.random.default_rng(SEED)
    world = World.read()
    pen = Pen(reserve, _Album().photograph, rng)
    pen.numbers.extend(_report_numbers(4_000))
    lit_at = timezone.localtime(at - timedelta(days=LIT_DAYS_AGO)).replace(hour=8, minute=12)
    tell_of_the_lit_road(world, pen, rng, road=lit_road, at=lit_at, now=at)
    live(world, pen, now=at, rng=rng)
    _write(pen)
    written = {model._meta.model_name: len(pen.rows[model]) for model in ORDER}
    written["supervision"] = supervise_some(at=at)
    written["site"] = register_sites(at=at)
    written["patrol"] = _walk_rounds(world, rng, at=at)
    written["notice"] = _fill_mailboxes(at=at)
    return written


def _report_numbers(n: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('report_number') FROM generate_series(1, %s)", [n])
        return [number for (number,) in cursor.fetchall()]


def _write(pen: Pen) -> None:
    for case in pen.rows[Case]:
        case.search = pen.words[case.pk]
    for model in ORDER:
        copy(model, pen.rows[model])
    through = Outcome.compounds.through
    pairs = [(outcome, place) for outcome, places in pen.compounds.items() for place in places]
    copy(through, [through(outcome_id=outcome, compound_id=place) for outcome, place in pairs])


# ---- pictures ------------------------------------------------------------------------------------


class _Album:
    """Draws each picture once and files it under as many names as cases show it.

    A name is a link to the same bytes: what one case lets go of stays for the others.
    """

    def __init__(self) -> None:
        self.first: dict[tuple[str, int, bool], str] = {}
        self.pairs: dict[tuple[str, int], tuple[bytes, bytes]] = {}
        self.folders: set[date] = set()

    def photograph(self, scene: str, variant: int, is_after: bool, on: date) -> Picture:  # noqa: FBT001
        name = f"{on:%Y/%m/%d}/{secrets.token_hex(16)}.jpg"
        if on not in self.folders:
            (settings.MEDIA_ROOT / f"{on:%Y/%m/%d}").mkdir(parents=True, exist_ok=True)
            self.folders.add(on)
        known = self.first.get((scene, variant, is_after))
        if known is None:
            self._draw(scene, variant, is_after, name)
        else:
            for of in (str, thumb_of):
                os.link(settings.MEDIA_ROOT / of(known), settings.MEDIA_ROOT / of(name))
        return Picture(name, 800, 600)

    def _draw(self, scene: str, variant: int, is_after: bool, name: str) -> None:  # noqa: FBT001
        seed = 100 * variant + sorted(SCENES).index(scene)
        if (scene, variant) not in self.pairs:
            self.pairs[scene, variant] = pictures(scene, np.random.default_rng(seed))
        drawn = self.pairs[scene, variant][int(is_after)]
        (settings.MEDIA_ROOT / name).write_bytes(drawn)
        (settings.MEDIA_ROOT / thumb_of(name)).write_bytes(small_of(drawn))
        self.first[scene, variant, is_after] = name


# ---- rounds and mailboxes ------------------------------------------------------------------------


def _walk_rounds(world: World, rng: Generator, *, at: datetime) -> int:
    """Plan this week's rounds, and write down those of the weeks before as they were walked."""
    today = timezone.localdate(at)
    monday = today - timedelta(days=today.weekday())
    plan_rounds(at=at)
    subjects = parameter("patrol_subjects", on=today).split("、")
    grids = dict(Grid.objects.values_list("unit", "pk"))
    posts = list(Post.objects.filter(role=Role.GRID_WORKER).values_list("user", "unit"))
    rows = [
        _round(grids[unit], user, monday - timedelta(weeks=back), subject, rng)
        for back in range(1, WEEKS_OF_ROUNDS)
        for user, unit in posts
        for subject in subjects
    ]
    copy(Patrol, rows)
    walked = max((at - _midnight(monday)) / timedelta(days=7), 0.0)
    this_week = list(Patrol.objects.filter(week=monday))
    for row in this_week:
        if rng.random() < walked * 0.9:
            row.done_at = _midnight(monday) + (at - _midnight(monday)) * float(rng.uniform(0.1, 1))
            row.n_found = int(rng.poisson(0.4))
    Patrol.objects.bulk_update(this_week, ["done_at", "n_found"], batch_size=500)
    return len(rows) + len(this_week)


def _round(grid: int, worker: int, week: date, subject: str, rng: Generator) -> Patrol:
    row = Patrol(grid_id=grid, worker_id=worker, week=week, subject=subject)
    if rng.random() < 0.94:
        row.done_at = _midnight(week) + timedelta(days=float(rng.uniform(0.35, 4.7)))
        row.n_found = int(rng.poisson(0.5))
    return row


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


_TOLD: dict[str, Callable[[Case], tuple[str, ...]]] = {
    "RECEIVED": lambda _: (Role.INTAKE, Role.DISPATCHER),
    "FILED": lambda _: (Role.DISPATCHER,),
    "DISPATCHED": lambda _: (Role.HANDLER, Role.GRID_WORKER),
    "HANDLED": lambda _: (Role.VERIFIER,),
}
_NEWS = {
    "RECEIVED": N_("新诉求待受理"),
    "FILED": N_("待派遣"),
    "DISPATCHED": N_("派给您单位，请接单"),
    "HANDLED": N_("已反馈，请核查"),
}


# Who hears by more than the mailbox, so that the sample town has messages of every channel.
_HEARD = {
    "street.desk": ("EMAIL", "SMS"),
    "county.dispatcher": ("EMAIL", "WECOM"),
    "water.company": ("DINGTALK",),
    "lighting.bureau": ("DINGTALK", "SMS"),
    "township.desk": ("FEISHU",),
    "worker": ("WECOM",),
}


def _choose_channels() -> None:
    users = {user.username: user for user in User.objects.filter(username__in=_HEARD)}
    for username, ways in _HEARD.items():
        if (user := users.get(username)) is not None:
            User.objects.filter(pk=user.pk).update(email=f"{username}@county.invalid")
            prefer(user=user, choices={"ORDER": ways, "LIMIT": ways[:1]}, language="")


def _fill_mailboxes(*, at: datetime) -> int:
    """Tell whoever a fresh case waits for, in their mailbox and as they chose."""
    n = 0
    _choose_channels()
    fresh = Case.objects.open().filter(
        received_at__gte=at - timedelta(days=3), status__in=list(_TOLD)
    )
    for case in fresh.select_related("holder"):
        people = [case.holder_person_id] if case.holder_person_id else []
        if not people:
            posts = Post.objects.in_force().filter(
                unit=case.holder_id, role__in=_TOLD[case.status](case)
            )
            people = list(posts.values_list("user", flat=True).distinct())
        key, link = f"case:{case.pk}:{case.n_entries}", reverse("case", args=[case.pk])
        facts = {"number": case.number, "title": case.title, "step": _NEWS[case.status]}
        told = [(f"{key}:{user}", user, "", Words("case_step", facts), link) for user in people]
        post(told, about=key, at=at, unit_id=case.area_id)
        n += len(people)
    return n
