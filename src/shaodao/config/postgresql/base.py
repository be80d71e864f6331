"""Django's PostgreSQL, told without a question that its server has not hung up."""

from select import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import ConnStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is looked at before each request, as CONN_HEALTH_CHECKS asks.

    Django sends a query each time. A server that ended has said so or closed the line, which its
    socket shows: only then is it asked. A line that was cut without a word is found by the first
    query.
    """

    connection: Any

    def is_usable(self) -> bool:
        line = self.connection.pgconn if self.connection is not None else None
        if line is None or line.status != ConnStatus.OK:
            return False
        if not select([line.socket], [], [], 0)[0]:
            return True  # nothing came: it waits for us
        return super().is_usable()
