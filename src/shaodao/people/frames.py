"""In which frame a person's pages stand: the desk's, or the one for phones."""

from .models import roles_of
from .policy import Role

_ON_FOOT = frozenset({Role.GRID_WORKER})


def frame_of(user) -> str:
    """Return the template a page of `user` extends."""
    return "kit/worker.html" if _ON_FOOT & roles_of(user) else "kit/staff.html"
