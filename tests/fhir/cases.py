"""Forty cases, each another life: planned, begun, completed, signed, with addendum, given up, withdrawn; with what may come afterwards."""

import random
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, cast

import sqlalchemy as sa

from schemas.outcome_words import AnsweredBy, ClavienDindo, Complication, Presence, RedSource, Relation, ResponseState
from schemas.vocabulary import CHECKLIST_ITEMS, Anaesthesia
from server import clock
from server.app import App
from server.db import Database
from server.followup.models import Attempt, Outcome, Redness, Reminder
from server.ids import uuid7
from server.outcomes.models.assessments import Assessment, Finding, ScarMeasurement
from server.outcomes.models.questionnaires import Response, Score
from tests import make
from tests.api import Api
from tests.house.follow_up_calls import visit_of
from tests.photos.pictures import cheek
from tests.photos.tablet import announced, sent
from tests.procedures import case as stages
from tests.procedures.case import Case, at

MANY = 40
SCANNED: tuple[dict[str, Any], ...] = (
    {"barcode": "(01)09506000134352(17)290531(10)NF500-118"},
    {"barcode": "not a code that anybody reads", "lot": "C24-0917"},
    {"lot": "C24-0917", "expires_on": "2029-05-31"},
    {"barcode": "(01)09506000134352(17)200531(10)OLD", "reason": "The only one left."},
    {},
)
"""What is known of a device: all by its barcode, nothing by it, by hand, expired, nothing at all."""


def forty(tablet: Api, clinic: make.Clinic) -> Iterator[Case]:
    """Them, one after the other; nothing in them is left to chance that another run would throw otherwise."""
    for number in range(MANY):
        yield life(tablet, clinic, number)


def db_of(tablet: Api) -> Database:
    """The database behind a client."""
    return cast("App", tablet.client.application).db


def life(tablet: Api, clinic: make.Clinic, number: int) -> Case:
    """The case of this number."""
    dice = random.Random(f"R4 {number}")
    header = {"consent_on": "2025-11-20", "weight_kg": 61.5, "assistant": "Nóra <Szabó> & Co"} if number % 3 else {"urgency": "emergency"}
    case = stages.planned(tablet, clinic, mrn=f"RPS-{number:05d}", **header)
    _about_her(case, number)
    if number % 10 == 0:
        if number % 20 == 0:
            case.move("cancellation", reason="A cold.")
        return case
    case.move("start", at=at(30))
    case.record(*stages.entries(case)[: dice.choice((3, 5, 7)) if number % 10 == 1 else 20])
    _more(case, number, dice)
    if number % 10 == 1:
        if number % 20 == 1:
            case.move("abandonment", reason="Vasovagal reaction.", at=at(89))
        return case
    case.move("completion", at=at(90))
    if number % 10 == 2:
        case.move("withdrawal", reason="Another patient's record.")
        return case
    if number % 10 != 3:
        case.sign()
    if number % 10 in {5, 6}:
        make.half_a_minute_later(db_of(tablet))
        tablet.post(f"{case.path}/addenda", make.proof() | {"text": "More swelling than expected <on the left>."})
    _afterwards(case, clinic, number)
    return case


def _about_her(case: Case, number: int) -> None:
    """Photographs, stored and only announced, of this procedure and of none; consents given and taken back."""
    if number % 4 == 0:
        sent(case.tablet, case.patient_id, cheek(), procedure_id=case.id, scar_id=case.scar_ids[0])
        announced(case.tablet, case.patient_id, cheek(), procedure_id=case.id)
        sent(case.tablet, case.patient_id, cheek())
    for given in (True, False)[: number % 3]:
        body = {"purpose": "teaching", "given": given, "decided_on": "2025-11-20"}
        case.tablet.post(f"/patients/{case.patient_id}/photo-consents", body)


def _more(case: Case, number: int, dice: random.Random) -> None:
    """Kinds of entries that the documented case has not, and retractions of some."""
    item = {"item": "Nanofat filter 500 µm", "recorded_at": at(60)} | SCANNED[number % len(SCANNED)]
    phase = dice.choice([*CHECKLIST_ITEMS])
    entries: list[dict[str, Any]] = [
        make.entry("device_use", **item),
        make.entry("checklist", recorded_at=at(31), phase=phase, item=CHECKLIST_ITEMS[phase][0], answer="no"),
        make.entry("anaesthesia", recorded_at=at(35), technique="nerve_block", lidocaine_mg=40, region="left infraorbital nerve"),
        make.entry("anaesthesia", recorded_at=at(35), technique=[*Anaesthesia][number % 6], volume_ml=5, lidocaine_mg_per_l=1),
        make.entry("anaesthesia", recorded_at=at(36), technique="sedation"),
        make.entry("incident", recorded_at=at(80), incident="bleeding", severity=("mild", "severe")[number % 2], text="A <small> bleed."),
        make.entry("note", recorded_at=at(88), topic="findings", text="Tethered, released & softened."),
        make.entry("note", recorded_at=at(88), topic="blood_loss", blood_loss_ml=5),
        make.entry("preparation", recorded_at=at(61), separation="centrifuge", centrifuge_g=1200, centrifuge_min=3, wash_cycles=2),
        make.entry(
            "injection", recorded_at=at(82), scar_id=case.scar_ids[0], volume_ml=0.1, plane="subdermal", subcision=True,
            delivery="blunt_cannula", cannula_mm=0.7, technique="fanning", endpoint="level_with_skin", depth_mm=2, bolus_ml=0.05),
    ]  # fmt: skip
    case.record(*entries)
    if number % 2:
        struck = [entries[0], entries[5], entries[-1], *([entries[3]] if number % 3 == 0 else [])]
        case.record(*(make.entry("retraction", retracts=one["id"], reason="Typed for another patient.") for one in struck))
    if number % 4 == 1:
        case.record(make.entry("filtration", recorded_at=at(72), filtered=False, reason="The filter broke.", nanofat_ml=1.5))


