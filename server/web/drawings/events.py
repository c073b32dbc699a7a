"""Adverse events on one axis of days after the procedure: a line from onset to the last day seen, a mark at each look, shaped by grade."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from server.procedures.note.words import counted, listed
from server.web.drawings import grades

_LEFT, _RIGHT = 3.0, 92.0
_ROW, _NAME, _BELOW = 44, 16, 26
_MOST_TICKS = 6
_STEPS = (1, 2, 5, 7, 14, 30, 60, 90, 180, 365, 730)
_SVG = Markup('<svg class="events" width="100%" height="{}" role="img" aria-label="{}">{}</svg>')
_TICK = Markup(
    '<line class="lane-grid" x1="{0:.2f}%" y1="0" x2="{0:.2f}%" y2="{1}"/><text class="lane-clock" x="{0:.2f}%" y="{2}">{3}</text>'
)
_HEAD = Markup('<text class="lane-name" x="0" y="{}">{}</text>')
_LINE = Markup('<line class="event-line{}" x1="{:.2f}%" y1="{}" x2="{:.2f}%" y2="{}"/>')
_MARK = Markup('<svg class="event-mark" x="{:.2f}%" y="{}" width="1" height="1" overflow="visible"><title>{}</title>{}</svg>')
_KINDS = {None: "event-hollow", 5: "event-cross"}
_DRAWN = {sign: Markup('<path class="{}" d="{}"/>').format(_KINDS.get(sign, "event-full"), path) for sign, path in grades.PATHS.items()}
_GONE = Markup('<path d="M0-7V7" class="event-cross"/>')
_GOES_ON = Markup(
    '<svg class="event-mark" x="{:.2f}%" y="{}" width="1" height="1" overflow="visible"><path class="event-line" d="{}"/></svg>'
)
SHAPES = (
    "Mark by CTCAE grade: ring not graded, dot 1, square 2, triangle 3, diamond 4, cross 5; a bar where it had gone. "
    "A dashed line: it went at some time between. An arrow: it goes on."
)


@dataclass(frozen=True)
class Look:
    """What one assessment saw, `day` days after the procedure."""

    day: int
    ctcae: int | None
    gone: bool
    words: str


@dataclass(frozen=True)
class Course:
    """One event: from which day to which it is known to have been there, by which it had gone (None: ongoing), and each look at it."""

    name: str
    begin: int
    end: int
    gone: int | None
    looks: Sequence[Look]


def caption(courses: Sequence[Course]) -> str:
    """Counted from what is drawn."""
    if not courses:
        return "No adverse event was found."
    ongoing = sum(one.gone is None for one in courses)
    worst = max((look.ctcae for one in courses for look in one.looks if look.ctcae), default=None)
    said = [f"{ongoing} ongoing", f"{len(courses) - ongoing} over"]
    graded = f"worst CTCAE grade {worst}" if worst else "none graded by CTCAE"
    return f"{counted(len(courses), 'adverse event')}: {listed(said)}; {graded}."


def events(courses: Sequence[Course], *, title: str) -> Markup:
    """The drawing, days after the procedure from left to right."""
    longest = max(1, *(max(one.end, one.gone or 0, *(look.day for look in one.looks)) for one in courses))

    def x(day: int) -> float:
        return _LEFT + (_RIGHT - _LEFT) * day / longest

    drawn = []
    for row, one in enumerate(courses):
        top = row * _ROW
        middle = top + _NAME + 13
        drawn.append(_HEAD.format(top + 13, one.name))
        end = max(one.begin, one.end)
        drawn.append(_LINE.format("", x(one.begin), middle, x(end), middle))
        if one.gone is not None and one.gone > end:
            drawn.append(_LINE.format(" event-unsure", x(end), middle, x(one.gone), middle))
        if one.gone is None:
            drawn.append(_GOES_ON.format(x(max(end, *(look.day for look in one.looks))), middle, grades.ARROW))
        drawn += [
            _MARK.format(x(look.day), middle, look.words, _GONE if look.gone else _DRAWN[grades.sign(look.ctcae)]) for look in one.looks
        ]
    height = len(courses) * _ROW + 2
    step = next((one for one in _STEPS if longest / one <= _MOST_TICKS), _STEPS[-1])
    ticks = [_TICK.format(x(day), height, height + 18, f"day {day}" if day == 0 else day) for day in range(0, longest + 1, step)]
    return _SVG.format(height + _BELOW, title, Markup("").join(ticks + drawn))
