"""The face map as SVG for a page: the note's own strokes with numbered marks. Colours come from the page's text colour."""

from collections.abc import Sequence

from markupsafe import Markup

from schemas.vocabulary import FaceView
from server.procedures.note.facemap import BADGE, DRAWINGS, HEIGHT, WIDTH, Mark

_LEAD = Markup('<line x1="{0:.2f}" y1="{1:.2f}" x2="{2:.2f}" y2="{3:.2f}"/><circle cx="{0:.2f}" cy="{1:.2f}" r="2.4" fill="currentColor"/>')
_DISC = Markup(
    '<circle cx="{:.2f}" cy="{:.2f}" r="{}" class="face-disc"/>'
    '<text x="{:.2f}" y="{:.2f}" font-size="10" text-anchor="middle" class="face-number">{}</text>'
)


def face(view: FaceView, marks: Sequence[Mark], *, title: str) -> Markup:
    """One view with its marks; `title` is what it says to whoever does not see it."""
    strokes = Markup("").join(
        Markup('<path d="{}" stroke-width="{}"/>').format(one.path, "0.8" if one.light else "1.5") for one in DRAWINGS[view]
    )
    leads = Markup("").join(_LEAD.format(one.x, one.y, one.disc_x, one.disc_y) for one in marks)
    discs = Markup("").join(_DISC.format(one.disc_x, one.disc_y, BADGE, one.disc_x, one.disc_y + 3.5, one.number) for one in marks)
    return Markup(
        '<svg class="face" viewBox="0 0 {} {}" role="img" aria-label="{}" fill="none" stroke="currentColor" '
        'stroke-linecap="round" stroke-linejoin="round">{}{}{}</svg>'
    ).format(WIDTH, HEIGHT, title, strokes, leads, discs)


def alone(view: FaceView) -> str:
    """The view without marks as a file for an image button; its grey is seen on light and on dark ground."""
    drawn = str(face(view, [], title=view)).replace('class="face"', f'xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"')
    return f"{drawn.replace('currentColor', '#6c808a')}\n"
