"""GET of resources, searches, exports and what the interface can do, below /fhir. Nothing is written here."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g

from schemas.reading_words import Reading
from server.access import Permission, allow, public
from server.db import find
from server.fhir import answers, capability, codes
from server.fhir.datatypes import Json
from server.fhir.scope import Scope
from server.fhir.service import everything, reading, searching
from server.http import cursor_of, found, own_transaction, read_cursor, session, streams
from server.patients.models import Patient
from server.problems import Problem, invalid
from server.procedures.models import Procedure
from server.rates import Rate, rated
from server.reads import reads, saw

routes = Blueprint("fhir", __name__, url_prefix="/fhir")
_PAGED = ("_count", "page")
_NOT_HERE = "There is no such resource here. Types and parameters are listed at /fhir/metadata."


@routes.get("/metadata")
@public
def metadata() -> Response:
    """What this interface can do."""
    answers.question(("mode",))
    return answers.one(capability.statement(answers.base()))


@routes.get("/CodeSystem/<name>")
@public
def code_system(name: str) -> Response:
    """One of our own code systems."""
    answers.question()
    return answers.one(found(codes.code_system(name)))


@routes.get("/OperationDefinition/procedure-everything")
@public
def operation() -> Response:
    """What `$everything` of a procedure is."""
    answers.question()
    return answers.one(capability.operation())


@routes.get("/AuditEvent")
@allow(Permission.READ_JOURNAL)
@reads(Reading.ACCESS)
def search_readings() -> Response:
    """Who has read a patient's record, the newest first."""
    given = answers.question((*_PAGED, "patient"))
    limit, scope = answers.limit_of(given), answers.scope()
    patient = _patient_of(given)
    rows, last = searching.readings(session(), scope, patient.id, after=_id_after(given), limit=limit)
    return _page(scope, "AuditEvent", given, rows, cursor_of(str(last)) if last else None)


@routes.get("/AuditEvent/<uuid:reading_id>")
@allow(Permission.READ_JOURNAL)
@reads(Reading.ACCESS)
def read_reading(reading_id: uuid.UUID) -> Response:
    """One reading of a patient's record."""
    answers.question()
    resource, patient_id = found(searching.reading(session(), answers.scope(), reading_id))
    saw([patient_id])
    return _one(resource)


@routes.get("/Patient")
@allow(Permission.READ_RECORD)
@reads(Reading.LIST)
def search_patients() -> Response:
    """Patients, all or the one with a number."""
    given = answers.question((*_PAGED, "identifier"))
    limit, scope = answers.limit_of(given), answers.scope()
    rows, last = searching.patients(session(), scope, identifier=given.get("identifier"), after=_id_after(given), limit=limit)
    saw(uuid.UUID(one["id"]) for one in rows)
    return _page(scope, "Patient", given, rows, cursor_of(str(last)) if last else None)


@routes.get("/<kind>")
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def search(kind: str) -> Response:
    """Resources of one type of one patient."""
    if kind not in reading.OF_PATIENT:
        raise Problem("not_found", _NOT_HERE)
    given = answers.question((*_PAGED, "patient"))
    limit, scope = answers.limit_of(given), answers.scope()
    patient = _patient_of(given)
    rows, following = searching.of_patient(session(), scope, kind, patient, after=_place_after(given), limit=limit)
    return _page(scope, kind, given, rows, cursor_of(*(str(one) for one in following)) if following else None)


@routes.get("/<kind>/<resource_id>")
@allow(Permission.READ_RECORD)
@reads(Reading.RECORD)
def read(kind: str, resource_id: str) -> Response:
    """One resource."""
    answers.question()
    got = reading.read(session(), answers.scope(), kind, resource_id)
    if got is None:
        raise Problem("not_found", _NOT_HERE)
    resource, patient_id = got
    saw([patient_id], reading.row_id(resource_id))
    return _one(resource)


