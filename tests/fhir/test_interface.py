"""The FHIR interface over HTTP: reading, searching, streaming, refusing, and being written down."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from sqlalchemy import QueuePool
from werkzeug.test import TestResponse

from schemas.reading_words import Reading
from server.app import App, create_app
from server.config import Config, ConfigError
from server.db import Database
from server.fhir import codes
from server.ids import uuid7
from server.journal.access import AccessRow
from server.journal.keys import is_valid
from tests import make
from tests.api import Api
from tests.fhir import cases, validators
from tests.fhir.test_valid import fetched
from tests.procedures.case import Case

FHIR = "application/fhir+json"


@pytest.fixture
def case(vera: Api, clinic: make.Clinic) -> Case:
    """A life with an addendum, a retraction, a photograph and everything afterwards."""
    return cases.life(vera, clinic, 25)


def got(tablet: Api, path: str, **kwargs: Any) -> TestResponse:
    """Raw answer below /fhir."""
    return tablet.call("GET", f"//fhir/{path}", **kwargs)


def refused(answer: TestResponse, status: int, code: str) -> str:
    """The diagnostics of an OperationOutcome."""
    assert (answer.status_code, answer.mimetype) == (status, FHIR), answer.text
    outcome = json.loads(answer.text)
    assert validators.by_models({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": outcome}]}) == []
    (issue,) = outcome["issue"]
    assert issue["code"] == code
    return str(issue["diagnostics"])


def test_what_it_can_do_is_told_to_anybody(anyone: Api, config: Config) -> None:
    statement = json.loads(got(anyone, "metadata").text)
    assert (statement["fhirVersion"], statement["kind"]) == ("4.0.1", "instance")
    assert statement["version"].startswith(statement["software"]["version"] + "+")
    assert statement["implementation"]["url"] == f"{config.public_url}/fhir"
    systems = [json.loads(got(anyone, f"CodeSystem/{name}").text) for name in codes.SYSTEMS]
    public = [statement, *systems, json.loads(got(anyone, "OperationDefinition/procedure-everything").text)]
    whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in public]}
    assert validators.by_models(whole) == []
    assert validators.by_definitions([whole]) == [[]]
    assert got(anyone, "CodeSystem/none").status_code == 404


@pytest.mark.timeout(240)
def test_each_resource_of_an_export_is_read_alone_as_it_stands_there(vera: Api, case: Case, app: App) -> None:
    bundle = fetched(vera, f"//fhir/Patient/{case.patient_id}/$everything")
    assert len(bundle["entry"]) > 60
    for entry in bundle["entry"][:: 1 + len(bundle["entry"]) // 60]:
        app.rates.memory.reset()
        answer = got(vera, urlsplit(entry["fullUrl"]).path.removeprefix("/fhir/"))
        assert json.loads(answer.text) == entry["resource"]


def test_a_version_that_is_known_is_not_sent_again(vera: Api, case: Case) -> None:
    first = got(vera, f"Procedure/{case.id}")
    tag = first.headers["ETag"]
    assert tag == f'W/"{json.loads(first.text)["meta"]["versionId"]}"'
    assert got(vera, f"Procedure/{case.id}", headers={"If-None-Match": tag}).status_code == 304
    patient = got(vera, f"Patient/{case.patient_id}").headers["ETag"]
    vera.patch(f"/patients/{case.patient_id}", {"weight_kg": 63, "phone": "+36 30 555 0117"}, _write_id(vera, case))
    assert got(vera, f"Patient/{case.patient_id}", headers={"If-None-Match": patient}).status_code == 200


def _write_id(tablet: Api, case: Case) -> str:
    return str(tablet.get(f"/patients/{case.patient_id}")["write_id"])


def test_a_search_goes_from_page_to_page_and_tells_each_once(vera: Api, case: Case) -> None:
    whole = fetched(vera, f"//fhir/Patient/{case.patient_id}/$everything")
    for kind in ("Observation", "Procedure", "Media", "Consent"):
        wanted = [one["fullUrl"] for one in whole["entry"] if one["resource"]["resourceType"] == kind]
        told: list[str] = []
        address = f"/fhir/{kind}?patient=Patient/{case.patient_id}&_count=4"
        while address:
            page = json.loads(vera.call("GET", f"/{address}").text)
            assert len(page.get("entry", [])) <= 4
            told += [one["fullUrl"] for one in page.get("entry", [])]
            following = [urlsplit(one["url"]) for one in page["link"] if one["relation"] == "next"]
            address = f"{following[0].path}?{following[0].query}" if following else ""
        assert told == wanted


def test_a_patient_is_found_by_her_number(vera: Api, clinic: make.Clinic, db: Database) -> None:
    anna, _ = make.patient(db, clinic, mrn="A|1"), make.patient(db, clinic, mrn="2")
    system = f"urn:graftlog:mrn:{clinic.id}"
    for identifier in (f"{system}|2", "2"):
        (found,) = json.loads(got(vera, f"Patient?identifier={identifier}").text)["entry"]
        assert found["resource"]["identifier"][0]["value"] == "2"
    assert "entry" not in json.loads(got(vera, "Patient?identifier=urn:other|2").text)
    first = json.loads(got(vera, "Patient?_count=1").text)
    assert [one["resource"]["id"] for one in first["entry"]] == [anna["id"]]
    following = next(one["url"] for one in first["link"] if one["relation"] == "next")
    assert len(json.loads(vera.call("GET", f"/{urlsplit(following).path}?{urlsplit(following).query}").text)["entry"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        "Procedure",
        "Procedure?patient=",
        "Procedure?patient=nobody",
        "Procedure?patient={id}",
        "Patient?name=Anna",
        "Patient?identifier=1&identifier=2",
        "Patient?identifier=%00",
        "Patient?_count=0",
        "Patient?_count=many",
        "Patient?page=x",
        "Patient?page=WyJ4Il0",
        "Observation?patient={patient}&page=WyJ4Il0",
        "Observation?patient={patient}&page=WyItMSIsICIyIl0",
        "AuditEvent",
    ],
)
def test_an_unsound_question_is_refused_with_the_reason(path: str, vera: Api, db: Database, clinic: make.Clinic) -> None:
    address = path.format(id=uuid7(), patient=make.patient(db, clinic)["id"])
    assert refused(got(vera, address), 400, "invalid")


@pytest.mark.parametrize(
    "path", ["Procedure/{id}", "Procedure/x", "Procedure/{id}.x", "Immunization/{id}", "Procedure/{id}/$everything", "nothing", "a/b/c/d"]
)
def test_what_is_not_there_is_said_in_fhir(path: str, vera: Api) -> None:
    refused(got(vera, path.format(id=uuid7())), 404, "not-found")


def test_other_refusals_are_said_in_fhir_as_well(vera: Api, anyone: Api, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    assert got(anyone, f"Patient/{uuid7()}").headers["WWW-Authenticate"] == "Bearer"
    refused(got(anyone, f"Patient/{uuid7()}"), 401, "login")
    refused(got(as_(clinic.rater), "Patient"), 403, "forbidden")
    refused(got(as_(clinic.nurse), f"AuditEvent?patient={uuid7()}"), 403, "forbidden")
    refused(got(vera, "Patient", headers={"Accept": "application/fhir+xml"}), 406, "not-supported")
    refused(got(vera, "Patient?_format=xml"), 406, "not-supported")
    assert "GET" in vera.call("POST", "//fhir/Patient").headers["Allow"]
    refused(vera.call("POST", "//fhir/Patient"), 405, "not-supported")


def test_another_clinics_resources_are_as_if_they_never_were(vera: Api, other_clinic: make.Clinic, as_: Callable[..., Api]) -> None:
    theirs = as_(other_clinic.surgeon)
    whole = fetched(theirs, f"//fhir/Patient/{cases.life(theirs, other_clinic, 24).patient_id}/$everything")
    ours = str(uuid7())
    for one in {entry["resource"]["resourceType"]: entry["resource"]["id"] for entry in whole["entry"]}.items():
        told, unknown = got(vera, "/".join(one)), got(vera, f"{one[0]}/{ours}")
        assert (told.status_code, told.text) == (unknown.status_code, unknown.text) == (404, unknown.text)
    patient = next(entry["resource"]["id"] for entry in whole["entry"] if entry["resource"]["resourceType"] == "Patient")
    assert got(vera, f"Patient/{patient}/$everything").status_code == 404
    assert got(vera, f"Observation?patient={patient}").text == got(vera, f"Observation?patient={ours}").text


def test_what_leaves_is_written_down_as_a_disclosure(vera: Api, case: Case, db: Database, clinic: make.Clinic) -> None:
    fetched(vera, f"//fhir/Procedure/{case.id}/$everything")
    with db.transaction(clinic.id, write=False) as session:
        row = session.scalars(sa.select(AccessRow).order_by(AccessRow.id.desc())).first()
    assert row is not None
    assert (str(row.patient_id), row.reading, str(row.record_id)) == (case.patient_id, Reading.EXPORT, case.id)


def test_a_reading_names_what_was_read(vera: Api, case: Case, db: Database, clinic: make.Clinic) -> None:
    got(vera, f"ServiceRequest/{case.id}.1")
    with db.transaction(clinic.id, write=False) as session:
        row = session.scalars(sa.select(AccessRow).order_by(AccessRow.id.desc())).first()
    assert row is not None
    assert (str(row.patient_id), row.reading, str(row.record_id)) == (case.patient_id, Reading.RECORD, case.id)


def test_who_has_read_is_told_in_fhir_too(vera: Api, case: Case) -> None:
    got(vera, f"Procedure/{case.id}")
    page = json.loads(got(vera, f"AuditEvent?patient={case.patient_id}&_count=3").text)
    assert [len(page["entry"]), page["link"][1]["relation"]] == [3, "next"]
    assert validators.by_models(page) == []
    assert validators.by_definitions([page]) == [[]]
    one = page["entry"][0]["resource"]
    told = json.loads(got(vera, f"AuditEvent/{one['id']}").text)
    assert told == one


def test_a_stream_holds_no_connection_and_no_whole_bundle(vera: Api, case: Case, db: Database) -> None:
    """It comes in pieces, each no larger than a resource; between two of them no connection to the database is in use."""
    answer = vera.call("GET", f"//fhir/Patient/{case.patient_id}/$everything", buffered=False)
    pool, pieces = cast("QueuePool", db.engine.pool), list[bytes]()
    for piece in answer.iter_encoded():
        pieces.append(piece)
        assert pool.checkedout() == 0
    assert len(pieces) > 60
    assert max(len(one) for one in pieces) < 40_000
    assert json.loads(b"".join(pieces))["resourceType"] == "Bundle"


def test_a_document_begins_with_the_note(vera: Api, case: Case) -> None:
    document = fetched(vera, f"//fhir/Composition/{case.id}/$document")
    first = document["entry"][0]["resource"]
    assert (document["type"], first["resourceType"], first["id"], first["status"]) == ("document", "Composition", case.id, "final")
    assert len(document["entry"]) == len(fetched(vera, f"//fhir/Procedure/{case.id}/$everything")["entry"])


def test_the_signature_can_be_checked_from_the_bundle_alone(vera: Api, case: Case) -> None:
    whole = {f"{one['resource']['resourceType']}/{one['resource']['id']}": one["resource"]
             for one in fetched(vera, f"//fhir/Procedure/{case.id}/$everything")["entry"]}  # fmt: skip
    sealed = [one for one in whole.values() if one["resourceType"] == "Provenance" and "signature" in one]
    public = {one["key_id"]: one["public_key"] for one in vera.get("/journal/keys")["items"]}
    assert len(sealed) == 2
    for one in sealed:
        attachment = whole[one["entity"][0]["what"]["reference"]]["content"][0]["attachment"]
        manifest = b64decode(attachment["data"]).decode()
        key = public[attachment["title"].removeprefix("Key ")]
        assert is_valid(key, one["signature"][0]["data"], manifest)
        assert not is_valid(key, one["signature"][0]["data"], manifest + " ")


def snomed(config: Config, tmp_path: Path, text: str) -> Config:
    """Settings with a clinic's own file."""
    file = tmp_path / f"{uuid7()}.csv"
    file.write_text(text)
    return replace(config, snomed_map=file)


