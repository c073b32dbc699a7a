"""A patient whose result is looked at: Anna, operated on a hundred days ago, with one scar."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from schemas.vocabulary import ProcedureState
from server.db import Database
from server.followup.models import Visit
from server.followup.models.redness import Redness
from server.ids import uuid7
from tests import make
from tests.days import days_ago, today

AGO = 100


@dataclass(frozen=True)
class Result:
    """The procedure, and where it stands."""

    db: Database
    clinic: make.Clinic
    patient_id: str
    scar_id: str
    id: str

    @property
    def path(self) -> str:
        """Address of its assessments."""
        return f"/procedures/{self.id}/assessments"

    @property
    def events(self) -> str:
        """Address of its adverse events."""
        return f"/procedures/{self.id}/adverse-events"

    def day(self, number: int) -> str:
        """The date so many days after it."""
        return (begun() + timedelta(days=number)).isoformat()

    def visit(self, step: str = "3m") -> Visit:
        """One of its visits."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            found = session.scalars(sa.select(Visit).where(Visit.procedure_id == uuid.UUID(self.id), Visit.step == step)).one()
            session.expunge(found)
            return found

    def redness(self) -> list[tuple[int, bool | None, bool]]:
        """(day, red, whether it replaces another one) in the order written."""
        with self.db.transaction(self.clinic.id, write=False) as session:
            rows = session.scalars(sa.select(Redness).where(Redness.procedure_id == uuid.UUID(self.id)).order_by(Redness.id))
            return [(one.day, one.red, one.replaces is not None) for one in rows]


def begun() -> date:
    """The day of the procedure in the clinic's zone."""
    return today() - timedelta(days=AGO)


def anna(db: Database, clinic: make.Clinic, **header: Any) -> Result:
    """Anna's, done."""
    who = make.patient(db, clinic)["id"]
    scar = make.scar(db, clinic, who, depth_um=1500)["id"]
    procedure = make.procedure(db, clinic, patient_id=who, state=ProcedureState.COMPLETED, ended_at=days_ago(AGO), **header)
    return Result(db, clinic, who, scar, procedure["id"])


def finding(complication: str, present: str = "yes", **more: Any) -> dict[str, Any]:
    """One answer of the checklist."""
    return {"id": str(uuid7()), "complication": complication, "present": present} | more


def look(on: str, *findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An assessment as a client sends it."""
    return {"id": str(uuid7()), "assessed_on": on} | ({"findings": list(findings)} if findings else {}) | more
