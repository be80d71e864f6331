"""Writing staged rows into their table, in sets: one statement for the new, one for the changed.

A staged row holds what it would write as JSON, keyed by the table's columns; PostgreSQL turns it
into a row itself (jsonb_populate_record). What is changed must still be as the preview showed it.
"""

import json
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from shaodao.cores.wording import N_
from shaodao.kit.versions import bump
from shaodao.people.actions import record
from shaodao.people.models import User
from shaodao.people.policy import Duty
from shaodao.people.queries import units_by_id
from shaodao.places.models import Import, ImportRow
from shaodao.places.policy import Fate, ImportStatus
from shaodao.places.registers.boundaries import BOUNDARIES
from shaodao.places.registers.columns import REGISTERS

from .surveying import write_boundaries

SIZE = 5_000  # rows a transaction
SIZE_JOURNALLED = 200  # where each row has an entry of its own

# What an import may change in a row that is there.
SETTABLE: dict[str, tuple[str, ...]] = {
    "people_unit": ("name", "short_name", "phone", "kind", "office_hours"),
    "places_compound": (
        *("built_year", "n_lifts", "property_company_id", "has_owners_committee"),
        *("has_own_meters", "lon", "lat", "is_placed"),
    ),
    "places_building": (
        *("grid_id", "address", "n_floors", "built_year", "lon", "lat", "zkey"),
        *("is_placed", "search"),
    ),
    "places_household": ("n_people", "n_over_60", "n_under_18"),
    "people_user": ("work_phone", "is_party_member"),
    "people_post": ("is_head",),
}
# When a row to be written is there by now, brought by somebody else since the preview.
_THERE: dict[str, str] = {
    "people_unit": (
        "t.code = r.values->>'code' OR (r.values->>'code' IS NULL"
        " AND t.name = r.values->>'name' AND t.parent_id = (r.values->>'parent_id')::bigint)"
    ),
    "places_compound": (
        "t.community_id = (r.values->>'community_id')::bigint AND t.name = r.values->>'name'"
    ),
    "places_building": (
        "t.grid_id = (r.values->>'grid_id')::bigint AND t.name = r.values->>'name'"
        " AND t.compound_id IS NOT DISTINCT FROM (r.values->>'compound_id')::bigint"
    ),
    "people_post": (
        "t.user_id = (r.values->>'user_id')::bigint AND t.unit_id = (r.values->>'unit_id')::bigint"
        " AND t.role = r.values->>'role' AND t.until IS NULL"
    ),
}
_BESIDES = "- 'needs' - 'chief' - 'parent_code' - 'search'"  # values that are no plain column
CHANGED_SINCE = N_("预览之后又有人改过，没有写入")
THERE_BY_NOW = N_("预览之后已经有了同样的一条，没有写入")
NO_PARENT = N_("上级没有登记成功，没有写入")


@transaction.atomic
def apply_batch(batch_id: int, *, at: datetime) -> int:
    """Write the next rows of an import and return how many were dealt with; 0 when all are."""
    batch = Import.objects.select_for_update().get(pk=batch_id)
    if batch.status != ImportStatus.APPLYING:
        return 0
    left = ImportRow.objects.filter(
        batch=batch, is_done=False, fate__in=(Fate.NEW, Fate.CHANGED)
    ).order_by("rank", "n")
    if batch.register == BOUNDARIES:
        ids = list(left.values_list("pk", flat=True))
        write_boundaries(batch, ids, at=at)
        return _finish(batch, ids)
    size = SIZE_JOURNALLED if batch.register in _JOURNALLED else SIZE
    ranks = list(left.values_list("pk", "rank")[:size])
    ids = [pk for pk, rank in ranks if rank == ranks[0][1]]  # parents before children
    if not ids:
        return 0
    table = REGISTERS[batch.register].table
    with connection.cursor() as cursor:
        if table == "people_unit":
            _find_parents(cursor, ids)
        _insert(cursor, table, ids)
        _update(cursor, table, ids)
        if table == "places_household":
            _write_needs(cursor, ids)
        if table == "places_building":
            _write_chiefs(cursor, ids, at)
    if batch.register in _JOURNALLED:
        _journal(batch, ids, at=at)
    return _finish(batch, ids)


def _finish(batch: Import, ids: list[int]) -> int:
    ImportRow.objects.filter(pk__in=ids).exclude(fate=Fate.REFUSED).update(is_done=True)
    Import.objects.filter(pk=batch.pk).update(n_done=F("n_done") + len(ids), touched_at=Now())
    return len(ids)


def bump_for(register: str) -> None:
    """Raise the versions of the caches that a register is read into."""
    if register in ("divisions", "grids", "units"):
        bump("units")
    if register in ("grids", BOUNDARIES):
        bump("grids")


def _refuse(cursor, ids: list[int], message: str) -> None:
    cursor.execute(
        "UPDATE places_importrow SET fate = 'REFUSED', faults = %s::jsonb,"
        " target = CASE WHEN fate = 'NEW' THEN NULL ELSE target END WHERE id = ANY(%s)",
        [json.dumps([["", message, {}]]), ids],
    )


def _find_parents(cursor, ids: list[int]) -> None:
    """Give new units their parent, which may have come in the same file, and their path."""
    cursor.execute(
        "UPDATE places_importrow r SET values = r.values || jsonb_build_object("
        " 'parent_id', p.id, 'path', p.path || r.target || '/')"
        " FROM people_unit p WHERE r.id = ANY(%s) AND r.fate = 'NEW'"
        " AND p.code = r.values->>'parent_code'",
        [ids],
    )
    cursor.execute(
        "SELECT id FROM places_importrow WHERE id = ANY(%s) AND fate = 'NEW'"
        " AND values->'parent_id' IS NULL",
        [ids],
    )
    _refuse(cursor, [pk for (pk,) in cursor.fetchall()], NO_PARENT)


