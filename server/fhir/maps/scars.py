"""Scar → BodyStructure, and an Observation of its size and place as recorded. Pure."""

from server.fhir.datatypes import BODY_SITE, V3, Json, concept, notes, places, ref, when
from server.fhir.maps.values import components
from server.fhir.scope import Scope, resource
from server.patients.models import Scar


def structure(scope: Scope, row: Scar) -> Json:
    """The scar, which lives longer than any procedure."""
    return resource(
        "BodyStructure",
        row.id,
        identifier=[{"system": "urn:graftlog:scar", "value": str(row.id)}],
        active=True,
        morphology=scope.terms.concept("morphology", row.morphology),
        location=scope.terms.concept("subunit", row.subunit),
        locationQualifier=[scope.terms.concept("side", row.side)],
        description=row.label,
        patient=ref("Patient", row.patient_id),
    )


def as_recorded(scope: Scope, row: Scar) -> Json:
    """Cause, age, size and point on the face map, as its record has them now; when they were measured is not recorded."""
    document = row.document()
    names = ("aetiology", "age_months", "length_mm", "width_mm", "depth_mm", "area_cm2", "view", "x", "y")
    return resource(
        "Observation",
        row.id,
        extension=places(BODY_SITE, [row.id]),
        status="final",
        category=[concept(f"{V3}/observation-category", "exam")],
        code=scope.terms.concept("kind", "scar_as_recorded"),
        subject=ref("Patient", row.patient_id),
        issued=when(row.updated_at),
        bodySite=scope.terms.concept("subunit", row.subunit),
        note=notes(row.notes),
        component=components(scope.terms, {name: document[name] for name in names}),
    )
