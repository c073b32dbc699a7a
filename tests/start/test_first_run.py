"""The first minute of a new user: an empty folder, one command, a clinic to look around in, Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from honcho import environ

from schemas.vocabulary import Channel, Purpose
from server import serve
from server.clinics import demo
from server.config import from_environment
from server.followup.links import address_of
from server.followup.messages.compose import compose
from server.followup.messages.examples import example
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


@pytest.mark.parametrize(
    ("given", "address"),
    [({}, "http://localhost:8765"), ({"PUBLIC_URL": "https://follow-up.clinic.example/"}, "https://follow-up.clinic.example")],
)
def test_what_the_worker_sends_leads_to_the_web_process(given: dict[str, str], address: str, tmp_path: Path) -> None:
    """Honcho gives the worker port 8865: links with it lead nowhere, and Anna's answer never arrives."""
    config = from_environment({"GRAFTLOG_DATA": str(tmp_path), "PORT": "8765"} | given)
    written = environ.parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8"))
    started = {one.name: one.env for one in environ.expand_processes(written.processes, env=serve.environment(config))}
    assert [one["PORT"] for one in started.values()] == ["8765", "8865", "8965"]
    worker = from_environment(started["worker.1"])
    assert address_of(worker, "token") == f"{address}/v/token"
    alert = replace(example(Purpose.LINK, Channel.EMAIL, "en"), purpose=Purpose.ALERT, payload={"path": "/follow-up/work-list"})
    assert f"Open it here:\n{address}/follow-up/work-list\n" in compose(alert, worker).text
    assert {from_environment(one).public_url for one in started.values()} == {address}
