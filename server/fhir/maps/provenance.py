"""Signature, addendum, retraction → Provenance. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import SignatureMeaning
from server.fhir.datatypes import V3, Json, coding, concept, ref, said, when
from server.fhir.scope import Scope, Step, resource
from server.procedures.models import Addendum, Signature
from server.procedures.service.record import Record

_MEANING = {
    SignatureMeaning.AUTHOR: ("1.2.840.10065.1.12.1.1", "Author's Signature", "author"),
    SignatureMeaning.VERIFIED: ("1.2.840.10065.1.12.1.5", "Verification Signature", "verifier"),
}
_ASTM = "urn:iso-astm:E1762-95:2013"


def signed(scope: Scope, whole: Record, row: Signature) -> Json:
    """Who signed the note, and the signature itself: Ed25519 over the bytes of the manifest, which is the entity."""
    return _sealed(scope, row, [ref("Procedure", whole.procedure.id), ref("Composition", whole.procedure.id)], row.meaning)


def appended(scope: Scope, row: Addendum) -> Json:
    """Who signed an addendum."""
    return _sealed(scope, row, [ref("Composition", row.id)], SignatureMeaning.AUTHOR)


def _sealed(scope: Scope, row: Signature | Addendum, target: list[Json], meaning: SignatureMeaning) -> Json:
    code, display, part = _MEANING[SignatureMeaning(meaning)]
    who = ref("Practitioner", row.signer_id, row.signer_name)
    seal = {
        "type": [coding(_ASTM, code, display)],
        "when": when(row.signed_at),
        "who": who,
        "targetFormat": "application/json",
        "sigFormat": "application/octet-stream",
        "data": row.signature,
    }
    return resource(
        "Provenance",
        row.id,
        target=target,
        recorded=when(row.signed_at),
        activity=concept(f"{V3}/v3-DocumentCompletion", "LA", "legally authenticated"),
        agent=[{"type": concept(f"{V3}/provenance-participant-type", part), "who": who, "onBehalfOf": scope.organization}],
        entity=[{"role": "source", "what": ref("DocumentReference", row.id)}],
        signature=[seal],
    )


def retracted(scope: Scope, step: Step, targets: Sequence[Json]) -> Json | None:
    """Who struck an entry, and why; None where it made no resource. A retraction that was taken back itself says nothing any more."""
    if step.struck or not targets:
        return None
    who = ref("Practitioner", step.fact["recorded_by"])
    return resource(
        "Provenance",
        step.id,
        target=list(targets),
        occurredDateTime=when(step.at),
        recorded=when(step.fact["received_at"]),
        reason=[said(step.fact["reason"])],
        activity=concept(f"{V3}/v3-DataOperation", "NULLIFY", "nullify"),
        agent=[{"type": concept(f"{V3}/provenance-participant-type", "author"), "who": who, "onBehalfOf": scope.organization}],
    )