def _afterwards(case: Case, clinic: make.Clinic, number: int) -> None:
    """Visits in every state, answers, calls, messages that went out and some that did not; assessments and questionnaires."""
    tablet = case.tablet
    visits = tablet.get(f"{case.path}/visits")["items"]
    check_in, visit = visit_of(tablet, case, "check_in"), visit_of(tablet, case)
    tablet.post(f"/visits/{check_in['id']}/answers", {"id": str(uuid7()), "question": "worse", "answer": ("yes", "no")[number % 2]})
    states = ("attended", "missed", "declined", "lost_to_follow_up")
    change: dict[str, Any] = {"state": states[number % 4]}
    if number % 5 == 0:
        change = {"state": "booked", "booked_for": (clock.now() + timedelta(days=9)).isoformat()}
    with suppress(AssertionError):  # not each state follows each other; what the service refuses is no case
        tablet.patch(f"/visits/{visit['id']}", change, visit["write_id"])
    tablet.post(f"/visits/{visits[-1]['id']}/calls", {"outcome": "no_answer" if number % 2 else "answered"}, (200, 201))
    with db_of(tablet).transaction(clinic.id, actor=clinic.surgeon) as session:
        _messages(session, visit["id"], number)
        _found(session, case, clinic, uuid.UUID(visit["id"]), number)
        _filled_in(session, uuid.UUID(case.patient_id), uuid.UUID(case.id), number)


def _messages(session: Any, visit_id: str, number: int) -> None:
    """Attempts that ended in each way, as the engine writes them down."""
    reminder = session.scalars(sa.select(Reminder).where(Reminder.visit_id == uuid.UUID(visit_id)).order_by(Reminder.id)).first()
    if reminder is None:
        return
    now = clock.now()
    for count, outcome in enumerate([*Outcome][: 1 + number % 4], 1):
        session.add(
            Attempt(
                reminder_id=reminder.id, number=count, lease_token=uuid7(), started_at=now, ended_at=now, outcome=outcome,
                error=None if outcome == Outcome.ACCEPTED else "timeout", message_id="m-1" if outcome == Outcome.ACCEPTED else None)
        )  # fmt: skip


def _found(session: Any, case: Case, clinic: make.Clinic, visit_id: uuid.UUID, number: int) -> None:
    """An assessment and its correction, findings of every presence, scars measured again, redness."""
    of = {"patient_id": uuid.UUID(case.patient_id), "procedure_id": uuid.UUID(case.id)}
    first = _assessment(session, clinic, visit_id, **of, erythema=number % 5)
    made = [first]
    if number % 3 == 0:
        made.append(_assessment(session, clinic, visit_id, **of, replaces=first.id, reason="Wrong side.", withdrawn=number % 2 == 0))
    for one in made:
        if one.withdrawn:
            continue
        for place, present in enumerate(Presence):
            grade = (
                {"clavien_dindo": [*ClavienDindo][number % 7], "ctcae": 1 + number % 5, "onset_on": one.assessed_on} if place == 0 else {}
            )
            complication, relation = [*Complication][(number + place) % len(Complication)], [*Relation][number % len(Relation)]
            session.add(
                Finding(
                    assessment_id=one.id, **of, event_id=uuid7(), complication=complication, present=present, relation=relation, **grade
                )
            )
        session.add(ScarMeasurement(assessment_id=one.id, patient_id=of["patient_id"], scar_id=uuid.UUID(case.scar_ids[0]), depth_um=900))
    seen = {"seen_on": first.assessed_on, "day": 14, "source": RedSource.ASSESSMENT, "source_id": first.id}
    red = Redness(**of, visit_id=visit_id, red=number % 2 == 0, **seen)
    session.add(red)
    session.flush()
    if number % 4 == 0:
        session.add(Redness(**of, visit_id=visit_id, red=None, replaces=red.id, **seen))
    session.flush()


def _assessment(session: Any, clinic: make.Clinic, visit_id: uuid.UUID, **fields: Any) -> Assessment:
    row = Assessment(visit_id=visit_id, assessed_on=date(2025, 12, 8), assessed_by=clinic.surgeon.user_id, content_hash="x", **fields)
    session.add(row)
    session.flush()
    return row


def _filled_in(session: Any, patient_id: uuid.UUID, procedure_id: uuid.UUID, number: int) -> None:
    """A questionnaire in each state, with answers of every kind, and its scores."""
    of = {"patient_id": patient_id, "procedure_id": procedure_id, "instrument": "graftlog-satisfaction"}
    state = [*ResponseState][number % 3]
    complete = {"completed_at": clock.now(), "answered_on": date(2025, 12, 8)} if state != ResponseState.OPEN else {}
    answers = {"again": True, "look": 4, "pain": 2.5, "words": "Better", "where": ["cheek", "chin"], "left_out": None}
    row = Response(**of, instrument_version="1", via=AnsweredBy.LINK, state=state, answers=answers, content_hash="x", **complete)
    session.add(row)
    session.flush()
    if complete:
        for scale, value in (("look", 66667), ("life", None)):
            session.add(Score(**of, response_id=row.id, scale=scale, value_e3=value, answered=5, items=6, answered_on=date(2025, 12, 8)))
    session.flush()
