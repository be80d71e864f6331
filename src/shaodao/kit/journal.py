"""The shape every journal shares: rows that are only added, each holding the hash before it.

A journal's facts are ids, codes and digests. Free text, names and phone numbers stand in rows of
their own that can be erased, so that a journal proves what was done after what was said is gone.
"""

from django.conf import settings
from django.db import models


class JournalEntry(models.Model):
    """One thing done (留痕)."""

    seq = models.PositiveIntegerField()  # 1, 2, 3 … within the chain
    name = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )  # null: a resident or the system itself
    facts = models.JSONField(default=dict)
    hash = models.BinaryField(max_length=32)

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.seq} {self.name}"


GUARD = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
UNGUARD = """
DROP TRIGGER append_only ON {table};
DROP TRIGGER append_only_whole ON {table};
"""
