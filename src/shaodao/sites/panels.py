"""What the page of a case shows of the sites it belongs to, or lies in."""

from shaodao.cases.models import Case
from shaodao.kit.panels import Panel
from shaodao.people.models import User, seats_over
from shaodao.people.queries import units_by_id

from . import policy
from .models import Site
from .queries import offered_for


def of_case(case: Case, viewer: User) -> Panel | None:
    """Return the sites of a case, and those it lies in that the viewer may put it under."""
    mine = list(Site.objects.filter(cases__case=case).defer("boundary").order_by("since", "pk"))
    units, move = units_by_id(), policy.MOVES["link"]
    offered = [
        site
        for site in offered_for(case)
        if policy.may_make(move, seats_over(viewer, units[site.unit_id]))
    ]
    if not mine and not offered:
        return None
    return Panel("sites/panel.html", {"sites": mine, "offered": offered}, is_aside=True)
