"""Drawing places that never were: streets, grids and houses from a seed, in metres on a plane.

East is x, north is y. Whoever takes a drawing over puts it on the globe (`on_globe`), where edges
that two grids share stay the same to the last digit.
"""

from .sheet import Ground, House, Sheet, on_globe, reading_order
from .streets import draw_city
from .valley import draw_valley

__all__ = ["Ground", "House", "Sheet", "draw_city", "draw_valley", "on_globe", "reading_order"]
