"""Load one procedure with everything around it, in a fixed small number of queries."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.clinics import service as clinics
from server.clinics.models import Clinic, User
from server.db import find, table_of
from server.journal import checkpoints
from server.journal.models import JournalCheckpoint
from server.patients.models import Patient, Scar
from server.patients.service import scars_of
from server.problems import Problem
from server.procedures import rules, totals
from server.procedures.facts import Fact, entry_document, in_order, retractions
from server.procedures.models import Addendum, Entry, Procedure, Signature
from server.procedures.pictures import Picture
from server.procedures.subject import subject

_ENTRIES = table_of(Entry)
remarks: list[Callable[[Session, Procedure], list[rules.Warned]]] = []
"""What features above know of a procedure that its entries do not say. Features above this one register here."""
pictures: list[Callable[[Session, Procedure], list[Picture]]] = []
"""Who knows the photographs of a procedure registers here."""


@dataclass(frozen=True)
class Record:
    """A procedure and all that is known about it. `facts` are stored entries in time order, retracted ones included."""

    clinic: Clinic
    procedure: Procedure
    patient: Patient
    people: dict[uuid.UUID, User]
    scars: list[Scar]
    facts: list[Fact]
    context: totals.Context
    signature: Signature | None
    addenda: list[Addendum]
    checkpoint: JournalCheckpoint | None = None
    """The first one that covers the signature."""
    remarks: list[rules.Warned] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)

    @property
    def surgeon(self) -> User:
        """The operating surgeon."""
        return self.people[self.procedure.surgeon_id]

    def subject(self) -> dict[str, Any]:
        """Whom and what the note is about, as it stands now."""
        return subject(self.clinic.name, self.surgeon.name, self.patient.document(), [scar.document() for scar in self.scars])

    def totals(self) -> dict[str, Any]:
        """What follows from the entries."""
        return totals.totals(self.facts, self.context)

    def warnings(self) -> list[dict[str, Any]]:
        """What deserves an eye."""
        return rules.warnings(self.facts, self.context) + self.remarks

    def entries(self) -> list[dict[str, Any]]:
        """Wire forms in time order; a retracted one carries `retracted: {by, reason}`."""
        struck = retractions(self.facts)
        documents = []
        for fact in self.facts:
            document = entry_document(fact)
            if fact["id"] in struck:
                by = struck[fact["id"]]
                document["retracted"] = {"by": str(by["id"]), "reason": by["reason"]}
            documents.append(document)
        return documents


def facts_of(session: Session, procedure_id: uuid.UUID) -> list[Fact]:
    """All entries of a procedure of the session's clinic, in time order. Plain rows: no model is built."""
    query = (
        sa.select(_ENTRIES)
        .where(_ENTRIES.c.clinic_id == session.info["clinic_id"], _ENTRIES.c.procedure_id == procedure_id)
        .order_by(_ENTRIES.c.recorded_at, _ENTRIES.c.id)
    )
    return in_order([dict(row) for row in session.execute(query).mappings()])


def context_of(procedure: Procedure, patient: Patient, scars: Sequence[Scar]) -> totals.Context:
    """What totals and rules need besides the entries."""
    return totals.Context(
        planned_ul={one.scar_id: one.volume_ul for one in procedure.injections},
        area_cm2={scar.id: scar.area_for_dose_cm2 for scar in scars},
        scar_labels={scar.id: scar.label for scar in scars},
        weight_g=procedure.weight_g or patient.weight_g,
        planned_passes=procedure.planned_passes,
        planned_aperture_um=procedure.planned_aperture_um,
    )


def get(session: Session, procedure_id: uuid.UUID, *, lock: bool = False) -> Procedure:
    """The procedure, or Problem `not_found`. `lock` serialises everything that changes it."""
    procedure = find(session, Procedure, procedure_id, lock=lock)
    if procedure is None:
        raise Problem("not_found", "Check the address and the id.")
    return procedure


def load(session: Session, procedure: Procedure) -> Record:
    """Everything around `procedure`."""
    patient = session.scalars(sa.select(Patient).where(Patient.id == procedure.patient_id)).one()
    scars = scars_of(session, patient.id)
    facts = facts_of(session, procedure.id)
    ids = {procedure.surgeon_id, *(fact["recorded_by"] for fact in facts)}
    people = session.scalars(sa.select(User).where(User.id.in_(ids))).all()
    signature = session.scalar(sa.select(Signature).where(Signature.procedure_id == procedure.id))
    addenda = session.scalars(
        sa.select(Addendum).where(Addendum.procedure_id == procedure.id).order_by(Addendum.signed_at, Addendum.id)
    ).all()
    return Record(
        clinic=clinics.current(session),
        procedure=procedure,
        patient=patient,
        people={one.id: one for one in people},
        scars=scars,
        facts=facts,
        context=context_of(procedure, patient, scars),
        signature=signature,
        addenda=list(addenda),
        checkpoint=checkpoints.covering(session, signature.id) if signature else None,
        remarks=[one for remark in remarks for one in remark(session, procedure)],
        pictures=[one for known in pictures for one in known(session, procedure)],
    )


def whole(record: Record) -> dict[str, Any]:
    """Wire form of a procedure with entries, totals and warnings."""
    return record.procedure.document() | {
        "entries": record.entries(),
        "totals": record.totals(),
        "warnings": record.warnings(),
    }


def offset_minutes(moment: datetime) -> int:
    """Offset of an aware time in whole minutes."""
    offset = moment.utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0
