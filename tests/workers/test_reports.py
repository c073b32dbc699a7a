"""A cohort's report that somebody asks for is computed by the real worker, as the Procfile starts it, while the API says how far it is."""

import os
import uuid
from datetime import date
from pathlib import Path

import pytest

from server.app import create_app
from server.config import Config
from server.db import Database
from tests import make
from tests.api import Api
from tests.drill.processes import wait_until
from tests.drill.reminders import no_chores
from tests.reports.lives import Lives, noon, raters
from tests.workers.crew import crew

PATIENCE_S = 60
BROKERS = [pytest.param("", id="files"), *([pytest.param(url, id="redis")] if (url := os.environ.get("TEST_REDIS_URL", "")) else [])]


def twenty(db: Database, clinic: make.Clinic, panel: list[uuid.UUID]) -> None:
    """Patients whom everything is known of, so that scipy has something to do."""
    lives = Lives(clinic)
    for number in range(20):
        patient = lives.patient()
        done = lives.procedure(patient, noon(date(2024, 1, 1 + number)))
        lives.injection(done, lives.scar(patient), 500 + 100 * number)
        lives.response(done, date(2024 + number % 2, 6, 1), {"satisfaction": 1000 * number})
        lives.redness(done, 14, red=True)
        lives.redness(done, 21, red=False)
        lives.pair(done, dict.fromkeys(panel, number % 3))
    lives.store(db)


@pytest.mark.parametrize("broker", BROKERS)
def test_a_report_that_vera_asks_for_is_computed_by_a_worker(lonely_db: Database, config: Config, tmp_path: Path, broker: str) -> None:
    """Nothing in this process computes: what is kept in the end, the worker has written."""
    no_chores(lonely_db)
    clinic = make.clinic(lonely_db)
    twenty(lonely_db, clinic, raters(lonely_db, clinic))
    vera = Api(create_app(config, lonely_db).test_client(), make.token(lonely_db, clinic.surgeon))
    with crew(lonely_db, tmp_path, broker, PYTHONWARNINGS="always") as here:
        here.start("beat")
        here.start("worker")
        asked = vera.call("GET", "/reports/cohort")
        assert asked.status_code == 202
        there = asked.headers["Location"].removeprefix("/api/v1")
        assert wait_until(lambda: vera.call("GET", there).status_code == 200, PATIENCE_S, every=0.25), here.said
        here.stop(PATIENCE_S)
    report = vera.get(there)
    assert report == vera.get("/reports/cohort")
    assert (report["counts"]["procedures"], report["redness"]["n"]) == (20, 20)
    (scale,) = report["satisfaction"]["scales"]
    assert 0 < scale["over_year"]["p"] <= 1
    assert report["volume"]["per_scar_association"]["rho"] is not None
    assert "1 reports computed" in here.said
    for word in ("Traceback", "Warning"):
        assert word not in here.said, here.said
