"""Pixels: a photograph made anew from them, so that nothing else of the file that was sent is kept, and its small copies."""

import json
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageCms, ImageOps

MEDIA_TYPE = "image/jpeg"
MOST_PIXELS = 50_000_000
"""150 MB decoded; a tablet's camera makes 12 million."""
LONGEST_SIDE = 65_000
"""Of a JPEG."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
_EXIF_IFD, _TIME, _OFFSET = 0x8769, 36867, 36881
_SRGB = ImageCms.createProfile("sRGB")
UNUSABLE = 3
"""Exit code of the process that found a picture unusable."""
_LONGEST_CPU_S = 30
Image.MAX_IMAGE_PIXELS = None  # our own limit is checked below, before anything is decoded


class Unusable(Exception):
    """No photograph can be made of this file; `str()` says why and what to do."""


@dataclass(frozen=True)
class Picture:
    """What was made. `camera` is what the camera wrote about the time: `time` and `offset`, as far as it did."""

    width_px: int
    height_px: int
    camera: Mapping[str, object]


def remake(sent: IO[bytes], made: IO[bytes]) -> Picture:
    """Write to `made` a JPEG of the pixels in `sent`, turned upright, in sRGB, with no other data. Raises Unusable."""
    with _opened(sent) as image:
        camera = _camera(image)
        upright = _plain(_upright(_decoded(image)))
        # Quality 92 without colour subsampling: redness is judged from these pixels.
        upright.save(made, "JPEG", quality=92, subsampling=0)
        return Picture(*upright.size, camera)


def shrink(stored: IO[bytes], longest: int) -> BytesIO:
    """A JPEG whose longer side has at most `longest` pixels, of a photograph that `remake` made. Raises Unusable."""
    with _opened(stored) as image:
        image.draft("RGB", (longest, longest))  # decode no more than is needed
        small = _decoded(image)
        small.thumbnail((longest, longest), Image.Resampling.LANCZOS)
        made = BytesIO()
        small.save(made, "JPEG", quality=85)
        return made


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[Image.Image]:
    """The file's header, read and found acceptable; nothing is decoded yet."""
    file.seek(0)
    try:
        image = Image.open(file, formats=_FORMATS)
    except Exception as error:
        raise _or_memory(error, "This is no picture that can be read. Send JPEG, PNG or WebP.") from error
    with image:
        width, height = image.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise Unusable(f"{width} × {height} pixels are too many: at most {MOST_PIXELS:,} in all. Send a smaller picture.")
        if image.mode not in _MODES:
            raise Unusable(f"Its pixels are of the kind {image.mode}, not 8 bits for each colour. Send an ordinary JPEG.")
        yield image


def _decoded(image: Image.Image) -> Image.Image:
    try:
        image.load()
    except Exception as error:  # decoders raise whatever they like on broken files
        raise _or_memory(error, "The picture is cut off or damaged. Take it again.") from error
    return image


def _or_memory(error: Exception, why: str) -> Exception:
    """A machine short of memory says nothing about the picture."""
    return error if isinstance(error, MemoryError) else Unusable(why)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # as above
        if isinstance(error, MemoryError):
            raise
        return image


def _camera(image: Image.Image) -> dict[str, object]:
    try:
        written = image.getexif().get_ifd(_EXIF_IFD)
    except Exception:  # noqa: BLE001  reason: as above; without its EXIF data a picture is as good
        return {}
    return {name: written[tag] for name, tag in (("time", _TIME), ("offset", _OFFSET)) if tag in written}


def _plain(image: Image.Image) -> Image.Image:
    """RGB in sRGB, on white where it is transparent; with none of what came beside the pixels."""
    profile = image.info.get("icc_profile")
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        flat = Image.new("RGB", image.size, "white")
        flat.paste(layered, mask=layered.getchannel("A"))
    else:
        flat = image
    if profile and flat.mode in {"RGB", "CMYK"}:
        try:
            converted = ImageCms.profileToProfile(flat, ImageCms.ImageCmsProfile(BytesIO(profile)), _SRGB, outputMode="RGB")
            flat = converted or flat
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that cannot be read says nothing about the colours
    flat = flat.convert("RGB")
    flat.info = {}
    return flat


def main() -> None:
    """Remake standard input to standard output; what was made of it, or why nothing was, goes to standard error as JSON."""
    resource.setrlimit(resource.RLIMIT_CPU, (_LONGEST_CPU_S, _LONGEST_CPU_S + 1))
    try:
        with open(0, "rb") as sent, open(1, "wb") as made:
            picture = remake(sent, made)
    except Unusable as error:
        sys.stderr.write(json.dumps(str(error)))
        sys.exit(UNUSABLE)
    sys.stderr.write(json.dumps(asdict(picture), default=str))


if __name__ == "__main__":
    main()
