"""The note as a PDF on A4: every page names the patient, the clinic and its own number. The same note gives the same bytes."""

from io import BytesIO
from typing import Any

from reportlab.lib.colors import white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from server.procedures.note.pdf_story import WIDTH, story
from server.procedures.note.pdf_style import ALARM, BOLD, INK, LINE, LOST, MUTED, REGULAR, letters, printable

Document = dict[str, Any]
_LEFT, _TOP = 17 * mm, A4[1] - 13 * mm
_STRIP = 6 * mm
_SIZE, _GAP = 7.6, 9


def pdf(document: Document) -> bytes:
    """A4 pages of the note. Characters that cannot be printed show as U+FFFD, and the PDF says so."""
    letters()
    shown = printable(document)
    lost = str(shown).count(LOST) > str(document).count(LOST)
    pages = _Pages(shown, 0)
    pages.build(story(shown, lost=lost))
    whole = _Pages(shown, pages.page)
    whole.build(story(shown, lost=lost))
    return whole.out.getvalue()


class _Pages(BaseDocTemplate):
    """One run over the pages; `count` is what a run before this one found out."""

    def __init__(self, document: Document, count: int) -> None:
        self.out, self.document, self.count = BytesIO(), document, count
        top = 19 * mm + (_STRIP if document["banners"] else 0)
        title = f"{document['title']}: {document['patient']['name']}, {document['patient']['number']}"
        super().__init__(
            self.out,
            pagesize=A4,
            invariant=1,
            title=title,
            author=document["clinic"]["name"],
            subject=document["procedure"]["title"],
            creator="Graftlog",
            lang="en",
        )
        frame = Frame(_LEFT, 16 * mm, WIDTH, A4[1] - top - 16 * mm, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
        self.addPageTemplates(PageTemplate("note", [frame], onPage=self._dress))

    def _dress(self, canvas: Canvas, _template: BaseDocTemplate) -> None:
        canvas.saveState()
        right = _LEFT + WIDTH
        name, beside, clinic = _header(self.document)
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, _SIZE)
        canvas.drawRightString(right, _TOP, clinic)
        canvas.drawString(_LEFT + stringWidth(name, BOLD, _SIZE) + _GAP, _TOP, beside)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, _SIZE)
        canvas.drawString(_LEFT, _TOP, name)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.6)
        canvas.line(_LEFT, _TOP - 2.2 * mm, right, _TOP - 2.2 * mm)
        self._banner(canvas)
        canvas.line(_LEFT, 13.5 * mm, right, 13.5 * mm)
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 6.8)
        canvas.drawString(_LEFT, 9.8 * mm, f"{self.document['title']}  ·  record {self.document['procedure']['record']}")
        canvas.drawRightString(right, 9.8 * mm, f"page {canvas.getPageNumber()} of {self.count}")
        canvas.restoreState()

    def _banner(self, canvas: Canvas) -> None:
        if not self.document["banners"]:
            return
        bottom = _TOP - 4.2 * mm - _STRIP
        canvas.setFillColor(ALARM)
        canvas.roundRect(_LEFT, bottom, WIDTH, _STRIP, 1 * mm, stroke=0, fill=1)
        canvas.setFillColor(white)
        canvas.setFont(BOLD, 8.6)
        canvas.drawCentredString(_LEFT + WIDTH / 2, bottom + 2 * mm, "   ·   ".join(self.document["banners"]))


def _header(document: Document) -> tuple[str, str, str]:
    """Name; number and date of birth; clinic. The number is never cut: the date of birth goes before it does, then the name."""
    patient = document["patient"]
    number, born = f"No. {patient['number']}", patient["born"].split(" (")[0]
    both = f"{number}  ·  born {born}"
    beside = both if stringWidth(both, REGULAR, _SIZE) <= WIDTH * 0.4 else number
    clinic = _fitted(document["clinic"]["name"], REGULAR, _SIZE, WIDTH * 0.25)
    room = WIDTH - sum(stringWidth(text, REGULAR, _SIZE) for text in (beside, clinic)) - 2 * _GAP
    return _fitted(patient["name"], BOLD, _SIZE, room), beside, clinic


def _fitted(text: str, font: str, size: float, width: float) -> str:
    """On one line, cut with an ellipsis where it must be; the first page has it whole."""
    line = " ".join(text.split())
    if stringWidth(line, font, size) <= width:
        return line
    while line and stringWidth(line + "…", font, size) > width:
        line = line[:-1]
    return line + "…"
