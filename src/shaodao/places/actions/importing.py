"""Bringing a workbook into a register: read into staging rows, looked at, written, taken back.

Nothing is written before somebody who saw every row's fate confirms. Reading, writing and taking
back are jobs; each goes on where it stood when the machine was stopped in the middle.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app
from psycopg.types.json import Jsonb

from shaodao.cores.wording import N_
from shaodao.kit.wording import say
from shaodao.people.actions import record
from shaodao.people.models import Unit, User, posts_of
from shaodao.people.queries import number
from shaodao.places.models import Import, ImportRow
from shaodao.places.policy import MAY, Datum, Fate, ImportStatus, PlaceRefused, check_may
from shaodao.places.registers.boundaries import BOUNDARIES, decide_boundaries
from shaodao.places.registers.columns import REGISTERS
from shaodao.places.registers.deciding import decide
from shaodao.places.registers.knowing import Known, Row, short_code
from shaodao.places.registers.reading import read_sheet

from .applying import apply_batch, bump_for
from .undoing import take_back

MOST_BYTES = 60_000_000
CHUNK = 10_000  # rows that are staged in one transaction
ABANDONED = timedelta(minutes=2)  # without a sign of life: the worker was stopped, go on
SHEETS = (".xlsx", ".xls", ".csv")
SHAPES = (".geojson", ".json", ".zip", ".gpkg")
FOLDER = "imports"


def may_of(register: str) -> str:
    """Return the name under which a register is kept (policy.MAY)."""
    return "draw_grid" if register == BOUNDARIES else REGISTERS[register].may


def keeps(user: User, register: str) -> Unit | None:
    """Return the widest unit for which a user keeps a register; None for none."""
    roles = MAY[may_of(register)][1]
    tops = [post.unit for post in posts_of(user) if post.role in roles]
    return min(tops, key=lambda unit: len(unit.path), default=None)


@transaction.atomic
def bring_in(
    *,
    register: str,
    file_name: str,
    content: Iterable[bytes],
    datum: Datum,
    actor: User,
    at: datetime,
) -> Import:
    """Take a file, to be read by the queue.

    :raises PlaceRefused: if the actor does not keep this register, or the file is of no kind known.
    """
    unit = keeps(actor, register)
    if unit is None:
        check_may(may_of(register), ())
    ending = Path(file_name).suffix.lower()
    kinds = SHAPES if register == BOUNDARIES else SHEETS
    if ending not in kinds:
        raise PlaceRefused(N_("请上传这几种文件：{kinds}"), kinds="、".join(kinds))
    name, digest = _kept(content, ending)
    batch = Import.objects.create(
        register=register,
        file_name=Path(file_name).name[-120:],
        file=name,
        sha256=digest,
        datum=datum.value,
        unit=unit,
        uploaded_by=actor,
        uploaded_at=at,
        touched_at=at,
        status=ImportStatus.READING.value,
    )
    read_import.defer(batch_id=batch.pk)
    return batch


def _kept(content: Iterable[bytes], ending: str) -> tuple[str, str]:
    """Write a file into the media folder; return its name and its sha256."""
    name = f"{FOLDER}/{uuid4().hex}{ending}"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for part in content:
            size += len(part)
            if size > MOST_BYTES:
                file.close()
                path.unlink()
                raise PlaceRefused(N_("文件太大，最多 {n} MB"), n=MOST_BYTES // 1_000_000)
            digest.update(part)
            file.write(part)
    return name, digest.hexdigest()


# ---- reading -------------------------------------------------------------------------------------


@app.task(queue="imports")
def read_import(batch_id: int) -> None:
    """Read a file that was brought in."""
    read(batch_id=batch_id, at=timezone.now())


def read(*, batch_id: int, at: datetime) -> None:
    """Read a file into staging rows, each with its fate; begin again where it was broken off."""
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch_id)
        if batch.status != ImportStatus.READING:
            return
        attempt = batch.facts.get("attempt", 0) + 1
        batch.facts, batch.n_done = {"attempt": attempt}, 0
        batch.touched_at = at
        batch.save(update_fields=["facts", "n_done", "touched_at"])
        ImportRow.objects.filter(batch=batch).delete()
    actor = User.objects.get(pk=batch.uploaded_by_id)
    try:
        rows = _decided(batch, actor, at=at)
        while chunk := list(islice(rows, CHUNK)):
            if not _stage(batch, chunk, attempt):
                return
    except PlaceRefused as refusal:
        _fail(batch, say(refusal), attempt)
    else:
        _make_ready(batch, attempt)
    (Path(settings.MEDIA_ROOT) / batch.file).unlink(missing_ok=True)


def _decided(batch: Import, actor: User, *, at: datetime) -> Iterator[Row]:
    path = Path(settings.MEDIA_ROOT) / batch.file
    if not path.exists():
        raise PlaceRefused(N_("文件已经不在了，请重新上传"))
    if batch.register == BOUNDARIES:
        rows, facts = decide_boundaries(path, actor, datum=batch.datum)
        _note(batch, {}, facts, len(rows))
        yield from rows
        return
    register = REGISTERS[batch.register]
    sheet = read_sheet(path, register)
    if not sheet.rows:
        raise PlaceRefused(N_("表头下面没有内容"))
    facts = {
        "sheet": sheet.name,
        "unknown": list(sheet.unknown)[:40],
        "skipped": sheet.skipped[:100],
        "n_skipped": len(sheet.skipped),
    }
    _note(batch, sheet.columns, facts, len(sheet.rows))
    known = Known(actor, register, datum=batch.datum, today=timezone.localdate(at))
    known.codes_in_file = {short_code(said.get("code", "")) for _, said in sheet.rows}
    yield from decide(sheet.rows, known)


def _note(batch: Import, columns: dict, facts: dict, n_rows: int) -> None:
    batch.facts |= facts
    batch.columns, batch.n_rows = columns, n_rows
    batch.save(update_fields=["facts", "columns", "n_rows"])


_STAGED = "batch_id, n, rank, label, cells, values, before, fate, faults, target, is_done"


@transaction.atomic
def _stage(batch: Import, rows: list[Row], attempt: int) -> bool:
    """Write rows into the staging table; False where somebody else has begun anew."""
    present = Import.objects.select_for_update().get(pk=batch.pk)
    if present.status != ImportStatus.READING or present.facts.get("attempt") != attempt:
        return False
    reserved = _reserve(batch, sum(row.fate == Fate.NEW for row in rows))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY places_importrow ({_STAGED}) FROM STDIN") as sink,
    ):
        for row in rows:
            fate = row.fate
            writes = fate in (Fate.NEW, Fate.CHANGED) or batch.register == BOUNDARIES
            sink.write_row(
                (
                    batch.pk,
                    row.n,
                    row.rank,
                    row.label[:120],
                    Jsonb({key: text[:200] for key, text in row.said.items() if text}),
                    Jsonb(row.values if writes else {}),
                    Jsonb(row.before if writes else {}),
                    fate.value,
                    Jsonb(row.faults),
                    next(reserved, None) if fate == Fate.NEW else row.target,
                    False,
                )
            )
    Import.objects.filter(pk=batch.pk).update(n_done=F("n_done") + len(rows), touched_at=Now())
    return True


def _reserve(batch: Import, n: int) -> Iterator[int]:
    """Take ids for new rows from their table's sequence: the rows are then written only once."""
    if batch.register == BOUNDARIES or not n:
        return iter(())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [REGISTERS[batch.register].table, n],
        )
        return iter([pk for (pk,) in cursor.fetchall()])


