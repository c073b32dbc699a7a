"""Answers over the visits, scale by scale: a swarm of dots per visit, or counts by value; the quartiles as a bar, the median as a line.

A scale of two values has no middle: the share of the higher one stands there, with its interval.
"""

from collections import defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from server.reports.shape import FEW_PATIENTS, MOST_POINTS, Point, Satisfaction, Scale, ScaleVisit, Share
from server.reports.statistics.shares import wilson
from server.web.drawings.cohort import plot

_TOP, _BOTTOM, _HEIGHT = 30, 168, 222
_BELOW = 16
"""Pixels of one more line under the visits."""
_SPACING = 2.1
"""Per cent between two dots of one value, where there is room."""
_SPARSE, _ROUND, _WIDE = 12, 21, 16
_COARSE = 10
"""A scale at least so wide is printed to a tenth; a narrower one to a hundredth."""
_BETTER = {"high": "higher", "low": "lower"}


def draw_all(satisfaction: Satisfaction) -> list[tuple[Scale, Markup]]:
    """Each scale with its drawing. Single points only as long as the whole figure holds at most `MOST_POINTS`."""
    points = sum(len(visit["points"]) for scale in satisfaction["scales"] for visit in scale["visits"])
    single = points <= MOST_POINTS
    return [(one, draw(one, single=single, enough=satisfaction["enough"])) for one in satisfaction["scales"]]


def rounded(scale: Scale, value: float) -> str:
    """`66.7` of a hundred, `2.25` of five."""
    digits = 1 if scale["high"] - scale["low"] >= _COARSE else 2
    return f"{value:.{digits}f}".rstrip("0").rstrip(".").replace("-", "\N{MINUS SIGN}")


def two_valued(scale: Scale) -> bool:
    """Whether there are only two answers, as yes and no."""
    return scale["high"] - scale["low"] == 1 and all(
        value in {scale["low"], scale["high"]} for one in scale["visits"] for value, _ in one["bins"]
    )


def named(scale: Scale) -> str:
    """The higher of two values in words: 1 of 0 and 1 is a yes."""
    return "yes" if (scale["low"], scale["high"]) == (0, 1) else plot.plain(scale["high"])


def of_two(scale: Scale, visit: ScaleVisit) -> Share:
    """How many gave the higher of two values; of fewer than ten only counted."""
    number, of = sum(count for value, count in visit["bins"] if value == scale["high"]), sum(count for _, count in visit["bins"])
    found = wilson(number, of) if of >= FEW_PATIENTS else None
    low, high = (found.low, found.high) if found else (None, None)
    return Share(
        numerator=number, denominator=of, missing=0, share=number / of if found else None, low=low, high=high, worst=None, best=None
    )


def draw(scale: Scale, *, single: bool = True, enough: bool = True) -> Markup:
    """One scale. `single`: each answer is a dot, where the document has them."""
    two = two_valued(scale)
    y = plot.Scale(scale["low"], scale["high"], _BOTTOM - 8 if two else _BOTTOM, _TOP + 8 if two else _TOP)
    steps = (scale["low"], scale["high"]) if two else None
    drawn = plot.y_axis(y, f"score, {_better(scale)}", steps)
    column = (plot.RIGHT - plot.LEFT) / max(1, len(scale["visits"]))
    for place, visit in enumerate(scale["visits"]):
        middle = plot.LEFT + column * (place + 0.5)
        drawn += _marks(visit, middle, column, y, single=single)
        drawn += _under(visit, middle, column)
        if enough and visit["median"] is not None:
            drawn += _share(scale, visit, middle, column, y) if two else _summary(scale, visit, middle, column, y)
    if not enough:
        drawn.append(plot.too_few(_HEIGHT - 4))
    drawn.append(plot.across(_BOTTOM, "fig-axis"))
    return plot.svg(_HEIGHT + _BELOW * enough, f"{scale['title']} at each visit", drawn)


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


def _summary(scale: Scale, visit: ScaleVisit, middle: float, column: float, y: plot.Scale) -> list[str]:
    """Quartiles and median beside the answers; its number under the visit, where no mark is."""
    x = middle + column * 0.36
    drawn = []
    if visit["q1"] is not None and visit["q3"] is not None:
        floor, roof = sorted((y(visit["q1"]), y(visit["q3"])), reverse=True)
        bounds = f"{rounded(scale, visit['q1'])} and {rounded(scale, visit['q3'])}"
        said = f"{visit['title']}: half of the answers lie between {bounds}"
        drawn.append(plot.bar(x - 1, x + 1, roof, max(2.0, floor - roof), "fig-quartiles", said))
    median = visit["median"] or 0.0
    return [*drawn, plot.across(y(median), "fig-median", x - 2, x + 2), _number(rounded(scale, median), "median", middle, column)]


def _share(scale: Scale, visit: ScaleVisit, middle: float, column: float, y: plot.Scale) -> list[str]:
    """The share as a place between both values, with its interval as a line."""
    share, x = of_two(scale, visit), middle + column * 0.36
    if share["share"] is None or share["low"] is None or share["high"] is None:
        return []
    at = plot.Scale(0, 1, y.begin, y.end)
    said = f"{visit['title']}: {share['numerator']} of {share['denominator']} {named(scale)}"
    return [
        plot.upright(x, at(share["high"]), at(share["low"]), "fig-line"),
        plot.dot(x, at(share["share"]), said, radius=5),
        _number(f"{100 * share['share']:.0f} %", named(scale), middle, column),
    ]


def _number(number: str, words: str, middle: float, column: float) -> str:
    """Under the visit; in a narrow column the number alone, which the sentence explains."""
    said = f"{words} {number}" if column >= _WIDE else number
    return plot.text(middle, _BOTTOM + 50, said, "fig-count fig-middle")


def _under(visit: ScaleVisit, middle: float, column: float) -> Sequence[str]:
    letters = max(4, round(column * 0.6)) if column < _SPARSE else _ROUND
    title = visit["title"] if len(visit["title"]) <= letters else f"{visit['title'][: letters - 1]}…"
    return (
        plot.text(middle, _BOTTOM + 18, title, "fig-tick fig-middle"),
        plot.text(middle, _BOTTOM + 34, f"{visit['n']} of {visit['due']}", "fig-count fig-middle"),
    )
