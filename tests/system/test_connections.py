"""A connection the server has closed is noticed without a question, and one that lives is kept."""

import psycopg
from django.db import connection


def test_a_server_that_hung_up_is_noticed_and_one_that_waits_is_not(town_committed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ours,) = cursor.fetchone()
    assert connection.is_usable()
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
    assert not connection.is_usable()
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert connection.is_usable()
