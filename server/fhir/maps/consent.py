"""Consents → Consent: one for each decision about photographs, one for the treatment of a procedure. Pure."""

from collections.abc import Sequence

from schemas.vocabulary import ProcedureState
from server.fhir.datatypes import LOINC, V3, Json, concept, day, ref
from server.fhir.scope import Scope, resource
from server.photos.models import PhotoConsent
from server.procedures.models import Procedure

_DOCUMENT = (LOINC, "59284-0", "Consent Document")


def photo_consents(scope: Scope, newest_first: Sequence[PhotoConsent]) -> list[Json]:
    """All decisions of a patient: the newest of each purpose holds, the others are its history."""
    holding = {one.purpose: one.id for one in reversed(newest_first)}
    return [_photo(scope, one, holds=holding[one.purpose] == one.id) for one in newest_first]


def _photo(scope: Scope, row: PhotoConsent, *, holds: bool) -> Json:
    purposes = scope.terms.codings("consent-purpose", row.purpose)
    return _consent(
        scope,
        str(row.id),
        patient_id=str(row.patient_id),
        status="active" if holds else "inactive",
        scope_code="patient-privacy",
        decided=day(row.decided_on),
        policy="What photographs may be shown for",
        provision={"type": "permit" if row.given else "deny", "purpose": purposes},
    )


def treatment(scope: Scope, row: Procedure) -> Json | None:
    """That consent to the treatment was given, on the day of the paper; None where nothing is recorded."""
    if row.consent_on is None:
        return None
    wrong = row.state == ProcedureState.ENTERED_IN_ERROR
    return _consent(
        scope,
        str(row.id),
        patient_id=str(row.patient_id),
        status="entered-in-error" if wrong else "active",
        scope_code="treatment",
        decided=day(row.consent_on),
        policy="Consent to the procedure, on paper",
        provision={"type": "permit", "data": [{"meaning": "related", "reference": ref("Procedure", row.id)}]},
    )


def _consent(
    scope: Scope, record_id: str, *, patient_id: str, status: str, scope_code: str, decided: str | None, policy: str, provision: Json
) -> Json:
    return resource(
        "Consent",
        record_id,
        status=status,
        scope=concept(f"{V3}/consentscope", scope_code),
        category=[concept(*_DOCUMENT)],
        patient=ref("Patient", patient_id),
        dateTime=decided,
        performer=[ref("Patient", patient_id)],
        organization=[scope.organization],
        policyRule={"text": policy},
        provision=provision,
    )
