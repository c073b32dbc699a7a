"""A tablet with a camera: announces photographs and sends them by plain HTTP, as tus 1.0 says."""

import base64
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from server.app import App
from server.ids import uuid7
from tests.api import Api

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


def base64_of(data: bytes) -> str:
    """As tus headers carry bytes."""
    return base64.b64encode(data).decode()


def announcement(patient_id: str, data: bytes, **only_what_matters: Any) -> dict[str, Any]:
    """The body of POST /photos."""
    basics = {"id": str(uuid7()), "patient_id": patient_id, "view": "front", "kind": "baseline"}
    return basics | {"sha256": sha256(data).hexdigest(), "size_bytes": len(data)} | only_what_matters


def announced(tablet: Api, patient_id: str, data: bytes, **only_what_matters: Any) -> dict[str, Any]:
    """A photograph that the server knows of and has no bytes of."""
    return dict(tablet.post("/photos", announcement(patient_id, data, **only_what_matters)))


def creation(photo: dict[str, Any], size: int | None = None) -> dict[str, str]:
    """Headers of a creation."""
    name = base64_of(photo["id"].encode())
    length = photo["size_bytes"] if size is None else size
    return TUS | {"Upload-Length": str(length), "Upload-Metadata": f"filename {base64_of(b'front.jpg')},photo_id {name}"}


def begun(tablet: Api, photo: dict[str, Any]) -> str:
    """Path of a new upload, below /api/v1."""
    made = tablet.call("POST", "/uploads", headers=creation(photo))
    assert made.status_code == 201, made.text
    return str(made.headers["Location"]).removeprefix("/api/v1")


def patch(tablet: Api, upload: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    """Send bytes from `offset` on."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return tablet.call("PATCH", upload, data=data, content_type=BYTES, headers=TUS | {"Upload-Offset": str(offset)} | more)


def stands_at(tablet: Api, upload: str) -> int:
    """What HEAD says."""
    seen = tablet.call("HEAD", upload, headers=TUS)
    assert seen.status_code == 200, seen.status
    return int(seen.headers["Upload-Offset"])


def in_pieces(data: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    """(offset, piece) one after the other."""
    for offset in range(0, len(data), size):
        yield offset, data[offset : offset + size]


def sent(tablet: Api, patient_id: str, data: bytes, **only_what_matters: Any) -> dict[str, Any]:
    """A photograph whose bytes have all arrived, as the server shows it."""
    photo = announced(tablet, patient_id, data, **only_what_matters)
    answer = patch(tablet, begun(tablet, photo), 0, data)
    assert answer.status_code == 204, answer.text
    return dict(tablet.get(f"/photos/{photo['id']}"))


def left_of(app: App, upload: str) -> list[str]:
    """Files of an upload's pieces in the folder of photographs."""
    folder = Path(app.settings.photo_store) / "incoming"
    return [str(path) for path in folder.rglob("*") if upload.rpartition("/")[2] in path.parts and path.is_file()]
