"""Reading notices: a mailbox, how much of it is unread, and the text messages of a demo."""

from django.db.models import QuerySet

from .models import Notice

MOST_COUNTED = 99  # beyond it the bell says 99+


def n_unread(user) -> int:
    """Return how many notices `user` has not read, counted no further than MOST_COUNTED + 1."""
    unread = Notice.objects.visible_to(user).filter(read_at=None)
    return unread.order_by()[: MOST_COUNTED + 1].count()


def text_messages() -> QuerySet[Notice]:
    """Return the text messages that went or wait to go out, for the page of a demo."""
    return Notice.objects.filter(channel="SMS")
