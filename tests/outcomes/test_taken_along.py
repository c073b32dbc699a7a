"""What a patient takes along of the raters' panel: her pairs and what was said of them, and nobody else's."""

import json
from pathlib import Path

from server.app import App
from tests import make
from tests.api import Api
from tests.outcomes.panel_case import As, begun, offered
from tests.rights.test_export import exported


def test_her_pairs_and_their_ratings_are_in_her_file(app: App, clinic: make.Clinic, vera: Api, as_: As, tmp_path: Path) -> None:
    hers, others = offered(app, clinic, vera, 2)
    reka = begun(as_(clinic.rater))
    for pair in (hers, others):
        reka.post("/ratings", {"pair_id": pair["id"], "verdict": "left_better"})
    files = exported(app, clinic, hers["patient_id"], tmp_path / "anna.zip")
    record = json.loads(files["record.json"])
    assert record["rating_pairs"] == [hers]
    assert [one["pair_id"] for one in record["ratings"]] == [hers["id"]]
    assert {row["collection"] for row in json.loads(files["history.json"])} >= {"rating_pairs", "ratings"}
    assert others["id"].encode() not in files["record.json"]
