"""Create, change and move a procedure: planned → in_progress → completed; cancelled, abandoned, withdrawn."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState, Role
from server import clock
from server.clinics.models import User
from server.db import find
from server.ids import uuid7
from server.journal.service import say
from server.patients.models import Patient, Scar
from server.problems import Problem, invalid
from server.procedures.changes import announce
from server.procedures.models import PlannedInjection, Procedure
from server.replay import replayed

S = ProcedureState
CHANGEABLE = frozenset({S.PLANNED, S.IN_PROGRESS, S.COMPLETED, S.ABANDONED})
_PLAN_COLUMNS = {"passes": "planned_passes", "aperture_um": "planned_aperture_um"}
FUTURE_TOLERANCE_S = 300
"""A device clock may run ahead by this much before a time counts as lying in the future."""


def plan_procedure(session: Session, fields: dict[str, Any]) -> tuple[Procedure, bool]:
    """(procedure, whether it is new). Raises 422 for an unknown patient, surgeon or scar, `id_taken` for other content."""
    stored, content = replayed(session, Procedure, fields)
    if stored:
        return stored, False
    values = dict(fields)
    plan = values.pop("plan", {})
    if not plan.get("injections"):  # else its scars prove the patient
        _check_patient(session, values["patient_id"])
    if values["surgeon_id"] != session.info["actor"].user_id or Role.SURGEON not in session.info["actor"].roles:
        _check_surgeon(session, values["surgeon_id"])
    procedure = Procedure(**{"id": uuid7(), **values}, content_hash=content, created_by=session.info["actor"].user_id)
    set_plan(session, procedure, plan)
    session.add(procedure)
    session.flush()
    return procedure, True


def change_procedure(session: Session, procedure: Procedure, changes: dict[str, Any]) -> Procedure:
    """Apply a PATCH to a locked procedure that is not signed or closed."""
    if procedure.state == S.SIGNED:
        raise Problem("closed", "The procedure is signed. Add an addendum.")
    if procedure.state not in CHANGEABLE:
        raise Problem("wrong_state", f"The procedure is {procedure.state} and no longer changes; plan a new one.")
    values = dict(changes)
    plan = values.pop("plan", None)
    if "surgeon_id" in values:
        _check_surgeon(session, values["surgeon_id"])
    _check_times(procedure, values)
    for name, value in values.items():
        setattr(procedure, name, value)
    if plan is not None:
        if procedure.state != S.PLANNED:
            raise Problem("wrong_state", "The plan stands as it was when the procedure began; record what is done instead.")
        set_plan(session, procedure, plan)
        procedure.write_id = uuid7()  # the plan's rows are part of this document
    session.flush()
    if "ended_at" in values:
        announce(session, procedure, procedure.state)
    return procedure


def _check_times(procedure: Procedure, values: Mapping[str, Any]) -> None:
    """Of a correction: both times of a completed procedure may be corrected, in their order, and not into the future."""
    given = [name for name in ("started_at", "ended_at") if name in values]
    if not given:
        return
    if procedure.state != S.COMPLETED:
        raise invalid(f"/{given[0]}", f"The procedure is {procedure.state}; only the times of a completed one can be corrected.")
    for name in given:
        if (values[name] - clock.now()).total_seconds() > FUTURE_TOLERANCE_S:
            raise invalid(f"/{name}", "Lies in the future; check the date.")
    started, ended = values.get("started_at", procedure.started_at), values.get("ended_at", procedure.ended_at)
    if started and ended and ended < started:
        raise invalid(f"/{given[-1]}", "The end lies before the procedure began; correct both times.")


def _check_patient(session: Session, patient_id: uuid.UUID) -> None:
    with session.no_autoflush:
        if find(session, Patient, patient_id) is None:
            raise invalid("/patient_id", "No such patient; register the patient first.")


def _check_surgeon(session: Session, user_id: uuid.UUID) -> None:
    surgeon = find(session, User, user_id)
    if surgeon is None or not surgeon.active or not surgeon.has(Role.SURGEON):
        raise invalid("/surgeon_id", "No surgeon of this clinic has this id; see GET /users.")


def set_plan(session: Session, procedure: Procedure, plan: Mapping[str, Any]) -> None:
    """Replace the plan; raises 422 for a scar that is not this patient's."""
    for name in ("harvest_site", "harvest_side", "passes", "aperture_um"):
        setattr(procedure, _PLAN_COLUMNS.get(name, name), plan.get(name))
    planned = plan.get("injections", [])
    known = set(_scar_ids(session, procedure.patient_id, [one["scar_id"] for one in planned]))
    for index, one in enumerate(planned):
        if one["scar_id"] not in known:
            _check_patient(session, procedure.patient_id)
            raise invalid(f"/plan/injections/{index}/scar_id", "No such scar of this patient; use an id of GET /patients/{id}/scars.")
    kept = {one.scar_id: one for one in procedure.injections}
    rows = []
    for position, one in enumerate(planned):
        row = kept.get(one["scar_id"]) or PlannedInjection(clinic_id=session.info["clinic_id"], scar_id=one["scar_id"])
        row.position, row.volume_ul = position, one["volume_ul"]
        row.plane, row.needle_gauge = one.get("plane"), one.get("needle_gauge")
        rows.append(row)
    procedure.injections = rows


