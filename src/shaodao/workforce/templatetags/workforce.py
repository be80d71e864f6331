"""Saying in words what the workforce's tables hold as codes."""

from django import template
from django.utils.translation import gettext as _

from shaodao.workforce.policy import Line

register = template.Library()


@register.filter
def line_said(line: Line) -> str:
    """Say how the points of a line came about, with its numbers filled in."""
    return _(line.said).format(**line.values)
