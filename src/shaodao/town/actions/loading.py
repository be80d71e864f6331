"""Loading the sample town into an empty database."""

from datetime import datetime

from django.db import connection, transaction

from shaodao.insights.actions import catch_up, tally_days
from shaodao.people.models import Unit
from shaodao.town.announcing import announce
from shaodao.town.composing import compose
from shaodao.town.staffing import staff
from shaodao.town.whistling import whistle

from .remembering import remember
from .settling import settle
from .starting import load_defaults


def is_settled() -> bool:
    """Tell whether units are there already: a town, or a county at work."""
    return Unit.objects.exists()


@transaction.atomic
def load(*, at: datetime, password: str = "", with_history: bool = True) -> dict[str, int]:
    """Write the sample town with its past up to `at` and return how many rows of each there are.

    :raises ValueError: if the database holds units already.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '5min'")
    if is_settled():
        raise ValueError("数据库里已有组织单元，示范城镇只装入空库")
    load_defaults()
    composed = compose()
    town = settle(composed.town, password=password)
    written = {
        "grids": len(town.grids),
        "people": len(town.people),
        "households": sum(len(row.households) for row in composed.town.buildings),
    }
    if with_history:
        written |= remember(at=at, lit_road=composed.lit_road)
        written |= staff(at=at)
        written["calls"] = announce(at=at)
        written["whistles"] = whistle(at=at)
        written["tallied_days"] = len(catch_up(at=at))
        tally_days.defer(timestamp=0)  # the figures of the past, as soon as a worker runs
    return written
