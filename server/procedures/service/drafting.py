"""A plan before it is stored: tried out, put back to what stood before, and filled from the surgeon's own last one."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ProcedureState
from server.journal.models import JournalRow
from server.patients.models import Scar
from server.problems import Problem
from server.procedures.models import Procedure
from server.procedures.service import lifecycle

_HEADER = ("id", "clinic_id", "patient_id", "surgeon_id", "state", "planned_for", "title", "urgency", "assistant", "anaesthetist")
_MORE = ("weight_g", "consent_on", "baseline_photos_on", "content_hash")
NEVER_DONE = (ProcedureState.CANCELLED, ProcedureState.ENTERED_IN_ERROR)
"""States of what did not take place."""


def draft(session: Session, procedure: Procedure, changes: Mapping[str, Any]) -> Procedure:
    """`procedure` as these changes would make it, plan included; belongs to no session and is never stored."""
    values = dict(changes)
    plan = values.pop("plan")
    tried = Procedure(**{name: getattr(procedure, name) for name in (*_HEADER, *_MORE)} | values)
    lifecycle.set_plan(session, tried, plan)
    return tried


def before(session: Session, procedure: Procedure) -> dict[str, Any]:
    """Wire form that the last change replaced, from the journal. Raises `wrong_state` when nothing came before."""
    rows = (
        sa.select(JournalRow.body)
        .where(JournalRow.clinic_id == session.info["clinic_id"], JournalRow.record_id == procedure.id)
        .order_by(JournalRow.seq.desc())
        .limit(2)
    )
    found = [body for body in session.scalars(rows) if body]
    if len(found) < 2:  # noqa: PLR2004  reason: the present one and the one before
        raise Problem("wrong_state", "Nothing was planned before this; there is nothing to put back.")
    document: dict[str, Any] = json.loads(found[1])
    return document


def last_of_surgeon(session: Session, procedure: Procedure) -> Procedure | None:
    """The newest other procedure of the same surgeon that says where it harvests; what she is used to."""
    return session.scalar(
        sa.select(Procedure)
        .where(
            Procedure.surgeon_id == procedure.surgeon_id,
            Procedure.id != procedure.id,
            Procedure.harvest_site.is_not(None),
            Procedure.state.not_in(NEVER_DONE),
        )
        .order_by(Procedure.planned_for.desc(), Procedure.id)
        .limit(1)
    )


def dose_of(session: Session, procedure: Procedure) -> float | None:
    """Planned mL per cm² over the scars of `procedure` whose area is known; None when none is."""
    planned = {one.scar_id: one.volume_ul for one in procedure.injections}
    scars = session.scalars(sa.select(Scar).where(Scar.patient_id == procedure.patient_id))
    known = [(planned[one.id], one.area_for_dose_cm2) for one in scars if one.id in planned and one.area_for_dose_cm2]
    area = sum(cm2 for _, cm2 in known if cm2)
    return sum(ul for ul, _ in known) / 1000 / area if area else None
