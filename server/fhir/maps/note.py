"""The operation note → Composition, with one more for each addendum, and DocumentReferences to the PDF and to what was signed. Pure."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from schemas.vocabulary import ProcedureState
from server.fhir.datatypes import LOINC, OPERATION_NOTE, Json, concept, lean, period, ref, when
from server.fhir.scope import Scope, resource
from server.procedures.models import Addendum, Signature
from server.procedures.service.record import Record

_NOTE = (LOINC, OPERATION_NOTE, "Surgical operation note")
_XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def composition(scope: Scope, whole: Record, document: Mapping[str, Any], entries: Iterable[Json]) -> Json:
    """The note as it stands: preliminary until it is signed. `document` is the note's own, `entries` what its numbers rest on."""
    row = whole.procedure
    signed = whole.signature
    return resource(
        "Composition",
        row.id,
        identifier={"system": "urn:graftlog:note", "value": str(row.id)},
        status=_status(whole, "final" if signed else "preliminary"),
        type=concept(*_NOTE),
        subject=ref("Patient", row.patient_id),
        date=when(signed.signed_at if signed else row.updated_at),
        author=[ref("Practitioner", signed.signer_id if signed else row.surgeon_id)],
        title=document["title"],
        attester=[_attester(signed)] if signed else [],
        custodian=scope.organization,
        event=[lean({"period": period(row.started_at, row.ended_at), "detail": [ref("Procedure", row.id)]})],
        section=_sections(document, list(entries)),
    )


def _status(whole: Record, otherwise: str) -> str:
    return "entered-in-error" if whole.procedure.state == ProcedureState.ENTERED_IN_ERROR else otherwise


def _attester(row: Signature | Addendum) -> Json:
    return {"mode": "legal", "time": when(row.signed_at), "party": ref("Practitioner", row.signer_id, row.signer_name)}


def _sections(document: Mapping[str, Any], entries: list[Json]) -> list[Json]:
    """The note's parts as text for people; the last names the resources that say the same for programs."""
    items = [(one["label"], " ".join(one["value"])) for one in document["items"]]
    balance = [(row["label"], row["text"]) for row in document["balance"]["rows"]]
    scars = [(one["label"], f"{one['where']}; planned {one['planned']}, given {one['given']}") for one in document["scars"]["rows"]]
    times = [(one["time"], f"{one['text']} ({one['by']})") for one in document["timeline"]["rows"]]
    struck = [(one["time"], f"{one['text']} Retracted: {one['reason']}") for one in document["retracted"]]
    patient = document["patient"]
    parts = [
        ("Patient", [(name.capitalize(), str(text)) for name, text in patient.items()]),
        ("Operation note", items),
        ("Volumes", balance),
        ("Scars", scars),
        ("Timeline", times),
        ("Retracted entries", struck),
    ]
    found = [_section("Summary", _paragraph(document["summary"]))]
    found += [_section(title, _table(rows)) for title, rows in parts if rows]
    return [*found, {"title": "Data", "entry": entries}] if entries else found


def _section(title: str, inner: str) -> Json:
    return {"title": title, "text": {"status": "generated", "div": _XHTML.format(inner)}}


def _paragraph(text: Any) -> str:
    return f"<p>{escape(text if isinstance(text, str) else ' '.join(text))}</p>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return f"<table>{''.join(f'<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>' for name, text in rows)}</table>"


def addendum(scope: Scope, whole: Record, row: Addendum) -> Json:
    """What was said after signing: it appends to the note and changes nothing in it."""
    return resource(
        "Composition",
        row.id,
        status=_status(whole, "final"),
        type=concept(*_NOTE),
        subject=ref("Patient", whole.patient.id),
        date=when(row.signed_at),
        author=[ref("Practitioner", row.signer_id)],
        title="Addendum to the operation note",
        attester=[_attester(row)],
        custodian=scope.organization,
        relatesTo=[{"code": "appends", "targetReference": ref("Composition", whole.procedure.id)}],
        section=[_section("Addendum", _paragraph(row.text))],
    )


def printed(scope: Scope, whole: Record) -> Json:
    """The note as a PDF, which is written when it is fetched."""
    row = whole.procedure
    return _document(
        scope,
        whole,
        str(row.id),
        docStatus=_status(whole, "final" if whole.signature else "preliminary"),
        type=concept(*_NOTE),
        date=when(row.updated_at),
        author=[ref("Practitioner", row.surgeon_id)],
        attachment={
            "contentType": "application/pdf",
            "url": f"{scope.api}/procedures/{row.id}/note",
            "title": f"Operation note ({row.title})",
        },
    )


def manifest(scope: Scope, whole: Record, row: Signature | Addendum) -> Json:
    """The exact bytes that were signed: with them and the clinic's public key anybody can check the signature."""
    return _document(
        scope,
        whole,
        str(row.id),
        docStatus="final",
        type={"text": "Signed manifest (RFC 8785 JSON)"},
        date=when(row.signed_at),
        author=[ref("Practitioner", row.signer_id)],
        attachment={"contentType": "application/json", "data": b64encode(row.manifest.encode()).decode(), "title": f"Key {row.key_id}"},
    )


def _document(scope: Scope, whole: Record, record_id: str, *, attachment: Json, **elements: Any) -> Json:
    wrong = whole.procedure.state == ProcedureState.ENTERED_IN_ERROR
    return resource(
        "DocumentReference",
        record_id,
        status="entered-in-error" if wrong else "current",
        subject=ref("Patient", whole.patient.id),
        custodian=scope.organization,
        content=[{"attachment": attachment}],
        context={"related": [ref("Procedure", whole.procedure.id)]},
        **elements,
    )