def test_a_clinics_own_file_adds_its_codes_beside_ours(config: Config, tmp_path: Path, db: Database, clinic: make.Clinic) -> None:
    """The number is made up: no code of SNOMED CT is in these files."""
    ours = snomed(config, tmp_path, "system,code,snomed,display\nmorphology,depressed_linear,123456789,Made up\n")
    vera = Api(create_app(ours, db).test_client(), make.token(db, clinic.surgeon))
    scar = make.scar(db, clinic, make.patient(db, clinic)["id"])
    own, snomed_ct = json.loads(got(vera, f"BodyStructure/{scar['id']}").text)["morphology"]["coding"]
    assert (own["code"], snomed_ct["code"], snomed_ct["system"]) == ("depressed_linear", "123456789", "http://snomed.info/sct")


@pytest.mark.parametrize("line", ["nothing,x,123456789,", "plane,nowhere,123456789,", "plane,subdermal,12a,", "plane,subdermal,12,", ""])
def test_a_file_that_says_what_cannot_be_keeps_the_server_from_starting(line: str, config: Config, tmp_path: Path, db: Database) -> None:
    with pytest.raises(ConfigError, match="GRAFTLOG_SNOMED_MAP"):
        create_app(snomed(config, tmp_path, f"system,code,snomed,display\n{line}\n"), db)
    with pytest.raises(ConfigError, match="cannot be read"):
        codes.terms(tmp_path / "missing.csv")
