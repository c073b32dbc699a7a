"""Answers over the visits, scale by scale: a swarm of dots per visit, or counts by value; the quartiles as a bar, the median as a line."""

from collections import defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from server.reports.shape import MOST_POINTS, Point, Satisfaction, Scale, ScaleVisit
from server.web.drawings.cohort import plot

_TOP, _BOTTOM, _HEIGHT = 30, 168, 222
_SPACING = 2.1
"""Per cent between two dots of one value, where there is room."""
_SPARSE, _ROUND = 12, 21
_BETTER = {"high": "higher", "low": "lower"}


def draw_all(satisfaction: Satisfaction) -> list[tuple[Scale, Markup]]:
    """Each scale with its drawing. Single points only as long as the whole figure holds at most `MOST_POINTS`."""
    points = sum(len(visit["points"]) for scale in satisfaction["scales"] for visit in scale["visits"])
    single = points <= MOST_POINTS
    return [(one, draw(one, single=single, enough=satisfaction["enough"])) for one in satisfaction["scales"]]


def draw(scale: Scale, *, single: bool = True, enough: bool = True) -> Markup:
    """One scale. `single`: each answer is a dot, where the document has them."""
    y = plot.Scale(scale["low"], scale["high"], _BOTTOM, _TOP)
    drawn = plot.y_axis(y, f"score, {_better(scale)}")
    column = (plot.RIGHT - plot.LEFT) / max(1, len(scale["visits"]))
    for place, visit in enumerate(scale["visits"]):
        middle = plot.LEFT + column * (place + 0.5)
        drawn += _marks(visit, middle, column, y, single=single)
        if enough:
            drawn += _summary(visit, middle, column, y)
        drawn += _under(visit, middle, column)
    if not enough:
        drawn.append(plot.too_few(_HEIGHT - 4))
    drawn.append(plot.across(_BOTTOM, "fig-axis"))
    return plot.svg(_HEIGHT, f"{scale['title']} at each visit", drawn)


def _better(scale: Scale) -> str:
    return f"{_BETTER[scale['better']]} is better" if scale["better"] in _BETTER else f"from {scale['low']:g} to {scale['high']:g}"


def _marks(visit: ScaleVisit, middle: float, column: float, y: plot.Scale, *, single: bool) -> list[str]:
    """A little to the left, so that the quartiles stand beside them."""
    left, room = middle - column * 0.1, column * 0.62
    if single and len(visit["points"]) >= visit["n"]:
        return _swarm(visit, left, room, y)
    most = max((count for _, count in visit["bins"]), default=1)
    drawn = []
    for value, count in visit["bins"]:
        half = room / 2 * count / max(1, most)
        said = f"{visit['title']}: {count} answered {plot.plain(value)}"
        drawn.append(plot.bar(left - half, left + half, y(value) - 4, 8, "fig-area", said))
    return drawn


def _swarm(visit: ScaleVisit, left: float, room: float, y: plot.Scale) -> list[str]:
    """Dots of nearly the same height stand beside each other, from the middle outwards."""
    rows: dict[int, list[Point]] = defaultdict(list)
    for point in visit["points"]:
        rows[round(y(point["value"]) / 6)].append(point)
    drawn = []
    for beside in rows.values():
        apart = min(_SPACING, room / len(beside))
        begin = left - apart * (len(beside) - 1) / 2
        drawn += [
            plot.dot(begin + apart * place, y(one["value"]), f"{visit['title']}: {plot.plain(one['value'])}", case=one["procedure_id"])
            for place, one in enumerate(beside)
        ]
    return drawn


def _summary(visit: ScaleVisit, middle: float, column: float, y: plot.Scale) -> list[str]:
    x = middle + column * 0.36
    drawn = []
    if visit["q1"] is not None and visit["q3"] is not None:
        floor, roof = sorted((y(visit["q1"]), y(visit["q3"])), reverse=True)
        said = f"{visit['title']}: half of the answers lie between {plot.plain(visit['q1'])} and {plot.plain(visit['q3'])}"
        drawn.append(plot.bar(x - 1, x + 1, roof, max(2.0, floor - roof), "fig-quartiles", said))
    if visit["median"] is not None:
        drawn.append(plot.across(y(visit["median"]), "fig-median", x - 2, x + 2))
        drawn.append(plot.text(x, y(visit["median"]) - 5, plot.plain(visit["median"]), "fig-count fig-middle fig-halo"))
    return drawn


def _under(visit: ScaleVisit, middle: float, column: float) -> Sequence[str]:
    letters = max(4, round(column * 0.6)) if column < _SPARSE else _ROUND
    title = visit["title"] if len(visit["title"]) <= letters else f"{visit['title'][: letters - 1]}…"
    return (
        plot.text(middle, _BOTTOM + 18, title, "fig-tick fig-middle"),
        plot.text(middle, _BOTTOM + 34, f"{visit['n']} of {visit['due']}", "fig-count fig-middle"),
    )
