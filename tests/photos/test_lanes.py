"""On real connections: a photograph that stalls, breaks off or loses its server costs no fact, and goes on where it was."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any, cast

import pytest
from PIL import Image
from sqlalchemy.pool import QueuePool

from server.app import App
from server.db import Database
from tests import make
from tests.api import Api
from tests.drill.processes import wait_until
from tests.photos.pictures import cheek, encoded
from tests.photos.server import Web, web
from tests.photos.tablet import BYTES, TUS, announced, begun, in_pieces

MIB = 1024 * 1024


@pytest.fixture
def riverside(db: Database, clinic: make.Clinic, tmp_path: Path) -> Iterator[Web]:
    """A web process with two threads, one of which may receive photographs, called by Vera."""
    with web(db, make.token(db, clinic.surgeon), tmp_path, WEB_THREADS="2") as running:
        yield running


@pytest.fixture
def anna(db: Database, clinic: make.Clinic) -> str:
    """Id of a patient of Riverside."""
    return str(make.patient(db, clinic)["id"])


def noise(side: int) -> bytes:
    """A picture that no encoder makes smaller: three bytes for each pixel."""
    return encoded(Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)), "PNG", compress_level=0)


def test_a_fact_does_not_wait_for_a_photo_that_has_stalled(riverside: Web, anna: str) -> None:
    """The tablet went behind the lead door with half a photograph sent; another one has a fact, and a photograph of its own."""
    data = noise(1300)
    photo_id, upload = riverside.begun(anna, data)
    _, other = riverside.begun(anna, data)
    stalled = riverside.half(upload, 0, data[: 4 * MIB + 5000], len(data))
    assert wait_until(lambda: riverside.offset(upload) == 4 * MIB)
    begun = monotonic()
    for number in range(20):
        riverside.post("/patients", {"mrn": f"LEAD-{number}", "family_name": "Kiss", "given_name": "Bence"})
    assert monotonic() - begun < 10
    busy = riverside.patch(other, 0, data[:100])
    assert (busy.status, busy.json["code"], busy.headers["Retry-After"]) == (503, "busy", "2")
    stalled.send(data[4 * MIB + 5000 :])
    assert stalled.getresponse().status == 204
    stalled.close()
    assert riverside.state(photo_id) == "stored"
    assert riverside.patch(other, 0, data).status == 204


def test_slow_tablets_that_are_turned_away_hold_nobody_up(riverside: Web, anna: str) -> None:
    """Each has promised megabytes and sent a little: the server does not wait for the rest."""
    data = noise(1300)
    _, upload = riverside.begun(anna, data)
    stalled = [riverside.half(upload, 0, data[: 4 * MIB + 5000], len(data))]
    assert wait_until(lambda: riverside.offset(upload) == 4 * MIB)
    for number in range(4):
        _, other = riverside.begun(anna, data)
        stalled.append(riverside.half(other, 0, data[:5000], len(data)))
        answer = stalled[-1].getresponse()
        assert (answer.status, answer.headers["Connection"]) == (503, "close")
        begun = monotonic()
        riverside.post("/patients", {"mrn": f"SLOW-{number}", "family_name": "Kiss", "given_name": "Bence"})
        assert monotonic() - begun < 1.5  # without that it waited for five seconds
    for one in stalled:
        one.close()


def test_while_bytes_arrive_no_connection_to_the_database_is_held(app: App, vera: Api, anna: str, clinic: make.Clinic) -> None:
    """Neither a transaction nor SQLite's one writer: between two pieces anybody may write."""
    held = []

    class Arriving(BytesIO):
        def readinto(self, buffer: Any, /) -> int:
            held.append((cast("QueuePool", app.db.engine.pool).checkedout(), make.patient(app.db, clinic)["id"]))
            piece = super().read(min(len(buffer), 7000))
            buffer[: len(piece)] = piece
            return len(piece)

    data = cheek()
    upload = begun(vera, announced(vera, anna, data))
    headers = TUS | {"Upload-Offset": "0"}
    assert vera.call("PATCH", upload, input_stream=Arriving(data), content_type=BYTES, headers=headers).status_code == 204
    assert len(held) > 2
    assert {connections for connections, _ in held} == {0}


