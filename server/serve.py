"""`dev.py run`: migrate, make the demo clinic on an empty database, start the Procfile's processes, say where they are.

Light on imports by design: from start to the first page is mostly Python loading modules, and this process needs few.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from types import FrameType

from server.config import Config, ConfigError, from_environment
from server.migrations import heads

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
START_TIMEOUT_S = 60


def is_migrated(config: Config) -> bool:
    """Whether the embedded database is at the newest migration; other databases are asked by `graftlog db upgrade` itself."""
    path = config.database_url.removeprefix("sqlite:///")
    if path == config.database_url or not Path(path).exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT 1 FROM alembic_version WHERE version_num = ?", (heads.NEWEST,)).fetchone())
    except sqlite3.Error:
        return False


def graftlog(*arguments: str) -> None:
    """Run a `graftlog` command; its failure ends this one."""
    done = subprocess.run([str(BIN / "graftlog"), *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def wait_ready(address: str, processes: subprocess.Popen[bytes]) -> bool:
    """Whether /readyz answers 200 before the processes end or a minute has passed."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and processes.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def environment(config: Config) -> dict[str, str]:
    """What the processes are started with.

    The port is always said: honcho gives one of its own, 5000, to whoever names none. So is the address: it gives each further process
    another port, a hundred higher, and what worker and beat made of theirs would stand in every link that they send.
    """
    return os.environ | {
        "GRAFTLOG_DATA": str(config.data),
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "PORT": str(config.port),
        "PUBLIC_URL": config.public_url,
        "PYTHONUNBUFFERED": "1",
    }


def main() -> None:
    """Run until Ctrl-C (or SIGTERM); exit code 0 then."""
    try:
        config = from_environment()
    except ConfigError as error:
        sys.exit(f"Configuration:\n{error}")
    config.data.mkdir(parents=True, exist_ok=True)
    if not is_migrated(config):
        graftlog("db", "upgrade")
        if config.demo and config.for_this_machine_only:
            graftlog("demo", "seed")
    address = f"http://{'localhost' if config.on_loopback else config.host}:{config.port}"
    processes = subprocess.Popen([str(BIN / "honcho"), "start", "-f", str(ROOT / "Procfile")], cwd=ROOT, env=environment(config))
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        if processes.poll() is None:
            processes.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if wait_ready(f"http://{config.host}:{config.port}", processes):
        graftlog("demo", "play", f"http://{config.host}:{config.port}")
        print(f"\nGraftlog is at {address}   (API documentation: {address}/api/docs)   Ctrl-C stops it.\n", flush=True)
    elif not stopping:
        print("The server did not become ready; see the messages above.", file=sys.stderr)
    code = processes.wait()
    sys.exit(0 if stopping else code or 1)


if __name__ == "__main__":
    main()
