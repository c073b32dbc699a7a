"""Signing: what the signature covers, who may give it, and what is refused."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.config import Config
from server.db import Database
from tests import make
from tests.api import Api
from tests.procedures import case as stages
from tests.procedures.case import Case


def test_the_signature_names_signer_time_and_meaning(complete_case: Case, clinic: make.Clinic) -> None:
    signature = complete_case.sign()
    assert (signature["signer_name"], signature["meaning"]) == ("Dr Vera Kovács", "author")
    assert signature["manifest"]["signer_id"] == str(clinic.surgeon.user_id)
    assert signature["manifest"]["signed_at"] == signature["signed_at"]
    assert complete_case.tablet.get(f"{complete_case.path}/signature") == signature
    assert complete_case.read()["state"] == "signed"


def test_the_manifest_holds_the_hash_of_each_entry_as_it_is_read(complete_case: Case) -> None:
    complete_case.record(make.entry("harvest", site="hip", port_mm=1.0, lipoaspirate_ml=20.5))
    read = complete_case.tablet.get(f"{complete_case.path}/entries")["items"]
    manifest = complete_case.sign()["manifest"]
    assert dict(manifest["entries"]) == {one["id"]: sha256(rfc8785.dumps(one)).hexdigest() for one in read}
    assert manifest["entries"] == sorted(manifest["entries"])


def test_a_retracted_entry_is_signed_as_it_was_before(complete_case: Case) -> None:
    (note,) = complete_case.record(make.entry("note", text="wrong"))["entries"]
    complete_case.record(make.entry("retraction", retracts=note["id"], reason="not hers"))
    signed = dict(complete_case.sign()["manifest"]["entries"])
    assert signed[note["id"]] == sha256(rfc8785.dumps(note)).hexdigest()


def test_anyone_can_check_the_signature_with_the_published_key(complete_case: Case) -> None:
    signature = complete_case.sign()
    public = base64.b64decode(signature["public_key"])
    manifest = rfc8785.dumps(signature["manifest"])
    Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(signature["signature"]), manifest)
    assert signature["key_id"] == sha256(public).hexdigest()[:16]


def test_the_manifest_lists_plan_and_open_warnings(complete_case: Case) -> None:
    before = complete_case.read()
    manifest = complete_case.sign()["manifest"]
    assert manifest["plan"] == before["plan"]
    assert manifest["plan_write_id"] == before["write_id"]
    shown = [{name: one[name] for name in ("code", "entry_id", "message")} for one in before["warnings"]]
    assert manifest["warnings"] == shown


def one_injection(tablet: Api, db: Database, clinic: make.Clinic) -> Case:
    """Another patient's procedure: a time out and one injection."""
    ieva = make.patient(db, clinic)["id"]
    scar = make.scar(db, clinic, ieva)["id"]
    case = Case(tablet, ieva, (scar,), make.procedure(db, clinic, patient_id=ieva)["id"])
    time_out = make.entry("checklist", phase="time_out", item="team_introduced", answer="yes")
    case.record(time_out, make.entry("injection", scar_id=scar, volume_ml=1, plane="subdermal"))
    return case


def test_the_clinic_keeps_one_key_in_a_private_file(vera: Api, clinic: make.Clinic, config: Config, db: Database) -> None:
    first = stages.completed(vera, clinic).sign()
    second = one_injection(vera, db, clinic)
    second.move("completion")
    assert second.sign()["key_id"] == first["key_id"]
    (key,) = (config.keys / str(clinic.id)).iterdir()
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_lost_key_is_said_and_not_replaced(vera: Api, clinic: make.Clinic, config: Config, db: Database) -> None:
    stages.completed(vera, clinic).sign()
    for key in (config.keys / str(clinic.id)).iterdir():
        key.unlink()
    second = one_injection(vera, db, clinic)
    second.move("completion")
    refusal = second.sign(503)
    assert "GRAFTLOG_KEYS" in refusal["detail"]


def test_a_wrong_password_signs_nothing(complete_case: Case) -> None:
    assert complete_case.sign(401, password="not her password")["code"] == "wrong_credentials"
    assert complete_case.read()["state"] == "completed"
    complete_case.tablet.get(f"{complete_case.path}/signature", 404)


def test_nora_may_not_sign(complete_case: Case, clinic: make.Clinic, as_: Callable[[make.Person], Api]) -> None:
    as_(clinic.nurse).post(f"{complete_case.path}/signature", make.proof(), 403)


@pytest.mark.parametrize("kind", ["injection", "checklist"])
def test_without_injection_or_time_out_the_document_would_be_false(kind: str, case: Case) -> None:
    case.record(*(one for one in stages.entries(case) if one["kind"] != kind))
    case.move("completion", at=stages.at(90))
    refusal = case.sign(409)
    assert refusal["code"] == "cannot_sign"
    assert [one["code"] for one in refusal["problems"]] == [{"injection": "no_injection", "checklist": "no_time_out"}[kind]]
    assert case.read()["state"] == "completed"


def test_more_injected_than_made_is_not_signed(complete_case: Case) -> None:
    complete_case.record(make.entry("injection", scar_id=complete_case.scar_ids[0], volume_ml=5, plane="subdermal"))
    assert [one["code"] for one in complete_case.sign(409)["problems"]] == ["volume_balance"]


def test_lidocaine_without_a_weight_is_not_signed_until_it_is_entered(complete_case: Case) -> None:
    anna = complete_case.tablet.get(f"/patients/{complete_case.patient_id}")
    complete_case.tablet.patch(f"/patients/{anna['id']}", {"weight_kg": None}, anna["write_id"])
    assert [one["code"] for one in complete_case.sign(409)["problems"]] == ["weight_missing"]
    complete_case.tablet.patch(complete_case.path, {"weight_kg": 62}, complete_case.read()["write_id"])
    complete_case.sign()


def test_nothing_is_signed_twice(signed_case: Case) -> None:
    assert signed_case.sign(409)["code"] == "closed"


def test_the_note_of_the_signed_case_has_three_formats(signed_case: Case) -> None:
    for accept, mimetype in (("application/json", None), ("text/html", None), ("application/pdf", None), ("*/*", "application/json")):
        answer = signed_case.tablet.call("GET", f"{signed_case.path}/note", headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (200, mimetype or accept)


def test_without_accept_the_note_is_json(signed_case: Case) -> None:
    answer = signed_case.tablet.call("GET", f"{signed_case.path}/note")
    assert answer.mimetype == "application/json"
    json.loads(answer.data)


def test_a_note_in_another_format_is_refused_with_those_there_are(signed_case: Case) -> None:
    answer = signed_case.tablet.call("GET", f"{signed_case.path}/note", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "application/pdf" in answer.get_json(force=True)["detail"]
