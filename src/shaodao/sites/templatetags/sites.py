"""What templates say of a site: what it is, how it stands, how large and how old it is."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shaodao.sites import policy

register = template.Library()

TONES = {policy.State.OPEN: "late", policy.State.SOLVED: "done", policy.State.VOIDED: "void"}


@register.filter
def site_kind(kind: str) -> str:
    """Say what a site is."""
    return _(policy.KIND_LABELS[policy.Kind(kind)])


@register.filter
def site_state(state: str) -> str:
    """Say how a site stands."""
    return _(policy.STATE_LABELS[policy.State(state)])


@register.filter
def site_tone(state: str) -> str:
    """Return the tone of a state."""
    return TONES[policy.State(state)]


@register.filter
def site_move(name: str) -> str:
    """Say a move."""
    return _(policy.MOVES[name].label)


@register.filter
def square_metres(area: float | None) -> str:
    """Say an area: 3,000 平方米."""
    if area is None:
        return ""
    return _("%(n)s 平方米") % {"n": f"{round(area):,}"}


@register.filter
def days_long(days: int) -> str:
    """Say an age: 412 天."""
    return ngettext("%(n)s 天", "%(n)s 天", days) % {"n": f"{days:,}"}
