"""A row of the access log → AuditEvent, in the form of IHE's basic audit of a reading of one patient. Pure."""

from schemas.reading_words import Outcome
from server.fhir.datatypes import V3, Json, coding, concept, lean, ref, when
from server.fhir.scope import Scope, resource
from server.journal.access import DISCLOSURES, AccessRow

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_REFUSED = "4"


def audit_event(scope: Scope, row: AccessRow) -> Json:
    """Who read what of whom, and whether it was given."""
    agents = [{"who": ref("Practitioner", row.user_id), "requestor": True}] if row.user_id else []
    agents += [{"who": ref("Device", row.device_id), "requestor": not agents}] if row.device_id else []
    breaking = [concept(f"{V3}/v3-ActReason", "BTG", "break the glass")] if row.emergency_id else []
    leaves = row.reading in DISCLOSURES
    return resource(
        "AuditEvent",
        row.id,
        type=coding(_DICOM, "110106", "Export") if leaves else coding(f"{V3}/audit-event-type", "rest", "RESTful Operation"),
        subtype=scope.terms.codings("reading", row.reading)[:1],
        action="R",
        recorded=when(row.at),
        outcome="0" if row.outcome == Outcome.GIVEN else _REFUSED,
        purposeOfEvent=breaking,
        agent=agents or [{"name": "command line", "requestor": True}],
        source={"observer": scope.organization},
        entity=_entities(row),
    )


def _entities(row: AccessRow) -> list[Json]:
    role = f"{V3}/object-role"
    kind = f"{V3}/audit-entity-type"
    data = lean({"type": coding(kind, "2", "System Object"), "role": coding(role, "4", "Domain Resource"), "name": str(row.reading),
                 "detail": [{"type": "record", "valueString": str(row.record_id)}] if row.record_id else []})  # fmt: skip
    who = {"what": ref("Patient", row.patient_id or ""), "type": coding(kind, "1", "Person"), "role": coding(role, "1", "Patient")}
    return [data, who]
