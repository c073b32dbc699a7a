"""The first minute of a new user: an empty folder, one command, a clinic to look around in, Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from server import serve
from server.clinics import demo
from server.config import from_environment
from tests.start.test_command_line import graftlog

ROOT = Path(__file__).resolve().parent.parent.parent
READY = "Ctrl-C stops it."


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def call(port: int, path: str, token: str | None = None, body: Any = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.timeout(300)  # a busy machine takes its time to make a clinic of forty cases
def test_one_command_from_nothing_to_a_clinic_and_back(tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {"GRAFTLOG_DATA": str(tmp_path), "PORT": str(port)}
    environment.pop("DATABASE_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "server.serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watchdog = threading.Timer(100, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if READY in line:
                break
        assert READY in said[-1], "".join(said)
        assert any("surgeon@demo.example" in line for line in said)
        session = call(port, "/api/v1/session", body={"email": "surgeon@demo.example", "password": "graftlog-demo", "code": demo.code(1)})
        assert session["clinic"]["name"] == "Riverside Plastic Surgery"
        procedures = call(port, "/api/v1/procedures?limit=200", session["token"])["items"]
        assert len(procedures) == 41
        assert {one["state"] for one in procedures} == {"signed", "completed", "cancelled", "abandoned"}
        newest = call(port, f"/api/v1/procedures/{procedures[0]['id']}", session["token"])
        assert (newest["totals"]["injected_ml"], newest["totals"]["discarded_ml"], newest["totals"]["residual_ml"]) == (3.8, 8.2, 0)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(30) == 0, rest
        assert "Traceback" not in "".join(said) + rest
    finally:
        watchdog.cancel()
        process.kill()
        process.stdout.close()  # type: ignore[union-attr]  # reason: it is a pipe
    assert "chain whole" in graftlog(tmp_path, f"sqlite:///{tmp_path / 'graftlog.db'}", "journal", "verify").stdout


def test_who_names_no_port_gets_the_one_that_is_printed(tmp_path: Path) -> None:
    """Honcho gave 5000 to the web process while its address was awaited, and printed, as 8000."""
    config = from_environment({"GRAFTLOG_DATA": str(tmp_path)})
    assert (config.port, serve.environment(config)["PORT"]) == (8000, "8000")
