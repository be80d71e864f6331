"""What templates say of whistles, in the reader's words."""

from django import template
from django.utils.translation import gettext as _

from shaodao.whistles import policy

register = template.Library()
STAGE_TONES = {
    policy.Stage.DRAFT: "plain",
    policy.Stage.REVIEW: "new",
    policy.Stage.BLOWN: "warn",
    policy.Stage.CONFERRING: "new",
    policy.Stage.HANDLING: "active",
    policy.Stage.AWAITING: "new",
    policy.Stage.CLOSED: "done",
    policy.Stage.DECLINED: "void",
    policy.Stage.WITHDRAWN: "void",
}


@register.filter
def kind_label(kind: str) -> str:
    """Say the kind of a whistle."""
    return _(policy.KIND_LABELS[policy.Kind(kind)])


@register.filter
def kind_tone(kind: str) -> str:
    """Return the tone of a kind."""
    return {"EMERGENCY": "late", "HARD": "warn"}.get(kind, "plain")


@register.filter
def origin_label(origin: str) -> str:
    """Say who whistled."""
    return _(policy.ORIGIN_LABELS[policy.Origin(origin)])


@register.filter
def stage_label(stage: str) -> str:
    """Say the stage of a whistle."""
    return _(policy.STAGE_LABELS[policy.Stage(stage)])


@register.filter
def stage_tone(stage: str) -> str:
    """Return the tone of a stage."""
    return STAGE_TONES[policy.Stage(stage)]


@register.filter
def whistle_step(step: str) -> str:
    """Say what a clock of a whistle measures."""
    return _(policy.STEP_LABELS[policy.Step(step)])


@register.filter
def presence_label(presence: str) -> str:
    """Say how somebody is known to be there."""
    return _(policy.PRESENCE_LABELS[policy.Presence(presence)]) if presence else ""


@register.filter
def move_label_of(move: policy.Move) -> str:
    """Say a move."""
    return _(move.label)


@register.simple_tag
def score_of(form, summons_id: int, aspect: str) -> object:
    """Return the field by which a unit is scored in one aspect."""
    return form[f"score_{summons_id}_{aspect}"]
