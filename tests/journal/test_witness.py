"""What a tablet keeps of the journal, and what it notices."""

import base64
import uuid
from typing import Any

from server.config import Config
from server.db import Database
from server.journal import checkpoints, verifier
from server.journal.models import JournalCheckpoint
from tests import make
from tests.api import Api
from tests.journal.consistency import is_consistent
from tests.procedures import case as stages
from tests.tampering import tampered


def asked(vera: Api, known: int | None = None) -> dict[str, Any]:
    return dict(vera.get("/journal/checkpoint" + (f"?known={known}" if known is not None else "")))


def opened(vera: Api, answer: dict[str, Any]) -> verifier.Checkpoint:
    """Read with the keys that the clinic publishes."""
    return verifier.opened(answer["checkpoint"]["note"], [key["public_key"] for key in vera.get("/journal/keys")["items"]])


def proof(answer: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(part) for part in answer["proof"]]


def test_nothing_is_covered_before_the_first_checkpoint(vera: Api) -> None:
    assert asked(vera) == {"checkpoint": None, "proof": None}
    assert vera.get("/journal/keys") == {"items": []}


def test_a_signature_is_covered_at_once_and_proved_to_whoever_kept_an_older_checkpoint(
    vera: Api, clinic: make.Clinic, db: Database, config: Config
) -> None:
    case = stages.completed(vera, clinic)
    with db.transaction(clinic.id) as session:
        checkpoints.take(session, config.keys)
    kept = opened(vera, asked(vera))
    signature = case.sign()
    answer = asked(vera, kept.size)
    said = vera.get(f"{case.path}/note")["signature"]["checkpoint"]
    assert f"{answer['checkpoint']['size']} rows, root {answer['checkpoint']['root']}, " in said
    newest = opened(vera, answer)
    assert newest.size > kept.size
    assert is_consistent((kept.size, kept.root), (newest.size, newest.root), proof(answer))
    assert newest.previous == verifier.name_of(asked_note(db, clinic, kept.size))
    with db.transaction(clinic.id, write=False) as session:
        covering = checkpoints.covering(session, uuid.UUID(signature["id"]))
        assert covering is not None
        assert covering.size == newest.size


def asked_note(db: Database, clinic: make.Clinic, size: int) -> str:
    with db.transaction(clinic.id, write=False) as session:
        found = session.get_one(JournalCheckpoint, (clinic.id, size))
        return found.note


def test_a_rewritten_history_cannot_be_proved_to_the_tablet(lonely_db: Database, config: Config) -> None:
    """Somebody with the database's password changes a row before the tablet's checkpoint, and all hashes and checkpoints after it."""
    clinic = make.clinic(lonely_db)
    make.patient(lonely_db, clinic, given_name="Anna")
    with lonely_db.transaction(clinic.id) as session:
        kept = checkpoints.take(session, config.keys)
        assert kept is not None
        was = (kept.size, kept.root)
    tampered(lonely_db, "UPDATE journal SET hash = prev_hash WHERE clinic_id = :clinic AND seq = 6", clinic=clinic.id)
    tampered(lonely_db, "DELETE FROM journal_checkpoints WHERE clinic_id = :clinic", table="journal_checkpoints", clinic=clinic.id)
    with lonely_db.transaction(clinic.id) as session:
        forged = checkpoints.take(session, config.keys)
        assert forged is not None
    make.patient(lonely_db, clinic, given_name="Bence")
    with lonely_db.transaction(clinic.id) as session:
        newest = checkpoints.take(session, config.keys)
        assert newest is not None
        shown = checkpoints.proof(session, was[0], newest)
        assert shown is not None
        assert not is_consistent(was, (newest.size, newest.root), shown)


def test_a_checkpoint_of_another_history_is_answered_without_a_proof(vera: Api, clinic: make.Clinic) -> None:
    stages.completed(vera, clinic).sign()
    newest = asked(vera)["checkpoint"]["size"]
    assert asked(vera, newest)["proof"] == []
    assert asked(vera, newest + 5)["proof"] is None
    assert vera.get("/journal/checkpoint?known=-1", 422)["errors"][0]["pointer"] == "/known"


def test_checkpoints_are_taken_of_clinics_that_were_active_and_of_no_other(lonely_db: Database, config: Config) -> None:
    riverside, lakeside = make.clinic(lonely_db), make.clinic(lonely_db)
    for clinic in (riverside, lakeside):
        with lonely_db.transaction(clinic.id) as session:
            checkpoints.take(session, config.keys)
    make.patient(lonely_db, riverside)
    with lonely_db.transaction(write=False, everywhere=True) as session:
        assert list(checkpoints.due(session)) == [riverside.id]
    with lonely_db.transaction(riverside.id) as session:
        first, again = (checkpoints.take(session, config.keys) for _ in range(2))
        assert first is again
        assert list(checkpoints.due(session)) == []
