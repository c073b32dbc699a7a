"""What a patient lets her photographs be shown for: given and taken back, each purpose by itself."""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.vocabulary import ConsentPurpose
from server import clock
from server.clinics.service import zone_of
from server.db import find
from server.ids import uuid7
from server.patients.models import Patient
from server.photos.models import PhotoConsent
from server.problems import Problem, invalid
from server.replay import replayed


def decide(session: Session, patient_id: uuid.UUID, fields: dict[str, Any]) -> tuple[PhotoConsent, bool]:
    """(consent, whether it is new). The same id with the same content is the stored one. Raises `not_found`, `id_taken` or 422.

    Decisions on the same purpose stand in the order of their recording; an older paper found later is refused, for it would then hold.
    """
    if find(session, Patient, patient_id, lock=True) is None:
        raise Problem("not_found", "Check the address and the id.")
    content = {**fields, "patient_id": patient_id}
    stored, hashed = replayed(session, PhotoConsent, content)
    if stored:
        return stored, False
    if fields["decided_on"] > clock.now().astimezone(zone_of(session)).date():
        raise invalid("/decided_on", "Lies in the future; enter the day on the signed paper.")
    standing = now(session, patient_id).get(fields["purpose"])
    if standing and standing.decided_on > fields["decided_on"]:
        day = standing.decided_on.isoformat()
        raise invalid("/decided_on", f"A newer decision on this purpose, of {day}, is recorded. Enter that day or a later one.")
    consent = PhotoConsent(**{"id": uuid7(), **content}, recorded_by=session.info["actor"].user_id, content_hash=hashed)
    session.add(consent)
    session.flush()
    return consent, True


def history(session: Session, patient_id: uuid.UUID) -> Sequence[PhotoConsent]:
    """All decisions of a patient, the newest first."""
    query = sa.select(PhotoConsent).where(PhotoConsent.patient_id == patient_id)
    return session.scalars(query.order_by(PhotoConsent.created_at.desc(), PhotoConsent.id.desc())).all()


def now(session: Session, patient_id: uuid.UUID) -> dict[ConsentPurpose, PhotoConsent]:
    """The decision that holds, by purpose; none for what she was never asked about."""
    return {one.purpose: one for one in reversed(history(session, patient_id))}


def agreed(purpose: ConsentPurpose) -> sa.Select[uuid.UUID]:
    """Ids of the patients who agree to `purpose` now: those of whose decisions the newest is a yes."""
    place = sa.func.row_number().over(
        partition_by=(PhotoConsent.clinic_id, PhotoConsent.patient_id), order_by=(PhotoConsent.created_at.desc(), PhotoConsent.id.desc())
    )
    ranked = sa.select(PhotoConsent.patient_id, PhotoConsent.given, place.label("place")).where(PhotoConsent.purpose == purpose).subquery()
    return sa.select(ranked.c.patient_id).where(ranked.c.place == 1, ranked.c.given)
