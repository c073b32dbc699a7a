"""What cannot be backed up or restored is refused in a sentence, before anything is changed."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from server.backup import service
from server.backup.refusals import BackupError
from tests import databases, make
from tests.backup.ward import Ward, manifest_of, with_manifest
from tests.start.test_command_line import GRAFTLOG
from tests.tampering import tampered

ON_POSTGRESQL = bool(databases.WANTED)
UNCHANGED = "Nothing was changed."


@pytest.fixture
def night(riverside: Ward, tmp_path: Path) -> Path:
    """Last night's backup of Riverside, and a patient who came since."""
    clinic = riverside.clinic()
    riverside.backup(tmp_path / "night.zip")
    with riverside.open() as database:
        make.patient(database, clinic, mrn="TODAY")
    return tmp_path / "night.zip"


def cut_short(backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-200])


def one_byte_in_the_middle(backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    backup.write_bytes(content)


def another_file(backup: Path) -> None:
    backup.write_text("Dear all, the backup is in the other folder.")


def another_archive(backup: Path) -> None:
    with ZipFile(backup, "w") as made:
        made.writestr("holiday.txt", "sun")


def a_manifest_of_nonsense(backup: Path) -> None:
    with ZipFile(backup, "w") as made:
        made.writestr("manifest.json", '{"format": 1, "created_at": 7}')


@pytest.mark.parametrize("spoil", [cut_short, one_byte_in_the_middle, another_file, another_archive, a_manifest_of_nonsense])
def test_a_damaged_file(spoil: Callable[[Path], None], riverside: Ward, night: Path) -> None:
    spoil(night)
    said = riverside.refusal(night)
    assert "damaged" in said
    assert UNCHANGED in said


def test_no_byte_that_is_changed_gets_through(riverside: Ward, night: Path, tmp_path: Path) -> None:
    """Either the file is refused, or the byte was one that says nothing, such as a time in the archive's own list."""
    whole = night.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 25)):
        changed = bytearray(whole)
        changed[position] ^= 0x10
        (tmp_path / "changed.zip").write_bytes(changed)
        try:
            riverside.restore(tmp_path / "changed.zip", replace=True)
        except BackupError as refused:
            assert UNCHANGED in str(refused)  # noqa: PT017  reason: it need not be raised
        for kept in riverside.data.glob("replaced-*.zip"):
            kept.unlink()
    assert riverside.run("journal", "verify").returncode == 0


def test_a_manifest_that_was_written_for_another_dump(riverside: Ward, night: Path, tmp_path: Path) -> None:
    clinics = manifest_of(night)["clinics"]
    clinics[0]["seq"] += 1
    said = riverside.refusal(with_manifest(night, tmp_path / "other.zip", clinics=clinics))
    assert "not what its manifest says" in said


def test_a_backup_of_the_other_kind(riverside: Ward, night: Path, tmp_path: Path) -> None:
    other, named = ("sqlite", "SQLite") if ON_POSTGRESQL else ("postgresql", "PostgreSQL")
    said = riverside.refusal(with_manifest(night, tmp_path / "other.zip", database=other))
    assert f"backup of a {named} database" in said


def test_a_backup_of_a_newer_version(riverside: Ward, night: Path, tmp_path: Path) -> None:
    said = riverside.refusal(with_manifest(night, tmp_path / "newer.zip", migration="9001"))
    assert "made by a newer Graftlog (migration 9001" in said
    assert "format 2" in riverside.refusal(with_manifest(night, tmp_path / "format.zip", format=2))


def test_a_record_is_not_replaced_unasked(riverside: Ward, night: Path) -> None:
    said = riverside.refusal(night, replace=False)
    assert "Riverside Plastic Surgery: 7 changes" in said
    assert "--replace" in said
    done = riverside.run("restore", night, "--yes")
    assert (done.returncode, said in done.stderr) == (1, True)
    unasked = riverside.run("restore", night, "--replace")  # and nobody answers the question
    assert unasked.returncode == 1
    assert "It replaces" in unasked.stdout
    assert "Restored" not in unasked.stdout


def test_a_database_in_use(riverside: Ward, night: Path) -> None:
    with riverside.open() as database, database.engine.connect() as connection:
        connection.execute(sa.text("SELECT count(*) FROM patients"))
        said = riverside.refusal(night)
    assert "in use" in said
    assert "stop web, worker and beat" in said
    riverside.restore(night, replace=True)


