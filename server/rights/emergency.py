"""Emergency access: open one patient's record for an hour with a reason, list what was opened, review it."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.ids import uuid7
from server.journal.service import say
from server.patients.models import Patient
from server.problems import Problem, invalid
from server.procedures.models import Procedure
from server.rights.models import EmergencyAccess

LASTS = timedelta(hours=1)


def open_record(session: Session, *, mrn: str, reason: str) -> EmergencyAccess:
    """Let the acting person read this patient's record for an hour. Raises `invalid` for a number that nobody has."""
    patient = session.scalar(sa.select(Patient).where(Patient.mrn == mrn))
    if patient is None:
        raise invalid("/mrn", "No patient has this number. Read it from the patient's papers or wristband.")
    access = EmergencyAccess(
        id=uuid7(), user_id=session.info["actor"].user_id, patient_id=patient.id, reason=reason, expires_at=clock.now() + LASTS
    )
    session.add(access)
    say(session, access, "open")
    session.flush()
    return access


def opened(session: Session, user_id: uuid.UUID, patient_id: uuid.UUID) -> uuid.UUID | None:
    """The emergency access that lets this person read this patient's record now."""
    mine = (EmergencyAccess.user_id == user_id, EmergencyAccess.patient_id == patient_id, EmergencyAccess.expires_at > clock.now())
    return session.scalar(sa.select(EmergencyAccess.id).where(*mine).order_by(EmergencyAccess.expires_at.desc()).limit(1))


def procedures_of(session: Session, access: EmergencyAccess) -> Sequence[Procedure]:
    """What there is to read, the newest first."""
    query = sa.select(Procedure).where(Procedure.patient_id == access.patient_id)
    return session.scalars(query.order_by(Procedure.planned_for.desc(), Procedure.id)).all()


def listed(session: Session, *, after: uuid.UUID | None, limit: int) -> list[EmergencyAccess]:
    """Up to `limit` of them, the newest first, reviewed or not."""
    query = sa.select(EmergencyAccess).order_by(EmergencyAccess.id.desc()).limit(limit)
    return list(session.scalars(query.where(EmergencyAccess.id < after) if after else query))


def waiting(session: Session) -> int:
    """How many nobody has reviewed."""
    query = sa.select(sa.func.count()).select_from(EmergencyAccess).where(EmergencyAccess.reviewed_at.is_(None))
    return session.scalar(query) or 0


def review(session: Session, access: EmergencyAccess, note: str) -> EmergencyAccess:
    """Say what came of looking into it. Raises `not_allowed` for one's own, `conflict` when it was reviewed already."""
    actor = session.info["actor"]
    if access.user_id == actor.user_id:
        raise Problem("not_allowed", "An emergency access is reviewed by somebody else than who opened it. Ask a colleague.")
    if access.reviewed_at is not None:
        raise Problem("conflict", "It was reviewed already; see who and when.")
    access.reviewed_by, access.reviewed_at, access.review_note = actor.user_id, clock.now(), note
    say(session, access, "review")
    session.flush()
    return access
