"""Processes of the Procfile and servers of a drill's own, each of which may be killed, frozen or restarted."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE_S, *, every: float = 0.05) -> bool:
    """Whether it became true within that time."""
    end = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < end:
        time.sleep(every)
    return found


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def procfile() -> dict[str, str]:
    """Command of every process type."""
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


class Process:
    """One running command; its output goes to a file."""

    def __init__(self, command: str | list[str], environ: dict[str, str], log: Path) -> None:
        """A string is a line of shell, such as the Procfile's."""
        self.command, self.environ, self.log = command, environ, log
        self._from = 0
        self.running = self._run()

    def _run(self) -> "subprocess.Popen[bytes]":
        command = ["sh", "-c", self.command] if isinstance(self.command, str) else self.command
        self._from = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            return subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=output, stderr=output)

    @property
    def said(self) -> str:
        """All output so far."""
        return self.log.read_text(errors="replace")

    @property
    def said_now(self) -> str:
        """Output since it was started last."""
        with self.log.open("rb") as output:
            output.seek(self._from)
            return output.read().decode(errors="replace")

    @property
    def children(self) -> list[int]:
        """Processes that it has started itself."""
        started = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children")
        return [int(one) for one in started.read_text(encoding="ascii").split()] if started.exists() else []

    def is_up(self) -> bool:
        """Whether it runs."""
        return self.running.poll() is None

    def kill(self) -> None:
        """Kill -9, in the middle of whatever it does."""
        self.running.kill()
        self.running.wait()

    def again(self) -> None:
        """Start it anew."""
        self.running = self._run()

    def freeze(self) -> None:
        """It neither answers nor ends until it is thawed."""
        self.running.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.running.send_signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self.running.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Make sure that it is gone."""
        if self.is_up():
            self.thaw()
            self.kill()


def web_process(url: sa.URL, folder: Path, port: int, command: str = "", **settings: str) -> Process:
    """The Procfile's web process (or another command) on a database; its output and its data are in `folder`."""
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "GRAFTLOG_DATA": str(folder),
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "PORT": str(port),
    }
    return Process(command or procfile()["web"], environ | settings, folder / "web.log")


def redis(folder: Path, port: int, *options: str) -> Process:
    """A Redis of our own that answers. It keeps nothing on disk."""
    command = [
        "redis-server",
        "--port",
        str(port),
        "--save",
        "",
        "--appendonly",
        "no",
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        *options,
    ]
    server = Process(command, dict(os.environ), folder / f"redis-{port}.log")
    if not wait_until(lambda: listens(port)):
        raise RuntimeError(server.said)
    return server


def module(name: str, *arguments: str, log: Path) -> Process:
    """`python -m name`, once the first line of its output is there."""
    process = Process([sys.executable, "-m", name, *arguments], dict(os.environ), log)
    if not wait_until(lambda: "\n" in process.said):
        raise RuntimeError(process.said or f"{name} did not start")
    return process


def postgres_binaries() -> Path | None:
    """Folder of initdb and pg_ctl, where PostgreSQL is installed."""
    found = [*sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True), shutil.which("initdb")]
    return next((Path(one).resolve().parent for one in found if one), None)


class Postgres:
    """A PostgreSQL of our own, which may be cut off in the middle of everything. A commit there is a commit."""

    def __init__(self, binaries: Path, folder: Path | None = None, **settings: str) -> None:
        """Start it in a folder of its own; `settings` are PostgreSQL's."""
        self.folder = folder or Path(tempfile.mkdtemp(prefix="graftlog-drill-pg-"))
        self.binaries = binaries
        self.as_user = {"user": "nobody"} if os.getuid() == 0 else {}
        if self.as_user:
            shutil.chown(self.folder, "nobody")
        self._run("initdb", "-D", f"{self.folder}/data", "-U", "graftlog", "-A", "trust", "--no-sync", "--data-checksums")
        # fsync off survives a killed server, only not a killed machine; synchronous_commit stays on, as it must in real life
        given = {"listen_addresses": "", "fsync": "off", "max_connections": "200"} | settings
        self.options = ["-k", str(self.folder), *(word for name, value in given.items() for word in ("-c", f"{name}={value}"))]
        self.start()
        self.url = f"postgresql+psycopg://graftlog@/postgres?host={self.folder}"

    def start(self) -> None:
        """Once it takes connections."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", shlex.join(self.options), "start")

    def restart(self) -> None:
        """As after a power cut: every connection and every open transaction is gone."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-m", "immediate", "restart")

    def end(self) -> None:
        """Stop it and remove its folder."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([str(self.binaries / name), *arguments], check=True, stdout=subprocess.DEVNULL, cwd=self.folder, **self.as_user)  # type: ignore[call-overload]  # reason: user= is optional


def version_of(server: str) -> str:
    """What it calls itself, such as `PostgreSQL 15.20`."""
    binaries = postgres_binaries()
    path = shutil.which(server, path=f"{binaries or ''}:{os.environ['PATH']}")
    if path is None:
        return f"no {server}"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    name = "PostgreSQL" if "PostgreSQL" in said else "Redis"
    return f"{name} {next(word.strip('v=') for word in said.split() if word.strip('v=')[:1].isdigit())}"
