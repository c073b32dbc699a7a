"""Tables: what a clinician found at a visit: assessments, complications, scars measured again. Never changed; a correction replaces."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.outcome_words import ClavienDindo, Complication, Presence, Relation
from schemas.vocabulary import Side, Subunit
from server import clock
from server.canonical import instant, number
from server.column_types import words
from server.db import Base
from server.followup.models import belongs_to
from server.journal.service import Journaled


class Assessment(Journaled, Base):
    """One clinician's look at one procedure's result on one day. `replaces` names the assessment that it corrects; that one counts no more.

    `withdrawn` says that the replaced one should never have been, and holds no findings itself. `erythema` is the clinician's
    grade 0 (clear) to 4 (severe), null where nobody looked.
    """

    __tablename__ = "assessments"
    __table_args__ = (
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("visit_id", "visits"),
        belongs_to("assessed_by", "users"),
        belongs_to("replaces", "assessments"),
        sa.UniqueConstraint("clinic_id", "replaces"),
        sa.Index("ix_assessments_procedure", "clinic_id", "procedure_id", "assessed_on"),
        sa.Index("ix_assessments_patient", "clinic_id", "patient_id"),
        sa.Index("ix_assessments_visit", "clinic_id", "visit_id"),
        sa.CheckConstraint("erythema IS NULL OR erythema BETWEEN 0 AND 4", name="erythema"),
        sa.CheckConstraint("NOT withdrawn OR replaces IS NOT NULL", name="withdrawn"),
    )
    collection = "assessments"
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    visit_id: Mapped[uuid.UUID | None]
    assessed_on: Mapped[date]
    assessed_by: Mapped[uuid.UUID]
    erythema: Mapped[int | None]
    note: Mapped[str | None]
    replaces: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    withdrawn: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form of the assessment itself; findings and measurements are documents of their own."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id),
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "assessed_on": self.assessed_on.isoformat(),
            "assessed_by": str(self.assessed_by),
            "erythema": self.erythema,
            "note": self.note,
            "replaces": str(self.replaces) if self.replaces else None,
            "reason": self.reason,
            "withdrawn": self.withdrawn,
            "created_at": instant(self.created_at),
        }


class Finding(Journaled, Base):
    """One item of the complication checklist as seen at one assessment. `event_id` is the same for one adverse event at every assessment.

    `present` unknown is not no. `last_present` and `first_absent` bound the day on which it went, as far as anybody knows.
    Clavien-Dindo (with `disability`, its suffix d) and CTCAE stand side by side; neither is ever derived from the other.
    """

    __tablename__ = "findings"
    __table_args__ = (
        belongs_to("assessment_id", "assessments"),
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("scar_id", "scars"),
        belongs_to("photo_id", "photos"),
        sa.Index("ix_findings_assessment", "clinic_id", "assessment_id"),
        sa.Index("ix_findings_procedure", "clinic_id", "procedure_id", "complication"),
        sa.Index("ix_findings_patient", "clinic_id", "patient_id"),
        sa.Index("ix_findings_event", "clinic_id", "event_id"),
        sa.CheckConstraint("ctcae IS NULL OR ctcae BETWEEN 1 AND 5", name="ctcae"),
    )
    collection = "findings"
    assessment_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    event_id: Mapped[uuid.UUID]
    complication: Mapped[Complication] = mapped_column(words(Complication))
    present: Mapped[Presence] = mapped_column(words(Presence))
    scar_id: Mapped[uuid.UUID | None]
    subunit: Mapped[Subunit | None] = mapped_column(words(Subunit))
    side: Mapped[Side | None] = mapped_column(words(Side))
    onset_on: Mapped[date | None]
    last_present: Mapped[date | None]
    first_absent: Mapped[date | None]
    clavien_dindo: Mapped[ClavienDindo | None] = mapped_column(words(ClavienDindo))
    disability: Mapped[bool] = mapped_column(default=False)
    ctcae: Mapped[int | None]
    relation: Mapped[Relation] = mapped_column(words(Relation), default=Relation.UNKNOWN)
    treatment: Mapped[str | None]
    note: Mapped[str | None]
    photo_id: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "assessment_id": str(self.assessment_id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id),
            "event_id": str(self.event_id),
            "complication": str(self.complication),
            "present": str(self.present),
            "scar_id": str(self.scar_id) if self.scar_id else None,
            "subunit": str(self.subunit) if self.subunit else None,
            "side": str(self.side) if self.side else None,
            "onset_on": self.onset_on.isoformat() if self.onset_on else None,
            "last_present": self.last_present.isoformat() if self.last_present else None,
            "first_absent": self.first_absent.isoformat() if self.first_absent else None,
            "clavien_dindo": str(self.clavien_dindo) if self.clavien_dindo else None,
            "disability": self.disability,
            "ctcae": self.ctcae,
            "relation": str(self.relation),
            "treatment": self.treatment,
            "note": self.note,
            "photo_id": str(self.photo_id) if self.photo_id else None,
            "created_at": instant(self.created_at),
        }


class ScarMeasurement(Journaled, Base):
    """A scar measured again at an assessment, in µm and tenths of mm² as the scar itself is; null: not measured."""

    __tablename__ = "scar_measurements"
    __table_args__ = (
        belongs_to("assessment_id", "assessments"),
        belongs_to("patient_id", "patients"),
        belongs_to("scar_id", "scars"),
        sa.UniqueConstraint("clinic_id", "assessment_id", "scar_id"),
        sa.Index("ix_scar_measurements_scar", "clinic_id", "scar_id"),
        sa.Index("ix_scar_measurements_patient", "clinic_id", "patient_id"),
    )
    collection = "scar_measurements"
    assessment_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    scar_id: Mapped[uuid.UUID]
    length_um: Mapped[int | None]
    width_um: Mapped[int | None]
    depth_um: Mapped[int | None]
    area_mm2_e1: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "assessment_id": str(self.assessment_id),
            "patient_id": str(self.patient_id),
            "scar_id": str(self.scar_id),
            "length_mm": _number(self.length_um),
            "width_mm": _number(self.width_um),
            "depth_mm": _number(self.depth_um),
            "area_cm2": _number(self.area_mm2_e1),
            "created_at": instant(self.created_at),
        }


def _number(stored: int | None) -> int | float | None:
    return None if stored is None else number(stored, 1000)
