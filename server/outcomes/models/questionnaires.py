"""Tables: instruments that a clinic has loaded and may use, responses to them, and the scores that the server computed."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from schemas.outcome_words import AnsweredBy, ResponseState
from server import clock
from server.canonical import instant, number
from server.column_types import words
from server.db import Base, Versioned
from server.followup.models import belongs_to
from server.journal.service import Journaled


class Instrument(Journaled, Base):
    """One version of an instrument that the clinic loaded from its own file. Never changed: a newer version is a row more.

    What Graftlog ships lies in files of the program and not here. `definition` is the instrument as data, wording and all.
    """

    __tablename__ = "instruments"
    __table_args__ = (belongs_to("loaded_by", "users"), sa.UniqueConstraint("clinic_id", "key", "version"))
    collection = "instruments"
    key: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[str]
    definition: Mapped[dict[str, Any]]
    loaded_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "key": self.key,
            "version": self.version,
            "title": self.title,
            "definition": self.definition,
            "loaded_by": str(self.loaded_by) if self.loaded_by else None,
            "created_at": instant(self.created_at),
        }


class Licence(Journaled, Base):
    """The clinic's word that it may use an instrument: whose it is, under which reference, until when (null: no end). Never changed.

    The newest of a key that has begun holds; one whose `valid_until` is over ends the use.
    """

    __tablename__ = "licences"
    __table_args__ = (belongs_to("recorded_by", "users"), sa.Index("ix_licences_key", "clinic_id", "key", "created_at"))
    collection = "licences"
    key: Mapped[str] = mapped_column(sa.String(40))
    holder: Mapped[str]
    reference: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    recorded_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "key": self.key,
            "holder": self.holder,
            "reference": self.reference,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            "recorded_by": str(self.recorded_by) if self.recorded_by else None,
            "created_at": instant(self.created_at),
        }


class Response(Journaled, Versioned, Base):
    """One filling-in of one version of an instrument. `answers` maps item ids to what was chosen; every save is a version in the journal.

    A complete one stays as it is, but for being withdrawn by staff with a reason. `via` score: an outside scorer's value, no answers.
    """

    __tablename__ = "responses"
    __table_args__ = (
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("visit_id", "visits"),
        belongs_to("given_by", "users"),
        sa.Index("ix_responses_procedure", "clinic_id", "procedure_id", "instrument"),
        sa.Index("ix_responses_patient", "clinic_id", "patient_id"),
        sa.Index("ix_responses_visit", "clinic_id", "visit_id", "instrument"),
    )
    collection = "responses"
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    visit_id: Mapped[uuid.UUID | None]
    instrument: Mapped[str] = mapped_column(sa.String(40))
    instrument_version: Mapped[str] = mapped_column(sa.String(40))
    via: Mapped[AnsweredBy] = mapped_column(words(AnsweredBy))
    state: Mapped[ResponseState] = mapped_column(words(ResponseState), default=ResponseState.OPEN)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    given_by: Mapped[uuid.UUID | None]
    answered_on: Mapped[date | None]
    completed_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    content_hash: Mapped[str]

    def document(self) -> dict[str, Any]:
        """Wire form; its scores are documents of their own."""
        return {
            "id": str(self.id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id),
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "instrument": self.instrument,
            "instrument_version": self.instrument_version,
            "via": str(self.via),
            "state": str(self.state),
            "answers": self.answers,
            "given_by": str(self.given_by) if self.given_by else None,
            "answered_on": self.answered_on.isoformat() if self.answered_on else None,
            "completed_at": instant(self.completed_at) if self.completed_at else None,
            "reason": self.reason,
            "write_id": str(self.write_id),
            "created_at": instant(self.created_at),
            "updated_at": instant(self.updated_at),
        }


class Score(Journaled, Base):
    """One scale of a complete response, computed by the server when it was completed; null `value_e3` where too many items are missing.

    `value_e3` is in thousandths of the scale's unit. `answered` of `items` were answered. Never changed.
    """

    __tablename__ = "scores"
    __table_args__ = (
        belongs_to("response_id", "responses"),
        belongs_to("patient_id", "patients"),
        belongs_to("procedure_id", "procedures"),
        belongs_to("visit_id", "visits"),
        sa.UniqueConstraint("clinic_id", "response_id", "scale"),
        sa.Index("ix_scores_procedure", "clinic_id", "procedure_id", "instrument", "scale"),
        sa.Index("ix_scores_patient", "clinic_id", "patient_id"),
    )
    collection = "scores"
    response_id: Mapped[uuid.UUID]
    patient_id: Mapped[uuid.UUID]
    procedure_id: Mapped[uuid.UUID]
    visit_id: Mapped[uuid.UUID | None]
    instrument: Mapped[str] = mapped_column(sa.String(40))
    scale: Mapped[str] = mapped_column(sa.String(40))
    value_e3: Mapped[int | None]
    answered: Mapped[int]
    items: Mapped[int]
    answered_on: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    def document(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": str(self.id),
            "response_id": str(self.response_id),
            "patient_id": str(self.patient_id),
            "procedure_id": str(self.procedure_id),
            "visit_id": str(self.visit_id) if self.visit_id else None,
            "instrument": self.instrument,
            "scale": self.scale,
            "value": None if self.value_e3 is None else number(self.value_e3, 1000),
            "answered": self.answered,
            "items": self.items,
            "answered_on": self.answered_on.isoformat(),
            "created_at": instant(self.created_at),
        }
