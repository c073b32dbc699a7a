"""The list of procedures, newest first, filtered, a page at a time."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, lazyload, load_only
from sqlalchemy.orm.attributes import set_committed_value

from schemas.vocabulary import ProcedureState, Subunit
from server.canonical import number
from server.clinics import service as clinics
from server.clinics.models import User
from server.db import among
from server.indexes import holds
from server.patients import service as patients
from server.patients.models import Patient, Scar
from server.patients.rules import fold
from server.problems import bad_cursor
from server.procedures.models import USUAL_TITLE, Entry, PlannedInjection, Procedure
from server.procedures.service.lifecycle import CHANGEABLE
from server.procedures.service.sums import injected

UNSIGNED = tuple(sorted(CHANGEABLE))
"""States in which a procedure may still be signed: neither signed nor withdrawn."""


_place = sa.tuple_(Procedure.planned_for, Procedure.id)
_OTHER = aliased(Procedure)
_OF_PATIENT = sa.and_(Patient.clinic_id == Procedure.clinic_id, Patient.id == Procedure.patient_id)


class Narrowing(TypedDict, total=False):
    """What a list may be narrowed to. Dates are days of the clinic's zone, both included; `also` are conditions of features above."""

    states: Sequence[str]
    surgeon_id: uuid.UUID | None
    patient_id: uuid.UUID | None
    planned_from: date | None
    planned_to: date | None
    subunit: Subunit | None
    q: str | None
    also: Sequence[sa.ColumnElement[bool]]


def procedures(
    session: Session, *, limit: int, after: Sequence[str] | None = None, **narrowing: Unpack[Narrowing]
) -> tuple[list[dict[str, Any]], tuple[str, str] | None]:
    """(rows in wire form, cursor parts or None)."""
    wanted = _wanted(session, narrowing)
    if states := narrowing.get("states"):
        wanted.append(Procedure.state.in_(states))
    if (surgeon_id := narrowing.get("surgeon_id")) is not None:
        wanted.append(Procedure.surgeon_id == surgeon_id)
    if after:
        wanted.append(_place < _position(after))
    newest = (Procedure.planned_for.desc(), Procedure.id.desc())
    # Which ones, before who they are: SQLite would put each of a thousand beside its patient to sort them and keep fifty.
    ids = session.scalars(sa.select(Procedure.id).where(*wanted).order_by(*newest).limit(limit + 1)).all()
    if not ids:
        return [], None
    query = (
        sa.select(Procedure, Patient, User)
        .join(Patient, _OF_PATIENT)
        .join(User, sa.and_(User.clinic_id == Procedure.clinic_id, User.id == Procedure.surgeon_id))
        .options(lazyload(Procedure.injections))
        .options(load_only(Patient.mrn, Patient.family_name, Patient.given_name), load_only(User.name))
        .where(Procedure.id.in_(ids))
        .order_by(*newest)
    )
    found = session.execute(query).all()
    page = found[:limit]
    _add_plans(session, [row[0] for row in page])
    given = injected(session, [row[0].id for row in page])
    rows = [_row(procedure, patient, surgeon, *given.get(procedure.id, (None, 0))) for procedure, patient, surgeon in page]
    last = page[-1][0] if len(found) > limit else None
    return rows, (last.planned_for.isoformat(), str(last.id)) if last else None


def neighbours(session: Session, here: Procedure, **narrowing: Unpack[Narrowing]) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """Ids of the procedures just above and just below this one in the list so narrowed, in which it need not be itself."""
    wanted = _wanted(session, narrowing)
    above = session.scalar(_nearest(here, narrowing, wanted, later=True))
    return above, session.scalar(_nearest(here, narrowing, wanted, later=False))


def _nearest(here: Procedure, narrowing: Narrowing, wanted: Sequence[sa.ColumnElement[bool]], *, later: bool) -> sa.Select[Any]:
    """The one that comes first from here on, among the first of each state.

    Each state has its range of an index. One query for several would walk the surgeon's range instead, past all that she has ever signed.
    """
    at = (here.planned_for, here.id)
    query = sa.select(Procedure.planned_for, Procedure.id).where(_place > at if later else _place < at, *wanted)
    states = narrowing.get("states") or ()
    if (surgeon_id := narrowing.get("surgeon_id")) is not None:
        few = states and ProcedureState.SIGNED not in states  # then asked in words that the index of surgeons does not answer
        query = query.where((Procedure.surgeon_id != surgeon_id).is_(False) if few else Procedure.surgeon_id == surgeon_id)
    each = [query.where(Procedure.state == state) for state in states] or [query]
    ways = (Procedure.planned_for, Procedure.id) if later else (Procedure.planned_for.desc(), Procedure.id.desc())
    firsts = sa.union_all(*(sa.select(one.order_by(*ways).limit(1).subquery()) for one in each)).subquery()
    when, key = firsts.c.planned_for, firsts.c.id
    return sa.select(key).order_by(*((when, key) if later else (when.desc(), key.desc()))).limit(1)


