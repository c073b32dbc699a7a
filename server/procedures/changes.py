"""Who must hear, inside the same transaction, that a procedure changed state. Features above this one register here."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState
from server.procedures.models import Procedure

Listener = Callable[[Session, Procedure, ProcedureState], None]
listeners: list[Listener] = []


def announce(session: Session, procedure: Procedure, before: ProcedureState) -> None:
    """Tell every listener; a listener that raises undoes the change."""
    for listener in listeners:
        listener(session, procedure, before)
