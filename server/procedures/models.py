"""Tables of a procedure: header and plan, entries, signatures, addenda, signing keys."""

import json
import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schemas.vocabulary import EntryKind, HarvestSite, IncidentKind, Plane, ProcedureState, Severity, Side, SignatureMeaning, Urgency
from server import clock
from server.canonical import instant, number
from server.column_types import words
from server.db import Base, Versioned
from server.journal.service import Journaled
from server.procedures.facts import entry_document

KIND_CHECKS = {
    EntryKind.HARVEST: "site IS NOT NULL AND coalesce(lipoaspirate_ul, 0) > 0",
    EntryKind.EMULSIFICATION: "stage IS NOT NULL AND passes IS NOT NULL",
    EntryKind.FILTRATION: "filtered IS NOT NULL AND coalesce(nanofat_ul, 0) > 0",
    EntryKind.INJECTION: "scar_id IS NOT NULL AND coalesce(volume_ul, 0) > 0 AND plane IS NOT NULL",
    EntryKind.DISCARD: "coalesce(volume_ul, 0) > 0",
    EntryKind.INCIDENT: "incident IS NOT NULL",
    EntryKind.RETRACTION: "retracts IS NOT NULL AND reason IS NOT NULL",
}
"""What each kind cannot be without, checked by the database itself (a NULL comparison would pass a CHECK, hence coalesce)."""

USUAL_TITLE = "Nanofat injection of depressed facial scars"
_TITLED = sa.text(f"title <> '{USUAL_TITLE}'")
"""The few that were given a title of their own."""


def _to_procedure() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"])


