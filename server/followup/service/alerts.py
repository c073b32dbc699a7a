"""Alerts: what needs a person, raised once and standing until somebody says what was done. Those that cannot wait: alarms.py."""

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import AlertKind
from server import clock
from server.followup.models import Alert, Visit
from server.ids import uuid7
from server.journal.service import say
from server.problems import Problem


def raise_alert(
    session: Session,
    kind: AlertKind,
    *,
    patient_id: uuid.UUID,
    detail: str,
    visit: Visit | None = None,
    procedure_id: uuid.UUID | None = None,
) -> Alert:
    """The open alert of this kind about this patient's visit, new or already there. `detail` is a sentence for staff.

    `procedure_id` says what it is about where there is no visit; a visit knows its own.
    """
    standing = session.scalar(
        sa.select(Alert).where(
            Alert.kind == kind, Alert.patient_id == patient_id, Alert.closed_at.is_(None), Alert.visit_id == (visit.id if visit else None)
        )
    )
    if standing:
        return standing
    alert = Alert(
        id=uuid7(),
        clinic_id=session.info["clinic_id"],
        kind=kind,
        patient_id=patient_id,
        procedure_id=visit.procedure_id if visit else procedure_id,
        visit_id=visit.id if visit else None,
        detail=detail,
    )
    session.add(alert)
    session.flush()
    return alert


WISHES = (AlertKind.WANTS_A_CALL, AlertKind.WANTS_ANOTHER_TIME)


def settle_wishes(session: Session, visit: Visit, note: str) -> None:
    """Close what the patient had asked for about this visit, or about none in particular. A concerning answer takes a person's own note."""
    for alert in _wishes(session, visit):
        close_alert(session, alert, note)


def _wishes(session: Session, visit: Visit) -> Sequence[Alert]:
    query = sa.select(Alert).where(
        Alert.patient_id == visit.patient_id,
        Alert.closed_at.is_(None),
        Alert.kind.in_(WISHES),
        sa.or_(Alert.visit_id == visit.id, Alert.visit_id.is_(None)),
    )
    return session.scalars(query.order_by(Alert.id).with_for_update()).all()


def close_alert(session: Session, alert: Alert, note: str) -> Alert:
    """Say what was done. Raises `conflict` for an alert that somebody has closed already."""
    if alert.closed_at:
        raise Problem("conflict", "Somebody has already dealt with this; read it again.")
    actor = session.info.get("actor")
    alert.closed_at, alert.closed_by, alert.closing_note = clock.now(), actor.user_id if actor else None, note
    alert.next_escalation_at = None
    say(session, alert, "close")
    session.flush()
    return alert