@transaction.atomic
def _fail(batch: Import, message: str, attempt: int) -> None:
    present = Import.objects.select_for_update().get(pk=batch.pk)
    if present.facts.get("attempt") == attempt:
        present.status, present.message = ImportStatus.FAILED.value, message[:300]
        present.save(update_fields=["status", "message"])


@transaction.atomic
def _make_ready(batch: Import, attempt: int) -> None:
    present = Import.objects.select_for_update().get(pk=batch.pk)
    if present.status == ImportStatus.READING and present.facts.get("attempt") == attempt:
        present.status, present.counts = ImportStatus.READY.value, count_fates(present)
        present.save(update_fields=["status", "counts"])


def count_fates(batch: Import) -> dict[str, int]:
    """Return how many rows of an import have each fate."""
    rows = ImportRow.objects.filter(batch=batch).values_list("fate").order_by("fate")
    return dict(rows.annotate(n=Count("pk")))


# ---- writing -------------------------------------------------------------------------------------


@transaction.atomic
def confirm(*, batch: Import, actor: User, at: datetime, why: str) -> Import:
    """Let the new and changed rows of an import be written.

    :raises PlaceRefused: if the actor did not bring it in, or there is nothing to write.
    """
    row = _locked(batch, actor, {ImportStatus.READY}, why)
    n = row.counts.get(Fate.NEW, 0) + row.counts.get(Fate.CHANGED, 0)
    if not n:
        raise PlaceRefused(N_("没有要写入的行"))
    row.status, row.n_rows, row.n_done = ImportStatus.APPLYING.value, n, 0
    row.confirmed_at, row.touched_at, row.why = at, at, why[:200]
    row.save(update_fields=["status", "n_rows", "n_done", "confirmed_at", "touched_at", "why"])
    _write_down(row, "import", actor=actor, at=at, why=why)
    apply_import.defer(batch_id=row.pk)
    return row


@app.task(queue="imports")
def apply_import(batch_id: int) -> None:
    """Write the rows of a confirmed import."""
    write(batch_id=batch_id, at=timezone.now())


