"""Complications by the day on which they began: a row for each kind, the grade as a shape, a line until they were last seen.

A dashed line leads to the day by which one had gone, an arrow says that it was not seen to end.
"""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from server.procedures.note.words import capital, counted, plain
from server.reports.shape import Event
from server.web.drawings import grades
from server.web.drawings.cohort import plot

_NAME, _LANE, _MOST_LANES = 20, 10, 14
_APART = 2.6
"""Per cent between two marks of one lane."""
_SHORTEST, _LONGEST = 28, 400
_CROSS = 5
_ARROW = 6.5
"""Per cent that an arrow takes of a lane, in a column of a telephone's width."""


def draw(events: Sequence[Event]) -> Markup:
    """Rows by how often they occurred."""
    counts = Counter(one["complication"] for one in events)
    last = max([_SHORTEST, *(max(one["from_day"], one["last_day"] or 0, one["absent_day"] or 0) for one in events)])
    x = plot.Scale(0, min(_LONGEST, last), plot.LEFT + 2, plot.RIGHT - 5)
    drawn, y = [], 4.0
    for kind, count in counts.most_common():
        drawn.append(plot.text(0, y + 12, f"{capital(plain(kind))}: {counted(count, 'event')}", "fig-name"))
        here = sorted((one for one in events if one["complication"] == kind), key=lambda one: one["from_day"])
        lanes = _lanes(here, x)
        drawn += [_mark(one, x, y + _NAME + 5 + _LANE * lane) for one, lane in zip(here, lanes, strict=True)]
        y += _NAME + _LANE * (max(lanes) + 1) + 8
    drawn += plot.x_axis(x, y, "days after the procedure")
    drawn += _legend(y + 54)
    return plot.svg(y + 66, "Complications by the day on which they began, the grade as a shape", drawn)


def _lanes(events: Sequence[Event], x: plot.Scale) -> list[int]:
    """The first lane in which each has room; where there is none, the last."""
    ends: list[float] = []
    lanes = []
    for one in events:
        begin = x(one["from_day"])
        lane = next((place for place, end in enumerate(ends) if begin - end >= _APART), min(len(ends), _MOST_LANES - 1))
        ends[lane : lane + 1] = [_end(one, x) + (_ARROW if one["absent_day"] is None else 0)]
        lanes.append(lane)
    return lanes


def _end(one: Event, x: plot.Scale) -> float:
    """Where its line ends, or its arrow begins."""
    return max(x(day) for day in (one["from_day"], one["last_day"], one["absent_day"]) if day is not None)


def _mark(one: Event, x: plot.Scale, y: float) -> str:
    begin, seen = x(one["from_day"]), x(max(one["from_day"], one["last_day"] or 0))
    lines = plot.across(y, "fig-line", begin, seen) if seen > begin else ""
    if one["absent_day"] is None:
        lines += f'<svg class="fig-nest" x="{seen:.2f}%" y="{y:.1f}"><path class="fig-line" d="{grades.ARROW}"/></svg>'
    elif (gone := x(one["absent_day"])) > seen:
        lines += plot.across(y, "fig-line fig-dotted", seen, gone)
    return plot.to_case(one["procedure_id"], f"<title>{plot.safe(_said(one))}</title>{lines}{_shape(grades.sign(one['ctcae']), begin, y)}")


def _shape(sign: int | None, x: float, y: float) -> str:
    kind = "fig-hollow" if sign is None else "fig-cross" if sign == _CROSS else "fig-grade"
    return f'<svg class="fig-nest" x="{x:.2f}%" y="{y:.1f}"><path class="{kind}" d="{grades.PATHS[sign]}"/></svg>'


def _said(one: Event) -> str:
    graded = f"CTCAE {one['ctcae']}" if one["ctcae"] is not None else "not graded by CTCAE"
    graded += f", Clavien-Dindo {one['clavien_dindo']}" if one["clavien_dindo"] else ""
    until = f", last seen on day {one['last_day']}" if one["last_day"] is not None else ""
    gone = ", not seen to end" if one["absent_day"] is None else f", gone by day {one['absent_day']}"
    return f"{capital(plain(one['complication']))} from day {one['from_day']}{until}{gone}; {graded}"


def _legend(y: float) -> list[str]:
    """CTCAE grades in the order of their signs."""
    drawn = []
    for place, sign in enumerate(grades.PATHS):
        at = 2 + (0 if place == 0 else 17 + 12 * place)
        drawn += [_shape(sign, at, y), plot.text(at + 3.2, y + 4, "not graded" if sign is None else sign, "fig-tick")]
    return drawn
