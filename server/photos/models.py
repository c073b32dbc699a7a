"""Tables: photographs, consents to showing them, grades, uploads on their way, thumbnails to be made, the keys of their encryption."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.vocabulary import ConsentPurpose, PhotoFlaw, PhotoKind, PhotoQuality, PhotoState, PhotoView, ThumbnailState
from server import clock
from server.canonical import instant
from server.column_types import Json, words
from server.db import Base, InClinic, Versioned
from server.journal.service import Journaled


class Photo(Journaled, Versioned, Base):
    """A photograph of one patient. `sha256` and `size_bytes` are the sent file's, `stored_…` those of what was made of its pixels.

    `object_key` begins the names of its objects in the store: random, so that no name there says whose face it is.
    """

    __tablename__ = "photos"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "procedure_id"], ["procedures.clinic_id", "procedures.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "scar_id"], ["scars.clinic_id", "scars.id"]),
        sa.Index("ix_photos_in_order", "clinic_id", "created_at", "id"),
        sa.Index("ix_photos_patient", "clinic_id", "patient_id", "created_at"),
        sa.Index("ix_photos_procedure", "clinic_id", "procedure_id"),
        sa.Index("ix_photos_scar", "clinic_id", "scar_id"),
    )
    collection = "photos"
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID | None]
    scar_id: Mapped[uuid.UUID | None]
    view: Mapped[PhotoView] = mapped_column(words(PhotoView))
    kind: Mapped[PhotoKind] = mapped_column(words(PhotoKind))
    taken_at: Mapped[datetime | None]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    size_bytes: Mapped[int]
    state: Mapped[PhotoState] = mapped_column(words(PhotoState), default=PhotoState.ANNOUNCED)
    failure: Mapped[str | None]
    stored_at: Mapped[datetime | None]
    stored_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    stored_bytes: Mapped[int | None]
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    object_key: Mapped[str | None]
    thumbnails: Mapped[ThumbnailState | None] = mapped_column(words(ThumbnailState))
    thumbnail_problem: Mapped[str | None]
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id) if self.procedure_id else None,
            "scar_id": str(self.scar_id) if self.scar_id else None,
            "view": str(self.view),
            "kind": str(self.kind),
            "taken_at": instant(self.taken_at) if self.taken_at else None,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "state": str(self.state),
            "failure": self.failure,
            "stored_at": instant(self.stored_at) if self.stored_at else None,
            "stored_sha256": self.stored_sha256,
            "stored_bytes": self.stored_bytes,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "thumbnails": str(self.thumbnails) if self.thumbnails else None,
            "thumbnail_problem": self.thumbnail_problem,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class PhotoConsent(Journaled, Base):
    """That a patient agreed, or no longer agrees, to one purpose. Never changed: the newest of a purpose holds, the others are its history.

    `decided_on` is the day that the signed paper bears, or on which she took it back.
    """

    __tablename__ = "photo_consents"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "recorded_by"], ["users.clinic_id", "users.id"]),
        sa.Index("ix_photo_consents_patient", "clinic_id", "patient_id", "created_at", "id"),
    )
    collection = "photo_consents"
    patient_id: Mapped[uuid.UUID]
    purpose: Mapped[ConsentPurpose] = mapped_column(words(ConsentPurpose))
    given: Mapped[bool]
    decided_on: Mapped[date]
    recorded_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "purpose": str(self.purpose),
            "given": self.given,
            "decided_on": self.decided_on.isoformat(),
            "recorded_by": str(self.recorded_by),
            "created_at": instant(self.created_at),
        }


class PhotoGrade(Journaled, Base):
    """How well a photograph can be compared, as one person judged it. Never changed: the newest holds."""

    __tablename__ = "photo_grades"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "graded_by"], ["users.clinic_id", "users.id"]),
        sa.Index("ix_photo_grades_photo", "clinic_id", "photo_id", "created_at", "id"),
    )
    collection = "photo_grades"
    photo_id: Mapped[uuid.UUID]
    quality: Mapped[PhotoQuality] = mapped_column(words(PhotoQuality))
    flaws: Mapped[list[PhotoFlaw]] = mapped_column(Json)
    graded_by: Mapped[uuid.UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "photo_id": str(self.photo_id),
            "quality": str(self.quality),
            "flaws": [str(one) for one in self.flaws],
            "graded_by": str(self.graded_by),
            "created_at": instant(self.created_at),
        }


class UploadState(StrEnum):
    """Open; done; refused because of its bytes; stopped by the client; expired."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    STOPPED = "stopped"
    EXPIRED = "expired"


class Upload(InClinic, Base):
    """A file on its way. `parts` are the pieces kept so far, in order: `{"key", "bytes"}`. No part of the record, so not journaled.

    `object_key` is where the finished photograph will lie: known before anything is written there, so that what a lost process leaves
    behind is found and deleted with this row.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"]),
        sa.Index("ix_uploads_photo", "clinic_id", "photo_id"),
        sa.Index("ix_uploads_expires", "clinic_id", "expires_at"),
    )
    photo_id: Mapped[uuid.UUID]
    size_bytes: Mapped[int]
    received_bytes: Mapped[int] = mapped_column(default=0)
    parts: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    state: Mapped[UploadState] = mapped_column(words(UploadState), default=UploadState.OPEN)
    object_key: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]

    @property
    def incoming(self) -> str:
        """Where its pieces lie in the store."""
        return f"incoming/{self.clinic_id}/{self.id}"


class ThumbnailJob(Base):
    """Thumbnails to make; gone when they are made or given up. `next_at` is also the lease of the worker that is at it."""

    __tablename__ = "thumbnail_jobs"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"]),
        sa.Index("ix_thumbnail_jobs_next", "next_at"),
    )
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    photo_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str | None]


class MasterKey(Base):
    """A clinic's key that wraps its patients' keys: its file is outside the database, here is its history.

    `total` is how many were to be wrapped anew when it took over, `done` how many are; the first key had none to take over.
    """

    __tablename__ = "photo_master_keys"
    clinic_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    retired_at: Mapped[datetime | None]
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]


class PatientKey(Base):
    """The key of one patient's photographs, wrapped with the master key `key_id`. Without this row nothing opens them again."""

    __tablename__ = "photo_keys"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        sa.ForeignKeyConstraint(["clinic_id", "key_id"], ["photo_master_keys.clinic_id", "photo_master_keys.key_id"]),
        sa.Index("ix_photo_keys_key", "clinic_id", "key_id"),
    )
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key_id: Mapped[str]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class PlainPhoto(Base):
    """A photograph that may still lie in the store as it did before photographs were encrypted; of any other only what is sealed is shown.

    Gone when it is encrypted. `next_at` is also the lease of the worker that is at it.
    """

    __tablename__ = "plain_photos"
    __table_args__ = (
        sa.ForeignKeyConstraint(["clinic_id", "photo_id"], ["photos.clinic_id", "photos.id"]),
        sa.Index("ix_plain_photos_next", "next_at"),
    )
    clinic_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    photo_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    next_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str | None]
