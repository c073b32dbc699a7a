"""What pages ask of the database beyond the features' services: reading only, joined and ordered for people."""

import uuid
from collections.abc import Mapping, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server import clock
from server.canonical import instant
from server.clinics.models import Device, User
from server.db import InClinic, find
from server.followup.models import Reminder, Visit
from server.followup.service.listing import NOT_YET, aware, position
from server.patients.models import Patient

Row = tuple[Reminder, Visit | None, Patient | None]
Found = TypeVar("Found", bound=InClinic)


def names(session: Session, model: type[User] | type[Device], ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    """Names of people or tablets, by id."""
    found = session.execute(sa.select(model.id, model.name).where(model.id.in_(ids - {None})))
    return {one: name for one, name in found}  # noqa: C416  reason: rows are no pairs to mypy


def by_id(session: Session, model: type[Found], ids: set[uuid.UUID | None]) -> dict[uuid.UUID | None, Found]:
    """Records of this clinic, by id."""
    return {one.id: one for one in session.scalars(sa.select(model).where(model.id.in_(ids - {None})))}


def tablet(device_id: uuid.UUID | None, tablets: Mapping[uuid.UUID | None, str]) -> str | None:
    """On which tablet something was done; None: on none."""
    return tablets.get(device_id, "a tablet not known here") if device_id else None


def reminders(session: Session, *, to_come: bool, after: Sequence[str] | None, limit: int) -> tuple[list[Row], tuple[str, str] | None]:
    """(rows, cursor parts or None): those still waiting, soonest first; or all whose time has come or that were settled, newest first."""
    still_to_come = sa.and_(Reminder.state.in_(NOT_YET), Reminder.due_at > clock.now())
    place = sa.tuple_(Reminder.due_at, Reminder.id)
    query = sa.select(Reminder).limit(limit + 1)
    if to_come:
        query = query.where(still_to_come).order_by(Reminder.due_at, Reminder.id)
    else:
        query = query.where(~still_to_come).order_by(Reminder.due_at.desc(), Reminder.id.desc())
    if after:
        reached = position(after, aware)
        query = query.where(place > reached if to_come else place < reached)
    found = session.scalars(query).all()  # alone: joined, SQLite gets ready for all that ever were, for the fifty of a page
    last = found[limit - 1] if len(found) > limit else None
    return _with_whom(session, found[:limit]), (instant(last.due_at), str(last.id)) if last else None


def reminder(session: Session, reminder_id: uuid.UUID) -> Row | None:
    """One reminder with its visit and patient, or None."""
    found = find(session, Reminder, reminder_id)
    return _with_whom(session, [found])[0] if found else None


def _with_whom(session: Session, found: Sequence[Reminder]) -> list[Row]:
    visits = by_id(session, Visit, {one.visit_id for one in found})
    patients = by_id(session, Patient, {one.patient_id for one in found})
    return [(one, visits.get(one.visit_id), patients.get(one.patient_id)) for one in found]
