"""What each scar got against the panel's median grade: single scars, or counts by cell. Association only."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from server.reports.shape import ScarPoint
from server.web.drawings.cohort import plot

_TOP, _BOTTOM, _HEIGHT = 30, 190, 228
_LARGEST = 15


def draw(points: Sequence[ScarPoint], unit: str, *, enough: bool) -> Markup:
    """One panel; `unit` is that of its x: `mL per scar` or `mL/cm²`."""
    low, high = plot.reach(one["x"] for one in points)
    x = plot.Scale(low, high, plot.LEFT + 2, plot.RIGHT - 2)
    y = plot.Scale(-3, 3, _BOTTOM - 8, _TOP)
    drawn = plot.y_axis(y, f"median grade of the panel, {plot.plain(-3)} to +3", (-3, -2, -1, 0, 1, 2, 3))
    drawn.append(plot.across(y(0), "fig-axis"))
    most = max((one["count"] for one in points), default=1)
    drawn += [_mark(one, x(one["x"]), y(one["y"]), most, unit) for one in points]
    drawn += plot.x_axis(x, _BOTTOM, unit)
    if not enough:
        drawn.append(plot.text(plot.LEFT, _HEIGHT - 4, "Too few to summarise.", "fig-note"))
    return plot.svg(_HEIGHT, f"Median grade of the panel against {unit}", drawn)


def _mark(one: ScarPoint, x: float, y: float, most: int, unit: str) -> str:
    """A scar, or a cell whose area grows with its count and that says it."""
    said = f"{plot.plain(one['x'])} {unit}, grade {plot.plain(one['y'])}"
    if one["count"] <= 1:
        return plot.dot(x, y, said, case=one["procedure_id"], kind="fig-dot fig-seethrough")
    radius = max(6.0, _LARGEST * math.sqrt(one["count"] / most))
    cell = plot.dot(x, y, f"{said}: {one['count']} scars", case=one["procedure_id"], kind="fig-cell", radius=radius)
    return cell + plot.text(x, y + 4, one["count"], "fig-count fig-middle")