def _insert(cursor, table: str, ids: list[int]) -> None:
    there = _THERE.get(table)
    if there is not None:
        cursor.execute(
            f"SELECT r.id FROM places_importrow r WHERE r.id = ANY(%s) AND r.fate = 'NEW'"
            f" AND EXISTS (SELECT 1 FROM {table} t WHERE {there})",
            [ids],
        )
        _refuse(cursor, [pk for (pk,) in cursor.fetchall()], THERE_BY_NOW)
    cursor.execute(
        f"INSERT INTO {table} SELECT p.* FROM places_importrow r CROSS JOIN LATERAL"
        f" jsonb_populate_record(NULL::{table}, r.values || jsonb_build_object('id', r.target)) p"
        " WHERE r.id = ANY(%s) AND r.fate = 'NEW' ORDER BY r.n ON CONFLICT DO NOTHING",
        [ids],
    )
    cursor.execute(
        f"SELECT r.id FROM places_importrow r WHERE r.id = ANY(%s) AND r.fate = 'NEW'"
        f" AND NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = r.target)",
        [ids],
    )
    _refuse(cursor, [pk for (pk,) in cursor.fetchall()], THERE_BY_NOW)


def _update(cursor, table: str, ids: list[int]) -> None:
    setting = ", ".join(f"{name} = p.{name}" for name in SETTABLE[table])
    cursor.execute(
        f"UPDATE {table} t SET {setting} FROM places_importrow r JOIN {table} o ON o.id = r.target"
        " CROSS JOIN LATERAL jsonb_populate_record(o, r.values) p"
        " WHERE r.id = ANY(%s) AND r.fate = 'CHANGED' AND t.id = o.id"
        f" AND to_jsonb(o) @> (r.before {_BESIDES}) RETURNING r.id",
        [ids],
    )
    written = {pk for (pk,) in cursor.fetchall()}
    wanted = ImportRow.objects.filter(pk__in=ids, fate=Fate.CHANGED).values_list("pk", flat=True)
    _refuse(cursor, [pk for pk in wanted if pk not in written], CHANGED_SINCE)


def _write_needs(cursor, ids: list[int]) -> None:
    cursor.execute(
        "DELETE FROM places_need n USING places_importrow r WHERE r.id = ANY(%s)"
        " AND r.fate = 'CHANGED' AND r.values ? 'needs' AND n.household_id = r.target",
        [ids],
    )
    cursor.execute(
        "INSERT INTO places_need (household_id, tag) SELECT r.target, tag FROM places_importrow r"
        " CROSS JOIN LATERAL jsonb_array_elements_text(r.values->'needs') tag"
        " WHERE r.id = ANY(%s) AND r.fate IN ('NEW', 'CHANGED') AND r.values ? 'needs'"
        " ON CONFLICT DO NOTHING",
        [ids],
    )


def _write_chiefs(cursor, ids: list[int], at: datetime) -> None:
    """End the chief who was, from today on, and begin the one the row names, if it names one."""
    rows = [ids, at.date()]
    cursor.execute(
        "DELETE FROM places_buildingchief c USING places_importrow r WHERE r.id = ANY(%s)"
        " AND r.fate = 'CHANGED' AND r.values ? 'chief' AND c.building_id = r.target"
        " AND c.until IS NULL AND c.since >= %s",
        rows,
    )
    cursor.execute(
        "UPDATE places_buildingchief c SET until = %s FROM places_importrow r"
        " WHERE r.id = ANY(%s) AND r.fate = 'CHANGED' AND r.values ? 'chief'"
        " AND c.building_id = r.target AND c.until IS NULL",
        rows[::-1],
    )
    cursor.execute(
        "INSERT INTO places_buildingchief (building_id, name, phone, since)"
        " SELECT r.target, r.values->'chief'->>0, r.values->'chief'->>1, %s"
        " FROM places_importrow r WHERE r.id = ANY(%s) AND r.fate IN ('NEW', 'CHANGED')"
        " AND r.values ? 'chief' AND r.values->'chief'->>0 <> ''",
        rows[::-1],
    )


_JOURNALLED = {"staff": Duty.CREATE, "posts": Duty.APPOINT}


def _journal(batch: Import, ids: list[int], *, at: datetime) -> None:
    """Write into each person's own history what an import did to their account or posts."""
    actor = User.objects.get(pk=batch.uploaded_by_id)
    units = units_by_id()
    duty = _JOURNALLED[batch.register]
    written = ImportRow.objects.filter(pk__in=ids, fate__in=(Fate.NEW, Fate.CHANGED))
    for row in written.order_by("n"):
        given = row.values
        if batch.register == "staff":
            user, unit = row.target, given.get("kept_by_id")
            name = duty.value if row.fate == Fate.NEW else Duty.CHANGE.value
            facts: dict[str, object] = {"import": batch.pk}
        else:
            user, unit = given.get("user_id"), given.get("unit_id")
            name = duty.value
            facts = {"import": batch.pk, "post": row.target, **{k: given[k] for k in ("role", "since") if k in given}}  # fmt: skip # noqa: E501
            if unit:
                facts["unit"] = unit
        subject = f"user:{user}" if user else f"post:{row.target}"
        place = units.get(unit) if unit else batch.unit
        record(
            subject=subject, name=name, actor=actor, at=at, facts=facts, why=batch.why, unit=place
        )
