"""The face from three sides with the scars on it: the note's own line art, coloured by the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from schemas.vocabulary import FaceView
from server.procedures.note.facemap import BADGE, CAPTIONS, DRAWINGS, HEIGHT, WIDTH, Mark, marks
from server.procedures.note.words import counted, glued, listed

_SVG = Markup('<svg class="face" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
_STROKE = Markup('<path class="{}" d="{}"/>')
_SCAR = Markup(
    '<g class="scar{}"><title>{}</title><line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'
    '<circle class="scar-point" cx="{:.1f}" cy="{:.1f}" r="2.4"/>'
    '<circle class="scar-disc" cx="{:.1f}" cy="{:.1f}" r="{}"/><text x="{:.1f}" y="{:.1f}">{}</text></g>'
)


@dataclass(frozen=True)
class Scar:
    """A scar as it is drawn: `volume` in words with its unit; without a view and a point it is not placed."""

    number: int
    label: str
    volume: str
    given: bool = True
    view: FaceView | None = None
    x: float | None = None
    y: float | None = None

    @property
    def words(self) -> str:
        """Number, name and volume, as the tooltip has it."""
        return glued(f"{self.number} {self.label}: {self.volume}")

    @property
    def placed(self) -> bool:
        """Whether it has a point on one of the drawings."""
        return self.view is not None and self.x is not None and self.y is not None


def caption(scars: Sequence[Scar]) -> str:
    """How many scars are on the drawings, and which are not."""
    missing = [str(one.number) for one in scars if not one.placed]
    text = f"{len(scars) - len(missing)} of {counted(len(scars), 'scar')} placed on the face."
    return f"{text} Not placed: {listed(missing)}." if missing else text


def views(scars: Sequence[Scar]) -> Sequence[FaceView]:
    """Those worth drawing: the ones with a scar on them, in the order of the page."""
    return [view for view in CAPTIONS if any(one.placed and one.view == view for one in scars)]


def face(view: FaceView, scars: Sequence[Scar], *, title: str) -> Markup:
    """One side of the face, and those of `scars` that lie on it; a scar that was not given is drawn hollow."""
    here = {one.number: one for one in scars if one.placed and one.view == view}
    points = [(one.number, one.x or 0.0, one.y or 0.0) for one in here.values()]
    strokes = [_STROKE.format("face-light" if one.light else "face-line", one.path) for one in DRAWINGS[view]]
    placed = [_scar(mark, here[mark.number]) for mark in marks(points)]
    return _SVG.format(WIDTH, HEIGHT, title, Markup("").join(strokes + placed))


def _scar(mark: Mark, scar: Scar) -> Markup:
    hollow = "" if scar.given else " scar-hollow"
    line = (mark.x, mark.y, mark.disc_x, mark.disc_y, mark.x, mark.y)
    return _SCAR.format(hollow, scar.words, *line, mark.disc_x, mark.disc_y, BADGE, mark.disc_x, mark.disc_y + 3.5, mark.number)
