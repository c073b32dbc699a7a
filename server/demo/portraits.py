"""Drawn faces for the demo: nobody's photograph, so that the pages of photographs have something to show."""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 624
"""Of the picture, in the proportions of the face map, so that its x and y hold here too."""
_DRAWN = 2
"""Drawn so many times larger, and made smaller for smooth edges."""
_GROUND, _SKIN, _SHADE, _LINE, _LIP = (96, 112, 122), (222, 186, 164), (198, 158, 136), (112, 84, 72), (186, 116, 108)
_MM = 3.4
"""Pixels a millimetre: a face of about 140 mm across."""


def portrait(scars: Sequence[Mapping[str, Any]], *, healed: float = 0, red: float = 0) -> bytes:
    """A front view as JPEG with these scars (as the API sends them); `healed` and `red` between 0 and 1."""
    image = _face().copy()
    for scar in scars:
        _scar(image, scar, 1 - healed, red)
    return _jpeg(image)


def close_up(scars: Sequence[Mapping[str, Any]], scar: Mapping[str, Any], *, healed: float = 0, red: float = 0) -> bytes:
    """The same from near, around one of the scars."""
    whole = Image.open(BytesIO(portrait(scars, healed=healed, red=red)))
    x, y, half = scar["x"] * WIDTH, scar["y"] * HEIGHT, WIDTH / 5
    left, top = (int(min(max(middle - half, 0), side - 2 * half)) for middle, side in ((x, WIDTH), (y, HEIGHT)))
    around = whole.crop((left, top, left + int(2 * half), top + int(2 * half)))
    return _jpeg(around.resize((WIDTH, WIDTH), Image.Resampling.LANCZOS))


def _jpeg(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()


@cache
def _face() -> Image.Image:
    size = WIDTH * _DRAWN, HEIGHT * _DRAWN
    image = Image.new("RGB", size, _GROUND)
    draw = ImageDraw.Draw(image)

    def box(x: float, y: float, across: float, down: float) -> tuple[float, float, float, float]:
        """Around a point of the map, in its own units of 1/200 and 1/260."""
        scale = size[0] / 200
        return (x - across) * scale, (y - down) * scale, (x + across) * scale, (y + down) * scale

    def drawn(*points: tuple[float, float], colour: tuple[int, int, int] = _LINE, width: int = 3) -> None:
        draw.line([(x * size[0] / 200, y * size[0] / 200) for x, y in points], fill=colour, width=width * _DRAWN, joint="curve")

    draw.ellipse(box(100, 290, 95, 60), fill=_SHADE)
    draw.rectangle(box(100, 230, 30, 40), fill=_SHADE)
    draw.ellipse(box(100, 96, 74, 88), fill=(74, 58, 52))
    for ear in (29, 171):
        draw.ellipse(box(ear, 126, 9, 22), fill=_SHADE)
    draw.ellipse(box(100, 100, 66, 86), fill=_SKIN)
    draw.ellipse(box(100, 138, 64, 92), fill=_SKIN)
    for eye in (69.5, 130.5):
        draw.ellipse(box(eye, 118, 15, 6.5), fill=(246, 242, 238))
        draw.ellipse(box(eye, 118, 6, 6.2), fill=(92, 84, 70))
        draw.ellipse(box(eye, 118, 2.4, 2.4), fill=(20, 20, 20))
        drawn((eye - 16, 119), (eye - 9, 112), (eye, 110.5), (eye + 9, 112), (eye + 16, 119), width=2)
        drawn((eye - 20, 104), (eye - 8, 99), (eye + 8, 99), (eye + 19, 104), colour=(86, 66, 58), width=6)
    drawn((92, 118), (90, 138), (84, 155), (90, 165), (100, 168), (110, 165), (116, 155), (110, 138), (108, 118), colour=_SHADE, width=3)
    draw.ellipse(box(100, 188, 25, 8), fill=_LIP)
    drawn((75, 188), (88, 187), (100, 189), (112, 187), (125, 188), colour=(140, 80, 76), width=2)
    soft = image.filter(ImageFilter.GaussianBlur(3 * _DRAWN))
    foot = size[0] / 2, size[1] - 16 * _DRAWN
    ImageDraw.Draw(soft).text(foot, "DEMONSTRATION, NOBODY'S FACE", fill=(236, 240, 242), anchor="ms", font_size=15 * _DRAWN)
    return soft.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def _scar(image: Image.Image, scar: Mapping[str, Any], depth: float, red: float) -> None:
    """A soft hollow: dark above, light below, as light from above shows it."""
    x, y = scar["x"] * WIDTH, scar["y"] * HEIGHT
    across, down = max(4.0, scar["length_mm"] * _MM / 2.4), max(3.0, scar["width_mm"] * _MM / 1.6)
    hollow = min(0.85, 0.3 + scar["depth_mm"] * 0.35) * depth
    for dy, colour, share in ((0, (170, 60, 58), 0.4 * red), (-1.5, (112, 74, 62), hollow), (down * 0.7, (250, 226, 208), hollow * 0.6)):
        mask = Image.new("L", image.size, 0)
        ImageDraw.Draw(mask).ellipse((x - across, y + dy - down, x + across, y + dy + down), fill=int(255 * share))
        image.paste(colour, mask=mask.filter(ImageFilter.GaussianBlur(2.5)))
