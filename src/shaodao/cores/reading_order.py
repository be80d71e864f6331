"""Number places as a map is read: west to east, row by row from the north.

Problem   Grids of a community get serials "from west to east and from north to south". Wanted is
          one order that people would draw too: places about level with each other form a row.
Method    As many rows as columns, of equal height between the northernmost and the southernmost.
Cost      n log n.
Limits    Where rows are ragged, a place near the edge of a row may come before or after
          its neighbour; the order is the same for the same places, whatever order they come in.
Source    The numbering rule of district grid registers; the number of rows is ours.
"""

from collections.abc import Sequence


def reading_order(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the order in which places are numbered.

    points   (east or longitude, north or latitude), one datum
    Returns  the indexes of the points, the first to be numbered first
    """
    if not points:
        return []
    norths = [north for _, north in points]
    n_rows = max(round(len(points) ** 0.5), 1)
    height = max((max(norths) - min(norths)) / n_rows, 1e-12)
    top = max(norths)
    row = [min(int((top - north) / height), n_rows - 1) for north in norths]
    return sorted(range(len(points)), key=lambda n: (row[n], points[n]))
