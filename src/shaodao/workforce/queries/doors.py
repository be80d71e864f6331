"""Where the QR code of a door or a board leads today: the place stays, its grid may not."""

import re

from shaodao.places.models import Grid, Household
from shaodao.places.queries import locate

_CODE = re.compile(r"([hg])(\d{1,18})")


def grid_of_door(code: str) -> Grid | None:
    """Return the grid a printed code leads to now.

    code : h and the number of a household, or g and the code of a grid, as sheets print them. Where
    the grid has ended (split, merged, renumbered), the place says which one is there today.
    """
    found = _CODE.fullmatch(code)
    if found is None:
        return None
    kind, number = found.groups()
    if kind == "g":
        rows = Grid.objects.select_related("unit").defer("boundary")
        grid = rows.filter(code=number).order_by("-valid_from").first()
        return _present(grid, grid.lon, grid.lat) if grid else None
    homes = Household.objects.select_related("building__grid__unit")
    home = homes.defer("building__grid__boundary").filter(pk=number).first()
    return _present(home.building.grid, home.building.lon, home.building.lat) if home else None


def _present(grid: Grid, lon: float, lat: float) -> Grid | None:
    if grid.valid_to is None:
        return grid
    found = locate(lon, lat)
    if found is None:
        return None
    return Grid.objects.select_related("unit").defer("boundary").filter(pk=found[0]).first()
