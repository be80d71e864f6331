"""What several pages of places share."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from shaodao.people.models import roles_of
from shaodao.places.policy import MAY

PAGE = 40  # rows of a list
KEEPERS = frozenset().union(
    *(MAY[name][1] for name in ("keep_divisions", "keep_accounts", "keep_posts", "keep_places"))
)
READERS = MAY["read_registers"][1] | KEEPERS


def only(request: HttpRequest, roles: frozenset) -> None:
    """Let nobody in without one of `roles`."""
    if not roles & roles_of(request.user):
        raise PermissionDenied
