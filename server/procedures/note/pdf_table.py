"""Tables of the PDF that may break anywhere, also within a text longer than a page."""

from collections.abc import Sequence
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Table, TableStyle

from server.procedures.note.pdf_style import BODY, DRAWN, LINE, para

Cell = Flowable | Sequence[Flowable] | str
_SMALLEST_SPLIT = 40
"""Points: a row is not torn to leave less than this on either page."""
_LINES = 25
PLAIN = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-2, -1), 3 * mm),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0.6 * mm),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1 * mm),
]
RULED = [*PLAIN, ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE)]
UNDER_HEADER = ("LINEBELOW", (0, 0), (-1, 0), 0.8, DRAWN)


def table(rows: Sequence[Sequence[Cell]], widths: Sequence[float], style: Sequence[Any] = RULED, *, header: int = 0) -> Table:
    """A table whose header, if any, stands on every page."""
    return Table(
        [list(row) for row in rows],
        colWidths=list(widths),
        style=TableStyle(list(style)),
        repeatRows=header,
        splitInRow=_SMALLEST_SPLIT,
        hAlign="LEFT",
    )


def blocks(text: str) -> list[str]:
    """The text in pieces of some lines. One tall paragraph is measured anew for each page it reaches; pieces are not."""
    lines = text.split("\n")
    return ["\n".join(lines[start : start + _LINES]) for start in range(0, len(lines), _LINES)]


class Rows:
    """Ruled rows around one column of text. What runs on takes several rows of the table, without a rule between them."""

    def __init__(self, *header: Cell) -> None:
        self._cells: list[list[Cell]] = [list(header)] if header else []
        self._style: list[Any] = [*PLAIN, UNDER_HEADER] if header else list(PLAIN)
        self._header = len(self._cells)

    def add(self, before: Sequence[Cell], texts: Sequence[str], after: Sequence[Cell] = (), *, style: ParagraphStyle = BODY) -> None:
        """One row: cells, the texts below each other, cells."""
        pieces = [piece for text in texts for piece in blocks(text)]
        for position, piece in enumerate(pieces):
            row, first, last = len(self._cells), position == 0, position == len(pieces) - 1
            ends = (list(before), list(after)) if first else ([""] * len(before), [""] * len(after))
            self._cells.append([*ends[0], para(piece, style), *ends[1]])
            if not first:
                self._style.append(("TOPPADDING", (0, row), (-1, row), 0))
            self._style.append(("LINEBELOW", (0, row), (-1, row), 0.4, LINE) if last else ("BOTTOMPADDING", (0, row), (-1, row), 0))

    def table(self, *widths: float) -> Table:
        """All rows so far."""
        return table(self._cells, widths, self._style, header=self._header)
