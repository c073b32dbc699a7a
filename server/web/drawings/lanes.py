"""Harvest, processing and injection on one axis of clock times. X runs in per cent, so that text keeps its size on any screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from markupsafe import Markup

from server.procedures.note.words import clock, counted, glued

_LEFT, _RIGHT = 5.0, 95.0
_APART = 7.5
"""Per cent between two dots in one row: a dot's width where the drawing is 320 pixels wide."""
_ROW, _HEAD, _BELOW = 24, 22, 30
_STEPS = (5, 10, 15, 30, 60, 120, 180, 360, 720)
_MOST_TICKS = 5
_SVG = Markup('<svg class="lanes" width="100%" height="{}" role="img" aria-label="{}">{}</svg>')
_TICK = Markup(
    '<line class="lane-grid" x1="{0:.2f}%" y1="0" x2="{0:.2f}%" y2="{1}"/><text class="lane-clock" x="{0:.2f}%" y="{2}">{3}</text>'
)
_LANE = Markup('<text class="lane-name" x="0" y="{}">{}</text><line class="lane-line" x1="0" y1="{}" x2="100%" y2="{}"/>')
_BAR = Markup('<rect class="lane-bar" x="{:.2f}%" y="{}" width="{:.2f}%" height="12" rx="2"><title>{}</title></rect>')
_POINT = Markup('<circle class="lane-point" cx="{:.2f}%" cy="{}" r="5"><title>{}</title></circle>')
_DOT = Markup('<g class="lane-dot"><title>{}</title><circle cx="{:.2f}%" cy="{}" r="10"/><text x="{:.2f}%" y="{}">{}</text></g>')


class Lane(StrEnum):
    """In the order in which they are drawn."""

    HARVEST = "Harvest"
    PROCESSING = "Processing"
    INJECTION = "Injection"


@dataclass(frozen=True)
class Act:
    """Something done, on the clock that is shown. `number` is the scar's, for an injection."""

    lane: Lane
    begin: datetime
    end: datetime
    words: str
    number: int | None = None

    @property
    def when(self) -> str:
        """`09:30`, or from when to when."""
        begin, end = clock(self.begin), clock(self.end)
        return begin if begin == end else f"{begin} to {end}"


def caption(acts: Sequence[Act]) -> str:
    """What the drawing shows, counted from what it is drawn of."""
    if not acts:
        return "No harvest, processing or injection is recorded."
    begin, end = _period(acts)
    injections = [one for one in acts if one.lane == Lane.INJECTION]
    scars = len({one.number for one in injections})
    given = f"{counted(len(injections), 'injection')} into {counted(scars, 'scar')}" if injections else "no injection"
    minutes = round((end - begin).total_seconds() / 60)
    return f"{glued(f'{minutes} min')} from {clock(begin)} to {clock(end)}; {given}."


def lanes(acts: Sequence[Act], *, title: str) -> Markup:
    """The drawing. Injections at nearly the same time stand above each other; a gap is a gap."""
    begin, end = _period(acts)
    if begin == end:
        begin, end = begin - timedelta(minutes=5), end + timedelta(minutes=5)
    length = (end - begin).total_seconds()

    def x(moment: datetime) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (moment - begin).total_seconds() / length

    drawn, y = [], 0
    for lane in Lane:
        here = [one for one in acts if one.lane == lane]
        marks, height = _lane(here, [x(one.begin) for one in here], y, (_RIGHT - _LEFT) / length)
        drawn += [_LANE.format(y + 14, lane, y + height, y + height), *marks]
        y += height
    ticks = [_TICK.format(x(tick), y, y + 18, clock(tick)) for tick in _ticks(begin, end)]
    return _SVG.format(y + _BELOW, title, Markup("").join(ticks + drawn))


def _lane(acts: Sequence[Act], places: Sequence[float], top: int, per_second: float) -> tuple[list[Markup], int]:
    """(marks, height) of one lane."""
    rows = _rows(places) if acts and acts[0].lane == Lane.INJECTION else [0] * len(acts)
    marks = []
    for act, place, row in zip(acts, places, rows, strict=True):
        middle = top + _HEAD + _ROW * row + _ROW // 2 - 2
        words = f"{act.when} {act.words}"
        share = per_second * (act.end - act.begin).total_seconds()
        if act.number is not None:
            marks.append(_DOT.format(words, place, middle, place, middle + 4, act.number))
        elif share < 1:
            marks.append(_POINT.format(place, middle, words))
        else:
            marks.append(_BAR.format(place, middle - 6, share, words))
    return marks, _HEAD + _ROW * (max(rows, default=0) + 1)


def _rows(places: Sequence[float]) -> list[int]:
    """The first row in which each has room; places come in order of time."""
    ends: list[float] = []
    rows = []
    for place in places:
        row = next((index for index, end in enumerate(ends) if place - end >= _APART), len(ends))
        ends[row : row + 1] = [place]
        rows.append(row)
    return rows


def _period(acts: Iterable[Act]) -> tuple[datetime, datetime]:
    known = list(acts)
    return min(one.begin for one in known), max(one.end for one in known)


def _ticks(begin: datetime, end: datetime) -> list[datetime]:
    """Round clock times, as few as can be read."""
    minutes = (end - begin).total_seconds() / 60
    step = next((one for one in _STEPS if minutes / one <= _MOST_TICKS), 1440 * (1 + int(minutes // (1440 * _MOST_TICKS))))
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    first = int((begin - midnight).total_seconds() / 60 // step)
    spots = (midnight + timedelta(minutes=step * (first + index)) for index in range(_MOST_TICKS + 2))
    return [one for one in spots if begin <= one <= end][: _MOST_TICKS + 1]