def _position(after: Sequence[str]) -> tuple[datetime, uuid.UUID]:
    try:
        return datetime.fromisoformat(after[0]).astimezone(UTC), uuid.UUID(after[1])
    except (ValueError, OverflowError):
        raise bad_cursor() from None


def _wanted(session: Session, narrowing: Narrowing) -> list[sa.ColumnElement[bool]]:
    """All of it but states and surgeon, whose indexes are chosen where they are asked for."""
    wanted = list(narrowing.get("also", ()))
    planned_from, planned_to = narrowing.get("planned_from"), narrowing.get("planned_to")
    zone = clinics.zone_of(session) if planned_from or planned_to else UTC
    if planned_from:
        wanted.append(Procedure.planned_for >= datetime.combine(planned_from, time(), zone))
    if planned_to:
        wanted.append(Procedure.planned_for < datetime.combine(planned_to + timedelta(days=1), time(), zone))
    if (patient_id := narrowing.get("patient_id")) is not None:
        wanted.append(Procedure.patient_id == patient_id)
    if subunit := narrowing.get("subunit"):
        here = sa.and_(Scar.clinic_id == Procedure.clinic_id, Scar.subunit == subunit)
        planned = sa.exists().where(
            here,
            PlannedInjection.clinic_id == Procedure.clinic_id,
            PlannedInjection.procedure_id == Procedure.id,
            PlannedInjection.scar_id == Scar.id,
        )
        injected = sa.exists().where(
            here, Entry.clinic_id == Procedure.clinic_id, Entry.procedure_id == Procedure.id, Entry.scar_id == Scar.id
        )
        wanted.append(sa.or_(planned, injected))
    return wanted + _all_said(session, (narrowing.get("q") or "").split())


def _all_said(session: Session, words: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """That each word is part of the title, or of what finds the patient.

    Nearly all titles are the usual one: what that does not say, the patient must, and is asked for all such words at once. Titles that are
    not have an index of their own.
    """
    said = list(dict.fromkeys(words))
    if not said:
        return []
    rest = [word for word in said if word.lower() not in USUAL_TITLE.lower()]
    theirs = _of_patients(session, rest)
    if rest != said:
        theirs = sa.and_(Procedure.title == USUAL_TITLE, theirs)
    return [sa.or_(theirs, _titled(session, said, by_title=rest == said))]


def _of_patients(session: Session, words: Sequence[str]) -> sa.ColumnElement[bool]:
    """That each word finds the patient. Few such are named by id; one of many is met soon on the way through the list."""
    if not words:
        return sa.true()
    named = sa.and_(*(holds(Patient.search, fold(word)) for word in words))
    few = patients.few_found(session, named)
    if few is not None:
        return among(session, Procedure.patient_id, few) if few else sa.false()
    # Asked as a value: PostgreSQL would join a question whether there is one, and read all patients for it with workers of its own.
    whose = (Patient.clinic_id == session.info["clinic_id"], Patient.id == Procedure.patient_id)
    return sa.select(named).where(*whose).scalar_subquery().is_(True)


def _titled(session: Session, words: Sequence[str], *, by_title: bool) -> sa.ColumnElement[bool]:
    """That the title is one of its own, and each word is part of it or finds the patient; `by_title`: one at least is part of it."""
    other, clinic_id = _OTHER, session.info["clinic_id"]
    in_title = [sa.func.lower(other.title).contains(word.lower(), autoescape=True) for word in words]
    whose = (Patient.clinic_id == clinic_id, Patient.id == other.patient_id)
    finds = [sa.exists().where(*whose, holds(Patient.search, fold(word))) for word in words]
    each = [sa.or_(*ways) for ways in zip(in_title, finds, strict=True)]
    own = sa.select(other.id).where(
        other.clinic_id == clinic_id, other.title != USUAL_TITLE, *([sa.or_(*in_title)] if by_title else ()), *each
    )
    few = session.scalars(own.limit(patients.FEW + 1)).all()
    if len(few) > patients.FEW:
        return Procedure.id.in_(own)
    return Procedure.id.in_(few) if few else sa.false()


def _add_plans(session: Session, procedures: Sequence[Procedure]) -> None:
    """Load the plans of a page by the index. The relationship itself asks for pairs of ids, for which SQLite reads the whole table."""
    planned: dict[uuid.UUID, list[PlannedInjection]] = {procedure.id: [] for procedure in procedures}
    query = sa.select(PlannedInjection).where(
        PlannedInjection.clinic_id == session.info["clinic_id"], PlannedInjection.procedure_id.in_(planned)
    )
    for one in session.scalars(query.order_by(PlannedInjection.position)):
        planned[one.procedure_id].append(one)
    for procedure in procedures:
        set_committed_value(procedure, "injections", planned[procedure.id])


def _row(procedure: Procedure, patient: Patient, surgeon: User, injected_ul: int | None, scars: int) -> dict[str, Any]:
    return procedure.document() | {
        "patient": {"id": str(patient.id), "mrn": patient.mrn, "name": patient.name},
        "surgeon": {"id": str(surgeon.id), "name": surgeon.name},
        "injected_ml": None if injected_ul is None else number(injected_ul, 1000),
        "scars": scars,
    }
