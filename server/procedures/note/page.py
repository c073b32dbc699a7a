"""The note as HTML: a page that stands alone, and its body for another page. No script, no inline style."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from schemas.vocabulary import FaceView
from server.procedures.note import facemap, layout
from server.procedures.note.words import NONE_RECORDED, NOT_RECORDED, glued

ICON = "/static/favicon.svg"
STYLESHEETS = ("/static/tokens.css", "/static/note.css")
_pages = Environment(
    loader=PackageLoader("server.procedures.note", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters["glued"] = glued
_pages.globals.update(
    layout=layout,
    drawings=facemap.DRAWINGS,
    captions=facemap.CAPTIONS,
    badge=facemap.BADGE,
    unanswered=(NOT_RECORDED, NONE_RECORDED),
)


def html(document: dict[str, Any]) -> str:
    """A whole page. It asks the server for nothing but its stylesheets and the icon."""
    return _pages.get_template("page.html").render(
        document=document, icon=ICON, stylesheets=STYLESHEETS, body=fragment(document, heading=1)
    )


def fragment(document: dict[str, Any], *, heading: int = 2) -> Markup:
    """The note's body; `heading` is the level of its title. The embedding page links the stylesheets."""
    views = [(view, layout.marks_of(document, view)) for view in (FaceView.RIGHT, FaceView.FRONT, FaceView.LEFT)]
    text = _pages.get_template("note.html").render(document=document, heading=heading, views=views)
    return Markup(text)  # noqa: S704  # reason: the template escapes every value
