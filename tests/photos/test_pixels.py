"""Of a file only its pixels are kept: upright, in ordinary colours, without where and with what it was taken."""

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image, ImageStat

from server.photos import picture
from tests.api import Api
from tests.photos.pictures import GPS_IFD, cheek, encoded, from_a_camera, in_wide_colours
from tests.photos.tablet import announced, begun, patch, sent

CANARIES = (b"Canary", b"Exif", b"http://ns.adobe.com", b"ICC_PROFILE")


def shown(tablet: Api, photo_id: str, what: str = "content") -> bytes:
    """The bytes that the server shows."""
    answer = tablet.call("GET", f"/photos/{photo_id}/{what}")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg"), answer.text
    return bytes(answer.data)


def opened(data: bytes) -> Image.Image:
    """As a viewer sees it."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def test_where_the_theatre_is_is_in_no_copy(vera: Api, anna: str, worker: Callable[[], int]) -> None:
    """The tablet's camera wrote place, maker and a comment beside the pixels."""
    data = from_a_camera()
    assert Image.open(BytesIO(data)).getexif().get_ifd(GPS_IFD)
    assert all(canary in data for canary in CANARIES[:2])
    photo = sent(vera, anna, data)
    assert worker()
    for what in ("content", "thumbnail", "thumbnail?size=1280"):
        copy = shown(vera, photo["id"], what)
        assert [canary for canary in CANARIES if canary in copy] == []
        assert dict(opened(copy).getexif()) == {}


def test_a_picture_held_upright_is_shown_upright(vera: Api, anna: str) -> None:
    photo = sent(vera, anna, from_a_camera(turned=6))
    assert (photo["width_px"], photo["height_px"]) == (300, 400)
    image = opened(shown(vera, photo["id"]))
    assert image.size == (300, 400)
    upper, lower = (ImageStat.Stat(image.crop(box)).mean for box in ((0, 0, 300, 190), (0, 210, 300, 400)))
    assert upper[0] > upper[2] + 80  # the reddish half, which the sensor saw on its left
    assert abs(lower[0] - lower[2]) < 20


@pytest.mark.parametrize(
    ("taken", "offset", "stands"),
    [
        ("2026:03:02 12:45:10", "+02:00", "2026-03-02T10:45:10Z"),
        ("2026:03:02 12:45:10", None, "2026-03-02T11:45:10Z"),
        ("2026:07:02 12:45:10", None, "2026-07-02T10:45:10Z"),
        ("2026:02:30 12:45:10", None, None),
        ("2126:03:02 12:45:10", None, None),
        ("0000:00:00 00:00:00", None, None),
        ("yesterday", None, None),
        (None, None, None),
    ],
)
def test_the_cameras_time_is_kept_where_the_tablet_sent_none(
    taken: str | None, offset: str | None, stands: str | None, vera: Api, anna: str
) -> None:
    """Without an offset the camera means the clinic's clock; what is no time, or lies ahead, is not believed."""
    assert sent(vera, anna, from_a_camera(taken, offset))["taken_at"] == stands


def test_the_tablets_own_time_wins(vera: Api, anna: str) -> None:
    assert sent(vera, anna, from_a_camera(), taken_at="2026-03-02T11:40:00Z")["taken_at"] == "2026-03-02T11:40:00Z"


def test_what_is_stored_is_known_by_its_own_hash_and_size(vera: Api, anna: str) -> None:
    photo = sent(vera, anna, cheek())
    content = shown(vera, photo["id"])
    assert (photo["stored_sha256"], photo["stored_bytes"]) == (sha256(content).hexdigest(), len(content))
    assert photo["stored_sha256"] != photo["sha256"] == sha256(cheek()).hexdigest()


def translucent() -> Image.Image:
    """Half of it not there at all."""
    image = Image.new("RGBA", (64, 64), (200, 60, 50, 255))
    image.paste((0, 0, 0, 0), (0, 0, 32, 64))
    return image


FORMS: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: cheek(form="PNG"),
    "WebP": lambda: cheek(form="WEBP"),
    "grey": lambda: encoded(Image.new("L", (64, 64), 100)),
    "palette": lambda: encoded(Image.new("P", (64, 64)), "PNG"),
    "black and white": lambda: encoded(Image.new("1", (64, 64)), "PNG"),
    "print colours": lambda: encoded(Image.new("CMYK", (64, 64), (0, 150, 150, 40))),
    "translucent": lambda: encoded(translucent(), "PNG"),
    "a profile": in_wide_colours,
    "a broken profile": lambda: encoded(Image.new("RGB", (64, 64)), icc_profile=b"not a profile"),
    "an animation": lambda: encoded(
        Image.new("RGB", (64, 64), "red"), "WEBP", save_all=True, append_images=[Image.new("RGB", (64, 64), "blue")]
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_a_camera_writes_becomes_an_ordinary_picture(form: str, vera: Api, anna: str) -> None:
    photo = sent(vera, anna, FORMS[form]())
    image = opened(shown(vera, photo["id"]))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_is_not_there_is_white(vera: Api, anna: str) -> None:
    image = opened(shown(vera, sent(vera, anna, encoded(translucent(), "PNG"))["id"]))
    assert min(ImageStat.Stat(image.crop((4, 4, 28, 60))).mean) > 250


def test_wide_colours_keep_their_look() -> None:
    """Display P3 as tablets write it: without its profile, skin would turn pale."""
    made, sent_numbers = BytesIO(), ImageStat.Stat(opened(in_wide_colours())).mean
    assert abs(sent_numbers[0] - 200) > 8
    picture.remake(BytesIO(in_wide_colours()), made)
    assert [round(value) for value in ImageStat.Stat(opened(made.getvalue())).mean] == pytest.approx([200, 60, 50], abs=4)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "PPM", "16 bits of grey"])
def test_other_forms_are_refused_with_what_to_send(form: str, vera: Api, anna: str) -> None:
    data = encoded(Image.new("I;16", (64, 64)), "PNG") if form.startswith("16") else encoded(Image.new("RGB", (64, 64)), form)
    upload = begun(vera, announced(vera, anna, data))
    answer = patch(vera, upload, 0, data)
    assert answer.status_code == 422
    assert "JPEG" in answer.get_json(force=True)["detail"]


def test_a_picture_of_just_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MOST_PIXELS", 400 * 300 - 1)
    with pytest.raises(picture.Unusable, match="400 × 300 pixels"):
        picture.remake(BytesIO(cheek()), BytesIO())


def test_a_machine_short_of_memory_does_not_blame_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_image: Image.Image) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", full)
    with pytest.raises(MemoryError):
        picture._decoded(Image.new("RGB", (4, 4)))
