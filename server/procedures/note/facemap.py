"""The face map: our own line drawing of three views and where its numbered marks go. Pure; SVG and PDF draw the same strokes."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.vocabulary import FaceView

WIDTH, HEIGHT = 200, 260
"""Size of each drawing. A scar's x and y (0..1) run over the whole of it, from its left and top edge."""
BADGE = 8.5
"""Radius of the disc that holds a mark's number."""

_TOKEN = re.compile(r"[MCLZ]|-?\d+(?:\.\d+)?")
_ARGUMENTS = {"M": 2, "L": 2, "C": 6, "Z": 0}
CAPTIONS = {FaceView.RIGHT: "Right side", FaceView.FRONT: "Front", FaceView.LEFT: "Left side"}
"""In the order of the page: the patient's right lies on the reader's left, as when facing the patient."""


@dataclass(frozen=True)
class Stroke:
    """One line of a drawing, as an SVG path of absolute M, L, C and Z only."""

    path: str
    light: bool = False


@dataclass(frozen=True)
class Mark:
    """A scar on a drawing: its exact point, and the centre of its numbered disc beside it."""

    number: int
    x: float
    y: float
    disc_x: float
    disc_y: float


def segments(path: str) -> Iterator[tuple[str, tuple[float, ...]]]:
    """(command, its numbers) of an SVG path."""
    tokens = _TOKEN.findall(path)
    command = ""
    while tokens:
        if tokens[0].isalpha():
            command = tokens.pop(0)
        count = _ARGUMENTS[command]
        yield command, tuple(float(token) for token in tokens[:count])
        del tokens[:count]


def mirrored(path: str) -> str:
    """The same line seen in a mirror that stands on the drawing's middle."""
    parts = []
    for command, numbers in segments(path):
        flipped = (f"{WIDTH - value:g}" if index % 2 == 0 else f"{value:g}" for index, value in enumerate(numbers))
        parts.append(" ".join((command, *flipped)))
    return " ".join(parts)


_HALF = (
    Stroke("M100 14 C64 14 38 40 34 84 C32 108 34 130 38 150 C43 176 55 198 72 216 C82 226 91 230 100 230"),  # outline
    Stroke("M34 112 C27 103 20 107 21 119 C22 133 28 149 37 150"),  # ear
    Stroke("M33 118 C29 113 25 115 26 121 C27 129 30 137 34 141", light=True),
    Stroke("M37 86 C45 82 46 62 62 54 C74 48 88 48 100 48", light=True),  # hairline
    Stroke("M46 106 C54 98 71 97 86 103"),  # brow
    Stroke("M52 120 C59 111 75 111 84 122"),  # lids
    Stroke("M54 121 C62 127 76 128 84 122"),
    Stroke("M63.5 119 C63.5 111.5 75.5 111.5 75.5 119 C75.5 126 63.5 126 63.5 119 Z", light=True),
    Stroke("M55 114 C62 106 75 106 83 114", light=True),
    Stroke("M92 114 C91 130 89 144 85 153", light=True),  # nose
    Stroke("M85 153 C80 159 83 167 90 165 C93 168 97 170 100 170"),
    Stroke("M79 168 C73 174 69 181 68 188", light=True),  # fold
    Stroke("M97 175 C97 178 97 180 96 182", light=True),  # philtrum
    Stroke("M75 191 C84 185 93 181 100 184"),  # lips
    Stroke("M75 191 C85 190 93 191 100 192"),
    Stroke("M78 193 C85 203 93 205 100 205"),
    Stroke("M90 213 C94 211 97 211 100 211", light=True),
    Stroke("M59 201 C60 220 59 234 48 246"),  # neck
)

