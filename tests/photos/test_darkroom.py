"""A picture is made in a process of its own: whatever happens there, the web process goes on and blames the right one."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.photos import darkroom, picture
from server.problems import Problem
from tests.photos.pictures import cheek, from_a_camera


@pytest.fixture
def sent() -> Iterator[IO[bytes]]:
    """A file from a camera."""
    with TemporaryFile() as file:
        file.write(from_a_camera())
        yield file


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let something else happen there."""
    monkeypatch.setattr(darkroom, "_COMMAND", (sys.executable, "-c", code))


def test_it_comes_back_as_if_made_here(sent: IO[bytes]) -> None:
    here = BytesIO()
    with TemporaryFile() as there:
        assert darkroom.develop(sent, there) == picture.remake(sent, here)
        there.seek(0)
        assert there.read() == here.getvalue()


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGABRT", "SIGXCPU"])
def test_what_breaks_its_decoder_is_the_pictures_fault(signal: str, sent: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, f"import os, signal; signal.signal(signal.{signal}, signal.SIG_DFL); os.kill(os.getpid(), signal.{signal})")
    with TemporaryFile() as made, pytest.raises(picture.Unusable, match="damaged"):
        darkroom.develop(sent, made)


@pytest.mark.parametrize("code", ["import os; os.kill(os.getpid(), 9)", "raise MemoryError", "", "import sys; sys.exit(3)"])
def test_what_happens_to_the_process_is_not(code: str, sent: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, code)
    with TemporaryFile() as made, pytest.raises(Problem, match="interrupted"):
        darkroom.develop(sent, made)


def test_nor_is_a_machine_too_busy(sent: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(darkroom, "LONGEST_S", 0.2)
    with TemporaryFile() as made, pytest.raises(Problem, match="too busy"):
        darkroom.develop(sent, made)


def test_no_setting_goes_along(sent: IO[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTO_STORE_SECRET", "canary")
    instead(monkeypatch, "import os, sys; sys.stderr.write('\"%s\"' % ','.join(os.environ)); sys.exit(3)")
    with TemporaryFile() as made, pytest.raises(picture.Unusable) as refused:
        darkroom.develop(sent, made)
    assert "PHOTO_STORE_SECRET" not in str(refused.value)


@settings(max_examples=150, deadline=None, database=None)
@given(data=st.data())
def test_no_file_is_neither_made_nor_refused(data: st.DataObject) -> None:
    """Bytes changed anywhere, cut off anywhere: a picture, or a sentence that says why not."""
    whole = bytearray(data.draw(st.sampled_from([cheek(64, 48), cheek(64, 48, form="PNG"), cheek(64, 48, form="WEBP"), from_a_camera()])))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=20)):
        whole[place] = value
    made = BytesIO()
    with suppress(picture.Unusable):
        picture.remake(BytesIO(bytes(whole[: data.draw(st.integers(1, len(whole)))])), made)
        assert Image.open(made).format == "JPEG"
