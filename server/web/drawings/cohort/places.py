"""Where the scars were: the face from the front with a count at each subunit, shaded from three scars on."""

from collections.abc import Sequence

from markupsafe import Markup

from schemas.vocabulary import FaceView, Side, Subunit
from server.procedures.note.facemap import DRAWINGS, HEIGHT, WIDTH
from server.procedures.note.words import capital, counted, plain
from server.reports.shape import FEW_SCARS, Place
from server.web.drawings.cohort import plot

_MIDDLE = WIDTH / 2
_RADIUS = 8
_SHADES = 4
_SIDED: dict[str, tuple[float, float]] = {
    Subunit.FOREHEAD: (30, 72),
    Subunit.GLABELLA: (17, 104),
    Subunit.TEMPLE: (56, 88),
    Subunit.BROW: (34, 94),
    Subunit.UPPER_EYELID: (33, 112),
    Subunit.LOWER_EYELID: (32, 130),
    Subunit.NOSE_DORSUM: (17, 122),
    Subunit.NOSE_TIP: (17, 158),
    Subunit.NOSE_ALA: (21, 174),
    Subunit.NOSE_SIDEWALL: (16, 140),
    Subunit.CHEEK_MEDIAL: (35, 150),
    Subunit.CHEEK_LATERAL: (50, 159),
    Subunit.CHEEK_ZYGOMATIC: (54, 138),
    Subunit.CHEEK_BUCCAL: (39, 184),
    Subunit.NASOLABIAL: (36, 168),
    Subunit.UPPER_LIP: (17, 191),
    Subunit.LOWER_LIP: (16, 208),
    Subunit.CHIN: (16, 224),
    Subunit.JAWLINE: (30, 200),
    Subunit.EAR: (76, 130),
    Subunit.SCALP_EDGE: (62, 62),
}
"""How far from the middle, and how far down, a disk stands on the drawing of the front; no two run into each other."""
_MIDLINE: dict[str, float] = {
    Subunit.SCALP_EDGE: 46,
    Subunit.FOREHEAD: 72,
    Subunit.GLABELLA: 104,
    Subunit.NOSE_DORSUM: 122,
    Subunit.NOSE_TIP: 158,
    Subunit.PHILTRUM: 175,
    Subunit.UPPER_LIP: 191,
    Subunit.LOWER_LIP: 207,
    Subunit.CHIN: 224,
    Subunit.JAWLINE: 242,
}
"""How far down it stands in the middle."""


def spot(place: Place) -> tuple[float, float] | None:
    """Where its disk stands: the patient's right lies on the reader's left. None where the drawing has no one place for it."""
    subunit, side = place["subunit"], place["side"]
    if side == Side.MIDLINE:
        return (_MIDDLE, _MIDLINE[subunit]) if subunit in _MIDLINE else None
    if side not in {Side.LEFT, Side.RIGHT} or subunit not in _SIDED:
        return None
    apart, down = _SIDED[subunit]
    return _MIDDLE + (apart if side == Side.LEFT else -apart), down


def draw(places: Sequence[Place]) -> Markup:
    """The face with the places that it has a spot for; the others are named in the caption and stand in the table."""
    strokes = "".join(f'<path class="{"face-light" if one.light else "face-line"}" d="{one.path}"/>' for one in DRAWINGS[FaceView.FRONT])
    most = max([FEW_SCARS, *(one["scars"] for one in places)])
    disks = "".join(_disk(one, at, most) for one in places if (at := spot(one)) is not None)
    sides = (
        f'<text class="face-side" x="4" y="{HEIGHT - 4}">right</text>'
        f'<text class="face-side fig-end" x="{WIDTH - 4}" y="{HEIGHT - 4}">left</text>'
    )
    return Markup(  # noqa: S704  # reason: made of our own strokes, numbers, and text that went through `safe`
        f'<svg class="fig fig-face" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="The face from the front with the number of scars at each subunit">{strokes}{disks}{sides}</svg>'
    )


def words(place: Place) -> str:
    """`Cheek medial, left`."""
    return f"{capital(plain(place['subunit']))}, {plain(place['side'])}"


def _disk(place: Place, at: tuple[float, float], most: int) -> str:
    few = place["scars"] < FEW_SCARS
    shade = "few" if few else str(max(1, -(-place["scars"] * _SHADES // most)))
    said = f"{words(place)}: {counted(place['scars'], 'scar')}"
    improved = place["improved"]
    if not few and improved["denominator"]:
        said += f", {improved['numerator']} of {improved['denominator']} improved"
    return (
        f'<g class="place-{shade}"><title>{plot.safe(said)}</title><circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{_RADIUS}"/>'
        f'<text x="{at[0]:.1f}" y="{at[1] + 3:.1f}">{place["scars"]}</text></g>'
    )
