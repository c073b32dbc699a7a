"""Drawings of the PDF: bars of the balance, the face map, a numbered disc."""

from collections.abc import Sequence

from reportlab.lib.colors import Color, white
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from server.procedures.note.facemap import BADGE, HEIGHT, WIDTH, Mark, Stroke, segments
from server.procedures.note.pdf_style import ACCENT, BOLD, DRAWN, LINE, MUTED, REGULAR


class Bar(Flowable):
    """One row of the balance, from `share[0]` to `share[1]` of the width; only its base line where nothing is recorded."""

    def __init__(self, share: tuple[float, float] | None, width: float, colour: Color) -> None:
        super().__init__()
        self.share, self.width, self.height, self.colour = share, width, 9.0, colour

    def draw(self) -> None:
        """On the flowable's own canvas."""
        canvas: Canvas = self.canv
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(0, 0.5, self.width, 0.5)
        if self.share:
            canvas.setFillColor(self.colour)
            start, end = (self.width * part for part in self.share)
            canvas.rect(start, 1.5, max(end - start, 0.6), 6.5, stroke=0, fill=1)


class Disc(Flowable):
    """A scar's number as it stands on the face map."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number, self.width, self.height = number, 12.0, 12.0

    def draw(self) -> None:
        """On the flowable's own canvas."""
        numbered(self.canv, self.number, 6, 6, 5.6)


def numbered(canvas: Canvas, number: int, x: float, y: float, radius: float) -> None:
    """A filled disc around a number."""
    canvas.setFillColor(ACCENT)
    canvas.setStrokeColor(white)
    canvas.setLineWidth(0.6)
    canvas.circle(x, y, radius, stroke=1, fill=1)
    canvas.setFillColor(white)
    size = radius * 1.22
    canvas.setFont(BOLD, size)
    canvas.drawCentredString(x, y - size * 0.36, str(number))


class Face(Flowable):
    """One view of the face map, its marks and its caption."""

    def __init__(self, strokes: Sequence[Stroke], marks: Sequence[Mark], caption: str, width: float) -> None:
        super().__init__()
        self.strokes, self.marks, self.caption = strokes, marks, caption
        self.width, self.scale = width, width / WIDTH
        self.height = HEIGHT * self.scale + 12

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return x * self.scale, self.height - y * self.scale

    def draw(self) -> None:
        """On the flowable's own canvas; the drawing's y runs downwards, the page's upwards."""
        canvas: Canvas = self.canv
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        for stroke in self.strokes:
            canvas.setStrokeColor(LINE if stroke.light else DRAWN)
            canvas.setLineWidth(0.7 if stroke.light else 0.9)
            self._stroke(stroke.path)
        for mark in self.marks:
            canvas.setStrokeColor(ACCENT)
            canvas.setLineWidth(0.6)
            canvas.line(*self._point(mark.x, mark.y), *self._point(mark.disc_x, mark.disc_y))
            canvas.setFillColor(ACCENT)
            canvas.circle(*self._point(mark.x, mark.y), 2.4 * self.scale, stroke=0, fill=1)
        for mark in self.marks:
            numbered(canvas, mark.number, *self._point(mark.disc_x, mark.disc_y), BADGE * self.scale)
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 7.2)
        canvas.drawCentredString(self.width / 2, 1, self.caption)

    def _stroke(self, path: str) -> None:
        line = self.canv.beginPath()
        for command, numbers in segments(path):
            points = [self._point(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
            if command == "M":
                line.moveTo(*points[0])
            elif command == "L":
                line.lineTo(*points[0])
            elif command == "C":
                line.curveTo(*points[0], *points[1], *points[2])
            else:
                line.close()
        self.canv.drawPath(line, stroke=1, fill=0)