def write(*, batch_id: int, at: datetime, most_batches: int | None = None) -> None:
    """Write what is left of a confirmed import, some thousand rows a transaction.

    most_batches : stop after so many, as a machine that is switched off would
    """
    batches = iter(lambda: apply_batch(batch_id, at=at), 0)
    for _ in islice(batches, most_batches):
        pass
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch_id)
        left = ImportRow.objects.filter(
            batch=batch, is_done=False, fate__in=(Fate.NEW, Fate.CHANGED)
        )
        if batch.status != ImportStatus.APPLYING or left.exists():
            return
        batch.status, batch.counts = ImportStatus.DONE.value, count_fates(batch)
        batch.save(update_fields=["status", "counts"])
        bump_for(batch.register)


@transaction.atomic
def cancel(*, batch: Import, actor: User, at: datetime) -> Import:
    """Put an import aside that was not confirmed; what it held is deleted.

    :raises PlaceRefused: if the actor did not bring it in, or it is confirmed already.
    """
    waiting = {ImportStatus.READY, ImportStatus.READING, ImportStatus.FAILED}
    row = _locked(batch, actor, waiting, "-")
    ImportRow.objects.filter(batch=row).delete()
    row.status = ImportStatus.CANCELLED.value
    row.save(update_fields=["status"])
    (Path(settings.MEDIA_ROOT) / row.file).unlink(missing_ok=True)
    return row


# ---- taking back ---------------------------------------------------------------------------------


@transaction.atomic
def undo(*, batch: Import, actor: User, at: datetime, why: str) -> Import:
    """Let a whole import be taken back; the queue refuses where its rows were used since.

    :raises PlaceRefused: if the actor did not bring it in, or its rows are not kept any more.
    """
    row = _locked(batch, actor, {ImportStatus.DONE}, why)
    if not ImportRow.objects.filter(batch=row, is_done=True).exists():
        raise PlaceRefused(N_("这次导入的明细已经清除，不能再撤销"))
    row.status, row.n_done, row.used, row.message = ImportStatus.UNDOING.value, 0, [], ""
    row.touched_at = at
    row.save(update_fields=["status", "n_done", "used", "message", "touched_at"])
    _write_down(row, "undo_import", actor=actor, at=at, why=why)
    undo_import.defer(batch_id=row.pk)
    return row


@app.task(queue="imports")
def undo_import(batch_id: int) -> None:
    """Take an import back."""
    take_back(batch_id=batch_id)


# ---- sweeps --------------------------------------------------------------------------------------

_NEXT = {
    ImportStatus.READING: read_import,
    ImportStatus.APPLYING: apply_import,
    ImportStatus.UNDOING: undo_import,
}


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="places.resume_imports", queue="sweeps")
def resume_imports(timestamp: int = 0) -> None:
    """Go on with imports whose worker was stopped in the middle."""
    resume(at=timezone.now())


def resume(*, at: datetime) -> int:
    """Give imports without a sign of life back to the queue; return how many."""
    still = Import.objects.filter(status__in=list(_NEXT), touched_at__lt=at - ABANDONED)
    n = 0
    for pk, status in list(still.values_list("pk", "status")):
        # One process takes it: the others find it touched.
        if still.filter(pk=pk).update(touched_at=at):
            _NEXT[ImportStatus(status)].defer(batch_id=pk)
            n += 1
    return n


@app.periodic(cron="50 3 * * *")
@app.task(queueing_lock="places.forget_imports", queue="sweeps")
def forget_imports(timestamp: int = 0) -> None:
    """Delete the staging rows of imports that can no longer be taken back."""
    forget(at=timezone.now())


def forget(*, at: datetime) -> int:
    """Delete the rows of imports older than the county keeps them; return how many rows."""
    days = number("import_undo_days", on=timezone.localdate(at))
    old = Import.objects.filter(uploaded_at__lt=at - timedelta(days=days))
    n, _ = ImportRow.objects.filter(batch__in=old.exclude(status__in=list(_NEXT))).delete()
    return n


# ---- what these share ----------------------------------------------------------------------------


def _locked(batch: Import, actor: User, statuses: set[ImportStatus], why: str) -> Import:
    row = Import.objects.select_for_update().get(pk=batch.pk)
    if row.uploaded_by_id != actor.pk:
        raise PlaceRefused(N_("只有上传的人能确认、放弃或撤销"))
    check_may(
        may_of(row.register),
        {post.role for post in posts_of(actor) if row.unit.path.startswith(post.unit.path)},
    )
    if row.status not in statuses:
        raise PlaceRefused(N_("这次导入已经不在这一步，请刷新页面"))
    if not why.strip():
        raise PlaceRefused(N_("请写明原因"))
    return row


def _write_down(batch: Import, name: str, *, actor: User, at: datetime, why: str) -> None:
    facts = {
        "register": batch.register,
        "file": batch.sha256,
        **{fate.lower(): n for fate, n in batch.counts.items()},
    }
    record(
        subject=f"import:{batch.pk}",
        name=name,
        actor=actor,
        at=at,
        facts=facts,
        why=why,
        unit=batch.unit,
    )
