"""The code that hangs at a whistle's place: who scans it is there. Signed, so none is made up."""

from django.core import signing

from .models import Whistle

_SALT = "whistles.place"


def code_of(whistle: Whistle) -> str:
    """Return the code of a whistle's place."""
    return signing.dumps(whistle.pk, salt=_SALT)


def whistle_id_of(code: str) -> int | None:
    """Return whose place a code stands for; None for one that is not ours."""
    try:
        return int(signing.loads(code, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None
