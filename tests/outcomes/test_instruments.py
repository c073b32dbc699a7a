"""Instruments are data: what Graftlog brings along, and what Riverside loads from its own licensed files."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from schemas.instrument_words import Origin
from server.cli import graftlog
from server.db import Database
from server.outcomes.rules import definition
from server.outcomes.rules.instrument import Instrument
from server.outcomes.service import catalogue
from server.outcomes.service.files import FileFault, plain
from tests import make
from tests.api import Api
from tests.house.instrument_calls import LICENCE, OWN

QUESTIONNAIRE: dict[str, Any] = {
    "resourceType": "Questionnaire",
    "status": "active",
    "title": "Mirror",
    "version": "2",
    "language": "en",
    "item": [{"linkId": "look", "type": "integer", "text": "How often do you look?", "required": True}],
}
LICENSED = {**OWN, "key": "mirror_q", "licence": {"holder": "Mirror Institute", "reference": "mirror.example/terms"}}


@pytest.mark.parametrize("one", catalogue.shipped(), ids=lambda one: f"{one.key}-{one.version}")
def test_what_is_shipped_reads_as_it_was_written(one: Instrument) -> None:
    assert definition.read(definition.write(one)) == one


def test_what_somebody_licenses_is_shipped_without_a_word_of_it() -> None:
    licensed = [one for one in catalogue.shipped() if one.licensed]
    assert {one.key for one in licensed} >= {"face_q", "scar_q", "posas_patient", "posas_observer"}
    assert [one.key for one in licensed if one.items or any(scale.table for scale in one.scales)] == []


def test_what_is_free_can_be_asked_in_every_language_of_the_link() -> None:
    free = [one for one in catalogue.shipped() if not one.licensed]
    assert {one.key for one in free} == {"erythema", "gais", "gais_clinician", "goodman_baron", "pain", "satisfaction"}
    assert all({"en", "es", "hu"} <= set(one.languages) for one in free)


def test_a_clinic_loads_its_own_and_loading_it_again_changes_nothing(vera: Api) -> None:
    made = vera.post("/instruments", {"definition": OWN})
    assert vera.post("/instruments", {"definition": OWN}, 200) == made
    listed = {(one["key"], one["version"]): one for one in vera.get("/instruments")["items"]}
    assert listed["mirror", "1"]["usable"]
    assert listed["mirror", "1"]["origin"] == Origin.LOADED
    assert listed["pain", "1"]["origin"] == Origin.SHIPPED


def test_a_version_never_changes(vera: Api) -> None:
    vera.post("/instruments", {"definition": OWN})
    refusal = vera.post("/instruments", {"definition": {**OWN, "title": "Looking glass"}}, 409)
    assert "a version of its own" in refusal["detail"]
    vera.post("/instruments", {"definition": {**OWN, "title": "Looking glass", "version": "2"}})
    pain = next(one for one in vera.get("/instruments")["items"] if one["key"] == "pain")["definition"]
    assert "a version of its own" in vera.post("/instruments", {"definition": {**pain, "title": "Pain of ours"}}, 409)["detail"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scales": [{**OWN["scales"][0], "items": ["lock"]}]}, "/definition/scales/0/items/0"),
        ({"items": [{**OWN["items"][0], "max": 0}]}, "/definition/items/0/max"),
        ({"scales": [{**OWN["scales"][0], "range": [0, 40]}]}, "/definition/scales/0/range"),
        ({"scales": [{**OWN["scales"][0], "conversion": "table", "table": {"0": 0}}]}, "/definition/scales/0/table/1"),
        ({"audience": "friends"}, "/definition/audience"),
        ({"colour": "red"}, "/definition/colour"),
    ],
)
def test_a_slip_in_the_file_is_named_with_its_place(change: dict[str, Any], pointer: str, vera: Api) -> None:
    refusal = vera.post("/instruments", {"definition": {**OWN, **change}}, 422)
    assert [one["pointer"] for one in refusal["errors"]] == [pointer]
    assert "mirror" not in {one["key"] for one in vera.get("/instruments")["items"]}


def test_a_fhir_questionnaire_is_loaded_with_our_form_beside_it(vera: Api) -> None:
    beside = {name: OWN[name] for name in ("key", "licence", "audience", "scales")}
    bounded = [
        {**QUESTIONNAIRE["item"][0], "extension": [{"url": f"http://hl7.org/fhir/StructureDefinition/{end}Value", "valueInteger": value}]}
        for end, value in (("min", 0),)
    ]
    bounded[0]["extension"].append({"url": "http://hl7.org/fhir/StructureDefinition/maxValue", "valueInteger": 4})
    made = vera.post("/instruments", {"definition": beside, "questionnaire": {**QUESTIONNAIRE, "item": bounded}})
    assert made["version"] == "2"
    assert made["definition"]["items"][0]["max"] == 4
    refusal = vera.post("/instruments", {"definition": beside, "questionnaire": {**QUESTIONNAIRE, "resourceType": "Patient"}}, 422)
    assert refusal["errors"][0]["pointer"] == "/questionnaire/resourceType"


def test_a_licence_opens_the_wording_until_it_ends(vera: Api) -> None:
    vera.post("/instruments", {"definition": LICENSED})

    def mirror() -> dict[str, Any]:
        return next(dict(one) for one in vera.get("/instruments")["items"] if one["key"] == "mirror_q")

    assert "No licence is recorded: Mirror Institute" in mirror()["obstacle"]
    assert mirror()["definition"]["items"] is None
    vera.post("/instruments/mirror_q/licences", LICENCE)
    assert mirror()["usable"]
    assert mirror()["definition"]["items"][0]["id"] == "look"
    vera.post("/instruments/mirror_q/licences", {**LICENCE, "valid_from": "2099-01-01"})  # the renewal, recorded early
    assert mirror()["usable"]
    vera.post("/instruments/mirror_q/licences", {**LICENCE, "valid_until": "2026-01-31"})
    assert "ended on 2026-01-31" in mirror()["obstacle"]


def test_a_licence_of_nothing_is_refused(vera: Api) -> None:
    vera.post("/instruments/nothing/licences", LICENCE, 404)
    refusal = vera.post("/instruments/face_q/licences", {**LICENCE, "valid_until": "2025-01-01"}, 422)
    assert refusal["errors"][0]["pointer"] == "/valid_until"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x", "references"),
        ("a: 1\na: 2", "stands twice"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[" * 40, "nested deeper"),
        ("a: [", "neither as YAML nor as JSON"),
        ("!!python/object/apply:os.system ['true']", "neither as YAML nor as JSON"),
    ],
)
def test_a_file_is_read_strictly(text: str, said: str) -> None:
    with pytest.raises(FileFault, match=said):
        plain(text.encode())


def test_the_administrator_loads_a_file_from_the_command_line(lonely_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make.clinic(lonely_db)
    monkeypatch.setenv("DATABASE_URL", lonely_db.url.render_as_string(hide_password=False))
    monkeypatch.setenv("GRAFTLOG_DATA", str(tmp_path))
    file = tmp_path / "mirror.yaml"
    file.write_text(
        "key: mirror_q\nversion: '1'\ntitle: Mirror\nlicence: {holder: Mirror Institute}\naudience: patient\n"
        "items:\n  - {id: look, kind: scale, min: 0, max: 4, text: {en: How often}}\n"
        "scales:\n  - {id: often, title: Often, best: low, items: [look]}\n"
    )

    def said(*words: str) -> str:
        result = CliRunner().invoke(graftlog, ["instrument", *words, "--clinic", str(clinic.id)])
        assert result.exit_code == 0, result.output
        return result.output

    assert "mirror_q 1: loaded" in said("load", str(file))
    assert "was there already" in said("load", str(file))
    assert "mirror_q 1: Mirror. No licence is recorded" in said("list")
    said("licence", "mirror_q", "--holder", "Mirror Institute", "--reference", "A-7")
    assert "mirror_q 1: Mirror. May be used." in said("list")
    file.write_text(file.read_text().replace("max: 4", "max: 0"))
    result = CliRunner().invoke(graftlog, ["instrument", "load", str(file), "--clinic", str(clinic.id)])
    assert result.exit_code == 1
    assert "/definition/items/0/max" in result.output
