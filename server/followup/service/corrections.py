"""Taking back what a call logged by mistake has done: the visit's mark, the day it was put off to, alerts raised or closed."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import AlertKind, CallOutcome, VisitState
from server.clinics import service as clinics
from server.followup.comparison import SUPERSEDED, WINDOW_CLOSED, state_on
from server.followup.models import Alert, Call, Visit
from server.followup.service.alerts import close_alert
from server.followup.service.visits import resync
from server.journal.service import say

SETTLED_BY = "Settled by a call"
_MARKED = {CallOutcome.BOOKED: VisitState.BOOKED, CallOutcome.DECLINED: VisitState.DECLINED}


def take_back(session: Session, visit: Visit, call: Call) -> None:
    """Undo a visit's last call, which stays in the record. The visit is locked; its unsent messages follow."""
    visit.call_after = None
    if visit.state == _MARKED.get(call.outcome):
        visit.booked_for = visit.confirmed_at = None
        visit.state = _by_calendar(session, visit)
        visit.reason = WINDOW_CLOSED if visit.state == VisitState.MISSED else None
        say(session, visit, "take_back")
        session.flush()
        resync(session, visit, reason=SUPERSEDED)
    about = (Alert.patient_id == visit.patient_id, sa.or_(Alert.visit_id == visit.id, Alert.visit_id.is_(None)))
    raised = (Alert.kind == AlertKind.BAD_CONTACT, Alert.closed_at.is_(None), Alert.raised_at >= call.called_at)
    if call.outcome == CallOutcome.WRONG_NUMBER:
        for alert in session.scalars(sa.select(Alert).where(*about, *raised).with_for_update()).all():
            close_alert(session, alert, "The call was logged by mistake.")
    closed = (Alert.closed_at >= call.called_at, Alert.closing_note.startswith(SETTLED_BY))
    for alert in session.scalars(sa.select(Alert).where(*about, *closed).with_for_update()).all():
        alert.closed_at = alert.closed_by = alert.closing_note = None
        say(session, alert, "open_again")
    session.flush()


def _by_calendar(session: Session, visit: Visit) -> VisitState:
    return state_on(clinics.today(session), visit, VisitState.PLANNED)
