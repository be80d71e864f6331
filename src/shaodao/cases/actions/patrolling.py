"""Rounds: every worker has work of their own, whether or not anybody complains."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cases import policy
from shaodao.cases.models import Patrol
from shaodao.cores.wording import N_
from shaodao.people.models import Post
from shaodao.people.policy import Role
from shaodao.people.queries import parameter
from shaodao.places.models import Grid


@app.periodic(cron="5 0 * * *")
@app.task(queueing_lock="cases.plan_patrols", queue="sweeps")
def plan_patrols(timestamp: int = 0) -> None:
    """Give every grid worker this week's rounds."""
    plan(at=timezone.now())


@transaction.atomic
def plan(*, at: datetime) -> int:
    """Plan the week's rounds of every grid worker and return how many are new."""
    today = timezone.localdate(at)
    monday = today - timedelta(days=today.weekday())
    subjects = parameter("patrol_subjects", on=today).split("、")
    grids = dict(Grid.objects.filter(valid_to=None).values_list("unit", "pk"))
    posts = Post.objects.in_force().filter(role=Role.GRID_WORKER).values_list("user", "unit")
    rows = [
        Patrol(grid_id=grids[unit], worker_id=user, week=monday, subject=subject)
        for user, unit in posts
        if unit in grids
        for subject in subjects
    ]
    before = Patrol.objects.filter(week=monday).count()
    Patrol.objects.bulk_create(rows, ignore_conflicts=True)
    return Patrol.objects.filter(week=monday).count() - before


@transaction.atomic
def finish(*, patrol: Patrol, n_found: int, actor, at: datetime) -> Patrol:
    """Mark a round as walked; a second time changes nothing.

    :raises policy.MoveRefused: if it is somebody else's round.
    """
    row = Patrol.objects.select_for_update().get(pk=patrol.pk)
    if row.worker_id != actor.pk:
        raise policy.MoveRefused(N_("这是别人的巡查任务"))
    if row.done_at is None:
        row.done_at, row.n_found = at, n_found
        row.save()
    return row
