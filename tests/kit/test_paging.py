"""Pages that begin after a row."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shaodao.kit.paging import keyset

FRIDAY = datetime(2025, 9, 12, 9, 0, tzinfo=UTC)
ORDERS = (
    (("pk", "asc"),),
    (("due_at", "asc"), ("pk", "asc")),
    (("due_at", "desc"), ("pk", "asc")),
    (("rank", "desc"), ("due_at", "asc"), ("pk", "desc")),
    (("name", "asc"),),
)


class Waiting(models.Model):
    due_at = models.DateTimeField(null=True)
    rank = models.IntegerField()
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "kit"
        managed = False
        db_table = "paging_rows"

    def __str__(self):
        return f"#{self.pk}"


rows = st.lists(
    st.builds(
        Waiting,
        due_at=st.none() | st.integers(0, 3).map(lambda n: FRIDAY + timedelta(microseconds=n)),
        rank=st.integers(-2, 2),
        name=st.sampled_from(["甲", "乙", "O'Brien", ""]),
    ),
    max_size=14,
)
quickly = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def table(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE paging_rows (id bigserial PRIMARY KEY, due_at timestamptz, "
            "rank integer NOT NULL, name varchar(20) NOT NULL) ON COMMIT DROP"
        )


def _fill(given_rows):
    Waiting.objects.all().delete()
    Waiting.objects.bulk_create(given_rows)


def _walk(order, size, between=lambda: None):
    page = keyset(Waiting.objects.all(), order=order, size=size)
    pages = [page]
    while page.next:
        between()
        page = keyset(Waiting.objects.all(), order=order, size=size, after=page.next)
        pages.append(page)
        assert len(pages) < 40
    return pages


def _sorted(order):
    by = [f"-{name}" if way == "desc" else name for name, way in order]
    if "pk" not in [name for name, _way in order]:
        by.append("pk" if order[-1][1] == "asc" else "-pk")
    return list(Waiting.objects.order_by(*by))


@quickly
@given(given_rows=rows, order=st.sampled_from(ORDERS), size=st.integers(1, 5))
def test_all_pages_together_are_all_rows_in_order(table, given_rows, order, size):
    _fill(given_rows)
    pages = _walk(order, size)
    assert [row for page in pages for row in page] == _sorted(order)
    assert all(len(page) == size for page in pages[:-1])


@quickly
@given(given_rows=rows, order=st.sampled_from(ORDERS), size=st.integers(1, 5))
def test_going_back_comes_to_the_pages_one_came_from(table, given_rows, order, size):
    _fill(given_rows)
    pages = _walk(order, size)
    for before, page in pairwise(pages):
        back = keyset(Waiting.objects.all(), order=order, size=size, after=page.previous)
        assert back.rows == before.rows
        assert back.next
    assert not pages[0].previous
    assert not pages[-1].next


@quickly
@given(given_rows=rows, late=rows, order=st.sampled_from(ORDERS), size=st.integers(1, 5))
def test_no_row_is_shown_twice_or_lost_while_rows_come_in(table, given_rows, late, order, size):
    _fill(given_rows)
    there = set(Waiting.objects.values_list("pk", flat=True))
    newcomers = iter(late)

    def one_more():
        if row := next(newcomers, None):
            Waiting.objects.bulk_create([row])

    seen = [row.pk for page in _walk(order, size, between=one_more) for row in page]
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


@quickly
@given(token=st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: raw.hex()))
def test_a_token_we_did_not_make_opens_the_first_page(table, token):
    _fill([Waiting(rank=n, name="甲") for n in range(3)])
    page = keyset(Waiting.objects.all(), order=ORDERS[1], size=2, after=token)
    assert page.rows == keyset(Waiting.objects.all(), order=ORDERS[1], size=2).rows


@pytest.mark.parametrize(
    "values",
    [
        '["a",null,"x"]',
        '["a","2025-09-12T09:00:00",1]',
        '["a",true,1]',
        '["a",{"x":1},1]',
        '["z",null,1]',
        '["a",null,99999999999999999999]',
        '["a","\\u0000",1]',
        '["a","\\ud800",1]',
        "[[[[",
        "{}",
    ],
)
def test_a_forged_token_opens_the_first_page(table, values):
    _fill([Waiting(rank=n, name="甲") for n in range(3)])
    token = urlsafe_b64encode(values.encode()).decode()
    page = keyset(Waiting.objects.all(), order=ORDERS[1], size=2, after=token)
    assert len(page) == 2
    assert not page.previous


def test_a_token_of_another_order_opens_the_first_page(table):
    _fill([Waiting(rank=n, name="甲") for n in range(5)])
    token = keyset(Waiting.objects.all(), order=ORDERS[0], size=2).next
    page = keyset(Waiting.objects.all(), order=ORDERS[3], size=2, after=token)
    assert not page.previous


def test_a_page_costs_one_query(table, django_assert_num_queries):
    _fill([Waiting(rank=n, name="甲") for n in range(9)])
    token = keyset(Waiting.objects.all(), order=ORDERS[1], size=3).next
    with django_assert_num_queries(1):
        keyset(Waiting.objects.all(), order=ORDERS[1], size=3, after=token)
