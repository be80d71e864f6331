"""Who holds which posts of units today, and who stands in for them, read for many units at once."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import connection

# As Post.in_force and Cover.in_force have it: the database's clock, the county's time zone.
_HELD = """
SELECT post.unit_id, post.role, post.user_id, cover.by_id
FROM people_post AS post
CROSS JOIN (SELECT (statement_timestamp() AT TIME ZONE %s)::date AS day) AS today
LEFT JOIN LATERAL (
    SELECT by_id FROM people_cover
    WHERE absent_id = post.user_id AND since <= today.day AND until > today.day
    ORDER BY id DESC LIMIT 1
) AS cover ON true
WHERE post.unit_id = ANY(%s) AND post.since <= today.day
    AND (post.until IS NULL OR post.until > today.day)
ORDER BY post.is_head DESC, post.id
"""


class Held(NamedTuple):
    """A post held today: its role, its holder, and who stands in for them (ids)."""

    role: str
    user_id: int
    stand_in_id: int | None


class Holders:
    """The posts of units, heads first; what is not read yet is read when it is asked for.

    It belongs to one transaction: nobody tells it when a post changes.
    """

    def __init__(self, unit_ids: Iterable[int] = ()):
        self._held: dict[int, list[Held]] = {}
        self._found: dict[tuple[tuple[int, ...], tuple[str, ...]], list[int]] = {}
        self.look_up(unit_ids)

    def look_up(self, unit_ids: Iterable[int]) -> None:
        """Read the posts of units not read yet, in one question."""
        wanted = set(unit_ids) - self._held.keys()
        if not wanted:
            return
        self._held.update((pk, []) for pk in wanted)
        with connection.cursor() as cursor:
            cursor.execute(_HELD, [settings.TIME_ZONE, sorted(wanted)])
            for unit_id, *held in cursor.fetchall():
                self._held[unit_id].append(Held(*held))

    def of(self, unit_id: int, roles: Collection[str]) -> list[int]:
        """Return who holds one of these posts of a unit, each once, by id."""
        self.look_up([unit_id])
        return sorted({held.user_id for held in self._held[unit_id] if held.role in roles})

    def of_any(self, unit_ids: Iterable[int], roles: tuple[str, ...]) -> list[int]:
        """Return who holds one of these posts of any of several units, each once, by id."""
        key = (tuple(unit_ids), roles)
        if key not in self._found:
            self.look_up(key[0])
            self._found[key] = sorted({user for pk in key[0] for user in self.of(pk, roles)})
        return self._found[key]

    def on_duty(self, unit_id: int, role: str) -> list[int]:
        """Return who does a post's work today: its head first, stand-ins for those away."""
        self.look_up([unit_id])
        held = [one for one in self._held[unit_id] if one.role == role]
        return list(dict.fromkeys(one.stand_in_id or one.user_id for one in held))
