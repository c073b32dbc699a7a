"""The embedded profile: SQLite under a web process that is killed, a file that is locked, a disk that is full."""

import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from server.db import Database
from server.migrations.upgrade import upgrade
from tests.drills.book import Figures, NotShown, Scene, drill, ensure
from tests.drills.checker import check
from tests.drills.database import repeat
from tests.drills.load import Load
from tests.drills.serving import Server, serving

LEFT = 256 * 1024
"""Bytes that are free on a disk that is about to be full."""


def sqlite(folder: Path) -> Database:
    """A migrated database in that folder."""
    db = Database(f"sqlite:///{folder / 'graftlog.db'}")
    upgrade(db)
    return db


@contextmanager
def served(db: Database, scene: Scene, data: Path) -> Iterator[tuple[Server, Load]]:
    """One web process with eight threads, as `dev.py run` has it, and writers at work."""
    with serving(db, data, WEB_WORKERS="1", WEB_THREADS="8") as server:
        load = Load(db, server.port, scene.seed)
        load.start()
        try:
            yield server, load
        finally:
            load.stop()


def _sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    ensure(said == "ok" and not broken, f"integrity_check: {said}; foreign_key_check: {broken[:3]}")


@drill(24, "SQLite: kill -9 while writing; the file locked by somebody else", "as the checker says; integrity_check is ok")
def killed(scene: Scene) -> Figures:
    """The process that writes is killed; its write-ahead log is read by the next one."""
    dice, db, times, seconds = random.Random(scene.seed), sqlite(scene.folder), scene.size(20, 3), scene.size(25, 3)
    path = scene.folder / "graftlog.db"
    with served(db, scene, scene.folder / "web") as (server, load):
        for _ in range(times):
            time.sleep(dice.uniform(0.8, 2.0))
            for pid in server.process.children:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        server.ready()
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")
        time.sleep(1)
        load.stop()
        figures = check(load, lambda act: repeat(server, act))
    db.close()
    _sound(path)
    unkind = set(load.statuses) - {200, 201, 422, 503}
    ensure(not unkind, f"answers {unkind}")
    return [f"{times} kills, locked for {seconds} s; integrity_check ok", *figures]


@contextmanager
def small_disk(megabytes: int, owner: str = "root") -> Iterator[Path]:
    """A disk of that size, in memory, in a folder of its own that PostgreSQL's user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="graftlog-drill-disk-"))
    options = f"size={megabytes}m,mode=0700"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        folder.rmdir()
        raise NotShown(f"a small disk needs the right to mount one: {done.stderr.strip()}")
    try:
        if owner != "root":
            subprocess.run(["chown", owner, str(folder)], check=True)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path, *, left: int = LEFT) -> Path:
    """A file that takes all room but that; delete it to make room again."""
    blob = disk / "blob"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with blob.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, free - left))
    return blob