@routes.get("/Procedure/<uuid:procedure_id>/$everything")
@rated(Rate.EXPORT)
@streams
@allow(Permission.READ_RECORD)
@reads(Reading.EXPORT)
def everything_of_procedure(procedure_id: uuid.UUID) -> Response:
    """All about one procedure, as a stream."""
    opened, scope = _checked(Procedure, procedure_id)
    return _streamed(everything.bundle(scope, "searchset", everything.of_procedure(opened, scope, procedure_id)))


@routes.get("/Patient/<uuid:patient_id>/$everything")
@rated(Rate.EXPORT)
@streams
@allow(Permission.READ_RECORD)
@reads(Reading.EXPORT)
def everything_of_patient(patient_id: uuid.UUID) -> Response:
    """All about one patient, as a stream."""
    opened, scope = _checked(Patient, patient_id)
    return _streamed(everything.bundle(scope, "searchset", everything.of_patient(opened, scope, patient_id)))


@routes.get("/Composition/<uuid:procedure_id>/$document")
@rated(Rate.EXPORT)
@streams
@allow(Permission.READ_RECORD)
@reads(Reading.EXPORT)
def document(procedure_id: uuid.UUID) -> Response:
    """The operation note of a procedure as a document: the note first, then all that it rests on."""
    opened, scope = _checked(Procedure, procedure_id)
    resources = everything.document(everything.of_procedure(opened, scope, procedure_id), str(procedure_id))
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{procedure_id}"}
    return _streamed(everything.bundle(scope, "document", resources, identifier=identifier))


def _checked(model: Any, record_id: uuid.UUID) -> tuple[everything.Opened, Scope]:
    """How to open transactions for parts of this record; 404 where it is not there. The stream outlives the request's own context."""
    answers.question()
    with own_transaction(write=False) as reading_session:
        found(find(reading_session, model, record_id))
    opened: Callable[..., Any] = g.own_transaction
    return partial(opened, write=False), answers.scope()


def _streamed(pieces: Iterator[str]) -> Response:
    return Response(pieces, mimetype=answers.FHIR_JSON)


def _one(resource: Json) -> Response:
    told = everything.versioned(resource)
    return answers.one(told, told["meta"]["versionId"])


def _patient_of(given: Mapping[str, str]) -> Patient:
    patient = searching.whose(session(), answers.text_of(given, "patient"))
    if patient is None:
        raise invalid("/patient", "No such patient. Find the id by GET /fhir/Patient?identifier=…")
    saw([patient.id])
    return patient


def _id_after(given: Mapping[str, str]) -> uuid.UUID | None:
    try:
        return uuid.UUID(_cursor(given, 1)[0]) if "page" in given else None
    except ValueError:
        raise _bad_page() from None


def _place_after(given: Mapping[str, str]) -> searching.Place:
    part, told = _cursor(given, 2) if "page" in given else ("0", "0")
    if not (part.isascii() and part.isdigit() and told.isascii() and told.isdigit() and len(part + told) <= 12):  # noqa: PLR2004  reason: no page is so far
        raise _bad_page()
    return int(part), int(told)


def _cursor(given: Mapping[str, str], parts: int) -> list[str]:
    try:
        return read_cursor(given["page"], parts)
    except Problem:
        raise _bad_page() from None


def _bad_page() -> Problem:
    return invalid("/page", "Not a page; follow the bundle's next link as it came.")


def _page(scope: Scope, kind: str, given: Mapping[str, str], rows: list[Json], following: str | None) -> Response:
    """A searchset with links to itself and to the next page."""
    address = f"{scope.base}/{kind}"
    links = [{"relation": "self", "url": f"{address}?{urlencode(given)}" if given else address}]
    if following:
        links.append({"relation": "next", "url": f"{address}?{urlencode({**given, 'page': following})}"})
    entries = [everything.entry(scope, everything.versioned(one), search=True) for one in rows]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "link": links}
    return answers.one(bundle | ({"entry": entries} if entries else {}))