class Procedure(Journaled, Versioned, Base):
    """One session of one patient, with its plan."""

    __tablename__ = "procedures"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "surgeon_id"], ["users.clinic_id", "users.id"]),
        sa.Index("ix_procedures_planned", "clinic_id", "planned_for", "id"),
        sa.Index("ix_procedures_patient", "clinic_id", "patient_id"),
        sa.Index("ix_procedures_surgeon", "clinic_id", "surgeon_id", "planned_for", "id"),
        sa.Index("ix_procedures_state", "clinic_id", "state", "planned_for", "id"),
        sa.Index("ix_procedures_titled", "clinic_id", "title", sqlite_where=_TITLED, postgresql_where=_TITLED),
    )
    collection = "procedures"
    patient_id: Mapped[uuid.UUID]
    surgeon_id: Mapped[uuid.UUID]
    state: Mapped[ProcedureState] = mapped_column(words(ProcedureState), default=ProcedureState.PLANNED)
    planned_for: Mapped[datetime]
    title: Mapped[str] = mapped_column(default=USUAL_TITLE)
    urgency: Mapped[Urgency] = mapped_column(words(Urgency), default=Urgency.ELECTIVE)
    assistant: Mapped[str | None]
    anaesthetist: Mapped[str | None]
    weight_g: Mapped[int | None]
    consent_on: Mapped[date | None]
    baseline_photos_on: Mapped[date | None]
    harvest_site: Mapped[HarvestSite | None] = mapped_column(words(HarvestSite))
    harvest_side: Mapped[Side | None] = mapped_column(words(Side))
    planned_passes: Mapped[int | None]
    planned_aperture_um: Mapped[int | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None]
    created_by: Mapped[uuid.UUID | None]
    content_hash: Mapped[str]
    injections: Mapped[list["PlannedInjection"]] = relationship(
        lazy="selectin", order_by="PlannedInjection.position", cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def plan(self) -> dict[str, Any]:
        """Wire form of the plan; only what was planned."""
        plan = {
            "harvest_site": str(self.harvest_site) if self.harvest_site else None,
            "harvest_side": str(self.harvest_side) if self.harvest_side else None,
            "passes": self.planned_passes,
            "aperture_um": self.planned_aperture_um,
        }
        return {name: value for name, value in plan.items() if value is not None} | {
            "injections": [one.document() for one in self.injections]
        }

    def document(self) -> dict[str, Any]:
        """Wire form, without the entries."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "surgeon_id": str(self.surgeon_id),
            "state": str(self.state),
            "planned_for": instant(self.planned_for),
            "title": self.title,
            "urgency": str(self.urgency),
            "assistant": self.assistant,
            "anaesthetist": self.anaesthetist,
            "weight_kg": None if self.weight_g is None else number(self.weight_g, 1000),
            "consent_on": self.consent_on.isoformat() if self.consent_on else None,
            "baseline_photos_on": self.baseline_photos_on.isoformat() if self.baseline_photos_on else None,
            "plan": self.plan,
            "started_at": instant(self.started_at) if self.started_at else None,
            "ended_at": instant(self.ended_at) if self.ended_at else None,
            "closed_reason": self.closed_reason,
            "created_by": str(self.created_by) if self.created_by else None,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class PlannedInjection(Base):
    """What one scar is meant to get. Part of its procedure: journaled with it, never alone."""

    __tablename__ = "planned_injections"
    __table_args__ = (
        _to_procedure(),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"]),
        sa.Index("ix_planned_injections_scar", "clinic_id", "scar_id"),
    )
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    procedure_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    scar_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    volume_ul: Mapped[int]
    plane: Mapped[Plane | None] = mapped_column(words(Plane))
    needle_gauge: Mapped[int | None]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        document = {"scar_id": str(self.scar_id), "volume_ml": number(self.volume_ul, 1000)}
        if self.plane:
            document["plane"] = str(self.plane)
        if self.needle_gauge:
            document["needle_gauge"] = self.needle_gauge
        return document


class Entry(Journaled, Base):
    """One fact of a procedure, immutable (a trigger refuses UPDATE and DELETE). Quantities in stored units: µL, µm, µg.

    `recorded_at` is UTC; `recorded_offset_min` is the device's offset, so that the note can print what the clock showed.
    """

    __tablename__ = "entries"
    collection = "entries"
    procedure_id: Mapped[uuid.UUID]
    kind: Mapped[EntryKind] = mapped_column(words(EntryKind))
    recorded_at: Mapped[datetime]
    recorded_offset_min: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    recorded_by: Mapped[uuid.UUID]
    device_id: Mapped[uuid.UUID | None]
    device_seq: Mapped[int | None]
    late: Mapped[bool] = mapped_column(default=False)
    confirmed: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None]
    scar_id: Mapped[uuid.UUID | None]
    retracts: Mapped[uuid.UUID | None]
    site: Mapped[HarvestSite | None] = mapped_column(words(HarvestSite))
    plane: Mapped[Plane | None] = mapped_column(words(Plane))
    incident: Mapped[IncidentKind | None] = mapped_column(words(IncidentKind))
    severity: Mapped[Severity | None] = mapped_column(words(Severity))
    lipoaspirate_ul: Mapped[int | None]
    fat_ul: Mapped[int | None]
    nanofat_ul: Mapped[int | None]
    additives_ul: Mapped[int | None]
    volume_ul: Mapped[int | None]
    cannula_um: Mapped[int | None]
    connector_um: Mapped[int | None]
    aperture_um: Mapped[int | None]
    stage: Mapped[int | None]
    passes: Mapped[int | None]
    filter_passes: Mapped[int | None]
    filtered: Mapped[bool | None]
    needle_gauge: Mapped[int | None]
    lidocaine_ug_per_l: Mapped[int | None]
    lidocaine_ug: Mapped[int | None]
    blood_loss_ul: Mapped[int | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]]
    warnings: Mapped[list[dict[str, Any]]]
    content_hash: Mapped[str]

    __table_args__ = (
        _to_procedure(),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "recorded_by"], ["users.clinic_id", "users.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "retracts"], ["entries.clinic_id", "entries.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "device_id"], ["devices.clinic_id", "devices.id"]),
        sa.UniqueConstraint("clinic_id", "device_id", "device_seq"),
        sa.Index("ix_entries_procedure", "clinic_id", "procedure_id", "recorded_at"),
        sa.Index(
            "ix_entries_scar",
            "clinic_id",
            "scar_id",
            sqlite_where=sa.text("scar_id IS NOT NULL"),
            postgresql_where=sa.text("scar_id IS NOT NULL"),
        ),
        # What a cohort's report walks through: all injections of a clinic with what they gave, and what strikes them.
        sa.Index(
            "ix_entries_injected",
            "clinic_id",
            "procedure_id",
            "scar_id",
            "volume_ul",
            "id",
            sqlite_where=sa.text("kind = 'injection'"),
            postgresql_where=sa.text("kind = 'injection'"),
        ),
        sa.Index(
            "ix_entries_retracts",
            "clinic_id",
            "retracts",
            sqlite_where=sa.text("retracts IS NOT NULL"),
            postgresql_where=sa.text("retracts IS NOT NULL"),
        ),
        *(sa.CheckConstraint(f"kind <> '{kind}' OR ({rule})", name=f"kind_{kind}") for kind, rule in KIND_CHECKS.items()),
    )

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return entry_document({column.key: getattr(self, column.key) for column in sa.inspect(Entry).column_attrs})


class Signature(Journaled, Base):
    """A person's statement about exactly these entries. `manifest` is the canonical JSON that was signed, byte for byte."""

    __tablename__ = "signatures"
    __table_args__ = (
        _to_procedure(),
        sa.ForeignKeyConstraint(["clinic_id", "signer_id"], ["users.clinic_id", "users.id"]),
        sa.UniqueConstraint("clinic_id", "procedure_id"),
    )
    collection = "signatures"
    procedure_id: Mapped[uuid.UUID]
    signer_id: Mapped[uuid.UUID]
    signer_name: Mapped[str]
    meaning: Mapped[SignatureMeaning] = mapped_column(words(SignatureMeaning))
    signed_at: Mapped[datetime]
    manifest: Mapped[str]
    signature: Mapped[str]
    key_id: Mapped[str]
    public_key: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return _signed_document(self) | {"meaning": str(self.meaning), "public_key": self.public_key}


class Addendum(Journaled, Base):
    """What was said after signing; signed by itself."""

    __tablename__ = "addenda"
    __table_args__ = (
        _to_procedure(),
        sa.ForeignKeyConstraint(["clinic_id", "signer_id"], ["users.clinic_id", "users.id"]),
        sa.Index("ix_addenda_procedure", "clinic_id", "procedure_id"),
    )
    collection = "addenda"
    procedure_id: Mapped[uuid.UUID]
    text: Mapped[str]
    signer_id: Mapped[uuid.UUID]
    signer_name: Mapped[str]
    signed_at: Mapped[datetime]
    manifest: Mapped[str]
    signature: Mapped[str]
    key_id: Mapped[str]
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return _signed_document(self) | {"text": self.text}


def _signed_document(row: Signature | Addendum) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "procedure_id": str(row.procedure_id),
        "signer_id": str(row.signer_id),
        "signer_name": row.signer_name,
        "signed_at": instant(row.signed_at),
        "manifest": json.loads(row.manifest),
        "signature": row.signature,
        "key_id": row.key_id,
    }
