"""What the stories of backup share: an installation, its backups, and ways to spoil them."""

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from server.backup import service
from server.backup.refusals import BackupError
from server.config import Config, from_environment
from server.db import Database
from server.journal.models import JournalHead, JournalRow
from tests import databases, make
from tests.start.test_command_line import graftlog

Row = tuple[int, bytes, str, str]


@dataclass(frozen=True)
class Ward:
    """One installation, and whoever looks after it."""

    url: str
    data: Path

    @property
    def settings(self) -> Config:
        """What its environment says."""
        return from_environment({"GRAFTLOG_DATA": str(self.data)} | databases.settings(self.url))

    @contextmanager
    def open(self) -> Iterator[Database]:
        """Its database, closed again afterwards: nobody restores under an open one."""
        database = Database(self.url, pool_size=12)
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def open_for_its_owner(self) -> Iterator[Database]:
        """The same, for whoever may make tables and take guards away."""
        with self.open() as database, databases.as_owner(database) as owned:
            yield owned

    def clinic(self, **only_what_matters: Any) -> make.Clinic:
        """A new clinic with one patient."""
        with self.open() as database:
            made = make.clinic(database, **only_what_matters)
            make.patient(database, made)
            return made

    def backup(self, to: Path) -> str:
        """What is said."""
        return "\n".join(service.backup(self.settings, to, None))

    def restore(self, file: Path, *, replace: bool = False) -> str:
        """What is said."""
        return "\n".join(service.restore(self.settings, file, replace=replace, agree=lambda _: None))

    def refusal(self, file: Path, *, replace: bool = True) -> str:
        """The sentence with which a restore is refused; nothing is different afterwards, and nothing is left lying about."""
        before = self.heads(), self.files()
        with pytest.raises(BackupError) as refused:
            self.restore(file, replace=replace)
        assert (self.heads(), self.files()) == before
        return str(refused.value)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`graftlog …`, whatever comes of it."""
        done = graftlog(self.data, self.url, *map(str, arguments))
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def heads(self) -> dict[uuid.UUID, tuple[int, bytes, uuid.UUID]]:
        """Clinic → seq, hash and epoch of its chain."""
        with self.open() as database, database.transaction(write=False, everywhere=True) as session:
            query = sa.select(JournalHead.clinic_id, JournalHead.seq, JournalHead.hash, JournalHead.epoch)
            return {clinic: (seq, last, epoch) for clinic, seq, last, epoch in session.execute(query)}

    def files(self) -> set[str]:
        """Names in its folder that a restore might have left."""
        return {path.name for path in self.data.rglob("*") if not path.name.endswith(("-wal", "-shm"))}

    def journal(self, clinic: make.Clinic) -> list[Row]:
        """seq, hash, collection and action of each row."""
        wanted = (JournalRow.seq, JournalRow.hash, JournalRow.collection, JournalRow.action)
        with self.open() as database, database.transaction(clinic.id, write=False) as session:
            query = sa.select(*wanted).where(JournalRow.clinic_id == clinic.id).order_by(JournalRow.seq)
            return [(seq, last, collection, action) for seq, last, collection, action in session.execute(query)]


@contextmanager
def ward(worker: str, folder: Path, *, migrated: bool = True) -> Iterator[Ward]:
    """An installation of its own; SQLite's file lies in its data folder, as it does for a clinic."""
    folder.mkdir()
    if not databases.WANTED:
        with databases.fresh(worker) if migrated else databases.empty(worker) as url:
            path = folder / "graftlog.db"
            if migrated:
                path.write_bytes(Path(url.removeprefix("sqlite:///")).read_bytes())
            yield Ward(f"sqlite:///{path}", folder)
        return
    with databases.fresh(worker) if migrated else databases.empty(worker) as url:
        yield Ward(url, folder)


def manifest_of(backup: Path) -> dict[str, Any]:
    """As anybody can read it."""
    with ZipFile(backup) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return found


def with_manifest(backup: Path, copy: Path, **changes: Any) -> Path:
    """A copy of a backup whose manifest says something else."""
    with ZipFile(backup) as archive, ZipFile(copy, "w") as made:
        for name in archive.namelist():
            if name != "manifest.json":
                made.writestr(name, archive.read(name))
        made.writestr("manifest.json", json.dumps(manifest_of(backup) | changes))
    return copy
