"""Everything about a procedure or a patient as one bundle, a part at a time: no more than one procedure is ever held."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.canonical import canonical, instant
from server.fhir.datatypes import Json
from server.fhir.scope import Scope
from server.fhir.service import parts
from server.fhir.service.reading import OF_CLINIC, of_clinic
from server.patients.models import Patient
from server.procedures.models import Procedure

Opened = Callable[[], AbstractContextManager[Session]]
"""A transaction of the clinic for one part: none is open while bytes go out, which may take minutes."""


def versioned(resource: Json) -> Json:
    """The resource with the name of this version: a hash of what it says, because most are made of several rows."""
    version = sha256(canonical(resource).encode()).hexdigest()[:32]
    return {"resourceType": resource["resourceType"], "id": resource["id"], "meta": {"versionId": version}, **resource}


def of_procedure(opened: Opened, scope: Scope, procedure_id: uuid.UUID) -> Iterator[Json]:
    """One procedure, the patient and her scars, and the people and devices that they name."""
    yield from _with_named(opened, scope, (_person(procedure_id), _procedure(procedure_id)))


def of_patient(opened: Opened, scope: Scope, patient_id: uuid.UUID) -> Iterator[Json]:
    """One patient with all procedures, the oldest first, and the people and devices that they name."""

    def all_parts() -> Iterator[_Part]:
        yield lambda session, at: parts.person(session, at, session.get_one(Patient, (at.clinic_id, patient_id)))
        yield lambda session, at: parts.album(session, at, patient_id)
        with opened() as session:
            ids = procedures_of(session, patient_id)
        yield from (_procedure(one) for one in ids)

    yield from _with_named(opened, scope, all_parts())


def procedures_of(session: Session, patient_id: uuid.UUID) -> list[uuid.UUID]:
    """Ids of the patient's procedures in the order in which they are told."""
    return list(session.scalars(sa.select(Procedure.id).where(Procedure.patient_id == patient_id).order_by(Procedure.id)))


_Part = Callable[[Session, Scope], Iterable[Json]]


def _procedure(procedure_id: uuid.UUID) -> _Part:
    return lambda session, scope: parts.of_procedure(session, scope, session.get_one(Procedure, (scope.clinic_id, procedure_id)))


def _person(procedure_id: uuid.UUID) -> _Part:
    def of(session: Session, scope: Scope) -> Iterable[Json]:
        row = session.get_one(Procedure, (scope.clinic_id, procedure_id))
        return parts.person(session, scope, session.get_one(Patient, (scope.clinic_id, row.patient_id)))

    return of


def _with_named(opened: Opened, scope: Scope, all_parts: Iterable[_Part]) -> Iterator[Json]:
    """Each part, then the clinic, people and tablets that any of them named."""
    told, named = set[str](), dict[str, None]()
    for part in all_parts:
        with opened() as session:
            resources = list(part(session, scope))
        for one in resources:
            told.add(f"{one['resourceType']}/{one['id']}")
            named.update(dict.fromkeys(found for found in parts.references(one) if found.partition("/")[0] in OF_CLINIC))
            yield versioned(one)
    roles = [f"PractitionerRole/{one.partition('/')[2]}" for one in named if one.startswith("Practitioner/")]
    with opened() as session:
        wanted = (one.partition("/") for one in (*named, *roles) if one not in told)
        people = [found for kind, _, one in wanted if (found := of_clinic(session, scope, kind, uuid.UUID(one)))]
    yield from (versioned(one) for one in people)


def bundle(scope: Scope, kind: str, resources: Iterable[Json], **elements: Any) -> Iterator[str]:
    """The text of a bundle, piece by piece."""
    head = {"resourceType": "Bundle", "type": kind, "timestamp": instant(clock.now()), **elements}
    yield f'{_text(head)[:-1]},"entry":['
    separator = ""
    for one in resources:
        yield separator + _text(entry(scope, one, search=kind == "searchset"))
        separator = ","
    yield "]}"


def entry(scope: Scope, resource: Json, *, search: bool) -> Json:
    """An entry: under its address here, and why it is in a search's answer."""
    found = {"fullUrl": f"{scope.base}/{resource['resourceType']}/{resource['id']}", "resource": resource}
    included = resource["resourceType"] in OF_CLINIC
    return found | ({"search": {"mode": "include" if included else "match"}} if search else {})


def document(resources: Iterable[Json], composition_id: str) -> Iterator[Json]:
    """The same resources with the note first, as a document wants it: those before it wait, which are few."""
    waiting, told = list[Json](), False
    for one in resources:
        if told:
            yield one
        elif (one["resourceType"], one["id"]) == ("Composition", composition_id):
            told = True
            yield one
            yield from waiting
        else:
            waiting.append(one)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
