"""The demo's client of the HTTP API: the same calls a tablet makes, over a socket or straight into the application."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from flask import Flask

from server.ids import uuid7

Transport = Callable[[str, str, dict[str, str], bytes | None], tuple[int, Mapping[str, str], bytes]]
_TUS = {"Tus-Resumable": "1.0.0"}


class DemoError(RuntimeError):
    """The server refused a call of the demo."""


class Client:
    """Calls below /api/v1 as the person who signed in last."""

    def __init__(self, transport: Transport) -> None:
        """Not signed in yet."""
        self.transport, self.headers = transport, {"Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """JSON of the answer; raises DemoError for anything but a success."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        _, answer = self._send(method, f"/api/v1{path}", sent, data)
        return json.loads(answer) if answer else None

    def _send(self, method: str, path: str, headers: dict[str, str], data: bytes | None) -> tuple[Mapping[str, str], bytes]:
        status, given, answer = self.transport(method, path, headers, data)
        if status >= 400:
            raise DemoError(f"{method} {path}: {status} {answer.decode()[:500]}")
        return given, answer

    def sign_in(self, email: str, **proof: str) -> dict[str, Any]:
        """Sign in with `password` and, where it is asked for, `code`; later calls are this person's."""
        session: dict[str, Any] = self.call("POST", "/session", {"email": email, **proof})
        self.headers["Authorization"] = f"Bearer {session['token']}"
        return session

    def get(self, path: str) -> Any:
        """GET."""
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """POST."""
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any, write_id: str) -> Any:
        """PATCH of the version `write_id`."""
        return self.call("PATCH", path, body, If_Match=f'"{write_id}"')

    def photograph(self, patient_id: str, data: bytes, **about: Any) -> Any:
        """Announce a photograph and send its bytes by tus, in one piece; the announced photograph."""
        body = {"id": str(uuid7()), "patient_id": patient_id, "sha256": sha256(data).hexdigest(), "size_bytes": len(data)} | about
        photo = self.post("/photos", body)
        name = base64.b64encode(photo["id"].encode()).decode()
        creation = {"Upload-Length": str(len(data)), "Upload-Metadata": f"photo_id {name}"}
        signed = {"Authorization": self.headers["Authorization"]}
        made, _ = self._send("POST", "/api/v1/uploads", signed | _TUS | creation, None)
        where = urllib.parse.urlsplit(made["Location"]).path
        piece = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        self._send("PATCH", where, signed | _TUS | piece, data)
        return photo


def over_http(address: str) -> Client:
    """A client of a running server."""

    def transport(method: str, path: str, headers: dict[str, str], data: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        request = urllib.request.Request(address + path, data, headers, method=method)  # noqa: S310  reason: our own address
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  reason: our own address
                return answer.status, dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers.items()), error.read()

    return Client(transport)


def inside(app: Flask) -> Client:
    """A client of an application in this process."""
    browser = app.test_client()

    def transport(method: str, path: str, headers: dict[str, str], data: bytes | None) -> tuple[int, Mapping[str, str], bytes]:
        answer = browser.open(path, method=method, headers=headers, data=data)
        return answer.status_code, dict(answer.headers.items()), answer.get_data()

    return Client(transport)
