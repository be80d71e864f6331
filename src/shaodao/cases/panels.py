"""What mechanisms above show on the staff's page of a case.

A mechanism names a function `f(case, viewer) -> Panel | None` in the setting CASE_PANELS, in the
order of the page; the case knows none of them. The template is given the panel's context, the case,
`at` and the request.
"""

from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from shaodao.kit.panels import Panel
from shaodao.people.models import User

from .models import Case


@lru_cache(maxsize=8)
def _functions(paths: tuple[str, ...]):
    return tuple(import_string(path) for path in paths)


def panels_of(case: Case, viewer: User) -> list[Panel]:
    """Return what each mechanism shows `viewer` of `case`; what has nothing to show is left out."""
    found = (build(case, viewer) for build in _functions(tuple(settings.CASE_PANELS)))
    return [panel for panel in found if panel is not None]
