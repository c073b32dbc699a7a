"""Making the pairs for the raters, from the photographs of patients who agree to it."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from schemas.rating_words import Step, Unpaired
from schemas.vocabulary import ConsentPurpose, PhotoKind, PhotoQuality, PhotoState, ProcedureState, ThumbnailState
from server.clinics.service import zone_of
from server.db import find, table_of
from server.outcomes.models import RatingPair
from server.outcomes.rules import pairing
from server.outcomes.rules.pairing import Operation, Shot
from server.patients.models import Patient
from server.photos.models import Photo
from server.photos.service import consents, grades
from server.problems import invalid
from server.procedures.days import day_zero, performed
from server.procedures.models import Procedure

DONE = (ProcedureState.COMPLETED, ProcedureState.SIGNED)
_AT_A_TIME = 100
"""Patients in one question: their photographs' ids are parameters of the next one."""


@dataclass
class Offered:
    """What an offer came to. `without` counts procedures and steps for which there is no pair, each with its first obstacle."""

    made: int = 0
    standing: int = 0
    without: Counter[Unpaired] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {"made": self.made, "standing": self.standing, "without": {str(why): self.without[why] for why in Unpaired}}


def offer(session: Session, *, procedure_id: uuid.UUID | None = None, step: Step | None = None) -> Offered:
    """Make the pairs that can be made, of one procedure or of all that were done, at one step or at each. Those that stand are kept."""
    came = Offered()
    wanted = _wanted(session, procedure_id)
    for start in range(0, len(wanted), _AT_A_TIME):
        patients = wanted[start : start + _AT_A_TIME]
        # Whoever changes her mind, or offers the same at this moment, waits: then no pair is made twice, and none against her will.
        session.execute(sa.select(Patient.id).where(Patient.id.in_(patients)).order_by(Patient.id).with_for_update())
        _offer(session, patients, procedure_id, (step,) if step else tuple(Step), came)
    return came


def find_pairs(session: Session, *, before: uuid.UUID | None, limit: int) -> Sequence[RatingPair]:
    """Up to `limit` pairs, the newest first."""
    query = sa.select(RatingPair).order_by(RatingPair.id.desc()).limit(limit)
    return session.scalars(query.where(RatingPair.id < before) if before else query).all()


def _wanted(session: Session, procedure_id: uuid.UUID | None) -> list[uuid.UUID]:
    if procedure_id is None:
        return list(
            session.scalars(sa.select(Procedure.patient_id).where(Procedure.state.in_(DONE)).distinct().order_by(Procedure.patient_id))
        )
    one = find(session, Procedure, procedure_id)
    if one is None or one.state not in DONE:
        raise invalid("/procedure_id", "No such procedure that was done; use the id of a completed or signed one.")
    return [one.patient_id]


def _offer(session: Session, patients: Sequence[uuid.UUID], only: uuid.UUID | None, steps: tuple[Step, ...], came: Offered) -> None:
    willing = sa.select(Patient.id).where(Patient.id.in_(patients), Patient.id.in_(consents.agreed(ConsentPurpose.RATING)))
    agreed = set(session.scalars(willing))
    shots = _shots(session, agreed)
    standing = {
        (one.procedure_id, one.step, pairing.angle(one.view, one.scar_id))
        for one in session.scalars(sa.select(RatingPair).where(RatingPair.patient_id.in_(patients)))
    }
    for one in _operations(session, patients):
        for step in steps if only in {None, one.id} else ():
            if one.patient_id not in agreed:
                came.without[Unpaired.NO_CONSENT] += 1
                continue
            found = pairing.choose(one, shots.get(one.patient_id, ()), step)
            if isinstance(found, Unpaired):
                came.without[found] += 1
                continue
            for angle, (first, second) in found.items():
                new = (one.id, step, angle) not in standing
                came.made, came.standing = came.made + new, came.standing + (not new)
                if new:
                    session.add(_pair(session, one, step, first, second))
    session.flush()


def _pair(session: Session, one: Operation, step: Step, first: Shot, second: Shot) -> RatingPair:
    view, scar_id = first.angle
    return RatingPair(
        patient_id=one.patient_id,
        procedure_id=one.id,
        scar_id=scar_id,
        step=step,
        view=view,
        baseline_id=first.id,
        follow_up_id=second.id,
        made_by=session.info["actor"].user_id,
    )


def _operations(session: Session, patients: Sequence[uuid.UUID]) -> Iterator[Operation]:
    zone = zone_of(session)
    at = performed(table_of(Procedure))
    query = sa.select(Procedure).where(Procedure.patient_id.in_(patients), Procedure.state.in_(DONE))
    for patient_id, group in groupby(session.scalars(query.order_by(Procedure.patient_id, at, Procedure.id)), lambda one: one.patient_id):
        done = [(one.id, day_zero(one, zone)) for one in group]
        for index, (procedure_id, day) in enumerate(done):
            before = done[index - 1][1] if index else None
            after = done[index + 1][1] if index + 1 < len(done) else None
            yield Operation(procedure_id, patient_id, day, before, after)


def _shots(session: Session, patients: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Shot]]:
    """By patient; only what is stored, has or gets its small copies, and of which it is known when it was taken."""
    query = sa.select(Photo).where(
        Photo.patient_id.in_(list(patients)),
        Photo.kind.in_((PhotoKind.BASELINE, PhotoKind.FOLLOW_UP)),
        Photo.state == PhotoState.STORED,
        Photo.thumbnails != ThumbnailState.FAILED,
        Photo.taken_at.is_not(None),
    )
    photos = session.scalars(query).all()
    graded, zone = grades.newest(session, [one.id for one in photos]), zone_of(session)
    found: dict[uuid.UUID, list[Shot]] = {}
    for one in photos:
        angle = pairing.angle(one.view, one.scar_id)
        if angle and one.taken_at:
            poor = one.id in graded and graded[one.id].quality == PhotoQuality.POOR
            shot = Shot(one.id, one.kind, angle, one.taken_at, one.taken_at.astimezone(zone).date(), poor)
            found.setdefault(one.patient_id, []).append(shot)
    return found