def test_who_writes_at_the_last_moment_loses_nothing(riverside: Ward, tmp_path: Path) -> None:
    clinic = riverside.clinic()
    riverside.backup(tmp_path / "night.zip")

    def write_once_more(_: list[str]) -> None:
        with riverside.open() as database:
            make.patient(database, clinic, mrn="LAST")

    with pytest.raises(BackupError, match="was changed meanwhile"):
        service.restore(riverside.settings, tmp_path / "night.zip", replace=True, agree=write_once_more)
    assert riverside.journal(clinic)[-1][2:] == ("patients", "create")


def test_a_backup_whose_chain_is_broken(riverside: Ward, night: Path, tmp_path: Path) -> None:
    with riverside.open() as database:
        tampered(database, "UPDATE journal SET body = replace(body, 'Anna', 'Anne') WHERE seq = 6")
    riverside.backup(tmp_path / "tampered.zip")
    assert "Riverside Plastic Surgery is broken at row 6: the body was changed" in riverside.refusal(tmp_path / "tampered.zip")
    riverside.restore(night, replace=True)


def test_nothing_to_back_up(new_place: Ward, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to back up"):
        new_place.backup(tmp_path / "empty.zip")
    assert list(tmp_path.glob("*.zip")) == []


def test_places_where_no_backup_can_be_written(riverside: Ward, tmp_path: Path) -> None:
    riverside.clinic()
    (tmp_path / "file").touch()
    places = {"not there/night.zip": "No such file", "file/night.zip": "Not a directory"}
    for name, why in places.items():
        with pytest.raises(BackupError, match=why):
            riverside.backup(tmp_path / name)
    riverside.backup(tmp_path / "night.zip")
    with pytest.raises(BackupError, match="a backup overwrites nothing"):
        riverside.backup(tmp_path / "night.zip")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "night.zip", "riverside"}


@pytest.mark.skipif(os.getuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_is_read_only(riverside: Ward, tmp_path: Path) -> None:
    riverside.clinic()
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(BackupError, match="Permission denied"):
        riverside.backup(tmp_path / "closed")


def no_file_beyond(kilobytes: int, of: Ward, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`graftlog …` where a file can grow no further: what a full disk is to it."""
    environment = os.environ | {"GRAFTLOG_DATA": str(of.data)} | databases.settings(of.url)
    command = ["bash", "-c", f'ulimit -f {kilobytes}; exec "$0" "$@"', GRAFTLOG, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_no_space(riverside: Ward, night: Path, tmp_path: Path) -> None:
    before = riverside.heads(), riverside.files(), set(tmp_path.iterdir())
    for arguments in (("backup", tmp_path / "full.zip"), ("restore", night, "--yes", "--replace")):
        done = no_file_beyond(4, riverside, *arguments)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert UNCHANGED in done.stderr
    assert (riverside.heads(), riverside.files(), set(tmp_path.iterdir())) == before


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite needs no program")
@pytest.mark.parametrize("missing", ["pg_dump", "pg_restore", "psql"])
def test_a_missing_program(missing: str, riverside: Ward, night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    for name in {"pg_dump", "pg_restore", "psql"} - {missing}:
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert f"{missing} is not on the PATH. Install PostgreSQL's client programs" in riverside.refusal(night)
    if missing == "pg_dump":
        with pytest.raises(BackupError, match="pg_dump is not on the PATH"):
            riverside.backup(tmp_path / "another.zip")
        assert not (tmp_path / "another.zip").exists()


@pytest.mark.skipif(not ON_POSTGRESQL, reason="a SQLite file holds nothing else")
def test_a_schema_that_holds_something_else(riverside: Ward, night: Path) -> None:
    with riverside.open_for_its_owner() as database, database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE holidays (day date)")
    assert "not Graftlog's (holidays)" in riverside.refusal(night)


@pytest.mark.skipif(ON_POSTGRESQL, reason="about the file")
def test_a_file_that_is_no_database_is_left_alone(new_place: Ward, night: Path) -> None:
    (new_place.data / "graftlog.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(BackupError, match="move it away first"):
        new_place.restore(night)
    assert (new_place.data / "graftlog.db").read_bytes() == b"not a database " * 1000
