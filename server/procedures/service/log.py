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
from server.procedures.facts import Fact, entry_document, in_order, local, retractions
from server.procedures.models import Entry, Procedure
from server.procedures.service import lifecycle, record
from server.replay import content_hash

RECORDABLE = frozenset({ProcedureState.PLANNED, ProcedureState.IN_PROGRESS, ProcedureState.COMPLETED, ProcedureState.ABANDONED})
_BLANK: dict[str, Any] = {column.key: None for column in sa.inspect(Entry).column_attrs} | {"late": False, "confirmed": False}


def record_entries(
    session: Session, procedure: Procedure, sent: Sequence[dict[str, Any]], *, listed: bool = True, late: bool = False
) -> tuple[dict[str, Any], bool]:
    """Store entries (as `schemas.entry_loading.load_entries` gives them) of a locked procedure.

    The first entry of a planned procedure begins it: recording never waits for a button. Returns ({entries, totals,
    warnings}, whether anything was new). An entry whose id is known with the same content is acknowledged again. `late` takes
    what a tablet brings after the signature, but no retraction: it stays outside what was signed. Raises `id_taken`,
    `wrong_state`, `closed`, or 422 with a pointer into the list (into the one entry unless `listed`).
    """
    planned = procedure.state == ProcedureState.PLANNED
    facts = [] if planned else record.facts_of(session, procedure.id)  # the first entry begins it, so there are none yet
    patient, scars = _patient_and_scars(session, procedure)
    known = {fact["id"]: fact for fact in facts}
    fresh: list[dict[str, Any]] = []
    documents: dict[uuid.UUID, dict[str, Any]] = {}
    answered: list[uuid.UUID] = []
    for index, one in enumerate(sent):
        hashed = content_hash(one)
        before = known.get(one.get("id"))
        if before is None:
            row, document = _row(session, procedure, one, hashed, late=late and procedure.state == ProcedureState.SIGNED)
            _check(row, f"/{index}" if listed else "", known, scars)
            known[row["id"]], documents[row["id"]] = row, document
            fresh.append(row)
            answered.append(row["id"])
        elif before["content_hash"] == hashed:
            documents.setdefault(before["id"], entry_document(before))
            answered.append(before["id"])
        else:
            raise Problem("id_taken", f"Entry {index} has the id of another entry; entries are never changed, retract and re-enter.")
    if fresh:
        if not all(row["late"] and row["kind"] != EntryKind.RETRACTION for row in fresh):
            _may_record(procedure)
        if planned:
            lifecycle.start(session, procedure, min(clock.now(), *(row["recorded_at"] for row in fresh)))
        insert(session, Entry, fresh, [documents[row["id"]] for row in fresh])
    everything = in_order(known.values())
    context = record.context_of(procedure, patient, list(scars.values()))
    answer = {
        "entries": [documents[entry_id] for entry_id in answered],
        "totals": totals.totals(everything, context),
        "warnings": rules.warnings(everything, context),
    }
    return answer, bool(fresh)


def _may_record(procedure: Procedure) -> None:
    if procedure.state == ProcedureState.SIGNED:
        raise Problem("closed", "The procedure is signed. Add an addendum.")
    if procedure.state not in RECORDABLE:
        raise Problem("wrong_state", f"The procedure is {procedure.state}; nothing more is recorded in it.")


_PATIENT_AND_SCARS = (
    sa.select(Patient, Scar)
    .outerjoin(Scar, sa.and_(Scar.clinic_id == Patient.clinic_id, Scar.patient_id == Patient.id))
    .where(Patient.clinic_id == sa.bindparam("clinic", type_=sa.Uuid()), Patient.id == sa.bindparam("patient", type_=sa.Uuid()))
    .order_by(Scar.created_at, Scar.id)
    .execution_options(all_clinics=True)  # it names the clinic itself
)


def _patient_and_scars(session: Session, procedure: Procedure) -> tuple[Patient, dict[uuid.UUID, Scar]]:
    rows = session.execute(_PATIENT_AND_SCARS, {"clinic": procedure.clinic_id, "patient": procedure.patient_id}).all()
    return rows[0][0], {scar.id: scar for _, scar in rows if scar is not None}


def _row(
    session: Session, procedure: Procedure, sent: Mapping[str, Any], hashed: str, *, late: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(columns, wire form) of a new entry."""
    actor = session.info["actor"]
    moment = sent["recorded_at"]
    row = _BLANK | dict(sent)
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
        late=late,
        content_hash=hashed,
    )
    for name in ("started_at", "ended_at"):
        if row[name] is not None:
            row[name] = row[name].astimezone(UTC)
    if row["kind"] == EntryKind.DEVICE_USE:
        row["details"] = _read_barcode(sent["details"], local(row).date())
    document = entry_document(row)
    row["warnings"] = rules.unusual_numbers(document)
    if row["warnings"]:
        document["warnings"] = row["warnings"]
    return row, document


def _read_barcode(details: dict[str, Any], on: date) -> dict[str, Any]:
    """Add what the raw scan says (the scan itself stays), and whether the device was expired on the procedure's own day."""
    scanned = barcodes.read(details["barcode"]) if "barcode" in details else {}
    details = {**scanned, **details}
    expires = details.get("expires_on")
    if expires and date.fromisoformat(expires) < on:
        details["expired"] = True
    return details


def _check(row: Mapping[str, Any], pointer: str, known: Mapping[uuid.UUID, Fact], scars: Mapping[uuid.UUID, Scar]) -> None:
    if row["scar_id"] is not None and row["scar_id"] not in scars:
        raise invalid(f"{pointer}/scar_id", "No such scar of this patient; use an id of GET /patients/{id}/scars.")
    if row["details"].get("expired") and not row["reason"]:
        raise invalid(f"{pointer}/reason", f"It expired on {row['details']['expires_on']}; send a reason to record it all the same.")
    if row["kind"] == EntryKind.RETRACTION:
        _check_retraction(row["retracts"], f"{pointer}/retracts", known)


def _check_retraction(target_id: uuid.UUID, pointer: str, known: Mapping[uuid.UUID, Fact]) -> None:
    """An entry may be struck, the striking undone, and the entry struck again; undoing an undoing is never needed."""
    target = known.get(target_id)
    if target is None:
        raise invalid(pointer, "No such entry of this procedure; name one of its entries.")
    if target_id in retractions(list(known.values())):
        raise invalid(pointer, "That entry is already retracted; nothing more is needed.")
    if target["kind"] == EntryKind.RETRACTION and known[target["retracts"]]["kind"] == EntryKind.RETRACTION:
        raise invalid(pointer, "That retraction restored an entry; retract the entry itself again.")
