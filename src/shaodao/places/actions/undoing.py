"""Taking a whole import back: all of it, or none of it and the list of what was used since."""

from django.db import connection, models, transaction

from shaodao.cores.wording import N_
from shaodao.people.models import Post, Unit, User
from shaodao.places.models import Building, Compound, Household, Import, ImportRow
from shaodao.places.policy import Fate, ImportStatus
from shaodao.places.registers.boundaries import BOUNDARIES
from shaodao.places.registers.columns import REGISTERS

from .applying import SETTABLE, bump_for
from .surveying import restore_boundaries

MOST_LISTED = 200
_MODELS = {
    model._meta.db_table: model for model in (Unit, User, Post, Compound, Building, Household)
}
# What came with the rows themselves and goes with them.
_OWN = {"places_need", "places_buildingchief"}
USED_BY = N_("已经用到")
CHANGED_AFTER = N_("导入以后又改过")


@transaction.atomic
def take_back(*, batch_id: int) -> bool:
    """Delete what an import made and restore what it changed; False where rows were used since."""
    batch = Import.objects.select_for_update().get(pk=batch_id)
    if batch.status != ImportStatus.UNDOING:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # all of it in one transaction
        if batch.register == BOUNDARIES:
            used = restore_boundaries(batch)
        else:
            used = _used(cursor, batch)
            if not used:
                _restore(cursor, batch)
    if used:
        batch.status, batch.used = ImportStatus.DONE.value, used[:MOST_LISTED]
        batch.message = N_("有些行导入以后已经用到，整批都没有撤销")
    else:
        batch.status = ImportStatus.UNDONE.value
        bump_for(batch.register)
    batch.save(update_fields=["status", "used", "message"])
    return not used


def _used(cursor, batch: Import) -> list[list]:
    """Return the rows that stand in the way: number, label, why."""
    table = REGISTERS[batch.register].table
    rows = ImportRow.objects.filter(batch=batch, is_done=True)
    new = dict(rows.filter(fate=Fate.NEW).values_list("target", "n"))
    found: dict[int, str] = {}
    for related, column in _pointing_at(_MODELS[table]):
        own = f" AND NOT x.id IN (SELECT target FROM places_importrow WHERE batch_id = {batch.pk} AND fate = 'NEW')" if related == table else ""  # fmt: skip # noqa: E501
        cursor.execute(
            f"SELECT DISTINCT x.{column} FROM {related} x JOIN places_importrow r"
            f" ON r.target = x.{column} WHERE r.batch_id = %s AND r.fate = 'NEW' AND r.is_done{own}"
            f" LIMIT {MOST_LISTED}",
            [batch.pk],
        )
        found |= {new[pk]: USED_BY for (pk,) in cursor.fetchall() if pk in new}
    cursor.execute(
        f"SELECT r.n FROM places_importrow r LEFT JOIN {table} t ON t.id = r.target"
        " WHERE r.batch_id = %s AND r.is_done AND (t.id IS NULL"
        " OR NOT to_jsonb(t) @> (r.values - 'needs' - 'chief' - 'parent_code' - 'search'"
        "  - 'password' - 'must_change_password' - 'valid_from'))"
        f" LIMIT {MOST_LISTED}",
        [batch.pk],
    )
    found |= {n: CHANGED_AFTER for (n,) in cursor.fetchall() if n not in found}
    labels = dict(rows.filter(n__in=list(found)).values_list("n", "label"))
    return [[n, labels[n], found[n]] for n in sorted(found)]


def _pointing_at(model: type[models.Model]) -> list[tuple[str, str]]:
    """Return every table and column that holds ids of a model, whichever app it belongs to."""
    return sorted(
        {
            (relation.related_model._meta.db_table, relation.field.column)
            for relation in model._meta.get_fields(include_hidden=True)
            if (relation.one_to_many or relation.one_to_one)
            and relation.auto_created
            and not relation.concrete
            and relation.related_model._meta.db_table not in _OWN
        }
    )


def _restore(cursor, batch: Import) -> None:
    table = REGISTERS[batch.register].table
    made = "SELECT target FROM places_importrow WHERE batch_id = %s AND is_done AND fate = 'NEW'"
    if table == "places_household":
        _restore_needs(cursor, batch, made)
    if table == "places_building":
        _restore_chiefs(cursor, batch, made)
    cursor.execute(f"DELETE FROM {table} WHERE id IN ({made})", [batch.pk])
    setting = ", ".join(f"{name} = p.{name}" for name in SETTABLE[table])
    cursor.execute(
        f"UPDATE {table} t SET {setting} FROM places_importrow r JOIN {table} o ON o.id = r.target"
        " CROSS JOIN LATERAL jsonb_populate_record(o, r.before) p"
        " WHERE r.batch_id = %s AND r.is_done AND r.fate = 'CHANGED' AND t.id = o.id",
        [batch.pk],
    )


def _restore_needs(cursor, batch: Import, made: str) -> None:
    touched = (
        "SELECT target FROM places_importrow WHERE batch_id = %s AND is_done AND fate = 'CHANGED'"
        " AND values ? 'needs'"
    )
    cursor.execute(
        f"DELETE FROM places_need WHERE household_id IN ({made}) OR household_id IN ({touched})",
        [batch.pk, batch.pk],
    )
    cursor.execute(
        "INSERT INTO places_need (household_id, tag) SELECT r.target, tag FROM places_importrow r"
        " CROSS JOIN LATERAL jsonb_array_elements_text(r.before->'needs') tag"
        " WHERE r.batch_id = %s AND r.is_done AND r.fate = 'CHANGED' AND r.before ? 'needs'",
        [batch.pk],
    )


def _restore_chiefs(cursor, batch: Import, made: str) -> None:
    cursor.execute(f"DELETE FROM places_buildingchief WHERE building_id IN ({made})", [batch.pk])
    cursor.execute(
        "DELETE FROM places_buildingchief c USING places_importrow r WHERE r.batch_id = %s"
        " AND r.is_done AND r.fate = 'CHANGED' AND r.values ? 'chief' AND c.building_id = r.target"
        " AND c.until IS NULL",
        [batch.pk],
    )
    # The one who was before goes on, or begins again today where the day was the same.
    cursor.execute(
        "UPDATE places_buildingchief c SET until = NULL FROM places_importrow r"
        " WHERE r.batch_id = %s AND r.is_done AND r.fate = 'CHANGED' AND r.values ? 'chief'"
        " AND c.building_id = r.target AND c.name = r.before->'chief'->>0"
        " AND c.id = (SELECT max(id) FROM places_buildingchief x WHERE x.building_id = r.target)",
        [batch.pk],
    )
