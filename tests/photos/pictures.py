"""Pictures for stories: what a tablet's camera makes, and what no camera should."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

from server.demo import portraits

GPS_IFD, EXIF_IFD = 0x8825, 0x8769
HERE = (47.0, 29.0, 53.0)
"""Where the theatre is, as the camera writes it: degrees, minutes, seconds."""


@cache
def cheek(width: int = 400, height: int = 300, *, form: str = "JPEG") -> bytes:
    """A picture: its left half reddish, its right half pale, with some noise that JPEG must keep."""
    image = Image.effect_noise((width, height), 20).convert("RGB")
    image.paste((200, 90, 80), (0, 0, width // 2, height))
    return encoded(image, form)


def drawn(scars: Sequence[Mapping[str, Any]], *, healed: float, red: float, turned: bool = False) -> bytes:
    """A drawn face of the demo; `turned`, lying on its side."""
    face = portraits.portrait(scars, healed=healed, red=red)
    return encoded(Image.open(BytesIO(face)).rotate(90, expand=True)) if turned else face


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """The picture as a file."""
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def from_a_camera(taken: str | None = "2026:03:02 12:45:10", offset: str | None = None, *, turned: int = 6, gps: bool = True) -> bytes:
    """A JPEG of 400 × 300 pixels, held upright (`turned` 6: to be shown turned by 90°), with GPS, maker and a comment beside the pixels."""
    image = Image.open(BytesIO(cheek()))
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010F], exif[0x0110] = "CanaryCam", "CanaryModel"
    if taken:
        exif.get_ifd(EXIF_IFD)[36867] = taken
    if offset:
        exif.get_ifd(EXIF_IFD)[36881] = offset
    if gps:
        exif.get_ifd(GPS_IFD).update({1: "N", 2: HERE, 3: "E", 4: (19.0, 3.0, 7.0)})
    return encoded(image, exif=exif, comment=b"Anna Canary")


def _wide_profile() -> bytes:
    """The colour profile of a tablet's camera: the primaries of Display P3, gamma 2.2."""

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))

    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"wide\0" + bytes(12 + 67)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, 563) + bytes(2)
    tags = {
        b"desc": text,
        b"cprt": b"text" + bytes(4) + b"none\0" + bytes(3),
        b"wtpt": xyz(0.96420, 1.0, 0.82491),
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, start = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    white = struct.pack(">3i", 63190, 65536, 54061)
    header = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white + bytes(48)
    return header + table + body


def in_wide_colours() -> bytes:
    """The 200, 60, 50 of sRGB as a wider colour space writes it: the numbers differ, the colour does not."""
    profile = ImageCms.ImageCmsProfile(BytesIO(_wide_profile()))
    wide = ImageCms.profileToProfile(Image.new("RGB", (64, 64), (200, 60, 50)), ImageCms.createProfile("sRGB"), profile, outputMode="RGB")
    assert wide is not None
    return encoded(wide, quality=95, icc_profile=_wide_profile())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A few hundred bytes of PNG that would unfold into gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"\0" * 10_000)) + _chunk(b"IEND", b"")
