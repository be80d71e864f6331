"""A draft changed by hand: households moved, lists pinned, given, evened out; steps taken back."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.db import transaction
from django.utils import timezone

from shaodao.cores.wording import N_
from shaodao.drawing import policy
from shaodao.drawing.models import Drawing
from shaodao.drawing.queries.drafts import Sheet
from shaodao.drawing.queries.ground import GRID, hands_of
from shaodao.people.models import User

from .checking import locked
from .drafting import compute_drawing


def _moved(row: Drawing, lot: Sequence[int]) -> None:
    """Let a draft's lists be `lot`, and keep what was, to be taken back."""
    before = [[i, a] for i, (a, b) in enumerate(zip(row.lot, lot, strict=True)) if a != b]
    if before:
        row.steps = [*row.steps, before][-policy.MOST_STEPS :]
        row.lot = [int(a) for a in lot]
        row.save(update_fields=["steps", "lot"])


def _check_homes(row: Drawing, homes: Sequence[int]) -> None:
    if not homes:
        raise policy.DrawingRefused(N_("请先选中要划的户"))
    if not all(0 <= i < len(row.lot) for i in homes):
        raise policy.DrawingRefused(N_("没有这一户"))


def _check_list(row: Drawing, a: int) -> None:
    if not 0 <= a < len(row.workers):
        raise policy.DrawingRefused(N_("没有这份名单"))


@transaction.atomic
def move_homes(*, drawing: Drawing, homes: Sequence[int], to: int, actor: User) -> Drawing:
    """Move households of a draft to another list.

    homes, to : indices of the draft

    :raises DrawingRefused: the actor may not, the draft has ended, or the move breaks a list.
    """
    row = locked(drawing, actor)
    _check_homes(row, homes)
    _check_list(row, to)
    sheet = Sheet(row)
    told = sheet.effect(homes, to)
    if told.refusal is not None:
        raise told.refusal
    lot = sheet.lot.copy()
    lot[list(homes)] = to
    _moved(row, lot.tolist())
    return row


@transaction.atomic
def undo(*, drawing: Drawing, actor: User) -> Drawing:
    """Take the last change of a draft's lists back.

    :raises DrawingRefused: the actor may not, the draft has ended, or nothing was changed.
    """
    row = locked(drawing, actor)
    if not row.steps:
        raise policy.DrawingRefused(N_("没有可以退回的一步"))
    *row.steps, last = row.steps
    lot = list(row.lot)
    for i, a in last:
        lot[i] = a
    row.lot = lot
    row.save(update_fields=["steps", "lot"])
    return row


@transaction.atomic
def choose_evenness(*, drawing: Drawing, n: int, actor: User) -> Drawing:
    """Take the n-th stop of the slider: the lists that cost that share of compactness.

    :raises DrawingRefused: the actor may not, the draft has ended, or it would move what is pinned.
    """
    row = locked(drawing, actor)
    points = row.found["points"]
    if not 0 <= n < len(points):
        raise policy.DrawingRefused(N_("没有这一档"))
    lot = points[n]["lot"]
    held = Sheet(row).pinned
    if held.any() and (np.array(lot) != np.array(row.lot))[held].any():
        raise policy.DrawingRefused(N_("这一档会动到固定的户，请先取消固定"))
    _moved(row, lot)
    return row


@transaction.atomic
def pin_list(*, drawing: Drawing, a: int, actor: User) -> Drawing:
    """Pin a list, that nobody leaves it, or unpin it.

    :raises DrawingRefused: the actor may not, the draft has ended, or there is no such list.
    """
    row = locked(drawing, actor)
    _check_list(row, a)
    row.pins = {**row.pins, "lists": sorted({a} ^ set(row.pins.get("lists", [])))}
    row.save(update_fields=["pins"])
    return row


@transaction.atomic
def pin_homes(*, drawing: Drawing, homes: Sequence[int], actor: User) -> Drawing:
    """Pin households to their lists; those all pinned already are unpinned.

    :raises DrawingRefused: the actor may not, the draft has ended, or nothing is chosen.
    """
    row = locked(drawing, actor)
    _check_homes(row, homes)
    held = set(row.pins.get("homes", []))
    after = held - set(homes) if set(homes) <= held else held | set(homes)
    row.pins = {**row.pins, "homes": sorted(after)}
    row.save(update_fields=["pins"])
    return row


@transaction.atomic
def give_list(
    *, drawing: Drawing, a: int, worker: int | None, actor: User, at: datetime
) -> Drawing:
    """Give a list of a draft to a worker, or to nobody; whoever had it before takes theirs.

    worker : a user's id

    :raises DrawingRefused: the actor may not, or the worker does not work where the list lies.
    """
    row = locked(drawing, actor)
    _check_list(row, a)
    grids = {row.ground["homes"][i][GRID] for i, b in enumerate(row.lot) if b == a}
    hands = hands_of(row.community, on=timezone.localdate(at))
    if worker is not None and worker not in hands.free_in(sorted(grids), frozenset()):
        raise policy.DrawingRefused(N_("所选的人不是这份名单所在网格的网格员"))
    workers = list(row.workers)
    if worker is not None and worker in workers:
        workers[workers.index(worker)] = workers[a]
    workers[a] = worker
    row.workers = workers
    row.save(update_fields=["workers"])
    return row


@transaction.atomic
def put_in_order(*, drawing: Drawing, actor: User, at: datetime) -> Drawing:
    """Have the lists of a draft put in order again around what is pinned; the queue does it.

    :raises DrawingRefused: the actor may not, or the draft has ended.
    """
    row = locked(drawing, actor)
    return _asked(row, {"step": "order"}, at)


@transaction.atomic
def group_grids(*, drawing: Drawing, households: int, actor: User, at: datetime) -> Drawing:
    """Have grids of about so many households proposed from a draft's lists; the queue does it.

    :raises DrawingRefused: the actor may not, or the draft has ended.
    """
    row = locked(drawing, actor)
    return _asked(row, {"step": "group", "households": households}, at)


def _asked(row: Drawing, wanted: dict, at: datetime) -> Drawing:
    row.rules = {**row.rules, **wanted}
    row.status, row.touched_at, row.n_done = policy.Status.WAITING.value, at, 0
    row.save(update_fields=["rules", "status", "touched_at", "n_done"])
    compute_drawing.defer(drawing=row.pk)
    return row
