"""The operation note, written from the entries: one document, printed as a page and as a PDF that say the same."""

from server.procedures.note.document import build
from server.procedures.note.page import fragment, html
from server.procedures.note.pdf import pdf

__all__ = ["build", "fragment", "html", "pdf"]
