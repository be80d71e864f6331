"""Fifty rows cost as many queries as one, on every page of the URL table.

The pages, who may open them and the rows they stand on are those of the access table, so a new URL
is held to this without a word here.
"""

from collections.abc import Iterator
from uuid import uuid4

from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shaodao.cases.models import Case
from shaodao.people.models import Post, User
from shaodao.reports.models import Report
from tests.sessions import sign_in
from tests.system.test_access import RULES, addresses, status_of  # noqa: F401 - a fixture

TIMES = 25  # of each row; there are two cases and more of most else
# What a page may read for its first rows and not for none: what hangs on them, read at once.
SPARE = 4
# Rows a county configures or draws, which no list shows one by one beside others.
KEPT = {
    "people.unit", "people.version", "places.grid", "places.basefeature", "reports.category",
    "workforce.period", "cases.outcomekind", "cases.limit", "cases.route", "people.parameter",
    "insights.talliedday",
}  # fmt: skip


def test_no_page_asks_more_for_fifty_rows_than_for_one(town, addresses):  # noqa: F811
    """About 200 requests: seconds of work, more on a busy machine."""
    readers = dict(_readers(town))
    before = {name: n_queries(readers[name], addresses[name]) for name in readers}
    for _ in range(TIMES):
        _double()
    after = {name: n_queries(readers[name], addresses[name]) for name in readers}
    grown = {
        name: f"{before[name]} queries, then {after[name]}"
        for name in readers
        if after[name] > before[name] + SPARE
    }
    assert not grown


def _readers(town) -> Iterator[tuple[str, Client]]:
    """Yield each page that can be read with somebody who may read it."""
    clients: dict[str, Client] = {"anonymous": Client()}
    for name, (on_get, _) in RULES.items():
        allowed = sorted(on_get.get(200, ()))
        if not allowed:
            continue
        # The desks see most: their lists are the longest.
        who = next((w for w in ("chief", "dispatcher", "intake") if w in allowed), allowed[0])
        if who not in clients:
            clients[who] = sign_in(Client(), getattr(town, who))
        yield name, clients[who]


def n_queries(client: Client, url: str) -> int:
    """Return how many queries a page takes once the process knows the configured rows."""
    assert status_of(client, "get", url) == 200, url
    with CaptureQueriesContext(connection) as queries:
        status_of(client, "get", url)
    return len(queries)


def _double() -> None:
    """Write every row once more: cases with what hangs on them, people with their posts."""
    made: dict[type[models.Model], dict[int, int]] = {Case: {}, Report: {}, User: {}}
    others = [m for m in apps.get_models() if m.__module__.startswith("shaodao.")]
    for model in [Report, Case, User, *(m for m in others if m not in made)]:
        if model._meta.label_lower in KEPT or model._meta.pk.remote_field is not None:
            continue
        for row in list(model._base_manager.order_by("pk")[:2]):
            old = row.pk
            row.pk, row._state.adding = None, True
            for field in model._meta.concrete_fields:
                _make_own(row, field, made)
            model._base_manager.bulk_create([row], ignore_conflicts=True)
            if model in made:
                made[model][old] = model._base_manager.order_by("-pk").first().pk


def _make_own(row: models.Model, field: models.Field, made: dict) -> None:
    """Give a copied row what must be its own, and the copies of what it hangs on."""
    value = getattr(row, field.attname)
    copies = made.get(field.related_model, {}) if field.is_relation else {}
    if copies and (field.related_model is not User or isinstance(row, Post)):
        setattr(row, field.attname, copies.get(value, value))
    elif isinstance(field, models.UUIDField):
        setattr(row, field.attname, uuid4())
    elif field.name in {"number", "key", "username", "token_digest", "phone"} and value:
        own = uuid4().bytes if isinstance(value, bytes | memoryview) else uuid4().hex[:12]
        setattr(row, field.attname, own)


def test_the_copies_are_there_to_be_listed(town, addresses):  # noqa: F811
    n_cases, n_people = Case.objects.count(), User.objects.count()
    _double()
    assert Case.objects.count() == n_cases + 2
    assert User.objects.count() == n_people + 2
