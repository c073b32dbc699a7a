"""Clinic → Organization; person → Practitioner and PractitionerRole. Pure."""

from server.clinics.models import Clinic, User
from server.fhir.datatypes import Json, ref
from server.fhir.scope import Scope, resource


def organization(_scope: Scope, row: Clinic) -> Json:
    """The clinic."""
    telecom = [{"system": "phone", "value": row.phone, "use": "work"}] if row.phone else []
    return resource("Organization", row.id, active=True, name=row.name, telecom=telecom)


def practitioner(_scope: Scope, row: User) -> Json:
    """A person of the clinic, without what she signs in with."""
    return resource("Practitioner", row.id, active=row.active, name=[{"text": row.name}])


def role(scope: Scope, row: User) -> Json:
    """What that person does here; under her own id."""
    codes = [scope.terms.concept("role", one) for one in row.roles]
    return resource(
        "PractitionerRole", row.id, active=row.active, practitioner=ref("Practitioner", row.id), organization=scope.organization, code=codes
    )
