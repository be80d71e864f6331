"""Grounds for the tests: rectangles in metres around a point of the small town."""

from shaodao.cores.geodesy import unproject
from shaodao.sites.actions import Known
from tests.town import CITY, MONDAY

SINCE = MONDAY.date().replace(year=2023, month=3, day=1)


def rectangle(width, height, *, east=150.0, north=100.0, origin=CITY):
    """Return the corners of a rectangle, its south-west corner so many metres from `origin`."""
    sides = ((0, 0), (width, 0), (width, height), (0, height))
    return [unproject(east + x, north + y, origin) for x, y in sides]


def known(corners=None, **given):
    """Return what is known of a plot of 60 by 50 metres."""
    values = {
        "name": "桥头空地", "kind": "LAND", "since": SINCE, "corners": corners or rectangle(60, 50)
    }  # fmt: skip
    return Known(**{**values, **given})
