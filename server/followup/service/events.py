"""What a clinic's own systems are told: every visit that comes to another state, all that becomes of an alert, wherever that happens."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from schemas.vocabulary import VisitState
from server.canonical import instant
from server.followup.models import Alert, Visit
from server.followup.service import endpoints

_HEARD = "events_to_tell"
_OF_A_VISIT = ("state", "booked_for")
_OF_AN_ALERT = {"closed_at": "alert.closed", "escalated_at": "alert.escalated", "acknowledged_at": "alert.acknowledged"}
"""Changes that other systems have a use for. That a visit is planned for another day is none: it is said when it falls due."""


@event.listens_for(Session, "before_flush")
def _listen(session: Session, _context: object, _instances: object) -> None:
    for row in (*session.new, *session.dirty):
        if (kind := _kind(row, is_new=row in session.new)) is not None:
            session.info.setdefault(_HEARD, {})[row.id] = (kind, row)


def _kind(row: object, *, is_new: bool) -> str | None:
    if isinstance(row, Visit) and not is_new and row.state != VisitState.PLANNED and _has_changed(row, *_OF_A_VISIT):
        return f"visit.{row.state}"
    if isinstance(row, Alert):
        return "alert.raised" if is_new else next((kind for name, kind in _OF_AN_ALERT.items() if _has_come(row, name)), None)
    return None


def _has_come(row: Alert, name: str) -> bool:
    return getattr(row, name) is not None and _has_changed(row, name)


def _has_changed(row: object, *names: str) -> bool:
    return any(sa.inspect(row).attrs[name].history.has_changes() for name in names)


@event.listens_for(Session, "before_commit", insert=True)  # before the journal seals the transaction: the messages are part of it
def _tell(session: Session) -> None:
    if session.in_nested_transaction() or _HEARD not in session.info:
        return
    session.flush()
    heard: dict[Any, tuple[str, Visit | Alert]] = session.info.pop(_HEARD)
    systems = endpoints.webhooks(session)
    for kind, row in heard.values() if systems else ():
        if row in session:  # not taken back with a savepoint
            endpoints.send_event(session, kind, _data(row), systems)


def _data(row: Visit | Alert) -> dict[str, Any]:
    if isinstance(row, Alert):
        about = {"alert_id": row.id, "kind": row.kind, "visit_id": row.visit_id, "procedure_id": row.procedure_id}
        return {name: str(value) if value else None for name, value in about.items()}
    return {
        "visit_id": str(row.id),
        "procedure_id": str(row.procedure_id),
        "step": row.step,
        "state": str(row.state),
        "target_date": row.target_date.isoformat(),
        "booked_for": instant(row.booked_for) if row.booked_for else None,
    }
