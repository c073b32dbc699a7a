"""The operation note as one JSON-ready document: the single source of the page and the PDF."""

from datetime import datetime
from typing import Any

from schemas.vocabulary import EntryKind, ProcedureState, SignatureMeaning
from server.canonical import number as units
from server.db import Versioned
from server.journal.verifier import b64
from server.procedures.facts import retractions
from server.procedures.note import photos, sections
from server.procedures.note.case import Case
from server.procedures.note.items import ITEMS, born
from server.procedures.note.summary import summary
from server.procedures.note.words import (
    NOT_RECORDED,
    amount,
    capital,
    cleaned,
    counted,
    day,
    field_name,
    joined,
    offset,
    plain,
    sentence,
)
from server.procedures.service.record import Record
from server.procedures.subject import changed

DRAFT = "DRAFT - NOT SIGNED"
_SHORT_SIGNATURE = 24
_MEANINGS = {SignatureMeaning.AUTHOR: "Signed as author of this record", SignatureMeaning.VERIFIED: "Signed as having verified this record"}


def build(record: Record) -> dict[str, Any]:
    """The note: text for people throughout, volumes of the balance and points of the face map as numbers too."""
    case = Case.of_record(record)
    document = {
        "title": "Operation note",
        "draft": record.signature is None,
        "banners": _banners(case),
        "clinic": {"name": record.clinic.name, "phone": record.clinic.phone or NOT_RECORDED},
        "patient": _patient(case),
        "procedure": _procedure(case),
        "summary": summary(case),
        "items": [item.document(case) for item in ITEMS],
        "balance": sections.balance(case),
        "scars": sections.scars(case),
        "face_map": sections.face_map(case),
        "timeline": sections.timeline(case),
        "checklist": sections.checklist(case),
        "photos": photos.section(case),
        "exceptions": {"warnings": _warnings(case), "incidents": _incidents(case)},
        "retracted": _retracted(case),
        "addenda": [_signed(case, one) | {"text": one.text} for one in record.addenda],
        "signature": _signature(case),
        "as_of": f"State of the record: {_stamp(case, _last_change(record))}.",
        "zone": f"Times of the procedure are those of the clinic, {record.clinic.time_zone}.",
    }
    return cleaned(document)  # type: ignore[no-any-return]  # reason: same shape in, same shape out


def _banners(case: Case) -> list[str]:
    banners = [DRAFT] if case.record.signature is None else []
    if case.record.procedure.state == ProcedureState.ENTERED_IN_ERROR:
        banners.append("ENTERED IN ERROR")
    if case.record.clinic.demo:
        banners.append("DEMONSTRATION DATA")
    return banners


def _patient(case: Case) -> dict[str, str]:
    patient, weight = case.record.patient, case.record.context.weight_g
    on_the_day = "on the day" if case.record.procedure.weight_g else "as in the patient's record"
    return {
        "name": patient.name,
        "number": patient.mrn,
        "born": born(case) or NOT_RECORDED,
        "sex": capital(plain(patient.sex)),
        "weight": f"{amount(units(weight, 1000), 'kg')} ({on_the_day})" if weight else NOT_RECORDED,
        "allergies": patient.allergies or NOT_RECORDED,
    }


def _procedure(case: Case) -> dict[str, str | None]:
    procedure = case.record.procedure
    state = capital(plain(procedure.state))
    if procedure.state == ProcedureState.COMPLETED:
        state = "Completed, not signed"
    return {
        "title": procedure.title,
        "state": state,
        "closed_reason": procedure.closed_reason,
        "planned_for": case.moment(procedure.planned_for),
        "began": case.moment(procedure.started_at) if procedure.started_at else NOT_RECORDED,
        "ended": case.moment(procedure.ended_at) if procedure.ended_at else NOT_RECORDED,
        "surgeon": case.record.surgeon.name,
        "consent": day(procedure.consent_on) if procedure.consent_on else NOT_RECORDED,
        "photos": day(procedure.baseline_photos_on) if procedure.baseline_photos_on else NOT_RECORDED,
        "record": str(procedure.id),
    }


def _stamp(case: Case, moment: datetime) -> str:
    there = case.here(moment)
    return f"{day(there)}, {there:%H:%M:%S} ({offset(there)})"


def _last_change(record: Record) -> datetime:
    """When anything that the note prints last changed; the note itself knows no clock, so equal records give equal notes."""
    changed: list[Versioned] = [record.procedure, record.patient, *record.scars]
    moments = [row.updated_at for row in changed if row.updated_at is not None]
    moments += [fact["received_at"] for fact in record.facts]
    moments += [one.stored_at or one.announced_at for one in record.pictures]
    moments += [one.signed_at for one in (record.signature, *record.addenda) if one is not None]
    return max(moments, default=record.procedure.planned_for)


