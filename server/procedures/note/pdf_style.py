"""Type, colour and text of the PDF: bundled fonts, paragraph styles, and which characters can be printed at all."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from server.procedures.note.words import NONE_RECORDED, NOT_RECORDED, glued

FONTS = Path(__file__).parents[2] / "assets" / "fonts"
REGULAR, BOLD = "GraftlogSans", "GraftlogSans-Bold"
LOST = "\N{REPLACEMENT CHARACTER}"

INK, MUTED, LINE = HexColor("#17262f"), HexColor("#566872"), HexColor("#cfd9de")
ACCENT, PALE, ALARM = HexColor("#0f5c6e"), HexColor("#eef4f6"), HexColor("#9d1c1c")
DRAWN, TINT = HexColor("#4b5f6b"), HexColor("#8fb6c1")


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=more.pop("fontName", REGULAR), fontSize=size, leading=leading, textColor=more.pop("textColor", INK), **more
    )


TITLE = _style("title", 19, 23, fontName=BOLD)
SUBTITLE = _style("subtitle", 10.5, 14)
STATE = _style("state", 8.8, 12, fontName=BOLD, textColor=ACCENT, alignment=TA_RIGHT)
SUMMARY = _style("summary", 9.6, 14.4, spaceBefore=3.5 * mm)
HEADING = _style("heading", 11, 14, fontName=BOLD, textColor=ACCENT, spaceBefore=4.8 * mm, spaceAfter=1.2 * mm)
SUBHEADING = _style("subheading", 8.6, 12, fontName=BOLD, spaceBefore=2 * mm, spaceAfter=0.6 * mm)
BODY = _style("body", 8.1, 11.2)
STRONG = _style("strong", 8.1, 11.2, fontName=BOLD)
LABEL = _style("label", 8.1, 11.2, textColor=MUTED)
SMALL = _style("small", 7.2, 10, textColor=MUTED)
RIGHT = _style("right", 8.1, 11.2, alignment=TA_RIGHT)
RIGHT_STRONG = _style("right-strong", 8.1, 11.2, alignment=TA_RIGHT, fontName=BOLD)
COLUMN = _style("column", 7.2, 10, textColor=MUTED)
COLUMN_RIGHT = _style("column-right", 7.2, 10, textColor=MUTED, alignment=TA_RIGHT)
ALARMED = _style("alarmed", 8.1, 11.2, fontName=BOLD, textColor=ALARM)
NAME = _style("name", 9.4, 12, fontName=BOLD)


@cache
def letters() -> frozenset[int]:
    """Registers the fonts, once and not before the first PDF; the characters that both of them have."""
    fonts = TTFont(REGULAR, str(FONTS / "DejaVuSans.ttf")), TTFont(BOLD, str(FONTS / "DejaVuSans-Bold.ttf"))
    for font in fonts:
        pdfmetrics.registerFont(font)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    regular, bold = (frozenset(font.face.charToGlyph) for font in fonts)
    return regular & bold


def printable(document: Any) -> Any:
    """The document with U+FFFD for each character that would come out wrong.

    That is one the fonts lack, and one of a script written from right to left: unshaped and in the wrong order it could
    be misread, which is worse than a gap that shows.
    """
    if isinstance(document, str):
        return "".join(map(_printable, unicodedata.normalize("NFC", document)))
    if isinstance(document, list):
        return [printable(one) for one in document]
    if isinstance(document, dict):
        return {key: printable(value) for key, value in document.items()}
    return document


def _printable(character: str) -> str:
    known = ord(character) in letters() and unicodedata.bidirectional(character) not in {"R", "AL", "AN"}
    return character if known or character == "\n" else LOST


def para(text: str, style: ParagraphStyle = BODY, *, struck: bool = False) -> Paragraph:
    """A paragraph of plain text: markup in it is printed, not obeyed. What is not recorded stands back."""
    markup = escape(glued(text)).replace("\n", "<br/>")
    if text in {NOT_RECORDED, NONE_RECORDED}:
        markup = f'<font name="{REGULAR}" color="{MUTED.hexval().replace("0x", "#")}">{markup}</font>'
    return Paragraph(f"<strike>{markup}</strike>" if struck else markup, style)
