"""Whether somebody may change a place, and why: what every change begins with."""

from shaodao.cores.wording import N_
from shaodao.people.models import Unit, User, seats_over
from shaodao.places.policy import PlaceRefused, check_may


def check(name: str, *, actor: User, unit: Unit, why: str) -> None:
    """Test that `actor` may do `name` to places of `unit`, and gives a reason.

    :raises PlaceRefused: if not.
    """
    check_may(name, {seat.role for seat in seats_over(actor, unit)})
    if not why.strip():
        raise PlaceRefused(N_("请写明原因"))
