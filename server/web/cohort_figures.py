"""The cohort's figures put together: question, sentence and drawings for the page, and the same as a file for print."""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from server.reports.few import without_few
from server.reports.files.outside import nameless
from server.reports.shape import FEW_PATIENTS, Cohort
from server.web import cohort_scale_words as scale_words
from server.web import cohort_words as words
from server.web import tokens
from server.web.drawings.cohort import events, flow, places, plot, process, rating, redness, scales, volume

_WIDE, _LINE, _LETTERS = 640, 17, 104
_FACE_WIDE = 320
_EVENTS = (
    "Each complication from the day on which it began; the sign is its worst grade by CTCAE. "
    "An arrow: not seen to end. Dotted: it went in these days."
)
_SHEET = tokens.FILE.parent / "figures.css"


@dataclass(frozen=True)
class Piece:
    """One drawing of a figure; `sentence` is its own where the figure has several."""

    drawing: Markup
    sentence: str = ""


@dataclass(frozen=True)
class Figure:
    """All of one question."""

    name: str
    question: str
    sentence: str
    pieces: list[Piece]


def _enough(cohort: Cohort) -> bool:
    return cohort["counts"]["patients"] >= FEW_PATIENTS


def _flow(cohort: Cohort) -> Iterator[Piece]:
    for title, drawing in flow.draw(cohort["flow"]):
        yield Piece(drawing, title)


def _redness(cohort: Cohort) -> Iterator[Piece]:
    if cohort["redness"]["enough"] or cohort["redness"]["points"]:
        yield Piece(redness.draw(cohort["redness"]))


def _rating(cohort: Cohort) -> Iterator[Piece]:
    if cohort["physicians"]["raters"]:
        yield Piece(rating.draw(cohort["physicians"]))


def _scales(cohort: Cohort) -> Iterator[Piece]:
    enough = cohort["satisfaction"]["enough"]
    for scale, drawing in scales.draw_all(cohort["satisfaction"]):
        yield Piece(drawing, scale_words.scale(scale, enough=enough))


def _volume(cohort: Cohort) -> Iterator[Piece]:
    part = cohort["volume"]
    for points, unit in ((part["per_scar"], "mL per scar"), (part["per_cm2"], "mL/cm²")):
        if points:
            yield Piece(volume.draw(points, unit, enough=part["enough"]))


def _process(cohort: Cohort) -> Iterator[Piece]:
    part = cohort["process"]
    for run in part["runs"]:
        if run["points"]:
            yield Piece(process.draw_run(run), words.run(run))
    if part["learning"]["values"]:
        yield Piece(process.draw_learning(part["learning"], enough=_enough(cohort)), words.learning(cohort))
    if part["events"]:
        yield Piece(events.draw(part["events"]), _EVENTS)


def _where(cohort: Cohort) -> Iterator[Piece]:
    drawn = cohort["where"]["places"]
    if drawn:
        yield Piece(places.draw(drawn), _unplaced(cohort))


def _unplaced(cohort: Cohort) -> str:
    left = [f"{places.words(one)} {one['scars']}" for one in cohort["where"]["places"] if places.spot(one) is None]
    return f"Not on the drawing: {'; '.join(left)}." if left else ""


_PIECES: dict[str, Callable[[Cohort], Iterator[Piece]]] = {
    "flow": _flow,
    "redness": _redness,
    "rating": _rating,
    "scales": _scales,
    "volume": _volume,
    "process": _process,
    "where": _where,
}


def figure(cohort: Cohort, name: str) -> Figure:
    """One of `words.FIGURES`; of fewer than ten patients only what is counted."""
    question, sentence = words.FIGURES[name]
    cohort = without_few(cohort)
    return Figure(name, question, sentence(cohort), list(_PIECES[name](cohort)))


def figures(cohort: Cohort) -> list[Figure]:
    """All seven, in the order of the page."""
    return [figure(cohort, name) for name in words.FIGURES]


def lock(cohort: Cohort) -> str:
    """What makes a figure found again: of how many, at which lock, by which filters."""
    counts = cohort["counts"]
    many = f"n = {counts['patients']} patients, {counts['procedures']} procedures, {counts['scars']} scars"
    locked = f"data-lock at journal row {cohort['seq']}{', ' if cohort['locked_at'] else ''}{cohort['locked_at'] or ''}"
    return f"{many}; {locked}; filters {cohort['filters_hash'][:12]}."


def for_paper(cohort: Cohort, name: str) -> str:
    """A figure as a file that stands alone, in the colours of paper; no mark of it leads to a case, names a day or a rater."""
    whole = figure(nameless(cohort), name)
    y, drawn = 30.0, [f'<text class="paper-title" x="0" y="18">{plot.safe(whole.question)}</text>']
    for piece in whole.pieces:
        height = _height(piece.drawing)
        wide = _FACE_WIDE if "viewBox" in piece.drawing[:60] else _WIDE
        lines, y = _lines(piece.sentence, y + 10)
        drawn += lines
        inner = plot.without_cases(piece.drawing)
        drawn.append(f'<svg x="0" y="{y:.0f}" width="{wide}" height="{height}">{inner}</svg>')
        y += height + 14
    lines, y = _lines(whole.sentence, y + 6)
    closing, y = _lines(lock(cohort), y)
    body = "".join((*drawn, *lines, *closing))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 0 {_WIDE + 20} {y:.0f}" '
        f'width="170mm"><style>{_paper_style()}</style><g>{body}</g></svg>\n'
    )


def _height(drawing: str) -> int:
    found = re.search(r'height="(\d+)"', drawing[:120])
    return int(found[1]) if found else round(_FACE_WIDE * 1.3)


def _lines(sentence: str, y: float) -> tuple[list[str], float]:
    """(lines of text, where the next may begin)."""
    lines = textwrap.wrap(sentence, _LETTERS)
    drawn = [f'<text class="paper-text" x="0" y="{y + _LINE * place:.0f}">{plot.safe(one)}</text>' for place, one in enumerate(lines)]
    return drawn, y + _LINE * len(lines)


@cache
def _paper_style() -> str:
    """The page's own rules with the values of paper in them, since a file has no token file beside it."""
    named = tokens.colours()["paper"]
    sheet = re.sub(r"/\*.*?\*/", "", _SHEET.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"var\(--([\w-]+)\)", lambda name: named[name[1]], re.sub(r"\s+", " ", sheet)).strip()
