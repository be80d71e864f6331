"""Drafts: asked for, computed by the queue, gone on with after a stop, given up."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.cores.districting import Stopped, ready
from shaodao.cores.wording import N_
from shaodao.drawing import policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries import computing
from shaodao.drawing.queries.ground import (
    GRID,
    contacts_of,
    formula_of,
    hands_of,
    homes_in,
    rules_of,
    walls_in,
)
from shaodao.kit.wording import say
from shaodao.people.models import Unit, User
from shaodao.workforce.queries.roster import wishes_in

from .checking import check_actor, write_down

ABANDONED = timedelta(minutes=5)  # without a sign of life: the worker was stopped, go on
SEED = 20  # any number will do; the same gives the same lists


@transaction.atomic
def begin(
    *,
    community: Unit,
    kind: policy.Kind,
    within: policy.Within,
    setting: str,
    barriers: list[str],
    seed: int = SEED,
    actor: User,
    at: datetime,
) -> Drawing:
    """Ask for a draft of a village's lists; the queue computes it.

    :raises DrawingRefused: the actor may not, nobody lives there, or too many do.
    """
    check_actor(actor, community)
    n = len(homes_in(community))
    if not n:
        raise policy.DrawingRefused(N_("{where}没有住户，无从划分"), where=community.short_name)
    if n > policy.MOST_HOMES:
        most = policy.MOST_HOMES
        raise policy.DrawingRefused(N_("一次最多划 {most} 户，请先分成几个村（社区）"), most=most)
    rules = {
        **rules_of(community, on=timezone.localdate(at)),
        "within": within.value,
        "setting": setting,
        "seed": seed,
        "barriers": [name for name in barriers if name in policy.BARRIERS],
        "step": "draw",
    }
    row = Drawing.objects.create(
        community=community, kind=kind.value, status=policy.Status.WAITING.value, made_by=actor,
        made_at=at, touched_at=at, rules=rules, n_all=n * len(policy.SHARES),
    )  # fmt: skip
    write_down(row, "draw_lists", actor=actor, at=at, kind=kind.value, setting=setting, seed=seed)
    compute_drawing.defer(drawing=row.pk)
    return row


@app.task(queue="drawings")
def compute_drawing(drawing: int) -> None:
    """Compute what was asked of a draft."""
    compute(drawing=drawing, at=timezone.now(), clock=timezone.now)


def compute(*, drawing: int, at: datetime, clock: Callable[[], datetime] | None = None) -> None:
    """Compute what was asked of a draft: lists, order, or grids; the same again gives the same.

    clock : tells the time while it goes on, for the sign of life; by default it stands still
    """
    with transaction.atomic():
        rows = Drawing.objects.select_for_update(of=["self"]).select_related("community")
        row = rows.get(pk=drawing)
        if row.status not in policy.RUNNING:
            return
        row.status, row.touched_at, row.n_done = policy.Status.AT_WORK.value, at, 0
        row.message = N_("首次使用要先准备计算程序，约一分钟")
        row.save(update_fields=["status", "touched_at", "n_done", "message"])
    ready()
    Drawing.objects.filter(pk=drawing).update(message="")
    pulse = _Pulse(drawing, clock or (lambda: at))
    try:
        found = _STEPS[row.rules["step"]](row, pulse, timezone.localdate(at))
    except Stopped:
        return
    except policy.DrawingRefused as refusal:
        found = {"status": policy.Status.FAILED.value, "message": say(refusal)[:300]}
    except Exception:
        # Tried again it would fail again, for ever; the log has what it was.
        Drawing.objects.filter(pk=drawing, status=policy.Status.AT_WORK.value).update(
            status=policy.Status.FAILED.value, message=N_("计算时出了差错，请告诉管理员")
        )
        raise
    with transaction.atomic():
        row = Drawing.objects.select_for_update(of=["self"]).get(pk=drawing)
        if row.status != policy.Status.AT_WORK:
            return
        found = {"status": policy.Status.DRAFT.value, "message": "", **found}
        for name, value in found.items():
            setattr(row, name, value)
        row.save(update_fields=list(found))


class _Pulse:
    """Says how far a job is, and hears once a second whether somebody gave it up."""

    def __init__(self, pk: int, clock: Callable[[], datetime]):
        self.pk, self.clock, self.n_done = pk, clock, 0
        self.last = clock()

    def step(self, n: int) -> None:
        self.n_done += n
        self._beat()

    def cancelled(self) -> bool:
        if self.clock() - self.last < timedelta(seconds=1):
            return False
        return self._beat()

    def _beat(self) -> bool:
        self.last = self.clock()
        at_work = Drawing.objects.filter(pk=self.pk, status=policy.Status.AT_WORK.value)
        return not at_work.update(n_done=self.n_done, touched_at=self.last)


def _work(row: Drawing, homes: list[list], walls: list, pulse: _Pulse, on) -> computing.Work:
    hands = hands_of(row.community, on=on)
    return computing.Work(homes, row.rules, walls, hands, pulse.step, pulse.cancelled)


def _draw(row: Drawing, pulse: _Pulse, on) -> dict:
    homes = homes_in(row.community)
    if not homes:
        raise policy.DrawingRefused(N_("{where}没有住户，无从划分"), where=row.community.short_name)
    was = contacts_of(homes)
    work = _work(row, homes, walls_in(homes, row.rules["barriers"]), pulse, on)
    pins: dict = {"lists": [], "homes": []}
    if row.kind == policy.Kind.FRESH:
        made = computing.draw_afresh(work)
    elif row.kind == policy.Kind.BY_HAND:
        made = computing.as_they_stand(work, _labels(homes, was, row.rules, set()))
    else:
        wishes = wishes_in(row.community, on=on)
        pins["homes"] = [i for i, home in enumerate(homes) if home[0] in wishes and was[i]]
        held = np.isin(np.arange(len(homes)), pins["homes"])
        gone = _given_up(homes, was, work)
        labels = _labels(homes, was, row.rules, gone)
        made = computing.mend(work, labels, held & (np.array(labels) >= 0))
    if not made:
        raise Stopped
    return _kept(row, work, made, was, pins)


def _kept(row: Drawing, work: computing.Work, made: dict, was: list, pins: dict) -> dict:
    """Return the columns of a draft that was computed."""
    points = computing.points_of(work, made["lots"])
    lot = points[0]["lot"]
    ground = {
        "homes": work.homes,
        "edges": work.edges.tolist(),
        "walls": work.walls,
        "colours": computing.colours_of(work.edges, lot, work.xs, work.ys),
    }
    return {
        "ground": ground,
        "was": was,
        "found": {
            "points": points,
            "bounds": made["bounds"],
            "faults": made["faults"],
            "is_proven": made.get("is_proven", False),  # no lists are more compact than the first
        },
        "lot": lot,
        "workers": computing.give(work, lot, was),
        "pins": pins,
        "steps": [],
        "grids": {},
    }


def _labels(homes: list[list], was: list, rules: dict, gone: set) -> list[int]:
    """Return a number for the list each household is in, -1 for none: by worker and grid."""
    by_grid = rules["within"] == policy.Within.GRID
    names: dict[tuple, int] = {}
    labels = []
    for home, worker in zip(homes, was, strict=True):
        key = (home[GRID] if by_grid else 0, worker)
        is_none = worker is None or key in gone
        labels.append(-1 if is_none else names.setdefault(key, len(names)))
    return labels


def _given_up(homes: list[list], was: list, work: computing.Work) -> set[tuple]:
    """Return the lists that end because their worker left: those no free worker takes over."""
    by_grid = work.rules["within"] == policy.Within.GRID
    sizes: dict[tuple, int] = {}
    grids: dict[int, set[int]] = {}
    for home, worker in zip(homes, was, strict=True):
        label = home[GRID] if by_grid else 0
        grids.setdefault(label, set()).add(home[GRID])
        if worker is not None:
            sizes[label, worker] = sizes.get((label, worker), 0) + 1
    taken = frozenset(worker for _, worker in sizes)
    gone = [key for key in sizes if key[1] not in work.hands.people]
    ended = set()
    for label, own in grids.items():
        free = len(work.hands.free_in(sorted(own), taken))
        left = sorted((key for key in gone if key[0] == label), key=lambda key: -sizes[key])
        ended |= set(left[free:])
    return ended


def _put_in_order(row: Drawing, pulse: _Pulse, on) -> dict:
    work = _work(row, row.ground["homes"], row.ground["walls"], pulse, on)
    held = np.isin(row.lot, row.pins.get("lists", []))
    held[row.pins.get("homes", [])] = True
    made = computing.mend(work, row.lot, held, freely=True)
    if not made:
        raise Stopped
    old = row.lot
    found = _kept(row, work, made, row.was, {"lists": [], "homes": row.pins.get("homes", [])})
    kept = {new for a, new in zip(old, found["lot"], strict=True) if a in row.pins.get("lists", [])}
    found["pins"]["lists"] = sorted(kept)
    return found


def _group(row: Drawing, pulse: _Pulse, on) -> dict:
    work = _work(row, row.ground["homes"], row.ground["walls"], pulse, on)
    try:
        grids = computing.group(work, row.lot, row.rules["households"])
    except ValueError:
        message = say(policy.DrawingRefused(N_("网格太大：一个网格最多 40 份名单")))
        return {"grids": {}, "message": message}
    return {"grids": {**grids, "formula": formula_of(row.community, on=on)}}


_STEPS = {"draw": _draw, "order": _put_in_order, "group": _group}


@transaction.atomic
def drop(*, drawing: Drawing, actor: User, at: datetime) -> Drawing:
    """Give a draft up, while it is computed or later; its computation stops, its lists are gone.

    :raises DrawingRefused: the actor may not, or it has ended.
    """
    rows = Drawing.objects.select_for_update(of=["self"]).select_related("community")
    row = rows.get(pk=drawing.pk)
    check_actor(actor, row.community)
    if row.status not in policy.OPEN:
        raise policy.DrawingRefused(N_("这份草稿已经结束，不能再改"))
    row.status, row.ended_at = policy.Status.DROPPED.value, at
    row.ground, row.found, row.was, row.lot, row.steps, row.grids = {}, {}, [], [], [], {}
    row.save()
    write_down(row, "drop_drawing", actor=actor, at=at)
    return row


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="drawing.resume_drawings", queue="sweeps")
def resume_drawings(timestamp: int = 0) -> None:
    """Go on with drafts whose worker was stopped in the middle."""
    resume(at=timezone.now())


def resume(*, at: datetime) -> int:
    """Give drafts without a sign of life back to the queue; return how many."""
    still = Drawing.objects.filter(
        status=policy.Status.AT_WORK.value, touched_at__lt=at - ABANDONED
    )
    n = 0
    for pk in list(still.values_list("pk", flat=True)):
        # One process takes it: the others find it touched.
        if still.filter(pk=pk).update(touched_at=at):
            compute_drawing.defer(drawing=pk)
            n += 1
    return n
