"""The one chain of everything done to accounts, posts and rules."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from shaodao.cores import chaining
from shaodao.kit.versions import bump
from shaodao.people.models import (
    AccountEntry,
    Unit,
    User,
)

CHAIN_LOCK = 7_021_961  # an advisory lock's number: entries of the one chain are added in turn
CHAIN = "account_entries"  # the version row that counts the chain's entries


@transaction.atomic
def record(
    *,
    subject: str,
    name: str,
    actor: User | None,
    at: datetime,
    facts: Mapping[str, object],
    why: str = "",
    unit: Unit | None = None,
) -> AccountEntry:
    """Add an entry to the chain of everything done to accounts and rules.

    unit : whose administrators and auditors may read it; None: all of them
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = AccountEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    seq, head = last or (0, chaining.GENESIS)
    entry = AccountEntry(
        seq=seq + 1,
        subject=subject,
        name=name,
        actor=actor,
        at=at,
        facts={key: value for key, value in facts.items() if value not in (None, "", [], {})},
        why=why[:200],
        unit=unit,
    )
    entry.hash = chaining.entry_hash(bytes(head), entry_fields(entry))
    entry.save(force_insert=True)
    bump(CHAIN)
    return entry


def entry_fields(entry: AccountEntry) -> dict[str, object]:
    """Return what an entry's hash covers."""
    return {
        "chain": "accounts",
        "seq": entry.seq,
        "subject": entry.subject,
        "name": entry.name,
        "at": entry.at,
        "actor": entry.actor_id,
        "facts": entry.facts,
        "why": entry.why,
        "unit": entry.unit_id,
    }


def record_own(user: User, name: str, *, at: datetime, facts: Mapping[str, object]) -> None:
    """Write down what people did to their own account."""
    record(subject=f"user:{user.pk}", name=name, actor=user, at=at, facts=facts, unit=home_of(user))


def home_of(user: User) -> Unit | None:
    """Return the unit whose administrators look after an account."""
    if user.kept_by_id is not None:
        return user.kept_by
    post = user.posts.in_force().select_related("unit").order_by("pk").first()
    return post.unit if post is not None else None
