"""Store what a clinician found at one look: the assessment, its findings and measurements, and whether the skin was red."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import Complication
from schemas.vocabulary import ProcedureState, VisitKind, VisitState
from server.clinics import service as clinics
from server.db import find
from server.followup.models import Visit
from server.followup.service import red_flags
from server.followup.service.visits import first_day, mark_visit
from server.ids import uuid7
from server.outcomes.models import Assessment, Finding, ScarMeasurement
from server.outcomes.rules import assessing, course
from server.outcomes.service import assessments, redness
from server.patients.service import scars_of
from server.photos.models import Photo
from server.problems import Problem, invalid
from server.procedures.days import began_on
from server.procedures.models import Procedure
from server.replay import replayed

DONE = frozenset({ProcedureState.COMPLETED, ProcedureState.SIGNED})
URGENT = frozenset({Complication.VISION_CHANGE, Complication.NEURO_DEFICIT, Complication.SKIN_NECROSIS})
_ROWS = ("findings", "measurements")


def assess(session: Session, procedure: Procedure, fields: dict[str, Any], visit: Visit | None = None) -> tuple[Assessment, bool]:
    """(assessment, whether it is new) of a procedure that is done, at a locked visit or at none.

    A visit is thereby attended, and its unsent messages are cancelled. Raises `id_taken`, `wrong_state`, `conflict` for an earlier
    assessment that is corrected already or a visit that takes none, and 422 with everything that is wrong.
    """
    about = {"procedure_id": procedure.id, "visit_id": visit.id if visit else None}
    stored, hashed = replayed(session, Assessment, fields | about)
    if stored:
        return stored, False
    if procedure.state not in DONE:
        raise Problem("wrong_state", f"The procedure is {procedure.state.replace('_', ' ')}; only one that is done has a result to assess.")
    earlier = _corrected(session, procedure, visit, fields.get("replaces"))
    _check(session, procedure, fields, earlier)
    if visit and not fields.get("withdrawn"):
        _attend(session, visit, fields["assessed_on"])
    own = {name: value for name, value in fields.items() if name not in _ROWS}
    made = Assessment(
        **{"id": uuid7(), **own},
        patient_id=procedure.patient_id,
        procedure_id=procedure.id,
        visit_id=visit.id if visit else earlier.visit_id if earlier else None,
        assessed_by=session.info["actor"].user_id,
        content_hash=hashed,
    )
    session.add(made)
    session.flush()
    _store_rows(session, made, fields)
    redness.write(session, made, fields, earlier, operated_on=assessments.operated_on(session, procedure))
    _alert_surgeon(session, procedure, visit, fields)
    return made, True


def _corrected(session: Session, procedure: Procedure, visit: Visit | None, replaces: uuid.UUID | None) -> Assessment | None:
    earlier = find(session, Assessment, replaces) if replaces else None
    if replaces is None:
        return None
    if earlier is None or earlier.procedure_id != procedure.id or (visit and earlier.visit_id != visit.id):
        raise invalid("/replaces", "No such assessment here; name one of this visit or procedure.")
    if earlier.withdrawn:
        raise Problem("conflict", "This assessment was withdrawn. Record a new one instead of correcting it.")
    if session.scalar(sa.select(Assessment.id).where(Assessment.replaces == earlier.id)):
        raise Problem("conflict", "Somebody has corrected this assessment already. Read it again, and correct the newest one.")
    return earlier


def _check(session: Session, procedure: Procedure, fields: dict[str, Any], earlier: Assessment | None) -> None:
    named = {one["photo_id"] for one in fields.get("findings", ()) if one.get("photo_id")}
    photos = sa.select(Photo.id).where(Photo.patient_id == procedure.patient_id, Photo.id.in_(named))
    known = assessing.Known(
        operated_on=assessments.operated_on(session, procedure),
        began_on=began_on(procedure, clinics.zone_of(session)),
        today=clinics.today(session),
        scars={one.id for one in scars_of(session, procedure.patient_id)},
        photos=set(session.scalars(photos)),
        events=_events(session, procedure, earlier),
    )
    rows = [{"pointer": pointer, "message": message} for pointer, message in assessing.faults(fields, known)]
    if rows:
        raise Problem("invalid", " ".join(dict.fromkeys(one["message"] for one in rows)), errors=rows)


def _events(session: Session, procedure: Procedure, without: Assessment | None) -> dict[uuid.UUID, assessing.Earlier]:
    """All that any assessment told, one that was corrected included; when they were last seen, as far as it still counts."""
    told = session.execute(sa.select(Finding.event_id, Finding.complication).where(Finding.procedure_id == procedure.id))
    known = {event_id: assessing.Earlier(complication) for event_id, complication in told}
    seen: dict[uuid.UUID, list[course.Seen]] = {}
    for one in assessments.standing_findings(session, procedure.id, without=without.id if without else None):
        seen.setdefault(one["event_id"], []).append(one)
    return known | {event_id: assessing.Earlier(rows[0]["complication"], course.last_seen(rows)) for event_id, rows in seen.items()}


def _attend(session: Session, visit: Visit, day: date) -> None:
    """Whoever was looked at has come, whatever was said of the visit before; from then on nothing more is sent about it."""
    if visit.kind == VisitKind.CHECK_IN:
        raise Problem(
            "conflict", "A check-in is answered from home. Record what was seen as an assessment of the procedure, without a visit."
        )
    if day < (first := first_day(session, visit)):
        raise invalid(
            "/assessed_on", f"Not before {first}, when the visit may take place. If the patient came earlier, record it without a visit."
        )
    if visit.state != VisitState.ATTENDED:
        mark_visit(session, visit, VisitState.ATTENDED)


def _store_rows(session: Session, made: Assessment, fields: dict[str, Any]) -> None:
    shared = {"assessment_id": made.id, "patient_id": made.patient_id}
    findings: Sequence[dict[str, Any]] = fields.get("findings", ())
    for one in findings:
        values = {"id": uuid7(), "event_id": None, **one}
        session.add(Finding(**values | {"event_id": values["event_id"] or uuid7()}, **shared, procedure_id=made.procedure_id))
    session.add_all(ScarMeasurement(**{"id": uuid7(), **one}, **shared) for one in fields.get("measurements", ()))
    session.flush()


def _alert_surgeon(session: Session, procedure: Procedure, visit: Visit | None, fields: dict[str, Any]) -> None:
    """What must not wait is on the work list at once, unless the surgeon herself has found it or it was told before."""
    found = [
        one["complication"]
        for one in fields.get("findings", ())
        if one["complication"] in URGENT and assessing.still_there(one) and not one.get("event_id")
    ]
    if found and session.info["actor"].user_id != procedure.surgeon_id:
        red_flags.seen(session, procedure, list(dict.fromkeys(one.replace("_", " ") for one in found)), visit)
