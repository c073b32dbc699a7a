"""Redness as a clinician saw it: one row beside those of the patient's own check-ins, in the transaction of its assessment."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.outcome_words import RedSource
from server.followup.models.redness import Redness
from server.outcomes.models import Assessment
from server.outcomes.rules import assessing


def write(session: Session, made: Assessment, fields: Mapping[str, Any], corrected: Assessment | None, *, operated_on: date) -> None:
    """Say whether the skin was red, if the assessment does; a correction replaces what the corrected one said, or takes it back."""
    red = assessing.red(fields)
    before = _of(session, corrected) if corrected else None
    if red is None and before is None:
        return
    day = made.assessed_on if red is not None or before is None else before.seen_on
    session.add(
        Redness(
            patient_id=made.patient_id,
            procedure_id=made.procedure_id,
            visit_id=made.visit_id,
            seen_on=day,
            day=(day - operated_on).days,
            red=red,
            source=RedSource.ASSESSMENT,
            source_id=made.id,
            replaces=before.id if before else None,
        )
    )
    session.flush()


def _of(session: Session, assessment: Assessment) -> Redness | None:
    return session.scalar(sa.select(Redness).where(Redness.source == RedSource.ASSESSMENT, Redness.source_id == assessment.id))
