"""A real S3 server on this machine, and settings that keep photographs there."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest

from server.config import Config
from tests.drill.processes import Process, free_port, listens, wait_until

READY_WITHIN_S = 60


@contextmanager
def s3_server(folder: Path) -> Iterator[int]:
    """Its port. Skipped, and said so, where the test-only group `s3` is not installed."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("photos in a bucket NOT TESTED: moto is not installed (python3 dev.py test installs it)")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    server = Process(command, dict(os.environ), folder / "s3.log")
    try:
        assert wait_until(lambda: listens(port), READY_WITHIN_S), server.said
        yield port
    finally:
        server.end()


def in_a_bucket(config: Config, port: int, name: str) -> Config:
    """These settings with photographs in a new bucket of that server, below a prefix."""
    maker = HTTPConnection("127.0.0.1", port, timeout=30)
    maker.request("PUT", f"/{name}", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260302/us-east-1/s3/aws4_request"})
    assert maker.getresponse().status == 200
    maker.close()
    return replace(
        config,
        photo_store=f"s3://{name}/riverside/photos",
        photo_store_endpoint=f"http://127.0.0.1:{port}",
        photo_store_key="key",
        photo_store_secret="secret",
    )
