"""What every change of a draft begins with, and how it is written down."""

from datetime import datetime

from shaodao.drawing import policy
from shaodao.drawing.models import Drawing
from shaodao.people.actions import record
from shaodao.people.models import Unit, User, seats_over


def check_actor(actor: User, community: Unit) -> None:
    """Test that `actor` may draw the lists of a village.

    :raises DrawingRefused: if they may not.
    """
    policy.check_draws({seat.role for seat in seats_over(actor, community)})


def locked(drawing: Drawing, actor: User) -> Drawing:
    """Return a draft locked, to be changed.

    :raises DrawingRefused: the actor may not, or it is being computed or has ended.
    """
    rows = Drawing.objects.select_for_update(of=["self"]).select_related("community")
    row = rows.get(pk=drawing.pk)
    check_actor(actor, row.community)
    policy.check_open(policy.Status(row.status))
    return row


def write_down(
    drawing: Drawing, name: str, *, actor: User, at: datetime, why: str = "", **facts
) -> None:
    """Add what was done to a draft to the journal."""
    record(
        subject=f"unit:{drawing.community_id}",
        name=name,
        actor=actor,
        at=at,
        facts={"drawing": drawing.pk, **facts},
        why=why,
        unit=drawing.community,
    )
