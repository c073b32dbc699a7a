"""Backup and restore: a consistent whole under load, a new epoch for every clinic, a chain that goes on across the seam."""

import json
import threading
from pathlib import Path

import sqlalchemy as sa

from server.db import Database
from server.followup.engine import guard
from server.followup.models import Sender
from server.ids import uuid7
from server.journal import keys as signing_keys
from server.journal.epochs import epoch
from server.journal.models import JournalRow
from server.migrations import heads
from server.migrations.roles import bring_up
from server.migrations.upgrade import upgrade
from server.patients.models import Patient
from tests import make
from tests.backup.ward import Ward, manifest_of

WRITERS = 8


def test_a_backup_under_load_is_a_consistent_whole(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    with riverside.open() as database:
        clinic = make.clinic(database)
        enough, busy = threading.Event(), threading.Barrier(WRITERS + 1)

        def writer(number: int) -> None:
            turn = 0
            while not enough.is_set():
                make.patient(database, clinic, mrn=f"W{number}-{turn}")
                turn += 1
                if turn == 1:
                    busy.wait(60)

        threads = [threading.Thread(target=writer, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        busy.wait(60)
        done = riverside.run("backup", tmp_path / "night.zip")
        enough.set()
        for thread in threads:
            thread.join()
    assert (done.returncode, done.stderr) == (0, "")
    (state,) = manifest_of(tmp_path / "night.zip")["clinics"]
    everything = riverside.journal(clinic)
    assert WRITERS <= state["seq"] < len(everything)
    assert new_place.run("restore", tmp_path / "night.zip", "--yes").returncode == 0
    restored = new_place.journal(clinic)
    assert restored[:-1] == everything[: state["seq"]]
    assert restored[-1][2:] == ("epochs", "restore")
    with new_place.open() as database, database.transaction(clinic.id, write=False) as session:
        patients = session.scalar(sa.select(sa.func.count()).select_from(Patient))
    assert patients == sum(collection == "patients" for _, _, collection, _ in restored)
    verified = new_place.run("journal", "verify")
    assert (verified.returncode, "chain whole" in verified.stdout) == (0, True)


def test_every_clinic_begins_a_new_epoch_and_its_chain_goes_on(riverside: Ward, tmp_path: Path) -> None:
    here, there = riverside.clinic(), riverside.clinic(name="Hillside Clinic")
    before = riverside.heads()
    riverside.backup(tmp_path / "night.zip")
    with riverside.open() as database:
        lost = make.patient(database, here, mrn="LOST")
    done = riverside.run("restore", tmp_path / "night.zip", "--yes", "--replace")
    assert (done.returncode, done.stderr) == (0, "")
    after = riverside.heads()
    assert len({last[2] for last in (*before.values(), *after.values())}) == 4
    for clinic in (here, there):
        with riverside.open() as database, database.transaction(clinic.id, write=False) as session:
            seam = session.scalars(sa.select(JournalRow).where(JournalRow.clinic_id == clinic.id).order_by(JournalRow.seq.desc())).first()
            assert epoch(session) == after[clinic.id][2]
        assert seam is not None
        assert (seam.seq, seam.prev_hash, seam.collection, seam.action) == (
            before[clinic.id][0] + 1,
            before[clinic.id][1],
            "epochs",
            "restore",
        )
        body = json.loads(seam.body or "")
        assert (body["id"], body["ended"], body["seq"]) == (str(after[clinic.id][2]), str(before[clinic.id][2]), before[clinic.id][0])
        assert body["restored_from"] == manifest_of(tmp_path / "night.zip")["created_at"]
        assert str(after[clinic.id][2]) in done.stdout
    with riverside.open() as database:
        make.patient(database, here, mrn=lost["mrn"])
    assert riverside.run("journal", "verify").stdout.count("chain whole") == 2


def test_what_is_replaced_is_kept_and_can_be_put_back(riverside: Ward, tmp_path: Path) -> None:
    clinic = riverside.clinic()
    riverside.backup(tmp_path / "night.zip")
    with riverside.open() as database:
        make.patient(database, clinic, mrn="AFTER")
    newest = riverside.journal(clinic)
    assert "What was here before is in" in riverside.restore(tmp_path / "night.zip", replace=True)
    (kept,) = riverside.data.glob("replaced-*.zip")
    riverside.restore(kept.rename(tmp_path / "kept.zip"), replace=True)
    assert riverside.journal(clinic)[:-1] == newest


def test_a_backup_of_an_older_version_is_migrated_forward(new_place: Ward, riverside: Ward, tmp_path: Path) -> None:
    with new_place.open_for_its_owner() as database:
        upgrade(database, "0002")
        _clinic_of_0002(database)
    new_place.backup(tmp_path / "old.zip")
    assert manifest_of(tmp_path / "old.zip")["migration"] == "0002"
    riverside.restore(tmp_path / "old.zip")
    with riverside.open() as database, database.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == heads.NEWEST
    assert riverside.run("journal", "verify").stdout.count("chain whole") == 2


def _clinic_of_0002(database: Database) -> None:
    """Two clinics, whose journals are empty, as migration 0002 kept them."""
    with database.engine.begin() as connection:
        for name in ("Riverside", "Hillside"):
            ids = {one: uuid7().hex if database.is_sqlite else str(uuid7()) for one in ("id", "write_id")}
            row = ids | {"name": name, "now": "2026-03-02 12:00:00+00:00", "demo": False}
            into = "clinics (id, name, time_zone, locale, demo, write_id, created_at, updated_at)"
            values = [sa.bindparam(name, value, type_=sa.types.NullType()) for name, value in row.items()]
            connection.execute(
                sa.text(f"INSERT INTO {into} VALUES (:id, :name, 'Europe/Budapest', 'en', :demo, :write_id, :now, :now)").bindparams(
                    *values
                )
            )
        connection.execute(
            sa.text("INSERT INTO journal_heads (clinic_id, seq, hash) SELECT id, 0, :zero FROM clinics"), {"zero": bytes(32)}
        )


def test_an_upgrade_gives_every_clinic_its_epoch(new_place: Ward) -> None:
    with new_place.open_for_its_owner() as database:
        upgrade(database, "0002")
        _clinic_of_0002(database)
    bring_up(new_place.settings)
    assert len({last[2] for last in new_place.heads().values()}) == 2


def test_nothing_is_sent_until_a_person_says_so(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    riverside.clinic()
    riverside.backup(tmp_path / "night.zip")
    new_place.restore(tmp_path / "night.zip")
    with new_place.open() as database, database.transaction(write=False, everywhere=True) as session:
        everything = session.get(Sender, guard.ALL)
        assert everything is not None
        assert everything.paused_at is not None
    assert "restored from the backup of" in new_place.run("sending", "status").stdout


def test_a_signing_key_whose_file_is_missing_is_named(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    clinic = riverside.clinic()
    with riverside.open() as database, database.transaction(clinic.id) as session:
        key_id, _, _ = signing_keys.current(session, riverside.data / "keys")
    riverside.backup(tmp_path / "night.zip")
    assert f"lacks the signing key {key_id}" in new_place.restore(tmp_path / "night.zip")
    assert "lacks the signing key" not in riverside.restore(tmp_path / "night.zip", replace=True)


def test_a_backup_is_for_its_owner_only_and_the_keys_lie_apart(riverside: Ward, tmp_path: Path) -> None:
    riverside.clinic()
    keys = riverside.data / "keys"
    keys.mkdir()
    (keys / "link.key").write_bytes(b"k" * 32)
    assert f"Not in it: the keys in {keys} (files: 1)" in riverside.backup(tmp_path / "without.zip")
    done = riverside.run("backup", tmp_path, "--keys", tmp_path / "keys.tar")
    assert done.returncode == 0, done.stderr
    (named,) = tmp_path.glob("graftlog-*.zip")
    assert str(named) in done.stdout
    assert {path.stat().st_mode & 0o777 for path in (named, tmp_path / "keys.tar")} == {0o600}
    assert b"k" * 32 in (tmp_path / "keys.tar").read_bytes()
    assert b"k" * 32 not in named.read_bytes()
