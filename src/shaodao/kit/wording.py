"""Saying a refusal in the reader's language."""

from django.utils.translation import gettext

from shaodao.cores.wording import Refusal


def say(refusal: Refusal) -> str:
    """Return what a refusal tells the user, translated, with its places filled in."""
    values = {
        key: gettext(value) if isinstance(value, str) and value else value
        for key, value in refusal.values.items()
    }
    return gettext(refusal.message).format(**values)
