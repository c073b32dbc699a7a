"""`graftlog fhir export`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import graftlog
from server.config import Config
from server.db import Database
from server.ids import uuid7
from tests import make
from tests.api import Api
from tests.fhir import validators
from tests.procedures import case as stages


def test_a_procedure_is_written_to_a_file_of_the_operators_own(
    vera: Api, clinic: make.Clinic, db: Database, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, to = stages.signed(vera, clinic), tmp_path / "case.json"
    monkeypatch.setenv("DATABASE_URL", db.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GRAFTLOG_DATA", str(config.data))
    asked = ["fhir", "export", str(to), "--clinic", str(clinic.id), "--procedure"]
    ran = CliRunner().invoke(graftlog, [*asked, case.id])
    assert ran.exit_code == 0, ran.output
    bundle = json.loads(to.read_text())
    assert (bundle["type"], to.stat().st_mode & 0o777) == ("collection", 0o600)
    assert validators.by_us(bundle) == validators.by_models(bundle) == []
    readings = vera.get(f"/patients/{case.patient_id}/access")["items"]
    assert (readings[0]["reading"], readings[0]["record_id"], readings[0]["person"]) == ("export", case.id, None)
    assert "does not exist" in CliRunner().invoke(graftlog, [*asked, case.id]).output
    assert "No such procedure" in CliRunner().invoke(graftlog, [*asked, str(uuid7())]).output
