"""What the demo's patients answer before a visit: mostly less pain and a scar that is better, as its own random numbers say."""

import random
import uuid
from typing import Any

from sqlalchemy.orm import Session

from schemas.instrument_words import ItemKind
from schemas.vocabulary import VisitState
from server.db import find
from server.demo.redness import first_clear
from server.followup.models import Visit
from server.outcomes.rules.instrument import Item, Value
from server.outcomes.service import asking
from server.patients.models import Patient

ANSWERS, SKIPS = 0.85, 0.04
"""Shares: of patients who answer at all, and of questions that they leave out."""
RED_DAY = 14
"""Redness, the one question of yes or no, is asked at two weeks."""


def answer(session: Session, planned: dict[str, Any]) -> None:
    """All of one visit, by nobody who is signed in; the same whenever the demo is made."""
    visit = find(session, Visit, uuid.UUID(planned["id"]), lock=True)
    patient = find(session, Patient, visit.patient_id) if visit else None
    if visit is None or patient is None or visit.state == VisitState.CANCELLED:
        return
    dice = random.Random(f"{patient.mrn} {visit.step} answers")
    if dice.random() >= ANSWERS:
        return
    content = dice.gauss(0, 1)
    red = first_clear(patient.mrn) > RED_DAY
    for asked in asking.sitting(session, visit).questions:
        asking.answer(session, visit, asked, None if dice.random() < SKIPS else _value(asked.item, dice, content, red=red))
    asking.send(session, visit)


def _value(item: Item, dice: random.Random, content: float, *, red: bool) -> Value:
    """How she feels about it: `content` is her own, around 0, the more the better."""
    mood = content + dice.gauss(0, 0.6)
    if item.kind == ItemKind.BOOLEAN:
        return red
    if item.kind == ItemKind.SCALE:
        return max(0, min(5, round(1.2 - mood)))
    least, greatest = (int(one) for one in item.bounds)
    if greatest == 5:
        return max(least, min(greatest, round(2.2 - mood * 0.7)))
    return max(least, min(greatest, round(3.1 + mood * 0.7)))
