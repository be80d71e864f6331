"""The figures, in the order the overview shows them. A new one is a module and its name here."""

from . import (
    access,
    channels,
    effect,
    in_grid,
    lead_time,
    participation,
    proactive,
    rates,
    response,
    scores,
    solved,
    supervised,
    whistled,
)

FIGURES = tuple(
    module.FIGURE
    for module in (
        solved,
        lead_time,
        response,
        access,
        rates,
        in_grid,
        proactive,
        participation,
        channels,
        scores,
        effect,
        supervised,
        whistled,
    )
)
BY_SLUG = {figure.slug: figure for figure in FIGURES}
