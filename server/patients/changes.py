"""Who must hear, inside the same transaction, that a patient's facts changed. Features above this one register here."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from server.patients.models import Patient

HEARD = ("died_on", "phone_e164", "email", "contact_by", "time_zone", "language", "reminder_consent")
"""Facts that decide whether, when and how a patient is told something."""

Listener = Callable[[Session, Patient], None]
listeners: list[Listener] = []


def announce(session: Session, patient: Patient) -> None:
    """Tell every listener; a listener that raises undoes the change."""
    for listener in listeners:
        listener(session, patient)
