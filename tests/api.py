"""A client of the API that asserts the status and returns the JSON."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PROBLEM = "application/problem+json"


class Api:
    """Calls below /api/v1 (or any absolute path starting with //) as one person."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        """`token` None calls without signing in."""
        self.client, self.token = client, token

    def call(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> TestResponse:
        """Raw answer."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = path[1:] if path.startswith("//") else f"/api/v1{path}"
        return self.client.open(address, method=method, headers=sent | (headers or {}), **kwargs)

    def _json(self, method: str, path: str, expect: int | tuple[int, ...], **kwargs: Any) -> Any:
        response = self.call(method, path, **kwargs)
        expected = expect if isinstance(expect, tuple) else (expect,)
        assert response.status_code in expected, f"{method} {path}: {response.status_code} {response.get_data(as_text=True)[:1500]}"
        if response.status_code >= 400:
            assert response.mimetype == PROBLEM
        return response.get_json(force=True) if response.data else None

    def get(self, path: str, expect: int = 200, **kwargs: Any) -> Any:
        """JSON of a GET."""
        return self._json("GET", path, expect, **kwargs)

    def post(self, path: str, body: Any = None, expect: int | tuple[int, ...] = 201, **kwargs: Any) -> Any:
        """JSON of a POST."""
        return self._json("POST", path, expect, json={} if body is None else body, **kwargs)

    def patch(self, path: str, body: Any, etag: str, expect: int = 200, **kwargs: Any) -> Any:
        """JSON of a PATCH with If-Match."""
        return self._json("PATCH", path, expect, json=body, headers={"If-Match": f'"{etag}"'}, **kwargs)

    def delete(self, path: str, expect: int = 204, **kwargs: Any) -> Any:
        """JSON of a DELETE."""
        return self._json("DELETE", path, expect, **kwargs)