def _warnings(case: Case) -> list[dict[str, str]]:
    """What the rules remark on; of a signed procedure, whether it was there to see when signing."""
    signature = case.record.signature
    current = case.record.warnings()
    listed_then = signature.document()["manifest"].get("warnings", []) if signature else []
    then = {(one["code"], one["entry_id"], one["message"]) for one in listed_then}
    rows = []
    for one in current:
        late = signature is not None and (one["code"], one["entry_id"], one["message"]) not in then
        rows.append({"text": _message(one), "detail": _detail(case, one, "Arose after signing." if late else None)})
    now = {(one["code"], one["entry_id"], one["message"]) for one in current}
    gone = [one for one in listed_then if (one["code"], one["entry_id"], one["message"]) not in now]
    rows += [{"text": one["message"], "detail": "Listed when signed; the record as it stands no longer gives rise to it."} for one in gone]
    signed = signature.document()["manifest"].get("subject") if signature else None
    changes = changed(signed, case.record.subject()) if signed else ()
    return rows + [
        {"text": text, "detail": "Changed in the record after signing; the signature covers the earlier value."} for text in changes
    ]


def _message(warning: dict[str, Any]) -> str:
    """The rule's sentence, with the field's name as one would say it."""
    field, message = warning["field"], str(warning["message"])
    return capital(message.replace(field, field_name(field), 1)) if field and message.startswith(field) else message


def _detail(case: Case, warning: dict[str, Any], more: str | None) -> str:
    fact = next((one for one in case.facts if str(one["id"]) == warning["entry_id"]), None)
    entry = f"{capital(plain(fact['kind']))}, {case.time(fact)}." if fact else None
    confirmed = "Not confirmed by anyone." if fact and warning["code"] == "unusual_value" else None
    if fact and warning["confirmed"]:
        confirmed = sentence(f"Confirmed by {case.person(fact['recorded_by'])}: {fact['reason'] or 'reason ' + NOT_RECORDED}")
    source = sentence(f"Source: {warning['source']}") if warning.get("source") else None
    return joined((entry, confirmed, source, more), " ")


def _incidents(case: Case) -> list[dict[str, str]]:
    return [
        {"time": case.time(fact), "text": case.text(fact), "by": case.person(fact["recorded_by"])} for fact in case.of(EntryKind.INCIDENT)
    ]


def _retracted(case: Case) -> list[dict[str, str]]:
    struck = retractions(case.record.facts)
    return [
        {
            "time": case.time(fact),
            "text": case.text(fact),
            "by": case.person(fact["recorded_by"]),
            "reason": str(struck[fact["id"]]["reason"]),
            "retracted_by": case.person(struck[fact["id"]]["recorded_by"]),
            "retracted_at": case.time(struck[fact["id"]]),
        }
        for fact in case.record.facts
        if fact["id"] in struck
    ]


def _signed(case: Case, row: Any) -> dict[str, str]:
    """Who signed what and when, and enough of the signature to tell it from any other."""
    return {
        "name": row.signer_name,
        "at": f"{_stamp(case, row.signed_at)}, {case.record.clinic.time_zone}",
        "key_id": row.key_id,
        "signature": f"{row.signature[:_SHORT_SIGNATURE]}…",
    }


def _witnessed(case: Case) -> str:
    """What a print on paper proves about the whole journal: its root, which no other history has."""
    taken = case.record.checkpoint
    if taken is None:
        return "Signed before checkpoints of the journal were taken."
    rows, at = counted(taken.size, "row"), _stamp(case, taken.at)
    return f"Journal checkpoint at signing: {rows}, root {b64(taken.root)}, {at}, key {taken.key_id}."


def _signature(case: Case) -> dict[str, str] | None:
    signature = case.record.signature
    if signature is None:
        return None
    signed = {entry_id for entry_id, _ in signature.document()["manifest"].get("entries", [])}
    after = sum(str(fact["id"]) not in signed for fact in case.record.facts)
    covers = f"Covers {counted(len(signed), 'entry')}"
    return _signed(case, signature) | {
        "meaning": _MEANINGS[SignatureMeaning(signature.meaning)],
        "checkpoint": _witnessed(case),
        "covers": f"{covers}; {counted(after, 'entry')} came later and {'is' if after == 1 else 'are'} not covered."
        if after
        else f"{covers}, all that are recorded.",
    }