def _scar_ids(session: Session, patient_id: uuid.UUID, scar_ids: Iterable[uuid.UUID]) -> Iterable[uuid.UUID]:
    wanted = list(scar_ids)
    if not wanted:
        return []
    with session.no_autoflush:
        return session.scalars(sa.select(Scar.id).where(Scar.patient_id == patient_id, Scar.id.in_(wanted))).all()


def _move(session: Session, procedure: Procedure, to: ProcedureState, allowed: Iterable[ProcedureState], action: str) -> Procedure:
    before = procedure.state
    if before == S.SIGNED and S.SIGNED not in allowed:
        raise Problem("closed", "The procedure is signed. Add an addendum.")
    if before not in allowed:
        raise Problem("wrong_state", f"The procedure is {before}; this needs {' or '.join(allowed)}.")
    procedure.state = to
    say(session, procedure, action)
    session.flush()
    announce(session, procedure, before)
    return procedure


def _time(at: datetime | None, *, not_before: datetime | None = None) -> datetime:
    moment = at or clock.now()
    if (moment - clock.now()).total_seconds() > FUTURE_TOLERANCE_S:
        raise invalid("/at", "Lies in the future; check the device's clock.")
    if not_before and moment < not_before:
        raise invalid("/at", "Lies before the procedure began; check both times.")
    return moment


def start(session: Session, procedure: Procedure, at: datetime | None = None) -> Procedure:
    """Begin a planned procedure."""
    procedure.started_at = _time(at) if procedure.state == S.PLANNED else procedure.started_at
    return _move(session, procedure, S.IN_PROGRESS, (S.PLANNED,), "start")


def started_earlier(session: Session, procedure: Procedure, at: datetime) -> Procedure:
    """Say when a procedure under way really began: an entry that arrived before the tablet's own word could only guess it."""
    if procedure.state == S.IN_PROGRESS and (procedure.started_at is None or at < procedure.started_at):
        procedure.started_at = at
        say(session, procedure, "start")
        session.flush()
    return procedure


def complete(session: Session, procedure: Procedure, at: datetime | None = None) -> Procedure:
    """End a procedure; the follow-up is scheduled from this moment, in the same transaction."""
    if procedure.state == S.IN_PROGRESS:
        procedure.ended_at = _time(at, not_before=procedure.started_at)
    return _move(session, procedure, S.COMPLETED, (S.IN_PROGRESS,), "complete")


def cancel(session: Session, procedure: Procedure, reason: str) -> Procedure:
    """Call off a procedure that has not begun."""
    if procedure.state == S.PLANNED:
        procedure.closed_reason = reason
    return _move(session, procedure, S.CANCELLED, (S.PLANNED,), "cancel")


def abandon(session: Session, procedure: Procedure, reason: str, at: datetime | None = None) -> Procedure:
    """Stop a procedure that has begun; what was recorded stays."""
    if procedure.state == S.IN_PROGRESS:
        procedure.ended_at, procedure.closed_reason = _time(at, not_before=procedure.started_at), reason
    return _move(session, procedure, S.ABANDONED, (S.IN_PROGRESS,), "abandon")


def withdraw(session: Session, procedure: Procedure, reason: str) -> Procedure:
    """Mark a wrong record as entered in error. Nothing is deleted; a signed one keeps its signature."""
    if procedure.state != S.ENTERED_IN_ERROR:
        procedure.closed_reason = reason
    return _move(session, procedure, S.ENTERED_IN_ERROR, tuple(state for state in S if state != S.ENTERED_IN_ERROR), "withdraw")
