"""What this server's FHIR interface does: the CapabilityStatement and the definition of its one operation of our own. Pure."""

from functools import cache
from importlib import metadata

from server.fhir.datatypes import Json
from server.fhir.measures import MAPPED_ON, VERSION
from server.fhir.service.reading import OF_CLINIC, OF_PATIENT

FHIR_VERSION = "4.0.1"
PROCEDURE_EVERYTHING = "urn:graftlog:operation:procedure-everything"
_PATIENT_EVERYTHING = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
_DOCUMENT = "http://hl7.org/fhir/OperationDefinition/Composition-document"
_OPERATIONS = {
    "Patient": [{"name": "everything", "definition": _PATIENT_EVERYTHING}],
    "Procedure": [{"name": "everything", "definition": PROCEDURE_EVERYTHING}],
    "Composition": [{"name": "document", "definition": _DOCUMENT}],
}
_SEARCHES = ("_count", "page")
"""Besides `patient`: how many, and the place where a next link begins."""


@cache
def software() -> str:
    """Version of the program."""
    return metadata.version("graftlog")


def statement(base: str) -> Json:
    """CapabilityStatement of the server at `base`; its version is that of the program and of the mapping."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "graftlog",
        "url": f"{base}/metadata",
        "version": f"{software()}+{VERSION}",
        "name": "Graftlog",
        "title": "Graftlog: nanofat procedures on depressed facial scars, read only",
        "status": "active",
        "experimental": False,
        "date": MAPPED_ON,
        "description": "Read, search by patient, and export of the clinical record. Nothing is written here.",
        "kind": "instance",
        "software": {"name": "Graftlog", "version": software(), "releaseDate": MAPPED_ON},
        "implementation": {"description": "Graftlog", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [_rest()],
    }


def _rest() -> Json:
    kinds = sorted({*OF_CLINIC, *OF_PATIENT, "AuditEvent", "CodeSystem"})
    return {
        "mode": "server",
        "security": {"description": "Authorization: Bearer, with the token of a person who may read the record. Every reading is logged."},
        "resource": [_resource(kind) for kind in kinds],
    }


def _resource(kind: str) -> Json:
    found: Json = {
        "type": kind,
        "interaction": [{"code": "read"}],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "not-match",
    }
    names = (*_SEARCHES, "patient") if kind in {*OF_PATIENT, "AuditEvent"} and kind != "Patient" else ()
    names = (*_SEARCHES, "identifier") if kind == "Patient" else names
    if names:
        found["interaction"].append({"code": "search-type"})
        found["searchParam"] = [{"name": name, "type": _TYPES.get(name, "string")} for name in names]
    if kind in _OPERATIONS:
        found["operation"] = _OPERATIONS[kind]
    return found


_TYPES = {"_count": "number", "patient": "reference", "identifier": "token"}


def operation() -> Json:
    """OperationDefinition of `Procedure/{id}/$everything`."""
    return {
        "resourceType": "OperationDefinition",
        "id": "procedure-everything",
        "url": PROCEDURE_EVERYTHING,
        "version": VERSION,
        "name": "ProcedureEverything",
        "title": "Everything about one procedure",
        "status": "active",
        "kind": "operation",
        "date": MAPPED_ON,
        "affectsState": False,
        "code": "everything",
        "resource": ["Procedure"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [{"name": "return", "use": "out", "min": 1, "max": "1", "type": "Bundle"}],
    }
