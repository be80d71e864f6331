"""What whistles show on the staff's page of a case."""

from django.utils import timezone

from shaodao.cases.models import Case
from shaodao.kit.panels import Panel
from shaodao.whistles import board


def of_case(case: Case, viewer) -> Panel | None:
    """Show the whistles on a case and who came, or the way to whistle."""
    at = timezone.now()
    rows = [board.listed(row, at=at) for row in board.latest_of(case, viewer)]
    may_draft = board.may_draft(viewer, case, at=at) and not any(
        row.whistle.ended_at is None for row in rows
    )
    may_help = not rows and board.may_help(viewer, case, at=at)
    if not rows and not may_draft and not may_help:
        return None
    return Panel(
        "whistles/panel.html", {"listed": rows, "may_draft": may_draft, "may_help": may_help}
    )
