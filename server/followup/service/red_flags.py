"""Red flags as somebody reports them: one open alert for a patient that names them all, told at once. Nothing is ever suppressed."""

import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.questions import Given, Question
from schemas.red_flags import RED_FLAGS, RedFlag, said_of
from schemas.vocabulary import AlertKind
from server.db import find
from server.followup.models import Alert, Answer, Visit
from server.followup.service import alarms
from server.ids import uuid7
from server.patients.models import Patient
from server.problems import Problem
from server.procedures.models import Procedure

BY_LINK, BY_PHONE = "link", "phone"


def in_order(flags: Iterable[str]) -> list[RedFlag]:
    """Each once, as they are asked."""
    named = set(flags)
    return [one for one in RedFlag if one in named]


def sound(session: Session, patient_id: uuid.UUID, flags: Sequence[RedFlag], *, via: str, visit: Visit | None) -> Alert:
    """The patient's open alert, new or with what is new added to it; a flag that it names already is not told again."""
    standing = _standing(session, patient_id)
    if standing is None:
        how = "on the patient’s page" if via == BY_LINK else "by telephone"
        detail = f"Said {how}: {said_of(list(flags))}. Call now."
        return alarms.sound(session, AlertKind.RED_FLAG, alarms.FLAG_SAID, patient_id=patient_id, detail=detail, visit=visit)
    new = [one for one in flags if RED_FLAGS[one].name not in standing.detail]
    if new:
        alarms.add(session, standing, alarms.FLAG_SAID, f"{standing.detail} Later also: {said_of(new)}.")
    return standing


def seen(session: Session, procedure: Procedure, findings: Sequence[str], visit: Visit | None) -> Alert:
    """What an assessment found that cannot wait, in words: the patient's open alert, as in `sound`."""
    standing = _standing(session, procedure.patient_id)
    if standing is None:
        detail = f"An assessment found: {', '.join(findings)}. The surgeon must see it at once."
        about = {"patient_id": procedure.patient_id, "procedure_id": procedure.id}
        return alarms.sound(session, AlertKind.RED_FLAG, alarms.FLAG_SEEN, **about, detail=detail, visit=visit)
    standing.procedure_id = standing.procedure_id or procedure.id
    new = [one for one in findings if one not in standing.detail]
    if new:
        alarms.add(session, standing, alarms.FLAG_SEEN, f"{standing.detail} An assessment found also: {', '.join(new)}.")
    return standing


def _standing(session: Session, patient_id: uuid.UUID) -> Alert | None:
    """The patient's open alert, locked."""
    mine = (Alert.kind == AlertKind.RED_FLAG, Alert.patient_id == patient_id, Alert.closed_at.is_(None))
    return session.scalar(sa.select(Alert).where(*mine).order_by(Alert.id).limit(1).with_for_update())


def report(
    session: Session, patient_id: uuid.UUID, flags: Iterable[str], *, via: str = BY_PHONE, report_id: uuid.UUID | None = None
) -> tuple[Answer, bool]:
    """(what was reported outside of any visit, whether it is new). Raises `not_found`, and `id_taken` for another report's id."""
    patient = find(session, Patient, patient_id)
    if patient is None:
        raise Problem("not_found", "Check the address and the id.")
    named = in_order(flags)
    stored = find(session, Answer, report_id) if report_id else None
    if stored is not None:
        if (stored.visit_id, stored.patient_id, stored.flags) != (None, patient.id, named):
            raise Problem("id_taken", "Use a new id for a new report; reports are never changed.")
        return stored, False
    actor = session.info.get("actor")
    answer = Answer(
        id=report_id or uuid7(),
        clinic_id=session.info["clinic_id"],
        visit_id=None,
        patient_id=patient.id,
        question=Question.RED_FLAGS,
        answer=Given.YES,
        flags=named,
        concerning=True,
        via=via,
        given_by=actor.user_id if actor else None,
    )
    session.add(answer)
    session.flush()
    sound(session, patient.id, named, via=via, visit=None)
    return answer, True


def of_patient(session: Session, patient_id: uuid.UUID) -> Sequence[Answer]:
    """All that was said about red flags of this patient, the newest first."""
    query = sa.select(Answer).where(Answer.patient_id == patient_id, Answer.question == Question.RED_FLAGS)
    return session.scalars(query.order_by(Answer.given_at.desc(), Answer.id.desc())).all()
