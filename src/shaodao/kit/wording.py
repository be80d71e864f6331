"""Saying a refusal in the reader's language, and on the form that asked."""

from collections.abc import Callable

from django import forms
from django.utils.translation import gettext

from shaodao.cores.wording import Refusal


def say(refusal: Refusal) -> str:
    """Return what a refusal tells the user, translated, with its places filled in."""
    values = {
        key: gettext(value) if isinstance(value, str) and value else value
        for key, value in refusal.values.items()
    }
    return gettext(refusal.message).format(**values)


def carried_out(form: forms.Form, act: Callable[[], object]) -> bool:
    """Do what a valid form asks; False, with the refusal on the form, where it is not done."""
    if not (form.is_bound and form.is_valid()):
        return False
    try:
        act()
    except Refusal as refusal:
        form.add_error(None, say(refusal))
        return False
    return True
