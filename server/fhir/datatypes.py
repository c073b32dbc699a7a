"""The few R4 data types that all maps share, as plain dicts. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from server.canonical import instant

Json = dict[str, Any]
Id = uuid.UUID | str

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
V3 = "http://terminology.hl7.org/CodeSystem"
OPERATION_NOTE = "11504-8"
"""LOINC: Surgical operation note."""

LOCAL = "urn:graftlog:codes"
"""Our own code systems are below this name; they are the same in every installation, so it names no host."""

EXTENSIONS = "urn:graftlog:extension"
TARGET_BODY_STRUCTURE = "http://hl7.org/fhir/StructureDefinition/procedure-targetBodyStructure"
BODY_SITE = "http://hl7.org/fhir/StructureDefinition/bodySite"
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def lean(resource: Mapping[str, Any]) -> Json:
    """Without what is not known: R4 has no null and no empty list."""
    return {name: value for name, value in resource.items() if value is not None and value not in ("", [], {})}


def ref(kind: str, record_id: Id, display: str | None = None) -> Json:
    """Reference to a resource of this server."""
    return lean({"reference": f"{kind}/{record_id}", "display": display})


def coding(system: str, code: str, display: str | None = None) -> Json:
    """Coding: never a code without its system."""
    return lean({"system": system, "code": code, "display": display})


def concept(system: str, code: str, display: str | None = None, text: str | None = None) -> Json:
    """CodeableConcept with one coding."""
    return lean({"coding": [coding(system, code, display)], "text": text})


def said(text: str | None) -> Json | None:
    """CodeableConcept of words alone: what somebody has typed."""
    return {"text": text} if text else None


def quantity(value: float, unit: str) -> Json:
    """Quantity in a UCUM unit."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def when(moment: datetime | None) -> str | None:
    """Instant or dateTime."""
    return instant(moment) if moment else None


def day(one: date | None) -> str | None:
    """Date or dateTime of a whole day."""
    return one.isoformat() if one else None


def period(start: datetime | None, end: datetime | None) -> Json | None:
    """Period with the ends that are known."""
    return lean({"start": when(start), "end": when(end)}) or None


def timed(name: str, start: datetime | None, end: datetime | None, at: datetime) -> Json:
    """`namePeriod` of what has a beginning and an end, else `nameDateTime` of when it was recorded."""
    if start and end:
        return {f"{name}Period": period(start, end)}
    return {f"{name}DateTime": when(start or end or at)}


def extension(url: str, kind: str, value: Any) -> Json:
    """Extension with `value[kind]`."""
    return {"url": url, f"value{kind}": value}


def places(url: str, scars: Sequence[Id]) -> list[Json]:
    """Extensions that name body structures."""
    return [extension(url, "Reference", ref("BodyStructure", one)) for one in scars]


def notes(*texts: str | None) -> list[Json]:
    """Annotations of what somebody has said."""
    return [{"text": text} for text in texts if text]


def absent(reason: str) -> Json:
    """Why an observation has no value: `unknown`, `not-performed` and so on."""
    return concept(f"{V3}/data-absent-reason", reason)


def no_time() -> Json:
    """In place of an instant that R4 wants and nobody knows."""
    return {"extension": [extension(DATA_ABSENT, "Code", "unknown")]}
