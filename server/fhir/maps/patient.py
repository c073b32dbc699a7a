"""Patient → Patient. Pure."""

from server.fhir.datatypes import V3, Json, concept, day, lean
from server.fhir.scope import Scope, resource
from server.patients.models import Patient


def identifier_system(scope: Scope) -> str:
    """Name of the clinic's own numbers: unique within the clinic, so it names the clinic."""
    return f"urn:graftlog:mrn:{scope.clinic_id}"


def patient(scope: Scope, row: Patient) -> Json:
    """The patient as the clinic knows her; allergies stay words of the note, because they are typed words."""
    number = {"use": "usual", "type": concept(f"{V3}/v2-0203", "MR"), "system": identifier_system(scope), "value": row.mrn}
    language = {"language": concept("urn:ietf:bcp:47", row.language), "preferred": True}
    telecom = [{"system": "phone", "value": row.phone}, {"system": "email", "value": row.email}]
    return resource(
        "Patient",
        row.id,
        identifier=[number],
        name=[lean({"use": "official", "text": row.name, "family": row.family_name, "given": [row.given_name]})],
        telecom=[one for one in telecom if one["value"]],
        gender=str(row.sex),
        birthDate=day(row.birth_date),
        deceasedDateTime=day(row.died_on),
        communication=[language],
        managingOrganization=scope.organization,
    )
