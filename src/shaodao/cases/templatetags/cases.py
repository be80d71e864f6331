"""What templates say of a case: its status, clocks, channels and tiers, in the reader's words."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from shaodao.cases import policy
from shaodao.cases.rules import sector_names
from shaodao.cores.worktime import TimeUnit
from shaodao.kit.panels import Panel
from shaodao.people.policy import LEVEL_LABELS, ROLE_LABELS
from shaodao.reports.policy import CHANNEL_LABELS, PLACE_LABELS

register = template.Library()

S = policy.Status
TONES = {
    S.RECEIVED: "new",
    S.CHECKING: "wait",
    S.FILED: "new",
    S.DISPATCHED: "warn",
    S.HANDLING: "active",
    S.SHELVED: "wait",
    S.HANDLED: "new",
    S.VERIFIED: "active",
    S.CLOSED: "done",
    S.DECLINED: "plain",
    S.VOIDED: "void",
    S.MERGED: "plain",
    S.WITHDRAWN: "void",
}
# The icon of a status where the tone's own would mislead.
ICONS = {S.DISPATCHED: "bell", S.MERGED: "merge", S.DECLINED: "cross", S.CHECKING: "eye"}


@register.simple_tag(takes_context=True)
def case_panel(context, panel: Panel) -> str:
    """Show what another mechanism has to say of the case."""
    shown = {**panel.context, "case": context["case"], "at": context["at"]}
    return render_to_string(panel.template, shown, request=context.get("request"))


@register.filter
def say_text(text: str) -> str:
    """Say a marked text."""
    return _(text)


@register.filter
def status_label(status: str) -> str:
    """Say where a case stands."""
    return _(policy.PLACES[S(status)].label)


@register.filter
def status_tone(status: str) -> str:
    """Return the tone of a status."""
    return TONES[S(status)]


@register.filter
def status_icon(status: str) -> str:
    """Return the icon of a status where it is not the tone's own."""
    return ICONS.get(S(status), "")


@register.simple_tag
def status_badge(status: str) -> str:
    """Show where a case stands as a badge."""
    return _badge(status, get_language() or "")


@lru_cache(maxsize=100)  # a few statuses, a few languages, fifty to a page
def _badge(status: str, language: str) -> str:
    shown = {
        "label": status_label(status),
        "tone": status_tone(status),
        "name": status_icon(status),
    }
    return render_to_string("kit/status.html", shown).strip()


@register.filter
def step_label(step: str) -> str:
    """Say what a clock measures."""
    return _(policy.STEP_LABELS[policy.Step(step)])


@register.filter
def level_label(level: str) -> str:
    """Say a tier."""
    return _(LEVEL_LABELS[level]) if level else ""


@register.filter
def role_label(role: str) -> str:
    """Say a role."""
    return _(ROLE_LABELS[role])


@register.filter
def channel_label(channel: str) -> str:
    """Say by which door something came."""
    return _(CHANNEL_LABELS[channel])


@register.filter
def place_label(place: str) -> str:
    """Say how a place was given."""
    return _(PLACE_LABELS[place])


@register.filter
def move_label(name: str) -> str:
    """Say a move or another entry of the journal."""
    return _(policy.label_of(name))


@register.filter
def fund_label(source: str) -> str:
    """Say where money came from."""
    return _(policy.FUND_LABELS[policy.FundSource(source)])


@register.filter
def sector_label(code: str) -> str:
    """Say a line of work."""
    return sector_names().get(code, code)


@register.filter
def passed_label(why: str) -> str:
    """Say how a case came to its rung."""
    return _(policy.PASSED_LABELS[policy.Passed(why)]) if why else ""


@register.filter
def solver_label(solver: str) -> str:
    """Say who solved a case."""
    return _(policy.SOLVED_BY_LABELS[policy.SolvedBy(solver)]) if solver else ""


@register.filter
def amount_label(amount: int, unit: str) -> str:
    """Say a limit: 4 工作时, 5 个工作日, 2 小时."""
    return {
        TimeUnit.NATURAL_MINUTES: ngettext("%(n)s 分钟", "%(n)s 分钟", amount),
        TimeUnit.NATURAL_HOURS: ngettext("%(n)s 小时", "%(n)s 小时", amount),
        TimeUnit.WORKING_HOURS: ngettext("%(n)s 工作时", "%(n)s 工作时", amount),
        TimeUnit.WORKING_DAYS: ngettext("%(n)s 个工作日", "%(n)s 个工作日", amount),
    }[TimeUnit(unit)] % {"n": amount}
