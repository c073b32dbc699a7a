"""Complications by the day on which they began: a row for each kind, the grade as a shape, a line until they were last seen."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from schemas.outcome_words import ClavienDindo
from server.procedures.note.words import capital, counted, plain
from server.reports.shape import Event
from server.web.drawings.cohort import plot

_NAME, _LANE, _MOST_LANES = 20, 10, 14
_APART = 2.6
"""Per cent between two marks of one lane."""
_SHORTEST, _LONGEST = 28, 400
SHAPES = {
    "none": "M0 -4.5A4.5 4.5 0 1 0 0 4.5A4.5 4.5 0 1 0 0 -4.5Z",
    "I": "M0 -4.5A4.5 4.5 0 1 0 0 4.5A4.5 4.5 0 1 0 0 -4.5Z",
    "II": "M-4.5 -4.5H4.5V4.5H-4.5Z",
    "III": "M0 -5.5L5.5 4.5H-5.5Z",
    "IV": "M0 -6L6 0L0 6L-6 0Z",
}
"""Grades of Clavien-Dindo → path around the place; `none` is hollow, V is drawn as IV."""


def grade(event: Event) -> str:
    """Which shape it has: the letter of a grade makes no other shape."""
    word = (event["clavien_dindo"] or "none").rstrip("ab")
    return "IV" if word == ClavienDindo.V else word if word in SHAPES else "none"


def draw(events: Sequence[Event]) -> Markup:
    """Rows by how often they occurred."""
    counts = Counter(one["complication"] for one in events)
    last = max([_SHORTEST, *(max(one["from_day"], one["last_day"] or 0) for one in events)])
    x = plot.Scale(0, min(_LONGEST, last), plot.LEFT + 2, plot.RIGHT - 2)
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
        ends[lane : lane + 1] = [_end(one, x)]
        lanes.append(lane)
    return lanes


def _end(one: Event, x: plot.Scale) -> float:
    begin = x(one["from_day"])
    return max(begin, x(one["last_day"])) if one["last_day"] is not None else begin


def _mark(one: Event, x: plot.Scale, y: float) -> str:
    begin, shape = x(one["from_day"]), grade(one)
    end = _end(one, x)
    line = plot.across(y, "fig-line", begin, end) if end > begin else ""
    return plot.to_case(one["procedure_id"], f"<title>{plot.safe(_said(one))}</title>{line}{_shape(shape, begin, y)}")


def _shape(shape: str, x: float, y: float) -> str:
    kind = "fig-hollow" if shape == "none" else "fig-grade"
    return f'<svg class="fig-nest" x="{x:.2f}%" y="{y:.1f}"><path class="{kind}" d="{SHAPES[shape]}"/></svg>'


def _said(one: Event) -> str:
    graded = f"Clavien-Dindo {one['clavien_dindo']}" if one["clavien_dindo"] else "not graded by Clavien-Dindo"
    graded += f", CTCAE {one['ctcae']}" if one["ctcae"] is not None else ""
    until = f", last seen on day {one['last_day']}" if one["last_day"] is not None else ""
    gone = f", gone by day {one['absent_day']}" if one["absent_day"] is not None else ""
    return f"{capital(plain(one['complication']))} from day {one['from_day']}{until}{gone}; {graded}"


def _legend(y: float) -> list[str]:
    named = (("none", "not graded"), ("I", "I"), ("II", "II"), ("III", "III"), ("IV", "IV or V"))
    drawn = []
    for place, (shape, words) in enumerate(named):
        at = 2 + (0 if place == 0 else 14 + 15 * place)
        drawn += [_shape(shape, at, y), plot.text(at + 3.2, y + 4, words, "fig-tick")]
    return drawn
