"""What templates say of a supervision: how severe it is, how it stands."""

from django import template
from django.utils.translation import gettext as _

from shaodao.supervision import policy

register = template.Library()

TONES = {
    policy.State.ISSUED: "new",
    policy.State.REPLIED: "active",
    policy.State.SIGNED_OFF: "done",
    policy.State.WITHDRAWN: "void",
    policy.State.RAISED: "plain",
}
KIND_TONES = {policy.Kind.URGE: "wait", policy.Kind.YELLOW: "warn", policy.Kind.RED: "late"}
KIND_ICONS = {policy.Kind.URGE: "bell", policy.Kind.YELLOW: "warn", policy.Kind.RED: "urgent"}


@register.filter
def supervision_kind(kind: str) -> str:
    """Say how severe a supervision is."""
    return _(policy.KIND_LABELS[policy.Kind(kind)])


@register.filter
def supervision_tone(kind: str) -> str:
    """Return the tone of a kind."""
    return KIND_TONES[policy.Kind(kind)]


@register.filter
def supervision_icon(kind: str) -> str:
    """Return the icon of a kind."""
    return KIND_ICONS[policy.Kind(kind)]


@register.filter
def supervision_state(state: str) -> str:
    """Say how a supervision stands."""
    return _(policy.STATE_LABELS[policy.State(state)])


@register.filter
def supervision_state_tone(state: str) -> str:
    """Return the tone of a state."""
    return TONES[policy.State(state)]


@register.filter
def supervision_move(name: str) -> str:
    """Say a move."""
    return _(policy.MOVES[name].label)