_LEFT_SIDE = (
    Stroke(  # profile, from the crown over the face to the throat
        "M122 14 C92 13 66 27 55 54 C50 67 48 79 48 91 C47 97 49 102 52 108 C49 120 40 134 30 147 C26 152 28 158 34 159 "
        "C39 159 44 160 47 163 C45 168 44 171 40 176 C37 180 40 184 47 186 C41 188 40 192 43 196 C47 199 48 202 47 206 "
        "C43 212 43 220 49 226 C55 232 65 233 76 230 C88 227 97 229 100 237 L102 246"
    ),
    Stroke("M122 14 C164 15 187 48 186 92 C185 122 179 141 167 157 C161 166 159 178 160 194 C161 214 165 231 171 246"),  # back of the head
    Stroke("M76 230 C98 224 115 210 123 188 C126 179 128 171 129 164"),  # jaw
    Stroke("M124 124 C122 107 134 98 146 104 C157 110 155 126 149 135 C144 142 145 152 138 158 C132 162 127 157 127 148"),  # ear
    Stroke("M131 120 C132 111 143 108 147 116 C149 124 142 130 137 133 C133 137 134 145 131 148", light=True),
    Stroke("M82 25 C90 44 92 62 105 72 C118 80 121 92 122 108", light=True),  # hairline
    Stroke("M55 101 C63 94 77 93 90 102"),  # brow
    Stroke("M61 114 C68 109 77 112 86 120"),  # lids
    Stroke("M63 123 C70 125 79 123 86 120"),
    Stroke("M61 114 C58 117 59 121 63 123", light=True),
    Stroke("M68 112 C72 115 72 121 68 124", light=True),
    Stroke("M48 148 C55 144 61 151 58 158 C55 163 48 162 45 160"),  # nostril
    Stroke("M63 160 C68 168 69 177 68 186", light=True),  # fold
    Stroke("M40 176 C49 176 57 181 63 188", light=True),  # lips
    Stroke("M47 186 C53 186 58 187 63 188"),
    Stroke("M43 197 C51 198 58 195 63 188", light=True),
)

DRAWINGS: dict[FaceView, tuple[Stroke, ...]] = {
    FaceView.RIGHT: tuple(Stroke(mirrored(one.path), one.light) for one in _LEFT_SIDE),
    FaceView.FRONT: _HALF + tuple(Stroke(mirrored(one.path), one.light) for one in _HALF),
    FaceView.LEFT: _LEFT_SIDE,
}


def marks(points: Sequence[tuple[int, float, float]]) -> list[Mark]:
    """Marks of one view from (number, x, y in 0..1). Discs keep clear of each other and of the exact points, where there is room."""
    exact = [(x * WIDTH, y * HEIGHT) for _, x, y in points]
    placed: list[Mark] = []
    for (number, _, _), (x, y) in zip(points, exact, strict=True):
        taken = [(mark.disc_x, mark.disc_y, 2 * BADGE) for mark in placed] + [(*point, BADGE + 3) for point in exact]
        disc_x, disc_y = min(_around(x, y), key=lambda spot: (_overlap(spot, taken), round(math.dist(spot, (x, y)), 3)))
        placed.append(Mark(number, x, y, disc_x, disc_y))
    return placed


def _around(x: float, y: float) -> Iterator[tuple[float, float]]:
    """Places for a disc near a point, within the drawing."""
    outwards = 0 if x >= WIDTH / 2 else 180
    for distance in (BADGE + 5, BADGE * 2 + 6, BADGE * 3 + 8, BADGE * 5):
        for turn in (0, -35, 35, -70, 70, -110, 110, -145, 145, 180):
            angle = math.radians(outwards + turn)
            spot = x + distance * math.cos(angle), y + distance * math.sin(angle)
            if BADGE <= spot[0] <= WIDTH - BADGE and BADGE <= spot[1] <= HEIGHT - BADGE:
                yield spot


def _overlap(spot: tuple[float, float], taken: Sequence[tuple[float, float, float]]) -> float:
    """By how much a disc at `spot` runs into what is there; 0 when it is free."""
    return round(sum(max(0.0, room - math.dist(spot, (x, y))) for x, y, room in taken), 3)
