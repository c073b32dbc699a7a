"""Create, change and find patients and scars."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.clinics.service import is_zone, zone_of
from server.db import find
from server.ids import uuid7
from server.indexes import holds
from server.journal.service import Journaled
from server.patients.changes import HEARD, announce
from server.patients.models import Patient, Scar
from server.patients.phones import NotAPhone, country_of, e164
from server.patients.rules import fold, phone_digits, searchable
from server.problems import Problem, bad_cursor, invalid
from server.replay import content_hash, replayed

_DAYS_A_MONTH = 30.4375
FEW = 500
"""So many patients whom a search finds are few."""


def create_patient(session: Session, fields: dict[str, Any]) -> tuple[Patient, bool]:
    """(patient, whether it is new). The same id with the same content is the stored patient. Raises `id_taken`, `duplicate`."""
    stored, _ = replayed(session, Patient, fields)
    if stored:
        return stored, False
    try:
        return create_patients(session, [fields])[0], True
    except Problem:
        stored, _ = replayed(session, Patient, fields)  # a twin of this call may have been faster, and has the number
        if stored is None:
            raise
        return stored, False


def create_patients(session: Session, many: Sequence[dict[str, Any]]) -> list[Patient]:
    """New patients under ids that are free, in one statement. All or none. Raises `duplicate` or 422."""
    made = [Patient(**{"id": uuid7(), **fields}, content_hash=content_hash(fields)) for fields in many]
    taken = set(session.scalars(sa.select(Patient.mrn).where(Patient.mrn.in_([patient.mrn for patient in made]))))
    for patient in made:
        if patient.mrn in taken:
            raise _duplicate(patient.mrn)
        taken.add(patient.mrn)
        _check_rest(session, patient)
    session.add_all(made)
    session.flush()
    return made


def change_patient(session: Session, patient: Patient, changes: dict[str, Any]) -> Patient:
    """Apply a PATCH. Raises `duplicate` for another patient's number."""
    before = [getattr(patient, name) for name in HEARD]
    _apply(patient, changes)
    _check(session, patient)
    session.flush()
    if before != [getattr(patient, name) for name in HEARD]:
        announce(session, patient)
    return patient


def _check(session: Session, patient: Patient) -> None:
    with session.no_autoflush:
        other = session.scalar(sa.select(Patient.id).where(Patient.mrn == patient.mrn, Patient.id != patient.id))
    if other:
        raise _duplicate(patient.mrn)
    _check_rest(session, patient)


def _duplicate(mrn: str) -> Problem:
    message = f"Another patient of this clinic has the number {mrn}; find that patient, or use another number."
    return Problem("duplicate", message, errors=[{"pointer": "/mrn", "message": message}])


def _check_rest(session: Session, patient: Patient) -> None:
    _check_dates(patient)
    _check_contact(session, patient)
    patient.search = searchable(patient.family_name, patient.given_name, patient.mrn, phone=patient.phone)


def _check_dates(patient: Patient) -> None:
    tomorrow = clock.now().date() + timedelta(days=1)  # somewhere it is tomorrow already
    if patient.birth_date and patient.birth_date > tomorrow:
        raise invalid("/birth_date", "Lies in the future; check the year.")
    if patient.died_on and patient.died_on > tomorrow:
        raise invalid("/died_on", "Lies in the future; check the date.")
    if patient.died_on and patient.birth_date and patient.died_on < patient.birth_date:
        raise invalid("/died_on", "Lies before the date of birth; check both dates.")


def _check_contact(session: Session, patient: Patient) -> None:
    if patient.time_zone and not is_zone(patient.time_zone):
        raise invalid("/time_zone", "Not a known time zone; write it as Area/City, for example Europe/Budapest.")
    if not patient.phone:
        patient.phone_e164 = None
        return
    try:
        patient.phone_e164 = e164(patient.phone, country_of(zone_of(session)))
    except NotAPhone as error:
        raise invalid("/phone", str(error)) from None


def few_found(session: Session, said: sa.ColumnElement[bool]) -> Sequence[uuid.UUID] | None:
    """Ids of the patients of whom this holds; None where those are many: they are met soon on the way through any list.

    Few are looked up by their ids. Read in the order of the names, or beside each procedure, they would cost a large clinic's whole list.
    """
    ids = session.scalars(sa.select(Patient.id).where(Patient.clinic_id == session.info["clinic_id"], said).limit(FEW + 1)).all()
    return ids if len(ids) <= FEW else None


def find_patients(session: Session, *, q: str | None, after: uuid.UUID | None, limit: int) -> list[Patient]:
    """Up to `limit` patients by name; each word of `q` must occur in name, number or phone (whose spacing does not matter).

    `after` is the id of the last one before: a place that named her would stand in the address of the next page.
    """
    query = sa.select(Patient).order_by(Patient.family_name, Patient.given_name, Patient.id).limit(limit)
    words = sa.and_(sa.true(), *(holds(Patient.search, word) for word in fold(q or "").split()))
    phone = phone_digits(q or "")
    if q:
        said = sa.or_(words, holds(Patient.search, phone)) if phone else words
        few = few_found(session, said)
        query = query.where(said if few is None else Patient.id.in_(few))
    if after:
        last = find(session, Patient, after)
        if last is None:
            raise bad_cursor()
        query = query.where(sa.tuple_(Patient.family_name, Patient.given_name, Patient.id) > (last.family_name, last.given_name, last.id))
    return list(session.scalars(query))


def create_scar(session: Session, patient: Patient, fields: dict[str, Any]) -> tuple[Scar, bool]:
    """(scar, whether it is new) of `patient`. Raises `id_taken` or 422."""
    stored, _ = replayed(session, Scar, fields | {"patient_id": patient.id})
    return (stored, False) if stored else (create_scars(session, [(patient, fields)])[0], True)


def create_scars(session: Session, many: Sequence[tuple[Patient, dict[str, Any]]]) -> list[Scar]:
    """New scars under ids that are free, in one statement. All or none. Raises 422."""
    made = []
    for patient, fields in many:
        scar = Scar(**{"id": uuid7(), **fields}, patient_id=patient.id, content_hash=content_hash(fields | {"patient_id": patient.id}))
        _check_scar(scar, patient)
        made.append(scar)
    session.add_all(made)
    session.flush()
    return made


def change_scar(session: Session, scar: Scar, changes: dict[str, Any]) -> Scar:
    """Apply a PATCH."""
    _apply(scar, changes)
    patient = find(session, Patient, scar.patient_id)
    _check_scar(scar, patient)
    session.flush()
    return scar


def _check_scar(scar: Scar, patient: Patient | None) -> None:
    if scar.length_um and scar.width_um and scar.width_um > scar.length_um:
        raise invalid("/width_mm", "Width is larger than length; swap the two.")
    if len({scar.x_e4 is None, scar.y_e4 is None, scar.view is None}) > 1:
        raise invalid("/view", "A point on the face map needs view, x and y together; send all three, or null for all.")
    if patient and patient.birth_date and scar.age_months is not None:
        age = (clock.now().date() - patient.birth_date).days / _DAYS_A_MONTH
        if scar.age_months > age + 1:
            raise invalid("/age_months", f"The scar would be older than the patient ({int(age)} months); check both.")


def scars_of(session: Session, patient_id: uuid.UUID) -> list[Scar]:
    """All scars of a patient, in the order they were recorded."""
    return list(session.scalars(sa.select(Scar).where(Scar.patient_id == patient_id).order_by(Scar.created_at, Scar.id)))


def _apply(row: Journaled, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
