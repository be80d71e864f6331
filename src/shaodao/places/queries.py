"""Finding the grid of a point, in the process."""

from shapely import from_wkb

from shaodao.cores.locating import Locator
from shaodao.kit.versions import Versioned

from .models import Grid


def _load() -> tuple[Locator, dict[str, tuple[int, int]]]:
    rows = list(Grid.objects.filter(valid_to=None).values_list("code", "boundary", "pk", "unit"))
    shapes = [(code, from_wkb(bytes(boundary))) for code, boundary, _, _ in rows]
    return Locator(shapes), {code: (pk, unit) for code, _, pk, unit in rows}


_grids: Versioned[tuple[Locator, dict[str, tuple[int, int]]]] = Versioned("grids", _load)


def locate(lon: float, lat: float) -> tuple[int, int] | None:
    """Return the ids of the grid a point lies in and of its unit; None where no grid is.

    A point on a shared edge belongs to exactly one of the grids (cores.locating).
    """
    locator, ids = _grids.get()
    code = locator.locate(lon, lat)
    return ids[code] if code is not None else None
