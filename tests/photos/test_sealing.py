"""One sealed object: opened by its own key under its own label, and refused when a single thing about it is different."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.ids import uuid7
from server.photos.sealing import FRAME, MAGIC, Broken, Label, seal, unseal

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ANNA = Label(uuid7(), uuid7(), uuid7(), "content", "a" * 64)
HEADER, SEALED_FRAME = len(MAGIC) + 32, FRAME + 16
FACE = bytes(range(256)) * (FRAME // 256 * 3) + b"the end"
"""Three frames and a short one."""


def sealed(plain: bytes, key: bytes = KEY, label: Label = ANNA) -> bytes:
    made = BytesIO()
    seal(key, label, BytesIO(plain), made)
    return made.getvalue()


def opened(data: bytes, key: bytes = KEY, label: Label = ANNA, piece: int = 100_000) -> bytes:
    pieces: Iterator[bytes] = (data[at : at + piece] for at in range(0, len(data), piece))
    return b"".join(unseal(key, label, pieces))


def frames(data: bytes) -> list[bytes]:
    """The frames after the header."""
    body = data[HEADER:]
    return [body[at : at + SEALED_FRAME] for at in range(0, len(body), SEALED_FRAME)]


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, len(FACE)])
@pytest.mark.parametrize("piece", [1 << 20, 4096, 16])
def test_what_is_sealed_opens_in_pieces_of_any_size(size: int, piece: int) -> None:
    assert opened(sealed(FACE[:size]), piece=piece) == FACE[:size]


def test_nothing_of_the_picture_shows_and_no_two_are_alike() -> None:
    """Also of the same picture sealed twice with the same key."""
    first, second = sealed(b"Anna's cheek" * 100), sealed(b"Anna's cheek" * 100)
    assert b"Anna" not in first
    assert len({first[HEADER:], second[HEADER:], sealed(b"Anna's cheek" * 100, OTHER_KEY)[HEADER:]}) == 3


OTHER = [
    replace(ANNA, clinic_id=uuid7()),
    replace(ANNA, patient_id=uuid7()),
    replace(ANNA, photo_id=uuid7()),
    replace(ANNA, rendition="320"),
    replace(ANNA, sha256="b" * 64),
]


@pytest.mark.parametrize("label", OTHER, ids=["clinic", "patient", "photo", "rendition", "hash"])
def test_it_opens_under_no_other_label(label: Label) -> None:
    with pytest.raises(Broken):
        opened(sealed(FACE), label=label)


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "without its last frame": lambda data: data[: HEADER + 3 * SEALED_FRAME],
    "cut off in a frame": lambda data: data[:-1],
    "cut off in the header": lambda data: data[: HEADER - 1],
    "the header alone": lambda data: data[:HEADER],
    "nothing": lambda _: b"",
    "two frames exchanged": lambda data: data[:HEADER] + b"".join(frames(data)[one] for one in (1, 0, 2, 3)),
    "a frame left out": lambda data: data[:HEADER] + b"".join(frames(data)[one] for one in (0, 2, 3)),
    "a frame twice": lambda data: data[:HEADER] + b"".join(frames(data)[one] for one in (0, 0, 1, 2, 3)),
    "bytes after the end": lambda data: data + b"\0",
    "another's frames": lambda data: data[:HEADER] + sealed(FACE)[HEADER:],
    "plain": lambda _: FACE,
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_what_is_not_whole_and_in_order_does_not_open(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(Broken):
        opened(spoil(sealed(FACE)))


def test_another_patients_key_does_not_open_it() -> None:
    with pytest.raises(Broken):
        opened(sealed(FACE), OTHER_KEY)


@given(at=st.integers(0, len(sealed(FACE)) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_found(at: int, bit: int) -> None:
    data = bytearray(sealed(FACE))
    data[at] ^= 1 << bit
    with pytest.raises(Broken):
        opened(bytes(data))
