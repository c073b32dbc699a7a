"""What the report's words mean: who was due, asked and reached, what is serious, how long a procedure took. Pure."""

from datetime import datetime

from schemas.outcome_words import ClavienDindo, Complication
from schemas.vocabulary import CallOutcome, ReminderState, VisitState

BEYOND = (VisitState.ATTENDED, VisitState.ANSWERED, VisitState.MISSED, VisitState.DECLINED, VisitState.LOST_TO_FOLLOW_UP)
"""A visit that stands here was due, whatever its date says by now."""

TAKEN = (ReminderState.ACCEPTED, ReminderState.DELIVERED)
REACHED = (CallOutcome.BOOKED, CallOutcome.CALL_LATER, CallOutcome.ANSWERED, CallOutcome.DECLINED)
"""Calls in which the patient was spoken to."""

SERIOUS_GRADES = (ClavienDindo.IIIA, ClavienDindo.IIIB, ClavienDindo.IVA, ClavienDindo.IVB, ClavienDindo.V)
SERIOUS_CTCAE = 3
SERIOUS = (
    *(Complication.SKIN_NECROSIS, Complication.VISION_CHANGE, Complication.NEURO_DEFICIT, Complication.VISCERAL_INJURY),
    *(Complication.LOCAL_ANAESTHETIC_TOXICITY, Complication.VENOUS_THROMBOEMBOLISM, Complication.FAT_EMBOLISM),
)
"""Serious however anybody graded them, or did not."""

GRADES = (-3, -2, -1, 0, 1, 2, 3)
PANEL = 3
"""So many must have graded a pair before it speaks for anybody."""

YEAR_DAYS = 365


def minutes(started_at: datetime | None, ended_at: datetime | None) -> float | None:
    """A procedure's length in minutes, to a tenth; None where either is not known or they stand the other way round."""
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return float(round((ended_at - started_at).total_seconds() / 60, 1))
