"""Marks of the views that show patients, and the row of the access log that is stored before their answer leaves."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import g, request
from sqlalchemy.orm import Session

from schemas.reading_words import Outcome, Reading
from server import clock
from server.access import Caller
from server.db import Base, Database
from server.journal.access import write

_OUTCOMES = {403: Outcome.NOT_ALLOWED, 404: Outcome.NOT_FOUND}
_SUBJECTS = {
    "scar_id": "scars",
    "photo_id": "photos",
    "procedure_id": "procedures",
    "visit_id": "visits",
    "reminder_id": "reminders",
    "pair_id": "rating_pairs",
}
"""Argument of an address → table whose rows name their patient."""

SYNC_EVERY = timedelta(minutes=10)
"""A tablet pulls every few seconds; that it holds the record is said once in so long for each person on it."""

View = TypeVar("View", bound=Callable[..., Any])


def reads(reading: Reading) -> Callable[[View], View]:
    """Mark a view that shows patients. Whose record it is, its address says; a view of several says `saw`."""

    def mark(view: View) -> View:
        view.__reads__ = reading  # type: ignore[attr-defined]  # reason: the mark itself
        return view

    return mark


def saw(patients: Iterable[uuid.UUID | None], record: uuid.UUID | None = None) -> None:
    """These patients are in the answer; `record` is what was read of them, where the address has no argument that says so."""
    g.setdefault("patients_seen", set()).update(one for one in patients if one)
    g.record_seen = record


def saw_cohort(report_id: uuid.UUID) -> None:
    """Many patients at once, as numbers: one row that names a row of `reports` (what was asked, at which lock, of how many), no patient."""
    g.patients_seen, g.record_seen = {None}, report_id


def rather(reading: Reading) -> None:
    """What this answer is, where a view gives several: the note as a file leaves the clinic."""
    g.reading = reading


def rule_of(view: object) -> Reading | None:
    """What the view is marked with."""
    return getattr(view, "__reads__", None)


_synced: dict[tuple[uuid.UUID | None, ...], datetime] = {}


def _sync_is_said(caller: Caller) -> bool:
    before = _synced.get(_whose(caller))
    return before is not None and timedelta(0) <= clock.now() - before < SYNC_EVERY


def _whose(caller: Caller) -> tuple[uuid.UUID | None, ...]:
    return caller.clinic_id, caller.user_id, caller.device_id


def log(db: Database, view: object, caller: Caller | None, status: int) -> None:
    """Store what was read, or asked for in vain. Raises when it cannot be stored: then nothing is shown either."""
    reading = g.get("reading") or rule_of(view)
    if reading is None or caller is None or request.method != "GET" or not (status == 200 or status in _OUTCOMES):  # noqa: PLR2004  reason: OK
        return
    if reading == Reading.SYNC and (status != 200 or _sync_is_said(caller)):  # noqa: PLR2004  reason: OK
        return
    arguments = request.view_args or {}
    with db.transaction(caller.clinic_id, actor=caller) as session:
        patients = _patients(session, caller.clinic_id, reading, arguments) if status != 404 else {None}  # noqa: PLR2004  reason: not found
        named = next((value for name, value in arguments.items() if name == "patient_id" or name in _SUBJECTS), None)
        record = g.get("record_seen") or named
        write(session, caller, reading, patients, record, _OUTCOMES.get(status, Outcome.GIVEN), g.get("emergency_id"))
    if reading == Reading.SYNC:  # not before it is stored: until then it is said at the next pull
        _synced[_whose(caller)] = clock.now()


def subject(session: Session, view: object, clinic_id: uuid.UUID) -> uuid.UUID | None:
    """The one patient whose record the address names, for views that show no others; None for lists."""
    reading, arguments = rule_of(view), request.view_args or {}
    if reading is None or reading == Reading.LIST or not arguments:
        return None
    found = _patients(session, clinic_id, reading, arguments)
    return next(iter(found)) if len(found) == 1 else None


def _patients(session: Session, clinic_id: uuid.UUID, reading: Reading, arguments: Mapping[str, Any]) -> set[uuid.UUID | None]:
    """Whom the answer is about: those whom the view saw, else whose record the address names; a sync is about nobody in particular."""
    if "patients_seen" in g:
        return set(g.patients_seen)
    if "patient_id" in arguments:
        return {arguments["patient_id"]}
    for name, table in _SUBJECTS.items():
        if name in arguments:
            rows = Base.metadata.tables[table]
            query = sa.select(rows.c.patient_id).where(rows.c.clinic_id == clinic_id, rows.c.id == arguments[name])
            return {session.connection().execute(query).scalar()}
    return {None} if reading == Reading.SYNC else set()
