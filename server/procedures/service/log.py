"""Record entries: the tablet's hot path. One multi-row insert, no model built, everything or nothing."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import EntryKind, ProcedureState
from server import clock
from server.ids import uuid7
from server.journal.service import insert
from server.patients.models import Patient, Scar
from server.problems import Problem, invalid
from server.procedures import barcodes, rules, totals
from server.procedures.facts import Fact, entry_document, local
from server.procedures.models import Entry, Procedure
from server.procedures.service import record
from server.replay import content_hash

RECORDABLE = frozenset({ProcedureState.IN_PROGRESS, ProcedureState.COMPLETED, ProcedureState.ABANDONED})
_BLANK: dict[str, Any] = {
    column.key: None for column in sa.inspect(Entry).column_attrs
} | {"late": False, "confirmed": False}


def record_entries(session: Session, procedure: Procedure, sent: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """Store entries (as `schemas.entries.load_entries` gives them) of a locked procedure.

    Returns ({entries, totals, warnings}, whether anything was new). An entry whose id is known with the same content is
    acknowledged again. Raises `id_taken`, `wrong_state`, `closed`, or 422 with a pointer into the list.
    """
    facts = record.facts_of(session, procedure.id)
    patient, scars = _patient_and_scars(session, procedure)
    known = {fact["id"]: fact for fact in facts}
    fresh: list[dict[str, Any]] = []
    stored: list[Fact] = []
    for index, one in enumerate(sent):
        hashed = content_hash(one)
        before = known.get(one.get("id"))
        if before is None:
            row = _row(session, procedure, one, hashed)
            _check(row, index, known, scars)
            known[row["id"]] = row
            fresh.append(row)
        elif before["content_hash"] != hashed:
            raise Problem("id_taken", f"Entry {index} has the id of another entry; entries are never changed, retract and re-enter.")
        stored.append(known[one["id"]] if before is not None else fresh[-1])
    if fresh:
        _may_record(procedure)
        _elsewhere(session, fresh)
        insert(session, Entry, fresh, [entry_document(row) for row in fresh])
    everything = sorted(known.values(), key=lambda fact: (fact["recorded_at"], str(fact["id"])))
    context = record.context_of(procedure, patient, list(scars.values()))
    answer = {
        "entries": [entry_document(fact) for fact in stored],
        "totals": totals.totals(everything, context),
        "warnings": rules.warnings(everything, context),
    }
    return answer, bool(fresh)


def _may_record(procedure: Procedure) -> None:
    if procedure.state == ProcedureState.SIGNED:
        raise Problem("closed", "The procedure is signed. Add an addendum.")
    if procedure.state not in RECORDABLE:
        raise Problem("wrong_state", f"The procedure is {procedure.state}; start it first (POST …/start)."
                      if procedure.state == ProcedureState.PLANNED else f"The procedure is {procedure.state}.")


def _patient_and_scars(session: Session, procedure: Procedure) -> tuple[Patient, dict[uuid.UUID, Scar]]:
    rows = session.execute(
        sa.select(Patient, Scar)
        .outerjoin(Scar, sa.and_(Scar.clinic_id == Patient.clinic_id, Scar.patient_id == Patient.id))
        .where(Patient.id == procedure.patient_id)
        .order_by(Scar.created_at, Scar.id)
    ).all()
    return rows[0][0], {scar.id: scar for _, scar in rows if scar is not None}


def _row(session: Session, procedure: Procedure, sent: Mapping[str, Any], hashed: str) -> dict[str, Any]:
    actor = session.info["actor"]
    moment = sent["recorded_at"]
    row = _BLANK | sent
    row.update(
        clinic_id=procedure.clinic_id,
        id=sent.get("id") or uuid7(),
        procedure_id=procedure.id,
        recorded_at=moment.astimezone(UTC),
        recorded_offset_min=record.offset_minutes(moment),
        received_at=clock.now(),
        recorded_by=actor.user_id,
        device_id=actor.device_id,
        warnings=[],
        content_hash=hashed,
    )
    for name in ("started_at", "ended_at"):
        if row[name] is not None:
            row[name] = row[name].astimezone(UTC)
    if row["kind"] == EntryKind.DEVICE_USE:
        row["details"] = _read_barcode(sent["details"], local(row).date())
    row["warnings"] = rules.unusual_numbers(entry_document(row))
    return row


def _read_barcode(details: dict[str, Any], on: date) -> dict[str, Any]:
    """Add what the raw scan says (the scan itself stays), and whether the device was expired on the procedure's own day."""
    scanned = barcodes.read(details["barcode"]) if "barcode" in details else {}
    details = scanned | details
    expires = details.get("expires_on")
    if expires and date.fromisoformat(expires) < on:
        details["expired"] = True
    return details


def _check(row: Mapping[str, Any], index: int, known: Mapping[uuid.UUID, Fact], scars: Mapping[uuid.UUID, Scar]) -> None:
    if row["scar_id"] is not None and row["scar_id"] not in scars:
        raise invalid(f"/{index}/scar_id", "No such scar of this patient.")
    if row["details"].get("expired") and not row["reason"]:
        raise invalid(f"/{index}/reason", f"It expired on {row['details']['expires_on']}; recordable with a reason.")
    if row["kind"] == EntryKind.RETRACTION:
        target = known.get(row["retracts"])
        if target is None:
            raise invalid(f"/{index}/retracts", "No such entry of this procedure.")
        if any(fact["retracts"] == row["retracts"] for fact in known.values()):
            raise invalid(f"/{index}/retracts", "That entry is already retracted.")


def _elsewhere(session: Session, fresh: Sequence[Mapping[str, Any]]) -> None:
    """An id that another procedure of this clinic uses is a conflict, not a crash of the unique key."""
    ids = [row["id"] for row in fresh]
    taken = session.scalar(sa.select(Entry.id).where(Entry.id.in_(ids)).limit(1))
    if taken:
        raise Problem("id_taken", f"The id {taken} is an entry of another procedure.")


