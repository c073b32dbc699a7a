"""Make a backup of the database the settings name, and put one in its place."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from server import clock
from server.backup import bundle, contents, keys, photos, words
from server.backup.bundle import Bundle
from server.backup.contents import Contents
from server.backup.manifest import Manifest, Photos
from server.backup.place import Place
from server.backup.postgresql import PostgresqlPlace
from server.backup.refusals import BackupError, in_words
from server.backup.sqlite import SqlitePlace
from server.config import Config
from server.db import Database
from server.followup.engine import guard
from server.journal import keys as signing_keys
from server.journal.epochs import new_epochs
from server.journal.reading import verify
from server.migrations import heads
from server.migrations.roles import application_role
from server.migrations.upgrade import config as alembic
from server.migrations.upgrade import upgrade
from server.photos.service import keys as photo_keys

Agree = Callable[[list[str]], None]
"""Shown what is about to happen; raises to stop it."""
Missing = tuple[list[str], list[str]]
"""Ids of signing keys, and of photo keys."""


def place_of(settings: Config) -> Place:
    """Where the settings say the database is."""
    url = sa.make_url(settings.owner_url)
    return SqlitePlace(url) if url.get_backend_name() == "sqlite" else PostgresqlPlace(url, application_role(settings))


def backup(settings: Config, to: Path, keys_to: Path | None) -> list[str]:
    """Write a backup to the file `to`, or into that folder; what was done, a sentence each. Raises BackupError, having left no backup."""
    with in_words("The backup"):
        place = place_of(settings)
        if place.contents() is None:
            raise BackupError(f"There is no record at {_plain(settings)} yet: there is nothing to back up.")
        path = to / _name("graftlog") if to.is_dir() else to
        saved: tuple[int, Path] | None = None

        def add(archive: ZipFile, folder: Path, moment: bundle.Moment) -> Photos:
            """After the dump: a key that wraps something in it is then surely in the folder."""
            nonlocal saved
            saved = (keys.save(settings.keys, keys_to), keys_to) if keys_to else None
            return photos.add(archive, settings, folder, moment)

        made = bundle.write(path, place, add)
        return words.saved(path, made, settings.keys, keys.count(settings.keys), saved)


def restore(settings: Config, file: Path, *, replace: bool, agree: Agree) -> list[str]:
    """Put the backup in `file` in place of the database; what was done, a sentence each. Raises BackupError, having changed nothing.

    Everything that can fail happens to a copy beside the real database; the switch is the last step, and one transaction.
    """
    with in_words("The restore"), bundle.opened(file) as held:
        settings.data.mkdir(parents=True, exist_ok=True)
        place = place_of(settings)
        _must_fit(held.manifest, place)
        there = place.contents()
        if there and there.clinics and not replace:
            raise BackupError("\n".join(words.in_the_way(_plain(settings), there)))
        agree(words.about_to(file, held.manifest, _plain(settings), there))
        with place.alone():
            return _put_in_place(settings, place, held, there)


def _put_in_place(settings: Config, place: Place, held: Bundle, there: Contents | None) -> list[str]:
    with place.staged(settings.data) as stage:
        held.extract(stage.file)
        database = stage.load()
        try:
            epochs, missing = _make_ready(database, held.manifest, settings.keys)
            put, checked = photos.put_back(held, settings), photos.check(database, settings)
        finally:
            database.close()
        kept = None
        if there and there.clinics:
            kept = settings.data / _name("replaced")
            bundle.write(kept, place)
        stage.switch(there)
    return words.restored(held.manifest, epochs, kept, *missing) + words.about_photos(held.manifest, put, checked)


def _must_fit(found: Manifest, place: Place) -> None:
    if found.database != place.kind:
        raise BackupError(
            f"This is a backup of a {words.KINDS.get(found.database, found.database)} database, and DATABASE_URL names a "
            f"{words.KINDS[place.kind]} one. A backup goes back into its own kind. Nothing was changed."
        )
    known = {script.revision for script in ScriptDirectory.from_config(alembic()).walk_revisions()}
    if found.contents.migration not in known:
        raise BackupError(
            f"This backup was made by a newer Graftlog (migration {found.contents.migration}; this one knows them up to {heads.NEWEST}). "
            "Install that version first. Nothing was changed."
        )


def _make_ready(database: Database, expected: Manifest, key_folder: Path) -> tuple[dict[UUID, UUID], Missing]:
    """Check what was loaded, bring it to the newest migration, begin new epochs. ({clinic: epoch}, ids of keys without a file)."""
    with database.engine.connect() as connection:
        contents.must_match(contents.read(lambda query: connection.exec_driver_sql(query).all()), expected.contents)
    upgrade(database)
    with database.transaction(everywhere=True) as session:
        for clinic in expected.contents.clinics:
            _, fault = verify(session, clinic.id)
            if fault:
                broken = f"The backup's journal of {clinic.name} is broken at row {fault[0]}: {fault[1]}."
                raise BackupError(f"{broken} Take an older backup. Nothing was changed.")
        epochs = new_epochs(session, restored_from=expected.created_at)
        guard.pause_all(session, f"restored from the backup of {expected.created_at:%Y-%m-%d %H:%M} UTC")
        return epochs, (signing_keys.missing(session, key_folder), photo_keys.missing(session, key_folder))


def _name(what: str) -> str:
    return f"{what}-{clock.now():%Y%m%dT%H%M%SZ}.zip"


def _plain(settings: Config) -> str:
    url = sa.make_url(settings.database_url)
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
