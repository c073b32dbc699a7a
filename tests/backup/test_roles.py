"""Backups where row level security holds everybody: they hold every clinic or are not made, and rights are there after a restore."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from server.backup import postgresql, service
from server.backup.programs import address
from server.backup.refusals import BackupError
from server.config import from_environment
from tests import databases
from tests.backup.ward import Ward, manifest_of

pytestmark = pytest.mark.skipif(not databases.WANTED, reason="SQLite has no row level security")


def test_the_applications_role_makes_the_same_backup(riverside: Ward, new_place: Ward, tmp_path: Path) -> None:
    """Nothing in it needs the owner; putting it back does."""
    clinic, other = riverside.clinic(), riverside.clinic(name="Hillside Clinic")
    alone = from_environment({"GRAFTLOG_DATA": str(riverside.data), "DATABASE_URL": riverside.url})
    service.backup(alone, tmp_path / "night.zip", None)
    assert {one["name"] for one in manifest_of(tmp_path / "night.zip")["clinics"]} == {"Riverside Plastic Surgery", "Hillside Clinic"}
    with pytest.raises(BackupError, match="name the one that owns database"):
        service.restore(alone, tmp_path / "night.zip", replace=True, agree=lambda _: None)
    new_place.restore(tmp_path / "night.zip")
    assert [new_place.journal(one)[:-1] for one in (clinic, other)] == [riverside.journal(one) for one in (clinic, other)]


def test_after_a_restore_the_application_may_do_what_it_could_and_no_more(riverside: Ward, tmp_path: Path) -> None:
    clinic = riverside.clinic()
    riverside.backup(tmp_path / "night.zip")
    riverside.restore(tmp_path / "night.zip", replace=True)
    riverside.clinic(name="Hillside Clinic")
    with riverside.open() as database:
        with database.transaction(clinic.id, write=False) as session:
            assert session.execute(sa.text("SELECT id FROM clinics")).scalars().all() == [clinic.id]
        refused = pytest.raises(sa.exc.ProgrammingError, match="permission denied for table journal")
        with refused, database.transaction(clinic.id) as session:
            session.execute(sa.text("DELETE FROM journal"))


@pytest.mark.parametrize("way", ["the server's", "pg_dump's"])
def test_a_connection_that_loses_its_settings_backs_up_nothing(
    riverside: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As a pooler between would; each of the two ways to the database by itself."""
    riverside.clinic()
    if way == "pg_dump's":
        monkeypatch.setattr(postgresql, "address", without_settings)
    else:
        monkeypatch.setattr(postgresql, "_with_option", lambda url, _setting: url.difference_update_query(["options"]))
    with pytest.raises(BackupError, match="would leave every record out of the backup"):
        riverside.backup(tmp_path / "night.zip")
    assert list(tmp_path.glob("*.zip")) == []


def without_settings(url: sa.URL) -> tuple[str, dict[str, str]]:
    """The same way to it, with nothing said."""
    uri, environment = address(url)
    return uri, environment | {"PGOPTIONS": ""}
