"""A procedure's course as a tablet tells it: its state and times, moved by the same verbs as over the API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.orm import Session

from schemas.fields import Moment, Text
from schemas.vocabulary import ProcedureState
from server.access import Permission
from server.problems import Problem, invalid
from server.procedures.models import Procedure
from server.procedures.service import lifecycle
from server.sync.push.attempts import needs
from server.sync.service.people import Acting

S = ProcedureState
NAMES = ("state", "started_at", "ended_at", "closed_reason")
_MOMENT, _TEXT = Moment(), Text(longest=1000)
_AHEAD: dict[ProcedureState, frozenset[ProcedureState]] = {
    S.PLANNED: frozenset({S.IN_PROGRESS, S.COMPLETED, S.CANCELLED, S.ABANDONED, S.ENTERED_IN_ERROR}),
    S.IN_PROGRESS: frozenset({S.COMPLETED, S.ABANDONED, S.ENTERED_IN_ERROR}),
    S.COMPLETED: frozenset({S.ENTERED_IN_ERROR}),
    S.SIGNED: frozenset({S.ENTERED_IN_ERROR}),
    S.CANCELLED: frozenset({S.ENTERED_IN_ERROR}),
    S.ABANDONED: frozenset({S.ENTERED_IN_ERROR}),
}


def wanted(document: Mapping[str, Any]) -> ProcedureState | None:
    """The state that a document speaks of; None where it speaks of none. Raises 422 for no state at all."""
    value = document.get("state")
    if value is None:
        return None
    if not isinstance(value, str) or value not in set(S):
        raise invalid("/state", f"Must be one of: {', '.join(S)}.")
    return S(value)


def leads_on(procedure: Procedure, document: Mapping[str, Any], base: Mapping[str, Any] | None) -> bool:
    """Whether the tablet has moved the procedure on from where it stands now.

    Its first entry begins a procedure, so a tablet's `completed` may well meet `in_progress`: that is one course, no conflict.
    """
    to = wanted(document)
    if to is None or (base is not None and base.get("state") == to):
        return False
    if to == procedure.state == S.IN_PROGRESS:
        return base is not None and base.get("state") == S.PLANNED
    return to in _AHEAD.get(procedure.state, frozenset())


def _moment(document: Mapping[str, Any], name: str) -> datetime | None:
    if document.get(name) is None:
        return None
    try:
        moment: datetime = _MOMENT.deserialize(document[name])
    except ValidationError as error:
        raise invalid(f"/{name}", " ".join(map(str, error.messages))) from None
    return moment


def _reason(document: Mapping[str, Any]) -> str:
    try:
        return str(_TEXT.deserialize(document.get("closed_reason")))
    except ValidationError:
        raise invalid("/closed_reason", "Say why.") from None


def check_reason(document: Mapping[str, Any]) -> None:
    """422 for a reason that could not be stored."""
    if document.get("closed_reason") is not None:
        _reason(document)


def walk(session: Session, procedure: Procedure, document: Mapping[str, Any], who: Acting) -> None:
    """Move a locked procedure on to the state of the document, by way of the states between."""
    to, began, ended = wanted(document), _moment(document, "started_at"), _moment(document, "ended_at")
    if to is None or to == S.PLANNED:
        return
    if to == S.SIGNED:
        raise Problem("wrong_state", "A tablet does not sign by its state; sign on the page or over the API.")
    needs(who, {S.CANCELLED: Permission.PLAN, S.ENTERED_IN_ERROR: Permission.SIGN}.get(to, Permission.RECORD))
    if to in {S.IN_PROGRESS, S.COMPLETED, S.ABANDONED}:
        _begin(session, procedure, began)
    if to == S.COMPLETED:
        lifecycle.complete(session, procedure, ended)
    elif to == S.ABANDONED:
        lifecycle.abandon(session, procedure, _reason(document), ended)
    elif to == S.CANCELLED:
        lifecycle.cancel(session, procedure, _reason(document))
    elif to == S.ENTERED_IN_ERROR:
        lifecycle.withdraw(session, procedure, _reason(document))


def _begin(session: Session, procedure: Procedure, began: datetime | None) -> None:
    if procedure.state == S.PLANNED:
        lifecycle.start(session, procedure, began)
    elif began is not None:
        lifecycle.started_earlier(session, procedure, began)
