"""Tables: patients, scars."""

import uuid
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import HIGH_RISK_VESSEL_ZONES, LINEAR_MORPHOLOGIES, Aetiology, FaceView, Morphology, Sex, Side, Subunit
from server.canonical import instant, number
from server.column_types import words
from server.db import Base, Versioned
from server.journal.service import Journaled


def _number(stored: int | None, steps: int) -> int | float | None:
    return None if stored is None else number(stored, steps)


class Patient(Journaled, Versioned, Base):
    """A patient of one clinic. `search` holds the words and digits that the list's filter looks in; `phone_e164` the number as dialled.

    `time_zone` is where the patient lives (None: where the clinic is), `contact_by` the channel preferred.
    """

    __tablename__ = "patients"
    __table_args__ = (
        sa.UniqueConstraint("clinic_id", "mrn"),
        sa.Index("ix_patients_name", "clinic_id", "family_name", "given_name", "id"),
        sa.Index("ix_patients_phone", "phone_e164"),
    )
    collection = "patients"
    mrn: Mapped[str]
    family_name: Mapped[str]
    given_name: Mapped[str]
    birth_date: Mapped[date | None]
    died_on: Mapped[date | None]
    sex: Mapped[Sex] = mapped_column(words(Sex), default=Sex.UNKNOWN)
    phone: Mapped[str | None]
    phone_e164: Mapped[str | None]
    email: Mapped[str | None]
    contact_by: Mapped[str | None]
    time_zone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="en")
    weight_g: Mapped[int | None]
    height_mm: Mapped[int | None]
    fitzpatrick: Mapped[int | None]
    allergies: Mapped[str | None]
    reminder_consent: Mapped[bool] = mapped_column(default=True)
    notes: Mapped[str | None]
    search: Mapped[str]
    content_hash: Mapped[str]

    @property
    def name(self) -> str:
        """As printed: family name first, as on a theatre list."""
        return f"{self.family_name}, {self.given_name}"

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "mrn": self.mrn,
            "family_name": self.family_name,
            "given_name": self.given_name,
            "birth_date": self.birth_date.isoformat() if self.birth_date else None,
            "died_on": self.died_on.isoformat() if self.died_on else None,
            "sex": str(self.sex),
            "phone": self.phone,
            "email": self.email,
            "contact_by": self.contact_by,
            "time_zone": self.time_zone,
            "language": self.language,
            "weight_kg": _number(self.weight_g, 1000),
            "height_cm": _number(self.height_mm, 10),
            "fitzpatrick": self.fitzpatrick,
            "allergies": self.allergies,
            "reminder_consent": self.reminder_consent,
            "notes": self.notes,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Scar(Journaled, Versioned, Base):
    """A depressed scar. Lengths in µm, the area in tenths of mm², the point in ten-thousandths of the drawing."""

    __tablename__ = "scars"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.Index("ix_scars_patient", "clinic_id", "patient_id"),
    )
    collection = "scars"
    patient_id: Mapped[uuid.UUID]
    label: Mapped[str]
    subunit: Mapped[Subunit] = mapped_column(words(Subunit))
    side: Mapped[Side] = mapped_column(words(Side))
    view: Mapped[FaceView | None] = mapped_column(words(FaceView))
    x_e4: Mapped[int | None]
    y_e4: Mapped[int | None]
    morphology: Mapped[Morphology] = mapped_column(words(Morphology))
    aetiology: Mapped[Aetiology] = mapped_column(words(Aetiology))
    length_um: Mapped[int | None]
    width_um: Mapped[int | None]
    depth_um: Mapped[int | None]
    area_mm2_e1: Mapped[int | None]
    age_months: Mapped[int | None]
    notes: Mapped[str | None]
    content_hash: Mapped[str]

    @property
    def area_for_dose_cm2(self) -> float | None:
        """Measured area, else length × width unless linear (a line has no meaningful area); None when unknown."""
        if self.area_mm2_e1 is not None:
            return self.area_mm2_e1 / 1000
        if self.length_um and self.width_um and self.morphology not in LINEAR_MORPHOLOGIES:
            return self.length_um * self.width_um / 1e8
        return None

    @property
    def high_risk_vessel_zone(self) -> bool:
        """Whether vessels here connect to the eye and brain."""
        return self.subunit in HIGH_RISK_VESSEL_ZONES

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "label": self.label,
            "subunit": str(self.subunit),
            "side": str(self.side),
            "view": str(self.view) if self.view else None,
            "x": _number(self.x_e4, 10000),
            "y": _number(self.y_e4, 10000),
            "morphology": str(self.morphology),
            "aetiology": str(self.aetiology),
            "length_mm": _number(self.length_um, 1000),
            "width_mm": _number(self.width_um, 1000),
            "depth_mm": _number(self.depth_um, 1000),
            "area_cm2": _number(self.area_mm2_e1, 1000),
            "age_months": self.age_months,
            "notes": self.notes,
            "high_risk_vessel_zone": self.high_risk_vessel_zone,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }
