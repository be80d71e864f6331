"""Cards set for the printer in bulk, by the queue; boards as they are asked for."""

import secrets
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from shaodao.kit.pdf import NoFont
from shaodao.kit.wording import say
from shaodao.people.actions import record
from shaodao.people.models import Unit, User
from shaodao.places.models import Grid
from shaodao.workforce import policy
from shaodao.workforce.models import Batch, Board, Card
from shaodao.workforce.queries.cards import Door, Team, doors_of, team_of
from shaodao.workforce.sheets import board_sheet, card_sheet

from .rostering import check_actor

FOLDER = "cards"  # below MEDIA_ROOT
KEPT_FOR = timedelta(days=7)  # a set file; cards can be set again at any time


@transaction.atomic
def ask_cards(
    *, unit: Unit, paper: policy.Paper, only_due: bool, site: str, actor: User, at: datetime
) -> Batch:
    """Have the cards of an area set for the printer; the queue does it.

    :raises WorkforceRefused: if the actor may not.
    """
    check_actor("print_cards", actor=actor, unit=unit)
    row = Batch.objects.create(
        unit=unit, paper=paper.value, only_due=only_due, status=policy.BatchStatus.WAITING.value,
        asked_at=at, asked_by=actor, site=site,
    )  # fmt: skip
    facts = {"batch": row.pk, "paper": paper.value}
    record(subject=f"unit:{unit.pk}", name="ask_cards", actor=actor, at=at, facts=facts, unit=unit)
    set_cards.defer(batch=row.pk)
    return row


@app.task(queue="sheets")
def set_cards(batch: int) -> None:
    """Set a batch that was asked for; a fault is written down on it."""
    set_batch(
        batch=Batch.objects.select_related("unit", "asked_by").get(pk=batch), at=timezone.now()
    )


def set_batch(*, batch: Batch, at: datetime) -> Batch:
    """Set the cards of a batch in one run, and write down which cards hang now.

    Doors whose worker's card is incomplete are held back and counted, never printed. Done twice, it
    sets the same doors again and issues nothing twice.
    """
    began = time.perf_counter()
    today = timezone.localdate(at)
    doors = [door for door in doors_of(batch.unit, on=today) if door.is_due or not batch.only_due]
    ready = [door for door in doors if door.face.is_complete]
    _save(
        batch,
        status=policy.BatchStatus.SETTING.value,
        n_doors=len(ready),
        n_held_back=len(doors) - len(ready),
    )
    name = ""
    if ready:
        try:
            made = card_sheet(
                ready, paper=policy.Paper(batch.paper), site=batch.site, on=today,
                told=lambda n: _save(batch, n_done=min(n, len(ready) - 1)),
            )  # fmt: skip
            name = _write(made)
        except NoFont as fault:
            return _save(batch, status=policy.BatchStatus.FAILED.value, fault=say(fault))
    with transaction.atomic():
        _issue(ready, batch, at=at)
        seconds = round(time.perf_counter() - began, 2)
        return _save(
            batch,
            status=policy.BatchStatus.READY.value,
            n_done=len(ready),
            file=name,
            seconds=seconds,
        )


def _save(batch: Batch, **values) -> Batch:
    for name, value in values.items():
        setattr(batch, name, value)
    batch.save(update_fields=list(values))
    return batch


def _write(pdf: bytes) -> str:
    folder = settings.MEDIA_ROOT / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{FOLDER}/{secrets.token_hex(16)}.pdf"
    (settings.MEDIA_ROOT / name).write_bytes(pdf)
    return name


def _issue(doors: list[Door], batch: Batch, *, at: datetime) -> None:
    """Write down the cards that are new; those they take the place of end today."""
    new, today = [door for door in doors if door.is_due], timezone.localdate(at)
    homes = [door.household_id for door in new]
    standing = Card.objects.standing().filter(household__in=homes)
    list(standing.select_for_update().order_by("pk"))
    n_replaced = standing.update(replaced_on=today)
    Card.objects.bulk_create(
        [
            Card(
                household_id=door.household_id,
                worker=door.face.person,
                digest=door.digest,
                issued_on=today,
            )
            for door in new
        ],
        batch_size=1000,
    )
    facts = {"batch": batch.pk, "n": len(new), "replaced": n_replaced}
    record(
        subject=f"unit:{batch.unit_id}",
        name="issue_cards",
        actor=batch.asked_by,
        at=at,
        facts=facts,
        unit=batch.unit,
    )


@transaction.atomic
def print_board(
    *, grid: Grid, kind: policy.BoardKind, site: str, actor: User, at: datetime
) -> tuple[bytes, Team]:
    """Return a grid's board as PDF, and write down what it said, so that a stale one is noticed.

    :raises WorkforceRefused: if the actor may not.
    :raises shaodao.kit.pdf.NoFont: if there is no Chinese font.
    """
    check_actor("print_cards", actor=actor, unit=grid.unit)
    team = team_of(grid, on=timezone.localdate(at))
    made = board_sheet(team, kind=kind, site=site, on=timezone.localdate(at))
    Board.objects.update_or_create(
        grid=grid, kind=kind.value, defaults={"digest": team.digest(), "printed_at": at}
    )
    facts = {"grid": grid.code, "kind": kind.value}
    record(
        subject=f"unit:{grid.unit_id}",
        name="print_board",
        actor=actor,
        at=at,
        facts=facts,
        unit=grid.unit,
    )
    return made, team


@app.periodic(cron="50 3 * * *")
@app.task(queueing_lock="workforce.tidy_batches", queue="sweeps")
def tidy_batches(timestamp: int = 0) -> None:
    """Delete set files that are a week old."""
    tidy(at=timezone.now())


def tidy(*, at: datetime) -> int:
    """Delete the files of batches older than a week; return how many."""
    old = list(Batch.objects.filter(asked_at__lt=at - KEPT_FOR).exclude(file=""))
    for batch in old:
        (settings.MEDIA_ROOT / batch.file).unlink(missing_ok=True)
        _save(batch, file="")
    return len(old)
