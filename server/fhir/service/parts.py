"""The record in parts small enough to hold: one patient, her photographs apart from procedures, one procedure with all that is its own."""

import uuid
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import EntryKind, ProcedureState
from server.fhir.datatypes import Json, ref
from server.fhir.maps import consent, devices, events, medications, note, observations, plan, procedure, provenance, scars, specimens
from server.fhir.maps.patient import patient as patient_resource
from server.fhir.maps.photos import media
from server.fhir.scope import Scope, Step, steps
from server.fhir.service import afterwards
from server.patients.models import Patient
from server.patients.service import scars_of
from server.photos.models import Photo
from server.photos.service.consents import history
from server.procedures import note as notes
from server.procedures.models import Procedure
from server.procedures.service import record


def person(session: Session, scope: Scope, row: Patient) -> Iterator[Json]:
    """The patient, her scars, and what she lets her photographs be shown for."""
    yield patient_resource(scope, row)
    for scar in scars_of(session, row.id):
        yield scars.structure(scope, scar)
        yield scars.as_recorded(scope, scar)
    yield from consent.photo_consents(scope, history(session, row.id))


def album(session: Session, scope: Scope, patient_id: uuid.UUID) -> Iterator[Json]:
    """Her photographs that belong to no procedure."""
    yield from _photos(session, scope, sa.and_(Photo.patient_id == patient_id, Photo.procedure_id.is_(None)))


def _photos(session: Session, scope: Scope, wanted: sa.ColumnElement[bool]) -> Iterator[Json]:
    for row in session.scalars(sa.select(Photo).where(wanted).order_by(Photo.id)):
        yield media(scope, row)


def of_procedure(session: Session, scope: Scope, row: Procedure) -> Iterator[Json]:
    """One procedure: its plan, what was recorded, the note with its signatures, its photographs, and what came afterwards."""
    whole = record.load(session, row)
    all_steps = steps(whole, withdrawn=row.state == ProcedureState.ENTERED_IN_ERROR)
    yield procedure.whole_procedure(scope, whole, all_steps)
    yield from plan.requests(scope, row)
    if paper := consent.treatment(scope, row):
        yield paper
    made: dict[str, list[Json]] = {}
    for step in all_steps:
        for one in _of_step(scope, whole, step, all_steps):
            made.setdefault(step.id, []).append(ref(one["resourceType"], one["id"]))
            yield one
    yield from events.checklists(scope, whole, all_steps)
    standing = [one for step in all_steps if not step.struck for one in made.get(step.id, []) if not one["reference"].startswith("Device/")]
    yield note.composition(scope, whole, notes.build(whole), standing)
    yield note.printed(scope, whole)
    yield from _sealed(scope, whole)
    for step in all_steps:
        struck = provenance.retracted(scope, step, made.get(str(step.fact["retracts"]), [])) if step.kind == EntryKind.RETRACTION else None
        if struck:
            yield struck
    yield from _photos(session, scope, Photo.procedure_id == row.id)
    visits = afterwards.visits_of(session, row.id)
    yield plan.care_plan(scope, row, visits)
    yield from afterwards.follow_up(session, scope, visits)
    yield from afterwards.outcomes(session, scope, row.id)


def _of_step(scope: Scope, whole: record.Record, step: Step, all_steps: list[Step]) -> Iterator[Json]:
    found: list[Json | None] = []
    if step.kind in observations.STEPS:
        found.append(procedure.step_procedure(scope, whole, step))
    if step.kind in observations.OBSERVED:
        found.append(observations.observation(scope, whole, step, all_steps))
    if step.kind == EntryKind.ANAESTHESIA:
        found.append(medications.administration(scope, whole, step))
    if step.kind == EntryKind.HARVEST:
        found.append(specimens.lipoaspirate(scope, whole, step))
    if step.kind == EntryKind.FILTRATION:
        found.append(specimens.nanofat(scope, whole, step, all_steps))
    if step.kind == EntryKind.DEVICE_USE:
        found.append(devices.instrument(scope, step))
    if step.kind == EntryKind.INCIDENT:
        found.append(events.adverse_event(scope, whole, step))
    yield from (one for one in found if one)


def _sealed(scope: Scope, whole: record.Record) -> Iterator[Json]:
    """Addenda, what was signed, and who signed it."""
    if whole.signature:
        yield note.manifest(scope, whole, whole.signature)
        yield provenance.signed(scope, whole, whole.signature)
    for row in whole.addenda:
        yield note.addendum(scope, whole, row)
        yield note.manifest(scope, whole, row)
        yield provenance.appended(scope, row)


def references(resource: Any) -> Iterator[str]:
    """`Type/id` of every reference in a resource."""
    if isinstance(resource, dict):
        for name, value in resource.items():
            if name == "reference" and isinstance(value, str):
                yield value
            else:
                yield from references(value)
    elif isinstance(resource, list):
        for one in resource:
            yield from references(one)
