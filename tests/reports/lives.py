"""Cohorts made quickly: rows as the services would store them, a table at a time."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from schemas.outcome_words import AnsweredBy, Complication, Presence, RedSource, ResponseState
from schemas.vocabulary import (
    Aetiology,
    CallOutcome,
    Channel,
    EntryKind,
    HarvestSite,
    Morphology,
    PhotoKind,
    PhotoState,
    PhotoView,
    Plane,
    ProcedureState,
    Purpose,
    ReminderState,
    Sex,
    Side,
    Subunit,
    ThumbnailState,
    VisitState,
)
from server.clinics.models import User
from server.db import Database
from server.followup.models import Call, Redness, Reminder, Visit
from server.ids import uuid7
from server.journal.service import Journaled
from server.outcomes.models import Assessment, Finding, Rating, RatingPair, Response, ScarMeasurement, Score
from server.patients.models import Patient, Scar
from server.photos.models import Photo
from server.procedures.models import Entry, Procedure
from tests import make

ORDER = (
    Patient,
    Scar,
    Procedure,
    Entry,
    Visit,
    Reminder,
    Call,
    Photo,
    Response,
    Score,
    Redness,
    Assessment,
    Finding,
    ScarMeasurement,
    RatingPair,
    Rating,
)

Row = TypeVar("Row", bound=Journaled)


@dataclass
class Lives:
    """What is to be stored of one clinic; `rows` are in an order in which they may be."""

    clinic: make.Clinic
    rows: list[Journaled] = field(default_factory=list)

    def _keep(self, row: Row) -> Row:
        row.id = row.id or uuid7()
        self.rows.append(row)
        return row

    def patient(self, **fields: Any) -> Patient:
        """Somebody."""
        mrn = f"RPS-{len(self.rows):06d}-{uuid.uuid4().hex[:6]}"
        said = {"sex": Sex.FEMALE, "birth_date": date(1991, 4, 17)} | fields
        row = Patient(mrn=mrn, family_name="Petrauskienė", given_name="Anna", search="", content_hash="", **said)
        return self._keep(row)

    def scar(self, patient: Patient, **fields: Any) -> Scar:
        """Ten by five millimetres of the left cheek."""
        said = {"subunit": Subunit.CHEEK_MEDIAL, "side": Side.LEFT, "morphology": Morphology.BOXCAR_SHALLOW, "aetiology": Aetiology.ACNE}
        size = {"length_um": 10_000, "width_um": 5_000}
        return self._keep(Scar(patient_id=patient.id, label="scar", content_hash="", **(said | size | fields)))

    def procedure(self, patient: Patient, ended_at: datetime, *, minutes: int = 60, **fields: Any) -> Procedure:
        """Completed at that time."""
        begun = ended_at - timedelta(minutes=minutes)
        times = {"planned_for": begun, "started_at": begun, "ended_at": ended_at}
        said = {"surgeon_id": self.clinic.surgeon.user_id, "state": ProcedureState.COMPLETED} | times | fields
        return self._keep(Procedure(patient_id=patient.id, content_hash="", **said))

    def entry(self, procedure: Procedure, kind: EntryKind, **fields: Any) -> Entry:
        """One fact."""
        when = {"recorded_at": procedure.ended_at, "recorded_offset_min": 60, "recorded_by": self.clinic.surgeon.user_id}
        row = Entry(procedure_id=procedure.id, kind=kind, content_hash="", **({"details": {}, "warnings": []} | when | fields))
        return self._keep(row)

    def injection(self, procedure: Procedure, scar: Scar, volume_ul: int) -> Entry:
        """Into a scar."""
        return self.entry(procedure, EntryKind.INJECTION, scar_id=scar.id, volume_ul=volume_ul, plane=Plane.INTRADERMAL)

    def processing(self, procedure: Procedure, *, lipoaspirate_ul: int = 60_000, nanofat_ul: int = 12_000, passes: int = 60) -> None:
        """What the run charts are of."""
        self.entry(procedure, EntryKind.HARVEST, site=HarvestSite.LOWER_ABDOMEN, lipoaspirate_ul=lipoaspirate_ul)
        self.entry(procedure, EntryKind.EMULSIFICATION, stage=1, passes=passes)
        self.entry(procedure, EntryKind.FILTRATION, filtered=True, nanofat_ul=nanofat_ul)

    def retraction(self, procedure: Procedure, of: Entry) -> Entry:
        """Strikes an entry, or another retraction, through."""
        return self.entry(procedure, EntryKind.RETRACTION, retracts=of.id, reason="a slip")

    def visit(self, procedure: Procedure, step: str, days: int, state: VisitState, **fields: Any) -> Visit:
        """So many days after the procedure."""
        assert procedure.ended_at is not None
        target = procedure.ended_at.date() + timedelta(days=days)
        window = {"target_date": target, "opens_on": target - timedelta(days=3), "closes_on": target + timedelta(days=7)}
        who = {"procedure_id": procedure.id, "patient_id": procedure.patient_id, "protocol_version": "default-1"}
        return self._keep(Visit(step=step, title=f"After {step}", state=state, **(who | window | fields)))

    def message(self, visit: Visit, state: ReminderState) -> Reminder:
        """To the patient, about a visit."""
        at = datetime(2026, 3, 1, 9, tzinfo=UTC)
        times = {"wall": "2026-03-01T10:00", "zone": "Europe/Budapest", "due_at": at, "expires_at": at, "next_at": at}
        whose = {"visit_id": visit.id, "procedure_id": visit.procedure_id, "patient_id": visit.patient_id}
        how = {"purpose": Purpose.NEAR, "channel": Channel.SMS, "state": state, "idempotency_key": uuid7()}
        return self._keep(Reminder(**times, **whose, **how))

    def call(self, visit: Visit, outcome: CallOutcome) -> Call:
        """To the patient, about a visit."""
        return self._keep(Call(visit_id=visit.id, patient_id=visit.patient_id, outcome=outcome, content_hash=""))

    def response(
        self,
        procedure: Procedure,
        on: date,
        scores: dict[str, int | None],
        *,
        visit: Visit | None = None,
        state: ResponseState = ResponseState.COMPLETE,
        via: AnsweredBy = AnsweredBy.LINK,
    ) -> Response:
        """Of our own questionnaire, with scores in thousandths."""
        whose = {"patient_id": procedure.patient_id, "procedure_id": procedure.id, "visit_id": visit.id if visit else None}
        about = {"instrument": "graftlog-satisfaction", "instrument_version": "1", "via": via, "answered_on": on}
        reason = "filled in by her sister" if state == ResponseState.WITHDRAWN else None
        made: Response = self._keep(Response(**whose, **about, state=state, answers={}, reason=reason, content_hash=""))
        for scale, value in scores.items():
            score = Score(response_id=made.id, instrument=made.instrument, scale=scale, value_e3=value, answered=6, items=6, **whose)
            score.answered_on = on
            self._keep(score)
        return made

    def redness(self, procedure: Procedure, day: int, red: bool | None, *, replaces: Redness | None = None) -> Redness:
        """Seen, or not, so many days after."""
        assert procedure.ended_at is not None
        whose = {"patient_id": procedure.patient_id, "procedure_id": procedure.id, "source": RedSource.CHECK_IN, "source_id": uuid7()}
        seen = procedure.ended_at.date() + timedelta(days=day)
        return self._keep(Redness(seen_on=seen, day=day, red=red, replaces=replaces.id if replaces else None, **whose))

    def assessment(self, procedure: Procedure, on: date, *, replaces: Assessment | None = None, withdrawn: bool = False) -> Assessment:
        """A clinician's look."""
        whose = {"patient_id": procedure.patient_id, "procedure_id": procedure.id, "assessed_by": self.clinic.surgeon.user_id}
        corrects = {"replaces": replaces.id if replaces else None, "withdrawn": withdrawn, "reason": "a slip" if replaces else None}
        return self._keep(Assessment(assessed_on=on, content_hash="", **whose, **corrects))

    def finding(self, assessment: Assessment, complication: Complication, present: Presence, **fields: Any) -> Finding:
        """One item of the checklist."""
        whose = {"assessment_id": assessment.id, "patient_id": assessment.patient_id, "procedure_id": assessment.procedure_id}
        return self._keep(Finding(complication=complication, present=present, **whose, **({"event_id": uuid7()} | fields)))

    def measured(self, assessment: Assessment, scar: Scar, **sizes: int) -> ScarMeasurement:
        """A scar measured again, in µm."""
        said = {"length_um": None, "width_um": None, "depth_um": None, "area_mm2_e1": None} | sizes
        return self._keep(ScarMeasurement(assessment_id=assessment.id, patient_id=scar.patient_id, scar_id=scar.id, **said))

    def _photo(self, procedure: Procedure, kind: PhotoKind) -> Photo:
        content = sha256(uuid7().bytes).hexdigest()
        whose = {"patient_id": procedure.patient_id, "procedure_id": procedure.id, "view": PhotoView.FRONT, "kind": kind}
        stored = {"state": PhotoState.STORED, "thumbnails": ThumbnailState.MADE, "sha256": content, "object_key": content}
        size = {"size_bytes": 1, "stored_bytes": 1, "stored_sha256": content, "width_px": 1, "height_px": 1}
        return self._keep(Photo(**whose, **stored, **size, taken_at=procedure.ended_at, stored_at=procedure.ended_at, content_hash=""))

    def pair(self, procedure: Procedure, grades: dict[uuid.UUID, int | None], *, step: str = "3m", scar: Scar | None = None) -> RatingPair:
        """Two photographs and what each rater said of them; None: cannot be judged."""
        before, after = self._photo(procedure, PhotoKind.BASELINE), self._photo(procedure, PhotoKind.FOLLOW_UP)
        whose = {"patient_id": procedure.patient_id, "procedure_id": procedure.id, "scar_id": scar.id if scar else None}
        made: RatingPair = self._keep(RatingPair(**whose, step=step, view=PhotoView.FRONT, baseline_id=before.id, follow_up_id=after.id))
        for rater, grade in grades.items():
            reason = "blurred" if grade is None else None
            rating = Rating(pair_id=made.id, rater_id=rater, grade=grade, reason=reason, swapped=False, place=1, content_hash="")
            self._keep(rating)
        return made

    def store(self, db: Database) -> None:
        """All of it, in one transaction."""
        with db.transaction(self.clinic.id, actor=self.clinic.surgeon) as session:
            self.add_to(session)
        self.rows = []

    def add_to(self, session: Session) -> None:
        """Table by table, so that what is named is there before who names it."""
        for model in ORDER:
            session.add_all([row for row in self.rows if type(row) is model])
            session.flush()


def raters(db: Database, clinic: make.Clinic, number: int = 3) -> list[uuid.UUID]:
    """People who rate and did not operate."""
    with db.transaction(clinic.id, actor=clinic.admin) as session:
        others = [
            User(email=f"rater.{uuid.uuid4().hex[:8]}@clinic.example", name=f"Dr Rater {place}", roles=["rater"], password_hash="")
            for place in range(2, number + 1)
        ]
        session.add_all(others)
        session.flush()
        return [clinic.rater.user_id, *(one.id for one in others)]


def noon(day: date) -> datetime:
    """At Riverside's lunch, whatever the season: on that day in every zone that matters here."""
    return datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