def test_cut_off_inside_every_piece_it_goes_on_at_the_very_byte(riverside: Web, anna: str) -> None:
    data = cheek()
    photo_id, upload = riverside.begun(anna, data)
    for offset, piece in in_pieces(data, 4000):
        half = len(piece) // 2
        riverside.half(upload, offset, piece[:half], len(piece)).close()
        assert wait_until(lambda at=offset + half: riverside.offset(upload) == at)  # type: ignore[misc]  # reason: a lambda with a default
        assert riverside.patch(upload, offset + half, piece[half:]).status == 204
    assert riverside.state(photo_id) == "stored"


def test_with_a_checksum_half_a_piece_is_none(riverside: Web, anna: str) -> None:
    """What cannot be checked is not kept; the server that noticed nothing yet answers as before."""
    data = cheek()
    _, upload = riverside.begun(anna, data)
    promise = {"Upload-Checksum": "sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    assert riverside.patch(upload, 0, data, **promise).status == 460
    assert riverside.offset(upload) == 0


def test_a_server_killed_in_the_middle_loses_at_most_one_part(riverside: Web, anna: str) -> None:
    """Six megabytes of nine had arrived; four are counted, and nothing is sent twice but the rest."""
    data = noise(1750)
    photo_id, upload = riverside.begun(anna, data)
    connection = riverside.half(upload, 0, data[: 6 * MIB], len(data))
    assert wait_until(lambda: riverside.offset(upload) == 4 * MIB)
    riverside.kill()
    connection.close()
    riverside.process.again()
    riverside.ready()
    assert riverside.offset(upload) == 4 * MIB
    assert riverside.state(photo_id) == "announced"
    assert riverside.patch(upload, 4 * MIB, data[4 * MIB :]).status == 204
    assert riverside.state(photo_id) == "stored"


def test_killed_at_the_last_byte_it_is_announced_or_whole_and_never_between(riverside: Web, anna: str) -> None:
    data = cheek(1200, 900)
    photo_id, upload = riverside.begun(anna, data)
    connection = riverside.half(upload, 0, data, len(data))
    wait_until(lambda: riverside.offset(upload) > 0, 0.3)
    riverside.kill()
    connection.close()
    riverside.process.again()
    riverside.ready()
    offset = riverside.offset(upload)
    assert (riverside.state(photo_id), offset) in {("announced", 0), ("stored", len(data))}
    assert riverside.patch(upload, offset, data[offset:]).status == 204
    assert riverside.state(photo_id) == "stored"


def test_bytes_of_no_announced_length_are_taken_too(riverside: Web, anna: str) -> None:
    data = cheek()
    photo_id, upload = riverside.begun(anna, data)
    answer = riverside.patch(upload, 0, (piece for _, piece in in_pieces(data, 3000)))
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(len(data)))
    assert riverside.state(photo_id) == "stored"


def test_json_keeps_its_own_bound_and_photos_theirs(riverside: Web, anna: str) -> None:
    """A photograph of two megabytes passes, a document of two megabytes does not."""
    data = noise(850)
    assert len(data) > 2 * MIB
    photo_id, upload = riverside.begun(anna, data)
    assert riverside.patch(upload, 0, data).status == 204
    assert riverside.state(photo_id) == "stored"
    assert riverside.call("POST", "/photos", b"x" * 2 * MIB, {"Content-Type": "application/json"}).status == 413


def test_a_document_of_no_announced_length_has_the_same_bound(riverside: Web) -> None:
    """Cut at the bound it would be read as another document: here as Anna's, although two megabytes of blanks follow."""
    anna = b'{"mrn": "CHUNKED", "family_name": "Petrauskien\xc4\x97", "given_name": "Anna"}'
    pieces = (piece for _, piece in in_pieces(anna + b" " * 2 * MIB, 65536))
    assert riverside.call("POST", "/patients", pieces, {"Content-Type": "application/json"}).status == 413
